"""Zero curtain, talik and permafrost of simulated columns."""

from __future__ import annotations

import numpy as np
import pytest

from geocryoai.core.errors import ModelError
from geocryoai.processes.column import (
    Forcing,
    Material,
    Options,
    PowerCurve,
    column_grid,
    ground_state,
    layered_soil,
    plateau,
    simulate_column,
    spin_up,
    zero_curtain,
)

pytestmark = pytest.mark.physics


def test_zero_curtain_lasts_as_long_as_its_latent_heat():
    """A wet layer over still ground, cooled by a constant flux: L theta z / q = 77 d."""
    wet, dry = Material(0.5, 5.0, 5.0, 1e5, 1e5), Material(0.0, 0.01, 0.01, 1e5, 1e5)
    soil = layered_soil(column_grid(40, 0.02, 2.0, 0.6, interfaces=[0.4]), [wet, dry], [0.4, 1.0], geothermal=0.0)
    warm = np.full(30, 0.1)
    forcing = Forcing(np.ones(200), heat_flux=np.concatenate([warm, np.full(170, -10.0)]))
    result = simulate_column(forcing, soil, 0.2, Options(step=0.25))
    water = result.liquid[:, :20, 0].sum(axis=1)
    days = np.flatnonzero(water < 1e-9)[0] - np.flatnonzero(water < water[0] - 1e-9)[0]
    assert days == pytest.approx(0.5 * 3.34e8 * 0.4 / 10 / 86400, abs=1.5)
    curtain = zero_curtain(result)
    assert np.nanmax(curtain.end[0, :20]) - np.nanmin(curtain.start[0, :20]) == pytest.approx(77.3, abs=3)


def seasonal(mean: float, years: int, snow: float = 0.3) -> Forcing:
    day = np.arange(365 * years)
    depth = np.clip(snow * np.cos(2 * np.pi * (day % 365 - 45) / 365), 0, None)
    return Forcing(np.ones(day.size), temperature=mean - 16 * np.cos(2 * np.pi * (day - 15) / 365), snow_depth=depth,
                   year=2000 + day // 365)  # fmt: skip


def silt(columns: int = 1):
    material = Material(0.4, 1.2, 2.1, 2.8e6, 2.0e6, PowerCurve(0.04, -0.5))
    return layered_soil(column_grid(45, 0.03, 20.0, 0.6), [material], np.ones((1, columns)))


def test_zero_curtain_of_permafrost_closes_from_both_sides_and_is_in_autumn():
    result = simulate_column(seasonal(-7.0, 3), silt(), -4.0)
    curtain = zero_curtain(result)
    depth, alt = result.soil.grid.depth, result.yearly.alt_phase[1, 0]
    inside = depth < alt - 0.1
    duration = curtain.duration[1, inside, 0]
    assert np.isfinite(duration).all()
    assert duration.argmax() not in (0, duration.size - 1)
    start = curtain.start[1, inside, 0] - 365
    assert ((start > 180) & (start < 365)).all()
    assert np.isnan(curtain.start[1, depth > alt + 0.2, 0]).all()


def test_freeze_up_that_the_run_does_not_see_has_no_end():
    cut = seasonal(-7.0, 2)
    short = Forcing(cut.days[:290], temperature=cut.temperature[:290], snow_depth=cut.snow_depth[:290])
    curtain = zero_curtain(simulate_column(short, silt(), -4.0))
    assert np.isfinite(curtain.start).any()
    assert np.isnan(curtain.end[0, 14, 0])


def test_plateau_of_a_measured_series():
    t = np.concatenate([np.linspace(5, 0.6, 30), np.full(60, 0.1), np.linspace(-0.6, -8, 30)])
    assert plateau(t) == (30, 89)
    assert plateau(np.full(50, 2.0)) == (-1, -1)
    with pytest.raises(ModelError, match="missing"):
        plateau(np.array([1.0, np.nan]))


def test_permafrost_talik_and_seasonal_frost_are_told_apart():
    cold = ground_state(simulate_column(seasonal(-8.0, 3), silt(), -5.0))
    assert cold.permafrost.all()
    assert not cold.talik.any()
    assert 0.3 < cold.table[-1, 0] < 2.0
    assert cold.top_temperature[-1, 0] < 0
    warm = ground_state(simulate_column(seasonal(4.0, 3), silt(), 3.0))
    assert not warm.permafrost.any()
    assert warm.talik.all()
    assert np.isnan(warm.table).all()


def test_talik_opens_when_permafrost_is_warmed_from_above():
    result = simulate_column(seasonal(1.0, 12, snow=0.7), silt(), -0.5, Options(profile=False))
    state = ground_state(result)
    assert not state.talik[0, 0]
    assert state.talik[-1, 0]
    assert state.permafrost[-1, 0]
    assert state.table[-1, 0] > 2.0


def test_phase_definition_goes_deeper_than_the_isotherm_with_freezing_point_depression():
    depressed = Material(0.4, 1.2, 2.1, 2.8e6, 2.0e6, PowerCurve(0.2, -0.5))
    soil = layered_soil(column_grid(60, 0.02, 20.0, 1.0), [depressed], [1.0])
    yearly = simulate_column(seasonal(-8.0, 2), soil, -5.0).yearly
    assert yearly.alt_phase[-1, 0] > yearly.alt_isotherm[-1, 0] + 0.02


def test_spin_up_reaches_the_balance_of_a_long_run():
    forcing, soil = seasonal(-7.0, 1), silt()
    found = spin_up(forcing, soil)
    assert found.drift.max() < 0.01
    long = seasonal(-7.0, 150)
    reference = simulate_column(long, soil, -5.0, Options(profile=False, step=1.0))
    after = simulate_column(forcing, soil, found.state)
    assert np.abs(after.yearly.mean[0] - reference.yearly.mean[-1]).max() < 0.1
    assert after.yearly.alt_phase[0] == pytest.approx(reference.yearly.alt_phase[-1], abs=0.01)


def test_spin_up_needs_a_surface_temperature():
    with pytest.raises(ModelError, match="spin-up starts from the temperature"):
        spin_up(Forcing(np.ones(365), heat_flux=np.zeros(365)), silt())


@pytest.mark.parametrize("backend", ["numba", "torch"])
def test_ground_that_never_freezes_below_permafrost_is_no_active_layer(backend):
    soil = silt()
    depth = soil.grid.depth
    thin = np.where(depth < 12.0, -3.0, 2.0)[:, None]
    result = simulate_column(seasonal(-7.0, 2), soil, thin, Options(backend=backend))
    assert result.temperature[:, depth > 15.0].min() > 0.2
    assert 0.3 < result.yearly.alt_isotherm.min() <= result.yearly.alt_phase.max() < 2.0
    assert result.series.thaw_depth_isotherm.max() < 2.0
    winter = np.arange(result.days.size) % 365 < 60
    assert not result.series.thaw_depth_isotherm[winter].any()
