"""Suspicion tests catch planted mistakes and let honest work pass."""

from __future__ import annotations

import numpy as np
import pytest

from geocryoai.core.errors import ModelError
from geocryoai.evaluation.evaluate import evaluate
from geocryoai.evaluation.folds import make_split
from geocryoai.evaluation.suspicion import suspicion_tests
from geocryoai.evaluation.suspicion.copies import lag1_copy, nearest_neighbour_copy, site_id_only
from geocryoai.evaluation.suspicion.leakage import leakage_audit, target_in_features
from geocryoai.evaluation.suspicion.permutation import random_versus_blocked, shuffled_target
from geocryoai.evaluation.suspicion.pipelines import learner_pipeline, neighbours, ridge
from geocryoai.evaluation.suspicion.scales import scaled_unit


def judged(made, samples, protocol, model="linear"):
    split = make_split(samples, **protocol) if isinstance(protocol, dict) else make_split(samples, protocol)
    result = evaluate(samples, split, {model: {}}, made.fit, metrics=["rmse"], replicates=5)
    return split, result.predictions


def standardised_with_all_targets(samples, fold):
    """Plant a leak: the target's mean and scale are taken over all rows, tested ones too."""
    from sklearn.linear_model import Ridge

    mean, scale = samples.y.mean(), samples.y.std()
    model = Ridge(1.0, fit_intercept=False)
    model.fit(samples.matrix()[fold.train], (samples.y[fold.train] - mean) / scale)
    return model.predict(samples.matrix()[fold.test]) * scale + mean


def scaled_with_all_features(samples, fold):
    """Plant a leak: features are scaled over all rows before the fold is made."""
    from sklearn.linear_model import Ridge

    table = samples.matrix()
    table = (table - table.mean(axis=0)) / table.std(axis=0)
    return Ridge(1.0).fit(table[fold.train], samples.y[fold.train]).predict(table[fold.test])


def selected_by_all_targets(samples, fold):
    """Plant a leak: of many useless features the one nearest to the target over all rows is kept."""
    table = np.random.default_rng(0).normal(size=(len(samples), 500))
    best = int(np.argmax(np.abs(np.corrcoef(table.T, samples.y)[-1, :-1])))
    slope, level = np.polyfit(table[fold.train, best], samples.y[fold.train], 1)
    return level + slope * table[fold.test, best]


@pytest.mark.contract
@pytest.mark.parametrize("leak", [standardised_with_all_targets, scaled_with_all_features, selected_by_all_targets])
@pytest.mark.parametrize("protocol", ["leave_site_out", "random_rows"])
def test_audit_catches_what_is_fitted_outside_the_fold(made, leak, protocol):
    samples = made.map()
    finding = leakage_audit(samples, make_split(samples, protocol), leak)
    assert finding.verdict == "fail"
    assert finding.number > 1e-6


@pytest.mark.contract
@pytest.mark.parametrize("pipeline", [ridge, neighbours])
@pytest.mark.parametrize("protocol", ["leave_site_out", "spatial_blocks", "random_rows"])
def test_audit_passes_honest_pipelines(made, pipeline, protocol):
    samples = made.map()
    finding = leakage_audit(samples, make_split(samples, protocol), pipeline)
    assert (finding.verdict, finding.number) == ("ok", 0.0)


def test_audit_of_learners_by_their_contract(made):
    samples = made.map()
    split = make_split(samples, "leave_site_out", folds=3)
    assert leakage_audit(samples, split, learner_pipeline(made.fit, "linear", {}, 0)).verdict == "ok"
    batch = leakage_audit(samples, split, learner_pipeline(made.fit, "batch", {}, 0))
    assert batch.verdict == "fail"
    assert "outside the fold" in batch.sentence


def test_audit_of_forecasts_sees_later_measurements(made):
    samples = made.forecast()
    split = make_split(samples, "rolling_origin", horizon_months=12)
    assert leakage_audit(samples, split, learner_pipeline(made.fit, "linear", {}, 0)).verdict == "ok"
    assert leakage_audit(samples, split, ridge).verdict == "fail"


