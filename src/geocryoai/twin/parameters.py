"""The hidden parameters of the simulated world: they stand in the truth file and nowhere else."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import numpy as np

from geocryoai.twin.fields import GaussianField, stream
from geocryoai.twin.handbook import handbook

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geocryoai.twin.cover import Cover
    from geocryoai.twin.landscape import Landscape
    from geocryoai.twin.options import TwinOptions

    Floats = NDArray[np.float64]

#: Standard deviation of the natural logarithm of each parameter around its usual value, at ``truth.strength = 1`` [1].
SPREAD = {
    "organic_conductivity": 0.12,
    "mineral_conductivity": 0.15,
    "organic_water": 0.06,
    "mineral_water": 0.10,
    "unfrozen_water": 0.30,
    "n_thaw": 0.06,
    "snow_conductivity": 0.20,
    "drainage": 0.40,
    "light_use": 0.20,
    "autotrophic": 0.08,
    "respiration": 0.15,
    "warmth": 0.10,
    "waterlogging": 0.25,
    "methane_production": 0.30,
    "methane_q10": 0.10,
    "methane_oxidation": 0.30,
}
#: Conductivity of snow over that of its density [1]: heat also moves as vapour and along shrubs.
_SNOW = 1.35
#: Loss of production and decomposition where the ground is saturated, which no textbook parameter has [1].
_WATERLOGGING = 0.5


@dataclass(frozen=True)
class Parameters:
    """Parameters of every cell, arrays of shape (cells,).

    Attributes
    ----------
    organic_conductivity, mineral_conductivity : array of float
        Thermal conductivity of the thawed organic and mineral layers [W m-1 K-1].
    organic_water, mineral_water : array of float
        Water content [m3 m-3].
    unfrozen_water : array of float
        Liquid water of the mineral soil at -1 degC [m3 m-3]; more of it starts to freeze at lower temperature.
    n_thaw : array of float
        Surface over air temperature above 0 degC [1].
    snow_conductivity : array of float
        Factor on the conductivity of snow of its density [1].
    drainage : array of float
        Share of the water above half of saturation that an upland loses in a month [1].
    light_use, autotrophic, respiration, warmth : array of float
        Factors on light-use efficiency, on the share that plants respire, on the decay of soil carbon that is in
        balance with its litter, and on the temperature sensitivity of that decay [1].
    waterlogging : array of float
        Share of production and decay lost where the ground is saturated [1].
    methane_production, methane_oxidation : array of float
        Factors on the rates of production and oxidation [1].
    methane_q10 : array of float
        Factor on production for 10 degC of warming [1].
    """

    organic_conductivity: Floats
    mineral_conductivity: Floats
    organic_water: Floats
    mineral_water: Floats
    unfrozen_water: Floats
    n_thaw: Floats
    snow_conductivity: Floats
    drainage: Floats
    light_use: Floats
    autotrophic: Floats
    respiration: Floats
    warmth: Floats
    waterlogging: Floats
    methane_production: Floats
    methane_q10: Floats
    methane_oxidation: Floats


def usual_parameters(cover: Cover) -> Parameters:
    """Return parameters without any departure, and without waterlogging."""
    book, ones = handbook(cover), np.ones_like(cover.sand)
    return Parameters(
        organic_conductivity=1.45 * book.organic_conductivity,
        mineral_conductivity=book.mineral_conductivity,
        organic_water=0.88 * book.organic_water,
        mineral_water=book.mineral_water,
        unfrozen_water=0.02 + 0.20 * cover.clay,
        n_thaw=1.1 * book.n_thaw - 0.12 * cover.tree_fraction,
        snow_conductivity=_SNOW * ones,
        drainage=0.25 + 0.35 * cover.sand,
        light_use=ones,
        autotrophic=ones,
        respiration=1.04 * book.respiration + 0.12 * cover.tree_fraction,
        warmth=ones,
        waterlogging=0.0 * ones,
        methane_production=ones,
        methane_q10=3.3 * ones,
        methane_oxidation=ones,
    )


def true_parameters(options: TwinOptions, landscape: Landscape, cover: Cover) -> Parameters:
    """Return the parameters that hold in this world.

    They depart from the usual ones in two ways: as a function of the cover, which a learner can find from the maps, and
    in smooth patches related to nothing, which it cannot. With ``truth.strength = 0`` they are the usual ones.
    """
    rng = stream(options.seed, "truth.parameters")
    patches = GaussianField(landscape.land.shape, options.truth.length / options.resolution)
    strength = options.truth.strength
    by_cover = _departures(cover)
    base = usual_parameters(cover)
    true = {}
    for name in (field.name for field in fields(Parameters)):
        departure = by_cover.get(name, 0.0) + SPREAD[name] * landscape.flat(patches.draw(rng))
        true[name] = getattr(base, name) * np.exp(strength * departure)
        if name == "waterlogging":
            true[name] = np.minimum(0.9, strength * _WATERLOGGING * np.exp(strength * departure))
    return clipped(Parameters(**true))


def clipped(parameters: Parameters) -> Parameters:
    """Return the parameters held within what the processes take."""
    limits = {"organic_water": (0.1, 0.9), "mineral_water": (0.15, 0.6), "unfrozen_water": (0.01, 0.14),
              "drainage": (0.02, 0.95)}  # fmt: skip
    values = {field.name: getattr(parameters, field.name) for field in fields(Parameters)}
    return Parameters(**{name: np.clip(value, *limits.get(name, (0.0, np.inf))) for name, value in values.items()})


def _departures(cover: Cover) -> dict[str, Floats]:
    """Return what depends on the cover: logarithm of each parameter over its usual value."""
    wet, shrub = cover.wetland_fraction - 0.18, cover.shrub_fraction - 0.20
    return {
        "mineral_conductivity": 0.6 * wet,
        "n_thaw": -0.35 * shrub,
        "snow_conductivity": -0.6 * shrub,
        "light_use": 0.5 * shrub,
        "respiration": -0.4 * wet,
        "methane_production": 0.7 * wet,
    }
