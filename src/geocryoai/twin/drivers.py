"""What reanalysis and satellites show of the simulated world: the drivers that learners and anchors get."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from geocryoai.twin.climate import saturation_pressure
from geocryoai.twin.fields import GaussianField, stream
from geocryoai.twin.vegetation import greenness
from geocryoai.twin.weather import Snow, Weather

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geocryoai.twin.options import TwinOptions
    from geocryoai.twin.truth import Truth

    Floats = NDArray[np.float64]

#: Standing and monthly errors at ``truth.map_error = 1``: temperature [degC], the others relative [1].
_TAS = (0.45, 0.35)
_PR = (0.12, 0.15)
_RSDS = (0.04, 0.05)
_SNOW = (0.15, 0.12)
_LAI = (0.12, 0.08)
#: Radiation at the top of the atmosphere below which there is no optical image [W m-2].
_DARK = 40.0


@dataclass(frozen=True)
class Drivers:
    """Drivers as delivered, arrays of shape (months, cells).

    Attributes
    ----------
    weather : Weather
    snow : Snow
    lai : array of float
        Leaf area index, filled through the dark season [1].
    ndvi : array of float
        Normalised difference vegetation index; NaN in the dark season [1].
    """

    weather: Weather
    snow: Snow
    lai: Floats
    ndvi: Floats


def observe_drivers(options: TwinOptions, truth: Truth) -> Drivers:
    """Return the drivers with smooth standing errors and monthly noise; the truth where ``map_error`` is 0."""
    landscape, weather = truth.landscape, truth.weather
    strength = options.truth.map_error
    rng = stream(options.seed, "drivers")
    broad = GaussianField(landscape.land.shape, 2 * options.truth.length / options.resolution)

    def error(size: tuple[float, float]) -> Floats:
        standing = size[0] * landscape.flat(broad.draw(rng))
        return strength * (standing + size[1] * rng.standard_normal((options.months, landscape.cells)))

    tas = weather.tas + error(_TAS)
    humidity = np.clip(weather.vp / saturation_pressure(weather.tas), 0.2, 1.0)
    snow_factor = np.exp(error(_SNOW))
    snow = Snow(depth=truth.snow.depth * snow_factor, water=truth.snow.water * snow_factor)
    lai = truth.lai * np.exp(error(_LAI))
    ndvi = greenness(lai, snow.depth) + 0.1 * error((0.1, 0.2))
    dark = truth.climate.toa[np.arange(options.months) % 12] < _DARK
    return Drivers(
        weather=Weather(
            tas=tas,
            pr=weather.pr * np.exp(error(_PR)),
            rsds=weather.rsds * np.exp(error(_RSDS)),
            vp=humidity * saturation_pressure(tas),
        ),
        snow=snow,
        lai=lai,
        ndvi=np.where(dark, np.nan, np.clip(ndvi, -0.2, 0.98)),
    )
