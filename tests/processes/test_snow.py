from __future__ import annotations

import numpy as np
import pytest

from geocryoai.core.errors import ModelError
from geocryoai.processes.daily import daily_from_monthly
from geocryoai.processes.snow import (
    freezing_n_factor,
    snow_conductivity,
    snow_conductivity_calonne,
    snow_diffusivity,
)
from geocryoai.processes.snowpack import SnowParameters, snow_series

DAYS = np.tile([31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31.0], 6)
MONTH = np.arange(DAYS.size)
TAS = (-10 - 18 * np.cos(2 * np.pi * (MONTH % 12) / 12))[:, None] + np.array([0.0, 4.0, 30.0])
PR = np.full_like(TAS, 0.8)


@pytest.mark.physics
def test_conductivity_of_sturm_at_its_pieces():
    # g cm-3: 0.023 + 0.234 r below 0.156, 0.138 - 1.01 r + 3.233 r2 above
    np.testing.assert_allclose(snow_conductivity([100.0, 300.0, 400.0]), [0.0464, 0.12597, 0.25128], rtol=1e-4)
    below, above = snow_conductivity([155.999, 156.001])
    assert below == pytest.approx(above, rel=0.02)


@pytest.mark.physics
def test_conductivity_of_calonne_is_their_parabola_and_never_below_that_of_air():
    # kg m-3: 2.5e-6 r2 - 1.23e-4 r + 0.024
    np.testing.assert_allclose(snow_conductivity_calonne([25.0, 100.0, 300.0, 400.0]), [0.024, 0.0367, 0.2121, 0.3748])
    snow = np.linspace(150.0, 500.0, 8)
    assert (snow_conductivity_calonne(snow) > snow_conductivity(snow)).all()


@pytest.mark.physics
def test_trap_snow_capacity_is_per_volume():
    assert snow_diffusivity(300.0) == pytest.approx(0.12597 / (2090 * 300), rel=1e-4)


@pytest.mark.physics
def test_freezing_n_factor_is_one_without_snow_and_falls_with_it():
    n = freezing_n_factor([0.0, 0.1, 0.3, 0.6, 1.5], 300.0)
    assert n[0] == 1.0
    assert (np.diff(n) < 0).all()
    assert 0.25 < n[2] < 0.6
    assert freezing_n_factor(0.4, 200.0) < freezing_n_factor(0.4, 400.0)


@pytest.mark.physics
def test_freezing_n_factor_is_the_gain_of_a_resistance_over_a_half_space():
    h, k_snow, k, c = 0.4, float(snow_conductivity(300.0)), 1.5, 2.0e6
    omega = 2 * np.pi / (365.25 * 86400)
    impedance = 1 / np.sqrt(1j * omega * k * c)
    assert freezing_n_factor(0.4, 300.0, k, c) == pytest.approx(abs(impedance / (impedance + h / k_snow)))


def test_snow_balance_closes_and_winter_builds_snow():
    snow = snow_series(TAS, PR, DAYS)
    before = np.concatenate([snow.start[None], snow.swe_end[:-1]])
    np.testing.assert_allclose(snow.swe_end - before, snow.snowfall - snow.melt, atol=1e-15)
    assert (snow.melt >= 0).all()
    cold, mild, warm = snow.snd[-12:].T
    assert cold[3] > 0.3
    assert cold[7] == 0.0
    assert (cold >= mild - 1e-12).all()
    assert warm.max() < 1e-3
    assert (snow.density >= 242.5).all()
    assert (snow.density <= 363.0).all()
    assert snow.density[-12:, 0][3] > snow.density[-12:, 0][0]


def test_start_is_the_state_of_a_repeated_year():
    snow = snow_series(TAS, PR, DAYS)
    np.testing.assert_allclose(snow.swe_end[11], snow.start, rtol=1e-12)
    bare = snow_series(TAS, PR, DAYS, initial=np.zeros(3))
    assert bare.start.tolist() == [0, 0, 0]
    assert bare.swe_end[0, 0] < snow.swe_end[0, 0]


def test_no_precipitation_no_snow():
    snow = snow_series(TAS, np.zeros_like(TAS), DAYS)
    assert (snow.snd == 0).all()


def test_snow_by_days_melts_as_by_months_and_lies_no_longer():
    months = np.tile([31.0, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31], 2)
    tas = -6.0 - 17.0 * np.cos(2 * np.pi * (np.arange(24) - 0.5) / 12)[:, None]
    pr = np.full((24, 1), 0.8)
    monthly = snow_series(tas, pr, months)
    air = daily_from_monthly(tas, months)
    daily = snow_series(air, np.repeat(pr, months.astype(int), axis=0), np.ones(730))
    np.testing.assert_allclose(np.diff(daily.swe_end, axis=0), (daily.snowfall - daily.melt)[1:], atol=1e-12)
    assert daily.snowfall.sum() == pytest.approx(monthly.snowfall.sum(), rel=0.03)
    assert daily.swe_end.max() == pytest.approx(monthly.swe_end.max(), rel=0.1)
    between = daily_from_monthly(monthly.snd, months)[:, 0]
    gone_by_days, gone_between = (int(np.argmax(depth[90:365] < 0.01)) + 90 for depth in (daily.snd[:, 0], between))
    assert gone_by_days < gone_between - 7
    with pytest.raises(ModelError, match="days"):
        snow_series(air[:2], air[:2] * 0.0, np.full(2, 0.5))


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: snow_conductivity(0.3), "density"),
        (lambda: snow_conductivity(900.0), "density"),
        (lambda: freezing_n_factor(-0.1, 300.0), "snd"),
        (lambda: snow_series(TAS, -PR, DAYS), r"pr \[mm d-1\]"),
        (lambda: snow_series(TAS + 273.15, PR, DAYS), r"tas \[degC\]"),
        (lambda: snow_series(TAS, PR, DAYS[:-1]), "does not fit together"),
        (lambda: snow_series(np.where(TAS > 15, np.nan, TAS), PR, DAYS), r"tas \[degC\].*missing"),
        (lambda: SnowParameters(fresh_density=400.0), "lighter"),
        (lambda: SnowParameters(melt_factor=-1.0), "melt_factor"),
    ],
)
def test_bad_input_is_refused(call, text):
    with pytest.raises(ModelError, match=text):
        call()
