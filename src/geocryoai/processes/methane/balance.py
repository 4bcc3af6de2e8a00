"""One step of the dissolved methane of saturated soil, with a closed balance.

The store S [mmol m-2] obeys dS/dt = P - (r_plant + r_diffusion) S - r_ebullition max(S - S*, 0). The step is implicit
in S, solved exactly for the two cases S below and above the bubble threshold S*; the store stays >= 0 at any step.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from geocryoai.core.units import MOLAR_MASS
from geocryoai.processes.checks import Array, at_least, between
from geocryoai.processes.constants import DAY
from geocryoai.processes.methane.density import q10_factor
from geocryoai.processes.methane.parameters import MethaneParameters

#: [mmol] per [g C].
MILLIMOLES_PER_GRAM_CARBON = 1e3 / MOLAR_MASS["C"]


class MethaneStep(NamedTuple):
    """One step: the store at its end [mmol m-2] and mean fluxes [mmol m-2 d-1], each of shape (cells,).

    `plant`, `diffusion` and `ebullition` are what reaches the air by each path, after `oxidation`.
    """

    store: Array
    production: Array
    oxidation: Array
    plant: Array
    diffusion: Array
    ebullition: Array


def methane_production(
    labile: ArrayLike,
    ts: ArrayLike,
    anaerobic_fraction: ArrayLike,
    liquid_fraction: ArrayLike,
    params: MethaneParameters,
    mineralisation: ArrayLike | None = None,
) -> Array:
    """Return methane production per wetland area.

    Parameters
    ----------
    labile : array_like
        Labile (metabolic) carbon [g C m-2], >= 0.
    ts : array_like
        Soil temperature [degC].
    anaerobic_fraction : array_like
        Share of the soil below the water table [1], 0 to 1.
    liquid_fraction : array_like
        Share of the soil water that is liquid [1], 0 to 1.
    params : MethaneParameters
    mineralisation : array_like, optional
        Heterotrophic respiration [g C m-2 d-1]; given, production stays below `production_cap` of its anaerobic share.

    Returns
    -------
    array
        Production [mmol CH4 m-2 d-1], >= 0.
    """
    carbon = at_least("labile [g C m-2]", labile)
    wet = between("anaerobic_fraction [1]", anaerobic_fraction, 0, 1)
    liquid = between("liquid_fraction [1]", liquid_fraction, 0, 1)
    warmth = q10_factor(ts, params.production_q10, params.production_reference)
    made = params.production_rate * wet * liquid * warmth * carbon
    if mineralisation is not None:
        limit = at_least("mineralisation [g C m-2 d-1]", mineralisation)
        made = np.minimum(made, params.production_cap * wet * limit)
    return np.asarray(made * MILLIMOLES_PER_GRAM_CARBON)


def oxidised_in_passing(
    inflow: ArrayLike, ts: ArrayLike, aerated_depth: ArrayLike, liquid_fraction: ArrayLike, params: MethaneParameters
) -> Array:
    """Return how much of an inflow is oxidised in the aerated soil above the water table.

    In balance the inflow F is oxidised or passes on: F = V W c / (K + c) + g c, with c the concentration in the water
    W of the layer, V and K the Michaelis-Menten constants and g the conductance to the air; c solves a quadratic.

    Parameters
    ----------
    inflow : array_like
        Methane that enters from below [mmol m-2 d-1], >= 0.
    ts : array_like
        Soil temperature [degC].
    aerated_depth : array_like
        Depth of the water table below the surface [m], >= 0.
    liquid_fraction : array_like
        Share of the soil water that is liquid [1].
    params : MethaneParameters

    Returns
    -------
    array
        Oxidised [mmol m-2 d-1], 0 to `inflow`.
    """
    flow, depth = at_least("inflow [mmol m-2 d-1]", inflow), at_least("aerated_depth [m]", aerated_depth)
    warmth = q10_factor(ts, params.oxidation_q10, params.oxidation_reference)
    capacity = params.oxidation_rate * warmth * params.aerated_water * depth * np.asarray(liquid_fraction)
    half = np.asarray(params.oxidation_half)
    conductance = params.aerated_diffusivity / np.maximum(depth, 1e-6)
    b = conductance * half + capacity - flow
    root = np.sqrt(np.square(b) + 4.0 * conductance * flow * half)
    denominator = np.where(b > 0, b + root, 2.0 * conductance)
    concentration = np.where(b > 0, 2.0 * flow * half, root - b) / denominator
    return np.asarray(np.minimum(capacity * concentration / (half + concentration), flow))


def methane_step(
    store: Array,
    production: Array,
    ts: Array,
    anaerobic_fraction: Array,
    liquid_fraction: Array,
    days: float,
    params: MethaneParameters,
) -> MethaneStep:
    """Advance the dissolved methane of one wetland step.

    Parameters
    ----------
    store : array, shape (cells,)
        Dissolved and trapped methane [mmol m-2], >= 0.
    production : array, shape (cells,)
        Production [mmol m-2 d-1], >= 0.
    ts : array, shape (cells,)
        Soil temperature [degC].
    anaerobic_fraction, liquid_fraction : array, shape (cells,)
        Share of the soil below the water table, and of its water that is liquid [1].
    days : float
        Length of the step [d].
    params : MethaneParameters

    Returns
    -------
    MethaneStep
        Closed: production - oxidation - plant - diffusion - ebullition is the change of the store per day. The
        arguments are taken as checked.
    """
    grown = 1.0 - np.square(1.0 - np.clip((ts - params.plant_start) / params.plant_span, 0.0, 1.0))
    by_plant = params.plant_rate * grown * liquid_fraction
    soil = np.asarray(params.soil_depth)
    wet_depth = np.maximum(anaerobic_fraction * soil, 1e-3)
    by_diffusion = 2.0 * DAY * params.water_diffusivity * params.tortuosity * liquid_fraction / np.square(wet_depth)
    by_bubbles = params.ebullition_rate * liquid_fraction
    held = liquid_fraction + (1.0 - liquid_fraction) * params.ice_retention
    threshold = params.ebullition_threshold * params.porosity * wet_depth * held

    gained = store + production * days
    calm = gained / (1.0 + (by_plant + by_diffusion) * days)
    bubbling = calm > threshold
    boiling = (gained + by_bubbles * threshold * days) / (1.0 + (by_plant + by_diffusion + by_bubbles) * days)
    level = np.where(bubbling, boiling, calm)
    plant, diffusion = by_plant * level, by_diffusion * level
    ebullition = np.where(bubbling, by_bubbles * np.maximum(level - threshold, 0.0), 0.0)
    end = np.maximum(gained - (plant + diffusion + ebullition) * days, 0.0)

    at_roots = params.rhizosphere_oxidation * plant
    rising = diffusion + ebullition
    aerated = oxidised_in_passing(rising, ts, (1.0 - anaerobic_fraction) * soil, liquid_fraction, params)
    passed = 1.0 - np.where(rising > 0, aerated / np.where(rising > 0, rising, 1.0), 0.0)
    return MethaneStep(
        end, production, at_roots + aerated, plant - at_roots, np.asarray(diffusion * passed), ebullition * passed
    )
