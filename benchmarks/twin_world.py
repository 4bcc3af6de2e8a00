"""Truth of the simulated Alaska: the whole ground against its columns alone, and where the time goes.

From a sample of cells of the default world, all years. The ground is weather within the months, spin-up, columns in
steps of two days, and what is kept of them; the reference is the bare run of the same columns with everything prepared.
"""

from __future__ import annotations

import resource
import time

import numpy as np

from geocryoai.core.calendar import days_in_month, month_axis
from geocryoai.processes.column import Forcing, Options, simulate_column
from geocryoai.processes.snow import snow_conductivity
from geocryoai.twin.climate import make_climate
from geocryoai.twin.cover import make_cover
from geocryoai.twin.ground import make_ground, of_cells
from geocryoai.twin.landscape import make_landscape
from geocryoai.twin.options import TwinOptions
from geocryoai.twin.parameters import true_parameters
from geocryoai.twin.soil import ground_soil
from geocryoai.twin.surface import Intervals, Systems, make_surface
from geocryoai.twin.weather import Weather, make_weather

#: Every so many cells are taken.
EVERY = 20


def main() -> None:
    """Print the seconds of both, the projection to the whole world, and the ratio."""
    options = TwinOptions()
    landscape = make_landscape(options)
    climate = make_climate(landscape)
    cover = make_cover(options, landscape, climate)
    weather = make_weather(options, landscape, climate)
    days = days_in_month(month_axis(options.first_year, options.last_year))
    systems = Systems(options, landscape, float(days.sum()))
    cells = np.arange(0, landscape.cells, EVERY)[:96]
    parameters = of_cells(true_parameters(options, landscape, cover), cells)
    organic = cover.organic_depth[cells]
    sample = Weather(*(getattr(weather, name)[:, cells] for name in ("tas", "pr", "rsds", "vp")))

    def whole() -> None:
        make_ground(parameters, organic, sample, systems.of_cells(cells), days)

    intervals = Intervals.even(days)
    surface = make_surface(weather, cells, systems, intervals, days)
    forcing = Forcing(
        intervals.days,
        temperature=surface.temperature,
        snow_depth=surface.snow_depth,
        snow_density=surface.snow_density,
        snow_conductivity=snow_conductivity(surface.snow_density) * parameters.snow_conductivity,
        n_thaw=parameters.n_thaw,
        year=intervals.month // 12,
    )
    soil = ground_soil(parameters, organic)
    bare_options = Options(step=4.0, snow_cells=2, knots=128, tolerance=1e-4, profile=False)

    def bare() -> None:
        simulate_column(forcing, soil, -5.0, bare_options)

    bare()
    seconds, busy = {}, {}
    for name, run in (("bare columns", bare), ("ground of the truth", whole)):
        begin = time.perf_counter(), time.process_time()
        run()
        seconds[name], busy[name] = time.perf_counter() - begin[0], time.process_time() - begin[1]
        rate = len(cells) * len(options.years) / seconds[name]
        print(f"{name}: {seconds[name]:.2f} s for {len(cells)} cells of 33 years, {rate:.0f} column-years/s, "
              f"{busy[name]:.2f} s of all cores")  # fmt: skip
    projected = seconds["ground of the truth"] * landscape.cells / len(cells)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(
        f"all {landscape.cells} cells of the default world: {projected:.0f} s projected; peak of this run {peak:.2f} GB"
    )
    ratio = busy["bare columns"] / busy["ground of the truth"]
    print("against, by the time of all cores: the bare columns, without weather, spin-up (10 of 43 years) and summary")
    print(f"twin_world ratio={ratio:.2f}")


if __name__ == "__main__":
    main()
