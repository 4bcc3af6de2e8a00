"""A fine map and a coarse product made one: the known answer of a Gaussian, exact for no error, and its ledger."""

from __future__ import annotations

import numpy as np
import pytest

from geocryoai.core.errors import CubeError
from geocryoai.cube.scale import block_mean, make_coherent
from geocryoai.products.reconcile import reconcile


@pytest.fixture
def maps() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Two layers of a fine map with errors and gaps, and a coarse product with errors."""
    lots = np.random.default_rng(0)
    fine, sd = lots.normal(size=(2, 6, 9)), lots.uniform(0.2, 1.5, (2, 6, 9))
    fine[0, 1, 1] = fine[1, 4, 7] = np.nan
    return fine, sd, lots.normal(size=(2, 2, 3)), lots.uniform(0.1, 0.6, (2, 2, 3))


def dense(x: np.ndarray, cov: np.ndarray, row: np.ndarray, y: float, error: float) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and standard deviations by the precision form of the posterior."""
    precision = np.linalg.inv(cov) + np.outer(row, row) / error**2
    mean = np.linalg.solve(precision, np.linalg.solve(cov, x) + row * y / error**2)
    return mean, np.sqrt(np.diag(np.linalg.inv(precision)))


@pytest.mark.physics
@pytest.mark.parametrize("common", [0.0, 0.6])
@pytest.mark.parametrize("weighted", [False, True])
def test_the_posterior_is_that_of_a_gaussian(maps, common: float, weighted: bool):
    fine, sd, coarse, coarse_sd = maps
    weights = np.random.default_rng(1).uniform(0.1, 1.0, (6, 9)) if weighted else np.ones((6, 9))
    answer = reconcile(fine, sd, coarse, coarse_sd, 3, common=common, weights=weights)
    for layer in range(2):
        for i in range(2):
            for j in range(3):
                block = layer, slice(3 * i, 3 * i + 3), slice(3 * j, 3 * j + 3)
                known = np.isfinite(fine[block])
                x, s, w = fine[block][known], sd[block][known], weights[block[1:]][known]
                cov = np.outer(s, s) * (common + (1 - common) * np.eye(len(s)))
                mean, left = dense(x, cov, w / w.sum(), coarse[layer, i, j], coarse_sd[layer, i, j])
                assert np.allclose(answer.mean[block][known], mean)
                assert np.allclose(answer.sd[block][known], left)
    assert np.array_equal(np.isnan(answer.mean), np.isnan(fine))
    assert np.all(answer.sd[np.isfinite(fine)] <= sd[np.isfinite(fine)] + 1e-12)


@pytest.mark.physics
def test_a_product_without_error_is_met_exactly(maps):
    fine, sd, coarse, coarse_sd = maps
    answer = reconcile(fine, sd, coarse, 0 * coarse_sd, 3, common=0.3)
    assert np.allclose(block_mean(answer.mean, 3), coarse, rtol=1e-9)
    assert np.allclose(answer.after, coarse, rtol=1e-9)
    assert np.allclose(answer.weight, 1.0)
    alike = reconcile(fine, np.ones_like(sd), coarse, 0 * coarse_sd, 3)
    assert np.allclose(alike.mean, make_coherent(fine, coarse, 3), equal_nan=True)


@pytest.mark.physics
def test_a_useless_product_and_a_certain_map_change_nothing(maps):
    fine, sd, coarse, coarse_sd = maps
    assert np.allclose(reconcile(fine, sd, coarse, 0 * coarse_sd + 1e9, 3).mean, fine, equal_nan=True)
    certain = reconcile(fine, 0 * sd, coarse, coarse_sd, 3)
    assert np.array_equal(certain.mean, fine, equal_nan=True)
    silent = reconcile(fine, sd, np.full_like(coarse, np.nan), coarse_sd, 3)
    assert np.array_equal(silent.mean, fine, equal_nan=True)
    assert np.allclose(silent.sd, np.where(np.isfinite(fine), sd, np.nan), equal_nan=True)
    assert silent.ledger() == {"cells": 0.0}


@pytest.mark.physics
def test_the_ledger_says_how_far_it_moved_and_whether_the_two_agree():
    lots = np.random.default_rng(2)
    truth = np.zeros((60, 60))
    sd, product_sd = np.full((60, 60), 0.8), np.full((20, 20), 0.3)
    fine = truth + np.kron(lots.normal(size=(20, 20)), np.ones((3, 3))) * 0.8
    product = block_mean(truth, 3) + lots.normal(size=(20, 20)) * 0.3
    ledger = reconcile(fine, sd, product, product_sd, 3, common=1.0).ledger()
    assert ledger["cells"] == 400
    assert ledger["surprise"] == pytest.approx(1.0, abs=0.1)
    assert ledger["mean_weight"] == pytest.approx(0.64 / 0.73)
    assert ledger["rms_gap_after"] == pytest.approx(ledger["rms_gap_before"] * 0.09 / 0.73)
    assert ledger["mean_move"] == pytest.approx(ledger["mean_gap_before"] - ledger["mean_gap_after"])
    biased = reconcile(fine, sd, product + 5.0, product_sd, 3, common=1.0).ledger()
    assert biased["surprise"] > 4
    assert biased["largest_move"] > 4


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"coarse": np.zeros((3, 3))}, "do not fit each other"),
        ({"fine_sd": np.full((4, 4), -1.0)}, "a standard error is negative"),
        ({"fine_sd": np.full((4, 4), np.nan)}, "a value has no standard error"),
        ({"coarse_sd": np.full((2, 2), np.nan)}, "a value has no standard error"),
        ({"common": 1.5}, "not from 0 to 1"),
        ({"factor": 3}, "do not fill whole coarse cells"),
        ({"fine_sd": np.zeros((4, 4)), "coarse_sd": np.zeros((2, 2))}, "contradicts a product without error"),
    ],
)
def test_what_does_not_fit_is_refused(change: dict[str, object], said: str):
    given = {
        "fine": np.zeros((4, 4)),
        "fine_sd": np.ones((4, 4)),
        "coarse": np.ones((2, 2)),
        "coarse_sd": np.ones((2, 2)),
    }
    with pytest.raises(CubeError, match=said):
        reconcile(**{**given, "factor": 2, **change})
