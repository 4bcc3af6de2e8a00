"""Dissimilarity index with known answers."""

from __future__ import annotations

import numpy as np
import pytest

from geocryoai.core.errors import ModelError, ProtocolError
from geocryoai.evaluation.applicability import Applicability, upper_whisker
from geocryoai.evaluation.folds import make_split


def line(made, x, **features):
    x = np.asarray(x, float)
    return made.samples([f"s{i}" for i in range(len(x))], np.ones(len(x)), features={"x": x, **features})


def test_index_by_hand(made):
    train = line(made, [0.0, 1.0, 2.0, 3.0])
    area = Applicability.fit(train, make_split(train, "leave_site_out").folds)
    mean_distance = (3 * 1 + 2 * 2 + 1 * 3) / 6
    index = area.index(line(made, [0.0, 3.5, 6.0]))
    assert index == pytest.approx(np.array([0.0, 0.5, 3.0]) / mean_distance)
    assert area.threshold == pytest.approx(1.0 / mean_distance)
    assert area.inside(line(made, [0.0, 3.5, 6.0])).tolist() == [True, True, False]


def test_importance_decides_what_counts(made):
    rng = np.random.default_rng(0)
    train = line(made, rng.normal(size=50), noise=rng.normal(size=50))
    folds = make_split(train, "leave_site_out", folds=5).folds
    area = Applicability.fit(train, folds, {"x": 1.0})
    far = line(made, [0.0], noise=np.array([100.0]))
    assert area.inside(far).all()
    assert not Applicability.fit(train, folds).inside(far).any()


def test_blocked_folds_widen_the_area(made):
    x = np.repeat(np.arange(5.0), 10) + np.tile(np.linspace(0, 0.01, 10), 5)
    train = made.replace(line(made, x), site=np.repeat(list("abcde"), 10))
    blocked = Applicability.fit(train, make_split(train, "leave_site_out").folds)
    random = Applicability.fit(train, make_split(train, "random_rows").folds)
    assert blocked.threshold > 10 * random.threshold


def test_missing_features_stay_finite_and_absent_ones_are_named(made):
    train = line(made, [0.0, 1.0, np.nan, 3.0])
    area = Applicability.fit(train, make_split(train, "leave_site_out").folds)
    assert np.isfinite(area.index(line(made, [np.nan]))).all()
    with pytest.raises(ModelError, match="features are absent; found x"):
        area.index(made.samples(["a"], [1.0], features={"y": np.ones(1)}))
    with pytest.raises(ModelError, match="weights not negative"):
        Applicability.fit(train, make_split(train, "leave_site_out").folds, {"x": -1.0})
    flat = line(made, [1.0, 1.0, 1.0])
    with pytest.raises(ProtocolError, match="the same features"):
        Applicability.fit(flat, make_split(flat, "leave_site_out").folds)


def test_upper_whisker_drops_outliers():
    assert upper_whisker(np.array([1.0, 2.0, 3.0, 4.0, 100.0])) == 4.0
