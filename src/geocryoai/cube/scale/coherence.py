"""Exact agreement of fine values with coarse means.

With coarse values y, fine values x and the averaging matrix A (rows sum to 1), the nearest x that agrees is

    x' = x + W A^T (A W A^T)^-1 (y - A x),

W the (diagonal) variance of the fine values: the orthogonal projection for equal variances, the update of a Gaussian by
exact data in general (Tarantola 2005, Inverse Problem Theory, SIAM, section 3.2).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from geocryoai.core.errors import CubeError
from geocryoai.cube.scale.blocks import block_mean, cell_weights, check_factor, spread

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray
    from scipy.sparse import csr_array

    Floats = NDArray[np.float64]


def make_coherent(
    fine: ArrayLike,
    coarse: ArrayLike,
    factor: int,
    *,
    weights: ArrayLike | None = None,
    how: Literal["add", "scale"] = "add",
    non_negative: bool = False,
) -> Floats:
    """Change nested fine values so that their mean in each coarse cell is the coarse value.

    Parameters
    ----------
    fine : array_like, shape (..., rows * factor, columns * factor)
        NaN stays NaN and counts for nothing.
    coarse : array_like, shape (..., rows, columns)
        NaN leaves its fine cells as they are.
    factor : int
    weights : array_like, shape of the fine grid, optional
        Area or share of each fine cell; default: equal.
    how : {"add", "scale"}
        "add" shifts all cells of a coarse cell alike (quantities that change sign, such as NEE); "scale" multiplies
        them (quantities that do not). Where the fine mean is 0, "scale" gives all cells the coarse value.
    non_negative : bool
        Cut negative fine values to 0 and scale the rest.

    Returns
    -------
    array, shape of `fine`

    Raises
    ------
    CubeError
        Shapes do not fit, or `non_negative` beside a negative coarse value.

    Examples
    --------
    >>> make_coherent([[1.0, 2.0], [3.0, 6.0]], [[4.0]], 2).tolist()
    [[2.0, 3.0], [4.0, 7.0]]
    """
    values, target = np.array(fine, np.float64), np.asarray(coarse, np.float64)
    check_factor(values.shape, factor)
    if (values.shape[-2] // factor, values.shape[-1] // factor) != target.shape[-2:]:
        raise CubeError("the coarse cells do not fit the fine ones", where="coarse", found=f"shape {target.shape}",
                        expected=f"(..., {values.shape[-2] // factor}, {values.shape[-1] // factor})")  # fmt: skip
    if non_negative and np.any(target < 0):
        raise CubeError("a coarse value is negative, its parts cannot all be positive", where="coarse",
                        found=f"{np.nanmin(target):g}", next_step="Leave non_negative out.")  # fmt: skip
    share = None if weights is None else cell_weights(weights, values.shape[-2:])
    if how == "add" and not non_negative:
        return _shifted(values, target, factor, share)
    if how == "add":
        values = _shifted(values, target, factor, share)
    if non_negative:
        values = np.maximum(values, 0.0)
    return _scaled(values, target, factor, share)


def project(fine: ArrayLike, coarse: ArrayLike, operator: csr_array, variance: ArrayLike | None = None) -> Floats:
    """Return the nearest fine values whose averages by any sparse operator are the coarse values.

    Parameters
    ----------
    fine : array_like, shape (cells,)
        Finite.
    coarse : array_like, shape (n,)
        Finite.
    operator : scipy.sparse.csr_array, shape (n, cells)
        Rows of weights, such as area shares of grids that do not nest; no two rows may say the same.
    variance : array_like, shape (cells,), optional
        How far each fine value may move, relative to the others; default: alike.

    Returns
    -------
    array, shape (cells,)

    Raises
    ------
    CubeError
        Values are missing, shapes do not fit, or the coarse values contradict each other.
    """
    from scipy.sparse import diags_array
    from scipy.sparse.linalg import splu

    values, target = np.asarray(fine, np.float64), np.asarray(coarse, np.float64)
    if operator.shape != (target.size, values.size) or values.ndim != 1 or target.ndim != 1:
        raise CubeError("the operator does not fit the values", where="operator", found=f"shape {operator.shape}",
                        expected=f"({target.size}, {values.size})")  # fmt: skip
    if not (np.isfinite(values).all() and np.isfinite(target).all()):
        raise CubeError("values are missing", where="fine, coarse", next_step="Take missing cells and rows out first.")
    free = np.ones(values.size) if variance is None else np.asarray(variance, np.float64)
    if free.shape != values.shape or np.any(free < 0) or not np.isfinite(free).all():
        raise CubeError("the variance does not fit the fine values or is negative", where="variance")
    gain = diags_array(free) @ operator.T
    normal = (operator @ gain).tocsc()
    try:
        factors = splu(normal)
    except RuntimeError:
        raise CubeError("two coarse values say the same of the fine cells, or one says nothing", where="operator",
                        next_step="Drop rows that repeat others or that see no cell.") from None  # fmt: skip
    for _ in range(3):
        values = values + gain @ factors.solve(target - operator @ values)
    left = float(np.max(np.abs(target - operator @ values), initial=0.0))
    if left > 1e-6 * max(float(np.max(np.abs(target), initial=0.0)), 1e-30):
        raise CubeError(
            "the coarse values contradict each other", where="coarse", found=f"a misfit of {left:g} is left"
        )
    return values


def _shifted(values: Floats, target: Floats, factor: int, share: Floats | None) -> Floats:
    for _ in range(2):
        gap = target - block_mean(values, factor, share)
        values = values + spread(np.nan_to_num(gap, nan=0.0), factor)
    return values


def _scaled(values: Floats, target: Floats, factor: int, share: Floats | None) -> Floats:
    for _ in range(2):
        mean = block_mean(values, factor, share)
        known = np.isfinite(target) & np.isfinite(mean)
        usable = known & (mean != 0)
        ratio = np.divide(target, mean, out=np.ones(mean.shape), where=usable)
        flat = spread(np.where(known & (mean == 0), target, np.nan), factor)
        values = np.where(np.isfinite(flat) & np.isfinite(values), flat, values * spread(ratio, factor))
    return values
