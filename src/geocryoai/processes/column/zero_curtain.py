"""When ground at a depth freezes up: the zero curtain, from the phase of its water or from temperature alone.

By phase: from when 5 % of the water that will freeze in a winter has frozen until 95 % of it has. By temperature, for
series that are measured: the days of autumn on which temperature stays within a band around 0 degC.

References
----------
Outcalt, S. I. et al. (1990), Water Resour. Res. 26, 1509-1516, doi:10.1029/WR026i007p01509.
Yi, Y. et al. (2019), Cryosphere 13, 197-218, doi:10.5194/tc-13-197-2019.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geocryoai.core.errors import ModelError
from geocryoai.processes.checks import Array, between, finite
from geocryoai.processes.column.constants import THAWED_SHARE
from geocryoai.processes.column.result import ColumnResult


@dataclass(frozen=True)
class ZeroCurtain:
    """Freeze-up after the thaw of each year, shape (years, layers, columns).

    NaN where there is none, or the run ends before it does.

    Attributes
    ----------
    start, end : array
        Days since the start of the run [d].
    """

    start: Array
    end: Array

    @property
    def duration(self) -> Array:
        """Return the length of the zero curtain [d]."""
        return self.end - self.start


def zero_curtain(result: ColumnResult, begun: float = 0.05, done: float = 0.95) -> ZeroCurtain:
    """Return when each depth freezes up after the thaw of each year.

    Parameters
    ----------
    result : ColumnResult
        With profiles.
    begun, done : float
        Part of the water that freezes until the next thaw, at which freeze-up starts and ends [1].
    """
    if not 0 < begun < done < 1:
        raise ModelError("the limits of freeze-up are out of order", where="begun, done", found=f"{begun:g}, {done:g}",
                         expected="0 < begun < done < 1")  # fmt: skip
    share = result.profile("liquid_share")
    time = np.cumsum(result.days)
    year = result.yearly.year
    shape = (year.size, *share.shape[1:])
    start, end = np.full(shape, np.nan), np.full(shape, np.nan)
    for layer, column in np.ndindex(*share.shape[1:]):
        s = share[:, layer, column]
        for y, (first, last) in enumerate(_seasons(s, result.years, year)):
            if first < 0:
                continue
            winter = s[first:last]
            frozen = (s[first - 1] - winter) / max(s[first - 1] - winter.min(), 1e-12)
            start[y, layer, column] = time[first + int(np.argmax(frozen >= begun))]
            if last < s.size or not _still_freezing(s, time):
                end[y, layer, column] = time[first + int(np.argmax(frozen >= done))]
    return ZeroCurtain(start, end)


def _seasons(share: Array, years: NDArray[np.int64], year: NDArray[np.int64]) -> list[tuple[int, int]]:
    """Return for each year the interval after its last thawed one and that of the next thaw; -1 where none."""
    thawed = share >= THAWED_SHARE
    at = np.flatnonzero(thawed)
    begins, ends = np.searchsorted(years, year), np.searchsorted(years, year, side="right")
    before = np.searchsorted(at, ends)
    found = []
    for begin, after in zip(begins, before, strict=True):
        first = int(at[after - 1]) + 1 if after and at[after - 1] >= begin else -1
        if first < 0 or first >= share.size or thawed[first]:
            found.append((-1, -1))
            continue
        found.append((first, int(at[after]) if after < at.size else share.size))
    return found


def _still_freezing(share: Array, time: Array) -> bool:
    """Return whether more than 1 % of the water froze in the last week of the run."""
    week = int(np.searchsorted(time, time[-1] - 7.0))
    return bool(share[min(week, share.size - 2)] - share[-1] > 0.01)


def plateau(t: Array, band: float = 0.5, patience: int = 3) -> tuple[int, int]:
    """Return the first and the last step of the autumn plateau near 0 degC of one season, thaw to frost.

    Parameters
    ----------
    t : array, shape (time,)
        Daily temperature from the warmest time of the year on [degC].
    band : float, default 0.5
        Half width [degC].
    patience : int, default 3
        Days in a row below the band that end the plateau.

    Returns
    -------
    tuple of int
        First step within the band from which on the band is not left upward, and the last before the frost; (-1, -1)
        where temperature never falls below the band or starts below it.
    """
    values = finite("t [degC]", t)
    between("band [degC]", band, 1e-3, 5.0)
    cold = values < -band
    runs = np.convolve(cold, np.ones(patience), mode="valid") >= patience
    if not runs.any() or not (values > band).any():
        return -1, -1
    end = int(np.argmax(runs))
    warm = np.flatnonzero(values[:end] > band)
    if not warm.size:
        return -1, -1
    return int(warm[-1]) + 1, end - 1
