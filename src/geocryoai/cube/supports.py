"""The area that the values of a site stand for, as weights on the cells of the cube; features are averages over it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

#: What tells one place from another: nothing is shared between sites, nor between two sources.
PLACE = ("source", "site", "lon", "lat")

#: Columns of the table of places. `total` is the share of the support that lies on the grid, `largest` that in the cell
#: that has most of it; `half_hours` is null where no footprint was computed.
COLUMNS = {
    "source": pl.String(),
    "site": pl.String(),
    "lon": pl.Float64(),
    "lat": pl.Float64(),
    "support": pl.String(),
    "total": pl.Float64(),
    "largest": pl.Float64(),
    "minimum": pl.Float64(),
    "half_hours": pl.Int64(),
    "cells": pl.List(pl.Int64()),
    "weights": pl.List(pl.Float64()),
}

#: Totals this close to the minimum reach it: weights are sums of rounded numbers.
_ROUNDING = 1e-9


@dataclass(frozen=True)
class Supports:
    """Places whose values stand for more, or other, than the cell that holds them.

    Attributes
    ----------
    table : polars.DataFrame
        `COLUMNS`, one row for each place.
    """

    table: pl.DataFrame

    def find(self, records: pl.DataFrame) -> Ints:
        """Return the row of each record's place, -1 where it stands for its cell."""
        numbered = self.table.select(*PLACE, pl.int_range(pl.len(), dtype=pl.Int64).alias("_place"))
        found = records.select(*PLACE).join(numbered, on=PLACE, how="left", nulls_equal=True, maintain_order="left")
        return found["_place"].fill_null(-1).to_numpy().astype(np.int64)

    def refused(self, records: pl.DataFrame) -> NDArray[np.bool_]:
        """Return which records have less of their support on the grid than the least that was declared."""
        short = (self.table["total"] < self.table["minimum"] - _ROUNDING).to_numpy()
        return np.append(short, False)[self.find(records)]

    def cells(self, numbers: Ints) -> Ints:
        """Return all cells that some places see, ascending."""
        parts = [self.table["cells"][int(number)].to_numpy() for number in numbers]
        return np.unique(np.concatenate([np.empty(0, np.int64), *parts]))

    def average(self, values: Floats, cells: Ints, numbers: Ints) -> Floats:
        """Return the means of fields over the supports of some places.

        Parameters
        ----------
        values : array, shape (..., cells)
            NaN where missing.
        cells : array of int, shape (cells,)
            Flat cell numbers, ascending, among them all that the places see.
        numbers : array of int, shape (m,)
            Places.

        Returns
        -------
        array, shape (..., m)
            NaN where less than the declared share of the support has a value. A support within one cell has the value
            of that cell to the bit.
        """
        means = np.full((*values.shape[:-1], len(numbers)), np.nan)
        for column, number in enumerate(numbers.tolist()):
            row = self.table.row(number, named=True)
            if row["cells"]:
                seen = values[..., np.searchsorted(cells, row["cells"])]
                means[..., column] = weighted_mean(seen, np.array(row["weights"]), row["minimum"])
        return means


def weighted_mean(values: Floats, weights: Floats, minimum: float) -> Floats:
    """Return the mean over the last axis of what has a value; NaN where the weights of that are below a minimum.

    >>> weighted_mean(np.array([[1.0, 3.0], [1.0, np.nan]]), np.array([0.75, 0.25]), 0.7).tolist()
    [1.5, 1.0]
    """
    present = np.isfinite(values)
    seen = np.where(present, weights, 0.0).sum(axis=-1)
    enough = seen >= minimum - _ROUNDING
    shares = np.divide(weights, seen[..., None], out=np.zeros(values.shape), where=present & enough[..., None])
    return np.where(enough, (shares * np.where(present, values, 0.0)).sum(axis=-1), np.nan)


def place_row(
    place: dict[str, object], support: str, cells: Sequence[int], weights: Sequence[float], minimum: float,
    half_hours: int | None = None,
) -> dict[str, object]:  # fmt: skip
    """Return one row of the table of places."""
    return {
        **place, "support": support, "total": float(np.sum(weights)), "largest": float(max(weights, default=0.0)),
        "minimum": minimum, "half_hours": half_hours, "cells": list(cells), "weights": list(weights),
    }  # fmt: skip
