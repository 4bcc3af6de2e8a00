"""Retrieved scenes gathered into the cells and months of a grid: means, standard errors and counts.

The standard error is that of the mean of the pixels that were seen, not of the whole cell. For n pixels of variance s2
between them, mean stated random variance r and mean common standard deviation c it is

    se^2 = max(s2, r) / n + c^2

since the spread between the pixels holds their random error, and what pixels have in common does not average out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from geocryoai.core.errors import CubeError
from geocryoai.cube.scale.accumulate import CellAccumulator
from geocryoai.cube.scale.gathered import gathered_dataset, lazy_maps, stacked
from geocryoai.cube.scale.pixels import PixelCells
from geocryoai.cube.scale.stream import touched_cells

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray

    from geocryoai.core.grid import Grid

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Tile:
    """A part of a scene's pixels.

    Attributes
    ----------
    rows, columns : slice
        With start and stop.
    values : array, shape (layers, rows, columns)
        NaN where missing.
    random, common : array of the same shape, or None
        Standard deviation of what is independent from pixel to pixel, and of what all pixels have in common; None
        where nothing is stated.
    """

    rows: slice
    columns: slice
    values: NDArray[np.floating]
    random: NDArray[np.floating] | None = None
    common: NDArray[np.floating] | None = None


@dataclass(frozen=True)
class LayerInfo:
    """Name, unit and meaning of a retrieved layer."""

    name: str
    unit: str
    long_name: str


@dataclass(frozen=True)
class _Part:
    """What one scene says of cells; sums of shape (4, layers, cells): value, its square, random variance, common."""

    month: np.datetime64
    cells: Ints
    sums: Floats
    count: Ints


@dataclass
class SceneFields:
    """Gathers scenes; memory depends on the cells that they touch.

    Parameters
    ----------
    grid : Grid
    layers : tuple of LayerInfo
    """

    grid: Grid
    layers: tuple[LayerInfo, ...]
    _parts: list[_Part] = field(default_factory=list, repr=False)

    def add(self, tiles: Iterable[Tile], cells: PixelCells, lines: int, month: np.datetime64) -> dict[str, int]:
        """Add a scene and return its number of pixels, of those with a value in the grid, and of cells.

        Parameters
        ----------
        tiles : iterable of Tile
            Read once, one at a time.
        cells : PixelCells
        lines : int
            Rows of the scene.
        month : datetime64[M]
            That the scene stands for.

        Raises
        ------
        CubeError
            The scene lies outside the grid, or has no value in it.
        """
        touched = touched_cells(cells, lines)
        if touched.size == 0:
            raise CubeError(
                "the scene lies outside the grid", where="domain", next_step="Check its CRS and the domain."
            )
        local = np.full(self.grid.height * self.grid.width + 1, -1, np.int64)
        local[touched] = np.arange(touched.size)
        n = len(self.layers)
        gather = [CellAccumulator(3, touched.size) for _ in range(n)]
        for tile in tiles:
            where = local[cells.lines(tile.rows.start, tile.rows.stop)[:, tile.columns]]
            for number, accumulator in enumerate(gather):
                accumulator.add(_bands(tile, number), where)
        results = [accumulator.result() for accumulator in gather]
        count = np.stack([result.count[0] for result in results])
        if not count.any():
            raise CubeError("the scene has no value within the grid", where="domain", found="only missing pixels")
        mean = np.nan_to_num(np.stack([result.mean for result in results], axis=1))
        square = np.nan_to_num(np.stack([result.variance[0] for result in results])) + mean[0] ** 2
        sums = np.stack([mean[0], square, mean[1], mean[2]]) * count
        self._parts.append(_Part(month.astype("datetime64[M]"), touched, sums, count))
        seen = count.max(axis=0)
        return {"pixels": lines * cells.samples, "used": int(seen.sum()), "cells": int((seen > 0).sum())}

    def dataset(self, prefix: str, *, static: bool) -> xr.Dataset:
        """Return the fields, lazily: for each layer mean, standard error and number of pixels.

        Parameters
        ----------
        prefix : str
            Goes before the names of the layers.
        static : bool
            Mean of all scenes without time, instead of the months that have scenes.
        """
        if not self._parts:
            raise CubeError("no scene was added", where="SceneFields")
        months = np.unique([part.month for part in self._parts])
        groups = [self._parts] if static else [[p for p in self._parts if p.month == month] for month in months]
        fields = {}
        for number, layer in enumerate(self.layers):
            for kind, (ending, unit, text) in enumerate(_kinds(layer)):
                maps = [lazy_maps(_map, self.grid.shape, self.grid.shape, group, number, kind) for group in groups]
                fields[f"{prefix}_{layer.name}{ending}"] = (maps[0] if static else stacked(maps), unit, text)
        return gathered_dataset(self.grid, None if static else months, fields)


def _kinds(layer: LayerInfo) -> Iterator[tuple[str, str, str]]:
    yield "", layer.unit, layer.long_name
    yield "_sigma", layer.unit, f"standard error of: {layer.long_name}"
    yield "_count", "1", f"number of pixels of: {layer.long_name}"


def _bands(tile: Tile, number: int) -> Floats:
    """Return value, random variance and common standard deviation of a layer, shape (rows, 3, columns)."""
    values = np.asarray(tile.values[number], np.float64)
    bands = np.zeros((values.shape[0], 3, values.shape[1]))
    bands[:, 0] = values
    if tile.random is not None:
        bands[:, 1] = np.square(tile.random[number], dtype=np.float64)
    if tile.common is not None:
        bands[:, 2] = tile.common[number]
    known = np.isfinite(bands).all(axis=1, keepdims=True)
    return np.where(known, bands, np.nan)


def _map(shape: tuple[int, int], parts: list[_Part], layer: int, kind: int) -> NDArray[np.float32]:
    """Return mean, standard error or count (`kind` 0, 1, 2) of a layer over some scenes."""
    sums, count = np.zeros((4, shape[0] * shape[1])), np.zeros(shape[0] * shape[1], np.int64)
    for part in parts:
        sums[:, part.cells] += part.sums[:, layer]
        count[part.cells] += part.count[layer]
    mean, square, random, common = sums / np.maximum(count, 1)
    if kind == 0:
        found = mean
    elif kind == 1:
        between = np.maximum(square - mean**2, 0.0)
        found = np.sqrt(np.maximum(between, random) / np.maximum(count, 1) + common**2)
    else:
        found = count.astype(np.float64)
    return np.where(count > 0, found, np.nan).reshape(shape).astype(np.float32)
