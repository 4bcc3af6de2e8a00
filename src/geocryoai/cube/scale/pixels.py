"""Which cell of a grid each pixel of a scene falls in, without projecting every pixel.

Positions are projected on a lattice of every 32nd pixel and interpolated between; over such a distance a map projection
is straight to a millionth of a pixel.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from geocryoai.core.errors import CubeError
from geocryoai.core.projection import read_crs, transformer

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from geocryoai.core.grid import Grid

    Ints = NDArray[np.int64]

#: Pixels between two nodes of the lattice.
LATTICE = 32


@dataclass(frozen=True)
class PixelCells:
    """Finds the cells of a scene's pixels.

    Attributes
    ----------
    affine : tuple of 6 float
        ``x = a * column + b * row + c`` and ``y = d * column + e * row + f`` of a pixel's outer corner, column and row
        from 0, in `crs`; a rotated scene has b and d.
    crs : str
        Of the scene.
    samples : int
        Columns of the scene.
    grid : Grid
        Projected, or geographic without the antimeridian within the scene.
    """

    affine: tuple[float, float, float, float, float, float]
    crs: str
    samples: int
    grid: Grid

    def __post_init__(self) -> None:
        """Check that the affine can be inverted."""
        a, b, _, d, e, _ = self.affine
        if not np.isfinite(self.affine).all() or a * e == b * d:
            raise CubeError("the scene has no place on a map", where="affine", found=self.affine)

    def lines(self, start: int, stop: int) -> Ints:
        """Return the flat cell number of each pixel of some lines, shape (lines, samples); -1 outside the grid."""
        rows = np.arange(start, stop + LATTICE, LATTICE, dtype=np.float64)
        columns = np.arange(0, self.samples + LATTICE, LATTICE, dtype=np.float64)
        column, row = np.meshgrid(columns + 0.5, rows + 0.5)
        a, b, c, d, e, f = self.affine
        x, y = a * column + b * row + c, d * column + e * row + f
        if read_crs(self.crs) != read_crs(self.grid.crs):
            x, y = transformer(self.crs, self.grid.crs).transform(x, y)
        right = (np.asarray(x) - self.grid.left) / self.grid.resolution
        down = (self.grid.top - np.asarray(y)) / self.grid.resolution
        cells = np.empty((stop - start, self.samples), np.int64)
        _kernel()(np.ascontiguousarray(right), np.ascontiguousarray(down), self.grid.height, self.grid.width, cells)
        return cells


@cache
def _kernel() -> Callable[..., Any]:
    import numba

    return numba.njit(nogil=True, cache=True)(_interpolate)


def _interpolate(right: Any, down: Any, height: int, width: int, cells: Any) -> None:
    lines, samples = cells.shape
    for line in range(lines):
        node, part = line // 32, (line % 32) / 32.0
        for block in range((samples + 31) // 32):
            left_x = right[node, block] * (1 - part) + right[node + 1, block] * part
            right_x = right[node, block + 1] * (1 - part) + right[node + 1, block + 1] * part
            left_y = down[node, block] * (1 - part) + down[node + 1, block] * part
            right_y = down[node, block + 1] * (1 - part) + down[node + 1, block + 1] * part
            step_x, step_y = (right_x - left_x) / 32.0, (right_y - left_y) / 32.0
            for inner in range(min(32, samples - 32 * block)):
                x, y = left_x + inner * step_x, left_y + inner * step_y
                if 0 <= x < width and 0 <= y < height:
                    cells[line, 32 * block + inner] = int(y) * width + int(x)
                else:
                    cells[line, 32 * block + inner] = -1
