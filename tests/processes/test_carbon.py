from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from geocryoai.core.errors import ModelError
from geocryoai.processes.carbon import (
    CLASSES,
    CarbonPools,
    autotrophic_respiration,
    carbon_parameters,
    decomposition_multiplier,
    gpp_lue,
    lloyd_taylor,
    par_from_shortwave,
    periodic_pools,
    pool_step,
    ramp,
    simulate_carbon,
    steady_pools,
)

pytestmark = pytest.mark.physics
YEAR = np.array([31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31.0])
LABELS = ["ENF", "DNF", "DBF", "SHR", "GRS"]


def forcing(years: int, cells: int = 5, seed: int | None = None) -> dict[str, np.ndarray]:
    season = np.tile(-np.cos(2 * np.pi * (np.arange(12) - 0.5) / 12), years)[:, None] + np.zeros(cells)
    noise = np.zeros_like(season) if seed is None else np.random.default_rng(seed).normal(0, 1.0, season.shape)
    ts = -4 + 12 * season + noise
    return {
        "par": np.clip(4.5 * (1 + season), 0, None),
        "fpar": np.clip(0.3 + 0.3 * season, 0, 1),
        "tmin": ts - 4,
        "vpd": 300 + 250 * season,
        "ts": ts,
        "soil_moisture": np.full_like(ts, 0.6),
        "frozen": (ts < 0).astype(float),
        "days": np.tile(YEAR, years),
    }


@pytest.mark.parametrize(("label", "q10"), [("ENF", 2.81), ("SHR", 2.54), ("GRS", 2.46)])
def test_implied_q10_from_0_to_10_degrees(label, q10):
    b0 = CLASSES[label].lloyd_taylor
    assert lloyd_taylor(10.0, b0) / lloyd_taylor(0.0, b0) == pytest.approx(q10, abs=0.005)


def test_lloyd_taylor_is_capped_above_20_and_nil_below_its_pole():
    assert lloyd_taylor([20.0, 35.0], 250.0) == pytest.approx([1.0, 1.0], abs=1e-6)
    assert lloyd_taylor([-46.03, -60.0, -90.0], 250.0).tolist() == [0.0, 0.0, 0.0]
    assert (np.diff(lloyd_taylor(np.linspace(-40, 20, 50), 250.0)) > 0).all()


def test_published_table():
    shrub = carbon_parameters("SHR")
    assert shrub.light_use_efficiency == 0.95
    assert shrub.tmin_low + 273.15 == pytest.approx(250.9, abs=0.05)
    assert (shrub.vpd_low, shrub.vpd_high) == pytest.approx((267, 4482), abs=0.6)
    assert shrub.structural_ratio == 0.4
    assert shrub.recalcitrant_ratio == 0.0093
    cells = carbon_parameters(["ENF", "GRS", "ENF"])
    assert np.asarray(cells.optimal_rate).tolist() == [0.022, 0.020, 0.022]
    assert "ENF, GRS" in cells.provenance


def test_production_is_nil_in_the_dark_and_at_the_ends_of_its_ramps():
    p = carbon_parameters("GRS")
    full = gpp_lue(10, 0.5, 30, 0, 1, 0, p)
    assert full == pytest.approx(1.64 * 5)
    assert gpp_lue(10, 0.5, 30, 0, 1, 1, p) == pytest.approx(full * 0.842071)
    for dark in ((0, 0.5, 30, 0, 1, 0), (10, 0, 30, 0, 1, 0), (10, 0.5, -24, 0, 1, 0), (10, 0.5, 30, 5000, 1, 0)):
        assert gpp_lue(*dark, p) == 0.0
    assert gpp_lue(10, 0.5, 30, 0, 0.0, 0, p) == 0.0
    assert ramp([-1, 0, 1, 2, 3], 0, 2).tolist() == [0, 0, 0.5, 1, 1]
    assert par_from_shortwave(200.0) == pytest.approx(7.776)
    assert autotrophic_respiration(full, p) == pytest.approx(full * 0.427736)


def test_step_closes_at_any_length():
    p = carbon_parameters(LABELS)
    pools = CarbonPools(np.full(5, 120.0), np.full(5, 200.0), np.full(5, 5000.0))
    for days in (1.0, 31.0, 3650.0):
        after, rh = pool_step(pools, np.full(5, 0.6), np.linspace(0, 1, 5), days, p)
        np.testing.assert_allclose(after.total - pools.total, (0.6 - rh) * days, atol=1e-9)
        assert (rh >= 0).all()
        assert all((pool >= 0).all() for pool in after)


def test_one_long_step_equals_many_short_ones_for_the_pools_fed_by_litter():
    p = carbon_parameters("SHR")
    pools = CarbonPools(*(np.array([v]) for v in (50.0, 80.0, 900.0)))
    once, _ = pool_step(pools, 0.5, 0.4, 30.0, p)
    many = pools
    for _ in range(30):
        many, _ = pool_step(many, 0.5, 0.4, 1.0, p)
    np.testing.assert_allclose(once.metabolic, many.metabolic, rtol=1e-12)
    np.testing.assert_allclose(once.structural, many.structural, rtol=1e-12)
    np.testing.assert_allclose(once.recalcitrant, many.recalcitrant, rtol=1e-4)


def test_steady_state_formula_and_the_periodic_start_agree_without_seasons():
    p = carbon_parameters(LABELS)
    multiplier, litter = np.full((12, 5), 0.23), np.full(5, 0.7)
    steady, periodic = steady_pools(litter, 0.23, p), periodic_pools(litter, multiplier, YEAR, p)
    for a, b in zip(steady, periodic, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-9)
    after, rh = pool_step(steady, litter, np.full(5, 0.23), 31.0, p)
    np.testing.assert_allclose(rh, litter, rtol=1e-12)
    np.testing.assert_allclose(after.total, steady.total, rtol=1e-12)


