from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geocryoai.core.errors import ModelError
from geocryoai.processes.degree_days import annual_degree_days, degree_days, positive_part_mean

DAYS = np.array([31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31.0])


def test_sums_of_known_months():
    tdd, fdd = degree_days([-10.0, 12.0, 0.0], [31, 30, 31])
    assert tdd == 360.0
    assert fdd == 310.0


def test_difference_is_the_temperature_integral_with_and_without_scatter():
    tas = np.random.default_rng(1).normal(-5, 12, (4, 3, 12))
    for sd in (0.0, 5.0):
        tdd, fdd = annual_degree_days(tas, DAYS, monthly_sd=sd)
        assert tdd.shape == (4, 3)
        np.testing.assert_allclose(tdd - fdd, tas @ DAYS, atol=1e-9)


@pytest.mark.physics
def test_scatter_restores_what_monthly_means_lose():
    # a month at 0 degC: the mean of the positive half of a normal distribution is sd / sqrt(2 pi)
    assert positive_part_mean(0.0, 5.0) == pytest.approx(5.0 / np.sqrt(2 * np.pi))
    daily = np.random.default_rng(2).normal(2.0, 5.0, 400_000)
    assert positive_part_mean(2.0, 5.0) == pytest.approx(np.maximum(daily, 0).mean(), rel=0.01)


@given(st.floats(-60, 40), st.floats(0, 15))
def test_scatter_never_lowers_a_sum(mean, sd):
    assert positive_part_mean(mean, sd) >= max(mean, 0.0)


def test_months_may_stand_on_any_axis():
    tas = np.random.default_rng(3).normal(0, 10, (12, 5))
    by_first = degree_days(tas, DAYS, axis=0, monthly_sd=np.full((12, 5), 3.0))
    by_last = degree_days(tas.T, DAYS, monthly_sd=3.0)
    np.testing.assert_allclose(by_first, by_last)


@pytest.mark.parametrize(
    ("tas", "days", "text"),
    [
        (np.zeros((3, 11)), DAYS[:11], "twelve months"),
        (np.zeros(12), np.full(12, 28.0), "do not make a year"),
        (np.zeros(12), np.full(12, 40.0), "do not make a year"),
        (np.where(np.arange(12) == 5, np.nan, 0.0), DAYS, r"tas_monthly \[degC\].*\(5,\)"),
    ],
)
def test_bad_years_are_refused(tas, days, text):
    with pytest.raises(ModelError, match=text):
        annual_degree_days(tas, days)


def test_bad_months_are_refused():
    with pytest.raises(ModelError, match="days_in_month"):
        degree_days([1.0, 2.0], [31, 12])
    with pytest.raises(ModelError, match=r"days_in_month.*\(3,\) beside \(2,\)"):
        degree_days([1.0, 2.0], [31, 30, 31])
    with pytest.raises(ModelError, match="monthly_sd"):
        degree_days([1.0, 2.0], [31, 30], monthly_sd=-1.0)
    with pytest.raises(ModelError, match="no axis of months"):
        degree_days(3.0, 31)
