"""Pixels gathered into cells while they stream by: any number of lines and scenes, in memory that depends on the cells.

A pixel counts for the cell in which its centre lies, which is the area mean to about the ratio of pixel to cell size.
Sums and squares are kept in double precision about a value near the mean, so that the variance is sound; parts that
several threads or machines gathered are added up in the order in which they are given, so the result is the same.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from geocryoai.core.errors import CubeError

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]


#: From here on a value is no number but a sign of no data, such as the largest one of float32.
_HUGE = np.float32(3e38)


@dataclass(frozen=True)
class Gathered:
    """What was seen of each cell; arrays of shape (bands, cells).

    Attributes
    ----------
    mean : array
        NaN where no pixel was seen.
    variance : array
        Between the pixels of a cell (population form) [unit squared].
    count : array of int
        Pixels with a value.
    """

    mean: Floats
    variance: Floats
    count: Ints


@dataclass
class CellAccumulator:
    """Gathers pixels of several bands into cells.

    Parameters
    ----------
    bands, cells : int
    missing : float
        Value that stands for no data beside NaN and values beyond 3e38; default: none.
    about : float
        A value near the mean; squares are taken about it.

    Examples
    --------
    >>> gather = CellAccumulator(bands=1, cells=2)
    >>> gather.add(np.array([[[1.0, 3.0, 5.0]]], np.float32), np.array([[0, 0, 1]]))
    >>> gather.result().mean.tolist()
    [[2.0, 5.0]]
    """

    bands: int
    cells: int
    missing: float = float("nan")
    about: float = 0.0
    _sum: Floats = field(init=False, repr=False)
    _square: Floats = field(init=False, repr=False)
    _count: Ints = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Make room."""
        if self.bands < 1 or self.cells < 1:
            raise CubeError("there is nothing to gather", where="bands, cells", found=f"{self.bands}, {self.cells}")
        shape = (self.bands, self.cells)
        self._sum, self._square, self._count = np.zeros(shape), np.zeros(shape), np.zeros(shape, np.int64)

    def add(self, values: NDArray[np.floating], cell: NDArray[np.integer]) -> None:
        """Add a block of pixels; lets other threads run meanwhile.

        Parameters
        ----------
        values : array, shape (lines, bands, samples)
            Of any memory order, such as a view of a mapped file; float32 or float64.
        cell : array of int, shape (lines, samples)
            Cell of each pixel; negative: in none.

        Raises
        ------
        CubeError
            Shapes do not fit, or a cell that is not there.
        """
        if values.ndim != 3 or values.shape[1] != self.bands or cell.shape != (values.shape[0], values.shape[2]):
            raise CubeError(
                "the pixels do not fit", where="values, cell", found=f"{values.shape}, {cell.shape}",
                expected=f"(lines, {self.bands}, samples) and (lines, samples)",
            )  # fmt: skip
        if cell.size and int(cell.max()) >= self.cells:
            raise CubeError("a pixel is in a cell that is not there", where="cell", found=int(cell.max()),
                            expected=f"below {self.cells}")  # fmt: skip
        native = values.dtype if values.dtype in (np.float32, np.float64) else np.dtype(np.float64)
        pixels = values if values.dtype == native and values.dtype.isnative else values.astype(native)
        by_band = pixels.strides[1] < pixels.strides[2] and self.bands > 1
        kernel = _kernels()[by_band]
        kernel(pixels, np.ascontiguousarray(cell, np.int64), native.type(self.missing), self.about,
               self._sum, self._square, self._count)  # fmt: skip

    def merge(self, other: CellAccumulator) -> None:
        """Add what another one gathered of the same bands and cells."""
        if (other.bands, other.cells, other.about) != (self.bands, self.cells, self.about):
            raise CubeError("what was gathered does not fit together", where="merge")
        self._sum += other._sum
        self._square += other._square
        self._count += other._count

    def result(self) -> Gathered:
        """Return means, variances and counts."""
        seen = np.maximum(self._count, 1)
        offset = self._sum / seen
        mean = np.where(self._count > 0, self.about + offset, np.nan)
        variance = np.where(self._count > 0, np.maximum(self._square / seen - offset**2, 0.0), np.nan)
        return Gathered(mean, variance, self._count.copy())


@cache
def _kernels() -> dict[bool, Callable[..., Any]]:
    """Return the loops for pixels whose samples (False) or whose bands (True) lie next to each other in memory."""
    import numba

    compiled = numba.njit(nogil=True, cache=True, fastmath={"reassoc", "contract", "nsz"})
    return {False: compiled(_samples_adjacent), True: compiled(_bands_adjacent)}


def _samples_adjacent(values: Any, cell: Any, missing: Any, about: float, sums: Any, squares: Any, counts: Any) -> None:
    lines, bands, samples = values.shape
    for line in range(lines):
        start = 0
        while start < samples:
            here = cell[line, start]
            stop = start + 1
            while stop < samples and cell[line, stop] == here:
                stop += 1
            if here >= 0:
                for band in range(bands):
                    run = values[line, band, start:stop]
                    total, square, count = 0.0, 0.0, 0.0
                    for sample in range(run.shape[0]):
                        good = (abs(run[sample]) < _HUGE) & (run[sample] != missing)
                        apart = np.float64(run[sample]) - about
                        kept = apart if good else 0.0
                        total += kept
                        square += kept * kept
                        count += 1.0 if good else 0.0
                    sums[band, here] += total
                    squares[band, here] += square
                    counts[band, here] += int(count)
            start = stop


def _bands_adjacent(values: Any, cell: Any, missing: Any, about: float, sums: Any, squares: Any, counts: Any) -> None:
    lines, bands, samples = values.shape
    total, square, count = np.zeros(bands), np.zeros(bands), np.zeros(bands, np.int64)
    for line in range(lines):
        start = 0
        while start < samples:
            here = cell[line, start]
            stop = start + 1
            while stop < samples and cell[line, stop] == here:
                stop += 1
            if here >= 0:
                total[:], square[:], count[:] = 0.0, 0.0, 0
                for sample in range(start, stop):
                    for band in range(bands):
                        value = values[line, band, sample]
                        good = (abs(value) < _HUGE) & (value != missing)
                        apart = np.float64(value) - about
                        kept = apart if good else 0.0
                        total[band] += kept
                        square[band] += kept * kept
                        count[band] += good
                for band in range(bands):
                    sums[band, here] += total[band]
                    squares[band, here] += square[band]
                    counts[band, here] += count[band]
            start = stop
