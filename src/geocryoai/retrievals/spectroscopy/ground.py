"""Pixels of a map in metres on the ground."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from geocryoai.core.projection import LONLAT, read_crs, transformer

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geocryoai.sources.envi import MapInfo

    Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Ground:
    """Steps of a pixel grid on the ground, near one place.

    Attributes
    ----------
    along_column, along_row : array, shape (2,)
        Metres to the east and north for a step of one column and one row.
    """

    along_column: Floats
    along_row: Floats

    @property
    def pixel_area(self) -> float:
        """Area of a pixel [m2]."""
        return float(abs(self.along_column[0] * self.along_row[1] - self.along_column[1] * self.along_row[0]))

    def metres(self, column: NDArray[np.floating], row: NDArray[np.floating]) -> tuple[Floats, Floats]:
        """Return metres to the east and north of pixel (0, 0)."""
        steps = np.multiply.outer(self.along_column, column) + np.multiply.outer(self.along_row, row)
        return steps[0], steps[1]


def square_ground(side: float) -> Ground:
    """Return the ground of a grid of square pixels with north at the top; `side` in metres."""
    return Ground(np.array([side, 0.0]), np.array([0.0, -side]))


def ground_of(position: MapInfo, shape: tuple[int, int]) -> Ground:
    """Return the ground of a map at its centre; exact for a projection up to its own distortion of scale."""
    a, b, _, d, e, _ = position.affine
    if read_crs(position.crs).is_projected:
        return Ground(np.array([a, d]), np.array([b, e]))
    x, y = position.centre(np.array([shape[1] / 2]), np.array([shape[0] / 2]))
    lon, lat = (float(v[0]) for v in transformer(position.crs, LONLAT).transform(x, y))
    local = transformer(position.crs, f"+proj=laea +lat_0={lat:.6f} +lon_0={lon:.6f} +datum=WGS84 +units=m")
    east, north = local.transform([x[0], x[0] + a, x[0] + b], [y[0], y[0] + d, y[0] + e])
    return Ground(
        np.array([east[1] - east[0], north[1] - north[0]]), np.array([east[2] - east[0], north[2] - north[0]])
    )
