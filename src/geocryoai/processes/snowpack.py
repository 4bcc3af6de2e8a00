"""Snow cover from monthly or daily air temperature and precipitation: a degree-day model of one layer.

Steps are months, or days where snow has to be gone on its day: depth between monthly means lies on for weeks after
the snow has melted. Daily temperatures within a month, or about a smooth course of days, are taken as normally
distributed. The share of days colder than a threshold gives
the share of precipitation that falls as snow; degree days above the melt threshold, times a factor, give the melt,
limited by what there is. Density starts at that of fresh snow and approaches a limit as the snow ages; new snow joins
by mass. Wind, forest, sublimation and liquid water in the snow are not in it.

References
----------
Hock, R. (2003), J. Hydrol. 282, 104-115, doi:10.1016/S0022-1694(03)00257-9 (degree-day factors).
Sturm, M. et al. (2010), J. Hydrometeorol. 11, 1380-1394, doi:10.1175/2010JHM1202.1 (density by snow class).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtr

from geocryoai.core.errors import ModelError
from geocryoai.processes.checks import Array, above, at_least, between
from geocryoai.processes.constants import WATER_DENSITY
from geocryoai.processes.degree_days import positive_part_mean

#: Steps that end within so many days make up the first year [d].
_LONGEST_YEAR = 366.5


@dataclass(frozen=True)
class SnowParameters:
    """Parameters of the snow model; each may be an array over cells.

    Attributes
    ----------
    snow_below : float or array
        Daily temperature below which precipitation is snow [degC].
    melt_above : float or array
        Daily temperature above which snow melts [degC].
    melt_factor : float or array
        Melt per degree day [mm degC-1 d-1]; 3 to 6 for snow (Hock 2003).
    monthly_sd : float or array
        Standard deviation of daily means within a month, or about the daily temperatures given; 0 where these are
        measured [degC].
    fresh_density, aged_density : float or array
        [kg m-3]; those of the tundra class, 242.5 and 363 (Sturm et al. 2010). Taiga snow keeps 217.
    ageing : float or array
        Rate of approach to `aged_density` [d-1]; 0.0049 is the tundra rate per day of winter (Sturm et al. 2010), here
        applied to the age of the snow, without their term for depth.
    """

    snow_below: float | Array = 1.0
    melt_above: float | Array = 0.0
    melt_factor: float | Array = 4.0
    monthly_sd: float | Array = 4.0
    fresh_density: float | Array = 242.5
    aged_density: float | Array = 363.0
    ageing: float | Array = 0.0049

    def __post_init__(self) -> None:
        for name in ("melt_factor", "monthly_sd", "ageing"):
            at_least(name, getattr(self, name))
        for name in ("fresh_density", "aged_density"):
            between(f"{name} [kg m-3]", getattr(self, name), 30.0, 600.0)
        if (np.asarray(self.fresh_density) > np.asarray(self.aged_density)).any():
            raise ModelError("aged snow is lighter than fresh snow", where="fresh_density, aged_density [kg m-3]",
                             expected="fresh_density <= aged_density")  # fmt: skip


@dataclass(frozen=True)
class SnowSeries:
    """Snow cover over time, each of shape (time, cells).

    Attributes
    ----------
    snd : array
        Snow depth, mean of the step [m].
    swe : array
        Snow water equivalent, mean of the step [m].
    density : array
        Bulk density at the end of the step [kg m-3]; that of fresh snow where there is none.
    swe_end : array
        Snow water equivalent at the end of the step [m].
    snowfall, melt : array
        Water equivalent that fell and melted in the step [m]; `swe_end` changes by their difference, to round-off.
    start : array, shape (cells,)
        Snow water equivalent at the start [m].
    """

    snd: Array
    swe: Array
    density: Array
    swe_end: Array
    snowfall: Array
    melt: Array
    start: Array


def snow_series(
    tas: ArrayLike,
    pr: ArrayLike,
    days: ArrayLike,
    params: SnowParameters | None = None,
    initial: ArrayLike | None = None,
) -> SnowSeries:
    """Simulate snow cover step by step.

    Parameters
    ----------
    tas : array_like, shape (time, cells)
        Mean air temperature of each step [degC].
    pr : array_like, shape (time, cells)
        Precipitation [mm d-1], >= 0.
    days : array_like, shape (time,)
        Length of each step [d], 1 to 31.
    params : SnowParameters, optional
    initial : array_like, optional, shape (cells,)
        Snow water equivalent at the start [m]; absent, what two repeats of the first year leave.

    Returns
    -------
    SnowSeries
    """
    chosen = params if params is not None else SnowParameters()
    air, rain, lengths = _forcing(tas, pr, days)
    below = ndtr((np.asarray(chosen.snow_below) - air) / np.maximum(chosen.monthly_sd, 1e-6))
    snowfall = 1e-3 * rain * lengths[:, None] * below
    potential = 1e-3 * chosen.melt_factor * lengths[:, None] * positive_part_mean(
        air - chosen.melt_above, np.broadcast_to(chosen.monthly_sd, air.shape)
    )  # fmt: skip
    cells = air.shape[1]
    swe = np.zeros(cells) if initial is None else np.broadcast_to(at_least("initial [m]", initial), (cells,))
    density = np.broadcast_to(np.asarray(chosen.fresh_density, dtype=np.float64), (cells,))
    if initial is None:
        first = slice(0, int(np.searchsorted(np.cumsum(lengths), _LONGEST_YEAR)))
        for _ in range(2):
            end, densities, _ = _run(swe, density, snowfall[first], potential[first], lengths[first], chosen)
            swe, density = end[-1], densities[-1]
    swe_end, densities, melt = _run(swe, density, snowfall, potential, lengths, chosen)
    mean = 0.5 * (np.concatenate([swe[None], swe_end[:-1]]) + swe_end)
    return SnowSeries(mean * WATER_DENSITY / densities, mean, densities, swe_end, snowfall, melt, np.asarray(swe))


def _run(
    swe: Array, density: Array, snowfall: Array, potential: Array, days: Array, params: SnowParameters
) -> tuple[Array, Array, Array]:
    """Return water equivalent [m] and density [kg m-3] at the end of each step, and melt [m]."""
    ends, densities, melts = (np.empty_like(snowfall) for _ in range(3))
    for t in range(snowfall.shape[0]):
        held = swe + snowfall[t]
        melts[t] = np.minimum(potential[t], held)
        settled = np.exp(-np.asarray(params.ageing) * days[t])
        aged = params.aged_density - (params.aged_density - density) * settled
        depth = swe / aged + snowfall[t] / params.fresh_density
        mixed = held / np.where(depth > 0, depth, 1.0)
        swe = held - melts[t]
        density = np.where(swe > 0, mixed, params.fresh_density)
        ends[t], densities[t] = swe, density
    return ends, densities, melts


def _forcing(tas: ArrayLike, pr: ArrayLike, days: ArrayLike) -> tuple[Array, Array, Array]:
    air, rain = between("tas [degC]", tas, -90.0, 60.0), at_least("pr [mm d-1]", pr)
    lengths = above("days [d]", days)
    if air.ndim != 2 or rain.shape != air.shape or lengths.shape != air.shape[:1]:
        raise ModelError(
            "the forcing of the snow model does not fit together",
            where="tas [degC], pr [mm d-1], days [d]",
            found=f"shapes {air.shape}, {rain.shape}, {lengths.shape}",
            expected="(time, cells), (time, cells), (time,)",
        )
    return air, rain, between("days [d]", lengths, 1.0, 31.0)
