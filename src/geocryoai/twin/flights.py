"""Airborne radar in short summer windows: wetness and thaw along flight lines, saturating where the thaw is deep."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from geocryoai.core.projection import LONLAT, transformer
from geocryoai.twin.fields import stream

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geocryoai.twin.network import Places
    from geocryoai.twin.options import TwinOptions
    from geocryoai.twin.truth import Truth

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

#: Points along a line, and months (1 = January) flown in a campaign year.
_POINTS, _WINDOWS = 40, (6, 8)
#: Depth beyond which the radar sees no more thaw [m], and relative noise of its thaw depth [1].
_SATURATION, _NOISE = 0.65, 0.2


def flight_table(options: TwinOptions, places: Places, truth: Truth) -> pl.DataFrame:
    """Return the flight file: a row per line, window and point.

    Thaw depth is that of the date [cm], cut off at the saturation depth and then flagged; wetness is volumetric soil
    moisture of the surface [1].
    """
    rng = stream(options.seed, "flights")
    grid = truth.landscape.grid
    to_lonlat = transformer(grid.crs, LONLAT)
    left, bottom, right, top = grid.bounds
    length = 0.25 * min(right - left, top - bottom)
    parts = []
    for line in range(options.network.flights):
        centre = places.road[rng.integers(len(places.road))]
        heading = rng.uniform(0, np.pi)
        along = np.linspace(-0.5, 0.5, _POINTS)[:, None] * length
        points = centre + along * np.array([[np.sin(heading), np.cos(heading)]])
        lon, lat = (np.round(np.asarray(part, float), 5) for part in to_lonlat.transform(*points.T))
        year = options.years[int(rng.integers(len(options.years)))]
        cell = places.cell(lon, lat)
        on_land = cell >= 0
        for month in _WINDOWS:
            index = 12 * (year - options.first_year) + month - 1
            day = date(year, month, int(rng.integers(10, 25))).isoformat()
            parts.append(_window(truth, f"L{line + 1:02d}", day, index, lon[on_land], lat[on_land], cell[on_land], rng))
    return pl.concat(parts)


def _window(
    truth: Truth,
    line: str,
    day: str,
    month: int,
    lon: Floats,
    lat: Floats,
    cell: Ints,
    rng: np.random.Generator,
) -> pl.DataFrame:
    count = len(cell)
    seen = truth.ground.thaw[month, cell] * np.exp(_NOISE * rng.standard_normal(count))
    deep = seen > _SATURATION
    seen = np.minimum(seen, _SATURATION)
    wetness = 0.25 + 0.5 * truth.cover.wetland_fraction[cell] + 0.05 * rng.standard_normal(count)
    return pl.DataFrame(
        {
            "line": [line] * count,
            "latitude": lat,
            "longitude": lon,
            "date": [day] * count,
            "thaw_cm": np.round(100 * seen, 1),
            "thaw_se_cm": np.round(100 * _NOISE * seen, 1),
            "flag": np.where(deep, "saturated", "ok"),
            "wetness": np.round(np.clip(wetness, 0.05, 0.95), 3),
        }
    )
