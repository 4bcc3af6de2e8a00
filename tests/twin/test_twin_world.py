"""Is the simulated world like Alaska, and does its truth hold together?"""

from __future__ import annotations

import numpy as np
import pytest

from geocryoai.core.errors import GridError
from geocryoai.twin.carbon import make_fluxes
from geocryoai.twin.climate import make_climate, saturation_pressure, top_of_atmosphere
from geocryoai.twin.coarse_ground import thaw_and_freeze
from geocryoai.twin.cover import make_cover, map_cover
from geocryoai.twin.drivers import observe_drivers
from geocryoai.twin.handbook import handbook
from geocryoai.twin.landscape import make_landscape
from geocryoai.twin.options import TwinOptions
from geocryoai.twin.parameters import true_parameters, usual_parameters
from geocryoai.twin.truth import Truth, make_truth
from geocryoai.twin.weather import make_weather


def annual(values: np.ndarray) -> np.ndarray:
    return values.reshape(-1, 12, values.shape[-1]).mean(axis=1)


def latitude(truth: Truth) -> np.ndarray:
    return truth.landscape.flat(truth.landscape.lat)


def test_relief_coast_and_ridge(default_truth: Truth) -> None:
    landscape, lat = default_truth.landscape, latitude(default_truth)
    elevation, slope = landscape.flat(landscape.elevation), landscape.flat(landscape.slope)
    assert 140 <= landscape.cells <= 160
    assert elevation.min() >= 1
    assert elevation.max() < 3000
    ridge, plain = np.abs(lat - 68.2) < 0.4, lat > 69.9
    assert elevation[ridge].mean() > 800 > 200 > elevation[plain].mean()
    assert slope[ridge].mean() > 3 * slope[plain].mean()
    assert landscape.flat(landscape.coast_distance)[plain].mean() < 100_000
    assert np.all(landscape.elevation[~landscape.land] == 0)
    assert np.all(landscape.lat[~landscape.land] > 69.5)


def test_climate_range_trend_and_winter_warming(default_truth: Truth) -> None:
    tas, lat = default_truth.weather.tas, latitude(default_truth)
    maat = annual(tas).mean(axis=0)
    assert -12.5 < maat.min() < -10
    assert -3.5 < maat.max() < -1
    trend = np.polyfit(np.arange(33), annual(tas).mean(axis=1), 1)[0] * 10
    assert 0.2 < trend < 0.9
    by_month = tas.reshape(33, 12, -1).mean(axis=0)
    inland, coast = lat < 65, lat > 70
    swing = by_month.max(axis=0) - by_month.min(axis=0)
    assert swing[inland].mean() > swing[coast].mean() + 2
    assert 13 < by_month[6][inland].mean() < 18
    assert 4 < by_month[6][coast].mean() < 9


def test_without_variability_the_trend_is_the_declared_one(small_options: TwinOptions) -> None:
    calm = small_options.model_copy(
        update={"weather": small_options.weather.model_copy(update={"variability": 0.0, "warming": 0.6})}
    )
    landscape = make_landscape(calm)
    tas = make_weather(calm, landscape, make_climate(landscape)).tas
    slope = 10 * np.polyfit(np.arange(9), annual(tas), 1)[0]
    np.testing.assert_allclose(slope.min(), 0.6, rtol=0.02)
    assert slope.max() < 0.6 * 1.16
    winter, summer = (10 * np.polyfit(np.arange(9), tas[month::12], 1)[0].mean() for month in (0, 6))
    assert winter > 2 * summer > 0


def test_weather_is_physical(default_truth: Truth) -> None:
    weather = default_truth.weather
    assert weather.pr.min() > 0
    annual_rain = annual(weather.pr).mean(axis=0) * 365
    assert 150 < annual_rain.min() < annual_rain.max() < 1000
    assert weather.rsds.min() == 0
    assert 200 < weather.rsds.max() < 350
    humidity = weather.vp / saturation_pressure(weather.tas)
    assert 0.3 < humidity.min() < humidity.max() < 1


@pytest.mark.physics
def test_radiation_at_the_top_of_the_atmosphere_at_the_pole_and_in_polar_night() -> None:
    pole = 1361 * (1 + 0.033 * np.cos(2 * np.pi * 172 / 365)) * np.sin(np.radians(23.45))
    np.testing.assert_allclose(top_of_atmosphere(np.array(90.0), np.array(172.0)), pole, rtol=1e-3)
    assert top_of_atmosphere(np.array(70.0), np.array(355.0)) == 0


def test_snow_lies_in_winter_and_is_gone_in_july(default_truth: Truth) -> None:
    depth = default_truth.snow.depth.reshape(33, 12, -1)
    assert 0.15 < np.median(depth[:, 2]) < 0.8
    assert np.median(depth[:, 6]) < 0.001
    assert depth.max() < 3
    lying = default_truth.snow.depth > 0.01
    density = 1000 * default_truth.snow.water[lying] / default_truth.snow.depth[lying]
    assert 170 < density.min() < density.max() < 330


def test_fluxes_close_and_lie_in_the_observed_range(default_truth: Truth) -> None:
    fluxes = default_truth.fluxes
    np.testing.assert_array_equal(fluxes.nee, fluxes.reco - fluxes.gpp)
    assert fluxes.gpp.min() >= 0
    assert fluxes.reco.min() >= 0
    assert -6 < fluxes.nee.min() < -1
    assert 0.3 < fluxes.nee.max() < 3
    assert 0 <= fluxes.fch4.min() < fluxes.fch4.max() < 150
    np.testing.assert_array_equal(fluxes.fch4, default_truth.cover.wetland_fraction * fluxes.fch4_wetland)


