"""When the simulated ground freezes up: the true zero curtain, by the phase of its water."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from geocryoai.processes.column import zero_curtain

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geocryoai.processes.column import ColumnResult

    Floats = NDArray[np.float64]


def freeze_up(result: ColumnResult, depths: Sequence[float]) -> tuple[Floats, Floats]:
    """Return start and end of freeze-up after the thaw of each year.

    Parameters
    ----------
    result : ColumnResult
        With profiles.
    depths : sequence of float
        The cell whose centre is nearest to each is taken [m].

    Returns
    -------
    start, end : array of float, shape (years, depths, columns)
        Days since 1 January of the year [d]; NaN where the depth never thaws, or the run ends before it has frozen.
        See `geocryoai.processes.column.zero_curtain`.
    """
    centres = result.soil.grid.depth
    cells = [int(np.abs(centres - depth).argmin()) for depth in depths]
    found = zero_curtain(replace(result, liquid_share=result.profile("liquid_share")[:, cells]))
    lengths = np.bincount(np.unique(result.years, return_inverse=True)[1], weights=result.days)
    begins = np.concatenate([[0.0], np.cumsum(lengths)[:-1]])[:, None, None]
    return found.start - begins, found.end - begins
