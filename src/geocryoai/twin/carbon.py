"""Carbon and methane of the simulated Alaska from its weather, ground and parameters."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtr

from geocryoai.processes.carbon import CLASSES, CarbonParameters, par_from_shortwave, simulate_carbon
from geocryoai.processes.methane import methane_q10
from geocryoai.twin.climate import saturation_pressure
from geocryoai.twin.vegetation import absorbed_share
from geocryoai.twin.weather import DAILY_SPREAD

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geocryoai.twin.cover import Cover
    from geocryoai.twin.ground import Ground
    from geocryoai.twin.parameters import Parameters
    from geocryoai.twin.weather import Weather

    Floats = NDArray[np.float64]

#: Half of the daily range of air temperature [degC].
_HALF_RANGE = 5.0
#: Unfrozen ground from which a wetland emits at full rate [m].
_FULL_EMISSION = 0.25


@dataclass(frozen=True)
class Fluxes:
    """Monthly mean fluxes of the land cells, arrays of shape (months, cells).

    Attributes
    ----------
    gpp, reco : array of float
        [g C m-2 d-1], both >= 0.
    nee : array of float
        Reco - GPP [g C m-2 d-1], positive upward (release).
    fch4_wetland, fch4 : array of float
        Methane per area of wetland and per area of the cell [mg CH4 m-2 d-1], positive upward.
    """

    gpp: Floats
    reco: Floats
    nee: Floats
    fch4_wetland: Floats
    fch4: Floats


def mixed_parameters(cover: Cover) -> CarbonParameters:
    """Return published carbon parameters averaged over trees, shrubs and herbs by their area."""
    herbs = 1 - cover.tree_fraction - cover.shrub_fraction
    shares = {"ENF": cover.tree_fraction, "SHR": cover.shrub_fraction, "GRS": herbs}
    numeric = [name for name, value in vars(CLASSES["GRS"]).items() if not isinstance(value, str)]
    mixed = {name: sum(share * getattr(CLASSES[key], name) for key, share in shares.items()) for name in numeric}
    return CarbonParameters(**mixed, provenance="area mean of ENF, SHR and GRS")


def make_fluxes(
    parameters: Parameters, cover: Cover, weather: Weather, lai: Floats, ground: Ground, days: Floats
) -> Fluxes:
    """Return carbon and methane fluxes.

    Decomposition of old carbon is `parameters.respiration` times that of a soil in balance with its litter, so that
    places gain or lose carbon. Methane goes on in autumn as long as ground is unfrozen.

    Parameters
    ----------
    parameters : Parameters
    cover : Cover
    weather : Weather
    lai : array of float, shape (months, cells)
        Leaf area index [1].
    ground : Ground
    days : array of float, shape (months,)
        Length of the months [d].
    """
    base = mixed_parameters(cover)
    carbon = simulate_carbon(
        par=par_from_shortwave(weather.rsds),
        fpar=absorbed_share(lai),
        tmin=weather.tas - _HALF_RANGE,
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