def test_yearly_carbon_is_that_of_tundra_and_of_the_interior(default_truth: Truth) -> None:
    lat = latitude(default_truth)
    gpp, nee = (annual(flux).mean(axis=0) * 365.25 for flux in (default_truth.fluxes.gpp, default_truth.fluxes.nee))
    assert gpp.max() < 1200
    assert 80 < np.median(gpp[lat > 69]) < 350
    assert 350 < np.median(gpp[lat < 65.5]) < 900
    assert -60 < nee[lat > 69].mean() < 40
    assert -120 < nee[lat < 67].mean() < 60


def test_methane_is_that_of_airborne_and_model_estimates(default_truth: Truth) -> None:
    summer = default_truth.fluxes.fch4.reshape(33, 12, -1)[:, 4:9].mean()
    assert 4 < summer < 12
    assert 0.5 < annual(default_truth.fluxes.fch4).mean() * 0.36525 < 5


def test_methane_goes_on_in_the_zero_curtain_and_nearly_stops_in_frozen_ground(default_truth: Truth) -> None:
    emission, liquid = default_truth.fluxes.fch4_wetland, default_truth.ground.rooted_liquid
    frozen_air = default_truth.weather.tas < -3
    assert 0.05 < (frozen_air & (emission > 5.0)).sum() / frozen_air.sum() < 0.6
    assert emission[(liquid < 0.1)].mean() < 0.1 * emission[liquid > 0.9].mean()
    cold = emission.reshape(33, 12, -1)[:, [0, 1, 2, 3, 8, 9, 10, 11]].sum() / emission.sum()
    assert 0.25 < cold < 0.7


def test_wet_ground_holds_back_uptake_only_where_the_truth_departs(small_options: TwinOptions) -> None:
    plain = small_options.model_copy(update={"truth": small_options.truth.model_copy(update={"strength": 0.0})})
    landscape = make_landscape(plain)
    cover = make_cover(plain, landscape, make_climate(landscape))
    assert np.all(true_parameters(plain, landscape, cover).waterlogging == 0)
    assert 0.2 < true_parameters(small_options, landscape, cover).waterlogging.mean() < 0.8


def test_the_coarse_closed_form_is_a_good_guess_of_thaw_but_not_a_perfect_one(
    default_truth: Truth, world_options: TwinOptions
) -> None:
    truth = default_truth
    mapped = map_cover(world_options, truth.landscape, truth.cover)
    guess = thaw_and_freeze(
        handbook(mapped), mapped.organic_depth, truth.weather.tas, truth.snow.depth, truth.days
    ).alt.mean(axis=0)
    true = np.nanmean(truth.ground.alt, axis=0)
    both = true < 1.5
    guess = guess * np.median(true[both] / guess[both])
    error = np.sqrt(np.mean((guess - true)[both] ** 2))
    assert 0.05 < error < 0.2
    assert np.corrcoef(guess[both], true[both])[0, 1] > 0.7


def test_textbook_carbon_on_mapped_cover_is_better_than_the_season_but_not_perfect(
    default_truth: Truth, world_options: TwinOptions
) -> None:
    truth = default_truth
    mapped = map_cover(world_options, truth.landscape, truth.cover)
    drivers = observe_drivers(world_options, truth)
    book = usual_parameters(mapped)
    guess = make_fluxes(book, mapped, drivers.weather, drivers.lai, truth.ground, truth.moisture, truth.days)
    for name in ("nee", "gpp", "reco", "fch4_wetland"):
        true, model = getattr(truth.fluxes, name), getattr(guess, name)
        season = np.tile(true.reshape(33, 12, -1).mean(axis=(0, 2)), 33)[:, None]
        skill = 1 - ((model - true) ** 2).mean() / ((season - true) ** 2).mean()
        assert 0.1 < skill < 0.97, name


def test_without_departures_the_parameters_are_the_usual_ones(small_options: TwinOptions) -> None:
    plain = small_options.model_copy(update={"truth": small_options.truth.model_copy(update={"strength": 0.0})})
    landscape = make_landscape(plain)
    cover = make_cover(plain, landscape, make_climate(landscape))
    usual, true = usual_parameters(cover), true_parameters(plain, landscape, cover)
    for name in ("organic_conductivity", "n_thaw", "snow_conductivity", "light_use", "methane_q10"):
        np.testing.assert_array_equal(getattr(true, name), getattr(usual, name))


def test_hidden_parameters_lie_in_patches_around_the_usual_ones(default_truth: Truth) -> None:
    true, usual = default_truth.parameters, usual_parameters(default_truth.cover)
    spread = np.log(true.light_use / usual.light_use).std()
    assert 0.1 < spread < 0.4
    rows = default_truth.landscape.maps(true.methane_oxidation.astype(float))
    beside = np.isfinite(rows[:, 1:]) & np.isfinite(rows[:, :-1])
    assert np.corrcoef(rows[:, 1:][beside], rows[:, :-1][beside])[0, 1] > 0.5


def test_one_year_is_enough(tiny_options: TwinOptions) -> None:
    truth = make_truth(tiny_options.model_copy(update={"last_year": 2000}))
    assert truth.ground.alt.shape == (1, truth.landscape.cells)
    assert np.isfinite(truth.fluxes.fch4).all()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"top": 3_200_000.0}, ["outside the simulated Alaska", "60.0 to 72.5 degrees north"]),
        ({"top": 2_480_000.0, "height": 6, "resolution": 12_000.0}, ["no land", "Move 'top' south"]),
    ],
)
def test_a_grid_that_cannot_be_used_is_refused(
    small_options: TwinOptions, change: dict[str, object], words: list[str]
) -> None:
    with pytest.raises(GridError) as caught:
        make_landscape(small_options.model_copy(update=change))
    for word in words:
        assert word in str(caught.value)
