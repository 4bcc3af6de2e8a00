"""Observation operators: what each measurement sees of a grid, as rows of weights that sum to the share it sees."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from geocryoai.core.errors import CubeError
from geocryoai.core.projection import LONLAT, read_crs, transformer

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray
    from scipy.sparse import csr_array

    from geocryoai.core.grid import Grid
    from geocryoai.cube.scale.footprint import Footprint

    Floats = NDArray[np.float64]


def observation_operator(
    grid: Grid,
    lon: ArrayLike,
    lat: ArrayLike,
    support_m: ArrayLike = 0.0,
    footprints: Sequence[Footprint | None] | None = None,
) -> csr_array:
    """Return the matrix that turns a field into what measurements would have seen.

    A point or a probe, chamber or pixel smaller than a cell sees the cell it stands in; a probe grid, flight-line pixel
    or model cell sees a square of its support, along the axes of the grid, by exact fractions; a tower sees its
    footprint.

    Parameters
    ----------
    grid : Grid
        Of a projected CRS.
    lon, lat : array_like, shape (n,)
        Degrees.
    support_m : array_like, shape (n,) or ()
        Side of the square a measurement stands for [m]; 0 or NaN for a point.
    footprints : sequence of Footprint or None, optional
        Instead of a square where given; north of the footprint is taken as up the grid.

    Returns
    -------
    scipy.sparse.csr_array, shape (n, cells of the grid)
        A row sums to the share of the support that lies on the grid; 0 outside it.

    Raises
    ------
    CubeError
        A geographic grid, a negative support, or shapes that do not fit.
    """
    from scipy.sparse import csr_array

    if read_crs(grid.crs).is_geographic:
        raise CubeError("supports in metres need a projected grid", where="grid", found=grid.crs)
    east, north = (np.atleast_1d(np.asarray(part, np.float64)) for part in (lon, lat))
    x, y = transformer(LONLAT, grid.crs).transform(east, north)
    side = np.broadcast_to(np.nan_to_num(np.asarray(support_m, float), nan=0.0), x.shape)
    if np.any(side < 0):
        raise CubeError("a support is negative", where="support_m", found=f"{side.min():g}")
    if footprints is not None and len(footprints) != len(x):
        raise CubeError("there is one footprint, or None, for each measurement", where="footprints",
                        found=f"{len(footprints)} for {len(x)}")  # fmt: skip
    rows: list[NDArray[np.int64]] = []
    cells: list[NDArray[np.int64]] = []
    weights: list[Floats] = []
    for number in range(len(x)):
        footprint = footprints[number] if footprints is not None else None
        at = (float(x[number]), float(y[number]))
        if not np.isfinite(at).all():
            continue
        cell, weight = (
            square_weights(grid, at, float(side[number])) if footprint is None else _placed(grid, at, footprint)
        )
        rows.append(np.full(len(cell), number, np.int64))
        cells.append(cell)
        weights.append(weight)
    shape = (len(x), grid.height * grid.width)
    if not rows:
        return csr_array(shape, dtype=np.float64)
    operator = csr_array((np.concatenate(weights), (np.concatenate(rows), np.concatenate(cells))), shape=shape)
    operator.sum_duplicates()
    return operator


def square_weights(grid: Grid, at: tuple[float, float], side: float) -> tuple[NDArray[np.int64], Floats]:
    """Return the cells of a projected grid under a square about a place [m], and the share of the square in each."""
    right, down = (at[0] - grid.left) / grid.resolution, (grid.top - at[1]) / grid.resolution
    half = side / grid.resolution / 2
    column, across = _shares(right, half, grid.width)
    row, along = _shares(down, half, grid.height)
    return (row[:, None] * grid.width + column).ravel(), np.outer(along, across).ravel()


def _shares(centre: float, half: float, count: int) -> tuple[NDArray[np.int64], Floats]:
    """Return the cells that an interval covers and the share of the interval in each; a point is in one cell."""
    first, last = int(np.floor(centre - half)), int(np.floor(centre + half))
    if half == 0:
        inside = 0 <= first < count
        return np.array([first] if inside else [], np.int64), np.ones(int(inside))
    cell = np.arange(max(first, 0), min(last, count - 1) + 1)
    covered = np.minimum(cell + 1, centre + half) - np.maximum(cell, centre - half)
    return cell.astype(np.int64), np.asarray(np.maximum(covered, 0.0) / (2 * half), np.float64)


def _placed(grid: Grid, at: tuple[float, float], footprint: Footprint) -> tuple[NDArray[np.int64], Floats]:
    column = np.floor((at[0] + footprint.east - grid.left) / grid.resolution).astype(np.int64)
    row = np.floor((grid.top - at[1] - footprint.north) / grid.resolution).astype(np.int64)
    inside = ((row >= 0) & (row < grid.height))[:, None] & ((column >= 0) & (column < grid.width))
    return (row[:, None] * grid.width + column)[inside], footprint.weight[inside]
