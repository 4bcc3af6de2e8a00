"""Positions on the sphere and great-circle distances."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Mean Earth radius [km] (IUGG).
EARTH_RADIUS_KM = 6371.0088


def nearest_positions(
    lon: NDArray[np.float64], lat: NDArray[np.float64], other_lon: NDArray[np.float64], other_lat: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return for each position the index of the nearest other one, and the great-circle distance [km].

    A position that is unknown (NaN), or has nothing to compare with, gets index -1 and an infinite distance.
    """
    from scipy.spatial import cKDTree

    index = np.full(len(lon), -1, dtype=np.int64)
    distance = np.full(len(lon), np.inf)
    known = np.isfinite(lon) & np.isfinite(lat)
    if known.any() and len(other_lon):
        tree = cKDTree(unit_vectors(other_lon, other_lat))
        chord, found = tree.query(unit_vectors(lon[known], lat[known]))
        index[known] = found
        distance[known] = 2.0 * EARTH_RADIUS_KM * np.arcsin(np.clip(chord / 2.0, 0.0, 1.0))
    return index, distance


def unit_vectors(lon: NDArray[np.float64], lat: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return positions on the unit sphere, shape (n, 3), from degrees."""
    lam, phi = np.radians(lon), np.radians(lat)
    return np.column_stack([np.cos(phi) * np.cos(lam), np.cos(phi) * np.sin(lam), np.sin(phi)])
