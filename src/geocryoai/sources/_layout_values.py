"""Stored numbers to quantities: fill values, packing, quality flags, accumulation, all of it lazily."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from geocryoai.core.errors import GeoCryoAIError, SourceError
from geocryoai.core.units import convert, parse
from geocryoai.sources._layout import LayerLayout, Quality

#: Attributes that stay true of unpacked numbers.
_KEPT = ("units", "positive", "cell_methods", "flag_values", "flag_meanings")

#: Relative difference up to which two scales are the same.
_SAME = 1e-4


def unpacked(array: xr.DataArray, layer: LayerLayout, where: str) -> xr.DataArray:
    """Return the numbers that the stored ones stand for, NaN where missing, with the attributes that stay true.

    Fill values, valid range, scale and offset are those of the file; those of the layout hold where it states none.
    Where the layout knows which stored numbers are values, flags among them are missing, and the field has no classes.

    Raises
    ------
    SourceError
        A packed variable without a scale, or another scale than the product has.
    """
    attributes = dict(array.attrs)
    if str(attributes.get("_Unsigned", "")).lower() == "true" and array.dtype.kind == "i":
        array = array.astype(array.dtype.str.replace("i", "u"))
    kind = np.float64 if array.dtype in (np.float64, np.int32, np.uint32, np.int64, np.uint64) else np.float32
    values = array.astype(kind)
    for fill in (*_numbers(attributes, "_FillValue", "missing_value"), *layer.missing):
        values = values.where(values != kind(fill))
    low, high = _valid_range(attributes, layer)
    if low is not None:
        values = values.where(values >= kind(low))
    if high is not None:
        values = values.where(values <= kind(high))
    scale, offset = _packing(array, attributes, layer, where)
    if scale != 1.0 or offset != 0.0:
        values = values * kind(scale) + kind(offset)
    kept = [name for name in _KEPT if layer.stored is None or not name.startswith("flag_")]
    values.attrs = {name: attributes[name] for name in kept if name in attributes}
    return values


def accepted(flags: xr.DataArray, quality: Quality) -> xr.DataArray:
    """Return which cells a quality variable accepts; a missing flag is not accepted."""
    known = flags.notnull()
    words = flags.where(known, 0).astype(np.int64)
    good = known
    if quality.accept:
        good = good & words.isin(list(quality.accept))
    for bits in quality.bits:
        part = (words >> bits.first) & ((1 << bits.count) - 1)
        good = good & part.isin(list(bits.accept))
    return good


def rates(values: xr.DataArray, stamps: np.ndarray, layer: LayerLayout, where: str) -> tuple[xr.DataArray, str]:
    """Return accumulated amounts as rates, and what the unit is divided by (``h-1`` or ``d-1``).

    Where amounts add up since midnight, each is less the one before, and the record that ends at 01 UTC (or the first
    after midnight) stands for itself; the stamps are ends of records. Where a record is its own sum it is divided by
    the step; sums over an hour must be there for every hour. Days and months: a mean or total per day.

    Parameters
    ----------
    values : xarray.DataArray
        With a dimension ``time``.
    stamps : array of datetime64
    layer : LayerLayout
    where : str

    Raises
    ------
    SourceError
        A single record, an irregular step, hours that are absent, or an accumulation that does not start anew each day.
    """
    steps = np.diff(stamps).astype("timedelta64[s]").astype(float) / 3600.0
    if not steps.size:
        raise SourceError(
            "one record alone does not tell over which time it is accumulated", where=where,
            next_step="Read several records, or declare the unit as a rate.",
        )  # fmt: skip
    if steps.min() >= 23.9:
        return values, "d-1"
    if steps.max() - steps.min() > 1e-6:
        raise SourceError(
            "accumulated values on an irregular time axis",
            where=where,
            found=f"steps of {steps.min():g} to {steps.max():g} h",
        )
    hours = float(steps[0])
    if layer.accumulated == "hour" and abs(hours - 1.0) > 1e-6:
        raise SourceError(
            "sums over one hour are not there for every hour", where=where, found=f"a record every {hours:g} h",
            next_step="Take every hour, or daily or monthly values.",
        )  # fmt: skip
    if layer.accumulated in ("record", "hour"):
        return values / hours, "h-1"
    hour = (stamps - stamps.astype("datetime64[D]")).astype("timedelta64[s]").astype(float) / 3600.0
    later = xr.DataArray(~np.isclose(np.where(hour == 0, 24.0, hour), hours), dims="time")
    parts = (values - values.shift(time=1)).where(later, values)
    _check_reset(values, parts, where)
    return parts.where(~(parts < 0), 0.0).astype(values.dtype) / hours, "h-1"


def stated_unit(array: xr.DataArray, layer: LayerLayout, per: str, where: str) -> tuple[str, float]:
    """Return the unit of a layer's numbers, and a factor that goes with it.

    Raises
    ------
    SourceError
        Neither file nor layout says the unit, or the file's cannot be understood.
    """
    attribute = str(array.attrs.get("units", "")).strip()
    unit, factor = layer.spellings.get(attribute, (attribute, 1.0))
    if layer.file_unit:
        unit, factor = layer.file_unit, 1.0
    elif layer.unit and (layer.unit_from == "declared" or (layer.unit_from == "either" and not unit)):
        unit, factor = layer.unit, 1.0
    if not unit:
        raise SourceError(
            "the variable has no unit", where=f"{where}, attribute units",
            next_step="Declare it: layers: {NAME: {unit: ...}}.",
        )  # fmt: skip
    if layer.meant is not None:
        return (f"{unit} {per}" if per else unit), factor
    try:
        parse(unit)
    except GeoCryoAIError as error:
        raise SourceError(
            error.what, where=f"{where}, attribute units", found=error.found, expected=error.expected,
            next_step="Declare it: layers: {NAME: {unit: ...}}.",
        ) from error  # fmt: skip
    return (f"{unit} {per}" if per else unit), factor


def own_unit(values: xr.DataArray, unit: str, layer: LayerLayout, where: str) -> xr.DataArray:
    """Return a field that is no variable of the house in the layer's unit."""
    try:
        return values if unit == layer.unit else convert(values, unit, layer.unit)
    except GeoCryoAIError as error:
        raise SourceError(error.what, where=where, found=error.found, expected=error.expected) from error


