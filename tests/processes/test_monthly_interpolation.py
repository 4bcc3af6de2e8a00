"""Monthly means to shorter steps: every month keeps its mean, in both calendars; lines stay lines; bounds hold."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geocryoai.core.calendar import days_in_month, month_axis
from geocryoai.core.errors import ModelError
from geocryoai.processes.monthly_interpolation import MonthlyInterpolation, interpolate_monthly

LEAP = days_in_month(month_axis(2003, 2005))
NOLEAP = days_in_month(month_axis(2003, 2005), "365_day")


def monthly_means(values: np.ndarray, parts: np.ndarray) -> np.ndarray:
    edges = np.concatenate([[0], np.cumsum(parts)])
    return np.stack([values[a:b].mean(axis=0) for a, b in pairwise(edges)])


@pytest.mark.physics
@pytest.mark.parametrize("days", [LEAP, NOLEAP], ids=["leap year", "365 days"])
@pytest.mark.parametrize("step", [0.25, 1.0, 5.0, 31.0])
def test_every_month_keeps_its_mean(days: np.ndarray, step: float):
    lots = np.random.default_rng(1)
    means = lots.normal(-8, 14, (36, 5))
    parts = np.maximum(1, np.rint(days / step)).astype(int)
    values, lengths = interpolate_monthly(means, days, parts)
    assert lengths.sum() == pytest.approx(days.sum(), abs=1e-9)
    assert np.abs(monthly_means(values, parts) - means).max() < 1e-10


@given(st.lists(st.floats(0, 3), min_size=2, max_size=40))
def test_a_bound_holds_and_the_mean_too(means: list[float]):
    given = np.array(means)
    days = np.full(given.size, 30.0)
    values, _ = interpolate_monthly(given, days, 30, lower=0.0)
    assert values.min() >= 0.0
    assert np.abs(monthly_means(values, np.full(given.size, 30)) - given).max() < 1e-10


@pytest.mark.physics
def test_a_line_stays_a_line_and_a_constant_a_constant():
    days = np.full(24, 30.0)
    line = np.arange(24) * 30.0 + 15.0
    values, _ = interpolate_monthly(line, days, 30)
    inner = slice(10 * 30, 14 * 30)
    assert values[inner] == pytest.approx((np.arange(720) + 0.5)[inner], abs=1e-5)
    constant, _ = interpolate_monthly(np.full(24, -3.5), days, 30)
    assert constant == pytest.approx(np.full(720, -3.5), abs=1e-12)


@pytest.mark.physics
def test_peaks_are_higher_than_the_monthly_means():
    month = np.arange(36)
    values, _ = interpolate_monthly(15 * np.sin(2 * np.pi * month / 12), LEAP, LEAP.astype(int))
    assert values.max() > 15.0
    assert values.max() < 17.0


def test_a_part_of_the_months_is_that_part_of_the_whole():
    means = np.random.default_rng(2).normal(size=(36, 3))
    scheme = MonthlyInterpolation(LEAP, LEAP.astype(int))
    nodes = scheme.nodes(means)
    whole = scheme.intervals(nodes, means, 0, 36)
    assert np.array_equal(scheme.intervals(nodes, means, 12, 24), whole[scheme.edges[12] : scheme.edges[24]])


@pytest.mark.parametrize(
    ("means", "days", "parts", "lower", "said"),
    [
        ([1.0, np.nan], [31, 28], 30, None, "missing or infinite"),
        ([1.0, -0.1], [31, 28], 30, 0.0, "too small"),
        ([1.0, 2.0, 3.0], [31, 28], 30, None, "does not fit the months"),
        ([1.0, 2.0], [31, 28], 0, None, "too small"),
        ([1.0, 2.0], [31, 0], 30, None, "too small"),
        ([1.0, 2.0], [31, 28], 1.5, None, "whole numbers"),
    ],
)
def test_bad_input_is_refused(means: list[float], days: list[float], parts: float, lower: float | None, said: str):
    with pytest.raises(ModelError, match=said):
        interpolate_monthly(means, days, parts, lower=lower)
