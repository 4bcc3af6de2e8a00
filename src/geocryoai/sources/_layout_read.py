"""Read files by their declared layout: every layer in canonical unit and sign, joined along time, cut to a domain."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import xarray as xr

from geocryoai.core.calendar import days_in_month
from geocryoai.core.errors import SourceError, nearest
from geocryoai.core.projection import read_crs
from geocryoai.sources._canonical import canonical
from geocryoai.sources._fields import house_form
from geocryoai.sources._layout import LayerLayout, Layout
from geocryoai.sources._layout_files import OpenFile, find_files, name_of, open_file
from geocryoai.sources._layout_place import Box, Place, cut, place_of, taken
from geocryoai.sources._layout_time import file_times, joined_times
from geocryoai.sources._layout_values import accepted, own_unit, rates, stated_unit, unpacked

#: Scale and offset of a layer in a file, where they stand in a file beside it; None: as the file says.
Packing = Callable[[OpenFile, LayerLayout], tuple[float, float] | None]

#: Values in a chunk of the fields.
_CHUNK = 4_000_000

Times = tuple[np.ndarray, np.ndarray] | None


@dataclass(frozen=True)
class _Part:
    """What one file gives of a layer: numbers without time axis or with ``time``, its times and calendar, its unit."""

    array: xr.DataArray
    times: Times
    calendar: str
    where: str


@dataclass
class _Session:
    """What is shared while a product is read."""

    layout: Layout
    source: str
    root: Path
    box: Box | None
    packing: Packing | None
    notes: list[str]
    place: Place | None = None
    files: dict[Path, OpenFile] = field(default_factory=dict)

    def where(self, path: Path) -> str:
        return self.source if path == self.root else f"{self.source}/{path.relative_to(self.root).as_posix()}"

    def open(self, path: Path) -> OpenFile:
        if path not in self.files:
            self.files[path] = open_file(path, self.layout, self.where(path))
        return self.files[path]


def read_layout(
    path: Path,
    layout: Layout,
    source: str,
    notes: list[str],
    *,
    box: Box | None = None,
    packing: Packing | None = None,
    skip_damaged: bool = False,
) -> xr.Dataset:
    """Return the fields of a product in the house's form, lazily.

    Parameters
    ----------
    path : Path
        A file, or a folder whose files are joined along time.
    layout : Layout
    source : str
        The path as the user knows it, for messages.
    notes : list of str
        What was decided on the way is added.
    box : tuple of float, optional
        West, south, east, north [degree]: only this part is taken.
    packing : callable, optional
        Gives the scale where it stands in another file.
    skip_damaged : bool
        Leave out files that cannot be opened, and note each.

    Raises
    ------
    SourceError
        With the file, the variable and what is wrong.
    """
    session = _Session(layout, source, path, box, packing, notes)
    files = _opened(session, find_files(path, layout.files, source), skip_damaged)
    fields: dict[str, xr.DataArray] = {}
    times: dict[str, xr.DataArray] = {}
    for key, layer in layout.layers.items():
        parts = _parts(session, key, layer, files)
        if not parts:
            continue
        array, own, days = _joined(parts, layer, f"{source}, {key}")
        if times and own and not own["time"].identical(times["time"]):
            found = f"{own['time'].size} records, and {times['time'].size} of the variables before"
            raise SourceError("the variables have different times", where=f"{source}, {key}", found=found)
        times = times or own
        fields |= _finished(array, layer, days, parts[0].where, notes)
    if not fields or session.place is None:
        raise SourceError("none of the product's variables is there", where=source, expected=", ".join(layout.layers))
    place = session.place
    names = ("lat", "lon") if read_crs(place.crs).is_geographic else ("y", "x")
    axes = {names[0]: (names[0], place.y), names[1]: (names[1], place.x)}
    swapped = {old: new for old, new in zip(("y", "x"), names, strict=True) if old != new}
    merged = xr.Dataset({name: array.rename(swapped) for name, array in fields.items()})
    formed = house_form(merged.assign_coords(axes).assign_coords(times), place.crs, source)
    return formed.chunk(_chunks(formed, layout.block))


def _chunks(fields: xr.Dataset, block: int) -> dict[str, int]:
    """Return even chunks of about `_CHUNK` values, whatever pieces the files came in."""
    chunks = {str(name): min(block, size) for name, size in fields.sizes.items() if name in ("y", "x", "lat", "lon")}
    if "time" in fields.sizes:
        chunks["time"] = max(1, min(fields.sizes["time"], _CHUNK // max(1, int(np.prod(list(chunks.values()))))))
    return chunks


def _opened(session: _Session, paths: list[Path], skip_damaged: bool) -> list[OpenFile]:
    opened, damaged = [], []
    for path in paths:
        try:
            opened.append(session.open(path))
        except SourceError as error:
            if not skip_damaged or len(paths) == 1:
                raise
            damaged.append(str(error))
    session.notes += [f"left out: {text}" for text in damaged]
    if not opened:
        raise SourceError("no file can be opened", where=session.source, found=damaged[0])
    return opened


def _parts(session: _Session, key: str, layer: LayerLayout, files: list[OpenFile]) -> list[_Part]:
    mine = [file for file in files if re.search(layer.file, file.path.name)]
    found = [(file, name) for file in mine if (name := name_of(file, key, layer)) is not None]
    if not found and not layer.optional:
        known = mine[0].names if mine else [file.path.name for file in files[:5]]
        wanted = layer.path if mine else layer.file
        raise SourceError(
            f"'{key}' is not there", where=mine[0].where if mine else session.source, expected=wanted,
            next_step=nearest(wanted, known),
        )  # fmt: skip
    if found and len(found) < len(mine):
        session.notes.append(f"{key}: {len(mine) - len(found)} of {len(mine)} files do not hold it")
    return [_part(session, file, name, layer) for file, name in found]


def _part(session: _Session, file: OpenFile, name: str, layer: LayerLayout) -> _Part:
    layout, where = session.layout, f"{file.where}, {name}"
    raw = file.array(name, layer.take)
    place = place_of(file, raw, layout, session.notes)
    axis, start, end, calendar = file_times(file, raw, layout.time, session.notes)
    raw = _selected(file, raw, layout, (place.y_name, place.x_name, axis), where)
    raw, rows, columns = _cut(session, raw, place, where)
    given = session.packing(file, layer) if session.packing else None
    if given is not None:
        layer = layer.model_copy(update={"scale": given[0], "offset": given[1]})
    values = unpacked(raw, layer, where)
    if layer.quality is not None:
        values = values.where(_good(session, file, layer, place, axis, rows, columns)).assign_attrs(values.attrs)
    values = values.reset_coords(drop=True).drop_vars([str(n) for n in values.coords], errors="ignore")
    values = values.rename({place.y_name: "y", place.x_name: "x", **({axis: "time"} if axis else {})})
    if start is not None and axis is None:
        values = values.expand_dims("time")
    return _Part(values, None if start is None or end is None else (start, end), calendar, where)


def _good(
    session: _Session,
    file: OpenFile,
    layer: LayerLayout,
    place: Place,
    axis: str | None,
    rows: np.ndarray,
    columns: np.ndarray,
) -> xr.DataArray:
    quality = layer.quality
    assert quality is not None
    names = [n for n in file.names if (re.search(quality.path, n) if quality.pattern else n == quality.path)]
    if quality.path and len(names) == 1:
        flags = file.array(names[0], layer.take)
    elif not quality.replace or file.container != "geotiff":
        raise SourceError(
            f"the quality variable '{quality.path}' is absent", where=file.where,
            next_step=f"{nearest(quality.path, file.names)}; or set quality: any.",
        )  # fmt: skip
    else:
        beside = file.path.with_name(file.path.name.replace(quality.replace, quality.by))
        if beside == file.path or not beside.is_file():
            raise SourceError(
                "the file of quality flags is absent", where=file.where, expected=beside.name,
                next_step="Fetch it too, or set quality: any.",
            )  # fmt: skip
        other = session.open(beside)
        flags = other.array(other.names[0])
    flags = _selected(file, flags, session.layout, (place.y_name, place.x_name, axis), file.where)
    masked = unpacked(flags, LayerLayout(name="flags", unit="1"), file.where)
    part = taken(taken(masked, place.y_name, rows), place.x_name, columns)
    return accepted(part.reset_coords(drop=True), quality)


def _cut(
    session: _Session, array: xr.DataArray, place: Place, where: str
) -> tuple[xr.DataArray, np.ndarray, np.ndarray]:
    rows, columns = np.arange(place.y.size), np.arange(place.x.size)
    if session.box is not None:
        place, rows, columns = cut(place, session.box, where)
        array = taken(taken(array, place.y_name, rows), place.x_name, columns)
    if session.place is None:
        session.place = place
    elif not session.place.same(place):
        raise SourceError("the cells lie elsewhere than those of the files before", where=where)
    return array, rows, columns


def _selected(
    file: OpenFile, array: xr.DataArray, layout: Layout, axes: tuple[str, str, str | None], where: str
) -> xr.DataArray:
    for name in [str(dim) for dim in array.dims if dim not in axes]:
        if name == "expver" and array.sizes[name] > 1:
            final, early = array.isel({name: 0}, drop=True), array.isel({name: 1}, drop=True)
            fill = array.attrs.get("_FillValue", array.attrs.get("missing_value", np.nan))
            array = final.where(final.notnull() & (final != fill), early).astype(array.dtype).assign_attrs(array.attrs)
        elif name not in layout.select:
            if array.sizes[name] > 1:
                raise SourceError(
                    f"the dimension '{name}' is neither time nor place", where=where,
                    found=f"{array.sizes[name]} entries", next_step=f"Declare select: {{{name}: VALUE}}.",
                )  # fmt: skip
            array = array.isel({name: 0}, drop=True)
        else:
            entries = np.asarray(array[name].values, float) if name in array.coords else np.arange(array.sizes[name])
            at = np.flatnonzero(np.isclose(entries, layout.select[name]))
            if not at.size:
                found = f"{layout.select[name]:g}"
                raise SourceError(f"'{name}' has no entry {found}", where=where, expected=str(entries.tolist()))
            array = array.isel({name: int(at[0])}, drop=True)
    return array


def _joined(
    parts: list[_Part], layer: LayerLayout, where: str
) -> tuple[xr.DataArray, dict[str, xr.DataArray], xr.DataArray | None]:
    """Return one array over all files, its time coordinates, and the days of each month."""
    if parts[0].times is None:
        if len(parts) > 1:
            raise SourceError(
                "several files hold the variable and none states a time", where=where,
                found=", ".join(part.where for part in parts[:3]), next_step="Name one file, or declare files.",
            )  # fmt: skip
        return parts[0].array, {}, None
    timed = sorted(((part, part.times) for part in parts if part.times is not None), key=lambda pair: pair[1][0][0])
    times = joined_times([pair[1][0] for pair in timed], [pair[1][1] for pair in timed], where)
    units = {str(part.array.attrs.get("units", "")) for part in parts}
    if len(units) > 1:
        raise SourceError("the files state different units", where=where, found=", ".join(sorted(units)))
    arrays = [part.array for part, _ in timed]
    array = arrays[0] if len(arrays) == 1 else xr.concat(arrays, "time", combine_attrs="override")
    months = times["time"].values.astype("datetime64[M]")
    return (
        array,
        times,
        xr.DataArray(days_in_month(months, timed[0][0].calendar), dims="time").assign_coords(
            stamp=("time", times["time_bnds"].values[:, 1])
        ),
    )


def _finished(
    array: xr.DataArray, layer: LayerLayout, days: xr.DataArray | None, where: str, notes: list[str]
) -> dict[str, xr.DataArray]:
    """Return a layer in its unit and sign, and its presence where asked for."""
    per, attributes = "", dict(array.attrs)
    if layer.accumulated is not None:
        if days is None:
            raise SourceError("accumulated values need a time axis", where=where)
        array, per = rates(array, days["stamp"].values, layer, where)
    lengths = None if days is None else days.drop_vars("stamp")
    unit, factor = stated_unit(array.assign_attrs(attributes), layer, per, where)
    if factor != 1.0:
        array = (array * array.dtype.type(factor)).astype(array.dtype)
    array = array.assign_attrs(
        {**attributes, "units": unit, **({"cell_methods": layer.statistic} if layer.statistic else {})}
    )
    if layer.meant is None:
        array = (
            own_unit(array, unit, layer, where).astype(array.dtype).assign_attrs({**array.attrs, "units": layer.unit})
        )
    positive = layer.positive or array.attrs.get("positive")
    positive = positive if positive in ("up", "down") and layer.meant is not None and layer.meant.positive else None
    update = {"unit": unit if layer.meant is not None else layer.unit, "positive": positive}
    result = {layer.house: canonical(array, layer.model_copy(update=update), lengths, where, notes)}
    if layer.presence is not None:
        given = array.notnull().astype(np.float32)
        result[layer.presence] = given.assign_attrs(long_name=f"where {layer.house} has a value", units="1")
    if layer.empty is not None:
        value = result[layer.house]
        result[layer.house] = value.fillna(layer.empty).assign_attrs(value.attrs)
    return result
