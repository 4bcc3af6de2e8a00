from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geocryoai.core.errors import ModelError
from geocryoai.processes.methane import (
    MethaneParameters,
    methane_production,
    methane_q10,
    methane_step,
    oxidised_in_passing,
    simulate_methane,
)

pytestmark = pytest.mark.physics
YEAR = np.array([31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31.0])
PARAMS = MethaneParameters()


def drivers(years: int = 6, cells: int = 4) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(7)
    season = np.tile(-np.cos(2 * np.pi * (np.arange(12) - 0.5) / 12), years)[:, None]
    ts = -3 + 10 * season + rng.normal(0, 1, (12 * years, cells))
    return {
        "labile": np.full_like(ts, 100.0),
        "ts": ts,
        "anaerobic_fraction": np.broadcast_to(np.linspace(0.2, 1.0, cells), ts.shape),
        "liquid_fraction": np.where(ts > 0, 1.0, np.clip(0.3 / np.maximum(-ts, 0.3), 0, 1)),
        "days": np.tile(YEAR, years),
    }


def test_density_form_known_value_and_q10():
    assert methane_q10(20.0, 0.5, 1.0, 40.0, 3.0) == pytest.approx(60.0)
    assert methane_q10(12.0, 1, 1, 1, 2.7) / methane_q10(2.0, 1, 1, 1, 2.7) == pytest.approx(2.7)
    assert methane_q10(-1.0, 0.5, 0.3, 40.0, 3.0) > 0
    assert methane_q10(-1.0, 0.5, 0.0, 40.0, 3.0) == 0.0


def test_balance_closes_every_step_to_round_off():
    given_ = drivers()
    result = simulate_methane(**given_)
    change = np.diff(np.concatenate([result.start[None], result.storage]), axis=0)
    net = (result.production - result.oxidation - result.emission) * given_["days"][:, None]
    np.testing.assert_allclose(net, change, atol=1e-9 * result.storage.max())
    for flux in (result.production, result.oxidation, result.plant, result.diffusion, result.ebullition):
        assert (flux >= 0).all()
    assert (result.storage >= 0).all()


@given(st.floats(0, 5e3), st.floats(0, 500), st.floats(-30, 25), st.floats(0, 1), st.floats(0, 1), st.floats(0.1, 400))
def test_one_step_closes_for_any_state_and_length(store, made, ts, wet, liquid, days):
    cell = [np.array([v]) for v in (store, made, ts, wet, liquid)]
    step = methane_step(*cell, days, PARAMS)
    out = step.oxidation + step.plant + step.diffusion + step.ebullition
    gained = (step.production - out) * days
    np.testing.assert_allclose(step.store - store, gained, atol=1e-10 * (1 + store + made * days))
    assert step.store >= 0
    assert min(step.oxidation, step.plant, step.diffusion, step.ebullition) >= -1e-12


def test_step_reaches_the_steady_state_where_production_leaves():
    cells = [np.array([v]) for v in (4.0, 15.0, 0.7, 1.0)]
    store = np.zeros(1)
    for _ in range(400):
        step = methane_step(store, *cells, 1.0, PARAMS)
        store = step.store
    leaving = step.oxidation + step.plant + step.diffusion + step.ebullition
    assert leaving == pytest.approx(4.0, rel=1e-9)
    assert 0.4 < float(step.oxidation[0]) / 4.0 < 0.7


def test_emission_goes_on_through_the_zero_curtain():
    given_ = drivers(2, 1)
    ts = np.where(given_["ts"] < 0, -0.1, given_["ts"])
    common = {**given_, "ts": ts, "anaerobic_fraction": np.full_like(ts, 0.9)}
    plateau = simulate_methane(**{**common, "liquid_fraction": np.ones_like(ts)})
    shut = simulate_methane(**{**common, "liquid_fraction": (ts > 0).astype(float)})
    winter = (given_["ts"] < 0)[:, 0]
    assert (plateau.emission[winter] > 0).all()
    assert plateau.emission[winter].sum() > shut.emission[winter].sum()
    assert shut.emission[winter].max() == 0.0


def test_water_table_down_oxidises_more_and_emits_less():
    result = simulate_methane(**drivers())
    share = result.oxidation.sum(axis=0) / result.production.sum(axis=0)
    total = result.emission.sum(axis=0)
    assert share[0] > share[1] > share[2]
    assert (np.diff(total) > 0).all()
    assert ((share > 0.2) & (share < 0.95)).all()
    summer = result.emission.reshape(-1, 12, 4)[:, 6].mean(axis=0)
    assert 5 < summer[2] < 200


