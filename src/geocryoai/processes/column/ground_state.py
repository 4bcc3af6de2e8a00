"""Whether there is permafrost or a talik in a column, year by year."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geocryoai.processes.checks import Array
from geocryoai.processes.column.result import ColumnResult


@dataclass(frozen=True)
class GroundState:
    """Frozen and thawed ground of each year.

    Attributes
    ----------
    permafrost : array of bool, shape (years, columns)
        Some ground stays at or below 0 degC through this year and the one before (the definition asks for two; the
        first year has only itself).
    talik : array of bool, shape (years, columns)
        Some ground stays above 0 degC through the year while ground below it is permafrost, or while nothing is.
    table : array, shape (years, columns)
        Depth of the top of permafrost [m]; NaN where there is none.
    top_temperature : array, shape (years, columns)
        Mean annual temperature of the uppermost permafrost cell [degC]; NaN where there is none.
    """

    permafrost: NDArray[np.bool_]
    talik: NDArray[np.bool_]
    table: Array
    top_temperature: Array


def ground_state(result: ColumnResult) -> GroundState:
    """Return permafrost and talik of each year of a run."""
    yearly = result.yearly
    cold = yearly.high <= 0.0
    perennial = cold & np.concatenate([cold[:1], cold[:-1]])
    permafrost = perennial.any(axis=1)
    first = perennial.argmax(axis=1)
    layers = np.arange(cold.shape[1])[None, :, None]
    above = layers < np.where(permafrost, first, cold.shape[1])[:, None]
    talik = ((yearly.low > 0.0) & above).any(axis=1)
    table = np.where(permafrost, result.soil.grid.edges[first], np.nan)
    top = np.take_along_axis(yearly.mean, first[:, None], axis=1)[:, 0]
    return GroundState(permafrost, talik, table, np.where(permafrost, top, np.nan))
