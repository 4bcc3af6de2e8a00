"""Radiation that a slope receives, relative to flat ground, and that of the open sky, month by month.

The sun's beam is summed over the middle day of each month in steps of a quarter of an hour; the beam's share follows
the slope, the diffuse share comes evenly from the part of the sky that the slope sees. Hills do not shade each other.

References
----------
Spencer, J. W. (1971), Search 2, 172 (declination).
Liu, B. Y. H. and Jordan, R. C. (1960), Sol. Energy 4, 1-19, doi:10.1016/0038-092X(60)90062-1 (tilted surfaces).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from geocryoai.processes.checks import Array, between

#: Radiation at the mean distance of the sun [W m-2].
SOLAR_CONSTANT = 1361.0

#: Share of the beam that clear air lets through when the sun is in the zenith [1].
CLEAR_AIR = 0.7

#: Middle day of each month.
_MIDDLE = np.array([16, 46, 75, 105, 136, 166, 197, 228, 258, 289, 319, 350])


def sky_radiation(latitude: ArrayLike) -> Array:
    """Return the daily radiation at the top of the atmosphere on flat ground [MJ m-2 d-1].

    Parameters
    ----------
    latitude : array_like, shape (...)
        North positive [degree].

    Returns
    -------
    array, shape (..., 12)
    """
    beam = _beam(between("latitude [degree]", latitude, -90.0, 90.0), np.zeros(()), np.zeros(()))
    return np.asarray(beam)


def slope_ratio(latitude: ArrayLike, slope: ArrayLike, aspect: ArrayLike, diffuse: float = 0.45) -> Array:
    """Return the radiation on a slope divided by that on flat ground.

    Parameters
    ----------
    latitude : array_like, shape (...)
        North positive [degree].
    slope : array_like, shape (...)
        Steepness [degree], 0 to 90.
    aspect : array_like, shape (...)
        Direction in which the ground falls, clockwise from north [degree].
    diffuse : float, default 0.45
        Share of the radiation on flat ground that is diffuse [1].

    Returns
    -------
    array, shape (..., 12)
        Per month [1]; 1 where the sun does not rise.

    Examples
    --------
    >>> north, south = slope_ratio(65.0, 20.0, [0.0, 180.0])[:, 5]
    >>> bool(north < 1 < south)
    True
    """
    phi = between("latitude [degree]", latitude, -90.0, 90.0)
    tilt = between("slope [degree]", slope, 0.0, 90.0)
    facing = between("aspect [degree]", aspect, 0.0, 360.0)
    share = float(between("diffuse [1]", diffuse, 0.0, 1.0))
    phi, tilt, facing = np.broadcast_arrays(phi, tilt, facing)
    flat = _beam(phi, np.zeros_like(tilt), facing, CLEAR_AIR)
    lit = flat > 1e-3
    direct = np.where(lit, _beam(phi, tilt, facing, CLEAR_AIR) / np.where(lit, flat, 1.0), 1.0)
    sky = 0.5 * (1.0 + np.cos(np.radians(tilt)))[..., None]
    return np.where(lit, (1.0 - share) * direct + share * sky, 1.0)


def _beam(latitude: Array, slope: Array, aspect: Array, transmittance: float = 1.0) -> Array:
    """Return the beam on a surface [MJ m-2 d-1], with the months last, through air that lets a zenith beam pass so."""
    angle = 2.0 * np.pi * (_MIDDLE - 1) / 365.0
    tilt_of_earth = (0.006918 - 0.399912 * np.cos(angle) + 0.070257 * np.sin(angle) - 0.006758 * np.cos(2 * angle)
                     + 0.000907 * np.sin(2 * angle))[:, None]  # fmt: skip
    nearness = (1.0 + 0.0334 * np.cos(2.0 * np.pi * (_MIDDLE - 3) / 365.25))[:, None]
    hour = np.radians(np.arange(-180.0, 180.0, 3.75) + 1.875)
    phi, s, a = (np.radians(x)[..., None, None] for x in (latitude, slope, aspect))
    up = np.sin(phi) * np.sin(tilt_of_earth) + np.cos(phi) * np.cos(tilt_of_earth) * np.cos(hour)
    north = np.cos(phi) * np.sin(tilt_of_earth) - np.sin(phi) * np.cos(tilt_of_earth) * np.cos(hour)
    east = -np.cos(tilt_of_earth) * np.sin(hour)
    facing_sun = up * np.cos(s) + np.sin(s) * (north * np.cos(a) + east * np.sin(a))
    air = transmittance ** (1.0 / np.maximum(up, 0.02))
    shining = np.where(up > 0.0, air * np.maximum(facing_sun, 0.0), 0.0)
    total: Array = SOLAR_CONSTANT * 0.0864 * (nearness * shining).mean(axis=-1)
    return total
