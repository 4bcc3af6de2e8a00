"""The cells of a coarse field, cut into nested parts, and how these parts overlap the cells of a study grid.

A field is refined on parts of its own cells, whatever its CRS; the parts are then averaged to the grid by shares of
area. Where the parts are the cells of the grid nothing more is needed. Elsewhere the grid's values are moved, as little
as possible, until their area-true means over the coarse cells are the coarse values again.

Cells may be far from square on the ground: those of global EASE-Grid 2.0, of 9 km by name, are about 4 km wide and
20 km high in Alaska. Where they are narrower than the cells of the grid, no field of the grid has all their means; then
the means of neighbours taken together are kept.
"""

from __future__ import annotations

from dataclasses import replace
from math import ceil
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_array, diags_array

from geocryoai.core.errors import CubeError
from geocryoai.core.projection import LONLAT, transformer
from geocryoai.cube.axes import SourceAxes
from geocryoai.cube.overlap import SNAP
from geocryoai.cube.regrid import Regridder, TileWeights
from geocryoai.cube.scale.coherence import project

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geocryoai.core.grid import Grid

    Floats = NDArray[np.float64]
    Flags = NDArray[np.bool_]

#: Coarse cells kept around those that touch the grid: neighbours for kriging.
MARGIN = 2

#: Memory for each weight while shares of area are made [B].
_BYTES_PER_WEIGHT = 96

#: Least share of a cell with values for a mean, and of a coarse cell for its mean to be kept [1].
HALF = 0.5

#: Points along each side of a coarse cell that must lie on the grid for the cell to be wholly inside.
_ALONG_SIDE = 5

#: Most rounds in which negative values are taken back.
_ROUNDS = 30


