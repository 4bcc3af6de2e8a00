"""The methane balance of `simulate_methane`, compiled: blocks of cells through time.

The equations are those of `methane_production`, `methane_step` and `oxidised_in_passing`. The cells of a block stand
side by side and every loop over them runs over whole rows, so that it becomes vector instructions; what stays the same
through the parts of a step is worked out once.
"""

# The compiler infers the types: arrays of float64 unless said otherwise.
# mypy: allow-untyped-defs

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit, prange

from geocryoai.processes.exponential import exponential_parts

#: Cells in a block.
WIDTH = 256
SECONDS = 86400.0

#: Rows of the parameters, in the order of `MethaneParameters`; the two Q10 as logarithms per degree.
(MADE_RATE, MADE_LOG, MADE_AT, MADE_CAP, DEPTH, POROSITY, PLANT_RATE, PLANT_START, PLANT_SPAN, AT_ROOTS, DIFFUSIVITY,
 TORTUOSITY, BUBBLES_FROM, BUBBLE_RATE, ICE_HOLDS, OXIDATION, HALF, OXIDATION_LOG, OXIDATION_AT, AERATED_WATER,
 AERATED_DIFFUSIVITY) = range(21)  # fmt: skip

#: Rows of the series.
PRODUCTION, OXIDISED, PLANT, DIFFUSION, EBULLITION, STORE = range(6)

#: Rows of the rates and limits of a step.
BY_PLANT, BY_DIFFUSION, BY_BUBBLES, THRESHOLD, CALM, BOILING, CAPACITY, CONDUCTANCE = range(8)

OPTIONS: dict[str, Any] = {
    "cache": True, "error_model": "numpy", "boundscheck": False, "nogil": True, "fastmath": {"contract"},
}  # fmt: skip


@njit(inline="always", **OPTIONS)
def warmth(ts, log, at):
    """Return a Q10 factor."""
    power, part = exponential_parts((ts - at) * log)
    return power + power * part


@njit(**OPTIONS)
def production(labile, ts, wet, liquid, mineralised, limited, per_gram, p, made):
    """Set what is made in a step [mmol m-2 d-1]."""
    rate, log, at, cap = p[MADE_RATE], p[MADE_LOG], p[MADE_AT], p[MADE_CAP]
    for j in range(ts.size):
        made[j] = rate[j] * wet[j] * liquid[j] * warmth(ts[j], log[j], at[j]) * labile[j] * per_gram
    if limited:
        for j in range(ts.size):
            made[j] = min(made[j], cap[j] * wet[j] * mineralised[j] * per_gram)


@njit(**OPTIONS)
def transport(ts, wet, liquid, days, p, rates):
    """Set the rates [d-1] and limits of transport, which do not depend on the store, for parts of `days`."""
    depth, porosity, plant_rate, start, span = p[DEPTH], p[POROSITY], p[PLANT_RATE], p[PLANT_START], p[PLANT_SPAN]
    diffusivity, tortuosity, first = p[DIFFUSIVITY], p[TORTUOSITY], p[BUBBLES_FROM]
    bubble_rate, held_by_ice = p[BUBBLE_RATE], p[ICE_HOLDS]
    by_plant, by_diffusion, by_bubbles = rates[BY_PLANT], rates[BY_DIFFUSION], rates[BY_BUBBLES]
    threshold, calm, boiling = rates[THRESHOLD], rates[CALM], rates[BOILING]
    for j in range(ts.size):
        share = liquid[j]
        young = 1.0 - min(max((ts[j] - start[j]) / span[j], 0.0), 1.0)
        wet_depth = max(wet[j] * depth[j], 1e-3)
        through_plants = plant_rate[j] * (1.0 - young * young) * share
        through_water = 2.0 * SECONDS * diffusivity[j] * tortuosity[j] * share / (wet_depth * wet_depth)
        bubbling = bubble_rate[j] * share
        leaving = through_plants + through_water
        by_plant[j] = through_plants
        by_diffusion[j] = through_water
        by_bubbles[j] = bubbling
        threshold[j] = first[j] * porosity[j] * wet_depth * (share + (1.0 - share) * held_by_ice[j])
        calm[j] = 1.0 / (1.0 + leaving * days)
        boiling[j] = 1.0 / (1.0 + (leaving + bubbling) * days)


@njit(**OPTIONS)
def aeration(ts, wet, liquid, p, rates):
    """Set capacity [mmol m-2 d-1] and conductance [m d-1] of the aerated soil."""
    depth, most, log, at = p[DEPTH], p[OXIDATION], p[OXIDATION_LOG], p[OXIDATION_AT]
    water, diffusivity = p[AERATED_WATER], p[AERATED_DIFFUSIVITY]
    capacity, conductance = rates[CAPACITY], rates[CONDUCTANCE]
    for j in range(ts.size):
        dry_depth = (1.0 - wet[j]) * depth[j]
        capacity[j] = most[j] * warmth(ts[j], log[j], at[j]) * water[j] * dry_depth * liquid[j]
        conductance[j] = diffusivity[j] / max(dry_depth, 1e-6)


