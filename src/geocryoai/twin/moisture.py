"""Water in the soil of the simulated world: a bucket of uplands and one of wetlands, month by month."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from geocryoai.twin.climate import saturation_pressure
from geocryoai.twin.weather import monthly_snow

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geocryoai.twin.parameters import Parameters
    from geocryoai.twin.weather import Weather

    Floats = NDArray[np.float64]

#: Water that the bucket holds [m], and the degree of saturation above which it drains [1].
_CAPACITY, _FIELD = 0.20, 0.5
#: Share of the drainage of an upland that a wetland has [1], and water that runs on to it from around [1].
_WET_DRAINAGE, _RUN_ON = 0.12, 3.0
#: Net over shortwave radiation [1] and what is lost by longwave [W m-2].
_NET_SHARE, _LONGWAVE = 0.77, 35.0
#: Evaporation over that of Priestley and Taylor [1]; mosses and few leaves hold it back.
_TUNDRA = 0.5


@dataclass(frozen=True)
class Moisture:
    """Degree of saturation of the uppermost soil, arrays of shape (months, cells).

    Attributes
    ----------
    upland, wetland : array of float
        [1], 0 to 1.
    """

    upland: Floats
    wetland: Floats

    def mean(self, wetland_fraction: Floats) -> Floats:
        """Return the mean of a cell [1]."""
        return np.asarray(wetland_fraction * self.wetland + (1 - wetland_fraction) * self.upland, float)


def make_moisture(parameters: Parameters, weather: Weather, days: Floats) -> Moisture:
    """Return soil moisture from rain, snow melt, evaporation and drainage.

    Parameters
    ----------
    parameters : Parameters
    weather : Weather
    days : array of float, shape (months,)
        Length of the months [d].
    """
    snow = monthly_snow(weather.tas, weather.pr, days)
    arriving = 1e-3 * weather.pr * days[:, None] - snow.snowfall + snow.melt
    leaving = _evaporation(weather) * days[:, None] * (snow.swe_end <= 0)
    return Moisture(
        upland=_bucket(arriving, leaving, parameters.drainage),
        wetland=_bucket(_RUN_ON * arriving, leaving, _WET_DRAINAGE * parameters.drainage),
    )


def _bucket(arriving: Floats, leaving: Floats, drainage: Floats) -> Floats:
    """Return the degree of saturation [1] in each month: water [m] in and out; what does not fit runs off."""
    out = np.empty_like(arriving)
    state = np.full(arriving.shape[1], _FIELD)
    for _ in range(2):
        for month in range(12):
            state = _month(state, arriving[month], leaving[month], drainage)
    for month in range(len(arriving)):
        before, state = state, _month(state, arriving[month], leaving[month], drainage)
        out[month] = 0.5 * (before + state)
    return out


def _month(state: Floats, arriving: Floats, leaving: Floats, drainage: Floats) -> Floats:
    filled = np.minimum(1.0, state + arriving / _CAPACITY)
    drained = filled - drainage * np.maximum(0.0, filled - _FIELD) * (arriving > 0)
    return np.asarray(np.maximum(0.05, drained - leaving / _CAPACITY * np.minimum(1.0, drained / _FIELD)), float)


def _evaporation(weather: Weather) -> Floats:
    """Return evaporation of a wet surface [m d-1].

    References
    ----------
    Priestley, C. H. B. and Taylor, R. J. (1972), Mon. Weather Rev. 100, 81-92.
    """
    pressure = saturation_pressure(weather.tas)
    slope = pressure * 17.625 * 243.04 / (weather.tas + 243.04) ** 2
    net = np.maximum(0.0, _NET_SHARE * weather.rsds - _LONGWAVE)
    return np.asarray(_TUNDRA * 1.26 * slope / (slope + 66.0) * net * 86400 / 2.5e9, float)
