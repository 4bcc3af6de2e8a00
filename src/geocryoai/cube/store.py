"""The cube on disk: Zarr v3 with shards and CF metadata, complete or absent, checked after writing.

Chunks are made for windows (a year, 64 x 64 cells), shards bound the number of files. Both depend on the shape of the
cube alone, so that the same content gives the same bytes whatever the memory budget.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import product
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr
import zarr
from zarr.codecs import BloscCodec

from geocryoai.core.errors import CubeError, nearest
from geocryoai.core.files import complete_or_absent
from geocryoai.core.grid import Grid
from geocryoai.cube.checksums import check_files, write_checksums
from geocryoai.cube.layers import CONVENTIONS, Layer, check_metadata, grid_coordinates
from geocryoai.cube.temporal import as_months

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Months = NDArray[np.datetime64]
    Block = tuple[slice | None, slice, slice]

#: Months, rows and columns of a chunk, and of a shard, before they are cut to the cube's shape.
CHUNK = (12, 64, 64)
SHARD = (120, 256, 256)

#: Root attribute that holds the grid as JSON.
GRID_ATTRIBUTE = "geocryoai_grid"


@contextmanager
def create_cube(
    path: Path,
    grid: Grid,
    months: Months,
    layers: Sequence[Layer],
    *,
    attributes: Mapping[str, Any] | None = None,
    overwrite: bool = False,
) -> Iterator[CubeWriter]:
    """Open a new cube for writing, as a context manager.

    Parameters
    ----------
    path : Path
        Folder of the cube; it appears only when the block has ended and everything is written and checked.
    grid : Grid
    months : array of datetime64
        First day of each month, consecutive.
    layers : sequence of Layer
        Each gets a second one for its coverage.
    attributes : dict, optional
        Global attributes (title, summary, ...).
    overwrite : bool
        Replace a cube that is there.

    Raises
    ------
    CubeError
        The path exists, two layers have one name, or at the end a layer is not wholly written.
    """
    if path.exists() and not overwrite:
        raise CubeError("the cube exists already", where=str(path), next_step="Remove it, or ask to overwrite it.")
    names = [layer.name for layer in layers]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise CubeError("a layer is there twice", where=", ".join(twice))
    with complete_or_absent(path) as partial:
        writer = CubeWriter(partial, grid, as_months(months), tuple(layers), dict(attributes or {}))
        yield writer
        writer.finish()


def open_cube(path: Path, *, dask: bool = True) -> xr.Dataset:
    """Return a cube, nothing of it read yet.

    Parameters
    ----------
    path : Path
    dask : bool
        Chunked dask arrays (default), or xarray's plain lazy arrays, quicker for many small reads.

    Raises
    ------
    CubeError
        There is no cube.
    """
    if not (path / "zarr.json").is_file():
        raise CubeError("there is no cube", where=str(path), next_step="Run the harmonize stage.")
    chunks: dict[str, int] | None = {} if dask else None
    cube = xr.open_dataset(
        path, engine="zarr", consolidated=False, chunks=chunks, decode_coords="all", decode_timedelta=False
    )
    return cube[sorted(map(str, cube.data_vars))].assign_coords(cube.coords)


def grid_of(cube: xr.Dataset) -> Grid:
    """Return the grid of an opened cube."""
    if GRID_ATTRIBUTE not in cube.attrs:
        raise CubeError("the dataset is not a cube", expected=f"the attribute {GRID_ATTRIBUTE}")
    return Grid.from_dict(json.loads(cube.attrs[GRID_ATTRIBUTE]))


def bare_cube(grid: Grid, months: Months) -> xr.Dataset:
    """Return the axes of a cube that has no layers, in memory."""
    attributes = {GRID_ATTRIBUTE: json.dumps(grid.to_dict())}
    return xr.decode_cf(xr.Dataset(coords=grid_coordinates(grid, months), attrs=attributes), decode_coords="all")


def verify_cube(path: Path) -> None:
    """Check that a cube is whole: every file as it was written, CRS and axes those of its grid.

    Raises
    ------
    CubeError
        What is wrong, naming the file or variable.
    """
    with open_cube(path, dask=False) as cube:
        check_files(path)
        check_metadata(cube, grid_of(cube), cube["time"].values, (), str(path))


class CubeWriter:
    """Writes a cube block by block; see `create_cube`."""

    def __init__(
        self, path: Path, grid: Grid, months: Months, layers: tuple[Layer, ...], attributes: Mapping[str, Any]
    ) -> None:
        self.path = path
        self.grid = grid
        self.months = months
        self.layers = {layer.name: layer for layer in layers}
        self._written = dict.fromkeys(self.layers, 0)
        root = {"Conventions": CONVENTIONS, GRID_ATTRIBUTE: json.dumps(grid.to_dict()), **attributes}
        self._group = zarr.open_group(path, mode="w", zarr_format=3, attributes=root)
        for name, variable in grid_coordinates(grid, months).items():
            self._write_coordinate(name, variable)
        for layer in layers:
            coverage = layer.coverage()
            self._create(layer, {**layer.attributes(), "ancillary_variables": coverage.name})
            self._create(coverage, coverage.attributes())

    def blocks(self, name: str) -> Iterator[Block]:
        """Yield (months, rows, columns) of the parts of a layer to write at once; months None for statics.

        All months of one part of the grid follow each other.
        """
        shape = self._shape(self._layer(name))
        _, shard = _chunks_and_shards(shape)
        *time, rows, cols = (
            [slice(start, min(start + size, length)) for start in range(0, length, size)]
            for length, size in zip(shape, shard, strict=True)
        )
        for row, col in product(rows, cols):
            for steps in time[0] if time else [None]:
                yield steps, row, col

    def write_block(self, name: str, block: Block, values: NDArray[np.floating], share: NDArray[np.floating]) -> None:
        """Write one block of a layer and of its coverage.

        Parameters
        ----------
        name : str
        block : tuple of slice
            Months (None for a layer without time), rows, columns. Every cell is to be written once.
        values : array, shape (months, rows, columns), or (rows, columns)
            In the layer's unit; NaN where missing.
        share : array, same shape
            Share of each cell's area with valid data [1].

        Raises
        ------
        CubeError
            A wrong shape, an infinite value, or a share that is not from 0 to 1.
        """
        layer = self._layer(name)
        where = block if layer.monthly else block[1:]
        shape = tuple(part.stop - part.start for part in where if part is not None)
        if values.shape != shape or share.shape != shape:
            raise CubeError(
                "a block has the wrong shape", where=name, found=f"{values.shape}, {share.shape}", expected=f"{shape}"
            )
        if np.isinf(values).any():
            raise CubeError("a value is infinite", where=name, next_step="Check the source of this variable.")
        if not (np.all(share >= -1e-6) and np.all(share <= 1 + 1e-6)):
            raise CubeError("a coverage is not from 0 to 1", where=name, found=f"{share.min()} to {share.max()}")
        self._group[name][where] = values.astype(np.float32)  # type: ignore[index]
        self._group[layer.coverage().name][where] = np.clip(share, 0, 1).astype(np.float32)  # type: ignore[index]
        self._written[name] += values.size

    def finish(self) -> None:
        """Write the checksums and check what is on disk."""
        for name, layer in self.layers.items():
            cells = int(np.prod(self._shape(layer)))
            if self._written[name] != cells:
                raise CubeError(
                    "a layer is not wholly written", where=name, found=f"{self._written[name]} of {cells} values"
                )
        write_checksums(self.path)
        with open_cube(self.path, dask=False) as cube:
            expected = [part for layer in self.layers.values() for part in (layer, layer.coverage())]
            check_metadata(cube, self.grid, self.months, expected, str(self.path))

    def _layer(self, name: str) -> Layer:
        if name not in self.layers:
            raise CubeError(f"the cube has no layer '{name}'", next_step=nearest(name, self.layers))
        return self.layers[name]

    def _shape(self, layer: Layer) -> tuple[int, ...]:
        return (len(self.months), *self.grid.shape) if layer.monthly else self.grid.shape

    def _create(self, layer: Layer, attributes: dict[str, Any]) -> None:
        shape = self._shape(layer)
        chunks, shards = _chunks_and_shards(shape)
        self._group.create_array(
            layer.name, shape=shape, dtype="float32", chunks=chunks, shards=shards, fill_value=np.nan,
            compressors=BloscCodec(cname="zstd", clevel=1, shuffle="shuffle"), dimension_names=layer.dims,
            attributes=attributes, config={"write_empty_chunks": False},
        )  # fmt: skip

    def _write_coordinate(self, name: str, variable: xr.Variable) -> None:
        encoded = xr.conventions.encode_cf_variable(variable, name=name)
        values = np.asarray(encoded.values)
        attributes = {key: value for key, value in encoded.attrs.items() if key != "_FillValue"}
        array = self._group.create_array(
            name, shape=values.shape, dtype=values.dtype, chunks=values.shape or "auto", compressors=None, fill_value=0,
            dimension_names=tuple(map(str, variable.dims)), attributes=attributes, config={"write_empty_chunks": True},
        )  # fmt: skip
        array[...] = values


def _chunks_and_shards(shape: tuple[int, ...]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    dims = len(shape)
    chunks = tuple(min(size, length) for size, length in zip(CHUNK[-dims:], shape, strict=True))
    shards = tuple(
        chunk * ceil(min(size, length) / chunk)
        for chunk, size, length in zip(chunks, SHARD[-dims:], shape, strict=True)
    )
    return chunks, shards
