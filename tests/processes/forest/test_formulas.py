"""Equations of trees, light, ground, water and floor against known answers."""

from __future__ import annotations

import numpy as np
import pytest

from geocryoai.core.errors import ModelError
from geocryoai.processes.degree_days import positive_part_mean
from geocryoai.processes.forest import species_table
from geocryoai.processes.forest.allometry import (
    diameter_under_crown,
    leaf_area,
    optimal_increment,
    stem_mass,
    tree_height,
)
from geocryoai.processes.forest.fire import fire_death
from geocryoai.processes.forest.floor import MOSS_LOSS, MOSS_PRODUCTION, decay, moss_change
from geocryoai.processes.forest.ground import (
    DEEPEST,
    LATENT,
    MOSS_THAWED,
    ORGANIC_THAWED,
    ORGANIC_WATER,
    conductivity_frozen,
    conductivity_thawed,
    freeze_n_factor,
    frost_depth,
    thaw_depth,
    thaw_n_factor,
)
from geocryoai.processes.forest.kernel_ground import mean_above
from geocryoai.processes.forest.light import LAYERS, add_crown, leaf_area_above, light_below, sum_from_top
from geocryoai.processes.forest.mortality import age_death
from geocryoai.processes.forest.multipliers import (
    degree_day_multiplier,
    growth_multiplier,
    light_multiplier,
    nitrogen_multiplier,
    permafrost_multiplier,
    tolerance_multiplier,
)
from geocryoai.processes.forest.radiation import sky_radiation, slope_ratio
from geocryoai.processes.forest.random import poisson, streams, uniform, uniform_series
from geocryoai.processes.forest.water import potential_evaporation
from geocryoai.processes.stefan import layered_stefan

SPECIES = species_table().table


@pytest.mark.physics
@pytest.mark.parametrize("s", SPECIES, ids=species_table().codes)
def test_a_tree_in_yearly_steps_follows_the_integral_of_its_growth(s: np.void) -> None:
    span = (s["diameter_max"], s["height_max"], s["height_slope"], s["growth_rate"])
    end = 0.8 * s["diameter_max"]
    grid = np.linspace(1.5, end, 20_001)
    slowness = 1.0 / optimal_increment(grid, *span)
    years = float(np.sum(0.5 * (slowness[1:] + slowness[:-1]) * np.diff(grid)))
    diameter = 1.5
    for step in [1.0] * int(years) + [years % 1.0]:
        diameter += step * float(optimal_increment(diameter, *span))
    assert diameter == pytest.approx(end, rel=0.06)
    assert 5 < years < 300


@pytest.mark.physics
def test_the_increment_adds_what_leaves_earn_to_the_volume_index() -> None:
    d, dmax, hmax, slope, g = 17.0, 60.0, 40.0, 1.356, 1.3
    step = 1e-6
    rate = float(optimal_increment(d, dmax, hmax, slope, g))
    volume = [x * x * tree_height(x, hmax, slope) for x in (d, d + step * rate)]
    earned = g * d * d * (1 - d * tree_height(d, hmax, slope) / (dmax * hmax))
    assert (volume[1] - volume[0]) / step == pytest.approx(earned, rel=1e-5)


def test_height_and_increment_at_their_limits() -> None:
    assert tree_height(0.0, 30.0, 1.2) == pytest.approx(1.3)
    assert tree_height(1e4, 30.0, 1.2) == pytest.approx(30.0)
    assert optimal_increment(60.0, 50.0, 30.0, 1.2, 1.0) == 0.0
    assert diameter_under_crown(20.0, 15.0, 0.0, 1.2) == pytest.approx(20.0)
    assert diameter_under_crown(20.0, 15.0, 15.0, 1.2) == 0.0
    assert leaf_area(10.0, 0.33) == pytest.approx(33.0)


@pytest.mark.physics
def test_a_stem_is_a_solid_of_revolution_of_wood() -> None:
    cylinder = np.pi * 0.1**2 * 10.0 * 430.0
    assert stem_mass(20.0, 10.0, 0.43, 1e9) == pytest.approx(cylinder, rel=1e-6)
    assert stem_mass(20.0, 10.0, 0.43, 1.0) == pytest.approx(cylinder / 3.0, rel=1e-6)


@pytest.mark.physics
def test_light_below_known_leaf_areas() -> None:
    layers, above = np.zeros((2, LAYERS)), np.zeros((2, LAYERS + 1))
    add_crown(layers, 2.0, 12.0, 3.0, 1.0)
    add_crown(layers, 5.5, 8.5, 1.5, 0.0)
    sum_from_top(layers, above)
    assert layers.sum(axis=1) == pytest.approx([4.5, 3.0 + 0.8 * 1.5])
    assert above[:, 0] == pytest.approx([4.5, 4.2])
    assert leaf_area_above(above, 7.0, 0.0) == pytest.approx(3.0 * 0.5 + 1.5 * 0.5)
    assert leaf_area_above(above, 7.0, 1.0) == pytest.approx(3.0 * 0.5 + 0.8 * 1.5 * 0.5)
    assert leaf_area_above(above, 12.0, 0.0) == pytest.approx(0.0)
    assert leaf_area_above(above, 1e3, 1.0) == 0.0
    assert light_below(above[0, 0], 0.4) == pytest.approx(np.exp(-1.8))


