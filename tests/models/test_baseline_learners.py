from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from geocryoai.models.baselines import NearestSite, Persistence, SeasonalPersistence, SiteClimatology
from geocryoai.models.fake import fake_samples


@pytest.fixture(scope="module")
def forecast():
    samples = fake_samples(task="forecast", n_sites=5, n_years=4, seed=1)
    future = samples.time >= np.datetime64("2004-01-01")
    return samples.take(~future), samples.take(future)


def without_lags(samples):
    return replace(samples, lags={k: np.full(len(samples), np.nan) for k in samples.lags})


def test_climatology_of_a_known_site_is_its_own_monthly_mean(forecast):
    past, future = forecast
    mean = SiteClimatology().fit(past).predict(future).mean
    march = past.y[(past.site == "S002") & (past.time.astype("datetime64[M]").astype(int) % 12 == 2)].mean()
    row = np.flatnonzero((future.site == "S002") & (future.time == np.datetime64("2004-03-01")))
    assert mean[row] == pytest.approx(march)


def test_climatology_of_an_unknown_place_is_the_mean_of_the_sites_that_month():
    samples = fake_samples(n_sites=6, n_years=2)
    known = samples.site != "S005"
    mean = SiteClimatology().fit(samples.take(known)).predict(samples.take(~known)).mean
    july = samples.time.astype("datetime64[M]").astype(int) % 12 == 6
    assert mean[6] == pytest.approx(samples.y[known & july].mean())


def test_persistence_takes_the_shortest_known_lag_then_the_last_training_value(forecast):
    past, future = forecast
    learner = Persistence().fit(past)
    np.testing.assert_array_equal(learner.predict(future).mean, future.lags[1])
    gone = learner.predict(replace(future, lags={**future.lags, 1: np.full(len(future), np.nan)})).mean
    np.testing.assert_array_equal(gone, future.lags[12])
    last = learner.predict(without_lags(future)).mean
    december = past.y[past.time == np.datetime64("2003-12-01")]
    np.testing.assert_array_equal(last, np.repeat(december, 12))


def test_seasonal_persistence_takes_the_same_month_of_the_last_known_year(forecast):
    past, future = forecast
    learner = SeasonalPersistence().fit(past)
    np.testing.assert_array_equal(learner.predict(future).mean, future.lags[12])
    np.testing.assert_array_equal(
        learner.predict(without_lags(future)).mean, past.y[past.time >= np.datetime64("2003")]
    )


def test_seasonal_persistence_of_an_annual_target_takes_lag_one(forecast):
    past, future = forecast
    annual = [part.take(part.time.astype("datetime64[M]").astype(int) % 12 == 0) for part in (past, future)]
    mean = SeasonalPersistence().fit(annual[0]).predict(annual[1]).mean
    np.testing.assert_array_equal(mean, annual[1].lags[1])


def test_nothing_after_the_row_is_remembered(forecast):
    past, _ = forecast
    first = past.take(past.time == np.datetime64("2001-01-01"))
    mean = Persistence().fit(past).predict(without_lags(first)).mean
    january = past.time.astype("datetime64[M]").astype(int) % 12 == 0
    np.testing.assert_allclose(mean, past.y[january].mean())


def test_nearest_site_is_nearest_on_the_sphere_also_across_the_date_line():
    samples = fake_samples(n_sites=3, n_years=1, gaps=0.0)
    lon = np.select([samples.site == "S000", samples.site == "S001"], [179.5, 170.0], -179.8)
    samples = replace(samples, lon=lon, lat=np.full(len(samples), 68.0))
    known = samples.site != "S002"
    mean = NearestSite(degrees=0.01).fit(samples.take(known)).predict(samples.take(~known)).mean
    np.testing.assert_array_equal(mean, samples.y[samples.site == "S000"])


def test_nearest_site_without_its_month_gives_the_usual_month_then_the_site_mean():
    samples = fake_samples(n_sites=4, n_years=3)
    learner = NearestSite(degrees=0.01).fit(samples)
    own = samples.site == "S001"
    row = samples.take(own).take(np.array([4]))
    later = replace(row, time=np.array(["2030-05-01"], dtype="datetime64[D]"))
    may = own & (samples.time.astype("datetime64[M]").astype(int) % 12 == 4)
    assert learner.predict(later).mean == pytest.approx(samples.y[may].mean())
    undated = replace(row, time=np.array(["NaT"], dtype="datetime64[D]"))
    assert learner.predict(undated).mean == pytest.approx(samples.y[own].mean())
