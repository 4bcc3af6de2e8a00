"""Thermal properties of one ground, frozen and thawed, as the closed forms need them."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import ArrayLike

from geocryoai.core.errors import ModelError
from geocryoai.processes.checks import Array, above, at_least, between, finite
from geocryoai.processes.constants import LATENT_HEAT

#: Heat capacity of water, liquid and as ice (2025 J kg-1 K-1), per volume of the liquid water [J m-3 K-1].
WATER_CAPACITY = 4.19e6
ICE_CAPACITY = 2.025e6


@dataclass(frozen=True)
class Ground:
    """Thermal properties of a uniform ground; each may be an array over cells.

    Attributes
    ----------
    conductivity_thawed, conductivity_frozen : float or array
        [W m-1 K-1], > 0.
    capacity_thawed, capacity_frozen : float or array
        Heat capacity per volume, without latent heat [J m-3 K-1], > 0.
    water_content : float or array
        Volume of water that freezes and thaws [m3 m-3], 0 to 1.
    """

    conductivity_thawed: float | Array
    conductivity_frozen: float | Array
    capacity_thawed: float | Array
    capacity_frozen: float | Array
    water_content: float | Array

    def __post_init__(self) -> None:
        for field in fields(self):
            if (finite(field.name, getattr(self, field.name)) < 0).any():
                raise ModelError("a property of the ground is negative", where=field.name)
        for name in ("conductivity_thawed", "conductivity_frozen"):
            above(f"{name} [W m-1 K-1]", getattr(self, name))
        for name in ("capacity_thawed", "capacity_frozen"):
            if (np.asarray(getattr(self, name)) < 1e5).any():
                raise ModelError(
                    "the heat capacity is too small to be per volume",
                    where=f"{name} [J m-3 K-1]",
                    found=f"{np.min(getattr(self, name)):g}",
                    expected="about 1e6 to 4e6",
                    next_step="Multiply a specific heat [J kg-1 K-1] by the density [kg m-3].",
                )
        between("water_content [m3 m-3]", self.water_content, 0.0, 1.0)

    @property
    def latent_heat(self) -> Array:
        """Return the heat that thaws a cubic metre [J m-3]."""
        return np.asarray(LATENT_HEAT * np.asarray(self.water_content))

    @property
    def diffusivity_thawed(self) -> Array:
        """Return k / C, thawed [m2 s-1]."""
        return np.asarray(self.conductivity_thawed / np.asarray(self.capacity_thawed))

    @property
    def diffusivity_frozen(self) -> Array:
        """Return k / C, frozen [m2 s-1]."""
        return np.asarray(self.conductivity_frozen / np.asarray(self.capacity_frozen))


def volumetric_capacity(dry: ArrayLike, water_content: ArrayLike, *, frozen: bool) -> Array:
    """Return the heat capacity of moist ground.

    Parameters
    ----------
    dry : array_like
        Heat capacity of the dry matter per volume of ground [J m-3 K-1]: specific heat x bulk density.
    water_content : array_like
        Volumetric water content [m3 m-3].
    frozen : bool
        Whether the water is ice.

    Returns
    -------
    array
        [J m-3 K-1].

    References
    ----------
    Anisimov, O. A. et al. (1997), Glob. Planet. Change 15, 61-77, doi:10.1016/S0921-8181(97)00009-X, eq. 15, where
    the water terms must be per volume (4.19e6, 2.025e6), not per mass (4190, 2025).
    """
    theta = between("water_content [m3 m-3]", water_content, 0.0, 1.0)
    return at_least("dry [J m-3 K-1]", dry) + (ICE_CAPACITY if frozen else WATER_CAPACITY) * theta
