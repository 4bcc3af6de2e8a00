"""Heat is neither made nor lost, whatever the step, the curve and the weather."""

from __future__ import annotations

import numpy as np
import pytest

from geocryoai.processes.column import (
    Forcing,
    FreeWater,
    LinearCurve,
    Material,
    Options,
    PowerCurve,
    VanGenuchtenCurve,
    column_grid,
    layered_soil,
    settlement,
    simulate_column,
)

pytestmark = pytest.mark.physics

CURVES = {
    "free": FreeWater(),
    "power": PowerCurve(0.05, -0.5),
    "van Genuchten": VanGenuchtenCurve(1.5, 1.6, 0.03, 0.45),
    "linear": LinearCurve(-2.0, 0.05),
}


def tundra(curve, columns: int = 2, excess: float = 0.0):
    peat = Material(0.6, 0.5, 1.5, 3.4e6, 2.0e6)
    silt = Material(0.4, 1.2, 2.1, 2.8e6, 2.0e6, curve, excess)
    grid = column_grid(50, 0.02, 25.0, interfaces=[0.2])
    return layered_soil(grid, [peat, silt], np.array([[0.2] * columns, [1.0] * columns]))


def weather(years: int, columns: int = 2, seed: int = 1) -> Forcing:
    rng = np.random.default_rng(seed)
    day = np.arange(365 * years)[:, None]
    air = -6.0 - 18.0 * np.cos(2 * np.pi * (day - 15) / 365) + rng.normal(0, 3, (day.size, columns))
    snow = np.clip(0.5 * np.cos(2 * np.pi * (day % 365 - 45) / 365), 0.0, None) * np.ones(columns)
    return Forcing(np.ones(day.size), temperature=air, snow_depth=snow, snow_density=270.0, year=day[:, 0] // 365)


@pytest.mark.parametrize("curve", CURVES.values(), ids=CURVES)
def test_ten_years_close_to_a_millionth(curve):
    result = simulate_column(weather(10), tundra(curve), -6.0, Options(profile=False))
    assert (result.energy_error() < 1e-6).all()
    assert result.energy_error().max() < 1e-11  # what the scheme promises: round-off


@pytest.mark.parametrize("days", [1.0, 30.4, 182.5])
def test_long_steps_make_no_heat_and_no_new_extremes(days):
    count = int(3650 / days)
    time = (np.arange(count) + 0.5) * days
    surface = -5.0 + 14.0 * np.sin(2 * np.pi * time / 365)
    result = simulate_column(Forcing(np.full(count, days), temperature=surface), tundra(FreeWater()), -5.0,
                             Options(step=400.0))  # fmt: skip
    assert (result.energy_error() < 1e-11).all()
    assert result.temperature.max() <= surface.max()
    assert result.temperature[:, :20].min() >= surface.min()
    assert ((result.liquid_share >= 0) & (result.liquid_share <= 1)).all()


def test_ground_at_rest_stays_at_rest():
    soil = layered_soil(column_grid(30), [Material(0.4, 1.2, 2.1, 2.8e6, 2.0e6, PowerCurve(0.05, -0.5))], [1.0], 0.0)
    result = simulate_column(Forcing(np.full(50, 30.0), temperature=np.full(50, -0.3)), soil, -0.3, Options(step=30.0))
    assert np.abs(result.temperature + 0.3).max() < 1e-10
    assert np.abs(np.diff(result.series.enthalpy[:, 0])).max() < 1e-5


def test_latent_and_sensible_heat_are_what_water_and_temperature_say():
    result = simulate_column(weather(1), tundra(CURVES["power"]), -6.0)
    stored = (3.34e8 * result.liquid * result.soil.grid.thickness[:, None]).sum(axis=1)
    assert result.series.latent_heat == pytest.approx(stored, rel=1e-9)
    total = 3.34e8 * result.tables.water[result.soil.index]
    assert (result.liquid + result.ice) * 3.34e8 == pytest.approx(np.broadcast_to(total, result.liquid.shape))
    warm = result.temperature[200, 0, 0]
    assert warm > 0
    assert result.series.sensible_heat[200, 0] > result.series.sensible_heat[20, 0]


def test_snow_keeps_the_ground_warm_and_more_of_it_warmer():
    base = weather(3, 3, seed=2)
    snow = base.snow_depth * np.array([0.0, 0.5, 1.5])
    forcing = Forcing(base.days, temperature=base.temperature[:, :1], snow_depth=snow, year=base.year)
    result = simulate_column(forcing, tundra(CURVES["power"], 3), -6.0)
    mean = result.yearly.mean[-1, 10]
    assert mean[0] + 1.5 < mean[1] < mean[2]
    winter = result.series.surface_temperature[365 + 20]
    assert winter[0] < winter[1] < winter[2]


def test_snow_cells_converge():
    forcing, soil = weather(2), tundra(CURVES["power"])
    fine = simulate_column(forcing, soil, -6.0, Options(snow_cells=24)).temperature
    errors = [np.sqrt(np.mean((simulate_column(forcing, soil, -6.0, Options(snow_cells=n)).temperature - fine) ** 2))
              for n in (1, 3, 8)]  # fmt: skip
    assert errors[0] > errors[1] > errors[2]
    assert errors[1] < 0.1


def test_settlement_comes_back_for_pore_ice_and_stays_for_excess_ice():
    warm = Forcing(np.ones(730), temperature=4.0 - 14.0 * np.cos(2 * np.pi * np.arange(730) / 365))
    found = settlement(simulate_column(warm, tundra(FreeWater(), 1, excess=0.2), -3.0))
    assert (np.diff(found.excess[:, 0]) >= 0).all()
    assert found.pore[:, 0].argmax() not in (0, 729)
    result = simulate_column(warm, tundra(FreeWater(), 1, excess=0.2), -3.0)
    thawed = result.series.thaw_depth_phase[:, 0].max() - 0.2
    assert found.excess[-1, 0] == pytest.approx(0.2 * thawed * 1000 / 917, rel=0.05)
    peak = found.pore[:365, 0].max()
    assert found.pore[364, 0] < 0.6 * peak
