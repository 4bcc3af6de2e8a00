import numpy as np
import pytest

from geocryoai.core.errors import ModelError
from geocryoai.processes.daily import daily_from_monthly

DAYS = np.tile([31.0, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31], 3)
MONTH = np.repeat(np.arange(36), DAYS.astype(int))


def means(daily):
    return np.stack([daily[k == MONTH].mean(axis=0) for k in range(36)])


@pytest.mark.physics
def test_monthly_means_are_kept_to_round_off():
    values = np.random.default_rng(0).normal(-8, 12, (36, 5))
    np.testing.assert_allclose(means(daily_from_monthly(values, DAYS)), values, atol=1e-9)


def test_a_sine_is_followed_closely_and_without_jumps():
    day = np.arange(DAYS.sum()) + 0.5
    truth = -8 - 18 * np.cos(2 * np.pi * (day - 15) / 365)
    daily = daily_from_monthly(means(truth), DAYS)
    assert np.abs(daily - truth)[20:-20].max() < 0.8
    assert np.abs(np.diff(daily)).max() < 0.4


def test_a_constant_stays_constant_and_cells_do_not_mix():
    np.testing.assert_allclose(daily_from_monthly(np.full(36, 3.0), DAYS), 3.0)
    values = np.stack([np.arange(36.0), np.zeros(36)], axis=1)
    both = daily_from_monthly(values, DAYS)
    np.testing.assert_allclose(both[:, 0], daily_from_monthly(values[:, 0], DAYS), atol=1e-12)
    np.testing.assert_allclose(both[:, 1], 0.0, atol=1e-12)
    np.testing.assert_array_equal(daily_from_monthly([2.0], [30]), np.full(30, 2.0))


def test_bad_input_is_named():
    with pytest.raises(ModelError, match="whole number of days"):
        daily_from_monthly([1.0, 2.0], [30.4, 30.4])
    with pytest.raises(ModelError, match="lengths of the months"):
        daily_from_monthly([1.0, 2.0], [30])
    with pytest.raises(ModelError, match="missing"):
        daily_from_monthly([1.0, np.nan], [30, 30])
