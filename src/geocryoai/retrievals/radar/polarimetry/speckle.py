"""Speckle filters of covariance matrices: boxcar, and the refined Lee filter with edge-aligned windows.

References
----------
Lee, J.-S. (1981), Refined filtering of image noise using local statistics, Comput. Graph. Image Process. 15.
Lee, J.-S., Grunes, M. R. and de Grandi, G. (1999), Polarimetric SAR speckle filtering and its implication for
classification, IEEE Trans. Geosci. Remote Sens. 37, 2363-2373, doi:10.1109/36.789635.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import correlate, uniform_filter

from geocryoai.core.errors import ModelError
from geocryoai.retrievals.radar.checks import Array, Complex, number_between
from geocryoai.retrievals.radar.polarimetry.covariance import check_matrix

#: Largest side of a window [pixels].
_LARGEST = 99


def boxcar(matrix: Complex, window: int) -> Complex:
    """Return means over a square window, shape (rows, columns, 3, 3); a missing pixel stays missing, others skip it."""
    _check_window(matrix, window)
    weights = np.ones((window, window))
    return _averaged(matrix, weights)


def refined_lee(matrix: Complex, looks: float, *, window: int = 7) -> Complex:
    """Return the matrices filtered within the half of the window on the pixel's own side of the strongest edge.

    Every element of a matrix is filtered with the same weight, which comes from the span: C = mean + b (C - mean), b =
    var(x) / var(y), var(x) = (var(y) - mean(y)^2 / L) / (1 + 1 / L).

    Parameters
    ----------
    matrix : array of complex, shape (rows, columns, 3, 3)
        NaN where missing.
    looks : float
        Looks of the input.
    window : int
        Odd, from 3.
    """
    _check_window(matrix, window)
    number_between("looks", looks, 0.5, 1e6)
    span = np.asarray(np.trace(matrix, axis1=-2, axis2=-1).real, np.float64)
    valid = np.isfinite(span)
    direction = _direction(np.where(valid, span, 0.0), window)
    result = np.full(matrix.shape, np.nan, np.complex128)
    for number, weights in enumerate(_half_windows(window)):
        here = valid & (direction == number)
        if not here.any():
            continue
        count = _total(valid.astype(np.float64), weights)
        count = np.maximum(count, 1.0)
        mean = _total(np.where(valid, span, 0.0), weights) / count
        square = _total(np.where(valid, span, 0.0) ** 2, weights) / count
        variance = np.maximum(square - mean**2, 0.0)
        signal = np.maximum((variance - mean**2 / looks) / (1.0 + 1.0 / looks), 0.0)
        share = np.where(variance > 0, signal / np.where(variance > 0, variance, 1.0), 0.0)
        local = _averaged(matrix, weights)
        result[here] = (local + share[..., None, None] * (matrix - local))[here]
    return result


def _half_windows(window: int) -> list[Array]:
    """Return the eight halves of a window, their edges through its middle: from east, counter-clockwise."""
    half = window // 2
    rows, columns = np.indices((window, window)) - half
    return [
        ((columns * np.cos(angle) - rows * np.sin(angle)) >= -1e-9).astype(np.float64)
        for angle in np.arange(8) * np.pi / 4
    ]


def _direction(span: Array, window: int) -> NDArray[np.int64]:
    """Return the half window of each pixel: across the strongest gradient, on the side that is more like the middle."""
    step = max(window // 3, 1)
    smooth = np.asarray(uniform_filter(span, size=step, mode="nearest"))
    padded = np.pad(smooth, step, mode="edge")
    around = []
    for angle in np.arange(8) * np.pi / 4:
        down, right = -round(np.sin(angle)) * step, round(np.cos(angle)) * step
        rows = slice(step + down, step + down + span.shape[0])
        columns = slice(step + right, step + right + span.shape[1])
        around.append(padded[rows, columns])
    sides = np.stack(around)
    gradient = np.abs(sides[:4] - sides[4:])
    strongest = gradient.argmax(axis=0)
    near, far = (np.take_along_axis(sides, (strongest + shift)[None], axis=0)[0] for shift in (0, 4))
    return np.asarray(np.where(np.abs(near - smooth) <= np.abs(far - smooth), strongest, strongest + 4))


def _averaged(matrix: Complex, weights: Array) -> Complex:
    valid = np.asarray(np.isfinite(matrix).all(axis=(-2, -1)))
    count = np.maximum(_total(valid.astype(np.float64), weights), 1.0)
    result = np.empty(matrix.shape, np.complex128)
    for i in range(3):
        for j in range(i, 3):
            part: Complex = np.where(valid, matrix[..., i, j], 0).astype(np.complex128)
            mean = (_total(part.real, weights) + 1j * _total(part.imag, weights)) / count
            result[..., i, j] = np.where(valid, mean, np.nan)
            result[..., j, i] = np.conj(result[..., i, j])
    return result


def _total(values: NDArray[Any], weights: Array) -> Array:
    return np.asarray(correlate(np.asarray(values, np.float64), weights, mode="constant"))


def _check_window(matrix: Complex, window: int) -> None:
    if matrix.ndim != 4:
        raise ModelError("not an image of matrices", where="C3", found=matrix.shape, expected="(rows, columns, 3, 3)")
    check_matrix(matrix)
    if not 3 <= window <= _LARGEST or window % 2 == 0:
        raise ModelError(
            "not a window", where="window", found=window, expected=f"an odd number of pixels from 3 to {_LARGEST}"
        )
