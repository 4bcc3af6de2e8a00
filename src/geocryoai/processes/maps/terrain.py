"""What a forest must know of the map as a whole: where each cell lies, and its slope and aspect from heights.

Slope and aspect follow from central differences of the heights of the neighbouring cells (Zevenbergen and Thorne 1987),
one-sided at the edges of the map. The aspect is turned from the north of the grid to true north.

References
----------
Zevenbergen, L. W. and Thorne, C. R. (1987), Earth Surf. Process. Landforms 12, 47-56 (slope and aspect).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from geocryoai.core.errors import ModelError
from geocryoai.core.projection import LONLAT, read_crs, transformer
from geocryoai.processes.checks import Array

if TYPE_CHECKING:
    import xarray as xr

    from geocryoai.processes.maps.contract import GivenDrivers

#: Names under which number and latitude of each cell are put among the fields.
CELL, LATITUDE = "cell_number", "cell_latitude"

#: Step by which true north is found [degree of latitude].
_STEP = 0.01


def with_places(
    fields: xr.Dataset, drivers: GivenDrivers | None, known: tuple[str, ...]
) -> tuple[xr.Dataset, GivenDrivers]:
    """Return fields and drivers with number and latitude of each cell, and slope and aspect where heights are given.

    Parameters
    ----------
    fields : xarray.Dataset
        On ``y, x`` in metres, with a coordinate that holds ``crs_wkt``.
    drivers : dict of str to str or float, or None
        As in `simulate_map`; None: the fields that bear a driver's name.
    known : tuple of str
        Names of the drivers of the process.

    Raises
    ------
    ModelError
        The fields are not on a projected grid, or neither slope nor height of the ground is given.
    """
    present = set(map(str, fields.data_vars))
    chosen = dict(drivers) if drivers is not None else {name: name for name in known if name in present}
    new: dict[str, tuple[Array, str]] = {}
    if CELL not in present:
        new[LATITUDE] = _latitude(fields)[0], "degree"
        rows, columns = fields.sizes["y"], fields.sizes["x"]
        new[CELL] = np.arange(rows * columns, dtype=np.float64).reshape(rows, columns), "1"
    chosen |= {"cell": CELL, "latitude": LATITUDE}
    height = chosen.get("elevation")
    if "slope" not in chosen and isinstance(height, str):
        chosen |= {"slope": f"slope_of_{height}", "aspect": f"aspect_of_{height}"}
        if f"slope_of_{height}" not in present:
            slope, aspect = slope_and_aspect(*_heights(fields, height))
            new[f"slope_of_{height}"] = slope, "degree"
            new[f"aspect_of_{height}"] = (aspect - _latitude(fields)[1]) % 360.0, "degree"
    if "slope" not in chosen or ("aspect" not in chosen and chosen["slope"] != 0):
        missing = "slope" if "slope" not in chosen else "aspect"
        raise ModelError(
            f"the driver '{missing}' is missing", where="process forest, drivers",
            next_step="Name fields or numbers for slope and aspect [degree], or a field of heights as elevation.",
        )  # fmt: skip
    added = {name: (("y", "x"), values, {"units": unit}) for name, (values, unit) in new.items()}
    return fields.assign(added), chosen


def slope_and_aspect(height: Array, y: Array, x: Array) -> tuple[Array, Array]:
    """Return slope and aspect of a surface [degree].

    Parameters
    ----------
    height : array, shape (rows, columns)
        [m]; NaN where unknown, which its neighbours then are too.
    y, x : array, shape (rows,) and (columns,)
        Positions [m], y to the north.

    Returns
    -------
    slope, aspect : array, shape (rows, columns)
        0 to 90, and the direction in which the ground falls, clockwise from the y axis; 0 where flat.

    Examples
    --------
    >>> y, x = np.array([20.0, 10.0, 0.0]), np.array([0.0, 10.0, 20.0])
    >>> slope, aspect = slope_and_aspect(np.add.outer(y, 0 * x), y, x)
    >>> float(slope[1, 1]), float(aspect[1, 1])
    (45.0, 180.0)
    """
    if min(height.shape) < 2:
        raise ModelError("slope needs at least two rows and two columns of heights", where="elevation",
                         found=height.shape, next_step="Name slope and aspect, or take a larger map.")  # fmt: skip
    north, east = np.gradient(height, y, x)
    slope = np.degrees(np.arctan(np.hypot(north, east)))
    aspect = np.degrees(np.arctan2(-east, -north)) % 360.0
    return slope, np.where(slope > 0.0, aspect, np.where(np.isfinite(slope), 0.0, np.nan))


def _latitude(fields: xr.Dataset) -> tuple[Array, Array]:
    """Return latitude, and the direction of true north clockwise from the y axis [degree], shape (y, x)."""
    wkt = next((str(fields[n].attrs["crs_wkt"]) for n in fields.coords if "crs_wkt" in fields[n].attrs), None)
    if not {"y", "x"} <= set(fields.dims) or wkt is None or read_crs(wkt).is_geographic:
        raise ModelError("a forest grows on a projected grid", where="process forest",
                         found=f"dimensions {', '.join(map(str, fields.dims))}",
                         expected="y and x [m], and a coordinate with crs_wkt")  # fmt: skip
    x, y = np.meshgrid(*(fields[name].to_numpy().astype(np.float64) for name in ("x", "y")))
    lon, lat = (np.asarray(a) for a in transformer(wkt, LONLAT).transform(x, y))
    back = np.clip(lat - _STEP, -90.0, 90.0)
    x_south, y_south = (np.asarray(a) for a in transformer(LONLAT, wkt).transform(lon, back))
    return lat, np.degrees(np.arctan2(x - x_south, y - y_south))


def _heights(fields: xr.Dataset, name: str) -> tuple[Array, Array, Array]:
    """Return heights [m] and their positions [m]."""
    from geocryoai.core.units import convert

    if name not in fields.data_vars or tuple(fields[name].dims) != ("y", "x"):
        raise ModelError(f"no field of heights is called '{name}'", where="process forest, driver elevation",
                         expected="a field on (y, x)")  # fmt: skip
    unit = str(fields[name].attrs.get("units", "m"))
    height = np.asarray(convert(fields[name].to_numpy().astype(np.float64), unit, "m"))
    y, x = (fields[axis].to_numpy().astype(np.float64) for axis in ("y", "x"))
    return height, y, x