class NestedCells:
    """The part of a coarse field around a grid, each cell cut into ``factor x factor``.

    Parameters
    ----------
    axes : SourceAxes
        Of the whole field.
    grid : Grid
        Of an equal-area CRS, finer than the field.
    factor : int, optional
        Parts along a side of a coarse cell; default: the fewest that are no coarser than the cells of the grid.
    memory_mb : float
        Budget for the shares of area [MB].

    Attributes
    ----------
    rows, cols : array of int
        The coarse cells used, along the field's axes.
    shape : tuple of int
        Rows and columns of coarse cells.
    factor : int
    nested : bool
        The parts are cells of the grid, one to one.
    area : array or None, shape (rows * factor, columns * factor)
        Relative area of the parts where it varies (latitude and longitude).
    together : tuple of int
        Neighbours down and across whose means are kept as one; 1 where each has its own.

    Raises
    ------
    CubeError
        Axes of unequal steps, or a grid too large for the budget.
    """

    def __init__(self, axes: SourceAxes, grid: Grid, factor: int | None = None, *, memory_mb: float = 512.0) -> None:
        self.grid = grid
        middle = Regridder(axes, grid)
        self.factor = factor or parts_along(middle)
        order = np.arange(len(axes.x))
        touched = _touched(axes, grid)
        if axes.is_global and touched.cols.stop - touched.cols.start == len(order):
            order = np.roll(order, len(order) // 2)
            axes = replace(axes, x=np.unwrap(axes.x[order], period=360.0))
            touched = _touched(axes, grid)
        if touched.source_cells == 0:
            raise CubeError("the field has no cell within the study grid", where="refine",
                            next_step="Check its CRS and extent.")  # fmt: skip
        rows, cols = _widened(touched.rows, len(axes.y)), _widened(touched.cols, len(axes.x))
        self.rows, self.cols = np.arange(len(axes.y))[rows], order[cols]
        self._edges = _equal_edges(axes.y_edges, rows, "y"), _equal_edges(axes.x_edges, cols, "x")
        self.shape = len(self.rows), len(self.cols)
        self.fine_shape = self.shape[0] * self.factor, self.shape[1] * self.factor
        self._crs = axes.crs
        parts = replace(axes, y=_centres(self._edges[0], self.factor), x=_centres(self._edges[1], self.factor))
        self._shares = self._overlaps(parts, memory_mb)
        once = self._shares.indptr[-1] == np.count_nonzero(np.diff(self._shares.indptr))
        self.nested = bool(once and np.all(self._shares.data > 1 - 1e-6))
        self.area = None
        if axes.is_geographic:
            bands = np.diff(np.sin(np.radians(_cut(self._edges[0], self.factor))))
            self.area = np.broadcast_to(np.abs(bands)[:, None], self.fine_shape).copy()
        self.together = tuple(
            1 if self.nested else max(1, ceil(grid.resolution / side * (1 - SNAP))) for side in ground_spacing(middle)
        )
        self._coarse_shares = self._by_coarse_cell()
        self._inside = self._wholly_inside()
        self._last: tuple[bytes, csr_array, csr_array] | None = None

    def to_parts(self, values: Floats) -> Floats:
        """Return fields of the grid (n, height, width) on the parts; NaN where more than half has no value."""
        if len(values) == 0:
            return np.zeros((0, *self.fine_shape))
        transposed = csr_array(self._shares.T)
        held = transposed.sum(axis=1)
        scaled = diags_array(np.divide(1.0, held, out=np.zeros_like(held), where=held > 0)) @ transposed
        everywhere = slice(0, self.grid.height), slice(0, self.grid.width)
        return TileWeights(*everywhere, csr_array(scaled), self.fine_shape).mean(values, HALF)[0]

    def to_grid(self, parts: Floats) -> Floats:
        """Return area means of fields on the parts (n, ...) for the cells of the grid; NaN where half is missing."""
        everywhere = slice(0, self.fine_shape[0]), slice(0, self.fine_shape[1])
        return TileWeights(*everywhere, self._shares, self.grid.shape).mean(parts, HALF)[0]

    def exact(self, values: Floats, coarse: Floats, *, non_negative: bool = False) -> Floats:
        """Return one field of the grid (height, width), moved so that its means are the coarse values (rows, columns).

        Raises
        ------
        CubeError
            The coarse values contradict each other, or cannot be met without negative values.
        """
        operator, target, valid = self._constraints(values, coarse)
        fine = values.ravel()[valid]
        if len(target) == 0:
            return values
        free = np.ones(fine.size)
        for _ in range(_ROUNDS):
            fine = project(fine, target, operator, free)
            below = fine < 0
            if not (non_negative and below.any()):
                break
            fine[below], free[below] = 0.0, 0.0
            emptied = operator @ free <= 0
            if np.any(emptied & (target > 0)):
                break
            operator, target = operator[~emptied], target[~emptied]
        if non_negative and np.any(fine < 0):
            raise CubeError("the coarse values cannot be met without negative ones", where="non_negative",
                            next_step="Leave non_negative out.")  # fmt: skip
        out = values.copy().ravel()
        out[valid] = fine
        return out.reshape(values.shape)

    def misfit(self, values: Floats, coarse: Floats) -> float:
        """Return the largest difference of a mean from its coarse value, relative to the largest coarse value."""
        operator, target, valid = self._constraints(values, coarse)
        gap = np.abs(operator @ values.ravel()[valid] - target)
        largest = float(np.max(np.abs(target), initial=0.0))
        return float(np.max(gap, initial=0.0)) / largest if largest > 0 else float(np.max(gap, initial=0.0))

    def held(self, values: Floats, coarse: Floats) -> int:
        """Return the number of coarse cells whose mean is kept: wholly on the grid, at least half with values."""
        return len(self._constraints(values, coarse)[1])

    def _constraints(self, values: Floats, coarse: Floats) -> tuple[csr_array, Floats, Flags]:
        """Return averages over coarse cells (kept means, valid cells of the grid), their values, and what is valid."""
        valid, given = np.isfinite(values).ravel(), np.isfinite(coarse).ravel()
        key = valid.tobytes() + given.tobytes()
        if self._last is None or self._last[0] != key:
            weight = self._coarse_shares[:, valid]
            seen, every = weight.sum(axis=1), self._coarse_shares.sum(axis=1)
            kept = self._inside & given & (seen > 0) & (seen >= HALF * every)
            means = self._groups(kept, seen)
            own = diags_array(np.divide(1.0, seen, out=np.zeros_like(seen), where=seen > 0))
            self._last = key, csr_array(means @ (own @ weight)), means
        return self._last[1], np.asarray(self._last[2] @ np.where(given, coarse.ravel(), 0.0)), valid

    def _groups(self, kept: Flags, seen: Floats) -> csr_array:
        """Return weights of the coarse cells in each mean that is kept, shape (means, coarse cells)."""
        row, col = np.divmod(np.arange(len(kept)), self.shape[1])
        down, across = self.together
        owner = row // down * self.shape[1] + col // across
        whole = np.bincount(owner, ~kept, minlength=len(kept))[owner] == 0
        cells = np.flatnonzero(whole)
        groups, index = np.unique(owner[cells], return_inverse=True)
        weight = seen[cells] / np.bincount(index, seen[cells], minlength=len(groups))[index]
        return csr_array((weight, (index, cells)), shape=(len(groups), len(kept)))

    def _overlaps(self, parts: SourceAxes, memory_mb: float) -> csr_array:
        regridder = Regridder(parts, self.grid, categorical=True)
        cells = self.grid.height * self.grid.width
        along = regridder.subpoints if regridder.method == "sample" else 2
        needed = cells * along**2 * _BYTES_PER_WEIGHT / 1e6
        if needed > memory_mb:
            raise CubeError("the grid is too large to refine a field on it within the memory budget", where="memory_mb",
                            found=f"{memory_mb:g}", expected=f"at least {needed:.0f}",
                            next_step="Raise compute.memory_mb.")  # fmt: skip
        tile = regridder.tile(slice(0, self.grid.height), slice(0, self.grid.width))
        row, col = np.divmod(tile.weights.indices.astype(np.int64), max(tile.cols.stop - tile.cols.start, 1))
        index = (row + tile.rows.start) * self.fine_shape[1] + col + tile.cols.start
        size = self.fine_shape[0] * self.fine_shape[1]
        return csr_array((tile.weights.data, index, tile.weights.indptr), shape=(cells, size))

    def _by_coarse_cell(self) -> csr_array:
        row, col = np.divmod(np.arange(self.fine_shape[0] * self.fine_shape[1]), self.fine_shape[1])
        owner = row // self.factor * self.shape[1] + col // self.factor
        gathers = csr_array((np.ones(len(owner)), (owner, np.arange(len(owner)))))
        return csr_array(gathers @ self._shares.T)

    def _wholly_inside(self) -> Flags:
        """Return for each coarse cell whether its outline lies on the grid."""
        step = np.linspace(0, 1, _ALONG_SIDE)
        side = np.zeros_like(step)
        down, right = np.concatenate([side, side + 1, step, step]), np.concatenate([step, step, side, side + 1])
        (top, high), (left, wide) = ((edges[:-1, None], np.diff(edges)[:, None]) for edges in self._edges)
        y, x = (top + high * down)[:, None, :], (left + wide * right)[None, :, :]
        y, x = np.broadcast_arrays(y, x)
        moved_x, moved_y = transformer(self._crs, self.grid.crs).transform(x, y)
        low_x, low_y, high_x, high_y = self.grid.bounds
        slack = 2 * SNAP * self.grid.resolution
        inside = (moved_x > low_x - slack) & (moved_x < high_x + slack)
        inside &= (moved_y > low_y - slack) & (moved_y < high_y + slack)
        return np.asarray(inside.all(-1).ravel())


def parts_along(regridder: Regridder) -> int:
    """Return into how many parts a coarse cell is cut so that they are no coarser than the cells of the grid."""
    return max(2, ceil(max(ground_spacing(regridder)) / regridder.grid.resolution * (1 - SNAP)))


def ground_spacing(regridder: Regridder) -> tuple[float, float]:
    """Return how high and how wide a cell of the source is on the ground in the middle of the grid [m]."""
    grid, source = regridder.grid, regridder.source
    left, bottom, right, top = grid.bounds
    middle = (left + right) / 2, (bottom + top) / 2
    if source.is_geographic:
        return source.spacing(float(transformer(grid.crs, LONLAT).transform(*middle)[1]))
    x, y = (float(part) for part in transformer(grid.crs, source.crs).transform(*middle))
    dy, dx = (float(np.median(np.abs(np.diff(axis)))) for axis in (source.y, source.x))
    back = transformer(source.crs, grid.crs)
    sides = []
    for across, down in ((0.0, dy / 2), (dx / 2, 0.0)):
        ends = [back.transform(x + sign * across, y + sign * down) for sign in (-1.0, 1.0)]
        sides.append(float(np.hypot(ends[1][0] - ends[0][0], ends[1][1] - ends[0][1])))
    return (sides[0], sides[1]) if np.isfinite(sides).all() and min(sides) > 0 else source.spacing(0.0)


def _touched(axes: SourceAxes, grid: Grid) -> TileWeights:
    return Regridder(axes, grid, categorical=True).tile(slice(0, grid.height), slice(0, grid.width))


def _widened(part: slice, length: int) -> slice:
    return slice(max(part.start - MARGIN, 0), min(part.stop + MARGIN, length))


def _equal_edges(edges: Floats, part: slice, name: str) -> Floats:
    kept = edges[part.start : part.stop + 1]
    steps = np.diff(kept)
    if np.ptp(steps) > SNAP * float(np.abs(steps).max()):
        raise CubeError("the cells of the field are not all of one size", where=f"refine, axis {name}",
                        found=f"steps from {np.abs(steps).min():g} to {np.abs(steps).max():g}",
                        next_step="Leave the variable out of refine: it is then interpolated.")  # fmt: skip
    return np.linspace(kept[0], kept[-1], len(kept))


def _cut(edges: Floats, factor: int) -> Floats:
    return np.linspace(edges[0], edges[-1], (len(edges) - 1) * factor + 1)


def _centres(edges: Floats, factor: int) -> Floats:
    cut = _cut(edges, factor)
    return np.asarray((cut[:-1] + cut[1:]) / 2)
