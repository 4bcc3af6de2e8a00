"""The methane balance of `simulate_methane`, compiled: blocks of cells through time.

The equations are those of `methane_production`, `methane_step` and `oxidised_in_passing`. The cells of a block stand
side by side, so that the inner loops become vector instructions; what stays the same through the parts of a step is
worked out once.
"""

# The compiler infers the types: arrays of float64 unless said otherwise.
# mypy: allow-untyped-defs

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit, prange

from geocryoai.processes.exponential import exponential_parts

#: Cells in a block.
WIDTH = 128
SECONDS = 86400.0

#: Rows of the parameters, in the order of `MethaneParameters`; the two Q10 as logarithms per degree.
(MADE_RATE, MADE_LOG, MADE_AT, MADE_CAP, DEPTH, POROSITY, PLANT_RATE, PLANT_START, PLANT_SPAN, AT_ROOTS, DIFFUSIVITY,
 TORTUOSITY, BUBBLES_FROM, BUBBLE_RATE, ICE_HOLDS, OXIDATION, HALF, OXIDATION_LOG, OXIDATION_AT, AERATED_WATER,
 AERATED_DIFFUSIVITY) = range(21)  # fmt: skip

#: Rows of the series.
PRODUCTION, OXIDISED, PLANT, DIFFUSION, EBULLITION, STORE = range(6)

#: Rows of the working space of a step.
(X, PART, WARMTH, MADE, BY_PLANT, BY_DIFFUSION, BY_BUBBLES, THRESHOLD, CALM, BOILING, CAPACITY, CONDUCTANCE, S_OXIDISED,
 S_PLANT, S_DIFFUSION, S_EBULLITION) = range(16)  # fmt: skip

OPTIONS: dict[str, Any] = {
    "cache": True, "error_model": "numpy", "boundscheck": False, "nogil": True, "fastmath": {"contract"},
}  # fmt: skip


@njit(**OPTIONS)
def warmth(ts, p, log, at, t, c, n, ws, bits, out):
    """Set the Q10 factor of a step."""
    for j in range(n):
        ws[X, j] = min(max((ts[t, c + j] - p[at, c + j]) * p[log, c + j], -700.0), 700.0)
    exponential_parts(ws[X], n, bits[0], ws[PART])
    power = bits[0].view(np.float64)
    for j in range(n):
        out[j] = power[j] + power[j] * ws[PART, j]


@njit(**OPTIONS)
def production(forcing, limited, per_gram, p, t, c, n, ws, bits):
    """Set what is made in a step [mmol m-2 d-1]."""
    labile, ts, wet, liquid, mineralised = forcing
    warmth(ts, p, MADE_LOG, MADE_AT, t, c, n, ws, bits, ws[WARMTH])
    for j in range(n):
        i = c + j
        made = p[MADE_RATE, i] * wet[t, i] * liquid[t, i] * ws[WARMTH, j] * labile[t, i]
        if limited:
            made = min(made, p[MADE_CAP, i] * wet[t, i] * mineralised[t, i])
        ws[MADE, j] = made * per_gram


@njit(**OPTIONS)
def coefficients(forcing, days, p, t, c, n, ws, bits):
    """Set the rates [d-1] and limits of a step that do not depend on the store, for parts of `days`."""
    ts, anaerobic, liquid = forcing[1], forcing[2], forcing[3]
    warmth(ts, p, OXIDATION_LOG, OXIDATION_AT, t, c, n, ws, bits, ws[WARMTH])
    for j in range(n):
        i = c + j
        share = liquid[t, i]
        young = 1.0 - min(max((ts[t, i] - p[PLANT_START, i]) / p[PLANT_SPAN, i], 0.0), 1.0)
        wet_depth = max(anaerobic[t, i] * p[DEPTH, i], 1e-3)
        dry_depth = (1.0 - anaerobic[t, i]) * p[DEPTH, i]
        ws[BY_PLANT, j] = p[PLANT_RATE, i] * (1.0 - young * young) * share
        through = 2.0 * SECONDS * p[DIFFUSIVITY, i] * p[TORTUOSITY, i] * share
        ws[BY_DIFFUSION, j] = through / (wet_depth * wet_depth)
        ws[BY_BUBBLES, j] = p[BUBBLE_RATE, i] * share
        ws[THRESHOLD, j] = p[BUBBLES_FROM, i] * p[POROSITY, i] * wet_depth * (share + (1.0 - share) * p[ICE_HOLDS, i])
        leaving = ws[BY_PLANT, j] + ws[BY_DIFFUSION, j]
        ws[CALM, j] = 1.0 / (1.0 + leaving * days)
        ws[BOILING, j] = 1.0 / (1.0 + (leaving + ws[BY_BUBBLES, j]) * days)
        ws[CAPACITY, j] = p[OXIDATION, i] * ws[WARMTH, j] * p[AERATED_WATER, i] * dry_depth * share
        ws[CONDUCTANCE, j] = p[AERATED_DIFFUSIVITY, i] / max(dry_depth, 1e-6)


