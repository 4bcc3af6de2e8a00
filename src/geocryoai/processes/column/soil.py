"""Which material each cell of each column is made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geocryoai.core.errors import ModelError
from geocryoai.processes.checks import Array, at_least, finite
from geocryoai.processes.column.grid import Grid
from geocryoai.processes.column.material import Material


@dataclass(frozen=True)
class Soil:
    """The ground of some columns.

    Attributes
    ----------
    grid : Grid
    materials : sequence of Material
        The library; an entry with array fields counts as several.
    index : array of int, shape (layers, columns)
        Material of each cell, counted through the library.
    geothermal : float or array, shape (columns,)
        Heat that enters at the bottom, upward [W m-2].
    """

    grid: Grid
    materials: Sequence[Material]
    index: NDArray[np.int64]
    geothermal: float | Array = 0.05

    def __post_init__(self) -> None:
        count = sum(m.count for m in self.materials)
        index = np.asarray(self.index)
        if index.ndim != 2 or index.shape[0] != self.grid.thickness.size or not np.issubdtype(index.dtype, np.integer):
            raise ModelError("the cells and their materials do not match", where="index",
                             found=f"shape {index.shape} of {index.dtype}",
                             expected=f"integers of shape ({self.grid.thickness.size}, columns)")  # fmt: skip
        wrong = np.argwhere((index < 0) | (index >= count))
        if wrong.size:
            layer, column = (int(i) for i in wrong[0])
            raise ModelError("a cell is made of no known material", where=f"index, column {column}, layer {layer}",
                             found=int(index[layer, column]), expected=f"0 to {count - 1}")  # fmt: skip
        flux = finite("geothermal [W m-2]", self.geothermal)
        if flux.shape not in ((), (index.shape[1],)):
            raise ModelError("the heat at the bottom does not fit the columns", where="geothermal [W m-2]",
                             found=f"shape {flux.shape}", expected=f"({index.shape[1]},)")  # fmt: skip

    @property
    def columns(self) -> int:
        """Return the number of columns."""
        return int(self.index.shape[1])


def layered_soil(
    grid: Grid, materials: Sequence[Material], thickness: ArrayLike, geothermal: float | Array = 0.05
) -> Soil:
    """Return columns of layers, one material each.

    Parameters
    ----------
    grid : Grid
        A cell belongs to the layer in which its centre lies.
    materials : sequence of Material
        From the surface down, one for each layer, with scalar fields.
    thickness : array_like, shape (layers,) or (layers, columns)
        [m], >= 0 (0: the layer is absent there). The last layer goes on to the bottom, whatever its thickness.
    geothermal : float or array, default 0.05
        [W m-2], upward.
    """
    d = at_least("thickness [m]", thickness)
    d = d[:, None] if d.ndim == 1 else d
    if d.ndim != 2 or d.shape[0] != len(materials) or any(m.count != 1 for m in materials):
        raise ModelError("each layer needs a thickness and one material", where="thickness [m], materials",
                         found=f"thickness of shape {d.shape}, {len(materials)} materials")  # fmt: skip
    base = np.cumsum(d[:-1], axis=0)
    index = (grid.depth[:, None, None] >= base[None]).sum(axis=1)
    return Soil(grid, tuple(materials), index.astype(np.int64), geothermal)
