"""Seeded random numbers and spatially correlated Gaussian fields."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

import numpy as np
from scipy.fft import irfft2, next_fast_len, rfft2

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


def stream(seed: int, purpose: str) -> np.random.Generator:
    """Return the random generator of one purpose, independent of every other purpose of the same seed.

    Parameters
    ----------
    seed : int
    purpose : str
        For example ``"weather"``; adding or leaving out one purpose never changes the numbers of another.
    """
    return np.random.default_rng([seed, zlib.crc32(purpose.encode())])


class GaussianField:
    """Stationary Gaussian random fields of unit variance on a grid, by FFT on a padded torus.

    The spectrum is that of a Matern covariance, ``(1 + (k l)^2)^-(nu + 1)`` in two dimensions (Lindgren et al. 2011,
    doi:10.1111/j.1467-9868.2011.00777.x). The torus is larger than the grid by four correlation lengths on each axis,
    so that opposite edges are not related.

    Parameters
    ----------
    shape : tuple of int
        Rows and columns.
    length : float
        Length scale in cells; values about 2.8 lengths apart are almost independent.
    smoothness : float
        Matern nu: 0.5 gives rough, fractal-like fields, 2 gives smooth ones.
    """

    def __init__(self, shape: tuple[int, int], length: float, smoothness: float = 1.5) -> None:
        self.shape = shape
        pad = int(np.ceil(4 * length))
        self._torus = tuple(next_fast_len(n + pad, real=True) for n in shape)
        ky = 2 * np.pi * np.fft.fftfreq(self._torus[0])[:, None]
        kx = 2 * np.pi * np.fft.fftfreq(self._torus[1])[None, :]
        power = (1 + length**2 * (kx**2 + ky**2)) ** -(smoothness + 1)
        amplitude = np.sqrt(power / power.mean())
        self._amplitude = amplitude[:, : self._torus[1] // 2 + 1]

    def draw(self, rng: np.random.Generator) -> Floats:
        """Return one field, shape `shape`."""
        white = rng.standard_normal(self._torus)
        field: Floats = irfft2(rfft2(white) * self._amplitude, s=self._torus)
        return field[: self.shape[0], : self.shape[1]]


def block_mean(values: Floats, factor: int) -> Floats:
    """Return means over blocks of ``factor`` x ``factor`` cells; missing cells do not count, partial blocks do.

    Parameters
    ----------
    values : array of float, shape (..., rows, columns)
    factor : int

    Returns
    -------
    array of float, shape (..., ceil(rows / factor), ceil(columns / factor))
        NaN where a block holds no value.
    """
    rows, columns = values.shape[-2:]
    pad = [(0, 0)] * (values.ndim - 2) + [(0, -rows % factor), (0, -columns % factor)]
    padded = np.pad(values, pad, constant_values=np.nan)
    ny, nx = padded.shape[-2] // factor, padded.shape[-1] // factor
    blocks = padded.reshape(*values.shape[:-2], ny, factor, nx, factor)
    known = np.isfinite(blocks)
    total = np.where(known, blocks, 0.0).sum(axis=(-3, -1))
    count = known.sum(axis=(-3, -1))
    mean: Floats = np.divide(total, count, out=np.full(total.shape, np.nan), where=count > 0)
    return mean
