"""Geometry, sign, and displacement within its limits."""

from __future__ import annotations

import numpy as np
import pytest

from geocryoai.core.errors import ModelError
from geocryoai.retrievals.radar.displacement import (
    line_of_sight_motion,
    phase_of_displacement,
    vertical_displacement,
)
from geocryoai.retrievals.radar.geometry import (
    EARTH_RADIUS,
    incidence_from_look_vector,
    incidence_from_slant_range,
    incidence_on_ground,
)
from geocryoai.retrievals.radar.interferogram import interferogram, multilook
from geocryoai.retrievals.radar.noise import correlated_pair, displacement_sigma
from geocryoai.retrievals.radar.phase_corrections import reference_phase
from geocryoai.retrievals.radar.slc_pair import multilooked_pair, unwrapped_pair

L_BAND = 0.238403545


def test_one_radian_and_one_fringe() -> None:
    assert abs(line_of_sight_motion(1.0, L_BAND)) == pytest.approx(0.018972, abs=1e-6)
    assert abs(line_of_sight_motion(2 * np.pi, L_BAND)) == pytest.approx(0.1192, abs=1e-4)


def test_subsidence_is_negative_and_the_sign_is_an_option() -> None:
    # Sinking ground is farther from the radar; where the phase grows with the distance it is positive then.
    assert vertical_displacement(1.0, 0.6, L_BAND) < 0
    assert vertical_displacement(1.0, 0.6, L_BAND, phase_grows="towards") > 0
    with pytest.raises(ModelError, match=r"unknown sign convention.*towards"):
        vertical_displacement(1.0, 0.6, L_BAND, phase_grows="toward")  # type: ignore[arg-type]


@pytest.mark.physics
def test_the_formula_in_metres() -> None:
    theta, phi, horizontal = 0.7, 1.3, 0.02
    expected = (-L_BAND * phi / (4 * np.pi) - horizontal * np.sin(theta)) / np.cos(theta)
    assert vertical_displacement(phi, theta, L_BAND, horizontal=horizontal) == pytest.approx(expected)


@pytest.mark.physics
@pytest.mark.parametrize("sign", ["away", "towards"])
def test_round_trip(sign: str) -> None:
    motion, theta = np.linspace(-0.2, 0.1, 7), np.linspace(0.4, 1.1, 7)
    phase = phase_of_displacement(motion, theta, L_BAND, phase_grows=sign)  # type: ignore[arg-type]
    found = vertical_displacement(phase, theta, L_BAND, phase_grows=sign)  # type: ignore[arg-type]
    np.testing.assert_allclose(found, motion, atol=1e-15)


@pytest.mark.physics
def test_noise_free_images_give_the_displacement_to_two_millimetres() -> None:
    rows, columns = np.indices((60, 80))
    motion = -0.04 * np.exp(-((rows - 30) ** 2 + (columns - 40) ** 2) / 300)
    theta = np.radians(np.linspace(25, 65, 80))[None, :] * np.ones((60, 1))
    phase = phase_of_displacement(motion, theta, L_BAND)
    fine = np.kron(phase, np.ones((3, 3)))
    wave = multilook(interferogram(*correlated_pair(fine, np.ones(fine.shape), 4)), (3, 3))
    found = vertical_displacement(np.unwrap(np.angle(wave)), theta, L_BAND)
    assert np.abs(found - motion).max() < 0.002


@pytest.mark.physics
def test_noisy_images_err_as_the_noise_model_says() -> None:
    shape, level, theta = (120, 120), 0.7, np.radians(40.0)
    phase = phase_of_displacement(np.full(shape, -0.02), theta, L_BAND)
    fine = np.kron(phase, np.ones((6, 6)))
    wave = multilook(interferogram(*correlated_pair(fine, np.full(fine.shape, level), 6)), (6, 6))
    error = vertical_displacement(np.angle(wave), theta, L_BAND) + 0.02
    sigma = float(displacement_sigma(level, theta, L_BAND, 36))
    assert error.std() == pytest.approx(sigma, rel=0.08)
    assert (np.abs(error) < 1.645 * sigma).mean() == pytest.approx(0.90, abs=0.02)
    assert abs(error.mean()) < 4 * sigma / np.sqrt(error.size)


