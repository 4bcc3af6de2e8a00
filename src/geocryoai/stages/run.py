"""Run a study: its stages in order, each once, taken up again where an earlier run stopped."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from geocryoai.core.errors import StudyError, nearest
from geocryoai.core.run_folder import STAGES, RunFolder
from geocryoai.core.study import Study
from geocryoai.stages.check import check_study
from geocryoai.stages.progress import Progress
from geocryoai.stages.workspace import Workspace

Stage = Callable[[Workspace], None]


def run_study(study: Study, *, data: Path | None, out: Path, until: str | None = None, quiet: bool = False) -> Path:
    """Run a study into a run folder and return it.

    Parameters
    ----------
    study : Study
    data : Path or None
        Folder that source paths are relative to; None for a twin.
    out : Path
        Run folder; a finished or killed run of the same study in it is taken up again.
    until : str, optional
        Last stage to run.
    """
    if until is not None and until not in STAGES:
        raise StudyError([f"--until: no stage '{until}'; {nearest(until, STAGES)}"])
    if data is None and study.twin is None:
        raise StudyError(["--data: missing; name the folder that the study's paths are relative to"], where=study.name)
    check_study(study, data)
    folder = RunFolder.create(out, study)
    with folder.lock():
        from geocryoai.stages.ingest import input_hashes

        work = Workspace(study, out, data, progress=Progress(quiet=quiet))
        inputs = input_hashes(study, data)
        for stage in STAGES[: STAGES.index(until or STAGES[-1]) + 1]:
            _run_stage(folder, work, stage, inputs if stage == "ingest" else {})
    return out


def _run_stage(folder: RunFolder, work: Workspace, stage: str, inputs: dict[str, str]) -> None:
    key = folder.key(stage, inputs)
    if folder.is_done(stage, key):
        folder.log("stage already complete", stage=stage)
        return
    folder.begin(stage, key)
    folder.log("stage started", stage=stage)
    started = time.monotonic()
    _stage(stage)(work)
    folder.finish(stage, key, inputs)
    folder.log("stage complete", stage=stage, seconds=round(time.monotonic() - started, 2))


def _stage(name: str) -> Stage:
    """Return a stage's function; its module and what that needs are imported only now."""
    from importlib import import_module

    function: Stage = getattr(import_module(f"geocryoai.stages.{name}"), name)
    return function
