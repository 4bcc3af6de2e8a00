"""Physical constants shared by the processes."""

from __future__ import annotations

#: Density of liquid water [kg m-3]; water contents are volumes of liquid water, also where the water is frozen.
WATER_DENSITY = 1000.0

#: Specific latent heat of fusion [J kg-1].
FUSION_HEAT = 3.34e5

#: Latent heat of one cubic metre of water [J m-3].
LATENT_HEAT = WATER_DENSITY * FUSION_HEAT

#: Specific heat of ice [J kg-1 K-1].
ICE_SPECIFIC_HEAT = 2090.0

#: Density of ice [kg m-3].
ICE_DENSITY = 917.0

#: Seconds in a day [s].
DAY = 86400.0

#: Mean tropical year [s] and [d].
YEAR_DAYS = 365.25
YEAR = YEAR_DAYS * DAY

#: 0 degC [K].
ZERO_CELSIUS = 273.15
