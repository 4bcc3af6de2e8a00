"""Axes, CRS and time of a CF file."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr
from pyproj import CRS
from pyproj.exceptions import CRSError

from geocryoai.core.calendar import decode_time, parse_period
from geocryoai.core.errors import GeoCryoAIError, SourceError, nearest
from geocryoai.core.projection import LONLAT, read_crs
from geocryoai.core.units import convert
from geocryoai.sources._fields import time_coordinates
from geocryoai.sources._grid_options import GridTime
from geocryoai.sources._intervals import Interval

#: Axis -> what its `standard_name` and its name may be.
_KNOWN = {
    "y": (("projection_y_coordinate", "latitude"), ("y", "lat", "latitude", "northing", "rlat")),
    "x": (("projection_x_coordinate", "longitude"), ("x", "lon", "longitude", "easting", "rlon")),
    "time": (("time",), ("time", "valid_time", "t")),
}
_DEGREES = {"degrees_north", "degrees_east", "degree_north", "degree_east", "degreesN", "degreesE", "degrees", "degree"}
_DAY_US = 86_400_000_000
_STEP_OF: tuple[tuple[float, float, Interval], ...] = ((28.0, 31.0, "month"), (360.0, 366.0, "year"))
_UNIT_OF = {"day": "D", "month": "M", "year": "Y"}


def find_axis(dataset: xr.Dataset, array: xr.DataArray, axis: str, declared: str | None, where: str) -> str | None:
    """Return the dimension of `array` that is the axis ``y``, ``x`` or ``time``; None where it has none."""
    dims = [str(name) for name in array.dims]
    if declared is not None:
        if declared not in dims:
            hint = nearest(declared, dims)
            raise SourceError(f"'{array.name}' has no axis '{declared}'", where=where, next_step=hint)
        return declared
    standard, names = _KNOWN[axis]
    for name in dims:
        attributes = dataset[name].attrs if name in dataset.variables else {}
        if attributes.get("standard_name") in standard or attributes.get("axis") == {"time": "T"}.get(
            axis, axis.upper()
        ):
            return name
    return next((name for name in dims if name.lower() in names), None)


def axis_values(dataset: xr.Dataset, name: str, crs: str, where: str) -> np.ndarray:
    """Return the cell centres along an axis in the unit of the CRS (degrees or metres)."""
    if name not in dataset.variables:
        raise SourceError(f"the axis '{name}' has no coordinates", where=where, expected="a variable of that name")
    variable = dataset[name]
    values = np.asarray(variable.values, dtype=float)
    if not np.isfinite(values).all():
        raise SourceError(f"the axis '{name}' has missing coordinates", where=where)
    unit = str(variable.attrs.get("units", ""))
    if read_crs(crs).is_geographic:
        if unit and unit not in _DEGREES:
            raise SourceError(f"the axis '{name}' is not in degrees", where=f"{where}, {name}", found=f"'{unit}'")
        return values
    if unit in _DEGREES:
        raise SourceError(
            f"the axis '{name}' is in degrees but the CRS is projected", where=where, found=read_crs(crs).name
        )
    return values if not unit else np.asarray(convert(values, unit, "m"))


def find_crs(
    dataset: xr.Dataset, array: xr.DataArray, axes: tuple[str, str], where: str
) -> tuple[str | None, str | None]:
    """Return the CRS (WKT or code) that the file states, and a note where it is only implied.

    Raises
    ------
    SourceError
        The grid mapping that a variable names is absent or cannot be understood.
    """
    name = array.attrs.get("grid_mapping") or array.encoding.get("grid_mapping")
    name = (
        str(name).split(":")[0].strip()
        if name
        else next((n for n in ("crs", "spatial_ref") if n in dataset.variables), None)
    )
    if name is not None:
        if name not in dataset.variables:
            raise SourceError(
                f"the grid mapping '{name}' is absent", where=f"{where}, {array.name}", next_step="Declare crs."
            )
        attributes = dict(dataset[name].attrs)
        wkt = attributes.get("crs_wkt") or attributes.get("spatial_ref")
        try:
            return (CRS.from_user_input(wkt) if wkt else CRS.from_cf(attributes)).to_wkt(), None
        except (CRSError, KeyError, ValueError) as error:
            raise SourceError(
                "the grid mapping cannot be understood",
                where=f"{where}, {name}",
                found=str(error),
                next_step="Declare crs.",
            ) from error
    units = {str(dataset[axis].attrs.get("units", "")) for axis in axes if axis in dataset.variables}
    if units and units <= _DEGREES:
        return LONLAT, "the file states no CRS; its latitudes and longitudes are taken as WGS 84"
    return None, None


def read_time(dataset: xr.Dataset, name: str, options: GridTime, where: str) -> tuple[dict[str, xr.DataArray], str]:
    """Return ``time`` and ``time_bnds`` of an axis, and its calendar."""
    place = f"{where}, {name}"
    if name not in dataset.variables:
        raise SourceError(f"the axis '{name}' has no coordinates", where=where)
    variable = dataset[name]
    units, calendar = variable.attrs.get("units"), str(variable.attrs.get("calendar", "standard"))
    if units is None:
        raise SourceError("the time axis has no units", where=place, expected="attribute units: 'days since ...'")
    bounds = variable.attrs.get("bounds")
    try:
        stamps = decode_time(variable.values, str(units), calendar)
        if bounds is not None and bounds in dataset.variables:
            edges = decode_time(dataset[bounds].values, str(units), calendar)
            return time_coordinates(edges[:, 0], edges[:, 1], place), calendar
    except GeoCryoAIError as error:
        raise SourceError(error.what, where=place, found=error.found, expected=error.expected) from error
    return time_coordinates(*_intervals(stamps, options.interval, place), place), calendar


def single_time(date: str) -> dict[str, xr.DataArray]:
    """Return the time coordinates of a file that stands for one declared year, month or day."""
    start, end = parse_period(date)
    return time_coordinates(np.array([start]), np.array([end]), date)


def _intervals(stamps: np.ndarray, interval: Interval | None, where: str) -> tuple[np.ndarray, np.ndarray]:
    """Return start and end of records that have no bounds: the month, year or step that a stamp names."""
    time_coordinates(stamps, stamps, where)
    steps = np.diff(stamps).astype("timedelta64[us]").astype(np.int64) / _DAY_US
    if interval is None and steps.size:
        interval = next((n for low, high, n in _STEP_OF if low <= steps.min() and steps.max() <= high), None)
    if interval is None and steps.size and steps.max() - steps.min() < 1e-6:
        step = np.timedelta64(round(float(steps[0]) * _DAY_US), "us")
        start = stamps.astype("datetime64[D]").astype("datetime64[us]") if steps[0] == 1.0 else stamps
        return start, start + step
    if interval is None:
        raise SourceError(
            "how long a record lasts is not known", where=where, found="no time bounds and no regular step",
            next_step="Declare time.interval (day, month, year, ...).",
        )  # fmt: skip
    if interval in _UNIT_OF:
        start = stamps.astype(f"datetime64[{_UNIT_OF[interval]}]")
        return start, start + 1
    minutes = {"instant": 0, "half-hour": 30, "hour": 60}[interval]
    return stamps, stamps + np.timedelta64(minutes, "m")


def attributes_of(array: xr.DataArray) -> dict[str, Any]:
    """Return the attributes of a variable that stay true after conversion."""
    kept = ("cell_methods", "flag_values", "flag_meanings")
    return {name: array.attrs[name] for name in kept if name in array.attrs}
