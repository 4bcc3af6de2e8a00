"""Check the section `simulate` of a study, and the anchors that ask for its runs, before any work."""

from __future__ import annotations

from collections.abc import Iterator

from geocryoai.core.errors import GeoCryoAIError, nearest
from geocryoai.core.study import RunSection, Study, TargetSection
from geocryoai.models.anchors.simulated import SIMULATED
from geocryoai.processes.maps import MAP_PROCESSES
from geocryoai.stages.map_runs import earlier_outputs, run_outputs, written_outputs
from geocryoai.stages.stations import station_columns


def run_problems(study: Study) -> Iterator[str]:
    """Yield every problem of the runs and of the anchors that name them."""
    if study.simulate and study.domain is None:
        yield "domain: missing, but simulate runs processes over its grid"
    if study.simulate and not (study.period.start.endswith("-01") and study.period.end.endswith("-12")):
        yield (
            f"simulate: runs go over whole calendar years, the period is {study.period.start} to {study.period.end}; "
            "start it in January and end it in December"
        )
    sound: dict[str, RunSection] = {}
    for name, section in study.simulate.items():
        problems = list(_of_run(name, section, sound, study))
        yield from problems
        if not problems:
            sound[name] = section
    yield from _twice(sound)
    for target, wanted in study.targets.items():
        for anchor in wanted.anchors:
            if anchor.process == SIMULATED:
                yield from _of_anchor(f"targets.{target}.anchors, simulated", wanted, anchor.options, study, sound)


def _of_run(name: str, section: RunSection, before: dict[str, RunSection], study: Study) -> Iterator[str]:
    where = f"simulate.{name}"
    if section.process not in MAP_PROCESSES:
        yield f"{where}.process: no process '{section.process}'; {nearest(section.process, MAP_PROCESSES)}"
        return
    yield from _of_drivers(where, section)
    try:
        outputs = run_outputs(section)
    except GeoCryoAIError as error:
        yield f"{where}.options: {error}"
        return
    for output in section.outputs:
        if output not in outputs:
            yield f"{where}.outputs: no output '{output}'; {nearest(output, outputs)}"
    yield from _of_earlier(where, section, before, study)


def _of_drivers(where: str, section: RunSection) -> Iterator[str]:
    process = MAP_PROCESSES.get(section.process)
    known = [driver.name for driver in process.drivers]
    for driver in section.drivers:
        if driver not in known:
            yield f"{where}.drivers: no driver '{driver}'; {nearest(driver, known)}"
    for driver in section.fill:
        if driver not in (section.drivers or known):
            yield f"{where}.fill: no driver '{driver}'; {nearest(driver, section.drivers or known)}"
    missing = [d.name for d in process.drivers if d.required and section.drivers and d.name not in section.drivers]
    if missing:
        yield f"{where}.drivers: {', '.join(missing)} missing"


def _of_earlier(where: str, section: RunSection, before: dict[str, RunSection], study: Study) -> Iterator[str]:
    stations = set(station_columns(study, {where: section}))
    for run, output in earlier_outputs(section):
        if (run, output) in stations:
            continue
        if run not in before:
            yield f"{where}.drivers: '{run}.{output}' is of no sound run before this one; {nearest(run, before)}"
            continue
        given = run_outputs(before[run])
        if output not in given:
            yield f"{where}.drivers: run '{run}' has no output '{output}'; {nearest(output, given)}"
        elif given[output].step != "month":
            yield f"{where}.drivers: '{run}.{output}' is yearly, drivers are monthly"


def _twice(runs: dict[str, RunSection]) -> Iterator[str]:
    """Yield names that two runs would write."""
    owner: dict[str, str] = {}
    for run, section in runs.items():
        for name in written_outputs(section):
            if name in owner:
                yield f"simulate.{run}: '{name}' is written by the run '{owner[name]}' already; give it another prefix"
            owner.setdefault(name, run)


def _of_anchor(
    where: str, target: TargetSection, options: dict[str, object], study: Study, sound: dict[str, RunSection]
) -> Iterator[str]:
    run, output = str(options.get("run", "")), str(options.get("output", ""))
    if not run or not output:
        yield f"{where}: options.run and options.output say which output of which run it is"
    elif run not in study.simulate:
        yield f"{where}: no run '{run}' in simulate; {nearest(run, study.simulate)}"
    elif run in sound:
        section = sound[run]
        written = {name.removeprefix(section.prefix): output for name, output in written_outputs(section).items()}
        if output not in written:
            yield f"{where}: the run '{run}' writes no '{output}'; {nearest(output, written)}"
        elif target.step == "year" and written[output].step != "year":
            yield f"{where}: '{run}.{output}' is monthly, the target is annual"
