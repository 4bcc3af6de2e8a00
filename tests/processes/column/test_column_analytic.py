"""The column model against exact solutions."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import erfc

from geocryoai.processes.column import (
    Forcing,
    LinearCurve,
    Material,
    Options,
    PowerCurve,
    column_grid,
    layered_soil,
    simulate_column,
)
from geocryoai.processes.ground import Ground
from geocryoai.processes.harmonic import harmonic_temperature
from geocryoai.processes.lunardini import ThreeZoneProblem, lunardini_fronts, lunardini_temperature
from geocryoai.processes.neumann import neumann_depth, neumann_temperature
from geocryoai.processes.stefan import stefan_depth

pytestmark = pytest.mark.physics

CASES = {
    "A": (Ground(1.2, 2.0, 2.8e6, 2.0e6, 0.4), 10.0, -5.0, 90, 1.0174),
    "B": (Ground(1.2, 2.0, 2.8e6, 2.0e6, 0.4), 10.0, 0.0, 90, 1.1436),
    "C": (Ground(0.5, 1.7, 3.4e6, 1.9e6, 0.8), 8.0, -6.0, 100, 0.4347),
}


def uniform(ground: Ground, top: float = 0.02, bottom: float = 40.0, layers: int = 160, even: float = 1.6):
    material = Material(ground.water_content, ground.conductivity_thawed, ground.conductivity_frozen,
                        ground.capacity_thawed, ground.capacity_frozen)  # fmt: skip
    return layered_soil(column_grid(layers, top, bottom, even), [material], [1.0], geothermal=0.0)


def thaw(case: str, top: float, step: float, **grid):
    ground, surface, initial, days, _ = CASES[case]
    forcing = Forcing(np.ones(days), temperature=np.full(days, surface))
    return simulate_column(forcing, uniform(ground, top, **grid), initial, Options(step=step))


@pytest.mark.parametrize("case", CASES)
def test_front_of_neumann_within_half_a_percent_at_two_centimetres(case):
    exact = CASES[case][4]
    found = thaw(case, 0.02, 0.25).series.thaw_depth_phase[-1, 0]
    assert found == pytest.approx(exact, rel=0.005)


@pytest.mark.parametrize("case", CASES)
def test_front_of_neumann_within_half_a_percent_at_daily_steps(case):
    result = thaw(case, 0.02, 1.0)
    assert result.series.thaw_depth_phase[-1, 0] == pytest.approx(CASES[case][4], rel=0.005)


def test_conductivities_of_the_start_of_a_step_let_thaw_run_ahead():
    ground, surface, initial, days, exact = CASES["C"]
    forcing = Forcing(np.ones(days), temperature=np.full(days, surface))
    lagged = simulate_column(forcing, uniform(ground), initial, Options(prediction=0)).series.thaw_depth_phase[-1, 0]
    corrected = simulate_column(forcing, uniform(ground), initial).series.thaw_depth_phase[-1, 0]
    assert lagged / exact - 1.0 > 0.006
    assert abs(corrected / exact - 1.0) < 0.5 * (lagged / exact - 1.0)


@pytest.mark.parametrize("case", CASES)
def test_front_and_profile_converge_with_refinement(case):
    ground, surface, initial, days, _ = CASES[case]
    errors, fronts = [], []
    for top, layers, step in ((0.08, 50, 1.0), (0.04, 80, 0.25), (0.02, 150, 1 / 16)):
        result = thaw(case, top, step, layers=layers)
        z = result.soil.grid.depth
        exact = neumann_temperature(z, days, ground, surface, initial)
        errors.append(np.sqrt(np.average((result.temperature[-1, :, 0] - exact)[z < 3] ** 2)))
        late = np.arange(days // 2, days)
        front = neumann_depth(ground, surface, initial, late + 1.0)
        fronts.append(np.abs(result.series.thaw_depth_phase[late, 0] / front - 1.0).mean())
    assert errors[2] < 0.06
    assert errors[2] < errors[0]
    assert fronts[0] > fronts[1] > fronts[2]
    assert fronts[2] < 0.002


def test_one_phase_is_stefan_where_sensible_heat_is_small():
    wet = Ground(1.2, 2.0, 2.8e5, 2.0e5, 0.8)
    forcing = Forcing(np.ones(60), temperature=np.full(60, 3.0))
    found = simulate_column(forcing, uniform(wet), 0.0, Options(step=0.25)).series.thaw_depth_phase[-1, 0]
    assert found == pytest.approx(float(stefan_depth(180.0, 1.2, 0.8)), rel=0.005)


@pytest.mark.parametrize("mean", [-12.0, 12.0])
def test_harmonic_within_a_hundredth_of_a_degree_over_five_years(mean):
    material = Material(0.0, 1.8, 1.8, 2.2e6, 2.2e6)
    soil = layered_soil(column_grid(170, 0.02, 60.0, 0.6), [material], [1.0], geothermal=0.0)
    alpha, period = 1.8 / 2.2e6, 365.0
    steps = 5 * 365 * 8
    ends = np.arange(1, steps + 1) / 8
    surface = mean + 10.0 * np.sin(2 * np.pi * ends / period)
    start = harmonic_temperature(soil.grid.depth, 0.0, mean, 10.0, alpha, period)
    result = simulate_column(Forcing(np.full(steps, 1 / 8), temperature=surface), soil, start)
    exact = harmonic_temperature(soil.grid.depth[None], ends[:, None], mean, 10.0, alpha, period)
    assert np.abs(result.temperature[:, :, 0] - exact).max() < 0.01


@pytest.mark.parametrize("frozen_below", [-4.0, -1.0])
def test_three_zones_of_lunardini(frozen_below):
    problem = ThreeZoneProblem(2.9, 2.9, 2.9, 6.9e5, 6.8e7, -6.0, frozen_below, 0.0, 4.0)
    material = Material(6.8e7 / 3.34e8, 2.9, 2.9, 6.9e5, 6.9e5, LinearCurve(frozen_below))
    soil = layered_soil(column_grid(160, 0.01, 30.0, 0.8), [material], [1.0], geothermal=0.0)
    forcing = Forcing(np.full(72, 1 / 24), temperature=np.full(72, -6.0))
    result = simulate_column(forcing, soil, 4.0, Options(step=1 / 96, knots=1024))
    z, t = soil.grid.depth, result.temperature[-1, :, 0]
    exact = lunardini_temperature(z, 3.0, problem)
    assert np.abs(t - exact).max() < 0.05
    for front, level in zip(lunardini_fronts(problem, 3.0), (frozen_below, 0.0), strict=True):
        assert np.interp(level, t, z) == pytest.approx(float(front), rel=0.01, abs=0.002)


def test_constant_heat_flux_warms_a_half_space_as_carslaw_and_jaeger_say():
    material = Material(0.0, 2.0, 2.0, 2.0e6, 2.0e6)
    soil = layered_soil(column_grid(120, 0.01, 30.0, 0.5), [material], [1.0], geothermal=0.0)
    result = simulate_column(Forcing(np.full(480, 1 / 48), heat_flux=np.full(480, 40.0)), soil, 5.0)
    z, seconds = soil.grid.depth, 10 * 86400.0
    length = np.sqrt(1e-6 * seconds)
    ierfc = np.exp(-((z / (2 * length)) ** 2)) / np.sqrt(np.pi) - z / (2 * length) * erfc(z / (2 * length))
    assert np.abs(result.temperature[-1, :, 0] - (5.0 + 2 * 40.0 * length / 2.0 * ierfc)).max() < 0.03
    assert result.series.heat_in == pytest.approx(40.0)


def test_geothermal_heat_gives_the_steady_gradient():
    material = Material(0.3, 1.5, 2.5, 2.5e6, 2.0e6, PowerCurve(0.02, -0.5))
    soil = layered_soil(column_grid(40, 0.1, 20.0, 0.5), [material], [1.0], geothermal=0.06)
    forcing = Forcing(np.full(400, 365.0), temperature=np.full(400, -8.0))
    result = simulate_column(forcing, soil, -8.0, Options(step=365.0))
    slope = np.diff(result.temperature[-1, :, 0]) / np.diff(soil.grid.depth)
    assert slope == pytest.approx(0.06 / 2.5, rel=0.06)
    assert (slope > 0.06 / 2.5).all()  # the little liquid water conducts worse than ice
    assert result.series.heat_in[-1, 0] == pytest.approx(-0.06, rel=1e-3)
