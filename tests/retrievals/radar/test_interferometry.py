"""Interferogram, coherence, filter, unwrapping and corrections against known answers."""

from __future__ import annotations

import builtins
import sys
from typing import Any

import numpy as np
import pytest

from geocryoai.core.errors import MissingDependencyError, ModelError
from geocryoai.retrievals.radar.interferogram import (
    coherence,
    expected_coherence,
    interferogram,
    multilook,
    unbias_coherence,
)
from geocryoai.retrievals.radar.noise import UNIFORM_SIGMA, correlated_pair, phase_sigma
from geocryoai.retrievals.radar.phase_corrections import mask_by_coherence, reference_phase, remove_ramp
from geocryoai.retrievals.radar.phase_filter import goldstein_filter
from geocryoai.retrievals.radar.unwrapping import unwrap


def pair(level: float, shape: tuple[int, int] = (200, 200), seed: int = 1) -> tuple[Any, Any]:
    return correlated_pair(np.full(shape, 0.7), np.full(shape, level), seed)


def test_the_phase_is_that_of_the_first_less_that_of_the_second() -> None:
    first, second = np.full((2, 2), np.exp(0.9j)), np.full((2, 2), 2 * np.exp(0.2j))
    second[0, 0] = 0
    found = interferogram(first, second)
    assert np.isnan(found[0, 0])
    np.testing.assert_allclose(np.angle(found[1]), 0.7)
    np.testing.assert_allclose(np.abs(found[1]), 2.0)


def test_multilook_leaves_missing_pixels_out() -> None:
    values = np.arange(24, dtype=float).reshape(4, 6)
    values[0, 0] = np.nan
    values[2:4, 0:2] = [[np.nan, np.nan], [np.nan, 5.0]]
    found = multilook(values, (2, 2))
    assert found.shape == (2, 3)
    assert found[0, 0] == pytest.approx((1 + 6 + 7) / 3)
    assert np.isnan(found[1, 0])
    assert multilook(values, (3, 4)).shape == (1, 1)
    with pytest.raises(ModelError, match="larger than the image"):
        multilook(values, (5, 1))


@pytest.mark.physics
@pytest.mark.parametrize("level", [0.0, 0.3, 0.6, 0.9])
def test_coherence_of_known_pairs_and_its_bias(level: float) -> None:
    first, second = pair(level)
    window = (5, 5)
    estimate = coherence(first, second, window)
    inner = estimate[2:-2:5, 2:-2:5]
    error = 4 * inner.std() / np.sqrt(inner.size)
    assert inner.mean() == pytest.approx(float(expected_coherence(np.array(level), 25)), abs=error)
    unbiased = coherence(first, second, window, unbiased=True)[2:-2:5, 2:-2:5]
    assert abs(unbiased.mean() - level) <= abs(inner.mean() - level) + 0.005


@pytest.mark.physics
def test_expected_coherence_of_unrelated_images() -> None:
    # Gamma(L) Gamma(3/2) / Gamma(L + 1/2) for a true coherence of 0; for L = 2 this is 2/3.
    assert float(expected_coherence(np.array(0.0), 2)) == pytest.approx(2 / 3, abs=1e-4)
    assert float(expected_coherence(np.array(0.0), 100)) == pytest.approx(0.5 * np.sqrt(np.pi / 100), rel=2e-3)
    assert unbias_coherence(np.array([0.1, np.nan, 1.0]), 4).tolist()[0] == 0.0


def test_a_known_fringe_is_taken_off_before_averaging() -> None:
    fringe = np.linspace(0, 60, 100)[None, :] * np.ones((20, 1))
    first, second = correlated_pair(fringe, np.full(fringe.shape, 1.0), 3)
    assert np.nanmedian(coherence(first, second, (5, 5))) < 0.9
    assert np.nanmin(coherence(first, second, (5, 5), phase=fringe)) == pytest.approx(1.0)


@pytest.mark.physics
@pytest.mark.parametrize(("level", "looks"), [(0.5, 36), (0.8, 36), (0.9, 16)])
def test_phase_noise_is_that_of_the_model(level: float, looks: int) -> None:
    side = int(np.sqrt(looks))
    shape = (150 * side, 150 * side)
    first, second = pair(level, shape, seed=5)
    phase = np.angle(multilook(interferogram(first, second), (side, side)))
    assert phase.mean() == pytest.approx(0.7, abs=0.01)
    assert phase.std() == pytest.approx(float(phase_sigma(level, looks)), rel=0.08)


def test_phase_noise_limits() -> None:
    assert phase_sigma(1.0, 1) == 0
    assert phase_sigma(0.0, 36) == pytest.approx(UNIFORM_SIGMA)
    assert np.isnan(phase_sigma(np.nan, 36))
    with pytest.raises(ModelError, match=r"out of range.*0 to 1"):
        phase_sigma(1.2, 36)


