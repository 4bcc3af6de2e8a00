"""What a stage works on: the study, the inputs, and the folders of the stages before it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from geocryoai.core.study import Study
from geocryoai.stages.progress import Progress

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True)
class Workspace:
    """A place where stages leave their artefacts: a run folder, or a scratch folder when a run is applied anew.

    Attributes
    ----------
    study : Study
    root : Path
        Holds one folder per stage.
    data : Path or None
        Folder that source paths are relative to; None for a twin, which makes its own.
    targets : bool
        Whether measured target values may be read.
    """

    study: Study
    root: Path
    data: Path | None
    targets: bool = True
    progress: Progress = field(default_factory=lambda: Progress(quiet=True))

    def folder(self, stage: str) -> Path:
        """Return the folder of a stage."""
        return self.root / stage

    def table(self, stage: str, name: str) -> pl.DataFrame:
        """Return the Parquet table `name` of a stage."""
        import polars as pl

        return pl.read_parquet(self.folder(stage) / f"{name}.parquet")
