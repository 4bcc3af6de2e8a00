"""Bands of a scene as lazy fields on a map with north at the top, by nearest neighbour."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from geocryoai.core.errors import SourceError
from geocryoai.core.projection import read_crs

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray

    from geocryoai.sources.envi import MapInfo
    from geocryoai.sources.spectroscopy.glt import Glt
    from geocryoai.sources.spectroscopy.scene import Raster

#: Side of a lazy block [pixels].
BLOCK = 512


@dataclass(frozen=True)
class NorthUp:
    """A map with north at the top over a scene, whose own map may be rotated.

    Attributes
    ----------
    raster : Raster
    position : MapInfo
        Of the scene's own map.
    rows, columns : int
        Size of the scene's own map.
    glt : Glt or None
        For a raster in raw geometry.
    ignore : float
    x, y : array
        Pixel centres of the map with north at the top.
    """

    raster: Raster
    position: MapInfo
    rows: int
    columns: int
    glt: Glt | None
    ignore: float
    x: NDArray[np.float64]
    y: NDArray[np.float64]

    def bands(self, bands: list[int], top: int, bottom: int, left: int, right: int) -> NDArray[np.float32]:
        """Return a window of some bands, shape (bands, rows, columns); NaN where there is no data."""
        out = np.full((len(bands), bottom - top, right - left), np.nan, np.float32)
        x, y = np.meshgrid(self.x[left:right], self.y[top:bottom])
        column, row = (np.floor(values + 1e-9).astype(np.int64) for values in self.position.pixel(x, y))
        inside = (column >= 0) & (column < self.columns) & (row >= 0) & (row < self.rows)
        line, sample = row[inside], column[inside]
        if self.glt is not None:
            filled = self.glt.filled[line, sample]
            inside[inside] = filled
            at = line[filled], sample[filled]
            line, sample = self.glt.line[at].astype(np.int64), self.glt.sample[at].astype(np.int64)
        if line.size == 0:
            return out
        window = slice(int(line.min()), int(line.max()) + 1), slice(int(sample.min()), int(sample.max()) + 1)
        for position, band in enumerate(bands):
            values = self.raster.block(*window, slice(band, band + 1))[:, :, 0]
            taken = values[line - window[0].start, sample - window[1].start].astype(np.float32)
            taken[taken == np.float32(self.ignore)] = np.nan
            out[position][inside] = taken
        return out


def north_up(
    raster: Raster, position: MapInfo, shape: tuple[int, int], *, glt: Glt | None = None, ignore: float
) -> NorthUp:
    """Return the map with north at the top that covers a scene.

    A map that has north at the top keeps its pixels; a rotated one gets square pixels of the same area, along the axes
    of the CRS.

    Parameters
    ----------
    raster : Raster
    position : MapInfo
        Of the scene's own map.
    shape : tuple of int
        Rows and columns of the scene's own map.
    glt : Glt, optional
        For a raster in raw geometry; `position` and `shape` are then those of the table.
    ignore : float
    """
    rows, columns = shape
    a, b, c, d, e, f = position.affine
    if b == 0 and d == 0:
        x, y = c + a * (np.arange(columns, dtype=np.float64) + 0.5), f + e * (np.arange(rows, dtype=np.float64) + 0.5)
        return NorthUp(raster, position, rows, columns, glt, ignore, x, y)
    side = math.sqrt(position.pixel_area)
    corners = [(0, 0), (columns, 0), (0, rows), (columns, rows)]
    across = [a * i + b * j + c for i, j in corners]
    along = [d * i + e * j + f for i, j in corners]
    left, top = min(across), max(along)
    x = left + side * (np.arange(math.ceil((max(across) - left) / side), dtype=np.float64) + 0.5)
    y = top - side * (np.arange(math.ceil((top - min(along)) / side), dtype=np.float64) + 0.5)
    return NorthUp(raster, position, rows, columns, glt, ignore, x, y)


def need_position(position: MapInfo | None, where: str) -> MapInfo:
    """Return the position, or raise where a scene has none."""
    if position is None:
        raise SourceError(
            "the scene has no 'map info' and no geometry look-up table, so no CRS",
            where=where,
            next_step="Put the table (_glt) of the same flight line beside it, or read the orthorectified image.",
        )
    return position


def lazy_field(grid: NorthUp, bands: list[int], formula: Any = None) -> xr.DataArray:
    """Return one band, or a formula of several, as a lazy field on ``y, x`` (or ``lat, lon``)."""
    import dask.array
    import xarray as xr

    sizes = (grid.y.size, grid.x.size)
    chunks = tuple(tuple(min(BLOCK, size - start) for start in range(0, size, BLOCK)) for size in sizes)

    def read(block_info: Any = None) -> NDArray[np.float32]:
        (top, bottom), (left, right) = block_info[None]["array-location"]
        values = grid.bands(bands, top, bottom, left, right)
        return values[0] if formula is None else np.asarray(formula(*values), np.float32)

    meta = np.empty((0, 0), np.float32)
    array = dask.array.map_blocks(read, chunks=chunks, dtype=np.float32, meta=meta)  # type: ignore[no-untyped-call]
    names = ("lat", "lon") if read_crs(grid.position.crs).is_geographic else ("y", "x")
    return xr.DataArray(array, dims=names, coords=dict(zip(names, (grid.y, grid.x), strict=True)))
