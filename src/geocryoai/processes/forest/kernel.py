"""All plots through all years, compiled: plots over the cores, each on its own from bare ground to the end."""

# The compiler infers the types.
# mypy: allow-untyped-defs, allow-untyped-calls

from __future__ import annotations

import numpy as np
from numba import njit, prange

from geocryoai.processes.forest.compilable import compilable, fingerprint
from geocryoai.processes.forest.establishment import AFTER_FIRE_YEARS
from geocryoai.processes.forest.kernel_floor import (
    SINCE,
    burn_floor,
    floor_year,
    moss_depth,
    nitrogen_released,
    organic_depth,
)
from geocryoai.processes.forest.kernel_ground import DROUGHT, FLOODING, GROWING, MOISTURE, ground_year, water_year
from geocryoai.processes.forest.kernel_trees import (
    AGE,
    COLUMNS,
    DIAMETER,
    burn,
    canopy,
    establish,
    grow,
    potential_growth,
    site_multipliers,
    tally,
    thin,
)
from geocryoai.processes.forest.light import LAYERS


@compilable
def keep_trees(kind, trees, count, kinds, sizes):
    """Copy the trees of a plot: species, and diameter [cm] and age [yr]."""
    for j in range(count):
        kinds[j] = kind[j]
        sizes[0, j] = trees[j, DIAMETER]
        sizes[1, j] = trees[j, AGE]


@compilable
def keep_year(out, r, p, thaw, totals, floor, summary, supply, severity, born, died):
    """Copy what a year of a plot ended with into the tables of the result."""
    for m in range(12):
        out[0][r, m, p] = thaw[m]
    for k in range(totals.shape[0]):
        for i in range(totals.shape[1]):
            out[1][r, k, i, p] = totals[k, i]
    yearly, flows = out[2], out[3]
    yearly[r, 0, p], yearly[r, 1, p] = organic_depth(floor), moss_depth(floor)
    yearly[r, 2, p], yearly[r, 3, p], yearly[r, 4, p] = summary[GROWING], summary[DROUGHT], summary[FLOODING]
    yearly[r, 5, p], yearly[r, 6, p] = supply, severity
    flows[r, 0, p], flows[r, 1, p] = born, died


@compilable
def run_plot(species, plot, chosen, climate, fires, states, p, sizes, out):
    """Run one plot from bare ground through all years; arguments as in `run_plots`, `fires` those of the plot."""
    temperature, precipitation = climate[0][climate[2][p]], climate[1][climate[2][p]]
    spin_up, most, kept = sizes
    area, extinction, kinds = chosen["plot_area"], chosen["extinction"], species.size
    kind, trees, count = np.zeros(most, np.int64), np.zeros((most, COLUMNS)), 0
    memory, summary, thaw, floor, litter = np.zeros(6), np.zeros(5), np.zeros(12), np.zeros(6), np.zeros(2)
    memory[MOISTURE], floor[SINCE] = 1.0, AFTER_FIRE_YEARS
    factors, totals, burnt = np.zeros((kinds, 4)), np.zeros((4, kinds)), np.zeros(kinds)
    layers, above = np.zeros((2, LAYERS)), np.zeros((2, LAYERS + 1))
    for y in range(temperature.shape[0]):
        before, severity = count, fires[y]
        if severity > 0.0 or floor[SINCE] >= AFTER_FIRE_YEARS:
            burnt[:] = 0.0
        if severity > 0.0:
            count = burn(species, kind, trees, count, severity, area, states, p, burnt)
            burn_floor(floor, severity, summary[FLOODING])
            tally(species, kind, trees, count, area, totals)
        leaves, organic = totals[1].sum(), organic_depth(floor)
        ground_year(plot, temperature[y], chosen["daily_sd"], leaves, moss_depth(floor), organic, memory, thaw, summary)
        water_year(plot, temperature[y], precipitation[y], organic, memory, summary)
        site_multipliers(species, summary, factors)
        canopy(species, kind, trees, count, area, layers, above)
        demand = potential_growth(species, kind, trees, count, factors, above, extinction)
        released = nitrogen_released(floor, summary) * area
        supply = min(released / demand, 1.0) if demand > 0.0 else 1.0
        litter[:] = 0.0
        grow(species, kind, trees, count, factors, above, extinction, supply, litter)
        count = thin(species, kind, trees, count, states, p, litter)
        died = before - count
        after = establish(
            species, kind, trees, count, factors, above, chosen, supply, organic, totals[0], burnt, states, p
        )
        born, count = after - count, after
        floor_year(floor, litter, area, leaves, summary)
        tally(species, kind, trees, count, area, totals)
        if y >= spin_up:
            keep_year(out, y - spin_up, p, thaw, totals, floor, summary, supply, severity, born, died)
        if kept[y] >= 0:
            keep_trees(kind, trees, count, out[4][kept[y], p], out[5][kept[y], :, p])


def build(code: str):  # type: ignore[no-untyped-def]
    """Return the compiled run; `code` stands for all that it is compiled from, so that the cache notices changes."""

    @njit(parallel=True, cache=True, error_model="numpy")
    def run_plots(species, plots, choices, climate, fires, states, sizes, out):
        """Run plots through years.

        `species`, `plots` and `choices` are records, `climate` (temperature, precipitation) of shape (places, years,
        12) and the place of each plot, `fires` the severity (plots, years), `states` the random streams (plots,),
        `sizes` (years of spin-up, most trees, place of the years whose trees are kept, else -1). `out` is (thaw (years,
        12, plots), totals (years, 4, species, plots), yearly (years, 7, plots), born and died (years, 2, plots),
        species (kept, plots, trees), diameter and age (kept, 2, plots, trees)).
        """
        if code == "":
            return
        for p in prange(plots.size):
            run_plot(species, plots[p], choices[0], climate, fires[p], states, p, sizes, out)

    return run_plots


run_plots = build(fingerprint())
