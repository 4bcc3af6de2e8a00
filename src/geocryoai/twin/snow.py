"""Monthly snow of the simulated Alaska: fall by temperature, degree-day melt, density that grows with age."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtr

from geocryoai.processes.degree_days import positive_part_mean
from geocryoai.twin.ground import DAILY_SPREAD

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geocryoai.twin.weather import Weather

    Floats = NDArray[np.float64]

#: Daily mean temperature at which half of the precipitation is snow [degC].
_RAIN_SNOW = 1.0
#: Melt of a degree day [mm degC-1 d-1], in the range 2.5 to 5.5 of Hock (2003, doi:10.1016/S0022-1694(03)00257-9).
_MELT = 3.0
#: Density of new and of old snow [kg m-3], and the share of the difference settled in a month [1].
_NEW, _OLD, _SETTLING = 180.0, 320.0, 0.18


@dataclass(frozen=True)
class Snow:
    """Snow at the ground, arrays of shape (months, cells).

    Attributes
    ----------
    depth : array of float
        Monthly mean [m].
    water : array of float
        Monthly mean water equivalent [m].
    """

    depth: Floats
    water: Floats


def make_snow(weather: Weather, days: Floats) -> Snow:
    """Return the snow that falls, settles and melts.

    Parameters
    ----------
    weather : Weather
    days : array of float, shape (months,)
        Length of the months [d].
    """
    snowfall = ndtr((_RAIN_SNOW - weather.tas) / DAILY_SPREAD) * weather.pr * days[:, None] / 1000
    melt = _MELT / 1000 * positive_part_mean(weather.tas, DAILY_SPREAD) * days[:, None]
    depth, water = np.empty_like(snowfall), np.empty_like(snowfall)
    pack = np.zeros(snowfall.shape[1])
    density = np.full(snowfall.shape[1], _NEW)
    for step in range(len(snowfall)):
        before = pack
        settled = density + _SETTLING * (_OLD - density)
        together = before + snowfall[step]
        density = np.where(together > 0, (before * settled + snowfall[step] * _NEW) / np.maximum(together, 1e-9), _NEW)
        pack = np.maximum(0.0, together - melt[step])
        water[step] = 0.5 * (before + pack)
        depth[step] = water[step] * 1000 / density
    return Snow(depth=depth, water=water)
