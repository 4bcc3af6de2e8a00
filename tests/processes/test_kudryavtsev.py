from __future__ import annotations

import numpy as np
import pytest

from geocryoai.core.errors import ModelError
from geocryoai.processes.ground import Ground
from geocryoai.processes.harmonic import damping_depth
from geocryoai.processes.kudryavtsev import GroundCover, Wave, kudryavtsev, top_temperature, winter_share
from geocryoai.processes.neumann import neumann_stefan_ratio
from geocryoai.processes.stefan import stefan_depth

pytestmark = pytest.mark.physics
MOIST = Ground(1.0, 1.8, 2.8e6, 2.1e6, 0.45)


def mean_over_sine(mean: float, amplitude: float, thawed: float, frozen: float) -> float:
    t = mean + amplitude * np.sin(2 * np.pi * np.linspace(0, 1, 200_000, endpoint=False))
    flux = float((np.where(t > 0, thawed, frozen) * t).mean())
    return flux / (frozen if flux < 0 else thawed)


@pytest.mark.parametrize(("mean", "amplitude"), [(-8, 15), (-1, 20), (2, 14), (-1.0, 2.5), (0.5, 3.0)])
def test_trap_offset_is_the_mean_of_k_t_over_a_sine(mean, amplitude):
    wave = Wave(np.asarray(float(mean)), np.asarray(float(amplitude)))
    expected = mean_over_sine(mean, amplitude, 1.0, 1.8)
    assert top_temperature(wave, MOIST) == pytest.approx(expected, abs=1e-7)


def test_trap_amplitude_below_pi_is_a_number():
    # sqrt(1 - pi^2 / A^2) of a common programme is not a number here
    result = kudryavtsev(-1.0, 2.0, MOIST)
    assert np.isfinite(result.top_temperature)
    assert result.depth > 0


@pytest.mark.parametrize(("mean", "k"), [(-20.0, 1.8), (20.0, 1.0)])
def test_trap_wave_that_never_crosses_zero_has_no_offset_and_no_depth(mean, k):
    result = kudryavtsev(mean, 5.0, MOIST)
    assert result.top_temperature == pytest.approx(mean)
    assert result.depth == 0.0
    assert winter_share(Wave(np.asarray(mean), np.asarray(5.0))) == (1.0 if mean < 0 else 0.0)


def test_trap_arrays_are_not_changed_in_place():
    k = np.array([1.8, 1.8])
    ground = Ground(1.0, k, 2.8e6, 2.1e6, 0.45)
    kudryavtsev(np.array([-8.0, 8.0]), 15.0, ground)
    assert k.tolist() == [1.8, 1.8]


def test_without_water_the_depth_is_the_envelope_of_the_harmonic_wave():
    dry = Ground(1.5, 1.5, 2.0e6, 2.0e6, 0.0)
    result = kudryavtsev(-4.0, 12.0, dry)
    assert result.depth == pytest.approx(float(damping_depth(1.5 / 2.0e6) * np.log(12.0 / 4.0)), rel=1e-3)


def test_depth_lies_below_stefan_and_near_it_corrected_for_cold():
    for mean, amplitude in ((-9.56, 13.89), (-6.68, 15.51), (-4.39, 17.14)):
        t = mean + amplitude * np.sin(2 * np.pi * np.linspace(0, 1, 20_000, endpoint=False))
        thaw_days = float((t > 0).mean()) * 365.25
        tdd = float(np.maximum(t, 0).mean()) * 365.25
        plain = float(stefan_depth(tdd, 1.0, 0.45))
        corrected = plain * float(neumann_stefan_ratio(MOIST, tdd / thaw_days, mean))
        depth = float(kudryavtsev(mean, amplitude, MOIST).depth)
        assert 0.5 * plain < depth < plain
        assert depth == pytest.approx(corrected, rel=0.4)


def test_depth_against_an_independent_enthalpy_column():
    # an explicit 4 cm enthalpy column after 6 years of the same sine: 0.40, 0.74, 1.01 m; the form is low by 15-20 %
    wave = np.array([[-9.56, 13.89], [-6.68, 15.51], [-4.39, 17.14]])
    ratio = kudryavtsev(wave[:, 0], wave[:, 1], MOIST).depth / np.array([0.40, 0.74, 1.01])
    assert (ratio > 0.75).all()
    assert (ratio < 0.9).all()


def test_north_slope_and_interior_are_in_the_observed_range():
    moss = GroundCover(0.02, 0.05)
    coast = kudryavtsev(-12.0, 16.5, MOIST, snow_depth=0.3, snow_density=320.0, cover=moss)
    inland = kudryavtsev(-4.0, 20.0, MOIST, snow_depth=0.5, snow_density=220.0, cover=GroundCover(0.05, 0.25))
    assert -11 < coast.top_temperature < -7
    assert 0.2 < coast.depth < 0.7
    assert inland.top_temperature > coast.top_temperature + 4
    assert inland.depth > coast.depth


def test_snow_warms_winter_and_moss_shades_summer():
    bare = kudryavtsev(-8.0, 18.0, MOIST)
    snow = kudryavtsev(-8.0, 18.0, MOIST, snow_depth=[0.2, 0.5])
    assert (np.diff(np.r_[bare.surface.mean, snow.surface.mean]) > 0).all()
    assert (snow.surface.amplitude < bare.surface.amplitude).all()
    moss = kudryavtsev(-8.0, 18.0, MOIST, cover=GroundCover(0.0, 0.1))
    assert moss.depth < bare.depth
    assert moss.top_temperature < bare.top_temperature


def test_deeper_with_warmer_air_shallower_with_more_water():
    depth = kudryavtsev(np.linspace(-12, -5, 8), 18.0, MOIST).depth
    assert (np.diff(depth) > 0).all()
    wet = Ground(1.0, 1.8, 2.8e6, 2.1e6, np.linspace(0.1, 0.9, 9))
    assert (np.diff(kudryavtsev(-8.0, 18.0, wet).depth) < 0).all()


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: kudryavtsev(np.nan, 15, MOIST), "air_mean"),
        (lambda: kudryavtsev(-5, -15, MOIST), "air_amplitude"),
        (lambda: kudryavtsev(-5, 15, MOIST, snow_depth=-0.1), "snow_depth"),
        (lambda: kudryavtsev(-5, 15, MOIST, snow_density=0.25), "density"),
        (lambda: kudryavtsev(-5, 15, MOIST, snow_density=900), "density"),
        (lambda: GroundCover(-0.1), "height_frozen"),
    ],
)
def test_bad_input_is_refused(call, text):
    with pytest.raises(ModelError, match=text):
        call()
