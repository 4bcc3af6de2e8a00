"""Polarimetry of canonical targets, of speckle, and of the real sample."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from geocryoai.core.errors import ModelError
from geocryoai.retrievals.radar.polarimetry.covariance import coherency, covariance, in_blocks, powers
from geocryoai.retrievals.radar.polarimetry.eigenvalues import entropy_anisotropy_alpha
from geocryoai.retrievals.radar.polarimetry.freeman_durden import freeman_durden
from geocryoai.retrievals.radar.polarimetry.indices import polarimetric_indices
from geocryoai.retrievals.radar.polarimetry.speckle import boxcar, refined_lee
from geocryoai.sources.polsar_c3 import open_c3


def target(hh: complex, hv: complex, vv: complex) -> np.ndarray:
    k = np.array([hh, np.sqrt(2) * hv, vv])
    return np.outer(k, k.conj())


TRIHEDRAL, DIHEDRAL, DIPOLE = target(1, 0, 1), target(1, 0, -1), target(1, 0, 0)
VOLUME = np.array([[1, 0, 1 / 3], [0, 2 / 3, 0], [1 / 3, 0, 1]], complex)
RANDOM = np.eye(3, dtype=complex)


def speckled(mean: np.ndarray, shape: tuple[int, int], looks: int, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    root = np.linalg.cholesky(mean)
    k = (rng.standard_normal((*shape, looks, 3)) + 1j * rng.standard_normal((*shape, looks, 3))) / np.sqrt(2)
    k = k @ root.T
    return np.einsum("...li,...lj->...ij", k, k.conj()) / looks


@pytest.mark.physics
@pytest.mark.parametrize(
    ("matrix", "entropy", "alpha"),
    [(TRIHEDRAL, 0.0, 0.0), (DIHEDRAL, 0.0, 90.0), (DIPOLE, 0.0, 45.0), (RANDOM, 1.0, 60.0)],
)
def test_entropy_and_alpha_of_canonical_targets(matrix: np.ndarray, entropy: float, alpha: float) -> None:
    found = entropy_anisotropy_alpha(matrix)
    assert float(found["entropy"]) == pytest.approx(entropy, abs=1e-6)
    assert float(found["alpha"]) == pytest.approx(alpha, abs=1e-4)
    assert float(found["anisotropy"]) == pytest.approx(0.0, abs=1e-6)


@pytest.mark.physics
def test_entropy_of_the_volume() -> None:
    # T3 of the volume is diagonal with 4/3, 2/3, 2/3: shares 1/2, 1/4, 1/4.
    np.testing.assert_allclose(coherency(VOLUME), np.diag([4 / 3, 2 / 3, 2 / 3]), atol=1e-12)
    found = entropy_anisotropy_alpha(VOLUME)
    assert float(found["entropy"]) == pytest.approx(1.5 * np.log(2) / np.log(3))
    assert float(found["alpha"]) == pytest.approx(45.0)


@pytest.mark.physics
@pytest.mark.parametrize(
    ("matrix", "expected"),
    [
        (TRIHEDRAL, {"surface": 2.0, "double_bounce": 0.0, "volume": 0.0}),
        (DIHEDRAL, {"surface": 0.0, "double_bounce": 2.0, "volume": 0.0}),
        (VOLUME, {"surface": 0.0, "double_bounce": 0.0, "volume": 8 / 3}),
        (2 * TRIHEDRAL + VOLUME, {"surface": 4.0, "double_bounce": 0.0, "volume": 8 / 3}),
        (3 * DIHEDRAL + 0.5 * TRIHEDRAL + VOLUME, {"surface": 1.0, "double_bounce": 6.0, "volume": 8 / 3}),
        (3 * TRIHEDRAL + 0.5 * DIHEDRAL + VOLUME, {"surface": 6.0, "double_bounce": 1.0, "volume": 8 / 3}),
    ],
)
def test_three_components_of_known_mixtures(matrix: np.ndarray, expected: dict[str, float]) -> None:
    found = freeman_durden(matrix)
    assert {name: round(float(value), 9) for name, value in found.items()} == pytest.approx(expected, abs=1e-9)


@pytest.mark.physics
def test_vegetation_index() -> None:
    assert float(polarimetric_indices(TRIHEDRAL)["radar_vegetation_index"]) == 0
    assert float(polarimetric_indices(VOLUME)["radar_vegetation_index"]) == pytest.approx(1.0)
    smallest = np.linalg.eigvalsh(VOLUME)
    assert 4 * smallest[0] / smallest.sum() == pytest.approx(1.0)
    assert np.isnan(polarimetric_indices(np.zeros((3, 3), complex))["radar_vegetation_index"])


def test_hv_of_a_product_is_counted_twice_in_the_matrix() -> None:
    one = np.ones((2, 2))
    matrix = covariance(one, 0.25 * one, one, 0.1j * one, 0.5 * one, 0j * one)
    assert matrix[0, 0, 1, 1] == 0.5
    assert matrix[0, 0, 0, 1] == pytest.approx(0.1j * np.sqrt(2))
    assert matrix[0, 0, 1, 0] == matrix[0, 0, 0, 1].conj()
    np.testing.assert_array_equal(powers(matrix)[1], 0.25 * one)


def test_decompositions_keep_power_and_missing_pixels_on_speckle() -> None:
    matrix = speckled(VOLUME + TRIHEDRAL, (24, 20), 4)
    matrix[3, 4] = np.nan
    parts = freeman_durden(matrix)
    total = sum(parts.values())
    assert np.isnan(total[3, 4])
    span = np.trace(matrix, axis1=-2, axis2=-1).real
    np.testing.assert_allclose(np.delete(total.ravel(), 64), np.delete(span.ravel(), 64))
    assert min(np.nanmin(part) for part in parts.values()) >= 0
    eigen = in_blocks(entropy_anisotropy_alpha, matrix, rows=7)
    whole = entropy_anisotropy_alpha(matrix)
    for name, values in whole.items():
        np.testing.assert_array_equal(eigen[name], values)
        assert np.isnan(values[3, 4])


@pytest.mark.physics
@pytest.mark.parametrize("kind", ["boxcar", "lee"])
def test_speckle_falls_and_the_mean_stays(kind: str) -> None:
    mean = VOLUME + TRIHEDRAL
    matrix = speckled(mean, (60, 60), 4, seed=3)
    matrix[10, 10] = np.nan
    filtered = boxcar(matrix, 7) if kind == "boxcar" else refined_lee(matrix, 4)
    assert np.isnan(filtered[10, 10]).all()
    inner = filtered[20:-5, 5:-5]
    np.testing.assert_allclose(inner.mean(axis=(0, 1)), mean, atol=0.06)
    span_before = np.trace(matrix[20:-5, 5:-5], axis1=-2, axis2=-1).real.std()
    assert np.trace(inner, axis1=-2, axis2=-1).real.std() < 0.5 * span_before
    np.testing.assert_allclose(inner, np.swapaxes(inner.conj(), -1, -2))


def test_the_refined_filter_keeps_an_edge_that_the_boxcar_blurs() -> None:
    left, right = speckled(RANDOM, (50, 25), 16, seed=1), speckled(10 * RANDOM, (50, 25), 16, seed=2)
    matrix = np.concatenate([left, right], axis=1)
    near = (slice(5, -5), slice(24, 25))
    lee, box = (
        np.trace(image[near], axis1=-2, axis2=-1).real.mean() for image in (refined_lee(matrix, 16), boxcar(matrix, 7))
    )
    assert box > 10
    assert lee < 0.6 * box
    assert lee == pytest.approx(3.0, rel=0.35)


@pytest.mark.parametrize(
    ("matrix", "message"),
    [
        (np.ones((4, 4, 2, 2)), "not covariance matrices"),
        (-np.ones((4, 4, 3, 3)), "a power is negative"),
        (np.ones((3, 3)), "not an image of matrices"),
    ],
)
def test_bad_matrices(matrix: np.ndarray, message: str) -> None:
    with pytest.raises(ModelError, match=message):
        boxcar(matrix, 5)


@pytest.mark.real
def test_real_sample_is_within_bounds(real_data: Path) -> None:
    matrix = boxcar(open_c3(real_data / "remote/uavsar/polsar_c3_sample").matrix(), 5)
    eigen, parts, indices = entropy_anisotropy_alpha(matrix), freeman_durden(matrix), polarimetric_indices(matrix)
    for name, low, high in (("entropy", 0, 1), ("anisotropy", 0, 1), ("alpha", 0, 90)):
        assert np.nanmin(eigen[name]) >= low
        assert np.nanmax(eigen[name]) <= high + 1e-9
    assert 0.2 < np.nanmedian(eigen["entropy"]) < 0.95
    assert 10 < np.nanmedian(eigen["alpha"]) < 60
    assert np.nanmin(indices["radar_vegetation_index"]) >= 0
    assert np.nanmedian(indices["radar_vegetation_index"]) < 1
    np.testing.assert_allclose(sum(parts.values()), indices["span"], rtol=1e-6)
