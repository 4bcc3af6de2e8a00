"""The ground of the simulated world: a column of heat conduction, freezing and snow under every cell, all years."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING

import numpy as np

from geocryoai.processes.column import Forcing, Options, ground_state, simulate_column, spin_up
from geocryoai.processes.snow import snow_conductivity
from geocryoai.twin.freeze_up import freeze_up
from geocryoai.twin.soil import ground_soil
from geocryoai.twin.surface import Intervals, Surface, Systems, make_surface
from geocryoai.twin.thaw import isotherm

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geocryoai.processes.column import ColumnResult
    from geocryoai.twin.parameters import Parameters
    from geocryoai.twin.weather import Weather

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

#: Depths of the temperatures that are kept [m], and those of them at which freeze-up is followed.
DEPTHS = (0.1, 0.3, 0.5, 1.0, 2.0, 5.0)
CURTAIN_DEPTHS = (0.1, 0.3, 0.5)
#: Depth of the mean annual ground temperature (MAGT) [m].
MAGT_DEPTH = 5.0
#: Depth of the top soil, and to which depth a wetland makes methane [m].
_TOP, _ROOTED = 0.05, 0.3
#: Depth down to which unfrozen ground is counted [m].
_UPPER = 3.0
#: Columns simulated together: memory is about 8 MB a column for 33 years.
_TOGETHER = 32
#: First years that are repeated to begin with, and how often, with and without the ground below set to balance.
_SPIN_YEARS, _SPIN_ACCELERATED, _SPIN_FREE = 2, 3, 2
#: Intervals of a month while they are repeated.
_SPIN_PER_MONTH = 10
_OPTIONS = Options(step=4.0, snow_cells=2, knots=128, tolerance=1e-4)


@dataclass(frozen=True)
class Ground:
    """State of the ground; monthly arrays are (months, cells), annual ones (years, cells).

    Attributes
    ----------
    alt : array of float
        Active-layer thickness: greatest depth of the 0 degC isotherm of the year [m]; NaN where there is no permafrost
        or a talik above it.
    thaw : array of float
        Depth of the 0 degC isotherm at the end of the month, zero when the surface has no thawed ground below it [m].
    unfrozen : array of float
        Thickness of the uppermost 3 m whose water is at least half liquid, at the end of the month [m].
    ts : array of float
        Temperature of the top soil, at 5 cm [degC].
    tg : array of float, shape (months, depths, cells)
        Ground temperature at `DEPTHS` [degC].
    rooted_temperature, rooted_liquid : array of float
        Mean temperature [degC] and liquid share of the water [1] of the uppermost 30 cm.
    magt : array of float
        Mean annual ground temperature at 5 m [degC].
    permafrost, talik : array of float
        1 where ground stays at or below 0 degC through this year and the one before, and where ground above it stays
        above; 0 elsewhere [1].
    curtain_start, curtain_end : array of float, shape (years, depths, cells)
        Freeze-up after the thaw of the year at `CURTAIN_DEPTHS`: day since 1 January of that year on which 5 % of the
        water that freezes in the winter has frozen, and on which 95 % has [d]; NaN where it never thaws or the series
        ends before.
    """

    alt: Floats
    thaw: Floats
    unfrozen: Floats
    ts: Floats
    tg: Floats
    rooted_temperature: Floats
    rooted_liquid: Floats
    magt: Floats
    permafrost: Floats
    talik: Floats
    curtain_start: Floats
    curtain_end: Floats

    @property
    def curtain_duration(self) -> Floats:
        """Return the length of freeze-up [d], shape (years, depths, cells)."""
        return self.curtain_end - self.curtain_start


def make_ground(
    parameters: Parameters, organic_depth: Floats, weather: Weather, systems: Systems, days: Floats
) -> Ground:
    """Simulate the column of every cell.

    Parameters
    ----------
    parameters : Parameters
    organic_depth : array of float, shape (cells,)
        Thickness of the organic layer [m].
    weather : Weather
    systems : Systems
        Weather within the months.
    days : array of float, shape (months,)
        Length of the months [d].
    """
    intervals = Intervals.even(days)
    parts = []
    for cells in groups(len(organic_depth)):
        place = (of_cells(parameters, cells), organic_depth[cells], weather, cells)
        parts.append(_summary(run_columns(*place, systems, days, intervals), intervals))
    return Ground(**{f.name: np.concatenate([getattr(p, f.name) for p in parts], axis=-1) for f in fields(Ground)})


def groups(count: int) -> Iterator[Ints]:
    """Return the indices of so many columns in groups that are simulated together."""
    for first in range(0, count, _TOGETHER):
        yield np.arange(first, min(first + _TOGETHER, count))


def of_cells(parameters: Parameters, cells: Ints) -> Parameters:
    """Return the parameters of some cells."""
    return replace(parameters, **{f.name: getattr(parameters, f.name)[cells] for f in fields(parameters)})


def run_columns(
    parameters: Parameters,
    organic_depth: Floats,
    weather: Weather,
    cells: Ints,
    systems: Systems,
    days: Floats,
    intervals: Intervals,
) -> ColumnResult:
    """Simulate a column for each of some cells, from the balance with the first years on.

    Parameters
    ----------
    parameters : Parameters
        One value for each column.
    organic_depth : array of float, shape (columns,)
        [m].
    weather : Weather
        Of all land cells.
    cells : array of int, shape (columns,)
        Land cell under whose weather each column lies.
    systems : Systems
    days : array of float, shape (months,)
        Length of the months [d].
    intervals : Intervals
        Steps into which these months are divided.
    """
    soil = ground_soil(parameters, organic_depth)
    months = slice(0, 12 * _SPIN_YEARS)
    coarse = Intervals.even(days[months], _SPIN_PER_MONTH)
    early = make_surface(weather, cells, systems, coarse, days[months])
    repeated = min(_SPIN_YEARS, len(days) // 12)
    start = spin_up(_forcing(early, parameters, coarse), soil, _OPTIONS, years=repeated,
                    accelerated=_SPIN_ACCELERATED, free=_SPIN_FREE)  # fmt: skip
    surface = make_surface(weather, cells, systems, intervals, days)
    return simulate_column(_forcing(surface, parameters, intervals), soil, start.state, _OPTIONS)


def _forcing(surface: Surface, parameters: Parameters, intervals: Intervals) -> Forcing:
    return Forcing(
        intervals.days,
        temperature=surface.temperature,
        snow_depth=surface.snow_depth,
        snow_density=surface.snow_density,
        snow_conductivity=snow_conductivity(surface.snow_density) * parameters.snow_conductivity,
        n_thaw=parameters.n_thaw,
        year=intervals.month // 12,
    )


def temperature_at(result: ColumnResult, depth: float) -> Floats:
    """Return the temperature at a depth [m], between cell centres, shape (intervals, columns) [degC]."""
    centres = result.soil.grid.depth
    below = int(np.clip(np.searchsorted(centres, depth), 1, len(centres) - 1))
    share = np.clip((depth - centres[below - 1]) / (centres[below] - centres[below - 1]), 0.0, 1.0)
    t = result.profile("temperature")
    return np.asarray((1 - share) * t[:, below - 1] + share * t[:, below], float)


def _summary(result: ColumnResult, intervals: Intervals) -> Ground:
    """Return what is kept of a run."""
    grid, last = result.soil.grid, np.append(intervals.first[1:], len(intervals.days)) - 1
    state = ground_state(result)
    tg = np.stack([intervals.means(temperature_at(result, depth)) for depth in DEPTHS], axis=1)
    years = len(tg) // 12
    length = intervals.sums(intervals.days).reshape(years, 12, 1)
    deep = tg[:, DEPTHS.index(MAGT_DEPTH)].reshape(years, 12, -1)
    temperature, liquid = result.profile("temperature"), result.profile("liquid_share")
    thawing = np.logical_and.accumulate(result.yearly.high > 0, axis=1)
    above = np.repeat(thawing, 12, axis=0)
    weight = np.clip(_ROOTED - grid.edges[:-1], 0.0, grid.thickness) / _ROOTED
    rooted = slice(0, int(np.count_nonzero(weight)))
    upper = np.clip(_UPPER - grid.edges[:-1], 0.0, grid.thickness)
    start, end = freeze_up(result, CURTAIN_DEPTHS)
    alt = np.where(state.permafrost & ~state.talik, isotherm(result.yearly.high, grid.depth, thawing), np.nan)
    return Ground(
        alt=alt,
        thaw=np.fmin(isotherm(temperature[last], grid.depth, above), np.repeat(alt, 12, axis=0)),
        unfrozen=np.einsum("tlc,l->tc", np.where(liquid[last] >= 0.5, liquid[last], 0.0), upper),
        ts=intervals.means(temperature_at(result, _TOP)),
        tg=tg,
        rooted_temperature=intervals.means(np.einsum("tlc,l->tc", temperature[:, rooted], weight[rooted])),
        rooted_liquid=intervals.means(np.einsum("tlc,l->tc", liquid[:, rooted], weight[rooted])),
        magt=(deep * length).sum(axis=1) / length.sum(axis=1),
        permafrost=state.permafrost.astype(float),
        talik=state.talik.astype(float),
        curtain_start=start,
        curtain_end=end,
    )
