"""Months, seasons and the length of a sample's period."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geocryoai.cube.samples import Ints, Samples

#: Meteorological seasons by month 1..12.
SEASONS = ("DJF", "DJF", "MAM", "MAM", "MAM", "JJA", "JJA", "JJA", "SON", "SON", "SON", "DJF")


def month_numbers(time: NDArray[np.datetime64]) -> Ints:
    """Return months since January 1970; undated rows get the smallest integer."""
    return time.astype("datetime64[M]").astype(np.int64)


def month_number(date: np.datetime64) -> int:
    """Return months since January 1970 of one date."""
    return int(month_numbers(np.atleast_1d(np.asarray(date)))[0])


def period_months(samples: Samples) -> int:
    """Return how many months one row stands for: 12 where every dated row is a January (annual values), else 1."""
    dated = samples.time[~np.isnat(samples.time)]
    return 12 if len(dated) and (month_numbers(dated) % 12 == 0).all() else 1


def seasons(samples: Samples) -> NDArray[np.str_]:
    """Return DJF, MAM, JJA or SON for each row, ``""`` for undated rows and annual values."""
    names = np.array(SEASONS)[month_numbers(samples.time) % 12]
    absent = np.isnat(samples.time) | (period_months(samples) == 12)
    return np.where(absent, "", names)
