"""Grids that have a name: Alaska Albers, the ABoVE reference tiles, EASE-Grid 2.0 North.

Sources
-------
ABoVE standard reference grid, version 2.1 (doi:10.3334/ORNLDAAC/1527): Canada Albers equal area (ESRI:102001), upper
left corner at x = -3400020 m, y = 4640000 m; 6 x 4 tiles A of 1080 km, each cut into 6 x 6 tiles B of 180 km, each cut
into 6 x 6 tiles C of 30 km; cells of 240 m, 30 m and 5 m. EASE-Grid 2.0 North (EPSG:6931; Brodzik et al. 2012,
doi:10.3390/ijgi1010032, corrected by doi:10.3390/ijgi3031154): outer edges at +-9000 km, columns and rows numbered from
the upper left.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

import numpy as np

from geocryoai.core.errors import GridError
from geocryoai.core.grid import Grid

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

AboveLevel = Literal["A", "B", "C"]

ALASKA_ALBERS = "EPSG:3338"
CANADA_ALBERS = "ESRI:102001"
EASE2_NORTH = "EPSG:6931"

#: Upper left corner of the ABoVE reference grid [m].
ABOVE_ORIGIN = (-3_400_020.0, 4_640_000.0)
#: Level of the ABoVE grid -> tile side [m], cell side [m], columns and rows of tiles.
ABOVE_LEVELS: dict[str, tuple[float, float, int, int]] = {
    "A": (1_080_000.0, 240.0, 6, 4),
    "B": (180_000.0, 30.0, 36, 24),
    "C": (30_000.0, 5.0, 216, 144),
}

#: Outer edge of EASE-Grid 2.0 North on each side [m], and its published cell sides [km].
EASE2_EDGE = 9_000_000.0
EASE2_KM = (1.0, 3.0, 3.125, 6.25, 9.0, 12.5, 25.0, 36.0)

#: Box of Alaska with the Aleutians: west, south, east, north [degrees]; it crosses the antimeridian.
ALASKA_BOX = (172.0, 51.0, -129.5, 71.5)

_ABOVE_NAME = re.compile(r"(?P<level>[ABC])h(?P<column>\d+)v(?P<row>\d+)")
_NAME = re.compile(r"(?P<family>alaska|ease2-north)-(?P<km>\d+(?:\.\d+)?)km")


def named_grid(name: str) -> Grid:
    """Return the grid called ``alaska-Nkm``, ``ease2-north-Nkm`` or ``above-Bh008v003``.

    Raises
    ------
    GridError
        No grid has that name.

    Examples
    --------
    >>> named_grid("ease2-north-25km").shape
    (720, 720)
    """
    if name.startswith("above-"):
        return above_tile(name.removeprefix("above-"))
    match = _NAME.fullmatch(name)
    if match is None:
        raise GridError(
            "no grid has that name",
            found=f"'{name}'",
            expected="'alaska-4km', 'ease2-north-25km' (any published size) or 'above-Bh008v003'",
        )
    km = float(match["km"])
    return alaska(km * 1000) if match["family"] == "alaska" else ease2_north(km)


def alaska(resolution: float) -> Grid:
    """Return the Alaska Albers grid (EPSG:3338) that covers Alaska with the Aleutians; resolution in [m]."""
    return Grid.from_lonlat_box(ALASKA_ALBERS, *ALASKA_BOX, resolution, equal_area=True)


def ease2_north(resolution_km: float) -> Grid:
    """Return the whole EASE-Grid 2.0 North of a published cell side [km]."""
    if resolution_km not in EASE2_KM:
        raise GridError(
            "EASE-Grid 2.0 North has no such cell size",
            found=f"{resolution_km:g} km",
            expected=", ".join(f"{km:g}" for km in EASE2_KM) + " km",
        )
    cells = round(2 * EASE2_EDGE / (resolution_km * 1000))
    return Grid(EASE2_NORTH, -EASE2_EDGE, EASE2_EDGE, resolution_km * 1000, cells, cells)


def above_tile(name: str, resolution: float | None = None) -> Grid:
    """Return one tile of the ABoVE reference grid.

    Parameters
    ----------
    name : str
        Level, column and row from 0, for example ``"Bh008v003"``; two-digit numbers are accepted.
    resolution : float, optional
        Side of a cell [m] if not the level's own (A 240, B 30, C 5); it must divide the tile.
    """
    match = _ABOVE_NAME.fullmatch(name)
    if match is None:
        raise GridError("not a tile of the ABoVE grid", found=f"'{name}'", expected="for example 'Bh008v003'")
    side, size, columns, rows = ABOVE_LEVELS[match["level"]]
    column, row = int(match["column"]), int(match["row"])
    if column >= columns or row >= rows:
        raise GridError(
            "the ABoVE grid has no such tile",
            found=f"'{name}'",
            expected=f"h 0 to {columns - 1} and v 0 to {rows - 1} at level {match['level']}",
        )
    size = size if resolution is None else resolution
    cells = round(side / size)
    if abs(cells * size - side) > 1e-6:
        raise GridError("the cells do not fill the tile", found=f"{size:g} m", expected=f"a divisor of {side:g} m")
    return Grid(CANADA_ALBERS, ABOVE_ORIGIN[0] + column * side, ABOVE_ORIGIN[1] - row * side, size, cells, cells)


def above_tile_of(lon: ArrayLike, lat: ArrayLike, level: AboveLevel = "B") -> NDArray[np.str_]:
    """Return the name of the ABoVE tile that each point falls in; empty outside the grid."""
    side, _, columns, rows = ABOVE_LEVELS[level]
    row, column = Grid(CANADA_ALBERS, *ABOVE_ORIGIN, side, columns, rows).cell_of(lon, lat)
    names = [f"{level}h{h:03d}v{v:03d}" if v >= 0 else "" for v, h in zip(row.ravel(), column.ravel(), strict=True)]
    return np.array(names, dtype=np.str_).reshape(row.shape)
