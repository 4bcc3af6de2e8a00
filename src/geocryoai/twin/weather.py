"""Monthly weather of the simulated Alaska: climatology, trend and correlated anomalies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from geocryoai.processes.snowpack import SnowParameters, SnowSeries, snow_series
from geocryoai.twin.climate import Climate, saturation_pressure
from geocryoai.twin.fields import GaussianField, stream

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geocryoai.twin.landscape import Landscape
    from geocryoai.twin.options import TwinOptions

    Floats = NDArray[np.float64]

#: Standard deviation of daily means within a month [degC].
DAILY_SPREAD = 3.0
#: Month-to-month persistence of anomalies [1].
_PERSISTENCE = 0.35
#: Year that the climatology stands for; the trend is zero there.
_MIDDLE_YEAR = 2006.5
#: Standard deviation of monthly temperature anomalies, January to December [degC].
_TAS_SPREAD = np.array([4.4, 4.3, 3.7, 2.9, 1.9, 1.4, 1.3, 1.4, 1.7, 2.6, 3.8, 4.3])
#: Trend of each month relative to the annual mean [1]; mean 1.
_TREND_SHAPE = 1 + 0.45 * np.cos(2 * np.pi * (np.arange(12) - 0.5) / 12)
_PR_SPREAD = 0.38
_CLEARNESS_SPREAD = 0.10
_HUMIDITY_SPREAD = 0.04


@dataclass(frozen=True)
class Weather:
    """Monthly means, arrays of shape (months, cells).

    Attributes
    ----------
    tas : array of float
        Air temperature [degC].
    pr : array of float
        Precipitation [mm d-1].
    rsds : array of float
        Downwelling shortwave radiation [W m-2], positive downward.
    vp : array of float
        Vapour pressure [Pa].
    """

    tas: Floats
    pr: Floats
    rsds: Floats
    vp: Floats


@dataclass(frozen=True)
class Snow:
    """Snow at the ground, monthly means, arrays of shape (months, cells).

    Attributes
    ----------
    depth : array of float
        [m].
    water : array of float
        Water equivalent [m].
    """

    depth: Floats
    water: Floats


def make_weather(options: TwinOptions, landscape: Landscape, climate: Climate) -> Weather:
    """Return the weather of every month and land cell."""
    choice = options.weather
    month = np.arange(options.months) % 12
    years = options.first_year + (np.arange(options.months) + 0.5) / 12
    strength = choice.variability

    warm = _anomalies(options, landscape, "weather.tas", choice.length)
    wet = _anomalies(options, landscape, "weather.pr", 0.5 * choice.length)
    cloud = _anomalies(options, landscape, "weather.cloud", 0.6 * choice.length)

    decades = (years - _MIDDLE_YEAR)[:, None] / 10
    trend = choice.warming * _TREND_SHAPE[month][:, None] * (1 + 0.15 * climate.maritime) * decades
    tas = climate.tas[month] + trend + strength * _TAS_SPREAD[month][:, None] * warm
    spread = strength * _PR_SPREAD
    pr = climate.pr[month] * np.exp(spread * wet - 0.5 * spread**2) * (1 + 0.01 * choice.warming * decades)
    dim = 0.8 * cloud + 0.6 * wet
    clearness = np.clip(climate.clearness[month] - strength * _CLEARNESS_SPREAD * 0.45 * dim, 0.2, 0.75)
    humidity = np.clip(climate.humidity[month] + strength * _HUMIDITY_SPREAD * dim, 0.35, 0.99)
    return Weather(tas=tas, pr=pr, rsds=climate.toa[month] * clearness, vp=humidity * saturation_pressure(tas))


def make_snow(weather: Weather, days: Floats) -> Snow:
    """Return the snow that this weather brings; `days` is the length of the months [d]."""
    series = monthly_snow(weather.tas, weather.pr, days)
    return Snow(depth=series.snd, water=series.swe)


def monthly_snow(tas: Floats, pr: Floats, days: Floats) -> SnowSeries:
    """Return snow cover with its falls and melts; arguments as in `geocryoai.processes.snowpack.snow_series`."""
    return snow_series(tas, pr, days, SnowParameters(monthly_sd=DAILY_SPREAD))


def _anomalies(options: TwinOptions, landscape: Landscape, purpose: str, length: float) -> Floats:
    """Return standard-normal anomalies, correlated in space and, as AR(1), in time."""
    rng = stream(options.seed, purpose)
    field = GaussianField(landscape.land.shape, length / options.resolution / 2.8)
    out = np.empty((options.months, landscape.cells))
    innovation = np.sqrt(1 - _PERSISTENCE**2)
    state = landscape.flat(field.draw(rng))
    for step in range(options.months):
        out[step] = state
        state = _PERSISTENCE * state + innovation * landscape.flat(field.draw(rng))
    return out
