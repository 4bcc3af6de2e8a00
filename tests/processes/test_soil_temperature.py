from __future__ import annotations

import numpy as np
import pytest

from geocryoai.core.errors import ModelError
from geocryoai.processes.harmonic import harmonic_temperature
from geocryoai.processes.soil_temperature import (
    conducted_series,
    month_weights,
    soil_temperature_monthly,
    surface_temperature,
)
from geocryoai.processes.unfrozen_water import freezing_point, unfrozen_water

pytestmark = pytest.mark.physics


def monthly(depth: float, alpha: float, years: int) -> np.ndarray:
    t = (np.arange(years * 12 * 50) + 0.5) / 50 * 365.25 / 12
    return harmonic_temperature(depth, t, -5.0, 14.0, alpha).reshape(-1, 50).mean(axis=1)


@pytest.mark.parametrize("depth", [0.05, 0.2, 0.5, 1.0])
def test_conducted_months_follow_the_harmonic_solution(depth):
    carried = conducted_series(monthly(0.0, 6e-7, 6), depth, 6e-7)
    np.testing.assert_allclose(carried, monthly(depth, 6e-7, 6), atol=0.25)


def test_weights_sum_to_one_and_fall_with_age():
    w = month_weights(0.2, 6e-7)
    assert w.sum() == pytest.approx(1.0)
    assert (np.diff(w) < 0).all()
    np.testing.assert_allclose(conducted_series(np.full((30, 2), -3.0), 0.4, 6e-7), -3.0)
    surface = monthly(0.0, 6e-7, 3)
    np.testing.assert_allclose(conducted_series(surface, 0.0, 6e-7), surface, atol=1e-9)


def test_snow_warms_winter_soil_and_leaves_summer():
    tas = np.tile(-8 - 18 * np.cos(2 * np.pi * np.arange(12) / 12), 5)[:, None] + np.zeros(2)
    snd = np.where(tas < 0, np.array([0.05, 0.6]), 0.0)
    soil = soil_temperature_monthly(tas, snd)[-12:]
    assert soil.shape == (12, 2)
    assert soil[1, 1] > soil[1, 0] + 5
    assert abs(soil[6, 1] - soil[6, 0]) < 2
    assert soil[:, 0].argmax() in (6, 7)
    deep = soil_temperature_monthly(tas, snd, depth=1.0)[-12:, 0]
    assert np.ptp(deep) < np.ptp(soil[:, 0])


def test_surface_is_air_times_n():
    surface = surface_temperature([10.0, -10.0, 0.0], 0.0, n_thaw=0.8)
    np.testing.assert_allclose(surface, [8.0, -10.0, 0.0])


def test_later_months_never_reach_back():
    rng = np.random.default_rng(0)
    tas = rng.normal(-5, 10, (36, 3))
    changed = tas.copy()
    changed[24:] += 5
    same = soil_temperature_monthly(tas, np.zeros_like(tas))[:24]
    np.testing.assert_array_equal(same, soil_temperature_monthly(changed, np.zeros_like(tas))[:24])


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: conducted_series(np.zeros(11), 0.1, 1e-6), "shorter than one year"),
        (lambda: conducted_series(np.zeros(12), -0.1, 1e-6), "depth"),
        (lambda: conducted_series(np.full(12, 280.0), 0.1, 1e-6), "surface"),
        (lambda: soil_temperature_monthly(np.full(12, np.nan), np.zeros(12)), "tas"),
        (lambda: soil_temperature_monthly(np.zeros(12), np.full(12, -1.0)), "snd"),
        (lambda: unfrozen_water(-1, 0.4, 0.05, 0.5), "exponent"),
        (lambda: unfrozen_water(-1, 0.0, 0.05, -0.5), "water_content"),
    ],
)
def test_bad_input_is_refused(call, text):
    with pytest.raises(ModelError, match=text):
        call()


def test_unfrozen_water_is_whole_above_the_freezing_point_and_continuous():
    start = float(freezing_point(0.38, 0.06, -0.6))
    assert start == pytest.approx(-((0.38 / 0.06) ** (-1 / 0.6)))
    assert unfrozen_water([5.0, 0.0, start], 0.38, 0.06, -0.6) == pytest.approx([0.38] * 3)
    below = unfrozen_water(np.linspace(start, -20, 50), 0.38, 0.06, -0.6)
    assert (np.diff(below) < 0).all()
    assert unfrozen_water(-1.0, 0.38, 0.06, -0.6) == pytest.approx(0.06)
