"""Samples of a target, from the tables that harmonise and simulate left in the run folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from geocryoai.cube.assemble import assemble, make_windows
from geocryoai.cube.samples import Samples, Task
from geocryoai.stages.harmonize import cube_path, feature_names, features_of
from geocryoai.stages.simulate import anchor_table
from geocryoai.stages.workspace import Workspace

if TYPE_CHECKING:
    from geocryoai.cube.target import TargetTable


def load_samples(work: Workspace, target: str, task: Task) -> Samples:
    """Return all records of a target as samples; those not learnt have no `y`."""
    section = work.study.targets[target]
    if section.windows is not None:
        records = work.table("harmonize", f"{target}.records")
        return samples_of(work, target, features_of(work, section, records), task)
    anchors, names = work.table("simulate", target), feature_names(work, target)
    return assemble(
        work.table("harmonize", target),
        target,
        task,
        step=section.step,
        anchors=anchors if anchors.width else None,
        features=names["features"],
        statics=names["statics"],
    )


def forecast_samples(work: Workspace, target: str, origin: np.datetime64) -> Samples:
    """Return the samples as a forecaster has them at `origin`: later drivers are the climatology of earlier months."""
    records = work.table("harmonize", f"{target}.records")
    last = origin.astype("datetime64[M]") - np.timedelta64(1, "M")
    built = features_of(work, work.study.targets[target], records, known_until=last)
    return samples_of(work, target, built, "forecast", known_until=last)


def samples_of(
    work: Workspace, target: str, built: TargetTable, task: Task, *, known_until: np.datetime64 | None = None
) -> Samples:
    """Return samples of a target table that was built for records at hand; for `known_until` see `anchor_table`."""
    section = work.study.targets[target]
    anchors = anchor_table(work, section, built.table, list(built.features), known_until=known_until)
    windows = None
    if section.windows is not None:
        windows = make_windows(section.windows, built.drivers, cube_path(work) if cube_path(work).exists() else None)
    return assemble(
        built.table,
        target,
        task,
        step=section.step,
        features=built.features,
        statics=built.statics,
        anchors=anchors if anchors.width else None,
        windows=windows,
    )
