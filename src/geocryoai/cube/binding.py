"""Observations bound to cells and months, with the error of standing for a whole cell.

Representativeness
------------------
Within a cell of area A the quantity varies with standard deviation s (`within_cell_sd`, given per variable) between
places of the size of one observation. An observation of support a covers the share f = min(1, a / A); drawing n such
places without replacement, their mean misses the cell mean with variance s^2 (1 - F) / n, F = min(1, sum of f), the
finite-population result (Cochran 1977, Sampling Techniques, 3rd ed., section 2.6). It is added to the variance of
measurement. Correlation between neighbouring places is not modelled: clustered observations look better than they are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from geocryoai.core.calendar import month_overlap
from geocryoai.core.errors import CubeError
from geocryoai.core.projection import is_equal_area
from geocryoai.cube.temporal import as_months

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from geocryoai.core.grid import Grid

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]
    Months = NDArray[np.datetime64]


@dataclass(frozen=True)
class Binding:
    """Where observations lie.

    Attributes
    ----------
    row, col : array of int, shape (n,)
        Cell; -1 outside the grid or where the position is unknown.
    step : array of int, shape (n,)
        Month; -1 outside the axis or where the time is unknown.
    share : array of float, shape (n,)
        Share of the cell's area that the support covers [1], at most 1; 0 for a point, NaN without a cell.
    inside : array of bool, shape (n,)
        Both cell and month are known.
    """

    row: Ints
    col: Ints
    step: Ints
    share: Floats
    inside: NDArray[np.bool_]


@dataclass(frozen=True)
class CellMonths:
    """Observations of one variable gathered by cell and month, in order of month, row and column.

    Attributes
    ----------
    row, col, step, n : array of int, shape (m,)
        Cell, month and number of observations.
    mean : array of float, shape (m,)
    sigma : array of float, shape (m,)
        Standard error of `mean` as the cell's value: measurement and representativeness; NaN where the standard error
        of an observation is unknown.
    within_sd : array of float, shape (m,)
        Standard deviation of the observations; NaN for a single one.
    """

    row: Ints
    col: Ints
    step: Ints
    n: Ints
    mean: Floats
    sigma: Floats
    within_sd: Floats


def bind(lon: ArrayLike, lat: ArrayLike, time: ArrayLike, support_m: ArrayLike, grid: Grid, months: Months) -> Binding:
    """Return cell and month of observations.

    Parameters
    ----------
    lon, lat : array_like, shape (n,)
        Degrees; NaN where unknown.
    time : array_like of datetime64, shape (n,)
        Start of each observation; NaT where unknown. For records that span months see `month_shares`.
    support_m : array_like
        Side of the square that an observation stands for [m]; NaN or 0 for a point.
    grid : Grid
    months : array of datetime64
        First day of each month, consecutive.
    """
    row, col = grid.cell_of(np.atleast_1d(lon), np.atleast_1d(lat))
    step = step_of(time, months)
    row, col, step = np.broadcast_arrays(row, col, step)
    side = np.nan_to_num(np.broadcast_to(np.asarray(support_m, float), row.shape), nan=0.0)
    if np.any(side < 0):
        raise CubeError("a support is negative", where="support_m", found=f"{side.min():g}")
    placed = row >= 0
    share = np.full(row.shape, np.nan)
    area = grid.resolution**2 if is_equal_area(grid.crs) else grid.cell_area()[row[placed], col[placed]]
    share[placed] = np.minimum(1.0, side[placed] ** 2 / area)
    return Binding(row, col, step, share, placed & (step >= 0))


def step_of(time: ArrayLike, months: Months) -> Ints:
    """Return the position of each time on an axis of months, -1 outside it or for NaT."""
    axis = as_months(months)
    month = np.atleast_1d(np.asarray(time, dtype="datetime64[us]")).astype("datetime64[M]")
    known = ~np.isnat(month)
    step = np.full(month.shape, -1, np.int64)
    step[known] = (month[known] - axis[0]).astype(np.int64)
    step[(step < 0) | (step >= len(axis))] = -1
    return step


def month_shares(start: ArrayLike, end: ArrayLike, months: Months) -> tuple[Ints, Ints, Floats]:
    """Return how records that span months fall on an axis: record, month and share of the record [1].

    Shares of a record that lies wholly on the axis add up to 1; parts outside it are left out.
    """
    overlap = month_overlap(start, end)
    step = step_of(overlap.month, months) if len(overlap.month) else np.zeros(0, np.int64)
    on_axis = step >= 0
    return overlap.record[on_axis], step[on_axis], overlap.share[on_axis]


def combined_sigma(sigma: ArrayLike, share: ArrayLike, within_cell_sd: float) -> Floats:
    """Return the standard error of single observations as values of their cells.

    Parameters
    ----------
    sigma : array_like, shape (n,)
        Standard error of measurement [unit of the variable].
    share : array_like, shape (n,)
        `Binding.share`.
    within_cell_sd : float
        Standard deviation within a cell between places of the observations' size [unit of the variable].

    Examples
    --------
    >>> combined_sigma([3.0, 3.0], [0.0, 1.0], 4.0)
    array([5., 3.])
    """
    _check_sd(within_cell_sd)
    variance = within_cell_sd**2 * (1.0 - np.asarray(share, float))
    return np.asarray(np.sqrt(np.asarray(sigma, float) ** 2 + variance))


def by_cell_month(binding: Binding, values: ArrayLike, sigma: ArrayLike, within_cell_sd: float) -> CellMonths:
    """Return the observations that lie in the cube, gathered by cell and month.

    Parameters
    ----------
    binding : Binding
    values, sigma : array_like, shape (n,)
        Observations and their standard errors [unit of the variable]; missing values (NaN) are left out.
    within_cell_sd : float
        See `combined_sigma`.
    """
    _check_sd(within_cell_sd)
    value, error = np.asarray(values, float), np.asarray(sigma, float)
    used = binding.inside & np.isfinite(value)
    keys = np.column_stack([binding.step, binding.row, binding.col])[used]
    cells, group = np.unique(keys, axis=0, return_inverse=True)
    group = group.ravel()
    size = len(cells)
    n = np.bincount(group, minlength=size)
    mean = np.bincount(group, value[used], size) / n
    squares = np.bincount(group, (value[used] - mean[group]) ** 2, size)
    within = np.sqrt(np.divide(squares, n - 1, out=np.full(size, np.nan), where=n > 1))
    covered = np.minimum(1.0, np.bincount(group, binding.share[used], size))
    measured = np.bincount(group, error[used] ** 2, size) / n**2
    total = np.sqrt(measured + within_cell_sd**2 * (1.0 - covered) / n)
    return CellMonths(cells[:, 1], cells[:, 2], cells[:, 0], n, mean, total, within)


def _check_sd(within_cell_sd: float) -> None:
    if not (np.isfinite(within_cell_sd) and within_cell_sd >= 0):
        raise CubeError("the variability within a cell is not a standard deviation", where="within_cell_sd",
                        found=within_cell_sd, expected="a number from 0")  # fmt: skip