def test_multipliers_at_their_limits() -> None:
    assert degree_day_multiplier(np.array([0.0, 330.0, 756.0, 5000.0]), 330.0, 756.0, 1000.0) == pytest.approx(
        [0, 0, 1, 1]
    )
    rising = degree_day_multiplier(np.linspace(330, 756, 50), 330.0, 756.0, 1000.0)
    assert (np.diff(rising) > 0).all()
    assert tolerance_multiplier(np.array([0.0, 0.3, 0.4, 1.0]), 0.4) == pytest.approx([1, 0.5, 0, 0])
    for s in SPECIES:
        curve = (s["light_scale"], s["light_rate"], s["light_compensation"])
        assert light_multiplier(1.0, *curve) == pytest.approx(1.0, abs=0.015)
        assert light_multiplier(s["light_compensation"], *curve) == 0.0
        nitrogen = (s["nitrogen_constant"], s["nitrogen_linear"], s["nitrogen_square"])
        assert nitrogen_multiplier(1.0, *nitrogen) == pytest.approx(1.0, abs=0.025)
        assert nitrogen_multiplier(2.0, *nitrogen) == nitrogen_multiplier(1.0, *nitrogen)
        assert nitrogen_multiplier(0.0, *nitrogen) == (1.0 if s["nitrogen_linear"] == 0 else 0.0)
    assert growth_multiplier(0.9, 0.8, 0.5, 0.7, 0.5, 0.4) == pytest.approx(0.1)


def test_permafrost_hurts_the_intolerant_more_and_never_with_deeper_thaw() -> None:
    depth = np.linspace(0.0, 2.0, 201)
    spruce, aspen = (
        permafrost_multiplier(depth, s["thaw_shallow"], s["thaw_middle"], s["thaw_middle_slope"])
        for s in species_table(["PICEmari", "POPUtrem"]).table
    )
    assert (spruce >= aspen).all()
    assert (np.diff(spruce) >= 0).all()
    assert (np.diff(aspen) >= 0).all()
    assert spruce[50] == pytest.approx(0.64)
    assert aspen[50] == pytest.approx(0.247)
    assert spruce[0] == aspen[0] == 0.0
    assert spruce[-1] == aspen[-1] == 1.0


def test_shade_tolerant_trees_lead_in_the_shade_and_follow_in_the_open() -> None:
    spruce, aspen = (
        [light_multiplier(x, s["light_scale"], s["light_rate"], s["light_compensation"]) for x in (0.15, 0.95)]
        for s in species_table(["PICEmari", "POPUtrem"]).table
    )
    assert spruce[0] > 1.5 * aspen[0]
    assert aspen[1] >= spruce[1]


@pytest.mark.physics
@pytest.mark.parametrize(("organic", "heat"), [(0.0, 5e7), (0.2, 1e7), (0.2, 9e7), (0.35, 6e7)])
def test_thaw_of_ground_that_froze_through_is_layered_stefan(organic: float, heat: float) -> None:
    depth = thaw_depth(heat, 0.0, organic, 0.35, 1.1, 2.0, 1.0)
    expected = layered_stefan(heat / 86400.0, [organic, 0.0], [ORGANIC_THAWED, 1.1], [ORGANIC_WATER, 0.35])
    assert depth == pytest.approx(float(expected), rel=1e-12)


@pytest.mark.physics
def test_moss_is_a_resistance() -> None:
    heat, moss = 6e7, 0.05
    resistance = moss / MOSS_THAWED
    expected = 1.1 * (np.sqrt(resistance**2 + 2 * heat / (1.1 * LATENT * 0.35)) - resistance)
    assert thaw_depth(heat, moss, 0.0, 0.35, 1.1, 2.0, 1.0) == pytest.approx(expected, rel=1e-9)


def test_heat_left_when_the_seasonal_frost_is_gone_deepens_the_talik() -> None:
    frost = frost_depth(4e7, 0.02, 0.05, 0.2, 1.2)
    assert 0.5 < frost < 1.5
    table = frost + 0.8
    before = thaw_depth(1e6, 0.02, 0.05, 0.2, 0.9, frost, table)
    after = thaw_depth(2e8, 0.02, 0.05, 0.2, 0.9, frost, table)
    assert before < frost
    assert table < after < DEEPEST
    assert thaw_depth(1e12, 0.0, 0.05, 0.2, 0.9, frost, table) == DEEPEST
    assert thaw_depth(0.0, 0.0, 0.0, 0.2, 0.9, 0.0, 1.7) == pytest.approx(1.7)