def test_feature_that_is_the_target_is_named(made):
    samples = made.forecast()
    assert target_in_features(samples).verdict == "ok"
    following = np.r_[samples.y[1:], 0.0]
    for values, when in ((2 * samples.y - 1, "same"), (following, "next")):
        leaky = made.replace(samples, features={"driver": samples.features["driver"], "odd": values})
        finding = target_in_features(leaky)
        assert finding.verdict == "fail"
        assert f"odd and the target of the {when} period" in finding.sentence
    anchored = made.replace(samples, anchors={"stefan": samples.y.copy()})
    assert "anchor stefan" in target_in_features(anchored).sentence


def test_lags_of_the_wrong_period_are_found(made):
    samples = made.forecast()
    finding = target_in_features(made.replace(samples, lags={1: samples.y.copy()}))
    assert (finding.verdict, finding.sentence) == ("fail", "Lag 1 holds the target of the same period.")
    finding = target_in_features(made.replace(samples, lags={2: samples.lags[1]}))
    assert (finding.verdict, finding.number) == ("warn", 0.0)
    assert "Lag 2 is the target of 2 periods before in only 0 %" in finding.sentence


def test_shuffled_target_has_no_skill_unless_it_leaks(made):
    samples = made.map()
    split = make_split(samples, "leave_site_out")
    assert shuffled_target(samples, split).verdict == "ok"
    finding = shuffled_target(samples, split, lambda s, fold: s.y[fold.test] * 0.9)
    assert finding.verdict == "fail"
    assert finding.number > 0.8


def test_gap_between_random_and_blocked_rows(made):
    rng = np.random.default_rng(0)
    place = np.repeat(rng.normal(size=15), 12)
    level = np.repeat(rng.normal(0, 0.3, 15), 12)
    samples = made.map(sites=15, per_site=12)
    hidden = made.replace(samples, y=1.0 + level, features={"place": place})
    gap = random_versus_blocked(hidden, make_split(hidden, "leave_site_out"))
    assert gap.verdict == "warn"
    assert gap.number > 2
    lot = random_versus_blocked(samples, make_split(samples, "random_rows"))
    assert lot.verdict == "fail"
    flat = made.replace(samples, y=1 + samples.features["warm"], features={"warm": samples.features["warm"]})
    assert random_versus_blocked(flat, make_split(flat, "leave_site_out")).number < 1.5


def test_lag_copy_is_found_one_step(made):
    samples = made.forecast()
    split, predictions = judged(made, samples, "leave_site_out", "lag_copy")
    finding = lag1_copy(samples, predictions)
    assert (finding.verdict, finding.number) == ("fail", pytest.approx(0.0))
    assert "only passes it on" in finding.sentence
    _, honest = judged(made, samples, "leave_site_out", "linear")
    assert lag1_copy(samples, honest).verdict == "ok"
    _, worse = judged(made, samples, "leave_site_out", "mean")
    assert lag1_copy(samples, worse).verdict == "warn"
    assert split.protocol == "leave_site_out"


def test_lag_copy_beyond_the_origin_is_a_leak(made):
    samples = made.forecast()
    protocol = {"protocol": "rolling_origin", "horizon_months": 12}
    _, predictions = judged(made, samples, protocol, "lag_copy")
    free = predictions.filter(mode="free_running")
    assert lag1_copy(samples, free).verdict == "ok"
    from polars import Series

    leaked = free.with_columns(Series("mean", samples.lags[1][free["row"].to_numpy()]))
    finding = lag1_copy(samples, leaked)
    assert finding.verdict == "fail"
    assert "after the origin leaked" in finding.sentence


def test_lag_copy_does_not_apply_to_maps(made):
    samples = made.map()
    _, predictions = judged(made, samples, "leave_site_out")
    assert lag1_copy(samples, predictions).number is None


