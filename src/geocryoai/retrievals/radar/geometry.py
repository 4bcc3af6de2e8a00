"""Angle between line of sight and vertical at each pixel: from look vectors, from slant range, or from the track.

On a sphere of radius R, for an aircraft at height H above it and a pixel at height h whose nadir lies at the angle psi
from that of the aircraft, the look angle at the aircraft is atan((R + h) sin psi / (R + H - (R + h) cos psi)), and the
angle at the ground is larger by psi. A flight line is a great circle through its peg point.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from geocryoai.core.errors import ModelError
from geocryoai.retrievals.radar.checks import Array

#: Mean radius of the Earth [m].
EARTH_RADIUS = 6_371_008.8


def incidence_from_look_vector(east: ArrayLike, north: ArrayLike, up: ArrayLike) -> Array:
    """Return the angle [rad] between the vertical and the vector from aircraft to ground (`up` is negative).

    Raises
    ------
    ModelError
        The vectors point upward: they lead from the ground to the aircraft, or axes are mixed up.
    """
    e, n, u = (np.asarray(part, dtype=np.float64) for part in (east, north, up))
    if np.nanmedian(u) > 0 if np.isfinite(u).any() else False:
        raise ModelError(
            "the look vectors point upward", where="up", expected="vectors from the aircraft to the ground"
        )
    length = np.sqrt(e**2 + n**2 + u**2)
    return np.arccos(np.clip(-u / np.where(length > 0, length, np.nan), -1.0, 1.0))


def incidence_from_slant_range(slant_range: ArrayLike, altitude: float, terrain: ArrayLike) -> Array:
    """Return the angle [rad] at the ground from slant range, altitude of the aircraft and of the terrain [m].

    NaN where the range is shorter than the height difference.
    """
    rho, h = np.asarray(slant_range, np.float64), np.asarray(terrain, np.float64)
    ground, air = EARTH_RADIUS + h, EARTH_RADIUS + altitude
    cosine = (air**2 - ground**2 - rho**2) / (2.0 * ground * rho)
    return np.arccos(np.where(np.abs(cosine) <= 1.0, cosine, np.nan))


def incidence_on_ground(
    latitude: ArrayLike,
    longitude: ArrayLike,
    height: ArrayLike,
    *,
    peg: tuple[float, float, float],
    altitude: float,
) -> Array:
    """Return the angle [rad] at the ground from the distance to the flight track.

    Parameters
    ----------
    latitude, longitude : array_like
        Of each pixel [degree].
    height : array_like
        Of each pixel [m]; NaN gives NaN.
    peg : tuple of float
        Latitude, longitude and course [degree] of a point of the track.
    altitude : float
        Of the aircraft [m].
    """
    lat0, lon0, course = np.radians(peg)
    lat, lon = np.radians(np.asarray(latitude, np.float64)), np.radians(np.asarray(longitude, np.float64))
    h = np.asarray(height, np.float64)
    along = np.sin(lat) * np.sin(lat0) + np.cos(lat) * np.cos(lat0) * np.cos(lon - lon0)
    distance = np.arccos(np.clip(along, -1.0, 1.0))
    bearing = np.arctan2(
        np.sin(lon - lon0) * np.cos(lat),
        np.cos(lat0) * np.sin(lat) - np.sin(lat0) * np.cos(lat) * np.cos(lon - lon0),
    )
    psi = np.abs(np.arcsin(np.clip(np.sin(distance) * np.sin(bearing - course), -1.0, 1.0)))
    ground, air = EARTH_RADIUS + h, EARTH_RADIUS + altitude
    return np.asarray(np.arctan2(ground * np.sin(psi), air - ground * np.cos(psi)) + psi)