@njit(**OPTIONS)
def all_parts(store, made, days, parts, p, rates, sums):
    """Advance the store by all parts of a step and set the sums of its fluxes over them.

    With c the concentration of `oxidised_in_passing`, the share that is oxidised is V W c / (K + c) / F; both forms of
    its quadratic give it with one division.
    """
    half, at_roots = p[HALF], p[AT_ROOTS]
    by_plant, by_diffusion, by_bubbles = rates[BY_PLANT], rates[BY_DIFFUSION], rates[BY_BUBBLES]
    threshold, calm, boiling = rates[THRESHOLD], rates[CALM], rates[BOILING]
    capacity, conductance = rates[CAPACITY], rates[CONDUCTANCE]
    oxidised, by_plants, diffused, bubbled = sums[0], sums[1], sums[2], sums[3]
    sums[:] = 0.0
    for _ in range(parts):
        for j in range(store.size):
            gained = store[j] + made[j] * days
            quiet = gained * calm[j]
            over = quiet > threshold[j]
            level = (gained + by_bubbles[j] * threshold[j] * days) * boiling[j] if over else quiet
            plant, diffusion = by_plant[j] * level, by_diffusion[j] * level
            ebullition = by_bubbles[j] * max(level - threshold[j], 0.0) if over else 0.0
            store[j] = max(gained - (plant + diffusion + ebullition) * days, 0.0)
            rising = diffusion + ebullition
            b = conductance[j] * half[j] + capacity[j] - rising
            root = np.sqrt(b * b + 4.0 * conductance[j] * rising * half[j])
            above = 2.0 * half[j] if b > 0.0 else root - b
            weak = half[j] * (b + root) + 2.0 * rising * half[j]
            strong = (2.0 * conductance[j] * half[j] + (root - b)) * rising
            share = min(capacity[j] * above / (weak if b > 0.0 else strong), 1.0)
            rooted = at_roots[j] * plant
            oxidised[j] += rooted + share * rising
            by_plants[j] += plant - rooted
            diffused[j] += diffusion * (1.0 - share)
            bubbled[j] += ebullition * (1.0 - share)


@njit(**OPTIONS)
def advance(store, forcing, limited, per_gram, length, longest, p, t, cells, made, rates, sums):
    """Take the store of a block through step `t`; returns the number of parts, over which the sums are."""
    parts = int(np.ceil(length / longest))
    labile, ts, wet, liquid = forcing[0][t, cells], forcing[1][t, cells], forcing[2][t, cells], forcing[3][t, cells]
    production(labile, ts, wet, liquid, forcing[4][t, cells], limited, per_gram, p, made)
    transport(ts, wet, liquid, length / parts, p, rates)
    aeration(ts, wet, liquid, p, rates)
    all_parts(store, made, length / parts, parts, p, rates, sums)
    return parts


@njit(**OPTIONS)
def scaled(values, factor, out):
    """Set a row to another one times a number."""
    for j in range(out.size):
        out[j] = values[j] * factor


@njit(**OPTIONS)
def run_block(forcing, limited, per_gram, per_millimole, p, days, longest, spin_up, start, series, cells):
    """Run the slice `cells` of all cells; `p` holds theirs only."""
    n = p.shape[1]
    store, made, rates, sums = start[cells].copy(), np.empty(n), np.empty((8, n)), np.empty((4, n))
    for _ in range(3):
        for t in range(spin_up):
            advance(store, forcing, limited, per_gram, days[t], longest, p, t, cells, made, rates, sums)
    start[cells] = store
    for t in range(days.size):
        parts = advance(store, forcing, limited, per_gram, days[t], longest, p, t, cells, made, rates, sums)
        scaled(made, per_millimole, series[PRODUCTION, t, cells])
        for i in range(4):
            scaled(sums[i], per_millimole / parts, series[OXIDISED + i, t, cells])
        scaled(store, per_millimole, series[STORE, t, cells])


@njit(parallel=True, **OPTIONS)
def run_cells(forcing, limited, per_gram, per_millimole, p, days, longest, spin_up, start, series):
    """Run all cells.

    `forcing` is (labile carbon, temperature, anaerobic share, liquid share, mineralisation), each (time, cells),
    `limited` whether the last bounds production, `per_gram` [mmol g-1] and `per_millimole` [mg mmol-1], `p`
    (parameters, cells), `spin_up` the steps that are repeated three times first; `start` (cells) holds the store at
    the start [mmol m-2] and receives that after the repetitions, `series` (series, time, cells) the results in [mg].
    """
    cells = p.shape[1]
    for b in prange((cells + WIDTH - 1) // WIDTH):
        chosen = slice(b * WIDTH, min((b + 1) * WIDTH, cells))
        own = p[:, chosen].copy()
        run_block(forcing, limited, per_gram, per_millimole, own, days, longest, spin_up, start, series, chosen)
