"""When the records of a product's files are: an axis, the name of the file, an attribute, or a declared date."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

import numpy as np
import xarray as xr

from geocryoai.core.calendar import day_of_year, parse_period
from geocryoai.core.errors import GeoCryoAIError, SourceError
from geocryoai.sources._fields import time_coordinates
from geocryoai.sources._grid_axes import find_axis, read_time
from geocryoai.sources._grid_options import GridTime
from geocryoai.sources._layout import TimeLayout
from geocryoai.sources._layout_files import OpenFile

_DAY_US = 86_400_000_000


def file_times(
    file: OpenFile, array: xr.DataArray, time: TimeLayout, notes: list[str]
) -> tuple[str | None, np.ndarray | None, np.ndarray | None, str]:
    """Return the name of the time axis, the start and end of its records [datetime64], and the calendar.

    Without an axis the name is None; without any time start and end are None too.

    Raises
    ------
    SourceError
        The name or attribute of the file holds no such date, or the axis is not in order.
    """
    if time.static:
        return None, None, None, "standard"
    dataset = file.dataset
    axis = None if dataset is None else find_axis(dataset, array, "time", time.axis, file.where)
    unnamed = bool(time.pattern) and axis is not None and re.search(time.pattern, file.path.name) is None
    if (time.pattern or time.attribute) and not unnamed:
        stamp = _from_name(file, time) if time.pattern else _from_attribute(file, time)
        start, end = _interval(np.array([stamp]), time, file.where)
        return None, start, end, "standard"
    if time.date is not None:
        first, last = parse_period(time.date)
        return None, np.array([first]), np.array([last]), "standard"
    if axis is None or dataset is None:
        if time.axis is not None:
            raise SourceError("there is no time axis", where=file.where, expected=f"'{time.axis}'")
        return None, None, None, "standard"
    stamps, calendar = _axis(dataset, axis, time, file.where, notes)
    return axis, *stamps, calendar


def _axis(
    dataset: xr.Dataset, name: str, time: TimeLayout, where: str, notes: list[str]
) -> tuple[tuple[np.ndarray, np.ndarray], str]:
    calendar = str(dataset[name].attrs.get("calendar", "standard")) if name in dataset.variables else ""
    if calendar.lower() == "julian":
        notes.append(f"{where}: the calendar 'julian' of the time axis is read as the civil one")
        dataset = dataset.assign_coords({name: dataset[name].assign_attrs(calendar="standard")})
        calendar = "standard"
    own_length = time.hours is not None or time.days is not None
    interval = "instant" if own_length else time.interval
    times, calendar = read_time(dataset, name, GridTime(name=name, interval=interval), where)
    bounds = times["time_bnds"].values
    start, end = bounds[:, 0], bounds[:, 1]
    if own_length and dataset[name].attrs.get("bounds") not in dataset.variables:
        start, end = _interval(start, time, where)
    elif time.stamp == "end" and dataset[name].attrs.get("bounds") not in dataset.variables:
        short = (end - start).max() < np.timedelta64(_DAY_US, "us")
        start, end = (start - (end - start), start) if short or time.interval is not None else (start, end)
    return (start, end), calendar or "standard"


def _interval(stamps: np.ndarray, time: TimeLayout, where: str) -> tuple[np.ndarray, np.ndarray]:
    stamps = stamps.astype("datetime64[us]")
    if time.interval in ("day", "month", "year"):
        start = stamps.astype(
            {"day": "datetime64[D]", "month": "datetime64[M]", "year": "datetime64[Y]"}[time.interval]
        )
        return start.astype("datetime64[us]"), (start + 1).astype("datetime64[us]")
    days = time.days or (time.hours or 0.0) / 24.0
    days = {"hour": 1 / 24, "half-hour": 1 / 48}.get(time.interval or "", days)
    length = np.timedelta64(round(days * _DAY_US), "us")
    start = stamps - {"start": length * 0, "middle": length // 2, "end": length}[time.stamp]
    end = start + length
    return start, np.minimum(end, np.append(start[1:], end[-1])) if time.days is not None else end


def _from_name(file: OpenFile, time: TimeLayout) -> np.datetime64:
    match = re.search(time.pattern, file.path.name)
    if match is None:
        raise SourceError("the name of the file holds no date", where=file.where, expected=time.pattern)
    parts: dict[str, Any] = {key: value for key, value in match.groupdict().items() if value is not None}
    try:
        if "date" in parts:
            text = parts["date"].replace("_", "").replace("-", "")
            parts |= {"year": text[:4], "month": text[4:6] or None, "day": text[6:8] or None}
            parts = {key: value for key, value in parts.items() if value}
        year = int(parts["year"])
        if "doy" in parts:
            day = str(day_of_year(year, int(parts["doy"])))
        else:
            day = f"{year:04d}-{int(parts.get('month', 1)):02d}-{int(parts.get('day', 1)):02d}"
        start: Any = np.datetime64(day, "us")
    except (GeoCryoAIError, ValueError) as error:
        raise SourceError("the date in the name of the file is impossible", where=file.where, found=match[0]) from error
    minutes = 60 * int(parts.get("hour", 0)) + int(parts.get("minute", 0))
    moment: np.datetime64 = start + np.timedelta64(minutes, "m")
    return moment


def _from_attribute(file: OpenFile, time: TimeLayout) -> np.datetime64:
    text = str(file.attributes.get(time.attribute, ""))
    try:
        return np.datetime64(datetime.fromisoformat(text.replace("Z", "+00:00")).replace(tzinfo=None), "us")
    except ValueError as error:
        raise SourceError(
            "the file states no time", where=f"{file.where}, attribute {time.attribute}", found=f"'{text}'",
            expected="an ISO date",
        ) from error  # fmt: skip


def joined_times(starts: list[np.ndarray], ends: list[np.ndarray], where: str) -> dict[str, xr.DataArray]:
    """Return the time coordinates of records in the order of their files, or raise where they are not in order."""
    return time_coordinates(np.concatenate(starts), np.concatenate(ends), where)
