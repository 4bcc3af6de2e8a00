"""Carbon and methane of the simulated world, from its weather, ground, soil moisture and hidden parameters.

What no textbook parameter has, and so no anchor: both production and decay are held back where the ground is saturated.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtr

from geocryoai.processes.carbon import CLASSES, CarbonParameters, par_from_shortwave, simulate_carbon
from geocryoai.processes.methane import MethaneParameters, simulate_methane
from geocryoai.twin.climate import saturation_pressure
from geocryoai.twin.vegetation import absorbed_share
from geocryoai.twin.weather import DAILY_SPREAD

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geocryoai.twin.cover import Cover
    from geocryoai.twin.ground import Ground
    from geocryoai.twin.moisture import Moisture
    from geocryoai.twin.parameters import Parameters
    from geocryoai.twin.weather import Weather

    Floats = NDArray[np.float64]

#: Half of the daily range of air temperature [degC].
HALF_RANGE = 5.0
#: Saturation at which water begins to hold back production and decay [1].
_WATERLOGGED = 0.6
#: Share of a wetland's soil below the water table, dry and saturated [1].
_ANAEROBIC = (0.1, 0.95)
#: Factor on production of methane over the published rate [1].
_PRODUCTION = 3.2


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
    parameters: Parameters,
    cover: Cover,
    weather: Weather,
    lai: Floats,
    ground: Ground,
    moisture: Moisture,
    days: Floats,
) -> Fluxes:
    """Return carbon and methane fluxes.

    Decomposition is `parameters.respiration` times that of a soil in balance with its litter, so that places gain or
    lose carbon. Methane is made, stored, oxidised and emitted as long as some water in the soil is liquid.

    Parameters
    ----------
    parameters : Parameters
    cover : Cover
    weather : Weather
    lai : array of float, shape (months, cells)
        Leaf area index [1].
    ground : Ground
    moisture : Moisture
    days : array of float, shape (months,)
        Length of the months [d].
    """
    base = mixed_parameters(cover)
    params = replace(
        base,
        light_use_efficiency=base.light_use_efficiency * parameters.light_use,
        autotrophic_fraction=np.minimum(0.8, base.autotrophic_fraction * parameters.autotrophic),
        lloyd_taylor=base.lloyd_taylor * parameters.warmth,
    )
    saturation = moisture.mean(cover.wetland_fraction)
    aerated = 1 - parameters.waterlogging * np.clip((saturation - _WATERLOGGED) / (1 - _WATERLOGGED), 0, 1) ** 2
    carbon = simulate_carbon(
        par=par_from_shortwave(weather.rsds) * aerated,
        fpar=absorbed_share(lai),
        tmin=weather.tas - HALF_RANGE,
        vpd=np.maximum(0.0, saturation_pressure(weather.tas) - weather.vp),
        ts=ground.ts,
        soil_moisture=saturation,
        soil_moisture_top=np.minimum(saturation, params.top_moisture_high) * aerated,
        frozen=ndtr(-weather.tas / DAILY_SPREAD),
        days=days,
        params=params,
    )
    reco = carbon.ra + parameters.respiration * carbon.rh
    dry, wet = _ANAEROBIC
    book = MethaneParameters()
    methane = simulate_methane(
        labile=carbon.pools.metabolic,
        ts=ground.rooted_temperature,
        anaerobic_fraction=dry + (wet - dry) * moisture.wetland,
        liquid_fraction=np.clip(ground.rooted_liquid, 0.0, 1.0),
        days=days,
        params=replace(
            book,
            production_rate=_PRODUCTION * book.production_rate * parameters.methane_production,
            production_q10=parameters.methane_q10,
            oxidation_rate=book.oxidation_rate * parameters.methane_oxidation,
        ),
        mineralisation=parameters.respiration * carbon.rh,
    )
    emission = methane.emission
    return Fluxes(
        gpp=carbon.gpp, reco=reco, nee=reco - carbon.gpp, fch4_wetland=emission, fch4=cover.wetland_fraction * emission
    )
