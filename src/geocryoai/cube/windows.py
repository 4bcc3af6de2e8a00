"""Windows for learners, read lazily: from a cube, from a site-by-month table, or from a sample's own features.

A window ends at its sample's month and never holds a later one. Nothing that is missing (outside the grid or axis, or
without data) leaves a window as NaN: it is 0, and False in the mask.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from geocryoai.core.errors import CubeError, nearest
from geocryoai.cube.store import CHUNK, open_cube

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]
    Singles = NDArray[np.float32]
    Windows = tuple[NDArray[np.float32], NDArray[np.bool_]]


@dataclass(frozen=True)
class StaticWindows:
    """Windows of one step for samples without date or series: the sample's own feature row.

    Parameters
    ----------
    values : array of float, shape (n, channels)
        NaN where missing.
    channels : tuple of str
    """

    values: NDArray[np.floating]
    channels: tuple[str, ...]

    def __post_init__(self) -> None:
        """Check that every channel has a name."""
        if self.values.ndim != 2 or self.values.shape[1] != len(self.channels):
            raise CubeError("features and channel names do not match", found=self.values.shape, expected=self.channels)

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """Return (1, channels, 1, 1)."""
        return 1, len(self.channels), 1, 1

    def get(self, index: Ints) -> Windows:
        """Return the windows of some samples, shape (n, 1, channels, 1, 1), and their mask."""
        return _masked(self.values[index][:, None, :, None, None])


@dataclass(frozen=True)
class TableWindows:
    """Windows of `history` months from a site-by-month table.

    Parameters
    ----------
    site_index, step : array of int, shape (n,)
        Site and month of each sample in `values`; -1 where unknown (the window is then empty).
    values : array of float, shape (sites, months, channels)
        NaN where missing.
    channels : tuple of str
    history : int
        Months in a window, the sample's own last.
    """

    site_index: Ints
    step: Ints
    values: NDArray[np.floating]
    channels: tuple[str, ...]
    history: int

    def __post_init__(self) -> None:
        """Check shapes and positions."""
        if self.values.ndim != 3 or self.values.shape[2] != len(self.channels):
            raise CubeError("the table and channel names do not match", found=self.values.shape, expected=self.channels)
        _check_positions({"site_index": self.site_index, "step": self.step}, self.values.shape[:2])
        _check_history(self.history)

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """Return (history, channels, 1, 1)."""
        return self.history, len(self.channels), 1, 1

    def get(self, index: Ints) -> Windows:
        """Return the windows of some samples, shape (n, history, channels, 1, 1), and their mask."""
        site, last = self.site_index[index][:, None], self.step[index][:, None]
        step = last + np.arange(1 - self.history, 1)
        known = (site >= 0) & (last >= 0) & (step >= 0)
        values = self.values[np.where(known, site, 0), np.where(known, step, 0)]
        return _masked(np.where(known[..., None], values, np.nan)[..., None, None])


class GridWindows:
    """Windows of `history` months and `size` x `size` cells from a cube, read in blocks that are kept for reuse.

    Parameters
    ----------
    cube : Path or xarray.Dataset
        A cube, or a dataset with the dimensions time, y, x.
    channels : sequence of str
        Variables; those without time are repeated along the window's months.
    row, col, step : array of int, shape (n,)
        Cell and month of each sample; -1 where unknown (the window is then empty).
    history : int
        Months in a window, the sample's own last.
    size : int
        Cells along a side, odd.
    cache_mb : float
        Memory for blocks kept [MB]; at least one block is kept.
    """

    def __init__(
        self,
        cube: Path | xr.Dataset,
        channels: Sequence[str],
        row: Ints,
        col: Ints,
        step: Ints,
        *,
        history: int,
        size: int,
        cache_mb: float = 256.0,
    ) -> None:
        data = cube if isinstance(cube, xr.Dataset) else open_cube(cube, dask=False)
        absent = [name for name in channels if name not in data.data_vars]
        if absent:
            hint = nearest(absent[0], map(str, data.data_vars))
            raise CubeError(f"the cube has no variable '{absent[0]}'", next_step=hint)
        if size < 1 or size % 2 == 0:
            raise CubeError("a window has no centre cell", where="size", found=size, expected="an odd number of cells")
        _check_history(history)
        self._axes = (data.sizes["time"], data.sizes["y"], data.sizes["x"])
        _check_positions({"step": step, "row": row, "col": col}, self._axes)
        self._arrays = [data[name].transpose("time", "y", "x", missing_dims="ignore") for name in channels]
        self._channels = tuple(channels)
        self._position = np.column_stack([step, row, col]).astype(np.int64)
        self._history, self._size = history, size
        block = min(CHUNK[0], self._axes[0]) * min(CHUNK[1], self._axes[1]) * min(CHUNK[2], self._axes[2])
        self._kept: OrderedDict[tuple[int, ...], Singles] = OrderedDict()
        self._most_kept = max(1, int(cache_mb * 1e6 / (4 * block * len(self._channels))))

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """Return (history, channels, size, size)."""
        return self._history, len(self._channels), self._size, self._size

    @property
    def channels(self) -> tuple[str, ...]:
        """Return the names of the channels."""
        return self._channels

    def get(self, index: Ints) -> Windows:
        """Return the windows of some samples, shape (n, history, channels, size, size), and their mask.

        Samples are read in the order of the blocks in which they lie, and returned in the order asked for.
        """
        position = self._position[index]
        out = np.full((len(position), *self.shape), np.nan, np.float32)
        half = self._size // 2
        first = position - np.array([self._history - 1, half, half])
        last = position + np.array([0, half, half])
        complete = np.all(position >= 0, axis=1)
        order = np.lexsort(tuple((position // CHUNK).T[::-1]))
        for sample in order[np.take(complete, order)].tolist():
            self._copy(out[sample], first[sample].tolist(), last[sample].tolist())
        return _masked(out)

    def _copy(self, window: Singles, first: list[int], last: list[int]) -> None:
        """Fill one window from all blocks that it touches."""
        spans = [
            list(_pieces(low, high, chunk, length))
            for low, high, chunk, length in zip(first, last, CHUNK, self._axes, strict=True)
        ]
        for in_time, block_time, t in spans[0]:
            for in_rows, block_row, rows in spans[1]:
                for in_cols, block_col, cols in spans[2]:
                    block = self._block((block_time, block_row, block_col))
                    window[in_time, :, in_rows, in_cols] = block[t, :, rows, cols]

    def _block(self, key: tuple[int, int, int]) -> Singles:
        if key in self._kept:
            self._kept.move_to_end(key)
            return self._kept[key]
        where = [
            slice(part * chunk, min((part + 1) * chunk, length))
            for part, chunk, length in zip(key, CHUNK, self._axes, strict=True)
        ]
        shape = [part.stop - part.start for part in where]
        block = np.empty((shape[0], len(self._arrays), *shape[1:]), np.float32)
        for channel, array in enumerate(self._arrays):
            block[:, channel] = array[tuple(where[-array.ndim :])].values
        self._kept[key] = block
        while len(self._kept) > self._most_kept:
            self._kept.popitem(last=False)
        return block


def _pieces(first: int, last: int, chunk: int, length: int) -> Iterator[tuple[slice, int, slice]]:
    """Yield (part of the window, number of the block, part of the block) along one axis."""
    low, high = max(first, 0), min(last, length - 1)
    for block in range(low // chunk, high // chunk + 1):
        start, stop = max(low, block * chunk), min(high + 1, (block + 1) * chunk)
        yield slice(start - first, stop - first), block, slice(start - block * chunk, stop - block * chunk)


def _masked(values: NDArray[np.floating]) -> Windows:
    present = np.isfinite(values)
    return np.where(present, values, 0.0).astype(np.float32), present


def _check_positions(positions: dict[str, Ints], lengths: Sequence[int]) -> None:
    sizes = {name: len(values) for name, values in positions.items()}
    if len(set(sizes.values())) > 1:
        raise CubeError("positions of windows have different length", found=sizes)
    for (name, values), length in zip(positions.items(), lengths, strict=True):
        if len(values) and (values.min() < -1 or values.max() >= length):
            raise CubeError("a window lies outside its table", where=name, found=f"{values.min()} to {values.max()}",
                            expected=f"-1 to {length - 1}")  # fmt: skip


def _check_history(history: int) -> None:
    if history < 1:
        raise CubeError("a window has no months", where="history", found=history, expected="at least 1")
