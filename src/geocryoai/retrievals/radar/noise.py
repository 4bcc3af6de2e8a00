"""Noise of phase and displacement from coherence and looks, and pairs of images that have it.

The Cramer-Rao bound of the phase is sigma^2 = (1 - g^2) / (2 L g^2) for coherence g and L independent looks (Rodriguez
& Martin 1992). It is reached from a few looks on and is too low for little coherence and few looks; there it is kept
below that of a phase that is anything, pi / sqrt 3. Atmosphere, unwrapping errors and residual baseline are not in it.

References
----------
Rodriguez, E. and Martin, J. M. (1992), Theory and design of interferometric synthetic aperture radars, IEE Proc. F 139,
147-159, doi:10.1049/ip-f-2.1992.0018.
Rosen, P. A. et al. (2000), Proc. IEEE 88, 333-382, doi:10.1109/5.838084.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from geocryoai.retrievals.radar.checks import Array, Complex, in_range_or_missing, number_between, same_shape

#: Standard deviation of a phase that is anything with equal chance [rad].
UNIFORM_SIGMA = np.pi / np.sqrt(3.0)


def phase_sigma(coherence: ArrayLike, looks: float) -> Array:
    """Return the standard deviation of the phase [rad].

    Parameters
    ----------
    coherence : array_like
        In [0, 1]; NaN is missing.
    looks : float
        Independent looks; neighbouring samples of a processor overlap, so fewer than pixels averaged.

    Examples
    --------
    >>> round(float(phase_sigma(0.6, 36)), 4)
    0.1571
    """
    g = in_range_or_missing("coherence [1]", coherence, 0.0, 1.0)
    number_between("looks", looks, 1.0, 1e9)
    squared = np.maximum(g**2, 1e-12)
    return np.asarray(np.minimum(np.sqrt((1.0 - g**2) / (2.0 * looks * squared)), UNIFORM_SIGMA))


def displacement_sigma(coherence: ArrayLike, incidence: ArrayLike, wavelength: float, looks: float) -> Array:
    """Return the standard deviation of the vertical displacement [m] from the noise of the phase."""
    theta = in_range_or_missing("incidence [rad]", incidence, 0.0, np.radians(85.0))
    return np.asarray(wavelength / (4.0 * np.pi) * phase_sigma(coherence, looks) / np.cos(theta))


def correlated_pair(phase: Array, coherence: Array, seed: int) -> tuple[Complex, Complex]:
    """Return two images of unit mean power whose interferogram has a phase and a coherence (circular Gaussian speckle).

    Parameters
    ----------
    phase : array
        Of the first image less that of the second [rad].
    coherence : array, same shape
    seed : int
    """
    same_shape(phase=phase, coherence=coherence)
    g = in_range_or_missing("coherence [1]", coherence, 0.0, 1.0)
    rng = np.random.default_rng(seed)
    one, two = (
        (rng.standard_normal(phase.shape) + 1j * rng.standard_normal(phase.shape)) / np.sqrt(2.0) for _ in range(2)
    )
    second = g * one + np.sqrt(1.0 - g**2) * two
    return one * np.exp(1j * phase), second
