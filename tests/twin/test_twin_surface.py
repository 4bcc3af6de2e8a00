"""Weather within the months keeps what the months say."""

from __future__ import annotations

import numpy as np
import pytest

from geocryoai.twin.surface import Intervals, Surface, make_surface
from geocryoai.twin.truth import Truth
from geocryoai.twin.weather import monthly_snow

CELLS = np.array([3, 60, 140])


@pytest.fixture(scope="module")
def daily(default_truth: Truth) -> tuple[Intervals, Surface]:
    intervals = Intervals.daily(default_truth.days)
    surface = make_surface(default_truth.weather, CELLS, default_truth.systems, intervals, default_truth.days)
    return intervals, surface


def test_intervals_begin_and_end_with_the_months() -> None:
    days = np.array([31.0, 28.0, 31.0])
    even, daily = Intervals.even(days, 10), Intervals.daily(days)
    assert even.days.sum() == pytest.approx(90)
    assert len(daily.days) == 90
    np.testing.assert_array_equal(daily.first, [0, 31, 59])
    np.testing.assert_allclose(even.sums(even.days), days)
    np.testing.assert_allclose(daily.since(np.ones(90))[[0, 30, 31, 58]], [1, 31, 1, 28])
    np.testing.assert_allclose(even.middle[0], 1.55)


def test_the_monthly_mean_temperature_is_kept(daily: tuple[Intervals, Surface], default_truth: Truth) -> None:
    intervals, surface = daily
    means = intervals.means(surface.temperature)
    np.testing.assert_allclose(means, default_truth.weather.tas[:, CELLS], atol=1e-9)


def test_weather_systems_last_for_days(daily: tuple[Intervals, Surface]) -> None:
    intervals, surface = daily
    within = surface.temperature - intervals.means(surface.temperature)[intervals.month]
    july = within[intervals.month % 12 == 6]
    january = within[intervals.month % 12 == 0]
    assert 1.2 < july.std() < 3.0 < january.std() < 5.5
    assert np.corrcoef(january[1:, 0], january[:-1, 0])[0, 1] > 0.7


def test_coarser_steps_see_the_same_weather(daily: tuple[Intervals, Surface], default_truth: Truth) -> None:
    intervals, surface = daily
    even = Intervals.even(default_truth.days, 10)
    thirds = make_surface(default_truth.weather, CELLS, default_truth.systems, even, default_truth.days)
    np.testing.assert_allclose(even.means(thirds.temperature), intervals.means(surface.temperature), atol=1e-9)
    daily_at = np.interp(even.middle, intervals.middle, surface.temperature[:, 0])
    assert np.corrcoef(daily_at, thirds.temperature[:, 0])[0, 1] > 0.995


def test_months_end_with_the_snow_of_the_monthly_series(daily: tuple[Intervals, Surface], default_truth: Truth) -> None:
    intervals, surface = daily
    weather = default_truth.weather
    monthly = monthly_snow(weather.tas[:, CELLS], weather.pr[:, CELLS], default_truth.days)
    last = np.append(intervals.first[1:], len(intervals.days)) - 1
    water = surface.snow_depth[last] * surface.snow_density[last] / 1000
    np.testing.assert_allclose(water, np.where(water > 0, monthly.swe_end, 0.0), atol=1e-9)
    lying = monthly.swe_end > 0.01
    assert (water[lying] > 0).all()
    assert np.median(surface.snow_depth[intervals.month % 12 == 6]) == 0


def test_weather_systems_have_the_declared_variance(default_truth: Truth) -> None:
    assert default_truth.systems.at(np.arange(1000.0), CELLS).std() == pytest.approx(0.9, abs=0.15)
