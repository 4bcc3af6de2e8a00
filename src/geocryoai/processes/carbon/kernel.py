"""The carbon model of `simulate_carbon`, compiled: blocks of cells through time.

The equations are those of `gpp_lue`, `decomposition_multiplier`, `pool_step` and `periodic_pools`. The cells of a block
stand side by side, so that the inner loops become vector instructions, and what a block needs stays in the cache.
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

#: Kelvin between 0 degC and the temperature at which decay vanishes, and from there to 20 degC (Lloyd and Taylor).
ABOVE_VANISHING = 273.15 - 227.13
SPAN = 66.02

#: Rows of the parameters, in the order of `CarbonParameters`.
(LIGHT, TMIN_LOW, TMIN_HIGH, VPD_LOW, VPD_HIGH, ROOT_LOW, ROOT_HIGH, FROZEN, SENSITIVITY, TOP_LOW, TOP_HIGH, RESPIRED,
 FRESH, PASSED_ON, FAST, SLOW, OLD) = range(17)  # fmt: skip

#: Rows of the series.
GPP, RA, RH, RECO, NEE, LITTER, METABOLIC, STRUCTURAL, RECALCITRANT, LIVE = range(10)

OPTIONS: dict[str, Any] = {"cache": True, "error_model": "numpy", "boundscheck": False, "nogil": True}


@njit(inline="always", **OPTIONS)
def ramp(x, low, high):
    """Return a linear ramp from 0 at `low` to 1 at `high`."""
    return min(max((x - low) / (high - low), 0.0), 1.0)


@njit(**OPTIONS)
def production(forcing, p, t, c, n, series, npp):
    """Set production, plant respiration and net production of a step for the `n` cells from `c` on."""
    par, fpar, tmin, vpd, moisture, frozen = forcing[0], forcing[1], forcing[2], forcing[3], forcing[4], forcing[5]
    for j in range(n):
        i = c + j
        stress = ramp(tmin[t, i], p[TMIN_LOW, i], p[TMIN_HIGH, i])
        stress *= 1.0 - ramp(vpd[t, i], p[VPD_LOW, i], p[VPD_HIGH, i])
        stress *= ramp(moisture[t, i], p[ROOT_LOW, i], p[ROOT_HIGH, i])
        stress *= 1.0 - frozen[t, i] * (1.0 - p[FROZEN, i])
        gross = p[LIGHT, i] * par[t, i] * fpar[t, i] * stress
        respired = gross * p[RESPIRED, i]
        series[GPP, t, i] = gross
        series[RA, t, i] = respired
        npp[t, j] = gross - respired


@njit(**OPTIONS)
def decomposition(ts, top, p, t, c, n, work, bits, multiplier):
    """Set the share of the optimal decay rate of a step."""
    for j in range(n):
        above = ts[t, c + j] + ABOVE_VANISHING
        x = p[SENSITIVITY, c + j] * (1.0 / SPAN - 1.0 / above)
        work[0, j] = min(max(x, -700.0), 0.0) if above > 0.0 else -700.0
    exponential_parts(work[0], n, bits[0], work[1])
    power = bits[0].view(np.float64)
    for j in range(n):
        warmth = power[j] + power[j] * work[1, j] if ts[t, c + j] + ABOVE_VANISHING > 0.0 else 0.0
        multiplier[t, j] = warmth * ramp(top[t, c + j], p[TOP_LOW, c + j], p[TOP_HIGH, c + j])


@njit(**OPTIONS)
def decay(carbon, gain, rate, multiplier, days, n, work, bits, lost):
    """Advance a pool that gains evenly [g C m-2 in the step] and decays; set what it lost."""
    for j in range(n):
        work[0, j] = -(rate[j] * multiplier[j] * days)
    exponential_parts(work[0], n, bits[0], work[1])
    power = bits[0].view(np.float64)
    for j in range(n):
        share = -((power[j] - 1.0) + power[j] * work[1, j])
        exponent = -work[0, j]
        mean = share / exponent if exponent > 0.0 else 1.0
        left = carbon[j] * (1.0 - share) + gain[j] * mean
        lost[j] = carbon[j] + gain[j] - left
        carbon[j] = left


@njit(**OPTIONS)
def step(pools, fall, multiplier, days, p, c, n, work, bits, rh):
    """Advance the pools of a block by one step and set the mean respiration [g C m-2 d-1]."""
    gain, lost, passed = work[2], work[3], work[4]
    for j in range(n):
        gain[j] = p[FRESH, c + j] * fall[j] * days
    decay(pools[0], gain, p[FAST, c:], multiplier, days, n, work, bits, lost)
    for j in range(n):
        rh[j] = lost[j]
        gain[j] = (1.0 - p[FRESH, c + j]) * fall[j] * days
    decay(pools[1], gain, p[SLOW, c:], multiplier, days, n, work, bits, lost)
    for j in range(n):
        passed[j] = p[PASSED_ON, c + j] * lost[j]
        rh[j] += lost[j] - passed[j]
    decay(pools[2], passed, p[OLD, c:], multiplier, days, n, work, bits, lost)
    for j in range(n):
        rh[j] = (rh[j] + lost[j]) / days


@njit(**OPTIONS)
def balance(pools, fall, mean_multiplier, mean_days, p, c, n, work, bits, exposure):
    """Set the pools at the start of a year that repeats itself for ever; see `periodic_pools`."""
    rh, begin = work[5], work[6:9]
    for j in range(n):
        exposure[j] = 0.0
        for m in range(mean_days.size):
            exposure[j] += mean_days[m] * mean_multiplier[m, j]
    begin[:] = 0.0
    for known in (2, 3):
        pools[:] = begin
        for m in range(mean_days.size):
            step(pools, fall, mean_multiplier[m], mean_days[m], p, c, n, work, bits, rh)
        for i in range(2 * (known - 2), known):
            for j in range(n):
                begin[i, j] = pools[i, j] / -np.expm1(-(p[FAST + i, c + j] * exposure[j]))
    pools[:] = begin


@njit(**OPTIONS)
def mean_year(values, year, count, n, mean):
    """Set the mean year of the first `count` years."""
    for m in range(year):
        for j in range(n):
            mean[m, j] = 0.0
        for y in range(count):
            for j in range(n):
                mean[m, j] += values[y * year + m, j]
        for j in range(n):
            mean[m, j] /= count


@njit(**OPTIONS)
def litterfall(npp, mean_npp, days, mean_days, span, c, n, total, litter):
    """Set the mean net production of the year before each step, the mean year standing before the start."""
    year = mean_days.size
    for j in range(n):
        total[0, j] = 0.0
    for k in range(1, total.shape[0]):
        length = mean_days[k - 1] if k <= year else days[k - 1 - year]
        for j in range(n):
            made = mean_npp[k - 1, j] if k <= year else npp[k - 1 - year, j]
            total[k, j] = total[k - 1, j] + made * length
    for t in range(days.size):
        for j in range(n):
            litter[t, c + j] = max((total[t + year, j] - total[t, j]) / (span[t + year] - span[t]), 0.0)


@njit(parallel=True, **OPTIONS)
def run_cells(forcing, p, days, mean_days, span, count, series, start, exposure):
    """Run all cells.

    `forcing` is (par, fpar, tmin, vpd, soil moisture, frozen, ts, moisture of the top soil) of shape (8, time, cells)
    or a tuple of them, `p` (parameters, cells), `mean_days` the lengths of the steps of the mean year, `span` the days
    since a year before the start, `count` the years of the mean year; `series` (series, time, cells), `start` (pools,
    cells) and `exposure` (cells) receive the results.
    """
    time, cells = forcing[0].shape
    year = mean_days.size
    for b in prange((cells + WIDTH - 1) // WIDTH):
        c = b * WIDTH
        n = min(WIDTH, cells - c)
        npp, multiplier = np.empty((time, WIDTH)), np.empty((time, WIDTH))
        mean_npp, mean_multiplier = np.empty((year, WIDTH)), np.empty((year, WIDTH))
        total = np.empty((time + year, WIDTH))
        work, bits, pools = np.zeros((9, WIDTH)), np.zeros((1, WIDTH), np.int64), np.zeros((3, WIDTH))
        for t in range(time):
            production(forcing, p, t, c, n, series, npp)
            decomposition(forcing[6], forcing[7], p, t, c, n, work, bits, multiplier)
        mean_year(npp, year, count, n, mean_npp)
        mean_year(multiplier, year, count, n, mean_multiplier)
        litterfall(npp, mean_npp, days, mean_days, span, c, n, total, series[LITTER])
        balance(pools, series[LITTER, 0, c:], mean_multiplier, mean_days, p, c, n, work, bits, exposure[c:])
        for i in range(3):
            start[i, c : c + n] = pools[i, :n]
        live = work[5]
        live[:] = 0.0
        for t in range(time):
            step(pools, series[LITTER, t, c:], multiplier[t], days[t], p, c, n, work, bits, series[RH, t, c:])
            for j in range(n):
                i = c + j
                live[j] += (npp[t, j] - series[LITTER, t, i]) * days[t]
                series[LIVE, t, i] = live[j]
                series[RECO, t, i] = series[RA, t, i] + series[RH, t, i]
                series[NEE, t, i] = series[RECO, t, i] - series[GPP, t, i]
                series[METABOLIC, t, i] = pools[0, j]
                series[STRUCTURAL, t, i] = pools[1, j]
                series[RECALCITRANT, t, i] = pools[2, j]
