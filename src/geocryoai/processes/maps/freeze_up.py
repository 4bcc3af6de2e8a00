"""Length of the zero curtain of each year, for many depths and columns at once."""

from __future__ import annotations

import numpy as np

from geocryoai.processes.checks import Array
from geocryoai.processes.column.constants import THAWED_SHARE


def freeze_up_days(share: Array, days: Array, steps: int, begun: float = 0.05, done: float = 0.95) -> Array:
    """Return how long freeze-up lasts after the thaw of a year.

    Parameters
    ----------
    share : array, shape (time, ...)
        Liquid share of the water [1] at the end of each interval: a year, and the year after it.
    days : array, shape (time,)
        Length of each interval [d].
    steps : int
        Intervals of the first year.
    begun, done : float
        Part of the water that freezes until the next thaw, at which freeze-up starts and ends [1]; as in
        `geocryoai.processes.column.zero_curtain`.

    Returns
    -------
    array, shape (...)
        [d]; 0 where the ground does not thaw in the first year, or does not freeze before it thaws again.
    """
    thawed = share >= THAWED_SHARE
    here = thawed[:steps]
    last = steps - 1 - here[::-1].argmax(axis=0)
    step = np.arange(share.shape[0]).reshape(-1, *(1,) * (share.ndim - 1))
    after = step > last
    again = after & thawed
    next_thaw = np.where(again.any(axis=0), again.argmax(axis=0), share.shape[0])
    winter = after & (step < next_thaw)
    start = np.take_along_axis(share, last[None], axis=0)[0]
    lowest = np.where(winter, share, np.inf).min(axis=0)
    freezes = here.any(axis=0) & winter.any(axis=0)
    lowest = np.where(freezes, lowest, 0.0)
    frozen = (start - share) / np.maximum(start - lowest, 1e-12)
    time = np.cumsum(days)
    first, end = (time[(winter & (frozen >= limit)).argmax(axis=0)] for limit in (begun, done))
    return np.asarray(np.where(freezes, end - first, 0.0))
