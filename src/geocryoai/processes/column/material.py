"""What the layers of a column are made of."""

from __future__ import annotations

from dataclasses import dataclass, field, fields

import numpy as np

from geocryoai.core.errors import ModelError
from geocryoai.processes.checks import Array, above, at_least, between, finite
from geocryoai.processes.column.curves import FreeWater, FreezingCurve

_THERMAL = ("conductivity_thawed", "conductivity_frozen", "capacity_thawed", "capacity_frozen")


@dataclass(frozen=True)
class Material:
    """One material, or several with the same kind of curve where the fields are arrays of shape (materials,).

    Between thawed and frozen, heat capacity goes with the liquid share of the water s, C = C_f + (C_t - C_f) s, and
    conductivity with its geometric mean, k = k_t^s k_f^(1 - s) (Johansen 1975; Lachenbruch et al. 1982,
    doi:10.1029/JB087iB11p09301).

    Attributes
    ----------
    water_content : float or array
        Water that the material holds, liquid or as ice, excess ice included [m3 m-3], 0 to 1.
    conductivity_thawed, conductivity_frozen : float or array
        [W m-1 K-1], > 0.
    capacity_thawed, capacity_frozen : float or array
        Heat capacity per volume, without latent heat [J m-3 K-1].
    curve : FreezingCurve
        Liquid water below 0 degC.
    excess_ice : float or array
        Part of `water_content` beyond what the pores of the thawed soil hold [m3 m-3]; it drains once thawed.
    """

    water_content: float | Array
    conductivity_thawed: float | Array
    conductivity_frozen: float | Array
    capacity_thawed: float | Array
    capacity_frozen: float | Array
    curve: FreezingCurve = field(default_factory=FreeWater)
    excess_ice: float | Array = 0.0

    def __post_init__(self) -> None:
        for name in _THERMAL:
            above(name, getattr(self, name))
        for name in ("capacity_thawed", "capacity_frozen"):
            if (np.asarray(getattr(self, name)) < 1e5).any():
                raise ModelError("the heat capacity is too small to be per volume", where=f"{name} [J m-3 K-1]",
                                 found=f"{np.min(getattr(self, name)):g}", expected="about 1e6 to 4e6", next_step=
                                 "Multiply a specific heat [J kg-1 K-1] by the density [kg m-3].")  # fmt: skip
        water = between("water_content [m3 m-3]", self.water_content, 0.0, 1.0)
        if not isinstance(self.curve, FreeWater):
            above("water_content [m3 m-3]", water)
        if (at_least("excess_ice [m3 m-3]", self.excess_ice) > water).any():
            raise ModelError("there is more excess ice than water", where="excess_ice [m3 m-3]",
                             found=f"{np.max(self.excess_ice):g}", expected="<= water_content")  # fmt: skip
        if (finite("freezing point [degC]", self.curve.start(water)) > 0).any():
            raise ModelError("the water freezes above 0 degC", where="curve")

    @property
    def count(self) -> int:
        """Return how many materials the fields hold."""
        arrays = [np.asarray(getattr(self, f.name)) for f in fields(self) if f.name != "curve"]
        arrays += [np.asarray(value) for value in vars(self.curve).values()]
        return int(np.broadcast_shapes((1,), *(a.shape for a in arrays))[0])

    def values(self, name: str) -> Array:
        """Return a field as an array of shape (materials,)."""
        return np.broadcast_to(np.asarray(getattr(self, name), dtype=np.float64), (self.count,))
