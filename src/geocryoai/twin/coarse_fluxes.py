"""Carbon and methane as the coarse model has them: light use, decomposition, and methane by wetland and temperature."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtr

from geocryoai.processes.carbon import par_from_shortwave, simulate_carbon
from geocryoai.processes.methane import methane_q10
from geocryoai.twin.carbon import HALF_RANGE, Fluxes, mixed_parameters
from geocryoai.twin.climate import saturation_pressure
from geocryoai.twin.vegetation import absorbed_share
from geocryoai.twin.weather import DAILY_SPREAD

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geocryoai.twin.coarse_ground import CoarseGround
    from geocryoai.twin.cover import Cover
    from geocryoai.twin.handbook import Handbook
    from geocryoai.twin.weather import Weather

    Floats = NDArray[np.float64]

#: Unfrozen ground from which a wetland emits at full rate [m].
_FULL_EMISSION = 0.25


def coarse_fluxes(
    parameters: Handbook, cover: Cover, weather: Weather, lai: Floats, ground: CoarseGround, days: Floats
) -> Fluxes:
    """Return carbon and methane fluxes.

    Decomposition of old carbon is `parameters.respiration` times that of a soil in balance with its litter, so that
    places gain or lose carbon. Methane goes on in autumn as long as ground is unfrozen.

    Parameters
    ----------
    parameters : Handbook
    cover : Cover
    weather : Weather
    lai : array of float, shape (months, cells)
        Leaf area index [1].
    ground : CoarseGround
    days : array of float, shape (months,)
        Length of the months [d].
    """
    base = mixed_parameters(cover)
    carbon = simulate_carbon(
        par=par_from_shortwave(weather.rsds),
        fpar=absorbed_share(lai),
        tmin=weather.tas - HALF_RANGE,
        vpd=np.maximum(0.0, saturation_pressure(weather.tas) - weather.vp),
        ts=ground.ts,
        soil_moisture=_saturation(cover, weather),
        frozen=ndtr(-weather.tas / DAILY_SPREAD),
        days=days,
        params=replace(base, light_use_efficiency=base.light_use_efficiency * parameters.light_use),
    )
    reco = carbon.ra + parameters.respiration * carbon.rh
    wetland = methane_q10(
        ground.ts,
        1.0,
        np.minimum(1.0, ground.unfrozen / _FULL_EMISSION),
        parameters.methane,
        parameters.methane_q10,
    )
    return Fluxes(
        gpp=carbon.gpp, reco=reco, nee=reco - carbon.gpp, fch4_wetland=wetland, fch4=cover.wetland_fraction * wetland
    )


def _saturation(cover: Cover, weather: Weather) -> Floats:
    """Return the degree of saturation of the soil [1]: wetlands are wet, elsewhere the last months' rain counts."""
    recent = weather.pr.copy()
    recent[1:] = 0.6 * weather.pr[1:] + 0.4 * weather.pr[:-1]
    upland = np.clip(0.35 + 0.15 * np.log1p(recent), 0.1, 0.9)
    return cover.wetland_fraction * 0.95 + (1 - cover.wetland_fraction) * upland
