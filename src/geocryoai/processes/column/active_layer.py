"""The thawed ground of the active layer, told from ground that never freezes below permafrost.

In winter the uppermost thawed ground of a frozen column may be the one below the permafrost. Thaw depth counts only
down to the permafrost: the uppermost cell that was thawed at no time of the year.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from geocryoai.processes.checks import Array
from geocryoai.processes.column.constants import THAWED_SHARE
from geocryoai.processes.column.soil import Soil
from geocryoai.processes.column.tables import EnthalpyTables


def permafrost_top(high: Array, soil: Soil, tables: EnthalpyTables) -> tuple[Array, Array]:
    """Return the bottom of the uppermost cell that did not thaw, by isotherm and by phase [m].

    Parameters
    ----------
    high : array, shape (years, layers, columns)
        Highest temperature of each year [degC].
    soil : Soil
    tables : EnthalpyTables

    Returns
    -------
    by_isotherm, by_phase : array, shape (years, columns)
        Infinite where every cell thawed.
    """
    index = np.broadcast_to(soil.index, high.shape)
    share = tables.share_at(tables.enthalpy(high, index), index)
    return _bottom_of_first(high <= 0.0, soil.grid.edges), _bottom_of_first(share < THAWED_SHARE, soil.grid.edges)


def above_permafrost(depth: Array, top: Array, of_year: NDArray[np.int64]) -> Array:
    """Return thaw depths with those below the permafrost of their year taken as no thaw.

    Parameters
    ----------
    depth : array, shape (time, columns)
        [m]
    top : array, shape (years, columns)
        Of `permafrost_top` [m].
    of_year : array of int, shape (time,)
        Position of each time's year.
    """
    return np.where(depth <= top[of_year] * (1 + 1e-12), depth, 0.0)


def _bottom_of_first(frozen: NDArray[np.bool_], edges: Array) -> Array:
    first = frozen.argmax(axis=1)
    return np.where(frozen.any(axis=1), edges[1:][first], np.inf)
