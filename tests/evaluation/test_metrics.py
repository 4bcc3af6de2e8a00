"""Scores against values worked out by hand or in closed form."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import norm

from geocryoai.core.errors import ModelError
from geocryoai.evaluation import METRICS
from geocryoai.evaluation.bootstrap import equal_weights
from geocryoai.evaluation.crps import crps_normal, crps_quantiles
from geocryoai.evaluation.metrics import Pairs, score
from geocryoai.models.contract import QUANTILES, Prediction


def pairs(observed, mean, sd=1.0):
    prediction = Prediction.normal(np.asarray(mean, float), np.full(len(mean), float(sd)))
    return Pairs(np.asarray(observed, float), prediction.mean, prediction.sd, prediction.quantiles)


def value(name, *args, weights=None):
    return score(METRICS.get(name), pairs(*args), weights)


def test_errors_by_hand():
    observed, mean = [1.0, 2.0, 3.0, 6.0], [2.0, 2.0, 2.0, 2.0]
    assert value("rmse", observed, mean) == pytest.approx(np.sqrt(18 / 4))
    assert value("mae", observed, mean) == pytest.approx(1.5)
    assert value("bias", observed, mean) == pytest.approx(-1.0)
    assert value("r2", observed, mean) == pytest.approx(1 - 18 / 14)
    assert value("r2", observed, observed) == 1.0
    assert value("r2", observed, [3.0] * 4) == pytest.approx(0.0)


def test_r2_survives_a_large_offset_and_is_undefined_for_constants():
    observed = np.array([1.0, 2.0, 3.0]) + 1e7
    assert value("r2", observed, observed + np.array([0.1, 0.0, -0.1])) == pytest.approx(1 - 0.02 / 2, abs=1e-6)
    assert np.isnan(value("r2", [5.0, 5.0], [4.0, 6.0]))


def test_site_equal_weights_by_hand():
    site = np.array(["a", "a", "a", "b"])
    weights = equal_weights(site)
    assert weights.tolist() == pytest.approx([1 / 3, 1 / 3, 1 / 3, 1.0])
    assert value("mae", [0.0, 0.0, 0.0, 0.0], [1.0, 1.0, 1.0, 5.0], weights=weights) == pytest.approx(3.0)


@pytest.mark.physics
@pytest.mark.parametrize(("y", "mean", "sd"), [(0.0, 0.0, 1.0), (1.3, 0.2, 0.7), (-4.0, 2.0, 0.5)])
def test_crps_normal_is_the_integral(y, mean, sd):
    below = quad(lambda x: norm.cdf(x, mean, sd) ** 2, mean - 12 * sd, y)[0] if y > mean - 12 * sd else 0.0
    above = quad(lambda x: norm.sf(x, mean, sd) ** 2, y, mean + 12 * sd, limit=200)[0]
    got = crps_normal(np.array([y]), np.array([mean]), np.array([sd]))
    assert got == pytest.approx([below + above], rel=1e-6)


@pytest.mark.physics
def test_crps_of_the_standard_normal_at_its_mean():
    assert crps_normal(np.zeros(1), np.zeros(1), np.ones(1)) == pytest.approx([(np.sqrt(2) - 1) / np.sqrt(np.pi)])
    assert crps_normal(np.array([3.0]), np.array([1.0]), np.zeros(1)) == pytest.approx([2.0])


@pytest.mark.physics
@pytest.mark.parametrize("y", [-0.5, 0.0, 0.03, 0.4, 0.5, 0.99, 2.0])
def test_crps_quantiles_of_a_uniform_distribution(y):
    inside = min(max(y, 0.0), 1.0)
    exact = (inside**3 + (1 - inside) ** 3) / 3 + abs(y - inside)
    assert crps_quantiles(np.array([y]), np.array([QUANTILES])) == pytest.approx([exact])


def test_crps_quantiles_is_near_the_normal_and_is_the_error_of_a_point():
    y = np.linspace(-3, 3, 61)
    levels = np.repeat(norm.ppf(QUANTILES)[None], len(y), axis=0)
    assert crps_quantiles(y, levels) == pytest.approx(crps_normal(y, np.zeros(61), np.ones(61)), abs=0.03)
    assert crps_quantiles(np.array([4.0]), np.full((1, 5), 1.5)) == pytest.approx([2.5])


@pytest.mark.physics
def test_a_perfect_forecaster_is_covered_at_the_nominal_rate():
    rng = np.random.default_rng(0)
    mean, sd = rng.normal(size=20000), rng.uniform(0.5, 2.0, 20000)
    prediction = Prediction.normal(mean, sd)
    perfect = Pairs(rng.normal(mean, sd), prediction.mean, prediction.sd, prediction.quantiles)
    assert score(METRICS.get("coverage90"), perfect) == pytest.approx(0.9, abs=0.01)
    assert score(METRICS.get("coverage50"), perfect) == pytest.approx(0.5, abs=0.015)
    assert score(METRICS.get("interval_width"), perfect) == pytest.approx(2 * 1.6449 * sd.mean(), rel=1e-4)
    wide = Prediction.normal(mean, 3 * sd)
    loose = Pairs(perfect.observed, wide.mean, wide.sd, wide.quantiles)
    for name in ("crps", "crps_normal", "interval_score"):
        assert score(METRICS.get(name), perfect) < score(METRICS.get(name), loose)


def test_interval_score_by_hand():
    quantiles = np.array([[1.0, 2.0, 3.0, 4.0, 5.0]] * 3)
    p = Pairs(np.array([3.0, 0.5, 7.0]), np.full(3, 3.0), np.ones(3), quantiles)
    assert METRICS.get("interval_score").columns(p)[:, 0] == pytest.approx([4.0, 4.0 + 10.0, 4.0 + 40.0])
    assert score(METRICS.get("coverage90"), p) == pytest.approx(1 / 3)


def test_nan_poisons():
    with pytest.raises(ModelError, match=r"observed: a value to be scored is not finite; found 1 of 2 rows"):
        pairs([1.0, np.nan], [1.0, 2.0])
    with pytest.raises(ModelError, match="rmse: nothing to score"):
        value("rmse", [], [])
