"""The carbon model of `simulate_carbon`, compiled: blocks of cells through time.

The equations are those of `gpp_lue`, `decomposition_multiplier`, `pool_step` and `periodic_pools`. The cells of a block
stand side by side and every loop over them runs over whole rows, so that it becomes vector instructions; what a block
needs through time stays in the cache, and what it gives is written once.
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

#: Kelvin between 0 degC and the temperature at which decay vanishes, and from there to 20 degC (Lloyd and Taylor).
ABOVE_VANISHING = 273.15 - 227.13
SPAN = 66.02

#: Rows of the parameters, in the order of `CarbonParameters`; the end of each ramp as 1 over its span.
(LIGHT, TMIN_LOW, TMIN_PER, VPD_LOW, VPD_PER, ROOT_LOW, ROOT_PER, FROZEN, SENSITIVITY, TOP_LOW, TOP_PER, RESPIRED,
 FRESH, PASSED_ON, FAST, SLOW, OLD) = range(17)  # fmt: skip

#: Rows of the series.
GPP, RA, RH, RECO, NEE, LITTER, METABOLIC, STRUCTURAL, RECALCITRANT, LIVE = range(10)

OPTIONS: dict[str, Any] = {
    "cache": True, "error_model": "numpy", "boundscheck": False, "nogil": True, "fastmath": {"contract"},
}  # fmt: skip


@njit(inline="always", **OPTIONS)
def ramp(x, low, per):
    """Return a linear ramp from 0 at `low` to 1 at `low + 1 / per`."""
    return min(max((x - low) * per, 0.0), 1.0)


@njit(**OPTIONS)
def production(par, fpar, tmin, vpd, moisture, frozen, p, gpp, ra, npp):
    """Set production, plant respiration and net production of a step."""
    cold, cold_per, dry, dry_per = p[TMIN_LOW], p[TMIN_PER], p[VPD_LOW], p[VPD_PER]
    root, root_per, ice, light, respired = p[ROOT_LOW], p[ROOT_PER], p[FROZEN], p[LIGHT], p[RESPIRED]
    for j in range(par.size):
        stress = ramp(tmin[j], cold[j], cold_per[j]) * (1.0 - ramp(vpd[j], dry[j], dry_per[j]))
        stress *= ramp(moisture[j], root[j], root_per[j]) * (1.0 - frozen[j] * (1.0 - ice[j]))
        gross = light[j] * par[j] * fpar[j] * stress
        lost = gross * respired[j]
        gpp[j] = gross
        ra[j] = lost
        npp[j] = gross - lost


@njit(**OPTIONS)
def decomposition(ts, top, p, multiplier):
    """Set the share of the optimal decay rate of a step."""
    sensitivity, low, per = p[SENSITIVITY], p[TOP_LOW], p[TOP_PER]
    for j in range(ts.size):
        above = ts[j] + ABOVE_VANISHING
        x = sensitivity[j] * (1.0 / SPAN - 1.0 / above) if above > 0.0 else 0.0
        power, part = exponential_parts(min(x, 0.0))
        warmth = power + power * part if above > 0.0 else 0.0
        multiplier[j] = warmth * ramp(top[j], low[j], per[j])


@njit(inline="always", **OPTIONS)
def decay(carbon, gain, exponent):
    """Return what is left and what was lost of a pool that gains evenly [g C m-2 in the step] and decays."""
    power, part = exponential_parts(-exponent)
    share = (1.0 - power) - power * part
    mean = share / exponent if exponent > 0.0 else 1.0
    left = carbon * (1.0 - share) + gain * mean
    return left, carbon + gain - left


@njit(**OPTIONS)
def step(pools, fall, multiplier, days, p, rh):
    """Advance the pools by one step and set the mean respiration [g C m-2 d-1]."""
    fresh, passed_on, fast, slow, old = p[FRESH], p[PASSED_ON], p[FAST], p[SLOW], p[OLD]
    metabolic, structural, recalcitrant = pools[0], pools[1], pools[2]
    per_day = 1.0 / days
    for j in range(fall.size):
        exposure = multiplier[j] * days
        litter = fall[j] * days
        gain = fresh[j] * litter
        metabolic[j], lost = decay(metabolic[j], gain, fast[j] * exposure)
        structural[j], broken = decay(structural[j], litter - gain, slow[j] * exposure)
        passed = passed_on[j] * broken
        recalcitrant[j], respired = decay(recalcitrant[j], passed, old[j] * exposure)
        rh[j] = (lost + (broken - passed) + respired) * per_day


@njit(**OPTIONS)
def balance(pools, fall, mean_multiplier, mean_days, p, exposure, rh):
    """Set the pools at the start of a year that repeats itself for ever; see `periodic_pools`."""
    exposure[:] = 0.0
    for m in range(mean_days.size):
        add(exposure, mean_multiplier[m], mean_days[m])
    begin = np.zeros_like(pools)
    for known in (2, 3):
        pools[:] = begin
        for m in range(mean_days.size):
            step(pools, fall, mean_multiplier[m], mean_days[m], p, rh)
        for i in range(2 * (known - 2), known):
            end, rate, steady = pools[i], p[FAST + i], begin[i]
            for j in range(fall.size):
                power, part = exponential_parts(-(rate[j] * exposure[j]))
                steady[j] = end[j] / ((1.0 - power) - power * part)
    pools[:] = begin


@njit(**OPTIONS)
def add(total, rate, days):
    """Add a rate over some days to a total."""
    for j in range(total.size):
        total[j] += rate[j] * days


@njit(**OPTIONS)
def mean_year(values, count, mean):
    """Set the mean year of the first `count` years."""
    mean[:] = 0.0
    for m in range(mean.shape[0]):
        for y in range(count):
            add(mean[m], values[y * mean.shape[0] + m], 1.0)
        mean[m] /= count


@njit(**OPTIONS)
def litterfall(total, year_ago, days, litter):
    """Set the mean net production of the year before a step, from totals now and a year ago."""
    per_day = 1.0 / days
    for j in range(litter.size):
        litter[j] = max((total[j] - year_ago[j]) * per_day, 0.0)


@njit(**OPTIONS)
def exchange(npp, litter, days, gpp, ra, rh, live, reco, nee, live_series):
    """Set respiration and net exchange of the ecosystem, and its live carbon at the end of a step."""
    for j in range(npp.size):
        live[j] += (npp[j] - litter[j]) * days
        live_series[j] = live[j]
        released = ra[j] + rh[j]
        reco[j] = released
        nee[j] = released - gpp[j]


@njit(**OPTIONS)
def run_block(forcing, p, days, mean_days, span, count, series, start, exposure, cells):
    """Run the slice `cells` of all cells; `p` holds theirs only."""
    time, year, n = days.size, mean_days.size, p.shape[1]
    par, fpar, tmin, vpd, moisture, frozen, ts, top = forcing
    npp, multiplier = np.empty((time, n)), np.empty((time, n))
    mean_npp, mean_multiplier = np.empty((year, n)), np.empty((year, n))
    for t in range(time):
        production(par[t, cells], fpar[t, cells], tmin[t, cells], vpd[t, cells], moisture[t, cells], frozen[t, cells],
                   p, series[GPP, t, cells], series[RA, t, cells], npp[t])  # fmt: skip
        decomposition(ts[t, cells], top[t, cells], p, multiplier[t])
    mean_year(npp, count, mean_npp)
    mean_year(multiplier, count, mean_multiplier)
    total, year_ago, live, pools = np.zeros(n), np.zeros(n), np.zeros(n), np.empty((3, n))
    for m in range(year):
        add(total, mean_npp[m], mean_days[m])
    litter, rh = series[LITTER, 0, cells], series[RH, 0, cells]
    litterfall(total, year_ago, span[year], litter)
    balance(pools, litter, mean_multiplier, mean_days, p, exposure[cells], rh)
    start[:, cells] = pools
    for t in range(time):
        litter, rh = series[LITTER, t, cells], series[RH, t, cells]
        litterfall(total, year_ago, span[t + year] - span[t], litter)
        step(pools, litter, multiplier[t], days[t], p, rh)
        exchange(npp[t], litter, days[t], series[GPP, t, cells], series[RA, t, cells], rh, live,
                 series[RECO, t, cells], series[NEE, t, cells], series[LIVE, t, cells])  # fmt: skip
        series[METABOLIC, t, cells] = pools[0]
        series[STRUCTURAL, t, cells] = pools[1]
        series[RECALCITRANT, t, cells] = pools[2]
        add(total, npp[t], days[t])
        if t < year:
            add(year_ago, mean_npp[t], mean_days[t])
        else:
            add(year_ago, npp[t - year], days[t - year])


@njit(parallel=True, **OPTIONS)
def run_cells(forcing, p, days, mean_days, span, count, series, start, exposure):
    """Run all cells.

    `forcing` is (par, fpar, tmin, vpd, soil moisture, frozen, ts, moisture of the top soil), each (time, cells), `p`
    (parameters, cells), `mean_days` the lengths of the steps of the mean year, `span` the days since a year before the
    start, `count` the years of the mean year; `series` (series, time, cells), `start` (pools, cells) and `exposure`
    (cells) receive the results.
    """
    cells = p.shape[1]
    for b in prange((cells + WIDTH - 1) // WIDTH):
        chosen = slice(b * WIDTH, min((b + 1) * WIDTH, cells))
        run_block(forcing, p[:, chosen].copy(), days, mean_days, span, count, series, start, exposure, chosen)
