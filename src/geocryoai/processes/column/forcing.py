"""What drives a column at its surface, checked before any step."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geocryoai.core.errors import ModelError
from geocryoai.processes.checks import Array, above, at_least
from geocryoai.processes.snow import snow_conductivity

#: Ranges outside of which a value is a mistake (a unit, a fill value), not weather.
_RANGES = {
    "temperature [degC]": (-90.0, 60.0),
    "heat_flux [W m-2]": (-1500.0, 1500.0),
    "snow_depth [m]": (0.0, 30.0),
    "snow_density [kg m-3]": (10.0, 600.0),
    "snow_conductivity [W m-1 K-1]": (0.01, 2.3),
}
_YEAR_DAYS = (360.0, 364.0, 365.0, 366.0)


@dataclass(frozen=True)
class Forcing:
    """Series at the surface; each is held through its interval.

    Series have the shape (time,), the same for all columns, or (time, columns).

    Attributes
    ----------
    days : array, shape (time,)
        Length of each interval [d], from hours to months.
    temperature : array, optional
        Of the air, or of the surface where the n-factors are 1 [degC]. Give this or `heat_flux`.
    heat_flux : array, optional
        Into the ground or the snow [W m-2], downward positive.
    snow_depth : array, optional
        [m]; absent, there is none.
    snow_density : array or float, default 250
        [kg m-3]; conductivity follows it after Sturm et al. (1997).
    snow_conductivity : array, optional
        [W m-1 K-1], in place of that from density.
    n_thaw, n_freeze : float or array, shape (columns,)
        Ratio of surface to air temperature above and below 0 degC [1]; under snow the air temperature is taken, since
        the snow is simulated.
    year : array of int, optional, shape (time,)
        Year to which each interval belongs in yearly results; absent, all are one year. The intervals of a year other
        than the first and the last must last a whole year.
    exchange : float, optional
        Conductance between air and surface [W m-2 K-1]; absent, the surface has the given temperature.
    """

    days: Array
    temperature: Array | None = None
    heat_flux: Array | None = None
    snow_depth: Array | None = None
    snow_density: Array | float = 250.0
    snow_conductivity: Array | None = None
    n_thaw: float | Array = 1.0
    n_freeze: float | Array = 1.0
    year: NDArray[np.int64] | None = None
    exchange: float | None = None

    def __post_init__(self) -> None:
        days = above("days [d]", self.days)
        if days.ndim != 1 or not days.size:
            raise ModelError("the intervals are not a series", where="days [d]", found=f"shape {days.shape}",
                             expected="(time,), one or more")  # fmt: skip
        if (self.temperature is None) == (self.heat_flux is None):
            raise ModelError("the surface needs a temperature or a heat flux, and not both",
                             where="temperature [degC], heat_flux [W m-2]")  # fmt: skip
        if self.exchange is not None:
            above("exchange [W m-2 K-1]", self.exchange)
        _check_years(days, self.years)

    @property
    def years(self) -> NDArray[np.int64]:
        """Return the year of each interval, shape (time,)."""
        if self.year is None:
            return np.zeros(np.asarray(self.days).size, dtype=np.int64)
        return np.asarray(self.year)

    def surface(self, columns: int) -> SurfaceSeries:
        """Return the series as the model takes them, for a number of columns, all values checked."""
        time = np.asarray(self.days).size
        none = np.zeros((1, columns))
        depth = none if self.snow_depth is None else _series("snow_depth [m]", self.snow_depth, time, columns)
        density = _series("snow_density [kg m-3]", self.snow_density, time, columns)
        if self.snow_conductivity is None:
            conductivity = snow_conductivity(density)
        else:
            conductivity = _series("snow_conductivity [W m-1 K-1]", self.snow_conductivity, time, columns)
        if self.snow_depth is None:
            density, conductivity = density[:1], conductivity[:1]
        if self.heat_flux is not None:
            flux = _series("heat_flux [W m-2]", self.heat_flux, time, columns)
            return SurfaceSeries(flux, depth, density, conductivity)
        assert self.temperature is not None
        air = _series("temperature [degC]", self.temperature, time, columns)
        thaw, freeze = (at_least(n, getattr(self, n)) for n in ("n_thaw", "n_freeze"))
        bare = np.where(air > 0, thaw * air, freeze * air)
        return SurfaceSeries(np.where(depth > 0, np.minimum(air, 0.0), bare), depth, density, conductivity)


@dataclass(frozen=True)
class SurfaceSeries:
    """Series at the top of a column, shape (time, columns); those of snow have one time where there is none.

    Attributes
    ----------
    top : array
        Temperature [degC] or heat flux [W m-2].
    snow_depth, snow_density, snow_conductivity : array
        [m], [kg m-3], [W m-1 K-1].
    """

    top: Array
    snow_depth: Array
    snow_density: Array
    snow_conductivity: Array


def _series(name: str, values: ArrayLike, time: int, columns: int) -> Array:
    """Return a series of shape (time, columns), or raise ModelError naming column, time and value."""
    array = np.asarray(values, dtype=np.float64)
    shaped = array[:, None] if array.ndim == 1 else array
    if array.ndim > 2 or (array.ndim and shaped.shape not in ((time, 1), (time, columns))):
        raise ModelError(
            "the series does not fit the intervals and columns", where=name, found=f"shape {array.shape}",
            expected=f"({time},) or ({time}, {columns})",
        )  # fmt: skip
    low, high = _RANGES[name]
    bad = ~((shaped >= low) & (shaped <= high))
    if bad.any():
        at = np.argwhere(np.atleast_2d(bad))[0]
        value = np.atleast_2d(shaped)[tuple(at)]
        what = "a value is missing" if np.isnan(value) else "a value is out of range"
        raise ModelError(
            what, where=f"{name}, column {at[1]}, time {at[0]}", found=f"{value:g} ({int(bad.sum())} such values)",
            expected=f"{low:g} to {high:g}",
            next_step="Fill gaps before the run; the model does not guess." if np.isnan(value) else None,
        )  # fmt: skip
    return np.broadcast_to(shaped, (time, columns))


def _check_years(days: Array, year: NDArray[np.int64]) -> None:
    if year.shape != days.shape or not np.issubdtype(year.dtype, np.integer):
        raise ModelError(
            "the years do not fit the intervals",
            where="year",
            found=f"shape {year.shape} of {year.dtype}",
            expected=f"integers of shape {days.shape}",
        )
    back = np.flatnonzero(np.diff(year) < 0)
    if back.size:
        at = int(back[0]) + 1
        raise ModelError("the years go back", where=f"year, time {at}", found=f"{year[at]} after {year[at - 1]}")
    for value in np.unique(year)[1:-1]:
        length = float(days[year == value].sum())
        if min(abs(length - whole) for whole in _YEAR_DAYS) > 0.51:
            raise ModelError("the intervals of a year are not a year long", where=f"days [d], year {value}",
                             found=f"{length:g} d in {int((year == value).sum())} intervals",
                             expected="365 or 366 d", next_step="Check the days of each month.")  # fmt: skip
