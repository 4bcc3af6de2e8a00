"""Where an ENVI raster lies: `map info` and the coordinate system as an affine transformation and a CRS."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from geocryoai.core.errors import SourceError
from geocryoai.core.projection import LONLAT, read_crs

if TYPE_CHECKING:
    from geocryoai.sources.envi.header import EnviHeader

Affine = tuple[float, float, float, float, float, float]


@dataclass(frozen=True)
class MapInfo:
    """Position of a raster.

    Attributes
    ----------
    affine : tuple of 6 float
        ``x = a * column + b * row + c`` and ``y = d * column + e * row + f`` of the outer corner of a pixel, column
        and row from 0; a rotated raster has b and d.
    crs : str
        Code such as ``EPSG:32604``, or WKT.
    """

    affine: Affine
    crs: str

    @property
    def pixel_area(self) -> float:
        """Area of a pixel, in squared units of the CRS."""
        a, b, _, d, e, _ = self.affine
        return abs(a * e - b * d)

    def centre(self, column: np.ndarray, row: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return x and y of pixel centres."""
        a, b, c, d, e, f = self.affine
        column, row = np.asarray(column) + 0.5, np.asarray(row) + 0.5
        return a * column + b * row + c, d * column + e * row + f

    def pixel(self, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the (fractional) column and row of positions; whole numbers are outer corners."""
        a, b, c, d, e, f = self.affine
        determinant = a * e - b * d
        x, y = np.asarray(x) - c, np.asarray(y) - f
        return (e * x - b * y) / determinant, (a * y - d * x) / determinant


def map_info(header: EnviHeader) -> MapInfo | None:
    """Return the position that a header gives; None without `map info`.

    The reference pixel counts from 1 at the outer corner of the upper left pixel. The rotation turns the raster
    counter-clockwise about it [degree].

    Raises
    ------
    SourceError
        The entry is damaged, or gives no CRS.
    """
    value = header.entries.get("map info")
    if value is None:
        return None
    where = f"{header.where}, map info"
    parts = [part.strip() for part in value.strip("{} \n\t").split(",")]
    keyed = {key.strip().lower(): text.strip() for key, _, text in (part.partition("=") for part in parts) if text}
    plain = [part for part in parts if "=" not in part]
    try:
        column, row, x, y, dx, dy = (float(part) for part in plain[1:7])
        rotation = float(keyed.get("rotation", "0"))
    except ValueError as error:
        raise SourceError("the entry is damaged", where=where, found=value[:120]) from error
    if not (dx > 0 and dy > 0):
        raise SourceError("pixels need a positive size", where=where, found=f"{dx:g} by {dy:g}")
    cosine, sine = math.cos(math.radians(rotation)), math.sin(math.radians(rotation))
    a, b, d, e = dx * cosine, dy * sine, dx * sine, -dy * cosine
    c = x - a * (column - 1) - b * (row - 1)
    f = y - d * (column - 1) - e * (row - 1)
    return MapInfo((a, b, c, d, e, f), _crs(header, plain, where))


def _crs(header: EnviHeader, plain: list[str], where: str) -> str:
    name = plain[0].lower()
    if name == "utm":
        zone, hemisphere = plain[7:9] if len(plain) > 8 else ("", "")
        datum = plain[9].replace("-", "").replace(" ", "").lower() if len(plain) > 9 else "wgs84"
        known = zone.isdigit() and 1 <= int(zone) <= 60 and hemisphere.lower() in ("north", "south")
        if known and datum == "wgs84":
            return f"EPSG:{(32600 if hemisphere.lower() == 'north' else 32700) + int(zone)}"
    if name.startswith("geographic") and "WGS-84" in (plain[7:] or ["WGS-84"]):
        return LONLAT
    text = header.entries.get("coordinate system string", "").strip("{} \n\t")
    if not text:
        raise SourceError(
            "the header gives no CRS",
            where=where,
            found=", ".join(plain)[:120],
            expected="UTM with zone, North or South and WGS-84, or a 'coordinate system string'",
            next_step="Add 'coordinate system string = {WKT}' to the header.",
        )
    return read_crs(text).to_wkt()
