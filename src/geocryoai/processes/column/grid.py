"""Cells of a column, from the ground surface down."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import brentq

from geocryoai.core.errors import ModelError
from geocryoai.processes.checks import Array, above, finite

#: Ratio of neighbouring cells beyond which heat is carried badly.
_STEEPEST = 2.0


@dataclass(frozen=True)
class Grid:
    """Cells of a column.

    Attributes
    ----------
    thickness : array, shape (layers,)
        [m], > 0, from the surface down.
    """

    thickness: Array

    def __post_init__(self) -> None:
        if above("thickness [m]", self.thickness).ndim != 1 or self.thickness.size < 2:
            raise ModelError("a column needs two cells or more", where="thickness [m]",
                             found=f"shape {self.thickness.shape}", expected="(layers,)")  # fmt: skip

    @classmethod
    def from_edges(cls, edges: ArrayLike) -> Grid:
        """Return the grid with these edges [m]: from 0 at the surface, downward."""
        depth = finite("edges [m]", edges)
        falls = np.flatnonzero(np.diff(depth) <= 0)
        if depth.ndim != 1 or depth[0] != 0.0 or falls.size:
            at = int(falls[0]) + 1 if falls.size else 0
            raise ModelError("the depths do not go down from 0 at the surface", where="edges [m]",
                             found=f"{depth.flat[at]:g} at index {at}", expected="0 first, each deeper than the one "
                             "before")  # fmt: skip
        return cls(np.diff(depth))

    @property
    def edges(self) -> Array:
        """Return the depths of the cell edges [m], shape (layers + 1,)."""
        return np.concatenate([[0.0], np.cumsum(self.thickness)])

    @property
    def depth(self) -> Array:
        """Return the depths of the cell centres [m], shape (layers,)."""
        return self.edges[1:] - 0.5 * self.thickness


def column_grid(
    layers: int = 60, top: float = 0.02, bottom: float = 30.0, even: float = 0.2, interfaces: Sequence[float] = ()
) -> Grid:
    """Return a grid whose cells are even near the surface and then grow by a constant ratio.

    Parameters
    ----------
    layers : int, default 60
    top : float, default 0.02
        Thickness of the cells near the surface [m].
    bottom : float, default 30
        Depth of the column [m].
    even : float, default 0.2
        Depth down to which the cells keep the thickness `top` [m].
    interfaces : sequence of float, optional
        Depths [m] to which the nearest edge is moved, such as the base of the organic layer.

    Examples
    --------
    >>> grid = column_grid(interfaces=[0.25])
    >>> grid.thickness.size, round(float(grid.edges[-1]), 6), 0.25 in grid.edges
    (60, 30.0, True)
    """
    first = min(max(1, round(even / top)), layers - 1)
    rest, below = layers - first, bottom - first * top
    if top <= 0 or below < rest * top:
        raise ModelError("the cells do not fit into the column", where="layers, top, bottom",
                         found=f"{layers} cells of {top:g} m or more in {bottom:g} m")  # fmt: skip
    powers = np.arange(1, rest + 1)
    growth = 1.0
    if below > rest * top * (1.0 + 1e-12):
        growth = brentq(lambda r: top * np.sum(r**powers) - below, 1.0, (below / top) ** (1.0 / rest))
    if growth > _STEEPEST:
        raise ModelError("the cells grow too fast to be accurate", where="layers, top, bottom, even",
                         found=f"each {growth:.2f} times the one above", expected=f"at most {_STEEPEST:g}",
                         next_step="Take more layers, thicker ones at the top, or a smaller even part.")  # fmt: skip
    edges = np.concatenate([np.arange(first + 1) * top, first * top + top * np.cumsum(growth**powers)])
    edges[-1] = bottom
    for z in interfaces:
        if not 0 < z < bottom:
            raise ModelError("an interface is not inside the column", where="interfaces [m]", found=f"{z:g}",
                             expected=f"0 to {bottom:g}")  # fmt: skip
        edges[1 + np.argmin(np.abs(edges[1:-1] - z))] = z
    return Grid.from_edges(edges)
