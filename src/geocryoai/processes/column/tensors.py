"""The tables, soil and forcing of a batch of columns as torch tensors, with gradients where they are wanted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from geocryoai.processes.checks import Array
from geocryoai.processes.column.forcing import SurfaceSeries
from geocryoai.processes.column.soil import Soil
from geocryoai.processes.column.tables import COLDEST, NODES, EnthalpyTables
from geocryoai.processes.constants import DAY, ICE_SPECIFIC_HEAT, LATENT_HEAT


@dataclass(frozen=True)
class TensorTables:
    """`EnthalpyTables` as tensors, materials first."""

    low: Tensor
    spacing: Tensor
    temperature: Tensor
    liquid: Tensor
    conductivity_frozen: Tensor
    conductivity_ratio: Tensor
    water: Tensor

    @classmethod
    def of(cls, tables: EnthalpyTables, device: str = "cpu") -> TensorTables:
        """Return tables without gradients."""
        names = ("low", "spacing", "temperature", "liquid", "conductivity_frozen", "conductivity_ratio", "water")
        return cls(*(torch.as_tensor(np.array(getattr(tables, name)), device=device) for name in names))


def power_tables(
    water: Tensor, conductivity: tuple[Tensor, Tensor], capacity: tuple[Tensor, Tensor], a: Tensor, b: Tensor,
    knots: int = 256,
) -> TensorTables:  # fmt: skip
    """Return the tables of materials with a power curve, differentiable in all of their properties.

    Parameters
    ----------
    water : tensor, shape (materials,)
        [m3 m-3].
    conductivity, capacity : tuple of tensor
        Thawed and frozen [W m-1 K-1], [J m-3 K-1].
    a, b : tensor, shape (materials,)
        Of `PowerCurve`.
    knots : int, default 256
    """
    thawed, frozen = capacity
    start = -((water / a) ** (1.0 / b))
    ends = torch.cat([torch.zeros(1), torch.logspace(-6, 0, NODES)]).to(water).flip(0)
    t = start[:, None] - ends * (start - COLDEST)[:, None]
    share = torch.cat([a[:, None] * (-t[:, :-1]) ** b[:, None] / water[:, None], torch.ones_like(t[:, :1])], dim=1)
    mean = 0.5 * (share[:, 1:] + share[:, :-1])
    gained = (frozen[:, None] + (thawed - frozen)[:, None] * mean) * t.diff(dim=1)
    gained = gained + LATENT_HEAT * water[:, None] * share.diff(dim=1)
    above_low = torch.cat([torch.zeros_like(water)[:, None], gained.cumsum(dim=1)], dim=1)
    spacing = above_low[:, -1] / (knots - 1)
    wanted = spacing[:, None] * torch.arange(knots - 1, device=water.device)
    right = torch.searchsorted(above_low.detach(), wanted.detach().contiguous(), right=True).clamp(1, t.shape[1] - 1)
    low_h, high_h = above_low.gather(1, right - 1), above_low.gather(1, right)
    part = (wanted - low_h) / (high_h - low_h)
    inner = [v.gather(1, right - 1) * (1.0 - part) + v.gather(1, right) * part for v in (t, share)]
    temperature = torch.cat([inner[0], start[:, None], (start + spacing / thawed)[:, None]], dim=1)
    liquid = torch.cat([inner[1], torch.ones_like(temperature[:, :2])], dim=1)
    low = LATENT_HEAT * water + thawed * start - above_low[:, -1]
    ratio = torch.log(conductivity[0] / conductivity[1])
    return TensorTables(low, spacing, temperature, liquid, conductivity[1], ratio, water)


class TensorSoil:
    """The cells of a batch of columns: properties of shape (layers, columns) and the state as a function of enthalpy.

    Parameters
    ----------
    tables : TensorTables
    index : tensor of int, shape (layers, columns)
        Material of each cell.
    thickness : tensor, shape (layers, 1) or (layers, columns)
        [m].
    """

    def __init__(self, tables: TensorTables, index: Tensor, thickness: Tensor) -> None:
        self._tables = tables
        self._segments = tables.temperature.shape[1] - 1
        self._base = index * (self._segments + 1)
        self.thickness = thickness.expand(index.shape)
        self.low, self._spacing = tables.low[index], tables.spacing[index]
        self.freezing_point = tables.temperature[:, -2][index]
        self.frozen_half = 0.5 * thickness / tables.conductivity_frozen[index]
        self.ratio = tables.conductivity_ratio[index]
        self.water_heat = LATENT_HEAT * tables.water[index]

    @classmethod
    def of(cls, soil: Soil, tables: TensorTables, device: str = "cpu") -> TensorSoil:
        """Return the cells of a `Soil`."""
        thickness = torch.as_tensor(np.array(soil.grid.thickness), device=device)[:, None]
        return cls(tables, torch.as_tensor(np.array(soil.index), device=device), thickness)

    def temperature(self, enthalpy: Tensor) -> tuple[Tensor, Tensor]:
        """Return temperature [degC] and its slope [K m3 J-1]."""
        place, knot = self._place(enthalpy)
        left, right = (self._tables.temperature.reshape(-1)[knot + i] for i in (0, 1))
        return left + place * (right - left), (right - left) / self._spacing

    def share(self, enthalpy: Tensor) -> Tensor:
        """Return the liquid share of the water [1]."""
        place, knot = self._place(enthalpy)
        left, right = (self._tables.liquid.reshape(-1)[knot + i] for i in (0, 1))
        return left + place.clamp(0.0, 1.0) * (right - left)

    def _place(self, enthalpy: Tensor) -> tuple[Tensor, Tensor]:
        u = (enthalpy - self.low) / self._spacing
        knot = u.detach().floor().clamp(0, self._segments - 1)
        return u - knot, self._base + knot.long()


@dataclass(frozen=True)
class TensorForcing:
    """Forcing of a batch, shape (time, columns); those of snow have one time where there is none.

    Attributes
    ----------
    seconds : tensor, shape (time,)
        Length of the intervals [s].
    top : tensor
        Temperature [degC] or, where `is_flux`, heat into the surface [W m-2].
    snow_depth, snow_conductivity, snow_capacity : tensor
        [m], [W m-1 K-1], [J m-3 K-1].
    geothermal : tensor, shape (columns,)
        [W m-2], upward.
    is_flux : bool
    resistance : float
        Between air and surface [m2 K W-1].
    """

    seconds: Tensor
    top: Tensor
    snow_depth: Tensor
    snow_conductivity: Tensor
    snow_capacity: Tensor
    geothermal: Tensor
    is_flux: bool = False
    resistance: float = 0.0

    @classmethod
    def of(
        cls, days: Array, surface: SurfaceSeries, soil: Soil, is_flux: bool, exchange: float | None, device: str
    ) -> TensorForcing:
        """Return the tensors of checked series."""
        geothermal = np.broadcast_to(np.asarray(soil.geothermal, dtype=np.float64), (soil.columns,))
        capacity = ICE_SPECIFIC_HEAT * surface.snow_density

        def tensor(values: Array) -> Tensor:
            return torch.as_tensor(np.array(values, dtype=np.float64), device=device)

        return cls(
            tensor(DAY * days), tensor(surface.top), tensor(surface.snow_depth), tensor(surface.snow_conductivity),
            tensor(capacity), tensor(geothermal), is_flux, 0.0 if exchange is None else 1.0 / exchange,
        )  # fmt: skip
