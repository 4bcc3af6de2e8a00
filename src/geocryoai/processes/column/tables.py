"""The state of each material as a function of its enthalpy, as piecewise linear tables.

H(T) = int_0^T C dT + L w(T) is strictly increasing, so temperature and liquid share are functions of
enthalpy, whatever the freezing curve. They are tabulated at equal steps of H from -60 degC to the freezing point T*,
where the kink is a knot, and one knot beyond; the first and the last segment continue outwards. Water that freezes at
one temperature is exact in this form (T(H) is flat there). The curve that the model solves is the table: energy is
conserved exactly in it, and both back ends read the same one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geocryoai.processes.checks import Array
from geocryoai.processes.column.curves import FreeWater
from geocryoai.processes.column.material import Material
from geocryoai.processes.constants import LATENT_HEAT

#: Where the tables begin [degC], and the number of nodes at which a curve is integrated.
COLDEST = -60.0
NODES = 3000


@dataclass(frozen=True)
class EnthalpyTables:
    """Tables of a library of materials.

    Attributes
    ----------
    low : array, shape (materials,)
        Enthalpy of the first knot [J m-3].
    spacing : array, shape (materials,)
        Between knots [J m-3].
    temperature : array, shape (materials, knots)
        [degC].
    liquid : array, shape (materials, knots)
        Share of the water that is liquid [1].
    conductivity_frozen : array, shape (materials,)
        [W m-1 K-1].
    conductivity_ratio : array, shape (materials,)
        ln(thawed / frozen) [1].
    water, excess : array, shape (materials,)
        Water content and its part of excess ice [m3 m-3].
    """

    low: Array
    spacing: Array
    temperature: Array
    liquid: Array
    conductivity_frozen: Array
    conductivity_ratio: Array
    water: Array
    excess: Array

    def enthalpy(self, t: Array, material: NDArray[np.int64]) -> Array:
        """Return the enthalpy [J m-3] at temperatures [degC]; water at its freezing point is taken as ice."""
        found = np.empty(np.broadcast_shapes(t.shape, material.shape))
        t, material = np.broadcast_to(t, found.shape), np.broadcast_to(material, found.shape)
        for m in np.unique(material):
            here = material == m
            knots, values = self.temperature[m], t[here]
            right = np.clip(np.searchsorted(knots, values, side="left"), 1, knots.size - 1)
            width = knots[right] - knots[right - 1]
            share = (values - knots[right - 1]) / np.where(width > 0, width, 1.0)
            found[here] = self.low[m] + self.spacing[m] * (right - 1 + share)
        return found

    def temperature_at(self, enthalpy: Array, material: NDArray[np.int64]) -> Array:
        """Return temperatures [degC] at enthalpies [J m-3]; the outer segments continue."""
        return self._look_up(self.temperature, enthalpy, material, -np.inf, np.inf)

    def share_at(self, enthalpy: Array, material: NDArray[np.int64]) -> Array:
        """Return the liquid share of the water [1] at enthalpies [J m-3]; the ends of the table are held."""
        return self._look_up(self.liquid, enthalpy, material, 0.0, self.liquid.shape[1] - 1.0)

    def _look_up(self, table: Array, enthalpy: Array, material: NDArray[np.int64], low: float, high: float) -> Array:
        place = np.clip((enthalpy - self.low[material]) / self.spacing[material], low, high)
        knot = np.clip(np.floor(place), 0, table.shape[1] - 2).astype(np.int64)
        left = table[material, knot]
        return np.asarray(left + (place - knot) * (table[material, knot + 1] - left))


def enthalpy_tables(materials: Sequence[Material], knots: int = 256) -> EnthalpyTables:
    """Return the tables of materials, in their order.

    Parameters
    ----------
    materials : sequence of Material
    knots : int, default 256
        Segments of each table; the error of T(H) falls with its square (0.002 K at -1 degC for a typical silt).
    """
    parts = [_free(m, knots) if isinstance(m.curve, FreeWater) else _curved(m, knots) for m in materials]
    low, spacing, temperature, liquid = (np.concatenate(a) for a in zip(*parts, strict=True))
    fields = ("water_content", "conductivity_thawed", "conductivity_frozen", "excess_ice")
    water, thawed, frozen, excess = (np.concatenate([m.values(n) for m in materials]) for n in fields)
    return EnthalpyTables(low, spacing, temperature, liquid, frozen, np.log(thawed / frozen), water, excess)


def _free(material: Material, knots: int) -> tuple[Array, Array, Array, Array]:
    """Return low, spacing, temperature and liquid share where all water freezes at 0 degC (or there is none)."""
    latent = LATENT_HEAT * material.values("water_content")
    spacing = np.where(latent > 0, latent / (knots - 2), material.values("capacity_frozen"))
    temperature = np.zeros((material.count, knots + 1))
    temperature[:, 0] = -spacing / material.values("capacity_frozen")
    temperature[:, -1] = spacing / material.values("capacity_thawed")
    liquid = np.clip((np.arange(knots + 1) - 1.0) / (knots - 2), 0.0, 1.0)
    dry = latent == 0
    below = -np.arange(knots - 1, 0, -1.0)
    temperature[dry, : knots - 1] = below
    temperature[dry, knots - 1] = 0.0
    liquid = np.where(dry[:, None], np.arange(knots + 1) >= knots - 1, liquid)
    return np.where(dry, -spacing * (knots - 1), -spacing), spacing, temperature, liquid


def _curved(material: Material, knots: int) -> tuple[Array, Array, Array, Array]:
    """Return the same for a curve, by integrating it on nodes that crowd towards the freezing point."""
    water, thawed, frozen = (material.values(n) for n in ("water_content", "capacity_thawed", "capacity_frozen"))
    start = np.broadcast_to(material.curve.start(water), water.shape)
    below = np.concatenate([np.zeros(1), np.geomspace(1e-6, 1.0, NODES)])[:, None] * (start - COLDEST)
    t = (start - below)[::-1]
    share = np.asarray(material.curve.liquid(t, water)) / water
    share[-1] = 1.0
    capacity = frozen + (thawed - frozen) * 0.5 * (share[1:] + share[:-1])
    gained = capacity * np.diff(t, axis=0) + LATENT_HEAT * water * np.diff(share, axis=0)
    above_low = np.concatenate([np.zeros((1, water.size)), np.cumsum(gained, axis=0)])
    low = LATENT_HEAT * water + thawed * start - above_low[-1]
    spacing = above_low[-1] / (knots - 1)
    temperature, liquid = np.empty((water.size, knots + 1)), np.ones((water.size, knots + 1))
    steps = np.arange(knots - 1)
    for m in range(water.size):
        temperature[m, :-2] = np.interp(steps * spacing[m], above_low[:, m], t[:, m])
        liquid[m, :-2] = np.interp(steps * spacing[m], above_low[:, m], share[:, m])
    temperature[:, -2], temperature[:, -1] = start, start + spacing / thawed
    return low, spacing, temperature, liquid
