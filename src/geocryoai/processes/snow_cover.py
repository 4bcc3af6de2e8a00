"""Snow as the ground under it feels it, from a measured or simulated depth: how dense, how wet, how well it conducts.

Three things that a depth and one conductivity leave out:

- Snow becomes denser through the winter. Density follows the day of the season and the depth (Sturm et al. 2010), so
  thin snow of autumn insulates better and late snow worse than their mean.
- Melt water runs through the snow and freezes again below, which brings the pack to 0 degC within a day or two, much
  faster than conduction would. While the snow holds liquid water it conducts as well as ice does. Water comes by degree
  days and freezes again by degree days of frost, at the twentieth part of the rate, and the snow holds at most a tenth
  of its own water equivalent: the snow routine of HBV (Bergstroem 1976; Seibert and Vis 2012).
- A reported depth of zero is not bare ground in frost: litter, standing stems and snow below the resolution of the
  gauge lie on it. They count as a thickness of snow on days of frost and under snow.

References
----------
Sturm, M. et al. (2010), J. Hydrometeorol. 11, 1380-1394, doi:10.1175/2010JHM1202.1.
Calonne, N. et al. (2011), Geophys. Res. Lett. 38, L23501, doi:10.1029/2011GL049234.
Bergstroem, S. (1976), Development and application of a conceptual runoff model for Scandinavian catchments, SMHI RHO 7.
Seibert, J. and Vis, M. J. P. (2012), Hydrol. Earth Syst. Sci. 16, 3315-3325, doi:10.5194/hess-16-3315-2012.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from geocryoai.core.errors import ModelError
from geocryoai.processes.checks import Array, at_least, between
from geocryoai.processes.snow import snow_conductivity_calonne

#: Conductivity of wet snow, that of ice [W m-1 K-1]: it stands for the heat that percolating water carries.
WET_CONDUCTIVITY = 2.2
#: Days without snow after which a season of snow is over [d].
_SEASON_GAP = 14
#: Density of tundra snow on 1 October and its limit [kg m-3], and how fast it approaches this by day of the season
#: [d-1] and by depth [m-1] (the tundra class of Sturm et al. 2010, whose days count from 1 January).
_EARLY, _LIMIT, _BY_DAY, _BY_DEPTH = 174.0, 363.0, 0.0049, 0.29
#: Refreezing for each degree day as a part of melting, and liquid water held as a part of the water equivalent [1].
_REFREEZING, _HELD = 0.05, 0.1


@dataclass(frozen=True)
class SnowCoverParameters:
    """Parameters of `snow_cover`.

    Attributes
    ----------
    least_depth : float
        Reported depth below which no snow lies [m], the resolution of the gauge.
    litter : float
        Thickness of snow for which litter and stems stand, on days of frost and under snow [m].
    melt_factor : float
        Melt per degree day [mm degC-1 d-1]; 3 to 6 for snow (Hock 2003).
    """

    least_depth: float = 0.01
    litter: float = 0.01
    melt_factor: float = 4.0

    def __post_init__(self) -> None:
        between("least_depth [m]", self.least_depth, 0.0, 0.5)
        between("litter [m]", self.litter, 0.0, 0.5)
        at_least("melt_factor [mm degC-1 d-1]", self.melt_factor)


@dataclass(frozen=True)
class SnowCover:
    """Snow for `geocryoai.processes.column.Forcing`, each of the shape of the depth given.

    Attributes
    ----------
    depth : array
        [m], litter included.
    density : array
        [kg m-3].
    conductivity : array
        [W m-1 K-1].
    wet : array of bool
        Whether the snow holds liquid water.
    """

    depth: Array
    density: Array
    conductivity: Array
    wet: Array


def tundra_snow_density(day: ArrayLike, depth: ArrayLike) -> Array:
    """Return the bulk density of tundra snow [kg m-3], after Sturm et al. (2010).

    Parameters
    ----------
    day : array_like
        Days since snow came to stay [d], >= 0; theirs count from 1 October.
    depth : array_like
        Snow depth [m], >= 0.

    Examples
    --------
    >>> tundra_snow_density([0.0, 200.0], [0.05, 0.4]).round().tolist()
    [177.0, 300.0]
    """
    age, thick = at_least("day [d]", day), at_least("depth [m]", depth)
    return np.asarray(_LIMIT - (_LIMIT - _EARLY) * np.exp(-_BY_DAY * age - _BY_DEPTH * thick))


def snow_cover(tas: ArrayLike, snd: ArrayLike, params: SnowCoverParameters | None = None) -> SnowCover:
    """Return how daily snow of a given depth covers the ground.

    Parameters
    ----------
    tas : array_like, shape (days,) or (days, columns)
        Daily mean air temperature [degC].
    snd : array_like, of the shape of `tas`
        Snow depth on each day [m].
    params : SnowCoverParameters, optional

    Raises
    ------
    ModelError
        A value is missing or unphysical, or the shapes differ.

    Examples
    --------
    >>> cover = snow_cover([-5.0, -5.0, 3.0, -1.0], [0.0, 0.2, 0.2, 0.2])
    >>> cover.depth.tolist()
    [0.01, 0.21, 0.21, 0.21]
    >>> cover.wet.tolist()
    [False, False, True, True]
    """
    chosen = params if params is not None else SnowCoverParameters()
    air, depth = between("tas [degC]", tas, -90.0, 60.0), at_least("snd [m]", snd)
    if air.ndim not in (1, 2) or air.shape != depth.shape:
        raise ModelError("the snow does not fit the air temperature", where="tas [degC], snd [m]",
                         found=f"shapes {air.shape} and {depth.shape}",
                         expected="the same, (days,) or (days, columns)")  # fmt: skip
    lying = depth >= max(chosen.least_depth, 1e-6)
    depth = np.where(lying, depth, 0.0)
    density = tundra_snow_density(_day_of_season(lying), depth)
    wet = _wet(air, 1e-3 * density * depth, chosen.melt_factor)
    conductivity = np.where(wet, WET_CONDUCTIVITY, snow_conductivity_calonne(density))
    covered = np.where(lying | (air < 0.0), depth + chosen.litter, 0.0)
    return SnowCover(covered, density, conductivity, wet)


def _day_of_season(lying: Array) -> Array:
    """Return the days since the first of a season of snow, 0 outside."""
    day, bare = np.zeros(lying.shape), np.full(lying.shape[1:], _SEASON_GAP + 1)
    now = np.zeros(lying.shape[1:])
    for t in range(lying.shape[0]):
        bare = np.where(lying[t], 0, bare + 1)
        now = np.where(bare > _SEASON_GAP, -1.0, now + 1.0)
        day[t] = np.maximum(now, 0.0)
    return day


def _wet(air: Array, swe: Array, melt_factor: float) -> Array:
    """Return on which days snow of a water equivalent [m] holds liquid water."""
    factor = 1e-3 * melt_factor * np.where(air > 0.0, 1.0, _REFREEZING)
    held, wet = np.zeros(air.shape[1:]), np.zeros(air.shape, dtype=bool)
    for t in range(air.shape[0]):
        held = np.clip(held + factor[t] * air[t], 0.0, _HELD * swe[t])
        wet[t] = held > 0.0
    return wet