@pytest.mark.physics
def test_n_factors_and_kersten_against_published_values() -> None:
    assert [thaw_n_factor(x) for x in (0.0, 0.625, 1.0)] == pytest.approx([0.62, 0.77, 0.92])
    assert [freeze_n_factor(x) for x in (0.0, 1.0)] == pytest.approx([0.38, 0.36])
    fine = 0.1442 * (0.9 * np.log10(20.0) - 0.2) * 10 ** (0.01 * 1250 * 0.06243)
    assert conductivity_thawed(0.25, 1250.0, 0.0) == pytest.approx(fine)
    assert 1.0 < conductivity_frozen(0.39, 1250.0, 0.0) / conductivity_thawed(0.39, 1250.0, 0.0) < 2.5
    assert conductivity_frozen(0.20, 1600.0, 1.0) > conductivity_thawed(0.20, 1600.0, 1.0)


@pytest.mark.physics
def test_degree_days_in_machine_form_are_those_of_the_package() -> None:
    mean = np.linspace(-30, 30, 61)
    here = [mean_above(t, 5.0, 4.0) for t in mean]
    assert here == pytest.approx(positive_part_mean(mean - 5.0, 4.0), abs=1e-12)


@pytest.mark.physics
def test_radiation_of_flat_ground_and_slopes() -> None:
    equator = sky_radiation(0.0)
    assert equator[2] == pytest.approx(37.8, abs=0.5)
    assert sky_radiation(65.0)[5] == pytest.approx(41.5, abs=1.0)
    assert sky_radiation(80.0)[11] == pytest.approx(0.0, abs=1e-6)
    assert slope_ratio(65.0, 0.0, 123.0) == pytest.approx(np.ones(12))
    north, east, south, west = slope_ratio(65.0, 20.0, [0.0, 90.0, 180.0, 270.0])[:, 5]
    assert north < east < south
    assert east == pytest.approx(west, abs=1e-3)
    assert slope_ratio(-65.0, 20.0, 0.0)[11] > 1.0


def test_evaporation_needs_warmth() -> None:
    assert potential_evaporation(-5.0, 10.0) == 0.0
    assert potential_evaporation(15.7, 18.5) == pytest.approx((0.025 * 15.7 + 0.08) * 18.5 / 2.45)


@pytest.mark.physics
def test_moss_grows_to_a_carpet_that_hardwood_litter_smothers() -> None:
    def carpet(litter: float) -> float:
        moss = 0.0
        for _ in range(400):
            moss += moss_change(moss, 1.5, litter, 0.0)
        return moss

    assert 1.2 < carpet(0.0) <= MOSS_PRODUCTION / MOSS_LOSS + 0.01
    assert carpet(0.3) < 0.15
    assert moss_change(1.0, 1.5, 0.0, 0.2) == pytest.approx(-MOSS_LOSS + 0.001, abs=1e-3)
    assert moss_change(0.0, 9.0, 5.0, 1.0) >= 0.0
    assert decay(1000.0, 0.0, 0.02) == pytest.approx(1 - np.exp(-0.02))


def test_severe_fires_and_thin_bark_kill() -> None:
    assert fire_death(10.0, 0.014, 1.0) > 0.99
    assert fire_death(50.0, 0.022, 0.3) < fire_death(5.0, 0.022, 0.3)


def test_streams_are_uniform_apart_and_reproducible() -> None:
    draws = uniform_series(streams(3, np.arange(50), purpose=0), 2000)
    assert draws.min() >= 0.0
    assert draws.max() < 1.0
    assert draws.mean() == pytest.approx(0.5, abs=0.005)
    assert np.abs(np.corrcoef(draws.T) - np.eye(50)).max() < 0.12
    assert not np.array_equal(draws, uniform_series(streams(4, np.arange(50), purpose=0), 2000))
    assert not np.array_equal(draws, uniform_series(streams(3, np.arange(50), purpose=1), 2000))
    state = streams(3, np.arange(50), purpose=0)
    with np.errstate(over="ignore"):
        assert [uniform(state, 7) for _ in range(5)] == draws[:5, 7].tolist()
        counts = [poisson(state, 3, 1.7) for _ in range(4000)]
    assert np.mean(counts) == pytest.approx(1.7, abs=0.08)
    assert np.var(counts) == pytest.approx(1.7, abs=0.15)


def test_species_by_any_name_and_unknown_ones_with_the_nearest() -> None:
    assert len(species_table()) == 9
    chosen = species_table(["black spruce", "Populus tremuloides", "BETUneoa"])
    assert chosen.codes == ("PICEmari", "POPUtrem", "BETUneoa")
    assert chosen.table["age_max"].tolist() == [250.0, 150.0, 170.0]
    with pytest.raises(ModelError, match=r"not known; found 'PICEmary'\. Did you mean 'PICEmari'\?"):
        species_table(["PICEmary"])
    with pytest.raises(ModelError, match="named twice"):
        species_table(["PICEmari", "black spruce"])
    with pytest.raises(ModelError, match="at least one"):
        species_table([])


@pytest.mark.physics
def test_the_published_share_of_trees_reaches_the_greatest_age() -> None:
    kinds = species_table(["PICEglau", "POPUtrem"]).table
    assert kinds["old_age_share"].tolist() == [0.001, 0.0001]
    alive = (1.0 - age_death(kinds["age_max"], kinds["old_age_share"])) ** kinds["age_max"]
    assert alive == pytest.approx([0.001, 0.0001])
