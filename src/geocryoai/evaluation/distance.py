"""Great-circle distances between places, safe at the antimeridian and the pole."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.spatial import cKDTree

if TYPE_CHECKING:
    from geocryoai.cube.samples import Floats, Ints, Samples

#: Mean radius of the Earth [km] (IUGG).
EARTH_RADIUS_KM = 6371.0088


def unit_vectors(lon: Floats, lat: Floats) -> Floats:
    """Return points on the unit sphere, shape (n, 3), from longitude and latitude [degree]."""
    east, north = np.radians(lon), np.radians(lat)
    return np.column_stack([np.cos(north) * np.cos(east), np.cos(north) * np.sin(east), np.sin(north)])


def chord(km: float) -> float:
    """Return the straight distance on the unit sphere of a great-circle distance [km]."""
    return float(2.0 * np.sin(min(km / (2.0 * EARTH_RADIUS_KM), np.pi / 2)))


def located(samples: Samples) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Return which rows have a position."""
    known: np.ndarray[tuple[int], np.dtype[np.bool_]] = np.isfinite(samples.lon) & np.isfinite(samples.lat)
    return known


def nearest_km(samples: Samples, rows: Ints, among: Ints) -> tuple[Floats, Ints]:
    """Return the distance [km] of each of `rows` to the nearest of `among`, and which row that is.

    All rows must have a position.
    """
    tree = cKDTree(unit_vectors(samples.lon[among], samples.lat[among]))
    straight, position = tree.query(unit_vectors(samples.lon[rows], samples.lat[rows]))
    return 2.0 * EARTH_RADIUS_KM * np.arcsin(np.clip(straight / 2.0, 0.0, 1.0)), among[position]


def beyond_buffer(samples: Samples, train: Ints, test: Ints, km: float) -> Ints:
    """Return the training rows that are farther than `km` from every test row; rows without a position stay."""
    known = located(samples)
    placed, tested = train[known[train]], test[known[test]]
    if km <= 0 or not len(placed) or not len(tested):
        return train
    near = placed[nearest_km(samples, placed, tested)[0] <= km]
    return train[~np.isin(train, near)]
