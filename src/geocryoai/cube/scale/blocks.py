"""Nested cells: each coarse cell is cut into factor x factor fine ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from geocryoai.core.errors import CubeError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]


def block_mean(fine: ArrayLike, factor: int, weights: ArrayLike | None = None) -> Floats:
    """Return the weighted mean of the fine cells in each coarse cell.

    Parameters
    ----------
    fine : array_like, shape (..., rows * factor, columns * factor)
        NaN where missing: a missing cell counts for nothing.
    factor : int
        Fine cells along the side of a coarse one, at least 1.
    weights : array_like, shape (rows * factor, columns * factor), optional
        Area or share of each fine cell, not negative; default: equal.

    Returns
    -------
    array, shape (..., rows, columns)
        NaN where no fine cell has a value and a weight.

    Raises
    ------
    CubeError
        The shape is not a multiple of the factor, or the weights do not fit.

    Examples
    --------
    >>> block_mean([[1.0, 3.0], [5.0, float("nan")]], 2).tolist()
    [[3.0]]
    """
    values = np.asarray(fine, np.float64)
    check_factor(values.shape, factor)
    valid = np.isfinite(values) * (1.0 if weights is None else cell_weights(weights, values.shape[-2:]))
    total = _cut(valid, factor).sum((-3, -1))
    summed = _cut(np.where(valid > 0, values, 0.0) * valid, factor).sum((-3, -1))
    mean: Floats = np.divide(summed, total, out=np.full(total.shape, np.nan), where=total > 0)
    return mean


def spread(coarse: ArrayLike, factor: int) -> Floats:
    """Return each coarse value in all of its fine cells, shape (..., rows * factor, columns * factor)."""
    values = np.asarray(coarse, np.float64)
    if values.ndim < 2:
        raise CubeError("a field has rows and columns", where="coarse", found=f"shape {values.shape}")
    check_factor((1, 1), 1 if factor >= 1 else factor)
    return np.repeat(np.repeat(values, factor, axis=-2), factor, axis=-1)


def check_factor(shape: tuple[int, ...], factor: int) -> None:
    """Refuse a factor that does not divide the last two axes."""
    if not isinstance(factor, (int, np.integer)) or factor < 1:
        raise CubeError("the factor must be a whole number, at least 1", where="factor", found=factor)
    if len(shape) < 2 or shape[-2] % factor or shape[-1] % factor:
        raise CubeError(
            "the fine cells do not fill whole coarse cells", where="fine", found=f"shape {shape}",
            expected=f"rows and columns in multiples of {factor}",
        )  # fmt: skip


def cell_weights(weights: ArrayLike, shape: tuple[int, ...]) -> Floats:
    """Return weights of fine cells after checking shape and sign."""
    values = np.asarray(weights, np.float64)
    if values.shape != tuple(shape):
        raise CubeError("the weights do not fit the fine cells", where="weights", found=f"shape {values.shape}",
                        expected=f"shape {tuple(shape)}")  # fmt: skip
    if not np.all(np.isfinite(values)) or np.any(values < 0):
        raise CubeError("a weight is negative or missing", where="weights", expected="numbers from 0")
    return values


def _cut(values: Floats, factor: int) -> Floats:
    rows, columns = values.shape[-2] // factor, values.shape[-1] // factor
    return values.reshape(*values.shape[:-2], rows, factor, columns, factor)
