"""The forest model over many plots and years."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from geocryoai.core.errors import ModelError
from geocryoai.processes.forest.climate import ForestClimate
from geocryoai.processes.forest.fire import fire_severities
from geocryoai.processes.forest.options import ForestOptions
from geocryoai.processes.forest.random import streams, uniform_series
from geocryoai.processes.forest.records import YEARLY, choice_record, plot_records
from geocryoai.processes.forest.result import ForestResult, Trees
from geocryoai.processes.forest.species import Species, species_table
from geocryoai.processes.forest.terrain import Terrain


def simulate_forest(
    climate: ForestClimate,
    terrain: Terrain,
    *,
    species: Species | None = None,
    options: ForestOptions | None = None,
    seed: int = 0,
) -> ForestResult:
    """Grow forests from bare ground, coupled to the thaw of the ground below them.

    Each year of each plot: thaw month by month under last year's canopy, moss and organic layer; water; fire; what
    warmth, water, light, nitrogen, thaw and flooding leave of each tree's growth; deaths; young trees; litter, moss and
    decay. The same seed gives the same forest, however many threads run and however the plots are split into parts.

    Parameters
    ----------
    climate : ForestClimate
    terrain : Terrain
        One entry per plot; `Terrain.replicated` repeats places with other random numbers.
    species : Species, optional
        Of `species_table`; all nine by default.
    options : ForestOptions, optional
    seed : int, default 0
        Start of all random numbers, >= 0.

    Returns
    -------
    ForestResult

    Raises
    ------
    ModelError
        The seed is negative, or years named in the options are not in the climate.

    Examples
    --------
    >>> from geocryoai.processes.forest import FAIRBANKS, ForestOptions, Terrain, mean_year_climate
    >>> climate = mean_year_climate(*FAIRBANKS, range(1990, 2001))
    >>> result = simulate_forest(climate, Terrain(5.0, 0.0, 64.8), options=ForestOptions(spin_up_years=20))
    >>> result.biomass.shape
    (11, 9, 1)
    """
    from geocryoai.processes.forest.kernel import run_plots

    kinds, chosen = species or species_table(), options or ForestOptions()
    arguments = kernel_arguments(climate, terrain, kinds, chosen, seed)
    run_plots(*arguments)
    thaw, totals, yearly, flows, standing, sizes = arguments[-1]
    stock = dict(zip(("basal_area", "lai", "biomass", "stems"), totals.swapaxes(0, 1), strict=True))
    tables = dict(zip(YEARLY, yearly.swapaxes(0, 1), strict=True))
    trees = Trees(np.array(sorted(set(chosen.tree_years)), np.int64), standing, sizes[:, 0], sizes[:, 1])
    return ForestResult(
        years=climate.years, species=kinds, terrain=terrain, thaw_depth=thaw, born=flows[:, 0], died=flows[:, 1],
        trees=trees, plot_area=chosen.plot_area, **stock, **tables,
    )  # fmt: skip


def kernel_arguments(
    climate: ForestClimate, terrain: Terrain, species: Species, options: ForestOptions, seed: int
) -> tuple[Any, ...]:
    """Return what the compiled model is called with, checked; its last member is the tables that it fills."""
    if seed < 0:
        raise ModelError("the seed is negative", where="seed", found=seed, expected=">= 0")
    for name, named in (("fire_years", options.fire_years), ("tree_years", options.tree_years)):
        absent = sorted(set(named) - set(climate.years.tolist()))
        if absent:
            raise ModelError("a year is not in the climate", where=name, found=absent[0],
                             expected=f"{climate.years[0]} to {climate.years[-1]}")  # fmt: skip
    places = climate.temperature.shape[0] if climate.temperature.ndim == 3 else 1
    if np.asarray(terrain.climate).max() >= places:
        raise ModelError("a plot has a climate that is not there", where="Terrain.climate",
                         found=int(np.asarray(terrain.climate).max()), expected=f"less than {places}")  # fmt: skip
    order = np.concatenate([_drawn_years(climate, options, seed), np.arange(climate.years.size)])
    stands, of_stand = np.unique(np.asarray(terrain.stand), return_inverse=True)
    calendar = climate.years[0] - options.spin_up_years + np.arange(order.size)
    fires = fire_severities(seed, stands, calendar, options.fire_interval, dict(options.fire_years))
    kept, tree_years = np.full(order.size, -1), np.array(sorted(set(options.tree_years)), np.int64)
    kept[options.spin_up_years + tree_years - climate.years[0]] = np.arange(tree_years.size)
    years, plots = climate.years.size, len(terrain)
    tables = (
        np.zeros((years, 12, plots), np.float32),
        np.zeros((years, 4, len(species), plots), np.float32),
        np.zeros((years, len(YEARLY), plots), np.float32),
        np.zeros((years, 2, plots), np.int32),
        np.full((tree_years.size, plots, options.capacity), -1, np.int16),
        np.zeros((tree_years.size, 2, plots, options.capacity), np.float32),
    )
    return (
        species.table, plot_records(terrain), choice_record(options),
        (*_placed(climate, order), np.asarray(terrain.climate)), np.ascontiguousarray(fires[:, of_stand].T),
        streams(seed, np.asarray(terrain.number), purpose=0), (options.spin_up_years, options.capacity, kept), tables,
    )  # fmt: skip


def _placed(climate: ForestClimate, order: NDArray[np.int64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return temperature and precipitation with the spin-up before them, shape (places, all years, 12)."""
    both = (climate.temperature, climate.precipitation)
    temperature, precipitation = (a if a.ndim == 3 else a[None] for a in both)
    return temperature[:, order], precipitation[:, order]


def _drawn_years(climate: ForestClimate, options: ForestOptions, seed: int) -> NDArray[np.int64]:
    """Return the places of the years of the climate that make up the spin-up, the same for all plots."""
    sample = min(options.spin_up_sample, climate.years.size)
    draws = uniform_series(streams(seed, np.zeros(1, np.int64), purpose=2), options.spin_up_years)[:, 0]
    return (draws * sample).astype(np.int64)
