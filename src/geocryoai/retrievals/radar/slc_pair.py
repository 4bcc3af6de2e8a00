"""From two co-registered single-look images to unwrapped phase and coherence in multi-looked pixels."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from geocryoai.retrievals.radar.checks import Array, Complex, same_shape
from geocryoai.retrievals.radar.interferogram import interferogram, multilook, unbias_coherence
from geocryoai.retrievals.radar.phase_filter import goldstein_filter
from geocryoai.retrievals.radar.unwrapping import unwrap


def multilooked_pair(
    first: Complex, second: Complex, looks: tuple[int, int], *, unbiased: bool = True
) -> tuple[Complex, Array]:
    """Return multi-looked interferogram and coherence over the same blocks of pixels.

    Parameters
    ----------
    first, second : array of complex, shape (rows, columns)
        Single-look images on one grid; NaN or 0 is missing.
    looks : tuple of int
        Rows and columns of a block.
    unbiased : bool
        Undo the bias of the coherence, see `interferogram.unbias_coherence`.

    Returns
    -------
    wave : array of complex, shape (rows // looks[0], columns // looks[1])
    coherence : array of float, same shape
        In [0, 1]; NaN where `wave` is missing.
    """
    same_shape(first=first, second=second)
    product = interferogram(first, second)
    valid = np.isfinite(product)
    wave = multilook(product, looks)
    one, two = (multilook(_power(image, valid), looks) for image in (first, second))
    scale = np.sqrt(one * two)
    estimate = np.where(scale > 0, np.minimum(np.abs(wave) / np.where(scale > 0, scale, 1.0), 1.0), np.nan)
    count = looks[0] * looks[1]
    return wave, unbias_coherence(estimate, count) if unbiased and count > 1 else estimate


def unwrapped_pair(
    first: Complex,
    second: Complex,
    looks: tuple[int, int],
    *,
    least: float = 0.35,
    filter_strength: float = 0.0,
) -> tuple[Array, Array]:
    """Return unwrapped phase [rad] and coherence of two images; needs the extra ``radar``.

    Pixels of less coherence than `least`, and those that SNAPHU holds not to be reliable, are NaN in the phase.

    Parameters
    ----------
    first, second : array of complex, shape (rows, columns)
    looks : tuple of int
        Rows and columns of a block.
    least : float
        Least coherence [1].
    filter_strength : float
        Of the Goldstein filter before unwrapping, 0 for none.
    """
    wave, coherence = multilooked_pair(first, second, looks)
    wave = goldstein_filter(wave, strength=filter_strength) if filter_strength > 0 else wave
    phase, component = unwrap(wave, coherence, looks[0] * looks[1], least=least)
    return np.where(component > 0, phase, np.nan), coherence


def _power(image: Complex, valid: NDArray[np.bool_]) -> NDArray[Any]:
    return np.where(valid, np.abs(image) ** 2, np.nan)
