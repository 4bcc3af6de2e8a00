"""The compiled back end: columns in blocks, blocks over the cores."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from geocryoai.core.errors import ModelError
from geocryoai.processes.checks import Array
from geocryoai.processes.column.active_layer import above_permafrost, permafrost_top
from geocryoai.processes.column.forcing import Forcing, SurfaceSeries
from geocryoai.processes.column.kernel import WIDTH, run_blocks
from geocryoai.processes.column.options import Options
from geocryoai.processes.column.result import ColumnResult, ColumnSeries, ColumnState, YearlyResult
from geocryoai.processes.column.soil import Soil
from geocryoai.processes.column.tables import EnthalpyTables
from geocryoai.processes.constants import DAY, ICE_SPECIFIC_HEAT, LATENT_HEAT


def run_numba(
    forcing: Forcing, surface: SurfaceSeries, soil: Soil, tables: EnthalpyTables, state: ColumnState, options: Options
) -> ColumnResult:
    """Run columns on the processor; see `simulate_column`."""
    (layers, columns), time = soil.index.shape, np.asarray(forcing.days).size
    year, of_year = np.unique(forcing.years, return_inverse=True)
    blocks = -(-columns // WIDTH)
    snow_cells = state.snow_temperature.shape[0]
    knots = tables.temperature.shape[1]
    index, thickness = soil.index, np.broadcast_to(soil.grid.thickness[:, None], soil.index.shape)
    frozen, ratio = tables.conductivity_frozen[index], tables.conductivity_ratio[index]
    geothermal = np.broadcast_to(np.asarray(soil.geothermal, dtype=np.float64), (1, columns))
    cells = (
        index * knots, tables.low[index], 1.0 / tables.spacing[index], thickness, tables.temperature[index, -2],
        0.5 * thickness / frozen, ratio, LATENT_HEAT * tables.water[index], geothermal,
    )  # fmt: skip
    ground = tuple(_blocks(values, blocks) for values in cells)
    flat = tuple(np.ascontiguousarray(t).ravel() for t in (tables.temperature, tables.liquid))
    series_in = (surface.top, surface.snow_depth, surface.snow_conductivity, ICE_SPECIFIC_HEAT * surface.snow_density)
    carried = (_blocks(state.enthalpy, blocks), _blocks(state.snow_temperature, blocks))
    series = np.empty((blocks, time, 7, WIDTH))
    years = tuple(np.full((blocks, year.size, layers, WIDTH), v) for v in (0.0, np.inf, -np.inf))
    kept = time if options.profile else 0
    profile = tuple(np.empty((blocks, kept, layers, WIDTH)) for _ in range(2))
    failed = np.empty(blocks, np.int64)
    run_blocks(
        WIDTH, (snow_cells, snow_cells + layers, knots, options.iterations, options.halvings, options.prediction),
        (options.tolerance, options.step * DAY), ground, flat, tuple(_blocks(s, blocks) for s in series_in),
        forcing.heat_flux is not None, 0.0 if forcing.exchange is None else 1.0 / forcing.exchange,
        np.asarray(forcing.days, dtype=np.float64) * DAY, of_year, carried, series, years, profile, failed,
    )  # fmt: skip
    end = ColumnState(_columns(carried[0], columns), _columns(carried[1], columns))
    _raise_if_failed(failed, end, surface, soil, tables)
    total = np.bincount(of_year, weights=np.asarray(forcing.days, dtype=np.float64))[:, None, None]
    sums, low, high = (_columns(y, columns) for y in years)
    parts = [_columns(series[:, :, i], columns) for i in range(7)]
    tops = permafrost_top(high, soil, tables)
    parts[:2] = [above_permafrost(depth, top, of_year) for depth, top in zip(parts[:2], tops, strict=True)]
    result_series = ColumnSeries(*parts)
    deepest = [np.stack([depth[of_year == y].max(axis=0) for y in range(year.size)]) for depth in parts[:2]]
    temperature, share = (_columns(p, columns) if options.profile else None for p in profile)
    return ColumnResult(
        np.asarray(forcing.days, dtype=np.float64), result_series,
        YearlyResult(year, deepest[0], deepest[1], sums / total, low, high), end, soil, tables, forcing.years,
        state.enthalpy,
        float((-2 - failed).mean()) / time, temperature, share,
    )  # fmt: skip


def _blocks(values: NDArray[Any], blocks: int) -> NDArray[Any]:
    """Return (rows, columns) as (blocks, rows, WIDTH); the last column is repeated to fill the last block."""
    wide = np.empty((blocks, values.shape[0], WIDTH), dtype=values.dtype)
    columns = values.shape[1]
    whole = columns // WIDTH
    wide[:whole] = values[:, : whole * WIDTH].reshape(values.shape[0], whole, WIDTH).transpose(1, 0, 2)
    if whole < blocks:
        rest = values[:, whole * WIDTH :]
        wide[whole, :, : rest.shape[1]] = rest
        wide[whole, :, rest.shape[1] :] = rest[:, -1:]
    return wide


def _columns(values: Array, columns: int) -> Array:
    """Return (blocks, ..., WIDTH) as (..., columns)."""
    moved = np.moveaxis(values, 0, -2)
    return np.ascontiguousarray(moved.reshape(*moved.shape[:-2], values.shape[0] * WIDTH)[..., :columns])


def _raise_if_failed(
    failed: NDArray[np.int64], end: ColumnState, surface: SurfaceSeries, soil: Soil, tables: EnthalpyTables
) -> None:
    gave_up = np.flatnonzero(failed >= 0)
    if not gave_up.size:
        return
    block = int(gave_up[0])
    columns = slice(block * WIDTH, min((block + 1) * WIDTH, soil.columns))
    t = tables.temperature_at(end.enthalpy[:, columns], soil.index[:, columns])
    top = surface.top[failed[block], columns]
    raise ModelError(
        "a step did not converge, even after it was halved",
        where=f"columns {columns.start} to {columns.stop - 1}, time {failed[block]}",
        found=f"forcing {top.min():g} to {top.max():g}, ground {t.min():.3g} to {t.max():.3g} degC",
        next_step="Shorten Options.step, or allow more iterations or halvings.",
    )