def test_the_filter_lowers_noise_keeps_the_phase_and_missing_pixels() -> None:
    rows, columns = np.indices((96, 120))
    truth = 0.08 * columns + 0.03 * rows
    first, second = correlated_pair(np.repeat(np.repeat(truth, 3, 0), 3, 1), np.full((288, 360), 0.6), 2)
    wave = multilook(interferogram(first, second), (3, 3))
    wave[40:50, 40:50] = np.nan
    filtered = goldstein_filter(wave, strength=0.8)
    assert np.isnan(filtered[40:50, 40:50]).all()
    before, after = (np.nanstd(np.angle(image * np.exp(-1j * truth))) for image in (wave, filtered))
    assert after < 0.6 * before
    untouched = goldstein_filter(wave, strength=0.0)
    np.testing.assert_allclose(np.angle(untouched[60:, 60:]), np.angle(wave[60:, 60:]), atol=1e-9)


def test_unwrapping_a_deformation_of_several_fringes() -> None:
    pytest.importorskip("snaphu")
    rows, columns = np.indices((90, 80))
    truth = 14.0 * np.exp(-((rows - 45) ** 2 + (columns - 40) ** 2) / 800)
    wave = np.exp(1j * truth)
    wave[:5, :5] = np.nan
    phase, component = unwrap(wave, np.full(truth.shape, 0.95), 36)
    assert np.isnan(phase[:5, :5]).all()
    assert (component[:5, :5] == 0).all()
    assert (component[20:70, 20:70] == 1).all()
    difference = (phase - truth)[20:70, 20:70]
    assert np.ptp(difference) < 0.01


def test_without_snaphu_the_command_to_install_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def refuse(name: str, *args: Any, **kwargs: Any) -> Any:
        if name == "snaphu":
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.delitem(sys.modules, "snaphu", raising=False)
    monkeypatch.setattr(builtins, "__import__", refuse)
    with pytest.raises(MissingDependencyError, match=r"pip install 'geocryoai\[radar\]'"):
        unwrap(np.ones((8, 8), complex), np.ones((8, 8)), 36)


def test_masked_is_missing_and_never_zero() -> None:
    found = mask_by_coherence(np.ones((1, 3)), np.array([[0.2, 0.5, np.nan]]), 0.4)
    np.testing.assert_array_equal(found, [[np.nan, 1.0, np.nan]])
    with pytest.raises(ModelError, match=r"every pixel is missing.*lower the threshold"):
        mask_by_coherence(np.ones((2, 2)), np.zeros((2, 2)), 0.4)


def test_reference() -> None:
    phase = np.array([[1.0, 2.0, np.nan, 4.0]])
    assert reference_phase(phase, np.array([[True, True, True, False]])) == 1.5
    with pytest.raises(ModelError, match="the reference area has no valid pixel"):
        reference_phase(phase, np.array([[False, False, True, False]]))


def test_a_ramp_is_removed_in_spite_of_a_bowl() -> None:
    rows, columns = np.indices((60, 80), dtype=float)
    ramp = 3.0 + 0.02 * rows - 0.05 * columns
    bowl = np.where((rows - 30) ** 2 + (columns - 50) ** 2 < 150, 6.0, 0.0)
    phase = ramp + bowl + np.random.default_rng(0).normal(0, 0.05, ramp.shape)
    phase[0, :10] = np.nan
    left = remove_ramp(phase)
    assert np.isnan(left[0, :10]).all()
    outside = np.isfinite(left) & (bowl == 0)
    assert np.abs(left[outside] - 0).mean() < 0.06
    assert np.nanmedian(left[bowl > 0]) == pytest.approx(6.0, abs=0.05)
    area = bowl == 0
    np.testing.assert_allclose((remove_ramp(ramp + bowl, area) - bowl), 0, atol=1e-9)
    with pytest.raises(ModelError, match="too few pixels for a plane"):
        remove_ramp(np.full((3, 3), np.nan))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: interferogram(np.ones((2, 2)), np.ones((2, 3))), r"different shapes.*first \(2, 2\), second \(2, 3\)"),
        (lambda: interferogram(np.zeros((2, 2)), np.ones((2, 2))), "every pixel is missing"),
        (lambda: coherence(np.ones((4, 4)), np.ones((4, 4)), (2, 3)), "not a window"),
        (lambda: expected_coherence(np.array(0.5), 1), "at least two looks"),
        (lambda: goldstein_filter(np.ones((8, 8), complex), patch=5), "not a size of a patch"),
        (lambda: goldstein_filter(np.ones((8, 8), complex), strength=2), "out of range"),
        (lambda: unwrap(np.full((8, 8), np.nan + 0j), np.ones((8, 8)), 36), "every pixel is missing"),
    ],
)
def test_bad_input(call: Any, message: str) -> None:
    with pytest.raises(ModelError, match=message):
        call()
