"""A circle on a grid: the exact share of its area in each cell. A plain stand-in where no footprint can be computed.

A flux tower does not see a circle: near its mast it sees nothing, far away little, and most of it upwind. The circle
only says about how far it sees.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from geocryoai.core.errors import CubeError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geocryoai.core.grid import Grid

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]


def circle_weights(grid: Grid, at: tuple[float, float], radius: float) -> tuple[Ints, Floats]:
    """Return the cells of a grid that a circle touches and the share of the circle in each.

    Parameters
    ----------
    grid : Grid
        Of a projected CRS.
    at : tuple of float
        Centre in the CRS of the grid [m].
    radius : float
        [m], above 0.

    Returns
    -------
    cells : array of int, shape (k,)
        Flat cell numbers, ascending.
    weights : array of float, shape (k,)
        Their sum is the share of the circle that lies on the grid.

    Raises
    ------
    CubeError
        The radius is not above 0.
    """
    if not (np.isfinite(radius) and radius > 0):
        raise CubeError("a circle has no area", where="radius [m]", found=f"{radius:g}", expected="above 0")
    size = grid.resolution
    columns, rows = (
        np.arange(max(0, int((c - radius) // size)), min(count, int((c + radius) // size) + 1))
        for c, count in ((at[0] - grid.left, grid.width), (grid.top - at[1], grid.height))
    )
    if len(columns) == 0 or len(rows) == 0:
        return np.empty(0, np.int64), np.empty(0)
    x = (grid.left + size * np.append(columns, columns[-1] + 1) - at[0]) / radius
    y = (at[1] - grid.top + size * np.append(rows, rows[-1] + 1)) / radius
    below = _area_below(x[None], y[:, None])
    share = np.maximum(np.diff(np.diff(below, axis=0), axis=1), 0.0).ravel() / np.pi
    cells = (rows[:, None] * grid.width + columns).ravel()
    touched = share > 1e-12
    return cells[touched], share[touched]


def _area_below(x: Floats, y: Floats) -> Floats:
    """Return the area of the part of the unit circle left of x and below y."""
    x, y = np.broadcast_arrays(np.clip(x, -1.0, 1.0), np.clip(y, -1.0, 1.0))
    corner = np.sqrt(1.0 - y**2)
    inner, outer = np.clip(x, -corner, corner), np.clip(x, corner, 1.0)
    left = np.clip(x, -1.0, -corner)
    strip = y * (inner + corner) + _half(inner) - _half(-corner)
    full = 2.0 * (_half(left) - _half(np.full(x.shape, -1.0)) + _half(outer) - _half(corner))
    return np.asarray(strip + np.where(y > 0, full, 0.0))


def _half(x: Floats) -> Floats:
    """Return the integral of sqrt(1 - x^2)."""
    return np.asarray((x * np.sqrt(1.0 - x**2) + np.arcsin(x)) / 2.0)
