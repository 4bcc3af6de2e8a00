"""Weather at the ground surface in steps of days, from monthly weather: what drives the columns of the truth.

Monthly mean temperature is joined by a line that keeps every month's mean, and weather systems of some days are added
whose mean over a month is nil. Snow falls on the colder days of a month and melts on its warmer ones, so that each
month begins and ends with the snow of the monthly series.
"""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtr

from geocryoai.processes.constants import WATER_DENSITY
from geocryoai.processes.degree_days import positive_part_mean
from geocryoai.twin.fields import GaussianField, stream
from geocryoai.twin.weather import monthly_snow

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geocryoai.twin.landscape import Landscape
    from geocryoai.twin.options import TwinOptions
    from geocryoai.twin.weather import Weather

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

#: Intervals into which a month is divided for the maps: two days each.
PER_MONTH = 15
#: Days between the knots of a weather system, its persistence from knot to knot, and how many patterns it is made of.
_KNOT, _PERSISTENCE, _PATTERNS = 3.0, 0.5, 8
#: Standard deviation of the weather systems, January to December [degC].
_SPREAD = np.array([4.2, 4.2, 3.8, 3.2, 2.8, 2.6, 2.4, 2.4, 2.6, 3.0, 3.8, 4.2])
#: Spread of temperature within an interval [degC], for snowfall and melt.
_WITHIN = 2.0
#: Snow shallower than this does not cover the ground [m].
_COVERED = 0.01


@dataclass(frozen=True)
class Intervals:
    """Steps of time that begin and end with the months.

    Attributes
    ----------
    days : array of float, shape (intervals,)
        Length [d].
    month : array of int, shape (intervals,)
        Index of the month in which each lies.
    """

    days: Floats
    month: Ints

    @classmethod
    def even(cls, days: Floats, count: int = PER_MONTH) -> Intervals:
        """Divide each month, of a length in `days`, into `count` equal parts."""
        return cls(np.repeat(days / count, count), np.repeat(np.arange(len(days)), count))

    @classmethod
    def daily(cls, days: Floats) -> Intervals:
        """Divide each month into its days."""
        whole = days.astype(np.int64)
        return cls(np.ones(int(whole.sum())), np.repeat(np.arange(len(days)), whole))

    @property
    def middle(self) -> Floats:
        """Return the time of the middle of each interval since the start [d]."""
        return np.cumsum(self.days) - 0.5 * self.days

    @property
    def first(self) -> Ints:
        """Return the first interval of each month."""
        return np.flatnonzero(np.diff(self.month, prepend=-1))

    def sums(self, values: Floats) -> Floats:
        """Return the sum over each month, shape (months, ...)."""
        return np.asarray(np.add.reduceat(values, self.first, axis=0), float)

    def means(self, values: Floats) -> Floats:
        """Return the mean over each month, shape (months, ...)."""
        days = self.days.reshape(-1, *[1] * (values.ndim - 1))
        return self.sums(values * days) / self.sums(days)

    def since(self, values: Floats) -> Floats:
        """Return the sums from the start of each month to the end of each interval."""
        total = np.cumsum(values, axis=0)
        start = np.concatenate([np.zeros((1, *values.shape[1:])), total])[self.first]
        return np.asarray(total - start[self.month], float)


@dataclass(frozen=True)
class Surface:
    """What drives the columns, arrays of shape (intervals, cells).

    Attributes
    ----------
    temperature : array of float
        Air temperature [degC].
    snow_depth : array of float
        [m].
    snow_density : array of float
        [kg m-3].
    """

    temperature: Floats
    snow_depth: Floats
    snow_density: Floats


class Systems:
    """Weather systems of some days: patterns in space, each with a series in time.

    Parameters
    ----------
    options : TwinOptions
    landscape : Landscape
    days : float
        Length of the time simulated [d].
    """

    def __init__(self, options: TwinOptions, landscape: Landscape, days: float) -> None:
        rng = stream(options.seed, "surface.systems")
        field = GaussianField(landscape.land.shape, options.weather.length / options.resolution / 2.8)
        patterns = np.stack([landscape.flat(field.draw(rng)) for _ in range(_PATTERNS)])
        self._patterns = options.weather.variability * patterns / np.sqrt(np.square(patterns).sum(axis=0))
        knots = int(days // _KNOT) + 2
        series = rng.standard_normal((knots, _PATTERNS))
        for i in range(1, knots):
            series[i] = _PERSISTENCE * series[i - 1] + np.sqrt(1 - _PERSISTENCE**2) * series[i]
        self._series = series

    def of_cells(self, cells: Ints) -> Systems:
        """Return the systems of some cells only."""
        chosen = copy(self)
        chosen._patterns = self._patterns[:, cells]
        return chosen

    def at(self, middle: Floats, cells: Ints) -> Floats:
        """Return the departures, of unit variance at the knots, at some times [d] in some cells."""
        place = middle / _KNOT
        before = place.astype(np.int64)
        share = (place - before)[:, None]
        series = (1 - share) * self._series[before] + share * self._series[before + 1]
        return np.asarray(series @ self._patterns[:, cells], float)


def make_surface(weather: Weather, cells: Ints, systems: Systems, intervals: Intervals, days: Floats) -> Surface:
    """Return the surface weather of some cells.

    Parameters
    ----------
    weather : Weather
    cells : array of int
        Land cells; one may stand more than once.
    systems : Systems
    intervals : Intervals
    days : array of float, shape (months,)
        Length of the months [d]; fewer than those of the weather are its first ones.
    """
    tas, pr = weather.tas[: len(days), cells], weather.pr[: len(days), cells]
    noise = _SPREAD[intervals.month % 12][:, None] * systems.at(intervals.middle, cells)
    smooth = _through_means(tas, intervals, days)
    air = smooth + noise - intervals.means(noise)[intervals.month]
    monthly = monthly_snow(tas, pr, days)
    month = intervals.month
    start = np.concatenate([monthly.start[None], monthly.swe_end[:-1]])
    fallen = _spread(ndtr((1.0 - air) / _WITHIN) * intervals.days[:, None], intervals) * monthly.snowfall[month]
    melted = _spread(
        positive_part_mean(air, np.full(air.shape, _WITHIN)) * intervals.days[:, None], intervals
    ) * monthly.melt[month]  # fmt: skip
    water = np.maximum(0.0, start[month] + fallen - melted)
    depth = water * WATER_DENSITY / monthly.density[month]
    return Surface(air, np.where(depth >= _COVERED, depth, 0.0), monthly.density[month])


def _spread(weights: Floats, intervals: Intervals) -> Floats:
    """Return the share of a month's amount that has come by the end of each interval [1]."""
    weights = weights + 1e-9
    return np.asarray(intervals.since(weights) / intervals.sums(weights)[intervals.month], float)


def _through_means(values: Floats, intervals: Intervals, days: Floats) -> Floats:
    """Return a line through monthly values whose mean over each month is that of the month."""
    centre = np.cumsum(days) - 0.5 * days
    place = np.interp(intervals.middle, centre, np.arange(len(centre), dtype=float))
    before = np.minimum(place.astype(np.int64), max(len(centre) - 2, 0))
    after = np.minimum(before + 1, len(centre) - 1)
    share = (place - before)[:, None]
    nodes = values.copy()
    line = values[intervals.month]
    for _ in range(4):
        line = (1 - share) * nodes[before] + share * nodes[after]
        missing = values - intervals.means(line)
        nodes += missing
    return np.asarray(line + missing[intervals.month], float)
