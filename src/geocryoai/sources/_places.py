"""Positions in degrees from declared columns; an impossible one is logged and left unknown."""

from __future__ import annotations

import numpy as np
import polars as pl

from geocryoai.core.errors import SourceError
from geocryoai.core.projection import LONLAT, transformer
from geocryoai.sources._declared import Taken, TextTable
from geocryoai.sources._tabular import exclude, rows_of


def positions(
    table: TextTable, lon: str | float | None, lat: str | float | None, taken: Taken
) -> tuple[pl.Series, pl.Series]:
    """Return longitude in [-180, 180) and latitude of each row [degree]; null where unknown."""
    count = table.cells.height
    east = table.number(lon, taken, "lon") if isinstance(lon, str) else pl.Series([lon] * count, dtype=pl.Float64)
    north = table.number(lat, taken, "lat") if isinstance(lat, str) else pl.Series([lat] * count, dtype=pl.Float64)
    return checked(table, east, north, taken)


def projected_positions(table: TextTable, x: str, y: str, crs: str, taken: Taken) -> tuple[pl.Series, pl.Series]:
    """Return longitude and latitude of each row [degree] from projected coordinates in `crs`."""
    east, north = table.number(x, taken, "x"), table.number(y, taken, "y")
    lon, lat = transformer(crs, LONLAT).transform(east.to_numpy().astype(float), north.to_numpy().astype(float))
    known = np.isfinite(lon) & np.isfinite(lat)
    east, north = (pl.Series(np.where(known, values, np.nan), nan_to_null=True) for values in (lon, lat))
    return checked(table, east, north, taken)


def checked(table: TextTable, lon: pl.Series, lat: pl.Series, taken: Taken) -> tuple[pl.Series, pl.Series]:
    """Return positions with the impossible ones set to null and logged; longitudes are wrapped.

    Raises
    ------
    SourceError
        Most positions are impossible: longitude and latitude are swapped, or they are not degrees.
    """
    bad = (lat.abs() > 90).fill_null(False) | ((lon < -180) | (lon > 360)).fill_null(False)
    if bad.sum() * 2 > lat.is_not_null().sum():
        row = int(rows_of(bad)[0])
        raise SourceError(
            "most positions are not on the globe; are lon and lat swapped, or the coordinates not in degrees?",
            where=table.source,
            found=f"lon {lon[row]:g}, lat {lat[row]:g} in data row {table.rows[row]}",
            expected="lon -180 to 360, lat -90 to 90",
            next_step="Declare the right columns, or x, y and crs.",
        )
    half = (lon.is_null() != lat.is_null()) & ~bad
    for mask, reason in ((bad, "not on the globe"), (half, "longitude or latitude is absent")):
        raw = pl.Series([f"{a}, {b}" for a, b in zip(lon.filter(mask), lat.filter(mask), strict=True)], dtype=pl.String)
        rows = table.rows.gather(rows_of(mask))
        taken.exclusions.append(exclude(raw, rows, source=table.source, variable="position", reason=reason))
    unknown = bad | half
    wrapped = (lon + 180.0) % 360.0 - 180.0
    east = pl.select(pl.when((lon >= -180) & (lon < 180)).then(lon).otherwise(wrapped)).to_series()
    return east.set(unknown, None).alias("lon"), lat.set(unknown, None).alias("lat")