def test_site_id_alone(made):
    samples = made.map(site_sd=0.05)
    split, predictions = judged(made, samples, "leave_site_out")
    assert site_id_only(samples, split, predictions).verdict == "ok"
    samples = made.map(site_sd=0.4)
    random, lot = judged(made, samples, "random_rows", "mean")
    finding = site_id_only(samples, random, lot)
    assert finding.verdict == "warn"
    assert finding.number > 0.5
    disguised = type(random)("leave_site_out", random.folds, random.blocks, "site")
    assert site_id_only(samples, disguised, lot).verdict == "fail"


def test_nearest_neighbour_copy_finds_twins_and_neighbours(made):
    samples = made.map()
    split, predictions = judged(made, samples, "leave_site_out")
    assert nearest_neighbour_copy(samples, split, predictions).verdict == "ok"
    n = len(samples)
    both = np.r_[np.arange(n), np.arange(n)]
    twin = made.replace(
        samples.take(both),
        site=np.array([*samples.site, *(f"{name}-again" for name in samples.site)]),
        source_row=np.arange(2 * n),
    )
    twins, copied = judged(made, twin, "leave_site_out")
    # Rows of one site share a position, so the nearest row need not be the twin itself: one value per site.
    level = np.array([float(name[1:3]) for name in twin.site])
    constant = made.replace(twin, y=0.5 + level / 10)
    finding = nearest_neighbour_copy(constant, twins, copied)
    assert finding.verdict == "fail"
    assert "have a twin" in finding.sentence
    near = nearest_neighbour_copy(made.replace(constant, y=np.random.default_rng(0).normal(size=2 * n)), twins, copied)
    assert (near.verdict, near.number) == ("warn", 1.0)
    nowhere = made.replace(samples, lon=np.full(n, np.nan))
    assert nearest_neighbour_copy(nowhere, split, predictions).number is None


def test_scaled_units_are_found(made):
    samples = made.map()
    _, predictions = judged(made, samples, "leave_site_out")
    assert scaled_unit(samples, predictions).verdict == "ok"
    centimetres = scaled_unit(made.replace(samples, y=100 * samples.y), predictions)
    assert (centimetres.verdict, centimetres.number) == ("fail", 0.01)
    z = (samples.y - samples.y.mean()) / samples.y.std()
    assert scaled_unit(made.replace(samples, y=z, target="nee"), predictions).verdict == "fail"
    large = predictions.with_columns(predictions["mean"] * 100)
    assert "times as large" in scaled_unit(samples, large).sentence
    perfect = predictions.with_columns(predictions["observed"].alias("mean"))
    assert scaled_unit(samples, perfect).verdict == "warn"


def test_all_tests_run_worst_first(made):
    samples = made.map()
    result = evaluate(samples, "leave_site_out", {"linear": {}, "mean": {}}, made.fit, replicates=5)
    split = make_split(samples, "leave_site_out")
    leaky = made.replace(samples, features={**samples.features, "odd": samples.y * 3})
    findings = suspicion_tests(leaky, split, result.predictions, "linear", fit=made.fit, audited={"linear": {}})
    assert findings[0].name == "target_in_features"
    assert [finding.verdict for finding in findings] == sorted(
        (finding.verdict for finding in findings), key=("fail", "warn", "ok").index
    )
    assert {finding.name for finding in findings} == {
        "scaled_unit", "target_in_features", "site_id_only", "nearest_neighbour_copy", "random_versus_blocked",
        "leakage_audit_linear", "shuffled_target_linear",
    }  # fmt: skip
    forecast = made.forecast()
    rolling = make_split(forecast, "rolling_origin", horizon_months=12)
    told = evaluate(forecast, rolling, {"linear": {}}, made.fit, replicates=5)
    names = {f.name for f in suspicion_tests(forecast, rolling, told.predictions, "linear", fit=made.fit, audited={})}
    assert {"lag1_copy_free_running", "lag1_copy_one_step"} <= names
    with pytest.raises(ModelError, match=r"no predictions of 'lineal'. Did you mean 'linear'"):
        suspicion_tests(samples, split, result.predictions, "lineal", fit=made.fit, audited={})
