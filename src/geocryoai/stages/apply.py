"""Apply a finished run: to another copy of its inputs, without reading their target values, or to its grid."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from geocryoai.core.errors import RunError
from geocryoai.core.files import complete_or_absent
from geocryoai.core.run_folder import RunFolder
from geocryoai.core.study import study_from_dict
from geocryoai.models.contract import Learner
from geocryoai.stages.check import check_study
from geocryoai.stages.failed_scenes import require_all_scenes
from geocryoai.stages.harmonize import harmonize
from geocryoai.stages.ingest import ingest
from geocryoai.stages.predict import map_months, predicted_map, predictions_at_records, write_map
from geocryoai.stages.progress import Progress
from geocryoai.stages.simulate import simulate
from geocryoai.stages.train import trained
from geocryoai.stages.workspace import Workspace

_PREPARE = {"ingest": ingest, "harmonize": harmonize, "simulate": simulate}


def predict_records(run: Path, *, data: Path | None, out: Path, quiet: bool = False) -> Path:
    """Write predictions at every record of a copy of the run's inputs (Parquet).

    Parameters
    ----------
    run : Path
        Run folder whose training is complete.
    data : Path or None
        Folder with the same layout as the run's data; None for the run's own inputs.
    out : Path

    Raises
    ------
    RunError, StudyError, SourceError
        The run is not complete, or the inputs are not what the study says.
    PartlyDoneError
        The predictions are written, but some scenes of the inputs could not be retrieved.
    """
    _require_file_name(out)
    folder, work = _opened(run, quiet)
    models = trained(work, folder.study)
    if data is None:
        return _write(work, models, out)
    check_study(folder.study, data)
    with TemporaryDirectory(prefix="geocryoai-") as scratch:
        fresh = Workspace(folder.study, Path(scratch), data, targets=False, progress=work.progress)
        for stage, function in _PREPARE.items():
            fresh.folder(stage).mkdir()
            function(fresh)
        written = _write(fresh, models, out)
        require_all_scenes(folder.study, fresh.root, where=str(out), made="the predictions are written")
        return written


def predict_map(run: Path, *, data: Path | None, out: Path, months: Sequence[str], quiet: bool = False) -> list[Path]:
    """Write the maps of all targets of a run as CF NetCDF and return the files.

    Targets of one time axis stand side by side in one file; where some are monthly and some annual, each has its own,
    with its name added to that of `out`.
    """
    import xarray as xr

    if data is not None:
        raise RunError("a map is made from the run's own fields", where="--grid", next_step="Leave --data out.")
    _require_file_name(out)
    folder, work = _opened(run, quiet)
    tree = folder.study.model_dump(mode="json")
    asked = {"maps": True, "months": list(months or map_months(folder.study))}
    study = study_from_dict({**tree, "predict": {**tree["predict"], **asked}}, where="--month")
    check_study(study, None)
    maps = [predicted_map(work, target, model, map_months(study)) for target, model in trained(work, study).items()]
    if len({tuple(each["time_bnds"].to_numpy().ravel()) for each in maps}) > 1:
        files = [out.with_name(f"{out.stem}_{target}{out.suffix}") for target in study.targets]
    else:
        files, maps = [out], [xr.merge(maps, combine_attrs="drop_conflicts")]
    for file, each in zip(files, maps, strict=True):
        write_map(each, file)
    return files


def _require_file_name(out: Path) -> None:
    if out.is_dir():
        raise RunError(
            "a folder stands where the file is to be written", where=str(out), next_step="Name a file in it."
        )


def _opened(run: Path, quiet: bool) -> tuple[RunFolder, Workspace]:
    folder = RunFolder.open(run)
    folder.require(["ingest", "harmonize", "simulate", "train"])
    return folder, replace(Workspace(folder.study, run, None), progress=Progress(quiet=quiet))


def _write(work: Workspace, models: Mapping[str, Learner], out: Path) -> Path:
    table = predictions_at_records(work, models)
    with complete_or_absent(out) as temporary:
        table.write_parquet(temporary)
    return out
