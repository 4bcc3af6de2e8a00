"""Porosity of mixed organic and mineral soil with depth, and the thaw settlement of the water in its pores.

Organic density falls with depth, rho(z) = k M exp(-k z) / (1 - exp(-k D)), the organic fraction is f = min(rho / 140 kg
m-3, 1), and porosity is P(z) = (1 - f) 0.44 + f 0.90 (Liu et al. 2012). Saturated ice that thaws to depth Z lowers the
surface by (rho_w - rho_i) / rho_i times the water in it, the integral of P S from 0 to Z.

References
----------
Liu, L. et al. (2012), Estimating 1992-2000 average active layer thickness on the Alaskan North Slope from remotely
sensed surface subsidence, J. Geophys. Res. Earth Surf. 117, doi:10.1029/2011JF002041.
Schaefer, K. et al. (2015), Remotely Sensed Active Layer Thickness (ReSALT) at Barrow, Alaska using interferometric
synthetic aperture radar, Remote Sens. 7, 3735-3759, doi:10.3390/rs70403735.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from geocryoai.core.errors import ModelError
from geocryoai.retrievals.radar.checks import Array, in_range_or_missing

#: Densities of water and ice [kg m-3].
WATER_DENSITY, ICE_DENSITY = 997.0, 916.8

#: Rise of the surface per depth of water that freezes [1].
EXPANSION = (WATER_DENSITY - ICE_DENSITY) / ICE_DENSITY


@dataclass(frozen=True)
class SoilPorosity:
    """Mixed soil; the defaults are those of Liu et al. (2012).

    Attributes
    ----------
    organic_mass : float
        Organic matter above `root_depth` [kg m-2].
    root_depth : float
        [m]
    decay : float
        Of organic density with depth [m-1].
    full_density : float
        Organic density of pure organic soil [kg m-3].
    mineral, organic : float
        Porosity of mineral and of organic soil [1].
    saturation : float
        Share of the pores filled with water [1]. Where the soil is drier than that, the thickness comes out too small.
    """

    organic_mass: float = 30.0
    root_depth: float = 0.7
    decay: float = 5.5
    full_density: float = 140.0
    mineral: float = 0.44
    organic: float = 0.90
    saturation: float = 1.0

    def __post_init__(self) -> None:
        positive = {"root_depth": self.root_depth, "decay": self.decay, "full_density": self.full_density}
        shares = {"mineral": self.mineral, "organic": self.organic, "saturation": self.saturation}
        wrong = [name for name, value in positive.items() if not value > 0]
        wrong += [name for name, value in shares.items() if not 0 < value <= 1]
        wrong += ["organic_mass"] if not 0 <= self.organic_mass < np.inf else []
        if wrong:
            found = ", ".join(f"{name} = {getattr(self, name)}" for name in wrong)
            raise ModelError("the soil is not possible", where="SoilPorosity", found=found)

    @property
    def _at_surface(self) -> float:
        """Organic density at the surface over that of pure organic soil, not cut at 1."""
        total = self.decay * self.organic_mass / -np.expm1(-self.decay * self.root_depth)
        return float(total / self.full_density)

    def porosity(self, depth: ArrayLike) -> Array:
        """Return the porosity [1] at a depth [m]."""
        z = in_range_or_missing("depth [m]", depth, 0.0, np.inf)
        fraction = np.minimum(self._at_surface * np.exp(-self.decay * z), 1.0)
        return np.asarray(self.mineral + (self.organic - self.mineral) * fraction)

    def water(self, depth: ArrayLike) -> Array:
        """Return the depth of water [m] in the pores above a depth [m]: the integral of porosity times saturation."""
        z = in_range_or_missing("depth [m]", depth, 0.0, np.inf)
        top = self._at_surface
        pure = max(np.log(top) / self.decay, 0.0) if top > 0 else 0.0
        below = top / self.decay * (np.exp(-self.decay * pure) - np.exp(-self.decay * np.maximum(z, pure)))
        organic = np.minimum(z, pure) + below
        return np.asarray(self.saturation * (self.mineral * z + (self.organic - self.mineral) * organic))

    def settlement(self, depth: ArrayLike) -> Array:
        """Return how far the surface sinks [m] when the ground thaws to a depth [m]."""
        return EXPANSION * self.water(depth)

    def settlement_rate(self, depth: ArrayLike) -> Array:
        """Return the settlement per depth of further thaw [1] at a depth [m]."""
        return EXPANSION * self.saturation * self.porosity(depth)
