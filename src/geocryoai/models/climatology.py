"""Means by month of the year, the floor under every learner."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]
    Times = NDArray[np.datetime64]


def month_number(time: Times) -> Ints:
    """Return months since January 1970, -1 million where the time is unknown.

    >>> month_number(np.array(["1971-03-01", "NaT"], dtype="datetime64[D]")).tolist()
    [14, -1000000]
    """
    months = time.astype("datetime64[M]").astype(np.int64)
    return np.where(np.isnat(time), -1_000_000, months)


def month_of_year(time: Times) -> Ints:
    """Return the month of the year, 0 for January, -1 where the time is unknown."""
    return np.where(np.isnat(time), -1, month_number(time) % 12)


def weighted_means(code: Ints, n: int, y: Floats, weight: Floats) -> Floats:
    """Return the weighted mean of `y` for each code 0 ... n - 1, NaN where a code has no row; code -1 is left out."""
    use = code >= 0
    total = np.bincount(code[use], weights=weight[use], minlength=n)
    value = np.bincount(code[use], weights=(weight * y)[use], minlength=n)
    means: Floats = np.divide(value, total, out=np.full(n, np.nan), where=total > 0)
    return means


@dataclass(frozen=True)
class MonthMeans:
    """Mean of all rows and of each month of the year.

    Attributes
    ----------
    overall : float
    by_month : array of float, shape (12,)
        NaN where no row fell in the month. An annual target fills January alone.
    """

    overall: float
    by_month: Floats

    @classmethod
    def fit(cls, time: Times, y: Floats, weight: Floats) -> Self:
        """Return the weighted means of `y`."""
        return cls(float(np.average(y, weights=weight)), weighted_means(month_of_year(time), 12, y, weight))

    def at(self, time: Times) -> Floats:
        """Return the mean of each row's month; the overall mean where month or mean is unknown."""
        month = month_of_year(time)
        value = np.where(month >= 0, self.by_month[month], np.nan)
        return np.where(np.isfinite(value), value, self.overall)
