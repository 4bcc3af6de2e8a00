"""Monthly means to shorter intervals, so that the mean of every month stays what it was.

Between the middles of the months the series is a line. The values at the middles are not the monthly means (a line
through those would flatten every peak): they solve the system in which the mean of the intervals of each month is the
given one, a tridiagonal system (Sheng and Zwiers 1998). Before the first middle and after the last the line is level.
Weather within the month is not restored; the series is as smooth as monthly means can tell.

A quantity with a lower bound (snow depth, precipitation) is cut there, and what is left of each month is scaled to its
mean; the series may then step at the turn of a month.

References
----------
Sheng, J. and Zwiers, F. (1998), Clim. Dyn. 14, 609-613.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geocryoai.core.errors import ModelError
from geocryoai.processes.checks import Array, above, at_least, finite


class MonthlyInterpolation:
    """Interpolation on one axis of months, for many series.

    Parameters
    ----------
    days : array_like, shape (months,)
        Length of each month [d], in whatever calendar.
    parts : array_like of int, shape (months,)
        Number of equal intervals into which each month is divided, >= 1.

    Attributes
    ----------
    lengths : array, shape (intervals,)
        Length of each interval [d].
    edges : array of int, shape (months + 1,)
        Interval at which each month begins, and the number of intervals.
    """

    def __init__(self, days: ArrayLike, parts: ArrayLike) -> None:
        length, count = above("days [d]", days), np.asarray(parts)
        if length.ndim != 1 or count.shape != length.shape or not np.issubdtype(count.dtype, np.integer):
            raise ModelError("the months and their parts do not fit together", where="days [d], parts",
                             found=f"shapes {length.shape}, {count.shape} of {count.dtype}",
                             expected="(months,) and whole numbers of the same shape")  # fmt: skip
        at_least("parts", count, 1.0)
        self.edges = np.concatenate([[0], np.cumsum(count)])
        self.lengths = np.repeat(length / count, count)
        month = np.repeat(np.arange(length.size), count)
        middle = np.cumsum(length) - 0.5 * length
        centre = np.cumsum(self.lengths) - 0.5 * self.lengths
        left = month - (centre < middle[month])
        right = np.minimum(left + 1, length.size - 1)
        left = np.maximum(left, 0)
        span = middle[right] - middle[left]
        self._left, self._right = left, right
        self._share = np.where(span > 0, (centre - middle[left]) / np.where(span > 0, span, 1.0), 0.0)
        self._count = count
        self._system = self._mean_weights(month)

    def nodes(self, means: ArrayLike) -> Array:
        """Return the values at the middles of the months, for `intervals`.

        Parameters
        ----------
        means : array_like, shape (months, ...)
            Monthly means, in any unit.
        """
        given = finite("monthly means", means)
        if given.shape[:1] != self._count.shape:
            raise ModelError("the series does not fit the months", where="monthly means",
                             found=f"shape {given.shape}", expected=f"({self._count.size}, ...)")  # fmt: skip
        below, main, beyond = self._system
        factor, out = np.empty_like(main), np.empty_like(given)
        factor[0], out[0] = beyond[0] / main[0], given[0] / main[0]
        for m in range(1, main.size):
            pivot = main[m] - below[m] * factor[m - 1]
            factor[m] = beyond[m] / pivot
            out[m] = (given[m] - below[m] * out[m - 1]) / pivot
        for m in range(main.size - 2, -1, -1):
            out[m] -= factor[m] * out[m + 1]
        return out

    def intervals(self, nodes: Array, means: Array, first: int, last: int, lower: float | None = None) -> Array:
        """Return the intervals of the months `first` to `last` (not included), shape (intervals, ...).

        Parameters
        ----------
        nodes : array, shape (months, ...)
            Of `nodes`.
        means : array, shape (months, ...)
            The monthly means that they belong to.
        lower : float, optional
            Bound below which no interval falls.
        """
        here = slice(int(self.edges[first]), int(self.edges[last]))
        share = self._share[here].reshape(-1, *(1,) * (nodes.ndim - 1))
        left = nodes[self._left[here]]
        values: Array = left + share * (nodes[self._right[here]] - left)
        return values if lower is None else self._bounded(values, means, first, last, lower)

    def _bounded(self, values: Array, means: Array, first: int, last: int, lower: float) -> Array:
        """Return the intervals cut at the bound and scaled to the mean of their month."""
        bounded = np.empty_like(values)
        for month in range(first, last):
            here = slice(int(self.edges[month] - self.edges[first]), int(self.edges[month + 1] - self.edges[first]))
            excess, wanted = np.maximum(values[here] - lower, 0.0), means[month] - lower
            mean = np.add.reduce(excess, axis=0) / self._count[month]
            flat = np.broadcast_to(wanted, excess.shape)
            scaled = excess * (wanted / np.where(mean > 0, mean, 1.0))
            bounded[here] = lower + np.where(mean > 0, scaled, flat)
        return bounded

    def _mean_weights(self, month: NDArray[np.int64]) -> tuple[Array, Array, Array]:
        """Return the weight of the middle before, of its own and of the next in the mean of each month."""
        size = self._count.size
        parts: list[Array] = []
        for offset in (-1, 0, 1):
            weight = np.where(self._left == month + offset, 1.0 - self._share, 0.0)
            weight = weight + np.where(self._right == month + offset, self._share, 0.0)
            parts.append(np.bincount(month, weight, size) / self._count)
        return parts[0], parts[1], parts[2]


def interpolate_monthly(
    means: ArrayLike, days: ArrayLike, parts: ArrayLike, *, lower: float | None = None
) -> tuple[Array, Array]:
    """Divide monthly means into shorter intervals whose mean over each month is the given one.

    Parameters
    ----------
    means : array_like, shape (months, ...)
        In any unit, finite.
    days : array_like, shape (months,)
        Length of each month [d].
    parts : array_like of int, shape (months,) or ()
        Equal intervals in each month.
    lower : float, optional
        Bound below which no interval falls, in the unit of `means`.

    Returns
    -------
    values : array, shape (intervals, ...)
    lengths : array, shape (intervals,)
        [d].

    Raises
    ------
    ModelError
        A value is missing or below the bound, or the shapes do not fit.

    Examples
    --------
    >>> values, lengths = interpolate_monthly([-10.0, 0.0, 10.0], [31, 28, 31], [31, 28, 31])
    >>> values.size, round(float(values[31:59].mean()), 9)
    (90, 0.0)
    """
    given = finite("means", means) if lower is None else at_least("means", means, lower)
    length = np.asarray(days, dtype=np.float64)
    count = np.broadcast_to(np.asarray(parts), length.shape)
    scheme = MonthlyInterpolation(length, count)
    return scheme.intervals(scheme.nodes(given), given, 0, length.size, lower), scheme.lengths
