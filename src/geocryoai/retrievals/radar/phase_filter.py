"""Adaptive spectral filter of an interferogram.

References
----------
Goldstein, R. M. and Werner, C. L. (1998), Radar interferogram filtering for geophysical applications, Geophys. Res.
Lett. 25, 4035-4038, doi:10.1029/1998GL900033.
"""

from __future__ import annotations

import numpy as np
from scipy.ndimage import uniform_filter

from geocryoai.core.errors import ModelError
from geocryoai.retrievals.radar.checks import Complex, number_between


def goldstein_filter(interferogram: Complex, *, strength: float = 0.5, patch: int = 32, smooth: int = 3) -> Complex:
    """Return the interferogram with each patch's spectrum multiplied by its smoothed magnitude to the power `strength`.

    Patches overlap by half and are joined by triangular weights. A filtered phase is no longer independent between
    neighbours: take the noise from the coherence before filtering.

    Parameters
    ----------
    interferogram : array of complex, shape (rows, columns)
        NaN where missing; missing pixels count as zero and are missing in the result.
    strength : float
        0 leaves the phase as it is, 1 filters most.
    patch : int
        Size of a patch, an even number of pixels.
    smooth : int
        Window over which the magnitude of the spectrum is averaged, in its bins.
    """
    number_between("strength", strength, 0.0, 1.0)
    rows, columns = interferogram.shape
    if patch < 4 or patch % 2:
        raise ModelError("not a size of a patch", where="patch", found=patch, expected="an even number from 4")
    valid = np.isfinite(interferogram)
    half = patch // 2
    ends = [half + (-size) % half for size in (rows, columns)]
    padded = np.pad(np.where(valid, interferogram, 0), ((half, ends[0]), (half, ends[1])))
    ramp = 1.0 - np.abs((np.arange(patch) + 0.5) / half - 1.0)
    weight = np.outer(ramp, ramp)
    result = np.zeros_like(padded)
    for top in range(0, padded.shape[0] - half, half):
        strip = padded[top : top + patch]
        if strip.shape[0] < patch:
            break
        starts = np.arange(0, padded.shape[1] - patch + 1, half)
        pieces = np.stack([strip[:, left : left + patch] for left in starts])
        spectrum = np.fft.fft2(pieces)
        magnitude = uniform_filter(np.abs(spectrum), size=(1, smooth, smooth), mode="wrap")
        magnitude /= np.maximum(magnitude.max(axis=(1, 2), keepdims=True), np.finfo(float).tiny)
        filtered = np.fft.ifft2(spectrum * magnitude**strength) * weight
        for piece, left in zip(filtered, starts, strict=True):
            result[top : top + patch, left : left + patch] += piece
    inner = result[half : half + rows, half : half + columns]
    return np.asarray(np.where(valid, inner, np.nan), dtype=interferogram.dtype)
