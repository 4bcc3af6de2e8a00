"""The forest model as a whole: plausible forests, fire and thaw, conservation, the same for the same seed."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import numpy as np
import pytest

from geocryoai.core.errors import ModelError
from geocryoai.processes.forest import (
    FAIRBANKS,
    ForestClimate,
    ForestOptions,
    ForestResult,
    Terrain,
    mean_year_climate,
    simulate_forest,
    species_table,
)
from geocryoai.processes.forest.kernel import run_plot
from geocryoai.processes.forest.simulate import kernel_arguments

#: Places of `hillside`, as its terrain has them.
FLAT, NORTH, SOUTH, LOESS = 0, 1, 2, 3
HARDWOODS = [3, 4, 5]


def share(result: ForestResult, place: int, years: slice, species: list[int]) -> float:
    """Return the share of some species in the mass at a place."""
    mass = result.biomass[years][:, :, place::4].sum(axis=(0, 2))
    return float(mass[species].sum() / mass.sum())


def tonnes(result: ForestResult, place: int, years: slice) -> float:
    """Return the mean mass of trees at a place [t ha-1]."""
    return float(10 * result.biomass[years][:, :, place::4].sum(axis=1).mean())


@pytest.mark.physics
def test_cold_wet_ground_carries_black_spruce_over_shallow_thaw(hillside: ForestResult) -> None:
    mature = slice(80, 150)
    assert share(hillside, FLAT, slice(100, 300), [0]) > 0.75
    assert share(hillside, NORTH, slice(200, 300), [0]) > 0.5
    assert 20 < tonnes(hillside, FLAT, mature) < 60
    assert 40 < tonnes(hillside, NORTH, mature) < 110
    late = hillside.active_layer[200:]
    assert 0.4 < late[:, FLAT::4].mean() < 0.75
    assert 0.4 < late[:, NORTH::4].mean() < 0.75
    organic = hillside.organic_depth[200:]
    assert 0.15 < organic[:, FLAT::4].mean() < 0.35


@pytest.mark.physics
def test_warm_slopes_carry_hardwoods_and_white_spruce_without_shallow_permafrost(hillside: ForestResult) -> None:
    assert share(hillside, SOUTH, slice(60, 150), HARDWOODS) > 0.6
    assert share(hillside, SOUTH, slice(60, 300), [0]) < 0.1
    assert share(hillside, SOUTH, slice(250, 300), [1]) > 2 * share(hillside, SOUTH, slice(60, 100), [1])
    assert 60 < tonnes(hillside, SOUTH, slice(80, 150)) < 200
    assert hillside.active_layer[100:, SOUTH::4].mean() > 2.0
    assert hillside.drought[:, SOUTH::4].mean() > hillside.drought[:, FLAT::4].mean()


@pytest.mark.physics
def test_white_spruce_follows_hardwoods_on_warm_silt(hillside: ForestResult) -> None:
    assert share(hillside, LOESS, slice(30, 60), HARDWOODS) > 0.6
    assert share(hillside, LOESS, slice(200, 300), HARDWOODS) < 0.1
    assert share(hillside, LOESS, slice(150, 300), [1]) > 0.55
    assert share(hillside, LOESS, slice(150, 300), [1]) > 1.5 * share(hillside, LOESS, slice(150, 300), [0])
    assert share(hillside, NORTH, slice(200, 300), [1]) < 0.35
    assert 70 < tonnes(hillside, LOESS, slice(100, 300)) < 200
    assert hillside.active_layer[200:, LOESS::4].mean() > hillside.active_layer[200:, NORTH::4].mean() + 0.2


@pytest.mark.physics
def test_thaw_gets_shallower_as_the_forest_builds_its_floor(hillside: ForestResult) -> None:
    flat = hillside.active_layer[:, FLAT::4].mean(axis=1)
    assert flat[:10].mean() > flat[250:].mean() + 0.4
    floor = hillside.organic_depth[:, FLAT::4].mean(axis=1)
    assert floor[0] < 0.01 < 0.1 < floor[150]


def test_individuals_are_conserved_every_year(hillside: ForestResult) -> None:
    assert np.array_equal(hillside.change, (hillside.born - hillside.died)[1:])
    first = np.rint(hillside.stems[0].sum(axis=0)).astype(int)
    assert np.array_equal(first, hillside.born[0] - hillside.died[0])
    assert (hillside.stems.sum(axis=1) <= 128).all()
    for place, year in enumerate(hillside.trees.years):
        standing = (hillside.trees.species[place] >= 0).sum(axis=1)
        assert np.array_equal(standing, hillside.stems[year - 1800].sum(axis=0).astype(int))
        assert np.array_equal(hillside.trees.diameter[place] > 0, hillside.trees.species[place] >= 0)


def test_nothing_is_missing_or_negative(hillside: ForestResult) -> None:
    for field in fields(hillside):
        value = getattr(hillside, field.name)
        if isinstance(value, np.ndarray):
            assert np.isfinite(value).all(), field.name
            assert (value >= 0).all(), field.name
    for name in ("drought", "flooding", "nitrogen", "fire"):
        assert getattr(hillside, name).max() <= 1.0
    thaw = hillside.thaw_depth
    assert (thaw[:, [0, 1, 11]] == 0).all()
    assert (np.diff(thaw[:, 4:9, FLAT::4], axis=1) >= 0).all()
    assert (hillside.trees.age.max(axis=(1, 2)) <= [101, 300]).all()


@pytest.fixture(scope="module")
def burnt() -> ForestResult:
    """Flat plots that burn severely once."""
    climate = mean_year_climate(*FAIRBANKS, np.arange(1900, 2101), seed=2)
    options = ForestOptions(spin_up_years=150, fire_years={1950: 0.95})
    return simulate_forest(climate, Terrain(3.0, 0.0, 64.8).replicated(30), options=options, seed=5)


@pytest.mark.physics
def test_thaw_deepens_after_fire_and_recovers_over_decades(burnt: ForestResult) -> None:
    thaw = burnt.active_layer.mean(axis=1)
    before, soon, late = thaw[30:50].mean(), thaw[52:62].max(), thaw[-20:].mean()
    assert soon > before + 0.25
    assert late < before + 0.5 * (soon - before)
    after = thaw[51:]
    half = np.flatnonzero(after[np.argmax(after) :] < 0.5 * (soon + before))[0]
    assert 10 < half < 110
    assert burnt.organic_depth[50].mean() < 0.4 * burnt.organic_depth[49].mean()
    assert burnt.fire[50].min() == pytest.approx(0.95)
    assert burnt.died[50].sum() > 0.9 * burnt.stems[49].sum()
    assert burnt.moss_depth[50].max() < 1e-3


def test_hardwoods_gain_from_fire(burnt: ForestResult) -> None:
    mass = burnt.biomass.mean(axis=2)
    hardwood = mass[:, 2:].sum(axis=1) / mass.sum(axis=1)
    assert hardwood[60:80].mean() > hardwood[30:50].mean()


def test_fires_come_as_often_as_asked_and_burn_whole_stands() -> None:
    climate = mean_year_climate(*FAIRBANKS, np.arange(1001, 2001))
    terrain = Terrain(np.full(6, 5.0), 0.0, 64.8, stand=np.array([0, 0, 1, 1, 2, 2]))
    options = ForestOptions(spin_up_years=0, fire_interval=100.0, capacity=8)
    fire = simulate_forest(climate, terrain, options=options, seed=1).fire
    assert np.array_equal(fire[:, ::2], fire[:, 1::2])
    assert not np.array_equal(fire[:, 0], fire[:, 2])
    assert (fire > 0).mean() == pytest.approx(0.01, abs=0.006)
    assert ((fire == 0) | (fire >= 0.3)).all()


def small(**changes: Any) -> ForestResult:
    climate = mean_year_climate(*FAIRBANKS, np.arange(1980, 2021), seed=3)
    options = ForestOptions(spin_up_years=30, fire_interval=60.0)
    terrain = Terrain(np.linspace(0, 30, 12), np.linspace(0, 350, 12), 64.8)
    return simulate_forest(climate, **{"terrain": terrain, "options": options, "seed": 11, **changes})


def test_the_same_seed_gives_the_same_forest_and_another_one_another() -> None:
    first, again, other = small(), small(), small(seed=12)
    assert np.array_equal(first.biomass, again.biomass)
    assert np.array_equal(first.thaw_depth, again.thaw_depth)
    assert not np.array_equal(first.biomass, other.biomass)


def test_parts_of_the_plots_give_what_all_of_them_give() -> None:
    terrain = Terrain(np.linspace(0, 30, 12), np.linspace(0, 350, 12), 64.8)
    whole = small()
    for part in (slice(0, 5), slice(5, 12), [3, 1]):
        alone = small(terrain=terrain.take(part))
        assert np.array_equal(alone.biomass, whole.biomass[:, :, part])
        assert np.array_equal(alone.thaw_depth, whole.thaw_depth[:, :, part])
        assert np.array_equal(alone.fire, whole.fire[:, part])


def test_threads_do_not_change_the_forest() -> None:
    import numba

    before = numba.get_num_threads()
    whole = small()
    try:
        numba.set_num_threads(1)
        assert np.array_equal(small().biomass, whole.biomass)
    finally:
        numba.set_num_threads(before)


def test_the_compiled_model_is_the_one_that_python_runs() -> None:
    climate = mean_year_climate(*FAIRBANKS, np.arange(2000, 2030), seed=3)
    terrain, options = Terrain(10.0, 200.0, 64.8), ForestOptions(spin_up_years=0, fire_years={2012: 0.8})
    compiled = simulate_forest(climate, terrain, options=options, seed=11)
    species, plots, choices, weather, fires, states, sizes, out = kernel_arguments(
        climate, terrain, species_table(), options, 11
    )
    with np.errstate(over="ignore"):
        run_plot(species, plots[0], choices[0], weather, fires[0], states, 0, sizes, out)
    assert np.array_equal(out[3], np.stack([compiled.born, compiled.died], axis=1))
    assert out[1][:, 2] == pytest.approx(compiled.biomass, rel=1e-5)
    assert out[0] == pytest.approx(compiled.thaw_depth, rel=1e-5)
    assert compiled.biomass[-1].sum() > 0


def test_warming_deepens_the_thaw() -> None:
    years = np.arange(1950, 2101)
    options = ForestOptions(spin_up_years=150)
    result = [
        simulate_forest(
            mean_year_climate(*FAIRBANKS, years, warming=w, seed=4), Terrain(5.0, 0.0, 64.8).replicated(10),
            options=options,
        ).active_layer[-20:].mean()
        for w in (np.zeros(151), np.linspace(0.0, 4.0, 151))
    ]  # fmt: skip
    assert result[1] > result[0] + 0.1


def test_a_place_too_cold_for_trees_stays_bare() -> None:
    climate = mean_year_climate(np.array(FAIRBANKS[0]) - 12.0, FAIRBANKS[1], np.arange(2000, 2030))
    result = simulate_forest(climate, Terrain(0.0, 0.0, 70.0), options=ForestOptions(spin_up_years=10))
    assert result.biomass.max() == 0.0
    assert result.thaw_depth.max() < 1.0


def test_elevation_cools() -> None:
    low, high = (small(terrain=Terrain(0.0, 0.0, 64.8, elevation=h)).degree_days.mean() for h in (0.0, 500.0))
    assert high < low - 300


def test_a_climate_is_checked() -> None:
    years = np.arange(2000, 2003)
    tas, pr = np.zeros((3, 12)), np.ones((3, 12))
    gap = tas.copy()
    gap[1, 4] = np.nan
    with pytest.raises(ModelError, match=r"temperature \[degC\]: a value is missing.*nan at index \(1, 4\)"):
        ForestClimate(years, gap, pr)
    with pytest.raises(ModelError, match=r"precipitation \[mm\]: a value is too small; found -1 at index \(0, 0\)"):
        ForestClimate(years, tas, np.where(np.arange(12) == 0, -1.0, pr))
    with pytest.raises(ModelError, match="do not follow one another; found 2005 after 2001; expected 2002"):
        ForestClimate(np.array([2000, 2001, 2005]), tas, pr)
    with pytest.raises(ModelError, match="do not follow one another"):
        ForestClimate(years[::-1], tas, pr)
    with pytest.raises(ModelError, match="another shape"):
        ForestClimate(years, tas[:2], pr)
    with pytest.raises(ModelError, match="whole numbers"):
        ForestClimate(years.astype(float), tas, pr)
    with pytest.raises(ModelError, match="twelve months"):
        mean_year_climate([1.0], [1.0], years)


def test_a_terrain_is_checked() -> None:
    with pytest.raises(ModelError, match=r"slope \[degree\].*found 95; expected 0 to 90"):
        Terrain(95.0, 0.0, 65.0)
    with pytest.raises(ModelError, match="aspect"):
        Terrain(5.0, -10.0, 65.0)
    with pytest.raises(ModelError, match="different number"):
        Terrain([1.0, 2.0], [1.0, 2.0, 3.0], 65.0)
    with pytest.raises(ModelError, match=r"texture is not known; found 'slit'\. Did you mean 'silt'"):
        Terrain(5.0, 0.0, 65.0, texture="slit")
    with pytest.raises(ModelError, match="same number"):
        Terrain([1.0, 2.0], 0.0, 65.0, number=np.array([3, 3]))
    with pytest.raises(ModelError, match="at least one replicate"):
        Terrain(5.0, 0.0, 65.0).replicated(0)


def test_options_are_checked() -> None:
    with pytest.raises(ModelError, match="capacity"):
        ForestOptions(capacity=0)
    with pytest.raises(ModelError, match="fire_interval"):
        ForestOptions(fire_interval=0.5)
    with pytest.raises(ModelError, match="severity"):
        ForestOptions(fire_years={1990: 1.5})
    with pytest.raises(ModelError, match="fire_years: a year is not in the climate; found 1850; expected 1980 to 2020"):
        small(options=ForestOptions(fire_years={1850: 0.5}))
    with pytest.raises(ModelError, match="seed is negative"):
        small(seed=-1)


def test_one_species_alone() -> None:
    result = small(species=species_table(["PICEmari"]))
    assert result.biomass.shape[1] == 1
    assert result.biomass[-1].sum() > 0
