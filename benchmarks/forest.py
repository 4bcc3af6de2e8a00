"""Forest and thaw: the compiled model against the same code run by Python, tree by tree, in one run.

Also: a hectare (100 plots, nine species) through 300 years, and how the time grows with the number of plots up to a
square kilometre (10 000 plots). ``FOREST_SMALL=1`` takes a tenth of the plots.
"""

from __future__ import annotations

import os
import time

import numpy as np
from numba import get_num_threads

from geocryoai.processes.forest import (
    FAIRBANKS,
    ForestClimate,
    ForestOptions,
    Terrain,
    mean_year_climate,
    simulate_forest,
    species_table,
)
from geocryoai.processes.forest.kernel import run_plot
from geocryoai.processes.forest.simulate import kernel_arguments

YEARS = 300
OPTIONS = ForestOptions(spin_up_years=0)


def hills(side: int) -> Terrain:
    """Return a square of made-up hills with `side` plots along an edge."""
    y, x = np.mgrid[0:side, 0:side] / 20.0
    slope = 15.0 + 14.0 * np.sin(x) * np.cos(y)
    return Terrain(slope.ravel(), (180.0 + 170.0 * np.sin(x + y)).ravel(), 64.8)


def climate(years: int) -> ForestClimate:
    """Return random years about the mean year of Fairbanks."""
    return mean_year_climate(*FAIRBANKS, np.arange(1, years + 1), seed=1)


def timed(terrain: Terrain, years: int) -> tuple[float, float, float]:
    """Return wall time, time of the cores [s] and tree-years of a run."""
    weather = climate(years)
    begin = time.perf_counter(), time.process_time()
    result = simulate_forest(weather, terrain, options=OPTIONS)
    spent = time.perf_counter() - begin[0], time.process_time() - begin[1]
    return *spent, float(result.stems.sum(dtype=np.float64))


def against_python(plots: int = 2, years: int = 60) -> float:
    """Print and return how many times less of a core's time the compiled model takes than Python."""
    terrain, weather = hills(10).take(slice(0, plots)), climate(years)
    arguments = kernel_arguments(weather, terrain, species_table(), OPTIONS, 0)
    species, records, choices, series, fires, states, sizes, out = arguments
    begin = time.process_time()
    with np.errstate(over="ignore"):
        for p in range(plots):
            run_plot(species, records[p], choices[0], series, fires[p], states, p, sizes, out)
    plain = time.process_time() - begin
    repeated = min(timed(terrain, years)[1] for _ in range(5))
    result = simulate_forest(weather, terrain, options=OPTIONS)
    same = np.array_equal(out[3], np.stack([result.born, result.died], axis=1))
    apart = float(np.abs(out[1][:, 2] - result.biomass).max())
    print(f"{plots} plots x {years} years: Python {plain:.2f} s, compiled {1000 * repeated:.1f} ms of a core; "
          f"the same trees born and dead: {same}; masses differ by {apart:.0e} kg m-2")  # fmt: skip
    return plain / repeated


def main() -> None:
    """Run all parts."""
    timed(hills(2), 2)
    part = 0.1 if os.environ.get("FOREST_SMALL") else 1.0
    areas, costs = [], []
    for plots in (100, 1_000, 10_000):
        side = max(round(np.sqrt(plots * part)), 2)
        wall, cores, trees = timed(hills(side), YEARS)
        areas.append(side * side)
        costs.append(cores)
        print(f"{side * side / 100:8.2f} ha x {YEARS} years x 9 species: {wall:.2f} s by the clock on "
              f"{get_num_threads()} threads, {cores:.2f} core-seconds, {trees / cores / 1e6:.2f} million tree-years "
              f"per core-second")  # fmt: skip
    exponent = np.polyfit(np.log(areas), np.log(costs), 1)[0]
    print(f"core time grows with the area to the power {exponent:.2f}")
    ratio = against_python()
    print(f"forest ratio={ratio:.0f} to the same code run by Python, tree by tree, per core-second")


if __name__ == "__main__":
    main()
