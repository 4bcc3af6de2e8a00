"""Runs the ground column over the cells of a block, year by year; see `geocryoai.processes.maps.ground`."""

from __future__ import annotations

import threading

import numpy as np
from numpy.typing import NDArray

from geocryoai.core.errors import ModelError
from geocryoai.processes.checks import Array
from geocryoai.processes.column import (
    ColumnResult,
    ColumnState,
    Forcing,
    Grid,
    Options,
    Soil,
    column_grid,
    simulate_column,
    spin_up,
)
from geocryoai.processes.column.constants import THAWED_SHARE
from geocryoai.processes.maps.contract import Cells
from geocryoai.processes.maps.freeze_up import freeze_up_days
from geocryoai.processes.maps.ground import MINERAL, GroundOptions, depth_name, ground_outputs
from geocryoai.processes.maps.soils import SOILS, texture_class
from geocryoai.processes.monthly_interpolation import MonthlyInterpolation
from geocryoai.processes.snowpack import snow_series

#: Columns that are computed side by side; the compiled kernel's own number.
GROUP = 16

#: The compiled kernel uses all cores itself, and not every threading layer of numba may be entered twice at once.
_KERNEL = threading.Lock()


def run_ground(cells: Cells, options: GroundOptions) -> dict[str, Array]:
    """Run the columns of some cells; see `geocryoai.processes.maps.contract.MapProcess`."""
    order, back = _grouped(cells.row)
    drivers = {name: values[..., order] for name, values in cells.values.items()}
    grid = _grid(options)
    soil, n_thaw = _soil(grid, drivers, order.size, options), _n_thaw(drivers, options)
    surface = _Surface(cells.days, drivers, n_thaw, options)
    settings = _settings(options, profile=True)
    with _KERNEL:
        state = _start(surface, soil, options)
    reader = _Reader(grid, options)
    out: dict[str, list[Array]] = {output.name: [] for output in ground_outputs(options)}
    before: tuple[Array, Array] | None = None
    for year in range(cells.years):
        forcing = surface.forcing(year)
        with _KERNEL:
            result = simulate_column(forcing, soil, state, settings)
        state = result.state
        now = (reader.shares(result), result.days)
        if before is not None:
            reader.freeze_up(before, now, out)
        reader.read(result, surface.scheme.edges[12 * year : 12 * year + 13], out)
        before = now
    for depth in options.depths:
        out[f"zero_curtain_{depth_name(depth)}"].append(np.full((1, order.size), np.nan))
    return {name: np.concatenate(parts)[:, back] for name, parts in out.items()}


