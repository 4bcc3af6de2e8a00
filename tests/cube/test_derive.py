import numpy as np
import pytest

from geocryoai.cube.derive import month_features, year_features

MONTHS = np.arange("1999-10", "2002-01", dtype="datetime64[M]")


def test_lags_and_means_look_back_only():
    values = {"tas": np.arange(8.0)[None, :]}
    features = month_features(values, np.array([0, 0, -1]), np.array([5, 1, 3]), lags=[1, 3], means=[3])
    assert features["tas"].tolist()[:2] == [5.0, 1.0]
    assert features["tas_lag1"][:2].tolist() == [4.0, 0.0]
    assert features["tas_lag3"][0] == 2.0
    assert np.isnan(features["tas_lag3"][1])
    assert features["tas_mean3"][0] == 4.0
    assert np.isnan(features["tas_mean3"][1])
    assert np.isnan([v[2] for v in features.values()]).all()


def test_a_future_spike_changes_nothing():
    values = np.zeros((1, len(MONTHS)))
    spiked = values.copy()
    spiked[0, 13:] = 100.0
    for step in range(13):
        args = (np.array([0]), np.array([step]))
        plain = month_features({"x": values}, *args, lags=[1, 2], means=[3])
        changed = month_features({"x": spiked}, *args, lags=[1, 2], means=[3])
        for name in plain:
            np.testing.assert_array_equal(plain[name], changed[name])


def test_thaw_year_runs_from_october_to_september():
    values = np.zeros((1, len(MONTHS)))
    values[0, :7] = -10.0
    values[0, 7:12] = 10.0
    features = year_features({"tas": values}, MONTHS, np.array([0, 0, 0]), np.array([2000, 2003, 1999]))
    assert features["tas_winter"][0] == -10.0
    assert features["tas_summer"][0] == 10.0
    assert features["tdd"][0] == pytest.approx(10.0 * (31 + 30 + 31 + 31 + 30))
    assert features["fdd"][0] == pytest.approx(10.0 * (31 + 30 + 31 + 31 + 29 + 31 + 30))
    assert np.isnan([v[1:] for v in features.values()]).all()
