"""All plots through all years, compiled: plots over the cores, each on its own from bare ground to the end."""

# The compiler infers the types.
# mypy: allow-untyped-defs

from __future__ import annotations

import numpy as np
from numba import njit, prange

from geocryoai.processes.forest.compilable import compilable, fingerprint
from geocryoai.processes.forest.establishment import AFTER_FIRE_YEARS
from geocryoai.processes.forest.fire import organic_burnt
from geocryoai.processes.forest.floor import (
    FAST_DECAY,
    FAST_NITROGEN,
    MINERAL_NITROGEN,
    MOSS_DENSITY,
    MOSS_SHED,
    ORGANIC_DENSITY,
    SLOW_DECAY,
    SLOW_NITROGEN,
    decay,
    moss_change,
)
from geocryoai.processes.forest.kernel_ground import DROUGHT, FLOODING, GROWING, MOISTURE, SURFACE, THAW, ground_year, water_year
from geocryoai.processes.forest.kernel_trees import (
    AGE,
    COLUMNS,
    DIAMETER,
    FAST,
    SLOW,
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


def build(code: str):
    """Return the compiled run; `code` stands for all that it is compiled from, so that the cache notices changes."""

    @njit(parallel=True, cache=True, error_model="numpy")
    def run_plots(species, plots, choices, climate, fires, states, sizes, out):
        """Run plots through years.

        `species`, `plots` and `choices` are records, `climate` (temperature, precipitation) of shape (years, 12),
        `fires` the severity (years, plots), `states` the random streams (plots,), `sizes` (years of spin-up, most
        trees, marks of the years whose trees are kept). `out` is (thaw (years, 12, plots), totals (years, 4, species,
        plots), yearly (years, 7, plots), born and died (years, 2, plots), species and (diameter, age) of trees).
        """
        temperature, precipitation = climate
        spin_up, most, kept = sizes
        thaw_out, totals_out, yearly_out, flow_out, kinds_out, trees_out = out
        n_species = species.size if code else 0
        for p in prange(plots.size):
            plot, chosen = plots[p], choices[0]
            area = chosen["plot_area"]
            kind, trees, count = np.zeros(most, np.int64), np.zeros((most, COLUMNS)), 0
            memory, summary, thaw = np.zeros(6), np.zeros(5), np.zeros(12)
            memory[MOISTURE] = 1.0
            factors, totals = np.zeros((n_species, 4)), np.zeros((4, n_species))
            layers, above, burnt = np.zeros(LAYERS), np.zeros(LAYERS + 1), np.zeros(n_species)
            litter, moss, slow, fast, since = np.zeros(2), 0.0, 0.0, 0.0, AFTER_FIRE_YEARS
            for y in range(temperature.shape[0]):
                born, died, severity = 0, 0, fires[y, p]
                if severity > 0.0:
                    burnt[:] = 0.0
                    left = burn(species, kind, trees, count, severity, area, states, p, burnt)
                    died, count, since, moss = count - left, left, 0, 0.0
                    share = 1.0 - organic_burnt(severity, summary[FLOODING])
                    slow, fast = slow * share, fast * share
                    tally(species, kind, trees, count, area, totals)
                leaves = totals[1].sum()
                organic, carpet = (slow + fast) / ORGANIC_DENSITY, moss / MOSS_DENSITY
                ground_year(plot, temperature[y], chosen["daily_sd"], leaves, carpet, organic, memory, thaw, summary)
                water_year(plot, temperature[y], precipitation[y], organic, memory, summary)
                site_multipliers(species, summary, factors)
                litter[:] = 0.0
                canopy(species, kind, trees, count, area, layers, above)
                demand = potential_growth(species, kind, trees, count, factors, above, chosen["extinction"])
                slow_lost = slow * decay(summary[SURFACE], summary[FLOODING], SLOW_DECAY)
                fast_lost = fast * decay(summary[SURFACE], summary[FLOODING], FAST_DECAY)
                nitrogen = (
                    MINERAL_NITROGEN * summary[SURFACE] / 1000.0 * min(max(summary[THAW] - organic, 0.1), 1.0)
                    + SLOW_NITROGEN * slow_lost + FAST_NITROGEN * fast_lost
                )
                supply = min(nitrogen * area / demand, 1.0) if demand > 0.0 else 1.0
                grow(species, kind, trees, count, factors, above, chosen["extinction"], supply, litter)
                left = thin(species, kind, trees, count, states, p, litter)
                died, count = died + count - left, left
                more = establish(
                    species, kind, trees, count, factors, above, chosen, supply, organic, totals[0], burnt, states, p
                )
                born, count = more - count, more
                since += 1
                if since >= AFTER_FIRE_YEARS:
                    burnt[:] = 0.0
                slow += litter[SLOW] / area + MOSS_SHED * moss - slow_lost
                fast += litter[FAST] / area - fast_lost
                moss += moss_change(moss, leaves, litter[FAST] / area, summary[DROUGHT])
                tally(species, kind, trees, count, area, totals)
                if y >= spin_up:
                    r = y - spin_up
                    thaw_out[r, :, p] = thaw
                    totals_out[r, :, :, p] = totals
                    yearly_out[r, 0, p], yearly_out[r, 1, p] = (slow + fast) / ORGANIC_DENSITY, moss / MOSS_DENSITY
                    yearly_out[r, 2, p], yearly_out[r, 3, p] = summary[GROWING], summary[DROUGHT]
                    yearly_out[r, 4, p], yearly_out[r, 5, p], yearly_out[r, 6, p] = summary[FLOODING], supply, severity
                    flow_out[r, 0, p], flow_out[r, 1, p] = born, died
                if kept[y] >= 0:
                    keep_trees(kind, trees, count, kinds_out[kept[y], p], trees_out[kept[y], :, p])

    return run_plots


run_plots = build(fingerprint())
