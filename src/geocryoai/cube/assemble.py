"""Samples from harmonised tables: arrays in one order, lags of the target for forecasts, windows for networks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from geocryoai.core.errors import CubeError, nearest
from geocryoai.cube.samples import Samples, Task, WindowSource
from geocryoai.cube.target import Drivers, sample_time
from geocryoai.cube.windows import GridWindows, TableWindows

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from geocryoai.core.study import WindowSection

    Floats = NDArray[np.float64]

#: Periods back that a forecast sees: three months and the same month of last year, or two years.
LAGS = {"month": (1, 2, 3, 12), "year": (1, 2)}


def assemble(
    table: pl.DataFrame,
    target: str,
    task: Task,
    *,
    step: str,
    features: Sequence[str],
    statics: Sequence[str],
    anchors: pl.DataFrame | None = None,
    windows: WindowSource | None = None,
) -> Samples:
    """Return samples of all rows of a table, in its order.

    Parameters
    ----------
    table : polars.DataFrame
        Record columns, features, and `value`, `sigma`, `learn` where something was measured; rows that are not to be
        learnt have no `y`.
    anchors : polars.DataFrame, optional
        One column per anchor, same rows.
    windows : WindowSource, optional
        Row i is window i.
    """
    rows = table.height
    value, sigma = _measured(table, "value"), _measured(table, "sigma")
    time = sample_time(table, step)
    site = table.select(pl.coalesce(pl.col("site"), pl.format("row {}", pl.col("source_row"))))["site"]
    samples = Samples(
        target=target,
        task=task,
        source=table["source"].to_numpy().astype(str),
        source_row=table["source_row"].to_numpy().astype(np.int64),
        site=site.to_numpy().astype(str),
        lon=_numbers(table["lon"]),
        lat=_numbers(table["lat"]),
        time=time,
        features={name: _numbers(table[name]) for name in features},
        statics=tuple(statics),
        y=value,
        sigma=sigma,
        anchors={} if anchors is None else {name: _numbers(anchors[name]) for name in anchors.columns},
        windows=windows,
        window_index=None if windows is None else np.arange(rows, dtype=np.int64),
    )
    return with_lags(samples, step) if task == "forecast" else samples


def with_lags(samples: Samples, step: str) -> Samples:
    """Return the samples with the target of earlier periods at the same site; several values in one are averaged."""
    period = samples.time.astype(f"datetime64[{'M' if step == 'month' else 'Y'}]").astype("int64")
    rows = pl.DataFrame({"site": samples.site, "period": period, "y": samples.y, "dated": ~np.isnat(samples.time)})
    known = rows.filter(pl.col("dated") & pl.col("y").is_finite()).group_by("site", "period").agg(pl.col("y").mean())
    lags = {}
    for lag in LAGS[step]:
        wanted = rows.select("site", (pl.col("period") - lag).alias("period"), "dated")
        found = wanted.join(known, on=["site", "period"], how="left", maintain_order="left")
        lags[lag] = _numbers(found.select(pl.when("dated").then("y"))["y"])
    return replace(samples, lags=lags)


def make_windows(section: WindowSection, drivers: Sequence[Drivers], cube: Path | None) -> WindowSource:
    """Return the windows of all rows: from the cube for maps, from the site series otherwise."""
    if not drivers:
        raise CubeError("windows need monthly drivers, and no join brings any", where="targets.windows")
    first = drivers[0]
    channels = section.channels or tuple(sorted(first.series.values))
    for name in channels:
        if name not in first.series.values:
            hint = nearest(name, first.series.values)
            raise CubeError(f"no monthly driver is called '{name}'", where="targets.windows.channels", next_step=hint)
    if section.size == 1:
        return TableWindows(
            site_index=first.index,
            step=np.where(first.index < 0, -1, first.step),
            values=first.series.array(channels),
            channels=tuple(channels),
            history=section.history,
        )
    if cube is None:
        raise CubeError("windows of several cells need a cube", where="targets.windows.size")
    row, col = _cells(first, cube)
    step = np.where(row < 0, -1, first.step)
    return GridWindows(cube, channels, row, col, step, history=section.history, size=section.size)


def _cells(drivers: Drivers, cube: Path) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    from geocryoai.cube.store import open_cube

    if drivers.cell is None:
        raise CubeError("windows of several cells need drivers of a cube", where="targets.windows.size",
                        next_step="Join by cell before other joins.")  # fmt: skip
    width, number = open_cube(cube).sizes["x"], drivers.cell
    return np.where(number < 0, -1, number // width), np.where(number < 0, -1, number % width)


def _measured(table: pl.DataFrame, name: str) -> Floats:
    if name not in table.columns:
        return np.full(table.height, np.nan)
    values = _numbers(table[name])
    return np.where(table["learn"].to_numpy(), values, np.nan) if "learn" in table.columns else values


def _numbers(column: pl.Series) -> Floats:
    return column.cast(pl.Float64).fill_null(float("nan")).to_numpy().astype(np.float64)