def _packing(array: xr.DataArray, attributes: dict[str, Any], layer: LayerLayout, where: str) -> tuple[float, float]:
    applied = attributes.get("unpacked")
    stated = applied or (
        (_one(attributes, "scale_factor", 1.0), _one(attributes, "add_offset", 0.0))
        if {"scale_factor", "add_offset"} & set(attributes)
        else None
    )
    declared = None if layer.scale is None and layer.offset is None else (layer.scale or 1.0, layer.offset or 0.0)
    if (
        stated is not None
        and declared is not None
        and layer.exact_scale
        and not np.allclose(stated, declared, rtol=_SAME)
    ):
        raise SourceError(
            "the scale is not that of the product", where=where, found=f"{stated[0]:g}, offset {stated[1]:g}",
            expected=f"{declared[0]:g}, offset {declared[1]:g}",
        )  # fmt: skip
    if stated is None and declared is None and layer.packed:
        raise SourceError(
            "the variable is stored as scaled numbers and the file states no scale", where=f"{where}, scale_factor",
            next_step="Declare it: layers: {NAME: {scale: ...}}.",
        )  # fmt: skip
    return (1.0, 0.0) if applied else stated or declared or (1.0, 0.0)


def _valid_range(attributes: dict[str, Any], layer: LayerLayout) -> tuple[float | None, float | None]:
    if layer.stored is not None:
        return layer.stored
    both = _numbers(attributes, "valid_range")
    if len(both) == 2:
        return both[0], both[1]
    low, high = _numbers(attributes, "valid_min"), _numbers(attributes, "valid_max")
    return (low[0] if low else None), (high[0] if high else None)


def _numbers(attributes: dict[str, Any], *names: str) -> list[float]:
    found: list[float] = []
    for name in names:
        if name in attributes:
            try:
                found += [float(value) for value in np.atleast_1d(attributes[name]).ravel()]
            except (TypeError, ValueError):
                continue
    return found


def _one(attributes: dict[str, Any], name: str, default: float) -> float:
    numbers = _numbers(attributes, name)
    return numbers[0] if numbers else default


def _check_reset(values: xr.DataArray, parts: xr.DataArray, where: str) -> None:
    """Look at one column of cells: amounts since midnight never fall within a day."""
    middle = {name: values.sizes[name] // 2 for name in values.dims if name != "time"}
    series, steps = (np.asarray(each.isel(middle).values, float) for each in (values, parts))
    if np.nanmin(steps, initial=0.0) < -1e-3 * max(np.nanmax(np.abs(series), initial=0.0), 1e-12):
        raise SourceError(
            "the accumulated values fall within a day", where=where, found=f"a step of {np.nanmin(steps):.4g}",
            expected="amounts that add up from midnight (UTC)", next_step="Declare accumulated: record.",
        )  # fmt: skip
