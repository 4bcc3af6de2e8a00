"""A predicted fine map and a coarse product of the same quantity, each as certain as it says, made one.

With the fine map x of covariance S, the coarse product y of error variance R and the averaging matrix A (rows sum to
1), the posterior of a Gaussian is

    x' = x + S A^T (A S A^T + R)^-1 (y - A x),    S' = S - S A^T (A S A^T + R)^-1 A S

(Tarantola 2005, Inverse Problem Theory, SIAM, section 3.2). Here the errors of all fine cells of one coarse
cell have one correlation, and those of different coarse cells none: each coarse cell is an update of its own. An error
of 0 makes the mean of the cells the coarse value.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from geocryoai.core.errors import CubeError
from geocryoai.cube.scale.blocks import block_mean, cell_weights, check_factor, spread

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Reconciled:
    """A fine map after a coarse product was heard, and how far it moved.

    Attributes
    ----------
    mean, sd : array, shape (..., rows * factor, columns * factor)
        Posterior mean and standard deviation of each cell.
    before, after : array, shape (..., rows, columns)
        Mean of the fine cells over each coarse cell, before and after.
    coarse, coarse_sd : array, same shape
        What the coarse product said, and its error.
    expected_sd : array, same shape
        Standard deviation of `coarse - before` that the two errors lead one to expect.
    weight : array, same shape
        Share of the gap `coarse - before` that was closed, 0 to 1.
    """

    mean: Floats
    sd: Floats
    before: Floats
    after: Floats
    coarse: Floats
    coarse_sd: Floats
    expected_sd: Floats
    weight: Floats

    def ledger(self) -> dict[str, float]:
        """Return how far the map moved, over all coarse cells that were compared.

        `surprise` is the root mean square of the gap by what the two errors lead one to expect: near 1 where both are
        as good as they say, far above where they contradict each other.
        """
        gap = self.coarse - self.before
        heard = np.isfinite(gap)
        if not heard.any():
            return {"cells": 0.0}
        moved = (self.after - self.before)[heard]
        possible = heard & (self.expected_sd > 0)
        surprise = np.sqrt(np.mean((gap[possible] / self.expected_sd[possible]) ** 2)) if possible.any() else np.nan
        return {
            "cells": float(heard.sum()),
            "mean_gap_before": float(gap[heard].mean()),
            "mean_gap_after": float((self.coarse - self.after)[heard].mean()),
            "rms_gap_before": float(np.sqrt(np.mean(gap[heard] ** 2))),
            "rms_gap_after": float(np.sqrt(np.mean((self.coarse - self.after)[heard] ** 2))),
            "mean_move": float(moved.mean()),
            "largest_move": float(np.abs(moved).max()),
            "mean_weight": float(self.weight[heard].mean()),
            "surprise": float(surprise),
        }


def reconcile(
    fine: ArrayLike,
    fine_sd: ArrayLike,
    coarse: ArrayLike,
    coarse_sd: ArrayLike,
    factor: int,
    *,
    common: float = 0.0,
    weights: ArrayLike | None = None,
) -> Reconciled:
    """Return the posterior of a fine map given a coarse product with its error.

    Parameters
    ----------
    fine, fine_sd : array_like, shape (..., rows * factor, columns * factor)
        Predicted mean and standard deviation [unit of the quantity]; NaN where missing, which stays.
    coarse, coarse_sd : array_like, shape (..., rows, columns)
        The product in the same unit and sign, and its standard error as a mean of the cell; NaN: not heard. An error of
        0 is met exactly.
    factor : int
        Fine cells along the side of a coarse one.
    common : float
        Correlation of the fine errors within a coarse cell [1], 0 to 1. Errors of a learned map go together over many
        cells: with 0 their mean is held to be far too certain, and the product is hardly heard.
    weights : array_like, shape (rows * factor, columns * factor), optional
        Area or share of each fine cell that the product stands for; default: equal.

    Returns
    -------
    Reconciled

    Raises
    ------
    CubeError
        Shapes do not fit, an error is negative, a value has no error, or a certain map contradicts a certain product.

    Examples
    --------
    >>> answer = reconcile([[1.0, 1.0], [1.0, 1.0]], np.full((2, 2), 2.0), [[3.0]], [[1.0]], 2)
    >>> answer.mean.tolist()
    [[2.0, 2.0], [2.0, 2.0]]
    """
    values, error = np.asarray(fine, np.float64), np.asarray(fine_sd, np.float64)
    target, doubt = np.asarray(coarse, np.float64), np.asarray(coarse_sd, np.float64)
    check_factor(values.shape, factor)
    expected = (*values.shape[:-2], values.shape[-2] // factor, values.shape[-1] // factor)
    if error.shape != values.shape or target.shape != expected or doubt.shape != expected:
        raise CubeError("map, product and their errors do not fit each other", where="reconcile",
                        found=f"{values.shape}, {error.shape}, {target.shape}, {doubt.shape}",
                        expected=f"{values.shape} twice, {expected} twice")  # fmt: skip
    if not 0 <= common <= 1:
        raise CubeError("a correlation is not from 0 to 1", where="common", found=common)
    if np.any(error < 0) or np.any(doubt < 0):
        raise CubeError("a standard error is negative", where="reconcile")
    if np.any(np.isfinite(values) & ~np.isfinite(error)) or np.any(np.isfinite(target) & ~np.isfinite(doubt)):
        raise CubeError("a value has no standard error", where="reconcile",
                        next_step="Give one, or make the value missing.")  # fmt: skip
    share = np.ones(values.shape[-2:]) if weights is None else cell_weights(weights, values.shape[-2:])
    return _posterior(values, error, target, doubt, factor, common, share)


def _posterior(
    values: Floats, error: Floats, target: Floats, doubt: Floats, factor: int, common: float, share: Floats
) -> Reconciled:
    valid = np.isfinite(values)
    cells = factor**2
    seen = np.where(valid, share, 0.0)
    total = block_mean(seen, factor) * cells
    weight = np.divide(seen, spread(total, factor), out=np.zeros(values.shape), where=spread(total, factor) > 0)
    sd = np.where(valid, error, 0.0)
    summed = block_mean(weight * sd, factor) * cells
    squares = block_mean((weight * sd) ** 2, factor) * cells
    mean_variance = (1 - common) * squares + common * summed**2
    before = np.where(total > 0, block_mean(weight * np.where(valid, values, 0.0), factor) * cells, np.nan)
    gap = target - before
    heard = np.isfinite(gap)
    innovation = mean_variance + np.where(heard, doubt, np.inf) ** 2
    if np.any(heard & (innovation == 0) & (np.abs(gap) > 0)):
        raise CubeError("a map without error contradicts a product without error", where="reconcile",
                        next_step="Give one of the two an error.")  # fmt: skip
    inverse = np.divide(1.0, innovation, out=np.zeros(innovation.shape), where=innovation > 0)
    covariance = (1 - common) * weight * sd**2 + common * sd * spread(summed, factor)
    gain = covariance * spread(inverse, factor)
    mean = values + gain * spread(np.where(heard, gap, 0.0), factor)
    variance = np.maximum(sd**2 - gain * covariance, 0.0)
    closed = np.where(heard, mean_variance * inverse, np.nan)
    after = np.where(total > 0, block_mean(weight * np.where(valid, mean, 0.0), factor) * cells, np.nan)
    expected = np.where(heard, np.sqrt(np.where(heard, innovation, 0.0)), np.nan)
    return Reconciled(
        np.where(valid, mean, np.nan), np.where(valid, np.sqrt(variance), np.nan), before, after, target, doubt,
        expected, closed,
    )  # fmt: skip
