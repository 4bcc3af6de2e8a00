"""From a field's own cells to the cells of the study grid, as sparse weights for one tile at a time.

Every method is a matrix of area shares: row = target cell, column = source cell, a row sums to the share of the target
cell that the source covers. Nothing is taken from beyond the edges of the source.

- ``overlap``: source no coarser than the target, same CRS. Exact fractional overlaps; equal grids give the identity.
- ``sample``: source no coarser than the target, other CRS. The target cell is sampled at k x k points, each taking the
  value of the source cell in which it lies; k >= 3 and the points are no further apart than the source cells.
- ``bilinear``: source coarser than the target. Interpolation to the cell centre; between the outermost source centres
  and the source's edge (half a cell) the outermost value holds. Does not conserve the area mean exactly.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING, Literal

import numpy as np
from scipy.sparse import csr_array, kron, vstack

from geocryoai.core.projection import LONLAT, read_crs, transformer
from geocryoai.cube.axes import DEGREE_M, SourceAxes, same_crs
from geocryoai.cube.overlap import SNAP, overlap_shares

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geocryoai.core.grid import Grid

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

Method = Literal["overlap", "sample", "bilinear"]

#: Fewest sub-points along a target cell when a source of another CRS is averaged.
MIN_SUBPOINTS = 3

#: Sub-points transformed at once; bounds the memory of `sample` at about 100 MB.
_POINTS_AT_ONCE = 1_000_000


@dataclass(frozen=True)
class TileWeights:
    """Weights from a window of the source to a tile of the target.

    Attributes
    ----------
    rows, cols : slice
        Window of the source that has to be read, along its y and x in file order.
    weights : scipy.sparse.csr_array, shape (target cells, source cells of the window)
    shape : tuple of int
        Rows and columns of the tile.
    """

    rows: slice
    cols: slice
    weights: csr_array
    shape: tuple[int, int]

    @property
    def source_cells(self) -> int:
        """Return the number of source cells in the window."""
        return int(self.weights.shape[1])

    def mean(self, values: NDArray[np.floating], min_share: float) -> tuple[Floats, Floats]:
        """Return area means and the valid share of each target cell.

        Parameters
        ----------
        values : array, shape (n, rows, columns) of the source window
            NaN where missing.
        min_share : float
            Least valid share of a target cell [1] for a mean.

        Returns
        -------
        means : array of float, shape (n, rows, columns) of the tile
            NaN where the valid share is below `min_share`.
        share : array of float, same shape
        """
        flat = values.reshape(len(values), -1).T
        valid = np.isfinite(flat)
        total = self.weights @ np.where(valid, flat, 0.0).astype(np.float64)
        share = self._share(valid)
        enough = (share > 0) & (share >= min_share - 1e-9)
        means = np.divide(total, share, out=np.full_like(total, np.nan), where=enough)
        return self._tiles(means), self._tiles(share)

    def direction(self, values: NDArray[np.floating], min_share: float) -> tuple[Floats, Floats]:
        """Return the direction of the mean unit vector [degree, 0 to 360] and the valid share; see `mean`.

        Values below 0 say that there is no direction (flat ground): they count as valid and pull nowhere. Where the
        mean vector vanishes the result is -1.
        """
        pointing = np.isfinite(values) & (values >= 0)
        angle = np.radians(np.where(pointing, values, 0.0))
        parts = [np.where(np.isfinite(values), part(angle) * pointing, np.nan) for part in (np.sin, np.cos)]
        (east, share), (north, _) = (self.mean(part, min_share) for part in parts)
        direction = np.degrees(np.arctan2(east, north)) % 360.0
        return np.where(np.hypot(east, north) < 1e-9, -1.0, direction), share

    def majority(self, values: NDArray[np.floating], min_share: float) -> tuple[Floats, Floats]:
        """Return the class with the largest area (the lowest of equals) and the valid share; see `mean`."""
        flat = values.reshape(len(values), -1).T
        share = np.zeros((self.weights.shape[0], len(values)))
        largest = np.zeros_like(share)
        winner = np.full_like(share, np.nan)
        for code in np.unique(flat[np.isfinite(flat)]):
            area = self.weights @ (flat == code).astype(np.float64)
            share += area
            more = area > largest + 1e-12
            winner[more], largest[more] = code, area[more]
        winner[share < min_share - 1e-9] = np.nan
        return self._tiles(winner), self._tiles(share)

    def _share(self, valid: NDArray[np.bool_]) -> Floats:
        if valid.all():
            whole = self.weights @ np.ones((self.weights.shape[1], 1))
            return np.repeat(whole, valid.shape[1], axis=1)
        share: Floats = self.weights @ valid.astype(np.float64)
        return share

    def _tiles(self, flat: Floats) -> Floats:
        return np.ascontiguousarray(flat.T).reshape(-1, *self.shape)


class Regridder:
    """Makes the weights from a field's axes to a grid.

    Parameters
    ----------
    source : SourceAxes
    grid : Grid
    categorical : bool
        Classes are never interpolated: `overlap` or `sample` also where the source is coarser.

    Attributes
    ----------
    method : {"overlap", "sample", "bilinear"}
    subpoints : int
        k of `sample`.
    """

    def __init__(self, source: SourceAxes, grid: Grid, *, categorical: bool = False) -> None:
        self.source = source
        self.grid = grid
        self._to_source = transformer(grid.crs, source.crs)
        spacing = source.spacing(self._middle_latitude())
        size = grid.resolution * (DEGREE_M if read_crs(grid.crs).is_geographic else 1.0)
        coarser = max(spacing) > size * (1 + SNAP)
        same = same_crs(source.crs, grid)
        self.subpoints = max(MIN_SUBPOINTS, ceil(size / min(spacing) - SNAP))
        self.method: Method = "bilinear" if coarser and not categorical else "overlap" if same else "sample"
        self._kept: tuple[tuple[int, int, int, int], TileWeights] | None = None

    def tile(self, rows: slice, cols: slice) -> TileWeights:
        """Return the weights to the target cells of some rows and columns of the grid; the last ones made are kept."""
        key = (rows.start, rows.stop, cols.start, cols.stop)
        if self._kept is None or self._kept[0] != key:
            self._kept = None
            self._kept = key, self._make(rows, cols)
        return self._kept[1]

    def forget(self) -> None:
        """Free the weights that `tile` keeps."""
        self._kept = None

    def _make(self, rows: slice, cols: slice) -> TileWeights:
        shape = (rows.stop - rows.start, cols.stop - cols.start)
        if self.method == "overlap":
            return self._overlap(rows, cols, shape)
        cells = np.arange(shape[0] * shape[1])
        at_once = max(1, _POINTS_AT_ONCE // (self.subpoints**2 if self.method == "sample" else 1))
        build = self._sample if self.method == "sample" else self._bilinear
        parts = []
        for start in range(0, len(cells), at_once):
            row, col = np.divmod(cells[start : start + at_once], shape[1])
            parts.append(build(row + rows.start, col + cols.start))
        return self._windowed(vstack(parts, format="csr"), shape)

    def _overlap(self, rows: slice, cols: slice, shape: tuple[int, int]) -> TileWeights:
        x_edges = self.grid.x_edges[cols.start : cols.stop + 1]
        y_edges = self.grid.y_edges[rows.start : rows.stop + 1]
        source_x = self.source.x_edges
        if self.source.is_geographic:
            along_y = overlap_shares(self.source.y_edges, y_edges, _sine)
            along_x = sum(overlap_shares(source_x + turn, x_edges) for turn in (-360.0, 0.0, 360.0))
        else:
            along_y = overlap_shares(self.source.y_edges, y_edges)
            along_x = overlap_shares(source_x, x_edges)
        window_y, window_x = _span(along_y.indices), _span(along_x.indices)
        weights = csr_array(kron(along_y[:, window_y], along_x[:, window_x], format="csr"))
        return TileWeights(window_y, window_x, weights, shape)

    def _sample(self, row: Ints, col: Ints) -> csr_array:
        k = self.subpoints
        offset = (np.arange(k) + 0.5) / k - 0.5
        down, right = (part.ravel() for part in np.meshgrid(offset, offset, indexing="ij"))
        x, y = self._source_points(row[:, None] + down, col[:, None] + right)
        source_row, inside_row = _cell_of(self.source.y_edges, y)
        source_col, inside_col = _cell_of(self.source.x_edges, x)
        inside = inside_row & inside_col
        cell = np.broadcast_to(np.arange(len(row))[:, None], inside.shape)
        column = source_row * len(self.source.x) + source_col
        weight = np.full(int(inside.sum()), 1.0 / k**2)
        return self._matrix(weight, cell[inside], column[inside], len(row))

    def _bilinear(self, row: Ints, col: Ints) -> csr_array:
        x, y = self._source_points(row.astype(float), col.astype(float))
        low_y, high_y, part_y, inside_y = _between(self.source.y, self.source.y_edges, y, closed=False)
        low_x, high_x, part_x, inside_x = _between(self.source.x, self.source.x_edges, x, closed=self.source.is_global)
        inside = inside_y & inside_x
        cell = np.flatnonzero(inside)
        width = len(self.source.x)
        weights, columns = [], []
        for rows, share_y in ((low_y, 1 - part_y), (high_y, part_y)):
            for cols, share_x in ((low_x, 1 - part_x), (high_x, part_x)):
                weights.append((share_y * share_x)[inside])
                columns.append((rows * width + cols)[inside])
        return self._matrix(np.concatenate(weights), np.tile(cell, 4), np.concatenate(columns), len(row))

    def _source_points(self, row: Floats, col: Floats) -> tuple[Floats, Floats]:
        grid = self.grid
        x, y = self._to_source.transform(
            grid.left + (col + 0.5) * grid.resolution, grid.top - (row + 0.5) * grid.resolution
        )
        if self.source.is_geographic:
            edges = self.source.x_edges
            west = min(edges[0], edges[-1])
            placed = np.isfinite(x)
            x = np.where(placed, west + np.mod(np.where(placed, x, west) - west, 360.0), np.inf)
        return x, y

    def _matrix(self, weight: Floats, row: Ints, column: Ints, n_rows: int) -> csr_array:
        matrix = csr_array((weight, (row, column)), shape=(n_rows, len(self.source.y) * len(self.source.x)))
        matrix.eliminate_zeros()
        return matrix

    def _windowed(self, matrix: csr_array, shape: tuple[int, int]) -> TileWeights:
        width = len(self.source.x)
        row, col = np.divmod(matrix.indices, width)
        window_y, window_x = _span(row), _span(col)
        n_rows, n_cols = window_y.stop - window_y.start, window_x.stop - window_x.start
        columns = (row - window_y.start) * n_cols + (col - window_x.start)
        weights = csr_array((matrix.data, columns, matrix.indptr), shape=(matrix.shape[0], n_rows * n_cols))
        return TileWeights(window_y, window_x, weights, shape)

    def _middle_latitude(self) -> float:
        left, bottom, right, top = self.grid.bounds
        return float(transformer(self.grid.crs, LONLAT).transform((left + right) / 2, (bottom + top) / 2)[1])


def _sine(latitude: Floats) -> Floats:
    return np.sin(np.radians(latitude))


def _span(index: NDArray[np.integer]) -> slice:
    return slice(int(index.min()), int(index.max()) + 1) if len(index) else slice(0, 0)


def _cell_of(edges: Floats, points: Floats) -> tuple[Ints, NDArray[np.bool_]]:
    """Return the cell in which each point lies (0 where outside) and whether it lies in one."""
    flip = edges[0] > edges[-1]
    ascending = edges[::-1] if flip else edges
    index = np.searchsorted(ascending, points, side="right") - 1
    inside = (index >= 0) & (index < len(edges) - 1)
    index = len(edges) - 2 - index if flip else index
    return np.where(inside, index, 0).astype(np.int64), inside


def _between(
    centres: Floats, edges: Floats, points: Floats, *, closed: bool
) -> tuple[Ints, Ints, Floats, NDArray[np.bool_]]:
    """Return the centres below and above each point, the share of the upper one, and whether it lies in the source."""
    n = len(centres)
    flip = centres[0] > centres[-1]
    ascending = centres[::-1] if flip else centres
    if closed:
        ascending = np.concatenate([[ascending[-1] - 360.0], ascending, [ascending[0] + 360.0]])
    position = np.interp(points, ascending, np.arange(len(ascending), dtype=float))
    low = np.clip(np.floor(position).astype(np.int64), 0, len(ascending) - 2)
    part = position - low
    high = low + 1
    if closed:
        low, high = (low - 1) % n, (high - 1) % n
    if flip:
        low, high = n - 1 - low, n - 1 - high
    inside = (points >= edges.min()) & (points <= edges.max())
    return low, high, part, inside
