"""Active-layer thickness from seasonal subsidence: numbers of the soil, round trips, limits."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.integrate import quad

from geocryoai.core.errors import ModelError
from geocryoai.retrievals.radar.resalt import (
    fit_season,
    seasonal_subsidence,
    thickness_between_dates,
    thickness_draws,
    thickness_of_settlement,
    thickness_sigma,
)
from geocryoai.retrievals.radar.soil_porosity import EXPANSION, SoilPorosity

SOIL = SoilPorosity()
DEPTHS = np.array([0.02, 0.1, 0.3, 0.45, 0.8, 1.5, 4.0])


@pytest.mark.physics
def test_numbers_of_the_soil() -> None:
    assert pytest.approx(0.0875, abs=1e-4) == EXPANSION
    assert float(SOIL.porosity(0.0)) == pytest.approx(0.90)
    assert float(SOIL.porosity(10.0)) == pytest.approx(0.44)
    dense = 5.5 * 30 * np.exp(-5.5 * 0.3) / (1 - np.exp(-5.5 * 0.7))
    assert float(SOIL.porosity(0.3)) == pytest.approx(0.44 + 0.46 * dense / 140)


@pytest.mark.physics
@pytest.mark.parametrize("depth", [0.01, 0.3, 2.0])
def test_water_is_the_integral_of_porosity(depth: float) -> None:
    by_quadrature = quad(lambda z: float(SOIL.porosity(z)), 0, depth, points=[0.034] if depth > 0.034 else None)[0]
    assert float(SOIL.water(depth)) == pytest.approx(by_quadrature, rel=1e-8)
    slope = (SOIL.settlement(depth + 1e-6) - SOIL.settlement(depth - 1e-6)) / 2e-6
    assert float(SOIL.settlement_rate(depth)) == pytest.approx(float(slope), rel=1e-6)


@pytest.mark.physics
@pytest.mark.parametrize("soil", [SOIL, SoilPorosity(organic_mass=0.0), SoilPorosity(saturation=0.7, mineral=0.3)])
def test_settlement_gives_the_depth_back(soil: SoilPorosity) -> None:
    np.testing.assert_allclose(thickness_of_settlement(soil.settlement(DEPTHS), soil), DEPTHS, rtol=1e-9)


@pytest.mark.physics
def test_two_dates_give_the_thickness_back() -> None:
    first, second, end = 120.0, 760.0, 900.0
    roots = np.sqrt([first / end, second / end])
    seen = SOIL.settlement(roots[1] * DEPTHS) - SOIL.settlement(roots[0] * DEPTHS)
    np.testing.assert_allclose(thickness_between_dates(seen, first, second, end), DEPTHS, rtol=1e-8)


def test_the_simple_model_is_not_the_consistent_one() -> None:
    first, second, end = 120.0, 760.0, 900.0
    roots = np.sqrt([first / end, second / end])
    seen = SOIL.settlement(roots[1] * 0.5) - SOIL.settlement(roots[0] * 0.5)
    simple = float(thickness_of_settlement(seasonal_subsidence(seen, first, second, end)))
    assert 0.35 < simple < 0.49
    uniform = SoilPorosity(organic_mass=0.0)
    seen = uniform.settlement(roots[1] * 0.5) - uniform.settlement(roots[0] * 0.5)
    alike = thickness_of_settlement(seasonal_subsidence(seen, first, second, end), uniform)
    assert float(alike) == pytest.approx(0.5)


def test_heave_and_the_impossible_are_missing() -> None:
    found = thickness_of_settlement([-0.01, np.nan, 0.0, 5.0])
    np.testing.assert_array_equal(np.isnan(found), [True, True, False, True])
    assert found[2] == 0


def test_season_and_trend_are_told_apart() -> None:
    thaw = np.array([[100.0, 700.0], [150.0, 800.0], [300.0, 300.0]])
    years = np.array([0.2, 0.25, 1.0])
    roots = np.sqrt(thaw / 900.0)
    season, trend = np.array([[0.03, 0.05]]), np.array([[0.004, 0.0]])
    pairs = (roots[:, 1] - roots[:, 0])[:, None, None] * season + years[:, None, None] * trend
    found = fit_season(pairs, thaw, years, 900.0)
    np.testing.assert_allclose(found[0], season)
    np.testing.assert_allclose(found[1], trend, atol=1e-12)
    with pytest.raises(ModelError, match="do not tell season from trend"):
        fit_season(pairs[:1], thaw[:1], years[:1], 900.0)


def test_uncertainty_by_propagation_and_by_draws() -> None:
    first, second, end = 100.0, 850.0, 900.0
    roots = np.sqrt([first / end, second / end])
    seen = float(SOIL.settlement(roots[1] * 0.5) - SOIL.settlement(roots[0] * 0.5))
    sigma = float(thickness_sigma(0.5, 0.002, first, second, end, water_sigma=0.0))
    noise = np.random.default_rng(0).normal(seen, 0.002, 4000)
    assert np.nanstd(thickness_between_dates(noise, first, second, end)) == pytest.approx(sigma, rel=0.05)
    wide = float(thickness_sigma(0.5, 0.002, first, second, end))
    assert wide > sigma
    drawn = thickness_draws(seen, 0.002, first, second, end, draws=60, seed=1)
    assert drawn.shape == (60,)
    assert np.nanmean(drawn) > 0.5
    assert np.nanstd(drawn) > sigma
    np.testing.assert_array_equal(drawn, thickness_draws(seen, 0.002, first, second, end, draws=60, seed=1))


def test_a_drained_soil_comes_out_too_thin() -> None:
    drained = replace(SOIL, saturation=0.6)
    assert float(thickness_of_settlement(drained.settlement(0.6), SOIL)) < 0.4


@pytest.mark.parametrize("dates", [(500.0, 300.0, 900.0), (-1.0, 300.0, 900.0), (100.0, 950.0, 900.0)])
def test_dates_out_of_order(dates: tuple[float, float, float]) -> None:
    with pytest.raises(ModelError, match="degree days of thaw are out of order"):
        thickness_between_dates(0.02, *dates)


def test_a_soil_that_cannot_be() -> None:
    with pytest.raises(ModelError, match=r"the soil is not possible; found mineral = 1.4"):
        SoilPorosity(mineral=1.4)


def test_an_ambiguous_soil_is_refused() -> None:
    peat_on_sand = SoilPorosity(organic_mass=60.0, decay=30.0, mineral=0.02, organic=0.95)
    with pytest.raises(ModelError, match="several thicknesses"):
        thickness_between_dates(0.01, 700.0, 800.0, 900.0, peat_on_sand)