@pytest.mark.physics
def test_geometries_agree() -> None:
    # A track due north along a meridian; pixels to the west of it on the peg's latitude circle.
    altitude, height = 12_500.0, 200.0
    lon = -149.0 - np.array([0.15, 0.3, 0.5])
    psi = np.arcsin(np.cos(np.radians(68.0)) * np.sin(np.radians(-149.0 - lon)))
    ground, air = EARTH_RADIUS + height, EARTH_RADIUS + altitude
    rho = np.sqrt(ground**2 + air**2 - 2 * ground * air * np.cos(psi))
    by_range = incidence_from_slant_range(rho, altitude, height)
    by_track = incidence_on_ground(68.0, lon, height, peg=(68.0, -149.0, 0.0), altitude=altitude)
    np.testing.assert_allclose(by_track, by_range, atol=2e-5)
    # Flat Earth is nearly right at these distances.
    np.testing.assert_allclose(by_range, np.arccos((altitude - height) / rho), atol=0.005)


def test_look_vectors() -> None:
    found = incidence_from_look_vector([1.0, 0.0, np.nan], [0.0, 0.0, 0.0], [-1.0, -5.0, -1.0])
    np.testing.assert_allclose(np.degrees(found[:2]), [45.0, 0.0], atol=1e-9)
    assert np.isnan(found[2])
    with pytest.raises(ModelError, match="the look vectors point upward"):
        incidence_from_look_vector([1.0], [0.0], [1.0])


def test_what_cannot_be() -> None:
    assert np.isnan(incidence_from_slant_range(5_000.0, 12_500.0, 0.0))
    with pytest.raises(ModelError, match=r"incidence \[rad\]: a value is out of range; found 40"):
        vertical_displacement(1.0, 40.0, L_BAND)
    with pytest.raises(ModelError, match=r"wavelength \[m\]: a number is out of range; found 23.8"):
        vertical_displacement(1.0, 0.7, 23.8)


def bowl() -> tuple[np.ndarray, np.ndarray]:
    rows, columns = np.indices((64, 72))
    motion = -0.15 * np.exp(-((rows - 32) ** 2 + (columns - 36) ** 2) / 200)
    return motion, np.radians(np.linspace(25, 60, 72))[None, :] * np.ones((64, 1))


@pytest.mark.physics
@pytest.mark.parametrize(("level", "sign"), [(1.0, "away"), (1.0, "towards"), (0.7, "away")])
def test_from_two_images_to_displacement(level: float, sign: str) -> None:
    pytest.importorskip("snaphu")
    motion, theta = bowl()
    phase = phase_of_displacement(motion, theta, L_BAND, phase_grows=sign)  # type: ignore[arg-type]
    fine = np.kron(phase, np.ones((6, 6)))
    first, second = correlated_pair(fine, np.full(fine.shape, level), 8)
    unwrapped, coherence = unwrapped_pair(first, second, (6, 6))
    assert np.nanmean(coherence) == pytest.approx(level, abs=0.02)
    unwrapped = unwrapped - reference_phase(unwrapped, motion > -0.0005)
    found = vertical_displacement(unwrapped, theta, L_BAND, phase_grows=sign)  # type: ignore[arg-type]
    error = found - motion
    assert np.isfinite(error).mean() > 0.97
    if level == 1.0:
        assert np.nanmax(np.abs(error)) < 0.002
    else:
        scaled = error / displacement_sigma(level, theta, L_BAND, 36)
        assert np.nanstd(scaled) == pytest.approx(1.0, abs=0.1)
        assert np.nanmean(np.abs(scaled) < 1.645) == pytest.approx(0.9, abs=0.03)


def test_missing_pixels_and_looks_of_a_pair() -> None:
    first, second = correlated_pair(np.zeros((12, 12)), np.full((12, 12), 0.9), 2)
    first[:6, :6] = np.nan
    second[6:9, :6] = 0
    wave, level = multilooked_pair(first, second, (6, 6))
    assert wave.shape == (2, 2)
    np.testing.assert_array_equal(np.isnan(wave), np.isnan(level))
    np.testing.assert_array_equal(np.isnan(wave), [[True, False], [False, False]])
    with pytest.raises(ModelError, match="different shapes"):
        multilooked_pair(first, second[:, :-1], (6, 6))
