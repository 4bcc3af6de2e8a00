from __future__ import annotations

import numpy as np
import pytest

from geocryoai.models.conformal import Calibration, conformal_quantiles, intraclass_correlation, row_counts
from geocryoai.models.contract import QUANTILES
from geocryoai.models.fake import fake_samples
from geocryoai.models.folds import group_folds
from geocryoai.models.linear import Ridge
from geocryoai.models.point import Point


def test_quantiles_of_equal_rows_are_split_conformal():
    values = np.random.default_rng(0).permutation(np.arange(1.0, 100.0))
    # 99 values: the p-quantile is the value of rank 100 p.
    np.testing.assert_allclose(conformal_quantiles(values, np.ones(99)), [100 * p for p in QUANTILES])


def test_few_residuals_give_wider_quantiles_than_they_span():
    values = np.array([-1.0, -0.5, 0.0, 0.5, 1.0])
    quantiles = conformal_quantiles(values, np.ones(5))
    assert quantiles[-1] > 1.0
    assert quantiles[0] < -1.0
    assert quantiles[2] == pytest.approx(0.0)


def test_intraclass_correlation_knows_the_share_of_the_groups():
    rng = np.random.default_rng(1)
    groups = np.repeat(np.arange(400), 10)
    values = rng.standard_normal(400)[groups] + rng.standard_normal(4000)
    assert intraclass_correlation(values, groups) == pytest.approx(0.5, abs=0.05)
    assert intraclass_correlation(rng.standard_normal(4000), groups) == pytest.approx(0.0, abs=0.02)
    assert row_counts(rng.standard_normal(400)[groups], groups).sum() == pytest.approx(400, rel=1e-6)


def coverage(n_sites: int, *, rows: int, site_effect: float, seed: int) -> float:
    """Coverage of the 90 % interval at sites never seen, of a learner on data with site effects."""
    samples = fake_samples(n_sites=n_sites + 200, n_years=rows // 12, site_effect=site_effect, noise=0.4, seed=seed)
    known = samples.site < f"S{n_sites:03d}"
    prediction = Ridge(degrees=0.01).fit(samples.take(known)).predict(samples.take(~known))
    y = samples.y[~known]
    return float(np.mean((y >= prediction.quantiles[:, 0]) & (y <= prediction.quantiles[:, -1])))


@pytest.mark.parametrize("site_effect", [0.0, 0.3, 0.8])
def test_ninety_percent_interval_covers_unseen_groups(site_effect):
    inside = [coverage(40, rows=24, site_effect=site_effect, seed=seed) for seed in range(6)]
    assert 0.85 <= np.mean(inside) <= 0.95, inside


def test_scale_follows_the_season_only_where_it_helps():
    rng = np.random.default_rng(2)
    n = 1200
    time = (np.datetime64("2000-01", "M") + np.arange(n) % 12).astype("datetime64[D]")
    groups = np.arange(n) // 12
    folds = group_folds(groups, 5, 0)
    summer = np.isin(np.arange(n) % 12, [5, 6, 7])
    point = Point(np.zeros(n))
    noise = rng.standard_normal(n)
    seasonal = Calibration.fit(point, np.where(summer, 3.0, 0.3) * noise, time, groups, folds)
    flat = Calibration.fit(point, noise, time, groups, folds)
    wide = seasonal.apply(point, time, (-99.0, 99.0), {}).sd
    assert wide[summer].mean() > 4 * wide[~summer].mean()
    narrow = flat.apply(point, time, (-99.0, 99.0), {}).sd
    assert narrow.max() < 1.3 * narrow.min()


def test_quantiles_stay_in_the_valid_range_and_perfect_answers_have_no_width():
    time = np.full(30, np.datetime64("2001-01-01"))
    groups = np.repeat(np.arange(10), 3)
    folds = group_folds(groups, 5, 0)
    rng = np.random.default_rng(3)
    point = Point(np.full(30, 0.1))
    noisy = Calibration.fit(point, 0.1 + rng.standard_normal(30), time, groups, folds)
    assert noisy.apply(point, time, (0.0, 20.0), {}).quantiles.min() == 0.0
    exact = Calibration.fit(point, point.mean, time, groups, folds).apply(point, time, (0.0, 20.0), {})
    np.testing.assert_array_equal(exact.quantiles, np.full((30, 5), 0.1))
