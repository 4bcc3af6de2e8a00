"""Interferogram of two co-registered single-look images, multi-looking, and coherence over a window.

References
----------
Rosen, P. A. et al. (2000), Synthetic aperture radar interferometry, Proc. IEEE 88, 333-382, doi:10.1109/5.838084.
Touzi, R. et al. (1999), Coherence estimation for SAR imagery, IEEE Trans. Geosci. Remote Sens. 37, 135-149,
doi:10.1109/36.739146 (distribution and bias of the estimated coherence).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter
from scipy.special import gammaln

from geocryoai.core.errors import ModelError
from geocryoai.retrievals.radar.checks import Array, Complex, in_range_or_missing, same_shape, some_valid

#: More looks than this are nearly unbiased and are treated as this many.
_MOST_LOOKS = 400


def interferogram(first: Complex, second: Complex) -> Complex:
    """Return the interferogram, first times the conjugate of second.

    Parameters
    ----------
    first, second : array of complex, shape (rows, columns)
        Single-look images on one grid; NaN or 0 is missing.

    Returns
    -------
    array of complex, shape (rows, columns)
        Power and phase [rad]; the phase is that of `first` less that of `second`. NaN where missing.

    Raises
    ------
    ModelError
        Shapes differ, or nothing is there.
    """
    same_shape(first=first, second=second)
    product = first * np.conj(second)
    product = np.where(product == 0, np.asarray(np.nan, product.dtype), product)
    some_valid("interferogram", product, "The two images have no pixel in common.")
    return np.asarray(product)


def multilook(values: NDArray[Any], looks: tuple[int, int], least: float = 0.5) -> NDArray[Any]:
    """Return means over blocks of pixels, missing values left out.

    Parameters
    ----------
    values : array, shape (rows, columns)
        Real or complex, NaN where missing. Rows and columns that do not fill a block are cut.
    looks : tuple of int
        Rows and columns of a block.
    least : float
        Least share of valid pixels of a block [1]; below it the block is missing.

    Returns
    -------
    array, shape (rows // looks[0], columns // looks[1])
    """
    rows, columns = (size // n if n > 0 else 0 for size, n in zip(values.shape, looks, strict=True))
    if rows == 0 or columns == 0:
        raise ModelError(
            "the block of looks is larger than the image", where="looks", found=looks, expected=values.shape
        )
    cut = values[: rows * looks[0], : columns * looks[1]].reshape(rows, looks[0], columns, looks[1])
    valid = np.isfinite(cut)
    count = valid.sum(axis=(1, 3))
    total = np.where(valid, cut, 0).sum(axis=(1, 3))
    enough = (count > 0) & (count >= least * looks[0] * looks[1])
    return np.where(enough, total / np.maximum(count, 1), np.nan).astype(values.dtype)


def coherence(
    first: Complex, second: Complex, window: tuple[int, int], *, phase: Array | None = None, unbiased: bool = False
) -> Array:
    """Return the coherence of two images over a moving window.

    Parameters
    ----------
    first, second : array of complex, shape (rows, columns)
        Single-look images on one grid; NaN or 0 is missing.
    window : tuple of int
        Rows and columns, odd.
    phase : array, shape (rows, columns), optional
        Known phase (terrain, a model of the motion) that is taken off before averaging [rad]; fringes in the window
        lower the estimate otherwise.
    unbiased : bool
        Undo the bias of few looks by `unbias_coherence`, with the pixels of the window as looks.

    Returns
    -------
    array, shape (rows, columns)
        In [0, 1]; NaN where fewer than half of the window is valid, or the pixel itself is missing.
    """
    shape = same_shape(first=first, second=second)
    if any(n < 1 or n % 2 == 0 or n > size for n, size in zip(window, shape, strict=True)):
        raise ModelError("not a window", where="window", found=window, expected=f"odd sizes that fit in {shape}")
    product = interferogram(first, second)
    valid = np.isfinite(product)
    if phase is not None:
        product = product * np.exp(-1j * phase)
    cross = _mean(np.where(valid, product, 0).real, window) + 1j * _mean(np.where(valid, product, 0).imag, window)
    powers = [_mean(np.where(valid, np.abs(image) ** 2, 0.0), window) for image in (first, second)]
    scale = np.sqrt(np.maximum(powers[0] * powers[1], 0.0))
    enough = valid & (scale > 0) & (_mean(valid.astype(np.float64), window) >= 0.5)
    estimate = np.where(enough, np.minimum(np.abs(cross) / np.where(scale > 0, scale, 1.0), 1.0), np.nan)
    return unbias_coherence(estimate, window[0] * window[1]) if unbiased else estimate


def expected_coherence(true: Array, looks: int) -> Array:
    """Return the mean of the estimate over many scenes for a true coherence, by its density (Touzi et al. 1999).

    Parameters
    ----------
    true : array
        In [0, 1).
    looks : int
        Independent looks, at least 2.
    """
    if looks < 2:
        raise ModelError("a coherence takes at least two looks", where="looks", found=looks)
    n = min(int(looks), _MOST_LOOKS)
    d = (np.arange(2000) + 0.5) / 2000
    order = np.arange(n)
    binomial = 2.0 * (gammaln(n) - gammaln(order + 1) - gammaln(n - order))
    means = []
    for value in np.ravel(np.asarray(true, np.float64)):
        z = (value * d) ** 2
        terms = binomial[:, None] + np.multiply.outer(order, np.log(np.maximum(z, 1e-300)))
        peak = terms.max(axis=0)
        series = peak + np.log(np.exp(terms - peak).sum(axis=0))
        log_density = n * np.log1p(-(value**2)) + np.log(d) + (n - 2) * np.log1p(-(d**2))
        log_density += (1 - 2 * n) * np.log1p(-z) + series
        density = np.exp(log_density - log_density.max())
        means.append(float((density * d).sum() / density.sum()))
    return np.reshape(np.array(means), np.shape(true))


def unbias_coherence(estimate: Array, looks: int) -> Array:
    """Return the true coherence whose expected estimate is the given one; 0 where even that of 0 is higher."""
    measured = in_range_or_missing("coherence [1]", estimate, 0.0, 1.0)
    true = np.sin(np.linspace(0.0, np.pi / 2, 61))[:-1]
    expected = expected_coherence(true, looks)
    found = np.interp(np.nan_to_num(measured), [*expected, 1.0], [*true, 1.0], left=0.0)
    return np.where(np.isnan(measured), np.nan, found)


def _mean(values: Array, window: tuple[int, int]) -> Array:
    return np.asarray(uniform_filter(values.astype(np.float64), size=window, mode="constant"))
