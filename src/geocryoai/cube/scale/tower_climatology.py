"""The cells that a flux tower sees: the footprint of Kljun et al. (2015) of many half hours, straight onto a grid.

Each half hour is spread over points of equal weight: quantiles of the crosswind-integrated footprint, whose integral is
an incomplete gamma function, times quantiles of the normal distribution across the wind. This costs the same whatever
the size of the cells, and agrees with `tower_footprint`, which fills a fine raster.

References
----------
Kljun, N., Calanca, P., Rotach, M. W. and Schmid, H. P. (2015), Geoscientific Model Development 8, 3695-3713,
doi:10.5194/gmd-8-3695-2015.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import gammainccinv, ndtri

from geocryoai.core.errors import CubeError
from geocryoai.cube.scale.footprint import A_C, B_C, B_F, C_C, C_F, D_F, KARMAN

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geocryoai.core.grid import Grid

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

#: Points along and across the wind for each half hour, and half hours at once.
ALONG, ACROSS, AT_ONCE = 60, 15, 500

#: Smallest friction velocity [m s-1], and smallest ratio of height to Obukhov length, for which the model was made.
LEAST_FRICTION, MOST_UNSTABLE = 0.1, -15.5


@dataclass(frozen=True)
class Turbulence:
    """Half hours (or other short means) at one tower; arrays of shape (n,), NaN where unknown.

    Attributes
    ----------
    friction_velocity, wind_speed, sigma_v : array
        u*, mean wind at the instrument, and standard deviation of the wind across it [m s-1].
    wind_direction : array
        Where the wind comes from, clockwise from north [degree].
    obukhov_length : array
        [m]; negative: unstable, infinite: neutral.
    boundary_layer_height : array
        [m].
    height : array
        Of the instrument above the displacement height [m].
    """

    friction_velocity: Floats
    wind_speed: Floats
    sigma_v: Floats
    wind_direction: Floats
    obukhov_length: Floats
    boundary_layer_height: Floats
    height: Floats

    def usable(self) -> NDArray[np.bool_]:
        """Return which half hours the model holds for."""
        known = np.isfinite(
            [self.friction_velocity, self.wind_speed, self.sigma_v, self.wind_direction, self.boundary_layer_height,
             self.height]
        ).all(axis=0) & ~np.isnan(self.obukhov_length) & (self.obukhov_length != 0)  # fmt: skip
        turbulent = (self.friction_velocity >= LEAST_FRICTION) & (self.sigma_v > 0) & (self.wind_speed > 0)
        inside = (self.height > 0) & (self.height < self.boundary_layer_height)
        return np.asarray(known & turbulent & inside & (self.stability() >= MOST_UNSTABLE))

    def stability(self) -> Floats:
        """Return height over Obukhov length [1]; 0 where neutral."""
        length = np.where(self.obukhov_length == 0, np.nan, self.obukhov_length)
        return np.asarray(np.divide(self.height, length))


def tower_weights(
    grid: Grid, at: tuple[float, float], turbulence: Turbulence, *, north: float = 0.0, reach: float = 1000.0
) -> tuple[Ints, Floats, int]:
    """Return the cells of a grid that a tower sees, and the share of its flux that comes from each.

    Parameters
    ----------
    grid : Grid
        Of a projected CRS.
    at : tuple of float
        The tower in the CRS of the grid [m].
    turbulence : Turbulence
        The half hours that the mean footprint is made of; those that the model does not hold for are left out.
    north : float
        Direction of true north on the grid, clockwise from up [degree].
    reach : float
        What comes from farther away is not counted [m].

    Returns
    -------
    cells : array of int, shape (k,)
        Flat cell numbers, ascending.
    weights : array of float, shape (k,)
        Their sum is the share of the flux that comes from within the reach and from the grid.
    used : int
        Half hours that were used.

    Raises
    ------
    CubeError
        No half hour can be used.
    """
    rows = np.flatnonzero(turbulence.usable())
    if len(rows) == 0:
        raise CubeError(
            "no half hour can be used for a footprint", where="meteorology",
            found=f"{len(turbulence.height)} rows",
            expected=f"friction velocity of {LEAST_FRICTION:g} m s-1 or more, a height below the boundary layer's, and "
            f"height over Obukhov length of {MOST_UNSTABLE:g} or more",
        )  # fmt: skip
    column0, row0 = (int((c - reach) // grid.resolution) for c in (at[0] - grid.left, grid.top - at[1]))
    side = int(2 * reach // grid.resolution) + 2
    total = np.zeros(side * side)
    for start in range(0, len(rows), AT_ONCE):
        east, up = _points(turbulence, rows[start : start + AT_ONCE], north)
        near = np.hypot(east, up) <= reach
        column = np.floor((at[0] + east[near] - grid.left) / grid.resolution).astype(np.int64) - column0
        row = np.floor((grid.top - at[1] - up[near]) / grid.resolution).astype(np.int64) - row0
        total += np.bincount(row * side + column, minlength=side * side)
    local = np.flatnonzero(total)
    row, column = local // side + row0, local % side + column0
    inside = (row >= 0) & (row < grid.height) & (column >= 0) & (column < grid.width)
    weights = total[local][inside] / (len(rows) * ALONG * ACROSS)
    return (row * grid.width + column)[inside], weights, len(rows)


def _points(turbulence: Turbulence, rows: Ints, north: float) -> tuple[Floats, Floats]:
    """Return the points of some half hours east and up of the tower on the grid [m], shape (m, ALONG, ACROSS)."""
    height, friction = turbulence.height[rows], turbulence.friction_velocity[rows]
    shear = KARMAN * turbulence.wind_speed[rows] / friction
    scale = height * shear / (1.0 - height / turbulence.boundary_layer_height[rows])
    share = (np.arange(ALONG) + 0.5) / ALONG
    scaled = D_F + C_F / gammainccinv(-B_F - 1.0, share)
    spread = A_C * np.sqrt(B_C * scaled**2 / (1.0 + C_C * scaled))
    stability = turbulence.stability()[rows]
    base = np.where(stability > 0, 0.55, 0.8)
    slant = np.minimum(1.0, base + np.divide(1e-5, abs(stability), out=np.ones(len(rows)), where=stability != 0))
    width = spread * (height * turbulence.sigma_v[rows] / friction / slant)[:, None]
    along = (scaled * scale[:, None])[:, :, None]
    across = width[:, :, None] * ndtri((np.arange(ACROSS) + 0.5) / ACROSS)
    angle = np.radians(turbulence.wind_direction[rows] + north)[:, None, None]
    east = along * np.sin(angle) + across * np.cos(angle)
    up = along * np.cos(angle) - across * np.sin(angle)
    return east, up
