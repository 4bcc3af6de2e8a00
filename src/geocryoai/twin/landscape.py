"""Terrain of the simulated Alaska: an Arctic coast, a coastal plain, a Brooks-Range-like ridge and an interior."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.spatial import cKDTree

from geocryoai.core.errors import GridError
from geocryoai.core.grid import Grid
from geocryoai.core.projection import LONLAT, transformer
from geocryoai.twin.fields import GaussianField, stream

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geocryoai.twin.options import TwinOptions

    Floats = NDArray[np.float64]

CRS = "EPSG:3338"
#: Latitudes that the simulated climate and relief are made for [degree].
LATITUDES = (60.0, 72.5)
#: Mean latitude of the coast and of the crest of the ridge [degree].
COAST, CREST = 70.4, 68.2


@dataclass(frozen=True)
class Landscape:
    """Terrain on the grid; sea cells are computed too, and left out by `land`.

    Attributes
    ----------
    grid : Grid
    land : array of bool, shape (rows, columns)
    lon, lat : array of float, shape (rows, columns)
        Cell centres [degree].
    elevation : array of float, shape (rows, columns)
        Mean surface altitude [m].
    slope : array of float, shape (rows, columns)
        Mean terrain slope within the cell [degree].
    coast_distance : array of float, shape (rows, columns)
        Distance to the coastline [m].
    """

    grid: Grid
    land: NDArray[np.bool_]
    lon: Floats
    lat: Floats
    elevation: Floats
    slope: Floats
    coast_distance: Floats

    @property
    def cells(self) -> int:
        """Number of land cells."""
        return int(self.land.sum())

    def flat(self, field: Floats) -> Floats:
        """Return the land cells of a map (..., rows, columns) as (..., cells), row by row."""
        return field[..., self.land]

    def maps(self, values: Floats) -> NDArray[np.float32]:
        """Return values of the land cells (..., cells) as maps (..., rows, columns), NaN over sea."""
        out = np.full((*values.shape[:-1], *self.land.shape), np.nan, dtype=np.float32)
        out[..., self.land] = values
        return out


def make_landscape(options: TwinOptions) -> Landscape:
    """Return the terrain for these options.

    Raises
    ------
    GridError
        The grid reaches outside the latitudes the twin is made for, or holds no land.
    """
    grid = Grid(CRS, options.left, options.top, options.resolution, options.width, options.height)
    lon, lat = grid.lonlat()
    if lat.min() < LATITUDES[0] or lat.max() > LATITUDES[1]:
        raise GridError(
            "the grid reaches outside the simulated Alaska",
            where="twin",
            found=f"latitudes {lat.min():.2f} to {lat.max():.2f}",
            expected=f"{LATITUDES[0]} to {LATITUDES[1]} degrees north",
            next_step="Change left, top, resolution, width or height (EPSG:3338 metres).",
        )
    coast = _Coast(options.seed)
    land = lat < coast.latitude(lon)
    if not land.any():
        raise GridError(
            "the grid holds no land cell",
            where="twin",
            found=f"latitudes from {lat.min():.2f}, north of the coast",
            next_step="Move 'top' south or make the grid higher.",
        )
    distance = coast.distance(grid, lon)
    elevation, slope = _relief(options, lat, distance)
    return Landscape(grid, land, lon, lat, np.where(land, elevation, 0.0), slope, distance)


class _Coast:
    """A wavy coastline along a parallel."""

    def __init__(self, seed: int) -> None:
        rng = stream(seed, "landscape.coast")
        self._period = np.array([9.0, 3.1, 1.2])
        self._height = np.array([0.22, 0.10, 0.05]) * rng.uniform(0.7, 1.3, 3)
        self._phase = rng.uniform(0, 2 * np.pi, 3)

    def latitude(self, lon: Floats) -> Floats:
        """Return the latitude of the coast at each longitude [degree]."""
        waves = np.sin(2 * np.pi * lon[..., None] / self._period + self._phase)
        latitude: Floats = COAST + waves @ self._height
        return latitude

    def distance(self, grid: Grid, lon: Floats) -> Floats:
        """Return the distance of every cell centre to the coastline [m]."""
        along = np.arange(lon.min() - 8, lon.max() + 8, 0.02)
        line = np.column_stack(transformer(LONLAT, grid.crs).transform(along, self.latitude(along)))
        x, y = np.meshgrid(grid.x, grid.y)
        distance, _ = cKDTree(line).query(np.column_stack([x.ravel(), y.ravel()]))
        return np.asarray(distance, float).reshape(lon.shape)


def _relief(options: TwinOptions, lat: Floats, distance: Floats) -> tuple[Floats, Floats]:
    """Return elevation [m] and slope [degree]."""
    rng = stream(options.seed, "landscape.relief")
    broad = GaussianField(lat.shape, 80_000 / options.resolution, 1.0).draw(rng)
    rough = GaussianField(lat.shape, 25_000 / options.resolution, 0.5).draw(rng)
    ridge = np.exp(-(((lat - CREST) / 0.75) ** 2))
    upland = 1 / (1 + np.exp(-broad))
    ramp = 320 * (1 - np.exp(-distance / 150_000))
    inland = np.clip((CREST - lat) / 1.5, 0, 1)
    elevation = 2 + ramp * (0.5 + 0.6 * upland) + 1050 * ridge * (0.75 + 0.5 * upland) + 260 * inland * upland
    hills = np.clip(0.06 + ridge + 0.35 * inland * upland, 0, 1) * np.minimum(1, distance / 60_000)
    elevation = np.maximum(1.0, elevation + 130 * hills * rough)
    gradient = np.hypot(*np.gradient(elevation, options.resolution))
    within = 0.25 + 13 * hills * np.exp(0.35 * rough)
    return elevation, np.minimum(np.degrees(np.arctan(gradient)) + within, 40.0)
