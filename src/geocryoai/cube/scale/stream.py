"""Scenes streamed into the cells of a grid: lines in blocks, threads over blocks, memory bounded by the cells."""

from __future__ import annotations

import mmap
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.lib.array_utils import byte_bounds

from geocryoai.core.errors import CubeError
from geocryoai.cube.scale.accumulate import CellAccumulator, Gathered

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from geocryoai.cube.scale.pixels import PixelCells

#: Lines at once; a multiple of the lattice of `PixelCells`.
LINES = 64


def gather_scene(
    layers: Sequence[NDArray[np.floating]],
    cells: PixelCells,
    *,
    missing: float = float("nan"),
    workers: int = 2,
) -> tuple[NDArray[np.int64], Gathered]:
    """Return the cells that a scene touches, and what it says of each.

    Parameters
    ----------
    layers : sequence of array, shape (lines, bands, samples) each
        Views of mapped files on one set of pixels; read once, from front to back.
    cells : PixelCells
    missing : float
        Value that stands for no data beside NaN.
    workers : int
        Threads, each on lines of its own.

    Returns
    -------
    touched : array of int, shape (m,)
        Flat cell numbers, ascending.
    gathered : Gathered
        Arrays (bands of all layers, m). Equal for any number of workers to the rounding of sums.

    Raises
    ------
    CubeError
        Layers of different size.
    """
    shapes = {(layer.shape[0], layer.shape[2]) for layer in layers}
    if len(shapes) != 1 or next(iter(shapes))[1] != cells.samples:
        raise CubeError("the layers of a scene differ in size", where="layers", found=sorted(shapes),
                        expected=f"one size, {cells.samples} samples")  # fmt: skip
    lines = layers[0].shape[0]
    touched = touched_cells(cells, lines)
    if touched.size == 0:
        raise CubeError("the scene lies outside the grid", where="grid", next_step="Check its CRS and the domain.")
    local = np.full(cells.grid.height * cells.grid.width + 1, -1, np.int64)
    local[touched] = np.arange(touched.size)
    bounds = np.linspace(0, -(-lines // LINES), workers + 1).astype(int) * LINES

    def work(part: int) -> list[CellAccumulator]:
        sums = [CellAccumulator(layer.shape[1], touched.size, missing=missing) for layer in layers]
        first, last = int(bounds[part]), min(int(bounds[part + 1]), lines)
        for layer in layers:
            read_ahead(layer[first:last])
        for start in range(first, last, LINES):
            stop = min(start + LINES, lines)
            where = local[cells.lines(start, stop)]
            for layer, accumulator in zip(layers, sums, strict=True):
                accumulator.add(layer[start:stop], where)
        return sums

    with ThreadPoolExecutor(workers) as pool:
        parts = list(pool.map(work, range(workers)))
    for others in parts[1:]:
        for accumulator, other in zip(parts[0], others, strict=True):
            accumulator.merge(other)
    results = [accumulator.result() for accumulator in parts[0]]
    joined = (np.concatenate([getattr(r, name) for r in results]) for name in ("mean", "variance", "count"))
    return touched, Gathered(*joined)


def read_ahead(view: NDArray[np.floating]) -> None:
    """Ask the system to fetch the part of a mapped file that a view covers; nothing for arrays in memory."""
    mapped: Any = view
    while isinstance(mapped, np.ndarray) and mapped.base is not None:
        mapped = mapped.base
    if not isinstance(mapped, mmap.mmap) or view.size == 0:
        return
    begin, end = byte_bounds(view)
    base = np.frombuffer(mapped, np.uint8).__array_interface__["data"][0]
    page = mmap.ALLOCATIONGRANULARITY
    start = (begin - base) // page * page
    mapped.madvise(mmap.MADV_WILLNEED, start, min(end - base, len(mapped)) - start)


def touched_cells(cells: PixelCells, lines: int) -> NDArray[np.int64]:
    """Return the cells in which a scene of so many lines has pixels, ascending."""
    seen = np.zeros(cells.grid.height * cells.grid.width + 1, bool)
    for start in range(0, lines, LINES):
        seen[cells.lines(start, min(start + LINES, lines))] = True
    return np.flatnonzero(seen[:-1])
