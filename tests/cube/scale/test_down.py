"""Refinement: coarse means kept exactly, identity at one to one, better than naive ways, bad input refused."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter, zoom

from geocryoai.core.errors import CubeError
from geocryoai.core.grid import Grid
from geocryoai.cube.overlap import overlap_shares
from geocryoai.cube.scale import (
    Covariance,
    area_to_point,
    block_mean,
    dasymetric,
    fit_covariance,
    make_coherent,
    project,
    pycnophylactic,
    registration,
    spread,
)
from geocryoai.cube.scale.variogram import block_covariance

FACTOR = 5


def smooth(seed: int, shape: tuple[int, int], width: float) -> np.ndarray:
    field = gaussian_filter(np.random.default_rng(seed).normal(size=shape), width, mode="wrap")
    return (field - field.mean()) / field.std()


@pytest.fixture(scope="module")
def scene() -> tuple[np.ndarray, np.ndarray]:
    """Twelve fine layers that follow a covariate and vary smoothly besides, and the covariate."""
    relief = smooth(0, (100, 80), 3.0)
    level = np.linspace(-20, 12, 12)
    layers = [level[k] - 2.0 * relief + smooth(k + 1, (100, 80), 8.0) for k in range(12)]
    return np.stack(layers), relief


def within(truth: np.ndarray, refined: np.ndarray) -> float:
    """Error of what differs inside the coarse cells."""
    apart = (refined - spread(block_mean(refined, FACTOR), FACTOR)) - (
        truth - spread(block_mean(truth, FACTOR), FACTOR)
    )
    return float(np.sqrt(np.mean(apart**2)))


def bilinear(coarse: np.ndarray) -> np.ndarray:
    return np.stack([zoom(layer, FACTOR, order=1, mode="nearest", grid_mode=True) for layer in coarse])


@pytest.mark.physics
def test_degrade_and_recover_beats_bilinear_and_nearest(scene):
    truth, relief = scene
    coarse = block_mean(truth, FACTOR)
    refined = area_to_point(coarse, FACTOR, relief[None])
    assert np.abs(block_mean(refined.mean, FACTOR) / coarse - 1).max() < 1e-6
    ours, line, flat = (within(truth, way) for way in (refined.mean, bilinear(coarse), spread(coarse, FACTOR)))
    assert refined.slopes[0, 0] == pytest.approx(-2.0, abs=0.15)
    assert ours < 0.35 * line < 0.4 * flat
    plain = area_to_point(coarse, FACTOR)
    assert ours < within(truth, plain.mean) < line


def test_the_stated_error_is_about_right_without_covariates():
    truth = np.stack([smooth(k, (120, 120), 6.0) for k in range(6)])
    refined = area_to_point(block_mean(truth, FACTOR), FACTOR)
    scaled = (refined.mean - truth) / refined.sigma
    assert 0.2 < float(np.sqrt(np.mean(scaled**2))) < 1.5


def test_one_to_one_is_the_identity(scene):
    truth, relief = scene
    np.testing.assert_allclose(area_to_point(truth, 1, relief[None]).mean, truth, rtol=1e-12, atol=1e-12)
    np.testing.assert_array_equal(pycnophylactic(truth[0], 1), truth[0])
    np.testing.assert_allclose(dasymetric(truth[0], np.abs(relief), 1), truth[0], rtol=1e-12)
    np.testing.assert_array_equal(spread(truth, 1), truth)


def test_missing_coarse_cells_stay_missing_and_the_rest_is_kept(scene):
    truth, relief = scene
    coarse = block_mean(truth, FACTOR)
    coarse[:, 3, 4] = np.nan
    coarse[2, :2] = np.nan
    refined = area_to_point(coarse, FACTOR, relief[None])
    np.testing.assert_array_equal(np.isnan(block_mean(refined.mean, FACTOR)), np.isnan(coarse))
    known = np.isfinite(coarse)
    np.testing.assert_allclose(block_mean(refined.mean, FACTOR)[known], coarse[known], rtol=1e-9)
    np.testing.assert_array_equal(np.isnan(refined.sigma), np.isnan(refined.mean))


def test_groups_have_slopes_of_their_own():
    relief = smooth(0, (50, 50), 2.0)
    slopes = np.array([1.0, -3.0] * 6)
    truth = slopes[:, None, None] * relief + np.arange(12)[:, None, None]
    refined = area_to_point(block_mean(truth, FACTOR), FACTOR, relief[None], groups=[0, 1] * 6)
    np.testing.assert_allclose(refined.slopes[:, 0], [1.0, -3.0], rtol=1e-9)
    np.testing.assert_allclose(refined.mean, truth, atol=1e-8)


def test_a_covariate_that_says_nothing_gets_no_slope(scene):
    truth, relief = scene
    other = smooth(77, relief.shape, 3.0)
    refined = area_to_point(block_mean(truth, FACTOR), FACTOR, np.stack([other, relief]))
    assert refined.slopes[0, 0] == 0
    assert refined.slopes[0, 1] == pytest.approx(-2.0, abs=0.15)


def test_known_slopes_serve_where_cells_are_few():
    relief = smooth(0, (10, 10), 2.0)
    truth = np.array([-1.0, 2.0, 0.5] * 4)[:, None, None] + -6.5 * relief
    refined = area_to_point(block_mean(truth, FACTOR), FACTOR, relief[None], slopes=[-6.5])
    np.testing.assert_allclose(refined.mean, truth, atol=1e-9)


def test_weights_say_what_the_coarse_mean_is_taken_over(scene):
    truth, relief = scene
    land = (np.random.default_rng(3).uniform(size=relief.shape) > 0.3).astype(float)
    coarse = block_mean(truth, FACTOR, land)
    refined = area_to_point(coarse, FACTOR, relief[None], weights=land)
    np.testing.assert_allclose(block_mean(refined.mean, FACTOR, land), coarse, rtol=1e-9)


def test_positive_quantities_stay_positive():
    coarse = np.abs(smooth(1, (12, 12), 1.0))[None] * 0.1
    coarse[0, 3, 3] = 0.0
    refined = area_to_point(coarse, FACTOR, smooth(2, (60, 60), 2.0)[None] * 5, non_negative=True)
    assert refined.mean.min() >= 0
    np.testing.assert_allclose(block_mean(refined.mean, FACTOR), coarse, atol=1e-12)


@pytest.mark.physics
def test_the_point_covariance_is_found_under_the_averaging():
    cells, along, length = 24, 8, 1.2
    axis = np.fft.fftfreq(cells * along) * cells * along / along
    kernel = np.exp(-np.hypot(*np.meshgrid(axis, axis)) / length)
    power = np.maximum(np.fft.fft2(kernel).real, 0)
    noise = np.random.default_rng(5).normal(size=(40, cells * along, cells * along))
    points = np.fft.ifft2(np.fft.fft2(noise) * np.sqrt(power)).real
    fitted = fit_covariance(block_mean(points, along))
    assert fitted.length == pytest.approx(length, rel=0.2)
    assert fitted.sill == pytest.approx(1.0, rel=0.15)


@pytest.mark.physics
def test_block_covariance_is_the_mean_over_pairs_of_points():
    covariance = Covariance(2.0, 0.7)
    at = (np.arange(8) + 0.5) / 8
    inside = np.stack(np.meshgrid(at, at, indexing="ij"), -1).reshape(-1, 2)
    apart = np.hypot(*(inside[:, None] - (inside[None] + np.array([1.0, 2.0]))).T)
    assert block_covariance(covariance, np.array([[1.0, 2.0]]))[0] == pytest.approx(covariance(apart).mean(), rel=1e-12)


def test_a_constant_field_stays_constant():
    refined = area_to_point(np.full((2, 6, 6), 3.5), FACTOR, smooth(0, (30, 30), 2.0)[None])
    np.testing.assert_allclose(refined.mean, 3.5, rtol=1e-12)
    np.testing.assert_array_equal(refined.sigma, 0.0)


def test_pycnophylactic_is_smooth_and_keeps_the_means():
    coarse = smooth(4, (10, 9), 1.0) + 5
    coarse[2, 2] = np.nan
    fine = pycnophylactic(coarse, FACTOR)
    np.testing.assert_allclose(block_mean(fine, FACTOR), coarse, rtol=1e-9)
    rough, flat = (float(np.nansum(np.diff(field, axis=0) ** 2)) for field in (fine, spread(coarse, FACTOR)))
    assert rough < 0.3 * flat
    positive = pycnophylactic(np.where(np.isnan(coarse), 0.1, coarse - 2.5).clip(0), FACTOR, non_negative=True)
    assert positive.min() >= 0


def test_dasymetric_follows_the_carrier_and_keeps_the_means():
    share = np.clip(smooth(6, (40, 40), 2.0), 0, None)
    share[:FACTOR, :FACTOR] = 0.0
    coarse = np.random.default_rng(2).uniform(1, 5, (8, 8))
    fine = dasymetric(coarse, share, FACTOR)
    np.testing.assert_allclose(block_mean(fine, FACTOR), coarse, rtol=1e-9)
    np.testing.assert_allclose(fine[:FACTOR, :FACTOR], coarse[0, 0])
    assert fine[share == 0][30:].max() == 0 or np.all(
        fine[(share == 0) & (spread(block_mean(share, FACTOR), FACTOR) > 0)] == 0
    )


@pytest.mark.physics
def test_projection_is_exact_on_grids_that_do_not_nest():
    fine, coarse = Grid("EPSG:3338", 0.0, 30.0, 1.0, 30, 30), Grid("EPSG:3338", 0.0, 30.0, 7.5, 4, 4)
    from scipy.sparse import csr_array, kron

    rows = overlap_shares(fine.y_edges, coarse.y_edges)
    operator = csr_array(kron(rows, overlap_shares(fine.x_edges, coarse.x_edges), format="csr"))
    start, target = smooth(1, fine.shape, 2.0).ravel(), np.random.default_rng(1).normal(size=16)
    got = project(start, target, operator)
    np.testing.assert_allclose(operator @ got, target, rtol=1e-9)
    np.testing.assert_allclose(project(got, target, operator), got, atol=1e-12)
    stuck = np.where(np.arange(900) == 0, 0.0, 1.0)
    assert project(start, target, operator, stuck)[0] == start[0]


def test_scaling_keeps_zeros_and_adding_keeps_differences():
    fine = np.array([[0.0, 2.0], [4.0, 2.0]])
    np.testing.assert_allclose(make_coherent(fine, [[1.0]], 2, how="scale"), fine / 2)
    np.testing.assert_allclose(make_coherent(fine, [[1.0]], 2), fine - 1)
    np.testing.assert_allclose(make_coherent(np.zeros((2, 2)), [[1.0]], 2, how="scale"), 1.0)
    np.testing.assert_array_equal(make_coherent(fine, [[np.nan]], 2), fine)


def test_a_misplaced_field_is_found_and_a_placed_one_is_not():
    relief = smooth(9, (200, 200), 4.0)
    noise = 0.2 * np.random.default_rng(1).normal(size=(40, 40))
    placed = registration(-3.0 * block_mean(relief, FACTOR) + noise, relief, FACTOR)
    assert not placed.shifted
    moved = np.roll(relief, (-4, 3), axis=(0, 1))
    found = registration(-3.0 * block_mean(moved, FACTOR) + noise, relief, FACTOR)
    assert found.shifted
    assert (found.down, found.right) == (pytest.approx(0.8), pytest.approx(-0.6))
    assert found.best > found.correlation


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: area_to_point(np.zeros((4, 4)), 2), "layers, rows and columns"),
        (lambda: area_to_point(np.ones((1, 4, 4)), 2, np.zeros((1, 4, 4))), "covariates do not fit"),
        (lambda: area_to_point(smooth(0, (2, 2), 0.5)[None], 2, np.zeros((2, 4, 4))), "too few coarse cells to tell"),
        (lambda: area_to_point(np.ones((1, 4, 4)), 2, np.zeros((1, 8, 8)), slopes=[1.0, 2.0]), "slopes do not fit"),
        (lambda: area_to_point(smooth(0, (2, 2), 0.5)[None], 2), "too few coarse cells"),
        (lambda: area_to_point(np.ones((2, 4, 4)), 2, groups=[0]), "one group for each layer"),
        (lambda: area_to_point(np.ones((2, 4, 4)), 0), "factor must be a whole number"),
        (lambda: make_coherent(np.ones((4, 4)), [[1.0]], 2), "do not fit the fine"),
        (lambda: make_coherent(np.ones((2, 2)), [[-1.0]], 2, non_negative=True), "negative"),
        (lambda: dasymetric([[1.0]], [[-1.0, 0.0], [0.0, 0.0]], 2), "share is negative"),
        (lambda: registration(np.ones((4, 4)), np.ones((8, 8)), 2), "too small"),
        (lambda: registration(np.ones((20, 20)), np.ones((40, 40)), 2, most=1), "cannot be compared"),
        (lambda: project([1.0, 2.0], [1.0], np.ones((2, 2))), "does not fit"),
    ],
)
def test_bad_input_is_refused(call, says):
    with pytest.raises(CubeError, match=says):
        call()


def test_contradicting_coarse_values_are_refused():
    from scipy.sparse import csr_array

    twice = csr_array(np.array([[0.5, 0.5], [0.5, 0.5]]))
    with pytest.raises(CubeError, match=r"say the same|contradict"):
        project([1.0, 2.0], [1.0, 3.0], twice)
