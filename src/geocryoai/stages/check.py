"""Find a study and check it against what is registered and what is on disk, before any work."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from importlib.resources import files
from pathlib import Path

from geocryoai.core.errors import GeoCryoAIError, StudyError, nearest
from geocryoai.core.study import LearnerSection, Study, read_tree, salvage, study_from_dict
from geocryoai.core.variables import variable
from geocryoai.evaluation import PROTOCOLS
from geocryoai.models import LEARNERS
from geocryoai.models.anchors import ANCHORS
from geocryoai.sources import READERS
from geocryoai.stages.check_runs import run_problems
from geocryoai.stages.check_supports import support_problems
from geocryoai.stages.options import option_problems

#: Memory for each cell and month of a map: mean, standard deviation and two quantiles [B].
MAP_BYTES = 16


def bundled_studies() -> dict[str, Path]:
    """Return the studies that come with the package, by name."""
    folder = Path(str(files("geocryoai.studies")))
    return {path.stem: path for path in sorted(folder.glob("*.yml"))}


def find_study(
    study: str,
    overrides: Sequence[str] = (),
    *,
    data_of: Callable[[Study], Path | None] = lambda study: None,
    learnt: bool = True,
) -> Study:
    """Return the study of a file, or the bundled one of that name.

    Parameters
    ----------
    study : str
    overrides : sequence of str
        As ``a.b=value``.
    data_of : callable
        Gives the data folder of a study, to look for its files where the study has other problems, too.
    learnt : bool
        As for `check_study`.

    Raises
    ------
    StudyError
        There is neither, or the study has problems: all that can be known at once, those of its sound parts among them.
    """
    bundled = bundled_studies()
    file = study_file(study)
    if file is None and study not in bundled:
        raise StudyError([f"no file and no bundled study is called '{study}'; {nearest(study, bundled)}"])
    path = file or bundled[study]
    tree = read_tree(path)
    try:
        return study_from_dict(tree, overrides, where=str(path))
    except StudyError as error:
        left = salvage(tree) if isinstance(tree, dict) else None
        if left is None:
            raise
        further = study_problems(left.study, data_of(left.study), learnt=learnt)
        raise StudyError([*error.problems, *filter(left.is_news, further)], where=error.where) from error


def study_file(study: str) -> Path | None:
    """Return the file that the user names as a study; None where it is the name of a bundled one."""
    path = Path(study)
    return path if path.suffix in {".yml", ".yaml"} or path.is_file() else None


def check_study(study: Study, data: Path | None, *, learnt: bool = True) -> None:
    """Raise StudyError with every problem that can be known before any work.

    Parameters
    ----------
    study : Study
    data : Path or None
        Data folder; without one only a study of the twin can do with it, and files are not looked for.
    learnt : bool
        Whether the study must have what a run learns from, or is only simulated.
    """
    problems = study_problems(study, data, learnt=learnt)
    if problems:
        raise StudyError(problems, where=study.name)


def study_problems(study: Study, data: Path | None, *, learnt: bool = True) -> list[str]:
    """Return every problem that can be known before any work; see `check_study`."""
    return [
        *(_left_out(study) if learnt else ()),
        *_unknown_names(study),
        *_target_names(study),
        *_broken_references(study),
        *_domain_problems(study),
        *support_problems(study),
        *_grid_problems(study),
        *_judged_problems(study),
        *run_problems(study),
        *_refine_problems(study),
        *_twin_problems(study),
        *_retrieval_problems(study, data),
        *option_problems(study),
        *([] if data is None else _missing_files(study, data)),
    ]


def _left_out(study: Study) -> Iterator[str]:
    """Yield the sections without which nothing can be learnt."""
    for name in ("sources", "targets", "learners"):
        if not getattr(study, name):
            yield f"{name}: missing; it has no default (a study without is for `geocryoai simulate` alone)"
    if not study.predict.learner:
        yield "predict.learner: missing; it has no default"


def _unknown_names(study: Study) -> Iterator[str]:
    for name, source in study.sources.items():
        if source.reader not in READERS:
            yield f"sources.{name}.reader: no reader '{source.reader}'; {nearest(source.reader, READERS)}"
    for name, learner in study.learners.items():
        if learner.model not in LEARNERS:
            yield f"learners.{name}.model: no learner '{learner.model}'; {nearest(learner.model, LEARNERS)}"
    for name, protocol in study.evaluate.protocols.items():
        if protocol.protocol not in PROTOCOLS:
            hint = nearest(protocol.protocol, PROTOCOLS)
            yield f"evaluate.protocols.{name}.protocol: no protocol '{protocol.protocol}'; {hint}"


def _target_names(study: Study) -> Iterator[str]:
    for name, target in study.targets.items():
        try:
            if variable(name).name != name:
                yield f"targets.{name}: use the house name '{variable(name).name}'"
        except GeoCryoAIError as error:
            yield f"targets.{name}: {error}"
        processes = [anchor.process for anchor in target.anchors]
        for process in sorted({process for process in processes if processes.count(process) > 1}):
            yield f"targets.{name}.anchors: '{process}' stands twice"
        for anchor in target.anchors:
            if anchor.process not in ANCHORS:
                yield f"targets.{name}.anchors: no process '{anchor.process}'; {nearest(anchor.process, ANCHORS)}"


def _broken_references(study: Study) -> Iterator[str]:
    def unknown(where: str, names: Sequence[str], known: Sequence[str]) -> Iterator[str]:
        for name in names:
            if name not in known:
                yield f"{where}: '{name}' is not in the study; {nearest(name, known)}"

    sources, learners, targets = list(study.sources), list(study.learners), list(study.targets)
    for name, target in study.targets.items():
        yield from unknown(f"targets.{name}.records", target.records, sources)
        for join in target.join:
            if join.by != "cell" or join.source != "cube":
                yield from unknown(f"targets.{name}.join", [join.source], sources)
    for name, learner in study.learners.items():
        yield from unknown(f"learners.{name}.targets", learner.targets, targets)
    for name, protocol in study.evaluate.protocols.items():
        yield from unknown(f"evaluate.protocols.{name}.targets", protocol.targets, targets)
        yield from unknown(f"evaluate.protocols.{name}.learners", protocol.learners, learners)
    if study.evaluate.ablation is not None:
        asked = study.evaluate.ablation
        yield from unknown("evaluate.ablation.protocol", [asked.protocol], list(study.evaluate.protocols))
        yield from unknown("evaluate.ablation.learner", [asked.learner], learners)
        yield from unknown("evaluate.ablation.targets", asked.targets, targets)
    if study.predict.learner:
        yield from unknown("predict.learner", [study.predict.learner], learners)


def _domain_problems(study: Study) -> Iterator[str]:
    by_cell = [name for name, target in study.targets.items() if any(j.by == "cell" for j in target.join)]
    if by_cell and study.domain is None:
        yield f"domain: missing, but targets {', '.join(by_cell)} are joined by cell"
    if study.predict.maps and study.domain is None:
        yield "domain: missing, but predict.maps is on"
    for name, target in study.targets.items():
        if target.windows and target.windows.size > 1 and not any(j.by == "cell" for j in target.join):
            yield f"targets.{name}.windows.size: {target.windows.size} cells need a join by cell"
    asked = () if study.predict.months == "all" else study.predict.months
    months = [m for m in asked if not study.period.start <= m <= study.period.end]
    if months:
        period = f"{study.period.start} to {study.period.end}"
        yield f"predict.months: {', '.join(months)} outside the period {period}"


def _refine_problems(study: Study) -> Iterator[str]:
    if study.refine and study.domain is None:
        yield "domain: missing, but refine brings fields to its grid"
    for name, section in study.refine.items():
        for used in (*section.covariates, section.share, section.reference):
            if used in study.refine:
                yield f"refine.{name}: '{used}' is refined itself, so it cannot help to refine another field"
        given = section.validate_with
        if given is not None and given.source not in study.sources:
            yield f"refine.{name}.validate_with: no source '{given.source}'; {nearest(given.source, study.sources)}"
        if given is not None and given.variable:
            try:
                variable(given.variable)
            except GeoCryoAIError as error:
                yield f"refine.{name}.validate_with: {error}"


def _grid_problems(study: Study) -> Iterator[str]:
    """Yield why the grid cannot be made, or its maps would not fit the memory that the study allows."""
    from geocryoai.core.grid import MAX_CELLS
    from geocryoai.core.projection import is_equal_area
    from geocryoai.stages.harmonize import study_grid, study_months

    if study.domain is None:
        return
    try:
        grid = study_grid(study)
    except GeoCryoAIError as error:
        yield f"domain: {error}"
        return
    assert grid is not None
    if not is_equal_area(grid.crs):
        yield f"domain.crs: {grid.crs} does not keep area; use for example EPSG:3338, ESRI:102001 or EPSG:6931"
    cells = grid.width * grid.height
    if cells > MAX_CELLS:
        yield f"domain: {grid.width} x {grid.height} = {cells:,} cells are too many, expected at most {MAX_CELLS:,}"
    elif study.predict.maps:
        layers = len(study_months(study)) if study.predict.months == "all" else max(1, len(study.predict.months))
        needed = cells * layers * MAP_BYTES / 1e6
        if needed > study.compute.memory_mb:
            yield (
                f"predict.months: maps of {layers} months x {cells:,} cells need {needed:,.0f} MB, "
                f"compute.memory_mb is {study.compute.memory_mb:,}; ask for fewer months or coarser cells"
            )


def _judged_problems(study: Study) -> Iterator[str]:
    """Yield tests in which no learner takes part, and what the learner that predicts is not meant for."""
    for label, section in study.evaluate.protocols.items():
        for target in section.targets or tuple(study.targets):
            if target in study.targets and not taking_part(study, label, target):
                yield f"evaluate.protocols.{label}: no learner takes part for {target} in the task {section.task}"
    learner = study.learners.get(study.predict.learner)
    if learner is None:
        return
    if "map" not in learner.tasks:
        yield f"predict.learner: '{study.predict.learner}' is not meant for the task map, in which it predicts"
    left_out = [name for name in study.targets if learner.targets and name not in learner.targets]
    if left_out:
        yield f"predict.learner: '{study.predict.learner}' is not meant for {', '.join(left_out)}"


def taking_part(study: Study, label: str, target: str) -> dict[str, LearnerSection]:
    """Return the learners that take part in a test of a target."""
    section = study.evaluate.protocols[label]
    return {
        name: learner
        for name, learner in study.learners.items()
        if section.task in learner.tasks
        and (not learner.targets or target in learner.targets)
        and (not section.learners or name in section.learners)
    }


def _twin_problems(study: Study) -> Iterator[str]:
    if study.twin is None:
        return
    from geocryoai.twin.options import read_options

    try:
        read_options({"seed": study.seed, **study.twin})
    except StudyError as error:
        yield from error.problems


def _retrieval_problems(study: Study, data: Path | None) -> Iterator[str]:
    if study.retrievals:
        from geocryoai.stages.retrieval_inputs import retrieval_problems

        yield from retrieval_problems(study, data)


def _missing_files(study: Study, data: Path) -> Iterator[str]:
    if not data.is_dir():
        yield f"--data: no folder at {data}"
        return
    for name, source in study.sources.items():
        if not (data / source.path).exists():
            folder = (data / source.path).parent
            present = [path.name for path in folder.iterdir()] if folder.is_dir() else []
            hint = nearest(Path(source.path).name, present)
            yield f"sources.{name}.path: no {source.path} in the data folder; {hint}"
        table = source.support.meteorology
        if table is not None and not (data / table).is_file():
            yield f"sources.{name}.support.meteorology: no file {table} in the data folder"
