"""Continuous ranked probability score [unit of the target], in closed form; 0 is perfect."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtr

from geocryoai.models.contract import QUANTILES

if TYPE_CHECKING:
    from geocryoai.cube.samples import Floats


def crps_normal(observed: Floats, mean: Floats, sd: Floats) -> Floats:
    """Return the score of normal distributions; where `sd` is 0, the absolute error.

    Notes
    -----
    Gneiting & Raftery 2007, doi:10.1198/016214506000001437, eq. 21.
    """
    error = np.abs(observed - mean)
    z = error / np.where(sd > 0, sd, 1.0)
    density = np.exp(-0.5 * z**2) / np.sqrt(2.0 * np.pi)
    score: Floats = np.where(sd > 0, sd * (z * (2.0 * ndtr(z) - 1.0) + 2.0 * density - 1.0 / np.sqrt(np.pi)), error)
    return score


def crps_quantiles(observed: Floats, quantiles: Floats) -> Floats:
    """Return the score of distributions given by their quantiles at the house levels.

    Parameters
    ----------
    observed : array of float, shape (n,)
    quantiles : array of float, shape (n, len(QUANTILES))
        Non-decreasing along the second axis.

    Notes
    -----
    The distribution function runs straight between neighbouring quantiles; the outermost pieces go on with the same
    slope to levels 0 and 1. The score of that distribution, the integral of (F(x) - 1{x >= y})^2, is exact.
    """
    knots, levels = _knots(quantiles)
    left, right = knots[:, :-1], knots[:, 1:]
    low, high = levels[:-1], levels[1:]
    width = right - left
    inside = np.clip(observed[:, None], left, right)
    share = (inside - left) / np.where(width > 0, width, 1.0)
    level = low + (high - low) * share
    below = (inside - left) * (low**2 + low * level + level**2) / 3.0
    above = (right - inside) * ((1 - level) ** 2 + (1 - level) * (1 - high) + (1 - high) ** 2) / 3.0
    outside = np.maximum(knots[:, 0] - observed, 0.0) + np.maximum(observed - knots[:, -1], 0.0)
    score: Floats = (below + above).sum(axis=1) + outside
    return score


def _knots(quantiles: Floats) -> tuple[Floats, Floats]:
    """Return the quantiles with straight tails to levels 0 and 1, and all levels."""
    levels = np.array([0.0, *QUANTILES, 1.0])
    first = (quantiles[:, 1] - quantiles[:, 0]) * (levels[1] - levels[0]) / (levels[2] - levels[1])
    last = (quantiles[:, -1] - quantiles[:, -2]) * (levels[-1] - levels[-2]) / (levels[-2] - levels[-3])
    return np.column_stack([quantiles[:, 0] - first, quantiles, quantiles[:, -1] + last]), levels
