"""Means of half hours with gaps: known means and errors, coverage of intervals, gaps at night."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from geocryoai.core.errors import CubeError
from geocryoai.cube.period_means import day_means, month_mean

DAYS, TIMES = 30, 48
HOURS = np.arange(TIMES) / 2.0
LIGHT = (HOURS > 5) & (HOURS < 19)
COURSE = np.where(LIGHT, 1.0 - 4.0 * np.sin(np.pi * (HOURS - 5) / 14), 1.0)
NOISE = 1.5


def month(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return truth and measurements: diurnal course, weather that lasts 1.5 d, Laplace noise, gaps mostly at night."""
    lots = np.random.default_rng(seed)
    memory = np.exp(-1 / (1.5 * TIMES))
    pushes = lots.normal(0, np.sqrt(1 - memory**2), DAYS * TIMES)
    weather = np.empty(DAYS * TIMES)
    weather[0] = lots.normal()
    for i in range(1, len(weather)):
        weather[i] = memory * weather[i - 1] + pushes[i]
    truth = COURSE + weather.reshape(DAYS, TIMES)
    keep = lots.random(truth.shape) < np.where(LIGHT, 0.85, 0.3)
    first = lots.integers(0, DAYS - 6)
    keep[first : first + lots.integers(2, 6)] = False
    measured = truth + lots.laplace(0, NOISE / np.sqrt(2), truth.shape)
    return truth, np.where(keep, measured, np.nan)


@pytest.fixture(scope="module")
def months() -> list[tuple[np.ndarray, np.ndarray]]:
    return [month(seed) for seed in range(200)]


@pytest.mark.physics
@pytest.mark.parametrize("declared", [True, False])
def test_intervals_hold_the_true_monthly_mean_as_often_as_they_say(months, declared: bool):
    apart, plain = [], []
    for truth, measured in months:
        found = month_mean(measured, np.full(measured.shape, NOISE if declared else np.nan))
        apart.append((found.mean - truth.mean()) / found.sigma)
        plain.append(np.nanmean(measured) - truth.mean())
    assert np.mean(np.abs(apart) < 1) == pytest.approx(0.68, abs=0.08)
    assert np.mean(np.abs(apart) < 1.96) == pytest.approx(0.95, abs=0.04)
    assert abs(np.mean(apart)) < 0.2
    assert np.mean(plain) < -0.5


@pytest.mark.physics
def test_intervals_hold_the_true_daily_mean_as_often_as_they_say(months):
    apart = []
    for truth, measured in months[:30]:
        found = day_means(measured, np.full(measured.shape, NOISE))
        apart += [(each.mean - true.mean()) / each.sigma for each, true in zip(found, truth, strict=True)
                  if each.share > 0.3]  # fmt: skip
    assert len(apart) > 600
    assert np.mean(np.abs(apart) < 1) == pytest.approx(0.68, abs=0.05)
    assert np.mean(np.abs(apart) < 1.96) == pytest.approx(0.95, abs=0.03)


@pytest.mark.physics
def test_without_gaps_the_mean_is_the_plain_one_and_only_random_error_is_left():
    truth, _ = month(3)
    found = month_mean(truth, np.full(truth.shape, 2.0))
    assert found.mean == pytest.approx(truth.mean(), rel=1e-12)
    assert found.random == pytest.approx(2.0 / np.sqrt(truth.size))
    assert (found.gap, found.share) == (0.0, 1.0)
    days = day_means(truth, np.full(truth.shape, 2.0))
    np.testing.assert_allclose([day.mean for day in days], truth.mean(axis=1), rtol=1e-9)
    np.testing.assert_allclose([day.random for day in days], 2.0 / np.sqrt(TIMES))
    assert {day.gap for day in days} == {0.0}


@pytest.mark.physics
def test_gaps_in_a_pure_course_cost_nothing():
    values = np.tile(COURSE, (DAYS, 1))
    values[2:9, :10] = np.nan
    values[20] = np.nan
    found = month_mean(values, np.zeros(values.shape))
    assert found.mean == pytest.approx(COURSE.mean(), rel=1e-12)
    assert found.sigma == pytest.approx(0.0, abs=1e-12)


@pytest.mark.physics
def test_longer_gaps_widen_the_error(months):
    gaps = np.empty((3, 30))
    for row, days in enumerate((0, 6, 14)):
        for column, (_, values) in enumerate(months[:30]):
            cut = values.copy()
            cut[:days] = np.nan
            gaps[row, column] = month_mean(cut, np.full(cut.shape, NOISE)).gap
    low, middle, high = gaps.mean(axis=1)
    assert 1.2 * low < middle
    assert 1.2 * middle < high


def test_a_stretch_of_the_day_is_interpolated_for_three_hours_and_no_more():
    values = np.tile(np.arange(TIMES, dtype=float), (DAYS, 1)) + np.random.default_rng(0).normal(0, 0.1, (DAYS, TIMES))
    values[:, 20:26] = np.nan
    found = month_mean(values, np.full(values.shape, 0.1))
    assert found.mean == pytest.approx(23.5, abs=0.05)
    values[:, 26] = np.nan
    missing = month_mean(values, np.full(values.shape, 0.1))
    assert np.isnan([missing.mean, missing.sigma]).all()
    assert missing.share == pytest.approx(41 / 48)


def test_too_few_values_have_no_known_error():
    values = np.full((DAYS, 4), np.nan)
    values[3:7] = np.random.default_rng(0).normal(size=(4, 4))
    found = month_mean(values, np.full(values.shape, 0.1))
    assert np.isfinite(found.mean)
    assert np.isnan(found.sigma)


def test_shapes_and_errors_that_cannot_be_are_refused():
    with pytest.raises(CubeError, match="days and times of day"):
        month_mean(np.zeros((3, 4)), np.zeros((3, 5)))
    with pytest.raises(CubeError, match="standard deviation is negative"):
        day_means(np.zeros((3, 4)), np.full((3, 4), -1.0))


@pytest.mark.real
def test_a_real_summer_agrees_with_its_gap_filled_series(real_data: Path):
    path = real_data / "in_situ/co2/ykd_tower/flux_drivers_YKD_gapfilled.txt"
    table = pl.read_csv(path, separator="\t", skip_rows_after_header=1, infer_schema=False)
    end = table["Date Time"].str.to_datetime("%Y-%m-%d %H:%M:%S").to_numpy().astype("datetime64[m]")
    start = end - np.timedelta64(30, "m")
    measured, filled = (table[name].cast(pl.Float64).to_numpy() for name in ("NEE_orig", "NEE_f"))
    for number in (5, 6, 7, 8, 9):
        mine = start.astype("datetime64[M]") == np.datetime64(f"2020-{number:02d}")
        day = start[mine].astype("datetime64[D]")
        index = (day - day.min()).astype(int), (start[mine] - day).astype(int) // 30
        values = np.full((index[0].max() + 1, 48), np.nan)
        values[index] = np.where(measured[mine] > -9000, measured[mine], np.nan)
        found = month_mean(values, np.full(values.shape, np.nan))
        assert 0.7 < found.share < 0.85
        assert 0.03 < found.sigma < 0.1
        assert abs(found.mean - filled[mine].mean()) < 2 * found.sigma
        if number < 9:
            assert np.nanmean(values) - filled[mine].mean() < -0.4
