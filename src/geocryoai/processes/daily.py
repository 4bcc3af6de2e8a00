"""Daily series from monthly means, such that the means of the days are the monthly means again."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy.sparse import csr_array, diags_array
from scipy.sparse.linalg import spsolve

from geocryoai.core.errors import ModelError
from geocryoai.processes.checks import Array, above, finite


def daily_from_monthly(values: ArrayLike, days: ArrayLike) -> Array:
    """Return a daily series that runs straight from the middle of each month to that of the next.

    The values in the middle of the months are chosen so that the mean of each month's days is the month's value to
    round-off; the first and the last half month are level. Where a series bends sharply the days pass beyond the
    monthly values, so a quantity that cannot be negative has to be cut at 0 by the caller, who then loses the exact
    mean.

    Parameters
    ----------
    values : array_like, shape (months,) or (months, cells)
        Monthly means, in any unit.
    days : array_like, shape (months,)
        Whole number of days of each month [d].

    Returns
    -------
    array, shape (days,) or (days, cells)

    Raises
    ------
    ModelError
        A value is missing, the lengths are not whole days, or they do not match the values.

    Examples
    --------
    >>> series = daily_from_monthly([0.0, 10.0, 4.0], [30, 30, 30])
    >>> [round(float(series[i : i + 30].mean()), 6) for i in (0, 30, 60)]
    [0.0, 10.0, 4.0]
    """
    means, lengths = finite("values", values), above("days [d]", days)
    if means.ndim not in (1, 2) or lengths.shape != means.shape[:1] or (lengths != np.round(lengths)).any():
        raise ModelError(
            "the lengths of the months do not match the values",
            where="days [d]",
            found=f"shape {lengths.shape} for values of shape {means.shape}",
            expected="a whole number of days for each month",
        )
    length = lengths.astype(np.int64)
    begin = np.concatenate([[0], np.cumsum(length)])
    middle = begin[:-1] + 0.5 * length
    day = np.arange(begin[-1]) + 0.5
    if len(middle) == 1:
        return np.repeat(means, length, axis=0)
    right = np.clip(np.searchsorted(middle, day), 1, len(middle) - 1)
    share = np.clip((day - middle[right - 1]) / (middle[right] - middle[right - 1]), 0.0, 1.0)
    rows = np.arange(len(day))
    between = csr_array(
        (np.concatenate([1.0 - share, share]), (np.tile(rows, 2), np.concatenate([right - 1, right]))),
        shape=(len(day), len(middle)),
    )
    month = np.repeat(np.arange(len(length)), length)
    average = diags_array(1.0 / length) @ csr_array((np.ones(len(day)), (month, rows)), shape=(len(length), len(day)))
    knots = spsolve((average @ between).tocsc(), means)
    return np.asarray(between @ np.reshape(knots, means.shape))
