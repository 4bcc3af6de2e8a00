"""Covariance of a group of pixels, shrunk towards its diagonal as far as unseen pixels ask for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.linalg import LinAlgError, cho_factor, cho_solve, solve_triangular

from geocryoai.core.errors import ModelError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

#: Shares of the diagonal among which the leave-one-out likelihood chooses.
SHARES = (0.0, 1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1)

#: Pixels on which the likelihood is evaluated.
_JUDGED = 256


def shrunk(covariance: Floats, share: float) -> Floats:
    """Return ``(1 - share) C + share diag(C)``."""
    return (1.0 - share) * covariance + share * np.diag(np.diag(covariance))


def loo_shrinkage(centred: Floats, covariance: Floats) -> float:
    """Return the share of the diagonal with the largest leave-one-out likelihood of a Gaussian.

    Theiler (2012), The incredible shrinking covariance estimator, Proc. SPIE 8391. The likelihood is that of up to 256
    pixels, evenly taken.

    Parameters
    ----------
    centred : array, shape (pixels, bands)
        Mean taken off.
    covariance : array, shape (bands, bands)
    """
    pixels = centred.shape[0]
    judged = centred[:: -(-pixels // _JUDGED)]
    best, chosen = np.inf, SHARES[-1]
    for share in SHARES:
        beta = (1.0 - share) / (pixels - 1)
        try:
            factor = np.linalg.cholesky(pixels * beta * covariance + share * np.diag(np.diag(covariance)))
        except np.linalg.LinAlgError:
            continue
        distance = (solve_triangular(factor, judged.T, lower=True, check_finite=False) ** 2).sum(axis=0)
        left = 1.0 - beta * distance
        if (left <= 0).any():
            continue
        misfit = 2.0 * np.log(np.diag(factor)).sum() + float(np.mean(np.log(left) + distance / left))
        if misfit < best:
            best, chosen = misfit, share
    return chosen


def inverse(covariance: Floats, share: float) -> Floats:
    """Return the inverse of the shrunk covariance.

    Raises
    ------
    ModelError
        A share outside [0, 1), or a covariance without inverse.
    """
    if not 0.0 <= share < 1.0:
        raise ModelError("the shrinkage must be in [0, 1)", found=share)
    try:
        factor = cho_factor(shrunk(covariance, share), lower=True, check_finite=False)
    except LinAlgError as error:
        raise ModelError(
            "the covariance of a group has no inverse",
            next_step="Set a shrinkage above 0, or check for constant or repeated bands.",
        ) from error
    return np.ascontiguousarray(cho_solve(factor, np.eye(covariance.shape[0]), check_finite=False))
