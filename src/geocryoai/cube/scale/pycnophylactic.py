"""Smooth refinement that keeps every coarse mean, without any covariate."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from geocryoai.core.errors import CubeError
from geocryoai.cube.scale.blocks import spread
from geocryoai.cube.scale.coherence import make_coherent

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]


def pycnophylactic(
    coarse: ArrayLike, factor: int, *, non_negative: bool = False, tolerance: float = 1e-4, most: int = 1000
) -> Floats:
    """Return the smoothest fine field that keeps each coarse mean.

    Each cell takes the mean of its (up to four) neighbours, then the means are restored, until nothing moves by more
    than `tolerance` times the standard deviation of the coarse values.

    Parameters
    ----------
    coarse : array_like, shape (..., rows, columns)
        NaN where missing; it stays missing and smooths nothing.
    factor : int
    non_negative : bool
        Keep the fine values from 0 up.
    tolerance : float
    most : int
        Most rounds.

    Returns
    -------
    array, shape (..., rows * factor, columns * factor)

    Raises
    ------
    CubeError
        `most` rounds were not enough.

    References
    ----------
    Tobler, W. R. (1979), Journal of the American Statistical Association 74, 519-530.
    """
    target = np.asarray(coarse, np.float64)
    fine = spread(target, factor)
    known = np.isfinite(fine)
    if factor == 1 or not known.any():
        return fine
    scale = float(np.nanstd(target)) or 1.0
    for _ in range(most):
        smoothed = np.where(known, 0.5 * (fine + _neighbour_mean(fine, known)), np.nan)
        after = make_coherent(smoothed, target, factor, non_negative=non_negative)
        moved = float(np.nanmax(np.abs(after - fine)))
        fine = after
        if moved <= tolerance * scale:
            return fine
    raise CubeError("the smoothing did not settle", where="pycnophylactic",
                    found=f"{moved:g} after {most} rounds", next_step="Raise tolerance or most.")  # fmt: skip


def _neighbour_mean(fine: Floats, known: NDArray[np.bool_]) -> Floats:
    total, count = np.zeros(fine.shape), np.zeros(fine.shape)
    filled = np.where(known, fine, 0.0)
    for axis in (-2, -1):
        first, last = [slice(None)] * fine.ndim, [slice(None)] * fine.ndim
        first[axis], last[axis] = slice(None, -1), slice(1, None)
        here, there = tuple(first), tuple(last)
        total[here] += filled[there]
        count[here] += known[there]
        total[there] += filled[here]
        count[there] += known[here]
    return np.where(count > 0, total / np.maximum(count, 1), fine)
