"""Parameters of the processes: what a handbook says for a cover, and what is true in this world."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING

import numpy as np

from geocryoai.twin.fields import GaussianField, stream

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geocryoai.twin.cover import Cover
    from geocryoai.twin.landscape import Landscape
    from geocryoai.twin.options import TwinOptions

    Floats = NDArray[np.float64]

#: Standard deviation of the natural logarithm of each parameter around the handbook, at ``truth.strength = 1`` [1].
SPREAD = {
    "organic_conductivity": 0.12,
    "mineral_conductivity": 0.20,
    "organic_water": 0.05,
    "mineral_water": 0.12,
    "n_thaw": 0.06,
    "light_use": 0.20,
    "respiration": 0.20,
    "methane": 0.35,
    "methane_q10": 0.12,
}


@dataclass(frozen=True)
class Parameters:
    """Parameters of every land cell, arrays of shape (cells,).

    Attributes
    ----------
    organic_conductivity, mineral_conductivity : array of float
        Thermal conductivity of the thawed organic and mineral layers [W m-1 K-1].
    organic_water, mineral_water : array of float
        Volumetric water content that freezes and thaws [1].
    n_thaw : array of float
        Surface to air thawing degree days [1].
    light_use, respiration : array of float
        Factors on gross primary production and on ecosystem respiration [1].
    methane : array of float
        Emission of wetland at 10 degC [mg CH4 m-2 d-1], positive upward.
    methane_q10 : array of float
        Factor on the emission for 10 degC of warming [1].
    """

    organic_conductivity: Floats
    mineral_conductivity: Floats
    organic_water: Floats
    mineral_water: Floats
    n_thaw: Floats
    light_use: Floats
    respiration: Floats
    methane: Floats
    methane_q10: Floats


def handbook(cover: Cover) -> Parameters:
    """Return the parameters that a careful modeller would take for a cover."""
    ones = np.ones_like(cover.sand)
    return Parameters(
        organic_conductivity=0.40 * ones,
        mineral_conductivity=0.95 + 0.6 * cover.sand,
        organic_water=0.62 * ones,
        mineral_water=0.48 - 0.18 * cover.sand,
        n_thaw=0.82 - 0.22 * cover.tree_fraction,
        light_use=ones,
        respiration=0.95 - 0.25 * cover.tree_fraction,
        methane=75.0 * ones,
        methane_q10=2.6 * ones,
    )


def true_parameters(options: TwinOptions, landscape: Landscape, cover: Cover) -> Parameters:
    """Return the parameters that hold in this world.

    They depart from the handbook in two ways: as a function of the cover, which a learner can find from the maps, and
    in smooth patches related to nothing, which it cannot. With ``truth.strength = 0`` they are the handbook's.
    """
    rng = stream(options.seed, "truth.parameters")
    patches = GaussianField(landscape.land.shape, options.truth.length / options.resolution)
    wet = cover.wetland_fraction - 0.18
    shrub = cover.shrub_fraction - 0.20
    by_cover = {
        "mineral_conductivity": 0.6 * wet,
        "n_thaw": -0.35 * shrub,
        "light_use": 0.5 * shrub,
        "respiration": -0.5 * wet,
        "methane": 0.7 * wet,
    }
    base = handbook(cover)
    changed = {}
    for name in (field.name for field in fields(Parameters)):
        departure = by_cover.get(name, 0.0) + SPREAD[name] * landscape.flat(patches.draw(rng))
        changed[name] = getattr(base, name) * np.exp(options.truth.strength * departure)
    for name in ("organic_water", "mineral_water"):
        changed[name] = np.clip(changed[name], 0.1, 0.9)
    return replace(base, **changed)
