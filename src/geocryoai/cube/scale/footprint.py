"""What a flux tower sees: the flux footprint prediction of Kljun et al. (2015), summed over its half hours.

References
----------
Kljun, N., Calanca, P., Rotach, M. W. and Schmid, H. P. (2015), Geoscientific Model Development 8, 3695-3713,
doi:10.5194/gmd-8-3695-2015.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from geocryoai.core.errors import CubeError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]

#: Parameters of the scaled crosswind-integrated footprint F* = a (X* - d)^b exp(-c / (X* - d)) (Eq. 14 of the paper).
A_F, B_F, C_F, D_F = 1.4524, -1.9914, 1.4622, 0.1359

#: Parameters of the scaled crosswind dispersion a (b X*^2 / (1 + c X*))^(1/2).
A_C, B_C, C_C = 2.17, 1.66, 20.0

#: Constant of von Karman [1].
KARMAN = 0.4

#: Obukhov length beyond which the air counts as neutral [m].
_NEUTRAL = 5000.0


@dataclass(frozen=True)
class Footprint:
    """Weights of places around a tower.

    Attributes
    ----------
    east, north : array, shape (n,)
        Centres of the cells from the tower [m].
    weight : array, shape (n, n), rows to the north
        Share of the flux from each cell [1]; they sum to `inside`.
    inside : float
        Share of the flux that comes from within the square [1].
    """

    east: Floats
    north: Floats
    weight: Floats
    inside: float


def crosswind_integrated(
    distance: ArrayLike, *, height: float, roughness: float, boundary_layer: float, obukhov: float
) -> Floats:
    """Return the crosswind-integrated footprint at distances upwind [m-1]; zero close to the tower and downwind.

    Parameters
    ----------
    distance : array_like
        Upwind of the tower [m].
    height : float
        Of the instrument above the displacement height [m].
    roughness : float
        Roughness length [m].
    boundary_layer : float
        Height of the boundary layer [m].
    obukhov : float
        Obukhov length [m], negative where the air is unstable.
    """
    scale = _scale(height, roughness, boundary_layer, obukhov)
    scaled = np.asarray(distance, np.float64) / scale
    beyond = np.maximum(scaled - D_F, 1e-12)
    value = A_F * beyond**B_F * np.exp(-C_F / beyond)
    return np.asarray(np.where(scaled > D_F, value, 0.0) / scale)


def tower_footprint(
    wind_direction: ArrayLike,
    obukhov: ArrayLike,
    sigma_v: ArrayLike,
    friction_velocity: ArrayLike,
    *,
    height: float,
    roughness: float,
    boundary_layer: float = 1000.0,
    reach: float = 1000.0,
    resolution: float = 10.0,
) -> Footprint:
    """Return the mean footprint of a tower over many half hours.

    Parameters
    ----------
    wind_direction, obukhov, sigma_v, friction_velocity : array_like, shape (n,)
        Where the wind comes from [degree from north], Obukhov length [m], standard deviation of the crosswind and
        friction velocity [m s-1] of each half hour. Half hours outside the model's range are left out: NaN, friction
        velocity below 0.1 m s-1, height over Obukhov length below -15.5.
    height, roughness, boundary_layer : float
        See `crosswind_integrated`.
    reach : float
        Half the side of the square around the tower [m].
    resolution : float
        Side of a cell [m].

    Returns
    -------
    Footprint

    Raises
    ------
    CubeError
        Heights outside the model's range, or no usable half hour.
    """
    given = (wind_direction, obukhov, sigma_v, friction_velocity)
    parts = np.broadcast_arrays(*(np.asarray(part, np.float64).ravel() for part in given))
    if not 20 * roughness < height < boundary_layer:
        raise CubeError("the footprint model does not hold", where="height [m]", found=f"{height:g}",
                        expected=f"{20 * roughness:g} (20 roughness lengths) to {boundary_layer:g}")  # fmt: skip
    usable = np.isfinite(parts).all(0) & (parts[3] >= 0.1) & (parts[2] > 0) & (parts[1] != 0)
    usable &= np.divide(height, parts[1], out=np.full(parts[1].shape, -np.inf), where=parts[1] != 0) >= -15.5
    if not usable.any():
        raise CubeError("no half hour can be used for a footprint", where="obukhov, sigma_v, friction_velocity")
    count = 2 * max(1, round(reach / resolution))
    axis = np.asarray((np.arange(count) + 0.5 - count / 2) * resolution, np.float64)
    east, north = np.meshgrid(axis, axis[::-1])
    total = np.zeros(east.shape)
    for direction, length, crosswind, friction in np.stack(parts, 1)[usable]:
        total += _one(east, north, direction, length, crosswind / friction, (height, roughness, boundary_layer))
    weight = total * resolution**2 / int(usable.sum())
    inside = float(weight.sum())
    if inside > 1:
        weight, inside = weight / inside, 1.0
    return Footprint(axis, axis[::-1], weight, inside)


def _one(
    east: Floats, north: Floats, direction: float, length: float, ratio: float, heights: tuple[float, float, float]
) -> Floats:
    angle = np.radians(direction)
    upwind = east * np.sin(angle) + north * np.cos(angle)
    across = east * np.cos(angle) - north * np.sin(angle)
    height, roughness, boundary_layer = heights
    along = crosswind_integrated(
        upwind, height=height, roughness=roughness, boundary_layer=boundary_layer, obukhov=length
    )
    scaled = np.maximum(upwind / _scale(*heights, length), 1e-9)
    spread = A_C * np.sqrt(B_C * scaled**2 / (1 + C_C * scaled))
    stability = abs(height / length)
    slant = min(1.0, 1e-5 / stability + (0.8 if length <= 0 else 0.55)) if stability > 0 else 1.0
    width = spread / slant * height * ratio
    return np.asarray(along * np.exp(-0.5 * (across / width) ** 2) / (np.sqrt(2 * np.pi) * width))


def _scale(height: float, roughness: float, boundary_layer: float, obukhov: float) -> float:
    """Return the distance that scales X* [m]: height (ln(height / roughness) - psi) / (1 - height / boundary layer)."""
    if obukhov <= 0 or obukhov >= _NEUTRAL:
        x = (1 - 19.0 * height / obukhov) ** 0.25 if obukhov < 0 else 1.0
        psi = np.log((1 + x**2) / 2) + 2 * np.log((1 + x) / 2) - 2 * np.arctan(x) + np.pi / 2
    else:
        psi = -5.3 * height / obukhov
    return float(height * (np.log(height / roughness) - psi) / (1 - height / boundary_layer))
