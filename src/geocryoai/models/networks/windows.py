"""Windows of samples as a network reads them: checked, and kept in memory only where they are small."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from geocryoai.core.errors import ModelError
from geocryoai.cube.windows import StaticWindows

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from geocryoai.cube.samples import Samples, WindowSource

    Ints = NDArray[np.int64]
    Pair: TypeAlias = tuple[NDArray[np.float32], NDArray[np.bool_]]

#: Rows read at a time.
ROWS = 1024


class WindowReader:
    """The windows of the rows of `samples`; without windows, a row's features are a window of one step and one cell.

    Parameters
    ----------
    samples : Samples
    keep_mb : float
        Windows that take no more than this are read once and kept [MB].
    """

    def __init__(self, samples: Samples, keep_mb: float) -> None:
        self._source, self._index = _source(samples)
        self.channels, self.shape = self._source.channels, self._source.shape
        steps, channels, rows, columns = self.shape
        if channels != len(self.channels) or rows != columns or rows % 2 == 0:
            raise ModelError(
                "windows cannot be read",
                where="windows",
                found=f"shape {self.shape}, {len(self.channels)} channel names",
                expected="one name per channel, as many rows as columns, and a centre cell",
            )
        self._kept: Pair | None = None
        if len(self._index) * steps * channels * rows * columns * 5 <= keep_mb * 1e6:
            self._kept = self._read(np.arange(len(self._index)))

    def __len__(self) -> int:
        return len(self._index)

    def get(self, rows: Ints) -> Pair:
        """Return values (n, time, channels, side, side), 0 where missing, and the mask of what is present."""
        if self._kept is None:
            return self._read(rows)
        return self._kept[0][rows], self._kept[1][rows]

    def blocks(self, rows: Ints) -> Iterator[Pair]:
        """Yield the windows of `rows` in blocks."""
        for start in range(0, len(rows), ROWS):
            yield self.get(rows[start : start + ROWS])

    def _read(self, rows: Ints) -> Pair:
        values, present = self._source.get(self._index[rows])
        if values.shape != (len(rows), *self.shape) or present.shape != values.shape:
            raise ModelError(
                "windows have not the shape that they declare",
                where="windows",
                found=f"values {values.shape}, mask {present.shape}",
                expected=(len(rows), *self.shape),
            )
        wrong = present & ~np.isfinite(values)
        if wrong.any():
            channels = [self.channels[i] for i in np.flatnonzero(wrong.any(axis=(0, 1, 3, 4)))]
            raise ModelError(
                "a window holds values that are not finite where its mask says they are present",
                where=f"windows, channel {', '.join(channels)}",
                found=f"{wrong.sum()} values",
                next_step="Mask them as missing where they are expected gaps.",
            )
        return np.where(present, values, np.float32(0)), present


def _source(samples: Samples) -> tuple[WindowSource, Ints]:
    if samples.windows is None:
        names = tuple(sorted(samples.features))
        # Without any feature there is one channel in which nothing is ever present.
        values = samples.matrix(names) if names else np.full((len(samples), 1), np.nan)
        return StaticWindows(values, names or ("nothing",)), np.arange(len(samples))
    if samples.window_index is None:
        raise ModelError("samples have windows, but no row of them", where="window_index")
    return samples.windows, samples.window_index
