"""Where the twin is measured: sites clustered along a road and around stations, the rest empty."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from geocryoai.core.projection import LONLAT, transformer
from geocryoai.twin.fields import stream

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geocryoai.twin.landscape import Landscape
    from geocryoai.twin.options import TwinOptions

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

#: Research stations on the road.
_STATIONS = 4
_TRIES = 200


@dataclass(frozen=True)
class Sites:
    """Sites of one kind.

    Attributes
    ----------
    name : array of str, shape (n,)
    lon, lat : array of float, shape (n,)
        Position, rounded to 1e-5 degree [degree].
    cell : array of int, shape (n,)
        Index of the land cell that holds the site.
    clustered : array of bool, shape (n,)
        Placed along the road or around a station.
    """

    name: NDArray[np.str_]
    lon: Floats
    lat: Floats
    cell: Ints
    clustered: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.lon)


class Places:
    """The road, its stations and the land, from which sites of every kind are drawn.

    Parameters
    ----------
    options : TwinOptions
    landscape : Landscape
    """

    def __init__(self, options: TwinOptions, landscape: Landscape) -> None:
        self._options = options
        self._landscape = landscape
        self._index = np.full(landscape.land.shape, -1, dtype=np.int64)
        self._index[landscape.land] = np.arange(landscape.cells)
        self.road = self._road()
        rng = stream(options.seed, "network.stations")
        chosen = rng.choice(len(self.road), size=min(_STATIONS, len(self.road)), replace=False)
        self.stations = self.road[np.sort(chosen)]

    def _road(self) -> Floats:
        """Return points of a winding road through the land from north to south, shape (n, 2), x and y [m]."""
        options, grid = self._options, self._landscape.grid
        rng = stream(options.seed, "network.road")
        left, bottom, right, top = grid.bounds
        y = np.linspace(top, bottom, 400)
        sway = sum(
            height * np.sin(2 * np.pi * periods * (y - bottom) / (top - bottom) + phase)
            for height, periods, phase in zip((0.10, 0.04), (1.3, 3.7), rng.uniform(0, 2 * np.pi, 2), strict=True)
        )
        points = np.column_stack([left + (right - left) * (0.5 + sway), y])
        on_land = self._cells(points) >= 0
        if on_land.any():
            return points[on_land]
        row, column = np.argwhere(self._landscape.land)[0]
        return np.array([[grid.x[column], grid.y[row]]])

    def _cells(self, points: Floats) -> Ints:
        """Return the land cell of each point (x, y); -1 over sea and outside the grid."""
        lon, lat = transformer(self._landscape.grid.crs, LONLAT).transform(points[:, 0], points[:, 1])
        return self.cell(np.asarray(lon), np.asarray(lat))

    def cell(self, lon: Floats, lat: Floats) -> Ints:
        """Return the land cell of each position; -1 over sea and outside the grid."""
        row, column = self._landscape.grid.cell_of(lon, lat)
        return np.where(row >= 0, self._index[row, column], -1)

    def sites(self, kind: str, prefix: str, count: int) -> Sites:
        """Return `count` sites of one kind.

        Parameters
        ----------
        kind : str
            Names the random stream, so that the sites of one kind do not depend on those of another.
        prefix : str
            Site names are the prefix and a number.
        count : int
        """
        rng = stream(self._options.seed, f"network.{kind}")
        lon, lat = np.empty(count), np.empty(count)
        clustered = rng.random(count) < self._options.network.road_share
        to_lonlat = transformer(self._landscape.grid.crs, LONLAT)
        for i in range(count):
            candidates = self._near(rng) if clustered[i] else self._anywhere(rng)
            longitudes, latitudes = (
                np.round(np.asarray(part, float), 5) for part in to_lonlat.transform(*candidates.T)
            )
            on_land = np.flatnonzero(self.cell(longitudes, latitudes) >= 0)
            lon[i], lat[i] = longitudes[on_land[0]], latitudes[on_land[0]]
        name = np.array([f"{prefix}{i + 1:03d}" for i in range(count)])
        return Sites(name, lon, lat, self.cell(lon, lat), clustered)

    def _near(self, rng: np.random.Generator) -> Floats:
        """Return candidate points around a station or a point of the road; the last one is that point itself."""
        centres = self.stations if rng.random() < 0.6 else self.road
        centre = centres[rng.integers(len(centres))]
        steps = rng.normal(0.0, self._options.network.cluster_scale, (_TRIES, 2))
        return np.vstack([centre + steps, centre[None, :]])

    def _anywhere(self, rng: np.random.Generator) -> Floats:
        """Return one candidate point in a random land cell."""
        grid = self._landscape.grid
        row, column = np.argwhere(self._landscape.land)[rng.integers(self._landscape.cells)]
        offset = rng.uniform(-0.49, 0.49, 2) * grid.resolution
        return np.array([[grid.x[column], grid.y[row]]]) + offset
