"""Simulate: process models predict each target from drivers alone, at every record."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from geocryoai.core.study import TargetSection
from geocryoai.models.anchors import ANCHORS, compute_anchor
from geocryoai.stages.harmonize import feature_names
from geocryoai.stages.workspace import Workspace

if TYPE_CHECKING:
    import polars as pl


def simulate(work: Workspace) -> None:
    """Write one table of anchors per target, row for row as in its harmonised table."""
    for name, section in work.study.targets.items():
        table = work.table("harmonize", name)
        anchors = anchor_table(section, table, feature_names(work, name)["features"])
        anchors.write_parquet(work.folder("simulate") / f"{name}.parquet")


def anchor_table(section: TargetSection, table: pl.DataFrame, features: list[str]) -> pl.DataFrame:
    """Return one column per anchor of the target, in the order of the study."""
    import polars as pl

    columns = {name: table[name].to_numpy().astype(np.float64) for name in features}
    return pl.DataFrame(
        {
            anchor.process: compute_anchor(ANCHORS.get(anchor.process), anchor.options, columns)
            for anchor in section.anchors
        },
        schema=[anchor.process for anchor in section.anchors],
    )