@njit(**OPTIONS)
def part_of_step(store, days, p, c, n, ws):
    """Advance the store of a block by a part of a step and add its fluxes to the sums."""
    for j in range(n):
        gained = store[j] + ws[MADE, j] * days
        level = gained * ws[CALM, j]
        threshold, by_bubbles = ws[THRESHOLD, j], ws[BY_BUBBLES, j]
        boiling = (gained + by_bubbles * threshold * days) * ws[BOILING, j]
        over = level > threshold
        level = boiling if over else level
        plant, diffusion = ws[BY_PLANT, j] * level, ws[BY_DIFFUSION, j] * level
        ebullition = by_bubbles * max(level - threshold, 0.0) if over else 0.0
        store[j] = max(gained - (plant + diffusion + ebullition) * days, 0.0)
        rising = diffusion + ebullition
        half, conductance, capacity = p[HALF, c + j], ws[CONDUCTANCE, j], ws[CAPACITY, j]
        b = conductance * half + capacity - rising
        root = np.sqrt(b * b + 4.0 * conductance * rising * half)
        below = b + root if b > 0.0 else 2.0 * conductance
        inside = 2.0 * rising * half if b > 0.0 else root - b
        oxidised = min(capacity * inside / (half * below + inside), rising)
        passed = 1.0 - oxidised / (rising if rising > 0.0 else 1.0)
        at_roots = p[AT_ROOTS, c + j] * plant
        ws[S_OXIDISED, j] += at_roots + oxidised
        ws[S_PLANT, j] += plant - at_roots
        ws[S_DIFFUSION, j] += diffusion * passed
        ws[S_EBULLITION, j] += ebullition * passed


@njit(**OPTIONS)
def advance(store, forcing, limited, per_gram, length, longest, p, t, c, n, ws, bits):
    """Take the store of a block through step `t`; returns the number of parts, over which the sums are."""
    parts = int(np.ceil(length / longest))
    ws[S_OXIDISED:] = 0.0
    production(forcing, limited, per_gram, p, t, c, n, ws, bits)
    coefficients(forcing, length / parts, p, t, c, n, ws, bits)
    for _ in range(parts):
        part_of_step(store, length / parts, p, c, n, ws)
    return parts


@njit(parallel=True, **OPTIONS)
def run_cells(forcing, limited, per_gram, per_millimole, p, days, longest, spin_up, start, series):
    """Run all cells.

    `forcing` is (labile carbon, temperature, anaerobic share, liquid share, mineralisation), each (time, cells),
    `limited` whether the last bounds production, `per_gram` [mmol g-1] and `per_millimole` [mg mmol-1], `p`
    (parameters, cells), `spin_up` the steps that are repeated three times first; `start` (cells) holds the store at
    the start [mmol m-2] and receives that after the repetitions, `series` (series, time, cells) the results in [mg].
    """
    time, cells = forcing[1].shape
    for b in prange((cells + WIDTH - 1) // WIDTH):
        c = b * WIDTH
        n = min(WIDTH, cells - c)
        ws, bits, store = np.zeros((16, WIDTH)), np.zeros((1, WIDTH), np.int64), np.zeros(WIDTH)
        store[:n] = start[c : c + n]
        for _ in range(3):
            for t in range(spin_up):
                advance(store, forcing, limited, per_gram, days[t], longest, p, t, c, n, ws, bits)
        start[c : c + n] = store[:n]
        for t in range(time):
            parts = advance(store, forcing, limited, per_gram, days[t], longest, p, t, c, n, ws, bits)
            mean = per_millimole / parts
            for j in range(n):
                series[PRODUCTION, t, c + j] = ws[MADE, j] * per_millimole
                series[OXIDISED, t, c + j] = ws[S_OXIDISED, j] * mean
                series[PLANT, t, c + j] = ws[S_PLANT, j] * mean
                series[DIFFUSION, t, c + j] = ws[S_DIFFUSION, j] * mean
                series[EBULLITION, t, c + j] = ws[S_EBULLITION, j] * mean
                series[STORE, t, c + j] = store[j] * per_millimole
