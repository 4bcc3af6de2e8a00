"""Parameters that a handbook gives for a cover: those of the coarse model, and the middle of the true ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geocryoai.twin.cover import Cover

    Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Handbook:
    """Parameters of the closed forms for every cell, arrays of shape (cells,).

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


def handbook(cover: Cover) -> Handbook:
    """Return the parameters that a careful modeller would take for a cover."""
    ones = np.ones_like(cover.sand)
    return Handbook(
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
