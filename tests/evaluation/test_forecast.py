"""Free-running forecasts: nothing measured after the origin gets in."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from geocryoai.core.errors import ProtocolError
from geocryoai.evaluation.evaluate import evaluate
from geocryoai.evaluation.folds import make_split
from geocryoai.evaluation.forecast import free_running, leads, one_step
from geocryoai.models.contract import Prediction

ORIGIN = np.datetime64("2013-01", "M")


def rows_after(samples):
    return np.flatnonzero(samples.time >= ORIGIN)


def test_free_running_copy_holds_the_last_value_before_the_origin(made):
    samples = made.forecast(sites=3, months=60)
    rows = rows_after(samples)
    learner = made.fit("lag_copy", samples.take(np.flatnonzero(samples.time < ORIGIN)), {}, 0)
    chain = free_running(learner, samples, rows, ORIGIN).mean.reshape(3, 24)
    last = samples.y.reshape(3, 60)[:, 35]
    assert chain == pytest.approx(np.repeat(last[:, None], 24, axis=1))
    taught = one_step(learner, samples, rows).mean.reshape(3, 24)
    assert taught == pytest.approx(samples.y.reshape(3, 60)[:, 35:59])


def test_free_running_does_not_depend_on_anything_measured_later(made):
    samples = made.forecast()
    rows = rows_after(samples)
    learner = made.fit("linear", samples.take(np.flatnonzero(samples.time < ORIGIN)), {}, 0)
    honest = free_running(learner, samples, rows, ORIGIN)
    y = samples.y.copy()
    y[rows] = 1e6
    lags = {k: values.copy() for k, values in samples.lags.items()}
    for k, values in lags.items():
        values[(samples.time.astype("datetime64[M]") - k) >= ORIGIN] = np.nan
    changed = made.replace(samples, y=y, lags=lags)
    again = free_running(learner, changed, rows, ORIGIN)
    assert np.array_equal(again.mean, honest.mean)
    assert np.array_equal(again.quantiles, honest.quantiles)
    assert not np.array_equal(one_step(learner, changed, rows).mean, one_step(learner, samples, rows).mean)


@pytest.mark.physics
def test_a_linear_recursion_is_followed_exactly(made):
    months, c, factor = 30, 0.5, 0.8
    y = np.empty(months)
    y[0] = 5.0
    for t in range(1, months):
        y[t] = c + factor * y[t - 1]
    time = (np.datetime64("2011-07", "M") + np.arange(months)).astype("datetime64[D]")
    samples = made.samples(["a"] * months, y, time=time, target="nee", task="forecast", lags={1: np.r_[np.nan, y[:-1]]})
    learner = made.fit("linear", samples.take(np.arange(1, 18)), {}, 0)
    assert free_running(learner, samples, np.arange(18, 30), ORIGIN).mean == pytest.approx(y[18:], rel=1e-9)


@pytest.mark.physics
def test_the_spread_grows_as_that_of_an_autoregression(made):
    samples = made.forecast(sites=4, months=60)
    samples = made.replace(samples, features={}, lags={1: samples.lags[1]})
    learner = made.fit("linear", samples.take(np.flatnonzero(samples.time < ORIGIN)), {}, 0)
    factor, lead = learner.coef[1], np.arange(1, 25)
    chain = free_running(learner, samples, rows_after(samples), ORIGIN)
    expected = learner.sd * np.sqrt((1 - factor ** (2 * lead)) / (1 - factor**2))
    assert chain.sd.reshape(4, 24) == pytest.approx(np.tile(expected, (4, 1)), rel=1e-9)
    half = (chain.quantiles[:, -1] - chain.quantiles[:, 0]) / 2
    assert half == pytest.approx(1.6448536 * chain.sd, rel=1e-6)


def test_widened_intervals_cover_and_stay_physical(made):
    samples = made.forecast(sites=40, months=96, memory=0.9)
    result = evaluate(
        samples, {"name": "rolling_origin", "horizon_months": 24}, {"linear": {}}, made.fit, metrics=["coverage90"],
        replicates=5,
    )  # fmt: skip
    late = result.scores_by_lead.filter(pl.col("lead") > 12, protocol="rolling_origin")
    assert 0.85 < late["value"].mean() < 0.95
    y = np.abs(samples.y) + 0.1
    thaw = made.replace(samples, y=y, target="alt", lags={1: np.where(np.isnan(samples.lags[1]), np.nan, 0.3)})
    learner = made.fit("lag_copy", thaw, {}, 0)
    chain = free_running(learner, thaw, rows_after(thaw), ORIGIN)
    later = leads(thaw, rows_after(thaw), ORIGIN) > 1
    assert chain.quantiles[later].min() == 0.0


def test_a_distribution_without_width_gets_one_from_its_lags():
    from geocryoai.evaluation.forecast import _widened

    point = Prediction(np.array([1.0, 2.0]), np.zeros(2), np.repeat([[1.0], [2.0]], 5, axis=1))
    wide = _widened(point, np.array([0.04, 0.0]), "nee")
    assert wide.sd.tolist() == pytest.approx([0.2, 0.0])
    assert wide.quantiles[0] == pytest.approx(Prediction.normal(np.ones(1), np.array([0.2])).quantiles[0])
    assert wide.quantiles[1].tolist() == [2.0] * 5


def test_the_chain_runs_through_unmeasured_rows_in_any_row_order(made):
    samples = made.forecast(sites=2)
    y = samples.y.copy()
    y[rows_after(samples)[::2]] = np.nan
    gappy = made.replace(samples, y=y)
    learner = made.fit("linear", samples.take(np.flatnonzero(samples.time < ORIGIN)), {}, 0)
    rows = np.flatnonzero((samples.time >= ORIGIN) & np.isfinite(y))
    whole = free_running(learner, samples, rows, ORIGIN).mean
    assert np.array_equal(free_running(learner, gappy, rows, ORIGIN).mean, whole)
    order = np.random.default_rng(0).permutation(len(samples))
    position = np.argsort(order)
    moved = free_running(learner, gappy.take(order), position[rows], ORIGIN).mean
    assert moved == pytest.approx(whole, rel=1e-12)


def test_annual_chain(made):
    time = (np.datetime64("2005", "Y") + np.arange(10)).astype("datetime64[D]")
    y = np.arange(10.0)
    samples = made.samples(["a"] * 10, y, time=time, task="forecast", lags={1: np.r_[np.nan, y[:-1]]})
    learner = made.fit("lag_copy", samples.take(np.arange(8)), {}, 0)
    assert free_running(learner, samples, np.array([8, 9]), ORIGIN).mean.tolist() == [7.0, 7.0]
    assert leads(samples, np.array([8, 9]), ORIGIN).tolist() == [1, 2]


def test_declared_future_drivers_replace_the_measured_ones(made):
    samples = made.forecast(memory=0.0)
    rows = rows_after(samples)
    learner = made.fit("linear", samples.take(np.flatnonzero(samples.time < ORIGIN)), {}, 0)
    climatology = made.replace(samples, features={"driver": np.zeros(len(samples))})
    flat = free_running(learner, samples, rows, ORIGIN, climatology).mean
    assert flat.std() < 0.5 * free_running(learner, samples, rows, ORIGIN).mean.std()
    with pytest.raises(ProtocolError, match="not of the same rows and names"):
        free_running(learner, samples, rows, ORIGIN, made.replace(samples, features={"other": samples.y}))
    with pytest.raises(ProtocolError, match="not of the same rows and names"):
        free_running(learner, samples, rows, ORIGIN, made.shuffled(climatology))
    with pytest.raises(ProtocolError, match="undated or before the origin"):
        free_running(learner, samples, np.array([0]), ORIGIN)


def test_measured_windows_are_no_scenario(made):
    class Windows:
        shape = (1, 1, 1, 1)
        channels = ("x",)

    samples = made.forecast(sites=1)
    samples = made.replace(samples, windows=Windows(), window_index=np.arange(len(samples)))
    with pytest.raises(ProtocolError, match=r"future.windows: declared future drivers still hold the measured windows"):
        evaluate(
            samples, {"name": "rolling_origin", "horizon_months": 12}, {"mean": {}}, made.fit,
            future=made.replace(samples), drivers="climatology",
        )  # fmt: skip


def test_a_copy_of_the_true_lag_shines_one_step_and_fades_free_running(made):
    samples = made.forecast(sites=8, months=96, memory=0.95)
    result = evaluate(
        samples,
        {"name": "rolling_origin", "horizon_months": 24, "first": "2014-01"},
        {"lag_copy": {}, "mean": {}},
        made.fit,
        metrics=["rmse", "coverage90"],
        replicates=50,
    )
    rmse = result.scores.filter(metric="rmse")
    values = dict(zip(zip(rmse["protocol"], rmse["model"], strict=True), rmse["value"], strict=True))
    assert values["rolling_origin_one_step", "lag_copy"] < 0.6 * values["rolling_origin_one_step", "mean"]
    assert values["rolling_origin", "lag_copy"] > 1.5 * values["rolling_origin_one_step", "lag_copy"]
    by_lead = result.scores_by_lead.filter(metric="rmse", model="lag_copy")
    free = by_lead.filter(protocol="rolling_origin").sort("lead")["value"].to_numpy()
    taught = by_lead.filter(protocol="rolling_origin_one_step").sort("lead")["value"].to_numpy()
    assert len(free) == len(taught) == 24
    assert free[0] == taught[0]
    assert free[12:].mean() > 1.5 * taught[12:].mean()


def test_forecast_task_under_a_spatial_protocol_is_labelled_one_step(made):
    result = evaluate(made.forecast(), "leave_site_out", {"linear": {}}, made.fit, metrics=["rmse"], replicates=10)
    assert result.scores["protocol"].unique().to_list() == ["leave_site_out_one_step"]
    assert result.passport["modes"] == ["one_step"]
    assert make_split(made.forecast(), "leave_site_out").folds[0].origin is None
