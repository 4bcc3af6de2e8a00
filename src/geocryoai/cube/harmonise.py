"""All fields of a study into one cube: the first source that covers a month gives it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from geocryoai.core.calendar import month_axis
from geocryoai.core.errors import CubeError
from geocryoai.cube.align import AlignOptions, FieldAligner
from geocryoai.cube.cluster import connected, in_order
from geocryoai.cube.layers import Layer, cf_dataset
from geocryoai.cube.store import SHARD, CubeWriter, create_cube
from geocryoai.cube.temporal import as_months

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray

    from geocryoai.core.grid import Grid

    Months = NDArray[np.datetime64]
    Block = tuple[slice | None, slice, slice]
    Made = tuple[NDArray[np.floating], NDArray[np.floating]]
    Compute = Callable[[str, list[Block], AlignOptions], Iterable[Made]]

#: Memory for each value of the block that is being written: value, share and their copies [B].
_BYTES_PER_CELL = 32


@dataclass(frozen=True)
class Used:
    """Which field gave which part of a layer.

    Attributes
    ----------
    name : str
    position : int
        Of the field among those given.
    method : {"overlap", "sample", "bilinear"}
        How it was brought to the grid.
    months : int
        Number of months that it gave; 0 for a field without time.
    first, last : str
        First and last of these months; empty for a field without time.
    """

    name: str
    position: int
    method: str
    months: int
    first: str
    last: str


@dataclass(frozen=True)
class _Plan:
    """The aligners of one layer, and which of them gives each month (-1: none)."""

    layer: Layer
    aligners: tuple[FieldAligner, ...]
    positions: tuple[int, ...]
    owner: NDArray[np.int64]


def align(fields: xr.Dataset, grid: Grid, months: Months, options: AlignOptions | None = None) -> xr.Dataset:
    """Return all variables of one reader's fields on a grid and month axis, in memory, with their coverage.

    Parameters
    ----------
    fields : xarray.Dataset
    grid : Grid
    months : array of datetime64
        First day of each month, consecutive.
    options : AlignOptions, optional
    """
    values = []
    for plan in _plans([fields], grid, months, options or AlignOptions()):
        everywhere = (slice(0, grid.height), slice(0, grid.width))
        array, share = plan.aligners[0].block(*everywhere)
        cut = slice(None) if plan.layer.monthly else 0
        values += [(plan.layer, array[cut]), (plan.layer.coverage(), share[cut])]
    return cf_dataset(grid, months, values)


def write_fields(
    path: Path,
    fields: Sequence[xr.Dataset],
    grid: Grid,
    months: Months,
    *,
    options: AlignOptions | None = None,
    attributes: Mapping[str, Any] | None = None,
    overwrite: bool = False,
    compute: Compute | None = None,
) -> list[Used]:
    """Write a cube of several readers' fields and return which field gave what.

    Where several fields have one variable, the first that covers a month gives it.

    Parameters
    ----------
    path : Path
        Folder of the cube.
    fields : sequence of xarray.Dataset
        Readers' fields, in order of preference.
    grid : Grid
    months : array of datetime64
        First day of each month, consecutive.
    options : AlignOptions, optional
        `memory_mb` is for everything, the block being written included.
    attributes : dict, optional
        Global attributes of the cube.
    overwrite : bool
        Replace a cube that is there.
    compute : callable, optional
        Returns values and shares of the blocks of a layer in order; default: made here. See `write_stores`.

    Raises
    ------
    CubeError
        A field without time is there twice, or a field lies outside the grid or the months.
    """
    months = as_months(months)
    options = _without_block(options or AlignOptions(), grid, len(months))
    plans = _plans(fields, grid, months, options)
    layers = [plan.layer for plan in plans]
    with create_cube(path, grid, months, layers, attributes=attributes, overwrite=overwrite) as writer:
        for plan in plans:
            blocks = list(writer.blocks(plan.layer.name))
            made = compute(plan.layer.name, blocks, options) if compute else (_block(plan, block) for block in blocks)
            _write_layer(writer, plan.layer.name, blocks, made)
            for aligner in plan.aligners:
                aligner.regridder.forget()
    return [used for plan in plans for used in _used(plan, months)]


def write_stores(
    path: Path,
    stores: Sequence[Path],
    grid: Grid,
    months: Months,
    *,
    scheduler: str = "none",
    options: AlignOptions | None = None,
    attributes: Mapping[str, Any] | None = None,
    overwrite: bool = False,
    without: Sequence[tuple[str, ...]] | None = None,
) -> list[Used]:
    """Write a cube of several readers' fields that stand on disk; the blocks may be made by a Dask cluster.

    The cube is the same, byte for byte, whoever made its blocks. Workers open the stores by the same paths, each with
    the memory budget of `options`.

    Parameters
    ----------
    path : Path
    stores : sequence of Path
        Zarr groups of fields, in order of preference.
    grid, months, options, attributes, overwrite
        See `write_fields`.
    scheduler : str
        "none", "local:N" or "tcp://host:port"; see `geocryoai.cube.cluster.connected`.
    without : sequence of tuple of str, optional
        Variables of each store that are left out; default: none.
    """
    months = as_months(months)
    names = without if without is not None else [()] * len(stores)
    where = tuple((str(store.resolve()), left) for store, left in zip(stores, names, strict=True))
    with connected(scheduler) as client:

        def compute(name: str, blocks: list[Block], options: AlignOptions) -> Iterator[Made]:
            cube = _CubeKey(where, grid, str(months[0]), str(months[-1]), options)
            return in_order(client, _made_elsewhere, ((cube, name, block) for block in blocks))

        return write_fields(
            path, [_opened(*store) for store in where], grid, months, options=options, attributes=attributes,
            overwrite=overwrite, compute=compute if client is not None else None,
        )  # fmt: skip


@dataclass(frozen=True)
class _CubeKey:
    """All that a worker needs to make blocks of a cube; small and hashable."""

    stores: tuple[tuple[str, tuple[str, ...]], ...]
    grid: Grid
    first: str
    last: str
    options: AlignOptions


def _made_elsewhere(cube: _CubeKey, name: str, block: Block) -> Made:
    return _block(_plans_of(cube)[name], block)


@lru_cache(maxsize=1)
def _plans_of(cube: _CubeKey) -> dict[str, _Plan]:
    months = month_axis(cube.first[:7], cube.last[:7])
    fields = [_opened(*store) for store in cube.stores]
    return {p.layer.name: p for p in _plans(fields, cube.grid, months, cube.options)}


def _opened(store: str, without: tuple[str, ...] = ()) -> xr.Dataset:
    import xarray as xr

    if not Path(store).exists():
        raise CubeError("the fields are not there", where=store,
                        next_step="Let the workers see the run folder under the same path.")  # fmt: skip
    opened: xr.Dataset = xr.open_zarr(store, consolidated=False, chunks={})
    return opened.drop_vars(without)


def _plans(fields: Sequence[xr.Dataset], grid: Grid, months: Months, options: AlignOptions) -> list[_Plan]:
    found: dict[str, list[tuple[int, FieldAligner, dict[str, Any]]]] = {}
    for position, dataset in enumerate(fields):
        for name in field_names(dataset):
            aligner = FieldAligner(dataset, name, grid, months, options)
            found.setdefault(name, []).append((position, aligner, dict(dataset[name].attrs)))
    return [_plan(name, pieces, len(months)) for name, pieces in sorted(found.items())]


def _plan(name: str, pieces: list[tuple[int, FieldAligner, dict[str, Any]]], n_months: int) -> _Plan:
    positions, aligners, attributes = zip(*pieces, strict=True)
    monthly = [aligner.monthly for aligner in aligners]
    if len(pieces) > 1 and None in monthly:
        raise CubeError("a variable without time is given by several fields", where=name, found=f"fields {positions}")
    owner = np.full(n_months, -1)
    for piece, weights in enumerate(monthly):
        covered = np.ones(n_months, bool) if weights is None else weights.covered()
        owner[(owner < 0) & covered] = piece
    if (owner < 0).all():
        raise CubeError("no field has data in the months of the study", where=name)
    layers = [
        Layer.of(name, given, monthly=aligner.monthly is not None, cell_methods=aligner.cell_methods)
        for given, aligner in zip(attributes, aligners, strict=True)
    ]
    if len({(layer.unit, layer.cell_methods) for layer in layers}) > 1:
        found = "; ".join(f"{layer.unit}, {layer.cell_methods}" for layer in layers)
        raise CubeError("the fields of one variable do not agree", where=name, found=found)
    return _Plan(layers[0], aligners, positions, owner)


def _write_layer(writer: CubeWriter, name: str, blocks: list[Block], made: Iterable[Made]) -> None:
    reached = False
    for block, (values, share) in zip(blocks, made, strict=True):
        reached = reached or bool((share > 0).any())
        writer.write_block(name, block, values, share)
    if not reached:
        raise CubeError(
            "the field has no data within the study grid", where=name, next_step="Check its CRS and extent."
        )


def _block(plan: _Plan, block: Block) -> Made:
    steps, rows, cols = block
    if steps is not None:
        return _monthly_block(plan, steps, rows, cols)
    values, share = plan.aligners[0].block(rows, cols)
    return values[0], share[0]


def _monthly_block(plan: _Plan, steps: slice, rows: slice, cols: slice) -> Made:
    shape = (steps.stop - steps.start, rows.stop - rows.start, cols.stop - cols.start)
    values, share = np.full(shape, np.nan, np.float32), np.zeros(shape, np.float32)
    for piece, run in _runs(plan.owner[steps]):
        months = slice(steps.start + run.start, steps.start + run.stop)
        values[run], share[run] = plan.aligners[piece].block(rows, cols, months)
    return values, share


def _runs(owner: NDArray[np.int64]) -> Iterator[tuple[int, slice]]:
    edges = np.flatnonzero(np.diff(owner)) + 1
    for start, stop in zip([0, *edges.tolist()], [*edges.tolist(), len(owner)], strict=True):
        if owner[start] >= 0:
            yield int(owner[start]), slice(start, stop)


def _used(plan: _Plan, months: Months) -> Iterator[Used]:
    for piece, (aligner, position) in enumerate(zip(plan.aligners, plan.positions, strict=True)):
        mine = months[plan.owner == piece] if plan.layer.monthly else months[:0]
        first, last = (str(mine[0]), str(mine[-1])) if len(mine) else ("", "")
        yield Used(plan.layer.name, position, aligner.regridder.method, len(mine), first, last)


def field_names(dataset: xr.Dataset) -> list[str]:
    """Return the variables of a reader's fields, without bounds and CRS."""
    bounds = {str(axis.attrs["bounds"]) for axis in dataset.variables.values() if "bounds" in axis.attrs}
    return [str(name) for name in dataset.data_vars if name not in bounds | {"time_bnds", "crs"}]


def _without_block(options: AlignOptions, grid: Grid, n_months: int) -> AlignOptions:
    sizes = zip(SHARD, (n_months, *grid.shape), strict=True)
    block_mb = _BYTES_PER_CELL * float(np.prod([min(pair) for pair in sizes])) / 1e6
    if block_mb > 0.75 * options.memory_mb:
        raise CubeError(
            "the memory budget is too small for one block of the cube", where="memory_mb",
            found=f"{options.memory_mb:g}", expected=f"at least {block_mb / 0.75:.0f}",
        )  # fmt: skip
    return replace(options, memory_mb=options.memory_mb - block_mb)
