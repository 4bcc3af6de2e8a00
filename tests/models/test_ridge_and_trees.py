from __future__ import annotations

import numpy as np
import pytest
from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import Ridge as SklearnRidge

from geocryoai.core.errors import ModelError
from geocryoai.models.fake import fake_samples
from geocryoai.models.forest import Forest
from geocryoai.models.linear import Ridge, RidgePath
from geocryoai.models.trees import BoostedTrees, RandomForest


def test_ridge_path_is_the_weighted_ridge_solution():
    rng = np.random.default_rng(0)
    x, w = rng.standard_normal((60, 5)) + 2.0, rng.uniform(0.5, 2.0, 60)
    t = x @ rng.standard_normal(5) + rng.standard_normal(60)
    path = RidgePath.fit(x, t, w, [0.1, 0.001])
    for coef, penalty in zip(path.coef, (0.1, 0.001), strict=True):
        peer = SklearnRidge(alpha=penalty * w.sum()).fit(x, t, sample_weight=w)
        np.testing.assert_allclose(coef, peer.coef_, rtol=1e-8)
    np.testing.assert_allclose(path.predict(x)[1], peer.predict(x), rtol=1e-8)


def test_forest_arrays_answer_as_scikit_learn_does():
    rng = np.random.default_rng(1)
    x = rng.standard_normal((300, 4)).astype(np.float32).astype(float)
    y = np.sin(x[:, 0]) + 0.1 * rng.standard_normal(300)
    fitted = RandomForestRegressor(n_estimators=15, random_state=0).fit(x[:200], y[:200])
    np.testing.assert_allclose(Forest.of(fitted).predict(x), fitted.predict(x), rtol=1e-12)


@pytest.mark.parametrize("kind", [RandomForest, BoostedTrees])
def test_trees_do_not_depend_on_the_number_of_threads(kind):
    samples = fake_samples(n_sites=4, n_years=2)
    options = {"trees": 12, "inner_trees": 6} if kind is RandomForest else {"max_rounds": 3, "folds": 2}
    one, two = (kind(seed=2, threads=threads, **options).fit(samples).predict(samples) for threads in (1, 2))
    np.testing.assert_array_equal(one.mean, two.mean)


@pytest.mark.parametrize("kind", [Ridge, RandomForest, BoostedTrees])
def test_learners_find_the_relation_and_beat_the_mean(kind):
    samples = fake_samples(n_sites=24, n_years=2, site_effect=0.05, seed=5)
    known = samples.site < "S016"
    held = samples.take(~known)
    error = kind().fit(samples.take(known)).predict(held).mean - held.y
    assert np.mean(error**2) < 0.45 * held.y.var()


@pytest.mark.parametrize("kind", [Ridge, RandomForest, BoostedTrees])
def test_lags_are_used_in_the_forecast_task(kind):
    samples = fake_samples(task="forecast", n_sites=20, n_years=4, site_effect=1.5, noise=0.1, seed=5)
    past = samples.time < np.datetime64("2004-01-01")
    learner = kind().fit(samples.take(past))
    held = samples.take(~past)
    error = learner.predict(held).mean - held.y
    assert np.mean(error**2) < 0.2 * 1.5**2


@pytest.mark.parametrize("kind", [Ridge, RandomForest, BoostedTrees])
def test_the_process_anchor_is_a_feature_on_request(kind):
    samples = fake_samples(n_sites=6, n_years=2)
    fast = {Ridge: {}, RandomForest: {"trees": 5, "inner_trees": 5}, BoostedTrees: {"max_rounds": 5}}[kind]
    plain = kind(**fast).fit(samples).state()[0]["columns"]
    anchored = kind(anchors=True, **fast).fit(samples).state()[0]["columns"]
    assert [name for name in anchored if name not in plain] == ["anchor made_up"]


def test_transformed_target_keeps_the_sum_of_a_skewed_target():
    samples = fake_samples(target="alt", n_sites=24, n_years=2, site_effect=1.0, noise=0.8, seed=6)
    learner = Ridge(transform="log", weight_power=0.0).fit(samples)
    assert learner.tuned["factor"] > 1.02
    assert learner.predict(samples).mean.mean() == pytest.approx(samples.y.mean(), rel=0.05)
    with pytest.raises(ModelError, match="log transform needs positive values"):
        Ridge(transform="log").fit(fake_samples(target="nee", n_sites=4))


def test_forest_is_undefined_nowhere_when_a_fold_has_few_rows():
    samples = fake_samples(n_sites=2, n_years=1).take(np.array([0, 1, 12, 13]))
    for kind in (Ridge, RandomForest, BoostedTrees):
        prediction = kind().fit(samples).predict(samples)
        assert samples.y.min() - 1e-9 <= prediction.mean.min() <= prediction.mean.max() <= samples.y.max() + 1e-9
