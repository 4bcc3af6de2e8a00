"""Coordinate reference systems: reading them, moving points between them, and whether they keep area."""

from __future__ import annotations

from functools import cache

from pyproj import CRS, Transformer
from pyproj.exceptions import CRSError

from geocryoai.core.errors import GridError

#: Longitude and latitude in this package are WGS 84, in that order, in degrees.
LONLAT = "EPSG:4326"

#: PROJ method names of the projections that keep area.
EQUAL_AREA_METHODS = frozenset(
    {
        "Albers Equal Area",
        "Lambert Azimuthal Equal Area",
        "Lambert Azimuthal Equal Area (Spherical)",
        "Lambert Cylindrical Equal Area",
        "Lambert Cylindrical Equal Area (Spherical)",
        "Eckert IV",
        "Eckert VI",
        "Equal Earth",
        "Mollweide",
        "Sinusoidal",
    }
)


@cache
def read_crs(text: str) -> CRS:
    """Return the CRS meant by a code, WKT or PROJ string; its axes must be degrees or metres.

    Raises
    ------
    GridError
        The CRS is unknown, not two-dimensional on the ground, or in another unit.
    """
    try:
        crs = CRS.from_user_input(text)
    except CRSError as error:
        raise GridError(
            "the CRS is not known", found=f"'{text}'", expected="a code such as 'EPSG:3338', or WKT"
        ) from error
    if not (crs.is_geographic or crs.is_projected):
        raise GridError("the CRS is neither geographic nor projected", found=f"'{text}' ({crs.type_name})")
    unit = "degree" if crs.is_geographic else "metre"
    units = {axis.unit_name for axis in crs.axis_info[:2]}
    if units != {unit}:
        raise GridError(
            "the CRS has axes in another unit", where=crs.name, found=", ".join(sorted(units)), expected=unit
        )
    return crs


def is_equal_area(text: str) -> bool:
    """Return whether equal areas on the ground are equal areas in the CRS."""
    operation = read_crs(text).coordinate_operation
    return operation is not None and operation.method_name in EQUAL_AREA_METHODS


def semi_axes(text: str) -> tuple[float, float]:
    """Return the semi-major and semi-minor axis of the CRS's ellipsoid [m]."""
    ellipsoid = read_crs(text).ellipsoid
    if ellipsoid is None:
        raise GridError("the CRS has no ellipsoid", found=f"'{text}'")
    return ellipsoid.semi_major_metre, ellipsoid.semi_minor_metre


@cache
def transformer(source: str, target: str) -> Transformer:
    """Return the (cached) transformation of x, y from `source` to `target`; x is always east or longitude."""
    return Transformer.from_crs(read_crs(source), read_crs(target), always_xy=True)
