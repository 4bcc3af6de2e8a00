"""The ground of the simulated world: soil, isotherm, and what the columns say about thaw, freeze-up and permafrost."""

from __future__ import annotations

import numpy as np
import pytest

from geocryoai.twin.cover import make_cover
from geocryoai.twin.ground import CURTAIN_DEPTHS, DEPTHS, of_cells, run_columns
from geocryoai.twin.parameters import true_parameters
from geocryoai.twin.soil import ground_grid, ground_soil
from geocryoai.twin.surface import Intervals
from geocryoai.twin.thaw import isotherm
from geocryoai.twin.truth import Truth


def latitude(truth: Truth) -> np.ndarray:
    return truth.landscape.flat(truth.landscape.lat)


def test_the_grid_has_centres_every_five_centimetres() -> None:
    grid = ground_grid()
    np.testing.assert_allclose(grid.depth[1:20], np.arange(1, 20) * 0.05)
    assert grid.edges[-1] == pytest.approx(15.0)
    assert (np.diff(grid.thickness) > -1e-12)[1:].all()


def test_the_organic_layer_has_its_thickness_on_any_grid(default_truth: Truth) -> None:
    truth = default_truth
    soil = ground_soil(truth.parameters, truth.cover.organic_depth)
    solids = np.concatenate([material.values("capacity_frozen") for material in soil.materials])[soil.index]
    water = np.concatenate([material.values("water_content") for material in soil.materials])[soil.index]
    organic = (1.35e6 - (solids - 1.93e6 * water)) / (1.35e6 - 0.25e6)
    np.testing.assert_allclose(organic.T @ soil.grid.thickness, truth.cover.organic_depth, atol=1e-9)


@pytest.mark.physics
def test_the_isotherm_lies_where_the_gradient_ends() -> None:
    depth = np.array([0.0, 0.1, 0.2, 0.3, 0.4])
    t = np.array([[4.0, 2.4, 0.8, 0.0, -1.0], [-1.0, -2.0, -2.0, -3.0, -3.0], [9.0, 5.0, 3.0, 0.0, 0.0]])[:, :, None]
    np.testing.assert_allclose(isotherm(t, depth)[:, 0], [0.25, 0.0, 0.3])


def test_the_isotherm_leaves_thawed_ground_below_permafrost_out() -> None:
    depth = np.array([0.0, 0.1, 0.2, 0.3])
    winter = np.array([[-8.0, -1.0, -0.1, 0.2]])[:, :, None]
    above = np.array([[True, True, False, False]])[:, :, None]
    assert isotherm(winter, depth, above) == 0
    assert isotherm(winter, depth) == pytest.approx(0.3)


def test_active_layer_is_that_of_alaska(default_truth: Truth) -> None:
    alt, lat = default_truth.ground.alt, latitude(default_truth)
    assert np.isfinite(alt).mean() > 0.9
    low, high = np.nanquantile(alt, [0.001, 0.95])
    assert 0.1 < low < high < 1.5
    assert 0.3 < np.nanmean(alt[:, lat > 69.0]) < 0.65
    assert np.nanmedian(alt[:, lat < 65.5]) > np.nanmedian(alt[:, lat > 69.0]) + 0.2
    assert 0.03 < np.nanmedian(np.nanstd(alt, axis=0)) < 0.12
    thickening = 100 * np.polyfit(np.arange(33), np.nanmedian(alt, axis=1), 1)[0]
    assert 0.05 < thickening < 1.0


def test_thaw_grows_through_summer_and_ends_at_the_active_layer(default_truth: Truth) -> None:
    ground = default_truth.ground
    thaw = ground.thaw.reshape(33, 12, -1)
    assert (np.diff(thaw[:, 5:8], axis=1) > -0.06).mean() > 0.95
    held = np.isfinite(ground.alt) & (ground.alt < 1.2)
    reached = thaw.max(axis=1)[held] / ground.alt[held]
    assert reached.max() <= 1
    assert np.median(reached) > 0.9
    assert (ground.unfrozen >= 0).all()


def test_permafrost_is_cold_in_the_north_and_warm_in_the_south(default_truth: Truth) -> None:
    ground, lat = default_truth.ground, latitude(default_truth)
    magt = ground.magt.mean(axis=0)
    assert -11 < magt[lat > 69.5].mean() < -5
    assert -4 < magt[lat < 65.5].mean() < 0
    assert 0.05 < 10 * np.polyfit(np.arange(33), ground.magt.mean(axis=1), 1)[0] < 0.9
    np.testing.assert_array_equal(np.isnan(ground.alt), (ground.permafrost == 0) | (ground.talik == 1))


def test_the_wave_of_the_year_is_damped_and_delayed_with_depth(default_truth: Truth) -> None:
    tg = default_truth.ground.tg.reshape(33, 12, len(DEPTHS), -1).mean(axis=(0, 3))
    swing = tg.max(axis=0) - tg.min(axis=0)
    assert (np.diff(swing) < 0).all()
    assert tg[:, DEPTHS.index(0.1)].argmax() <= 7 <= tg[:, DEPTHS.index(1.0)].argmax()


def test_freeze_up_takes_weeks_and_longer_below(default_truth: Truth) -> None:
    ground = default_truth.ground
    duration = ground.curtain_duration
    assert np.nanmin(duration) >= 0
    means = np.nanmean(duration, axis=(0, 2))
    assert means[0] < means[1] < 120
    assert means[CURTAIN_DEPTHS.index(0.3)] > 15
    assert 230 < np.nanmean(ground.curtain_start[:, 0]) < 310
    thaws = ground.alt[:-1] > 0.7
    assert np.isfinite(ground.curtain_start[:-1, CURTAIN_DEPTHS.index(0.3)][thaws]).mean() > 0.95


@pytest.mark.physics
def test_heat_is_conserved_in_the_columns_of_the_truth(default_truth: Truth) -> None:
    truth, cells = default_truth, np.arange(0, 140, 10)
    parameters = of_cells(truth.parameters, cells)
    result = run_columns(
        parameters,
        truth.cover.organic_depth[cells],
        truth.weather,
        cells,
        truth.systems,
        truth.days[:24],
        Intervals.daily(truth.days[:24]),
    )
    assert result.energy_error().max() < 1e-9


def test_more_snow_conductivity_is_colder_and_thicker_peat_thaws_less(default_truth: Truth) -> None:
    from dataclasses import replace

    truth, cells = default_truth, np.array([40, 40, 40])
    parameters = of_cells(truth.parameters, cells)
    changed = replace(parameters, snow_conductivity=np.array([1.0, 2.0, 1.0]))
    peat = np.array([0.1, 0.1, 0.4])
    result = run_columns(
        changed, peat, truth.weather, cells, truth.systems, truth.days[:24], Intervals.even(truth.days[:24])
    )
    plain, colder, shallower = result.yearly.alt_isotherm[-1]
    assert result.yearly.mean[-1, -8, 1] < result.yearly.mean[-1, -8, 0] - 0.5
    assert shallower < 0.8 * plain
    assert colder < plain


def test_parameters_are_hidden_from_the_coarse_model_by_construction(default_truth: Truth) -> None:
    landscape = default_truth.landscape
    from geocryoai.twin.options import TwinOptions

    options = TwinOptions.model_validate({"resolution": 48_000.0, "width": 10, "height": 16, "seed": 9})
    cover = make_cover(options, landscape, default_truth.climate)
    other = true_parameters(options, landscape, cover)
    assert not np.allclose(other.light_use, default_truth.parameters.light_use)
