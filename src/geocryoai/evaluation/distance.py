"""Great-circle distances between rows of samples."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from geocryoai.core.sphere import nearest_positions

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geocryoai.cube.samples import Floats, Ints, Samples


def located(samples: Samples) -> NDArray[np.bool_]:
    """Return which rows have a position."""
    return np.asarray(np.isfinite(samples.lon) & np.isfinite(samples.lat))


def nearest_km(samples: Samples, rows: Ints, among: Ints) -> tuple[Floats, Ints]:
    """Return the distance [km] of each of `rows` to the nearest of `among`, and which row that is.

    All rows must have a position.
    """
    lon, lat = samples.lon, samples.lat
    index, distance = nearest_positions(lon[rows], lat[rows], lon[among], lat[among])
    return distance, among[index]


def beyond_buffer(samples: Samples, train: Ints, test: Ints, km: float) -> Ints:
    """Return the training rows that are farther than `km` from every test row; rows without a position stay."""
    known = located(samples)
    placed, tested = train[known[train]], test[known[test]]
    if km <= 0 or not len(placed) or not len(tested):
        return train
    near = placed[nearest_km(samples, placed, tested)[0] <= km]
    return train[~np.isin(train, near)]