def test_steady_state_stays_steady_for_a_century():
    drivers = forcing(100)
    result = simulate_carbon(**drivers, params=carbon_parameters(LABELS))
    for start, series in zip(result.start, result.pools, strict=True):
        np.testing.assert_allclose(series[11::12], np.broadcast_to(start, (100, 5)), rtol=1e-10)
    annual = (result.nee * drivers["days"][:, None]).reshape(100, 12, 5).sum(axis=1)
    gpp = (result.gpp * drivers["days"][:, None])[:12].sum(axis=0)
    assert (gpp > 150).all()
    np.testing.assert_allclose(annual, 0.0, atol=1e-8)


def test_mass_closes_and_net_exchange_is_exact():
    drivers = forcing(20, seed=1)
    result = simulate_carbon(**drivers, params=carbon_parameters(LABELS))
    np.testing.assert_array_equal(result.nee, result.ra + result.rh - result.gpp)
    np.testing.assert_array_equal(result.reco, result.ra + result.rh)
    stock = np.concatenate([result.start.total[None], result.pools.total + result.live])
    np.testing.assert_allclose(np.diff(stock, axis=0), -result.nee * drivers["days"][:, None], atol=1e-9)
    assert (result.rh > 0).all()


def test_warming_the_soil_alone_releases_carbon():
    drivers = forcing(20)
    control = simulate_carbon(**drivers, params=carbon_parameters("SHR"))
    warmed = drivers["ts"].copy()
    warmed[120:] += 3.0
    result = simulate_carbon(**{**drivers, "ts": warmed}, params=carbon_parameters("SHR"))
    np.testing.assert_array_equal(result.start.recalcitrant, control.start.recalcitrant)
    assert (result.nee[120:132].mean(axis=0) > control.nee[120:132].mean(axis=0) + 0.01).all()
    assert (result.pools.total[-1] < control.pools.total[-1]).all()


def test_later_forcing_never_reaches_back():
    drivers = forcing(14, seed=3)
    changed = {k: v.copy() for k, v in drivers.items()}
    changed["par"][130:] *= 2
    changed["ts"][130:] += 4
    params = carbon_parameters("GRS")
    a, b = simulate_carbon(**drivers, params=params), simulate_carbon(**changed, params=params)
    np.testing.assert_array_equal(a.nee[:130], b.nee[:130])
    assert (a.nee[130:] != b.nee[130:]).any()


def test_parameters_per_cell_equal_runs_per_class():
    drivers = forcing(3, cells=2, seed=4)
    both = simulate_carbon(**drivers, params=carbon_parameters(["DBF", "GRS"]))
    for i, label in enumerate(("DBF", "GRS")):
        one = {k: v if v.ndim == 1 else v[:, [i]] for k, v in drivers.items()}
        np.testing.assert_allclose(simulate_carbon(**one, params=carbon_parameters(label)).nee[:, 0], both.nee[:, i])


def test_daily_steps_close_as_well():
    day = np.arange(730)
    season = -np.cos(2 * np.pi * day / 365)[:, None]
    ts = -4 + 12 * season
    result = simulate_carbon(
        par=4.5 * (1 + season), fpar=0.3 + 0.3 * season, tmin=ts - 4, vpd=300 + 250 * season, ts=ts,
        soil_moisture=np.full_like(ts, 0.6), frozen=(ts < 0) * 1.0, days=np.ones(730),
        params=carbon_parameters("SHR"), steps_per_year=365,
    )  # fmt: skip
    assert abs(result.nee[365:].sum()) < 1e-8
    assert 200 < result.gpp[:365].sum() < 600


def test_surface_moisture_slows_decay():
    p = carbon_parameters("GRS")
    assert decomposition_multiplier(5.0, 0.0, p) == 0.0
    assert decomposition_multiplier(5.0, 0.25, p) == pytest.approx(
        decomposition_multiplier(5.0, 1.0, p) * 25 / 50.774238
    )


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"fpar": np.full((24, 5), 1.2)}, r"fpar \[1\]"),
        ({"ts": np.full((24, 5), np.nan)}, "ts: a value is missing"),
        ({"par": np.full((24, 5), -1.0)}, "par"),
        ({"soil_moisture": np.full((24, 5), 60.0)}, r"soil_moisture \[1\]"),
        ({"days": np.full(23, 30.0)}, "lengths of the steps"),
        ({"days": np.full(24, 1.0)}, "days in the first year"),
        ({"vpd": np.zeros((24, 4))}, r"one shape.*vpd \(24, 4\)"),
        ({"ts": np.full((24, 5), -60.0)}, "nothing decays"),
    ],
)
def test_bad_forcing_is_refused(change, text):
    with pytest.raises(ModelError, match=text):
        simulate_carbon(**{**forcing(2), **change}, params=carbon_parameters("SHR"))


def test_bad_parameters_are_refused():
    with pytest.raises(ModelError, match=r"'GRSS'.*GRS"):
        carbon_parameters(["SHR", "GRSS"])
    with pytest.raises(ModelError, match="ramp ends before it begins"):
        replace(CLASSES["SHR"], vpd_low=5000.0)
    with pytest.raises(ModelError, match="autotrophic_fraction"):
        replace(CLASSES["SHR"], autotrophic_fraction=1.2)
    with pytest.raises(ModelError, match="optimal_rate"):
        replace(CLASSES["SHR"], optimal_rate=-0.1)
    short = {k: v[:6] for k, v in forcing(1).items()}
    with pytest.raises(ModelError, match="shorter than one year"):
        simulate_carbon(**short, params=carbon_parameters("SHR"))
