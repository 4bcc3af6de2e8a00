"""The truth of the twin: every state and flux of the simulated world, and the parameters behind them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from geocryoai.core.calendar import days_in_month, month_axis
from geocryoai.twin.carbon import Fluxes, make_fluxes
from geocryoai.twin.climate import Climate, make_climate
from geocryoai.twin.cover import Cover, make_cover
from geocryoai.twin.ground import Ground, make_ground
from geocryoai.twin.landscape import Landscape, make_landscape
from geocryoai.twin.moisture import Moisture, make_moisture
from geocryoai.twin.parameters import Parameters, true_parameters
from geocryoai.twin.surface import Systems
from geocryoai.twin.vegetation import leaf_area
from geocryoai.twin.weather import Snow, Weather, make_snow, make_weather

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geocryoai.twin.options import TwinOptions

    Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Truth:
    """The simulated world; monthly arrays are (months, cells), annual ones (years, cells), static ones (cells,).

    Attributes
    ----------
    months : array of datetime64[M], shape (months,)
    days : array of float, shape (months,)
        Length of the months [d].
    landscape, climate, cover, weather, snow, systems, parameters, ground, moisture, fluxes
        The parts of the world; see their classes.
    lai : array of float
        Leaf area index [1].
    """

    months: NDArray[np.datetime64]
    days: Floats
    landscape: Landscape
    climate: Climate
    cover: Cover
    weather: Weather
    snow: Snow
    systems: Systems
    lai: Floats
    parameters: Parameters
    ground: Ground
    moisture: Moisture
    fluxes: Fluxes


def make_truth(options: TwinOptions) -> Truth:
    """Simulate the world.

    Raises
    ------
    GridError
        The grid cannot be used; see `make_landscape`.
    """
    landscape = make_landscape(options)
    climate = make_climate(landscape)
    cover = make_cover(options, landscape, climate)
    weather = make_weather(options, landscape, climate)
    months = month_axis(options.first_year, options.last_year)
    days = days_in_month(months)
    snow = make_snow(weather, days)
    lai = leaf_area(cover, weather.tas, climate.tas[6])
    parameters = true_parameters(options, landscape, cover)
    systems = Systems(options, landscape, float(days.sum()))
    ground = make_ground(parameters, cover.organic_depth, weather, systems, days)
    moisture = make_moisture(parameters, weather, days)
    fluxes = make_fluxes(parameters, cover, weather, lai, ground, moisture, days)
    return Truth(
        months, days, landscape, climate, cover, weather, snow, systems, lai, parameters, ground, moisture, fluxes
    )
