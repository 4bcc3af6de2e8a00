"""Is a coarse field where it says it is? Its shift against a fine reference, by the best correlation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from geocryoai.core.errors import CubeError
from geocryoai.cube.scale.blocks import block_mean, check_factor

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]

#: Standard errors (Fisher's z) by which a shifted position must be better to count as a shift.
CLEARLY = 3.0


@dataclass(frozen=True)
class Registration:
    """How a coarse field lies on a reference.

    Attributes
    ----------
    down, right : float
        Where the coarse field has to be moved to fit best [coarse cells]; positive down and to the right.
    correlation, best : float
        Correlation where it lies, and after the move.
    shifted : bool
        The move is more than a quarter of a cell and clearly better.
    """

    down: float
    right: float
    correlation: float
    best: float
    shifted: bool


def registration(coarse: ArrayLike, reference: ArrayLike, factor: int, *, most: float = 2.0) -> Registration:
    """Compare a coarse field with a fine reference (of any unit) at shifts of whole fine cells.

    Parameters
    ----------
    coarse : array_like, shape (rows, columns)
        NaN where missing.
    reference : array_like, shape (rows * factor, columns * factor)
        What the coarse field should follow, such as elevation for temperature; the sign does not matter.
    factor : int
    most : float
        Largest shift [coarse cells].

    Returns
    -------
    Registration

    Raises
    ------
    CubeError
        Shapes do not fit, fewer than 20 common cells, or one of the fields does not vary.
    """
    target, fine = np.asarray(coarse, np.float64), np.asarray(reference, np.float64)
    check_factor(fine.shape, factor)
    if target.shape != (fine.shape[0] // factor, fine.shape[1] // factor):
        raise CubeError("the coarse cells do not fit the reference", where="coarse", found=f"shape {target.shape}")
    reach = round(most * factor)
    edge = -(-reach // factor)
    core = target[edge : target.shape[0] - edge, edge : target.shape[1] - edge]
    if core.size < 20:
        raise CubeError("the field is too small to look for a shift", where="coarse", found=f"{core.size} inner cells",
                        expected="20 or more", next_step="Lower most.")  # fmt: skip
    scores = np.full((2 * reach + 1, 2 * reach + 1), np.nan)
    for down in range(-reach, reach + 1):
        for right in range(-reach, reach + 1):
            scores[down + reach, right + reach] = abs(_correlation(core, _moved(fine, down, right, factor, edge)))
    here = float(scores[reach, reach])
    if not np.isfinite(here):
        raise CubeError("the fields cannot be compared", where="coarse", found="too few values, or no variation")
    row, column = np.unravel_index(int(np.nanargmax(scores)), scores.shape)
    best = float(scores[row, column])
    count = int(np.isfinite(core).sum())
    gain = (np.arctanh(min(best, 1 - 1e-9)) - np.arctanh(min(here, 1 - 1e-9))) * np.sqrt(max(count - 3, 1))
    move = float(row - reach) / factor, float(column - reach) / factor
    return Registration(*move, here, best, bool(np.hypot(*move) > 0.25 and gain > CLEARLY))


def _moved(fine: Floats, down: int, right: int, factor: int, edge: int) -> Floats:
    margin = edge * factor
    rows, columns = fine.shape
    return block_mean(fine[margin + down : rows - margin + down, margin + right : columns - margin + right], factor)


def _correlation(a: Floats, b: Floats) -> float:
    both = np.isfinite(a) & np.isfinite(b)
    if both.sum() < 20:
        return float("nan")
    x, y = a[both] - a[both].mean(), b[both] - b[both].mean()
    size = float(np.sqrt((x**2).sum() * (y**2).sum()))
    return float((x * y).sum() / size) if size > 0 else float("nan")