def test_oxidation_in_passing_is_exact_in_its_limits():
    kinetic = PARAMS.oxidation_rate * 1.9 ** ((15.0 - 12.0) / 10) * 0.3 * 0.1
    conductance = PARAMS.aerated_diffusivity / 0.1
    small = oxidised_in_passing(1e-9, 15.0, 0.1, 1.0, PARAMS) / 1e-9
    assert small == pytest.approx(kinetic / 5.0 / (kinetic / 5.0 + conductance), rel=1e-6)
    assert oxidised_in_passing(1e6, 15.0, 0.1, 1.0, PARAMS) == pytest.approx(kinetic, rel=1e-3)
    assert oxidised_in_passing(3.0, 15.0, 0.0, 1.0, PARAMS) == pytest.approx(0.0, abs=1e-9)
    assert oxidised_in_passing(0.0, 15.0, 0.1, 1.0, PARAMS) == 0.0
    # the concentration solves F = V W c / (K + c) + g c
    flow = 20.0
    oxidised = float(oxidised_in_passing(flow, 15.0, 0.1, 1.0, PARAMS))
    c = (flow - oxidised) / conductance
    assert kinetic * c / (5.0 + c) == pytest.approx(oxidised, rel=1e-9)


def test_ten_centimetres_of_aerated_soil_remove_56_percent_of_little():
    assert oxidised_in_passing(1e-9, 12.0, 0.1, 1.0, PARAMS) / 1e-9 == pytest.approx(0.56, abs=0.01)


def test_production_follows_temperature_wetness_and_its_cap():
    one = methane_production(100.0, 10.0, 1.0, 1.0, PARAMS)
    assert one == pytest.approx(0.043 / 12.011 * 1000)
    assert methane_production(100.0, 20.0, 1.0, 1.0, PARAMS) / one == pytest.approx(3.3)
    assert methane_production(100.0, 10.0, 0.5, 0.5, PARAMS) == pytest.approx(one / 4)
    capped = methane_production(100.0, 20.0, 0.5, 1.0, PARAMS, mineralisation=0.1)
    assert capped == pytest.approx(0.5 * 0.5 * 0.1 / 12.011 * 1000)


def test_bubbles_only_above_the_threshold():
    cell = [np.array([v]) for v in (0.0, 1.0, 1.0, 1.0)]
    threshold = PARAMS.ebullition_threshold * PARAMS.porosity * PARAMS.soil_depth
    assert methane_step(np.array([0.9 * threshold]), *cell, 1.0, PARAMS).ebullition == 0.0
    assert methane_step(np.array([1.5 * threshold]), *cell, 1.0, PARAMS).ebullition > 0.0


def test_wetland_fraction_scales_the_cell_not_the_density():
    given_ = drivers()
    whole, part = simulate_methane(**given_), simulate_methane(**given_, wetland_fraction=[0.0, 0.1, 0.5, 1.0])
    np.testing.assert_array_equal(whole.emission, part.emission)
    np.testing.assert_allclose(part.grid_emission, whole.emission * [0.0, 0.1, 0.5, 1.0])


def test_given_start_is_kept_and_parts_of_steps_converge():
    given_ = drivers(2)
    result = simulate_methane(**given_, initial_storage=[0.0, 10.0, 20.0, 30.0])
    np.testing.assert_allclose(result.start, [0.0, 10.0, 20.0, 30.0])
    coarse, fine = (simulate_methane(**given_, longest_step=s).emission for s in (5.0, 0.5))
    assert abs(coarse.mean() / fine.mean() - 1) < 0.02


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"labile": np.full((72, 4), -1.0)}, r"labile \[g C m-2\]"),
        ({"ts": np.full((72, 4), np.nan)}, "ts: a value is missing"),
        ({"liquid_fraction": np.full((72, 4), 1.5)}, "liquid_fraction"),
        ({"anaerobic_fraction": np.full((72, 3), 0.5)}, r"one shape.*anaerobic_fraction \(72, 3\)"),
        ({"wetland_fraction": -0.1}, "wetland_fraction"),
        ({"wetland_fraction": np.ones(3)}, "does not fit the forcing"),
        ({"initial_storage": -1.0}, "initial_storage"),
        ({"longest_step": 0.0}, "longest_step"),
    ],
)
def test_bad_input_is_refused(change, text):
    with pytest.raises(ModelError, match=text):
        simulate_methane(**{**drivers(), **change})


@pytest.mark.parametrize("change", [{"porosity": 1.4}, {"oxidation_half": 0.0}, {"plant_rate": -1.0}])
def test_bad_parameters_are_refused(change):
    with pytest.raises(ModelError, match=next(iter(change))):
        MethaneParameters(**change)


def test_bad_density_arguments_are_refused():
    with pytest.raises(ModelError, match="q10"):
        methane_q10(1.0, 0.5, 1.0, 40.0, 0.0)
    with pytest.raises(ModelError, match="wetland_fraction"):
        methane_q10(1.0, 1.5, 1.0, 40.0, 2.0)
