"""How much soil water is liquid below 0 degC: the curves that the column model can take.

Each curve says where freezing starts, T* <= 0, and how much is liquid below it. All water is liquid above T*.

References
----------
Lovell, C. W. (1957), Highw. Res. Board Bull. 168, 74-95 (power law).
van Genuchten, M. T. (1980), Soil Sci. Soc. Am. J. 44, 892-898, doi:10.2136/sssaj1980.03615995004400050002x.
Dall'Amico, M. et al. (2011), Cryosphere 5, 469-484, doi:10.5194/tc-5-469-2011 (freezing as drying).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from geocryoai.core.errors import ModelError
from geocryoai.processes.checks import Array, above, at_least, finite
from geocryoai.processes.constants import FUSION_HEAT, ZERO_CELSIUS
from geocryoai.processes.unfrozen_water import freezing_point, unfrozen_water

#: Pressure head that one kelvin of freezing stands for, L_f / (g T_m) [m K-1] (Clausius-Clapeyron).
HEAD_PER_KELVIN = FUSION_HEAT / (9.80665 * ZERO_CELSIUS)


class FreezingCurve(Protocol):
    """What the column model asks of a curve; fields are scalars or one value for each material, shape (materials,)."""

    def start(self, water: Array) -> Array:
        """Return the temperature below which ice forms [degC], <= 0, for a water content [m3 m-3]."""
        ...

    def liquid(self, t: Array, water: Array) -> Array:
        """Return the liquid water [m3 m-3] at temperatures [degC], shape (nodes, materials)."""
        ...


@dataclass(frozen=True)
class FreeWater:
    """Water that freezes all at 0 degC, as in coarse sand, gravel and moss."""

    def start(self, water: Array) -> Array:
        """Return 0 degC; see `FreezingCurve`."""
        return np.zeros_like(water)

    def liquid(self, t: Array, water: Array) -> Array:
        """Return all of the water above 0 degC, none below; see `FreezingCurve`."""
        return np.where(t > 0, water, 0.0)


@dataclass(frozen=True)
class PowerCurve:
    """Liquid water a |T|^b.

    Attributes
    ----------
    a : float or array
        Liquid water content at -1 degC [m3 m-3], > 0.
    b : float or array
        Exponent [1], < 0.
    """

    a: float | Array
    b: float | Array

    def start(self, water: Array) -> Array:
        """Return T* = -(water / a)^(1/b); see `FreezingCurve`."""
        return freezing_point(water, self.a, self.b)

    def liquid(self, t: Array, water: Array) -> Array:
        """Return a |T|^b; see `FreezingCurve`."""
        return unfrozen_water(t, water, self.a, self.b)


@dataclass(frozen=True)
class VanGenuchtenCurve:
    """Retention curve of van Genuchten, read as a freezing curve after Dall'Amico et al. (2011).

    Attributes
    ----------
    alpha : float or array
        [m-1], > 0.
    n : float or array
        [1], > 1.
    residual : float or array
        Water that never freezes [m3 m-3], >= 0.
    porosity : float or array
        Water content of the saturated soil [m3 m-3]; drier soil starts to freeze below 0 degC.
    """

    alpha: float | Array
    n: float | Array
    residual: float | Array
    porosity: float | Array

    def __post_init__(self) -> None:
        above("alpha [m-1]", self.alpha)
        above("n [1]", self.n, 1.0)
        above("porosity - residual [m3 m-3]", np.asarray(self.porosity) - at_least("residual [m3 m-3]", self.residual))

    def start(self, water: Array) -> Array:
        """Return the temperature at which the retention curve holds this much water; see `FreezingCurve`."""
        n = np.asarray(self.n)
        saturation = (water - self.residual) / (np.asarray(self.porosity) - self.residual)
        if ((saturation <= 0) | (saturation > 1.0 + 1e-12)).any():
            raise ModelError("the water content is not between the residual water and the porosity",
                             where="water_content [m3 m-3]", found=str(np.unique(water)[:3]))  # fmt: skip
        suction = (np.minimum(saturation, 1.0) ** (-n / (n - 1.0)) - 1.0) ** (1.0 / n)
        return np.asarray(-suction / (np.asarray(self.alpha) * HEAD_PER_KELVIN))

    def liquid(self, t: Array, water: Array) -> Array:
        """Return the water at the pressure head that T stands for; see `FreezingCurve`."""
        n = np.asarray(self.n)
        suction = np.asarray(self.alpha) * HEAD_PER_KELVIN * np.maximum(-t, 0.0)
        held = self.residual + (np.asarray(self.porosity) - self.residual) * (1.0 + suction**n) ** (1.0 / n - 1.0)
        return np.asarray(np.minimum(held, water))


@dataclass(frozen=True)
class LinearCurve:
    """Water that freezes evenly between 0 degC and `end`, the mushy zone of Lunardini.

    Attributes
    ----------
    end : float or array
        [degC], < 0.
    residual : float or array
        Water that stays liquid below `end` [m3 m-3].
    """

    end: float | Array
    residual: float | Array = 0.0

    def __post_init__(self) -> None:
        if (finite("end [degC]", self.end) >= 0).any():
            raise ModelError("the freezing range does not end below 0 degC", where="end [degC]", found=f"{self.end}")
        at_least("residual [m3 m-3]", self.residual)

    def start(self, water: Array) -> Array:
        """Return 0 degC; see `FreezingCurve`."""
        return np.zeros_like(water)

    def liquid(self, t: Array, water: Array) -> Array:
        """Return what is left between 0 degC and `end`; see `FreezingCurve`."""
        share = np.clip(1.0 - t / np.asarray(self.end), 0.0, 1.0)
        return np.asarray(self.residual + (water - self.residual) * share)