def _grouped(row: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return cells in groups of `GROUP` that hold one row each, the last cell repeated, and where each cell stands."""
    order: list[NDArray[np.int64]] = []
    back: list[NDArray[np.int64]] = []
    size = 0
    for value in np.unique(row):
        here = np.flatnonzero(row == value)
        wide = -(-here.size // GROUP) * GROUP
        order.append(np.concatenate([here, np.full(wide - here.size, here[-1])]))
        back.append(size + np.arange(here.size))
        size += wide
    return np.concatenate(order), np.concatenate(back)


def _grid(options: GroundOptions) -> Grid:
    return column_grid(options.layers, 0.03, options.bottom, 0.3)


def _settings(options: GroundOptions, *, profile: bool) -> Options:
    return Options(step=max(1.0, options.step_days), knots=128, profile=profile)


def _soil(grid: Grid, drivers: dict[str, Array], columns: int, options: GroundOptions) -> Soil:
    """Return organic over mineral soil, by mapped depth and texture where they are given."""
    organic = drivers.get("organic_depth", np.full(columns, options.organic_depth))
    mineral = np.full(columns, MINERAL.index(options.mineral))
    if "sand" in drivers and "clay" in drivers:
        mineral = texture_class(drivers["sand"], drivers["clay"])
    index = np.where(grid.depth[:, None] < organic, 0, 1 + mineral)
    return Soil(grid, tuple(SOILS[name] for name in ("organic", *MINERAL)), index, options.geothermal)


def _n_thaw(drivers: dict[str, Array], options: GroundOptions) -> float | Array:
    trees = drivers.get("tree_fraction")
    return options.n_thaw if trees is None else options.n_thaw + trees * (options.n_thaw_forest - options.n_thaw)


class _Surface:
    """Drivers at the surface, on the steps of the column."""

    def __init__(self, days: Array, drivers: dict[str, Array], n_thaw: float | Array, options: GroundOptions) -> None:
        self.days, self.n_thaw, self.options = days, n_thaw, options
        self.tas = drivers["tas"]
        self.snd, self.density = _snow(days, drivers, options)
        self.scheme = MonthlyInterpolation(days, _parts(days, options))
        self._tas, self._snd = self.scheme.nodes(self.tas), self.scheme.nodes(self.snd)

    def forcing(self, year: int) -> Forcing:
        """Return one year."""
        return self._forcing(self.scheme, (self._tas, self.tas), (self._snd, self.snd), self.density, 12 * year)

    def mean_year(self, years: int) -> Forcing:
        """Return the mean of the first years, as one year that repeats."""
        count = 12 * min(years, self.days.size // 12)
        tas, snd, density = (a[:count].reshape(-1, 12, a.shape[1]).sum(axis=0) / (count // 12) for a in
                             (self.tas, self.snd, self.density))  # fmt: skip
        tas, snd, density = (np.concatenate([a, a, a]) for a in (tas, snd, density))
        days = np.tile(self.days[:12], 3)
        scheme = MonthlyInterpolation(days, _parts(days, self.options))
        return self._forcing(scheme, (scheme.nodes(tas), tas), (scheme.nodes(snd), snd), density, 12)

    def _forcing(
        self, scheme: MonthlyInterpolation, tas: tuple[Array, Array], snd: tuple[Array, Array], density: Array, at: int
    ) -> Forcing:
        edges = scheme.edges[at : at + 13]
        return Forcing(
            scheme.lengths[edges[0] : edges[-1]],
            temperature=scheme.intervals(*tas, at, at + 12),
            snow_depth=scheme.intervals(*snd, at, at + 12, lower=0.0),
            snow_density=np.repeat(density[at : at + 12], np.diff(edges), axis=0),
            n_thaw=self.n_thaw,
        )


def _parts(days: Array, options: GroundOptions) -> NDArray[np.int64]:
    return np.maximum(1, np.rint(days / options.step_days)).astype(np.int64)


def _snow(days: Array, drivers: dict[str, Array], options: GroundOptions) -> tuple[Array, Array]:
    """Return snow depth [m] and density [kg m-3], shape (months, cells)."""
    if "snd" not in drivers:
        if "pr" not in drivers:
            raise ModelError("the snow is not known", where="process ground",
                             expected="the driver snd (snow depth), or pr (precipitation), from which it is simulated",
                             next_step="Name one of them; snd: 0 says that there is none.")  # fmt: skip
        snow = snow_series(drivers["tas"], drivers["pr"], days)
        return snow.snd, snow.density
    snd = drivers["snd"]
    if "snow_density" in drivers:
        return snd, drivers["snow_density"]
    density = np.full(snd.shape, options.snow_density)
    if "swe" in drivers:
        deep = snd > 0.02
        density = np.where(deep, 1000.0 * drivers["swe"] / np.where(deep, snd, 1.0), density)
    return snd, np.clip(density, 100.0, 500.0)


def _start(surface: _Surface, soil: Soil, options: GroundOptions) -> ColumnState:
    return spin_up(surface.mean_year(options.spin_up_years), soil, _settings(options, profile=False)).state


class _Reader:
    """Reads the outputs of a year off a run."""

    def __init__(self, grid: Grid, options: GroundOptions) -> None:
        self.depths = options.depths
        self.layer = [int(np.searchsorted(grid.edges[1:-1], depth, side="right")) for depth in options.depths]
        self.weights = [_between(grid.depth, depth) for depth in (*options.depths, options.magt_depth)]

    def shares(self, result: ColumnResult) -> Array:
        """Return the liquid share at the depths, shape (time, depths, columns)."""
        return result.profile("liquid_share")[:, self.layer]

    def freeze_up(self, before: tuple[Array, Array], now: tuple[Array, Array], out: dict[str, list[Array]]) -> None:
        """Add the zero curtain of the year before."""
        share, days = (np.concatenate(parts) for parts in zip(before, now, strict=True))
        lasted = freeze_up_days(share, days, before[1].size)
        for place, depth in enumerate(self.depths):
            out[f"zero_curtain_{depth_name(depth)}"].append(lasted[place][None])

    def read(self, result: ColumnResult, edges: NDArray[np.int64], out: dict[str, list[Array]]) -> None:
        """Add a year."""
        starts, counts = edges[:-1] - edges[0], np.diff(edges)[:, None]
        t, share, grid = result.profile("temperature"), self.shares(result), result.soil.grid
        for place, depth in enumerate(self.depths):
            name = depth_name(depth)
            at_depth = _at(t, self.weights[place])
            out[f"tg_{name}"].append(np.add.reduceat(at_depth, starts, axis=0) / counts)
            out[f"liquid_{name}"].append(np.add.reduceat(share[:, place], starts, axis=0) / counts)
        thaw = np.where(result.series.surface_temperature > 0, result.series.thaw_depth_phase, 0.0)
        out["thaw_depth"].append(np.maximum.reduceat(thaw, starts, axis=0))
        out["magt"].append(_at(result.yearly.mean, self.weights[-1]))
        whole = result.profile("liquid_share")
        frost = frost_depth(whole.min(axis=0), grid)
        out["alt"].append(np.minimum(thawed_to(whole.max(axis=0), grid), frost)[None])
        out["alt_isotherm"].append(np.minimum(isotherm(result.yearly.high[0], grid), frost)[None])


def thawed_to(share: Array, grid: Grid) -> Array:
    """Return the depth down to which all ground thawed at some time of the year [m].

    Parameters
    ----------
    share : array, shape (layers, columns)
        Largest liquid share of the water in the year [1].
    grid : Grid

    Returns
    -------
    array, shape (columns,)
        Of the cell at the front the part that thawed is added, (s - s_below) / (1 - s_below), as in the column model.
    """
    frozen = share < THAWED_SHARE
    first = frozen.argmax(axis=0)
    here = np.take_along_axis(share, first[None], axis=0)[0]
    below = np.take_along_axis(share, np.minimum(first + 1, share.shape[0] - 1)[None], axis=0)[0]
    below = np.minimum(below, here)
    part = (here - below) / np.where(frozen.any(axis=0), 1.0 - below, 1.0)
    return np.asarray(np.where(frozen.any(axis=0), grid.edges[first] + part * grid.thickness[first], grid.edges[-1]))


def isotherm(high: Array, grid: Grid) -> Array:
    """Return the depth down to which all ground came above 0 degC [m]; `high` [degC], shape (layers, columns)."""
    cold = high <= 0.0
    first = cold.argmax(axis=0)
    before = np.maximum(first - 1, 0)
    below, above = (np.take_along_axis(high, place[None], axis=0)[0] for place in (first, before))
    part = above / np.where(above > below, above - below, 1.0)
    crossing = grid.depth[before] + (grid.depth[first] - grid.depth[before]) * np.clip(part, 0.0, 1.0)
    return np.where(cold.any(axis=0), np.where(first > 0, crossing, 0.0), grid.edges[-1])


def frost_depth(share: Array, grid: Grid) -> Array:
    """Return the depth down to which the ground froze at some time of the year [m].

    By phase, not by temperature: a talik stands at its freezing point, a little below 0 degC.

    Parameters
    ----------
    share : array, shape (layers, columns)
        Least liquid share of the water in the year [1].
    grid : Grid

    Returns
    -------
    array, shape (columns,)
        Where the share comes to that of thawed ground, between cell centres; the bottom where all of it froze.
    """
    thawed = share >= THAWED_SHARE
    first = thawed.argmax(axis=0)
    before = np.maximum(first - 1, 0)
    below, above = (np.take_along_axis(share, place[None], axis=0)[0] for place in (first, before))
    part = (THAWED_SHARE - above) / np.where(below > above, below - above, 1.0)
    crossing = grid.depth[before] + (grid.depth[first] - grid.depth[before]) * np.clip(part, 0.0, 1.0)
    return np.where(thawed.any(axis=0), np.where(first > 0, crossing, 0.0), grid.edges[-1])


def _between(centres: Array, depth: float) -> tuple[int, float]:
    """Return the cell above a depth and the weight of the next; beyond the outermost centres their value is held."""
    left = int(np.clip(np.searchsorted(centres, depth) - 1, 0, centres.size - 2))
    return left, float(np.clip((depth - centres[left]) / (centres[left + 1] - centres[left]), 0.0, 1.0))


def _at(values: Array, place: tuple[int, float]) -> Array:
    """Return values (time, layers, columns) at a depth."""
    left, share = place
    return (1.0 - share) * values[:, left] + share * values[:, left + 1]
