"""Calibration of process models: known parameters are found again, bounds are kept, folds never part a group."""

from __future__ import annotations

import numpy as np
import pytest

from geocryoai.core.errors import ModelError
from geocryoai.models.calibration import Parameter, calibrate, cross_calibrate

T = np.linspace(-10.0, 25.0, 200)
PARAMETERS = (Parameter("rate", 0.1, 50.0, 1.0, logarithmic=True), Parameter("q10", 1.1, 6.0, 2.0, logarithmic=True))


def flux(values, t=T):
    return values["rate"] * values["q10"] ** ((t - 10.0) / 10.0)


def test_known_parameters_are_found_again():
    found = calibrate(flux, flux({"rate": 7.0, "q10": 3.1}), PARAMETERS)
    assert found.values["rate"] == pytest.approx(7.0, rel=1e-4)
    assert found.values["q10"] == pytest.approx(3.1, rel=1e-4)
    assert found.rmse < 1e-3
    assert found.at_bound == ()
    assert len(found.costs) == 3


def test_covariance_covers_the_truth():
    truth, inside = {"rate": 7.0, "q10": 3.1}, 0
    for seed in range(40):
        noisy = flux(truth) + np.random.default_rng(seed).normal(0, 3.0, T.size)
        found = calibrate(flux, noisy, PARAMETERS, starts=1)
        inside += abs(found.values["q10"] - 3.1) < 1.645 * np.sqrt(found.covariance[1, 1])
    assert 30 <= inside <= 40


def test_a_parameter_that_wants_beyond_its_bound_is_named():
    tight = (PARAMETERS[0], Parameter("q10", 1.1, 2.5, 2.0))
    found = calibrate(flux, flux({"rate": 7.0, "q10": 3.1}), tight)
    assert found.at_bound == ("q10",)
    assert found.values["q10"] == pytest.approx(2.5, abs=0.01)


def test_several_starts_leave_a_false_minimum():
    def wave(values):
        return np.sin(values["frequency"] * T)

    parameter = (Parameter("frequency", 0.1, 2.0, 0.15),)
    y = np.sin(1.0 * T)
    assert calibrate(wave, y, parameter, starts=1).rmse > 0.3
    assert calibrate(wave, y, parameter, starts=30).rmse < 1e-3


def test_weights_and_robustness_keep_odd_rows_from_leading():
    y = flux({"rate": 7.0, "q10": 3.1})
    y[::20] += 300.0
    weight = np.where(y > 150.0, 1e-9, 1.0)
    assert calibrate(flux, y, PARAMETERS, weight=weight).values["q10"] == pytest.approx(3.1, rel=1e-3)
    plain, robust = (calibrate(flux, y, PARAMETERS, robust=r).values["rate"] for r in (False, True))
    assert abs(robust - 7.0) < abs(plain - 7.0)


def test_covariance_is_not_defined_where_parameters_cannot_be_told_apart():
    def both(values):
        return np.full(50, values["a"] * values["b"])

    twins = (Parameter("a", 0.5, 2.0, 1.0), Parameter("b", 0.5, 2.0, 1.0))
    found = calibrate(both, np.full(50, 1.2) + 0.01 * np.sin(np.arange(50)), twins)
    assert np.isnan(found.covariance).all() or np.diag(found.covariance).max() > 1e3
    assert found.values["a"] * found.values["b"] == pytest.approx(1.2, rel=1e-2)


def test_a_held_out_group_has_no_part_in_its_parameters():
    site = np.repeat(np.arange(10), 20)
    y = flux({"rate": 7.0, "q10": 3.1})

    def model(values, rows):
        return flux(values, T[rows])

    first = cross_calibrate(model, y, site, PARAMETERS, folds=10, starts=1)
    changed = np.where(site == 3, y + 100.0, y)
    second = cross_calibrate(model, changed, site, PARAMETERS, folds=10, starts=1)
    np.testing.assert_array_equal(first.answer[site == 3], second.answer[site == 3])
    assert not np.allclose(first.answer[site == 4], second.answer[site == 4])
    assert first.spread()["q10"] == pytest.approx((3.1, 0.0), abs=1e-3)
    assert first.at_bound() == {}


def test_the_same_seed_gives_the_same_bytes():
    y = flux({"rate": 7.0, "q10": 3.1}) + np.random.default_rng(0).normal(0, 1, T.size)
    one, other = (calibrate(flux, y, PARAMETERS, seed=5) for _ in range(2))
    assert one.values == other.values
    assert one.costs == other.costs


def test_bad_input_is_refused():
    with pytest.raises(ModelError, match="bounds of a parameter"):
        Parameter("a", 2.0, 1.0, 1.5)
    with pytest.raises(ModelError, match="above 0"):
        Parameter("a", 0.0, 1.0, 0.5, logarithmic=True)
    with pytest.raises(ModelError, match="nothing can be calibrated"):
        calibrate(flux, T[:1], PARAMETERS)
    with pytest.raises(ModelError, match="no finite answer"):
        calibrate(lambda values: np.full(T.size, np.nan), T, PARAMETERS)
