"""Scenes of a study that could not be retrieved: gathered from a run folder, and told at the end of each command."""

from __future__ import annotations

from pathlib import Path

from geocryoai.core.errors import PartlyDoneError
from geocryoai.core.files import read_json
from geocryoai.core.study import Study


def require_all_scenes(study: Study, root: Path, *, where: str, made: str) -> None:
    """Raise where the retrievals of a study had to leave scenes out; also for stages that were done before.

    Parameters
    ----------
    study : Study
    root : Path
        Holds one folder per stage.
    where : str
        What the user knows the result by.
    made : str
        What was made all the same, as in "the run is complete".

    Raises
    ------
    PartlyDoneError
        Naming every scene that failed, by retrieval.
    """
    scenes, failed = 0, []
    for name in study.retrievals:
        listing = root / "ingest" / name / "scenes.json"
        for entry in read_json(listing)["scenes"] if listing.is_file() else ():
            scenes += 1
            if "failed" in entry:
                failed.append(f"{name}, {entry['scene']}: {entry['failed']}")
    if failed:
        listed = "\n".join(f"  {number}. {text}" for number, text in enumerate(failed, 1))
        raise PartlyDoneError(
            f"{made}, but without {len(failed)} of {scenes} scenes, which could not be retrieved\n{listed}",
            where=where,
            next_step="Mend or remove these files and run the same command again.",
        )  # fmt: skip
