"""A user's own grid (CF NetCDF, Zarr, GeoTIFF), read lazily by declared variables and without code.

Options
-------
variables : mapping
    Name in the file (for GeoTIFF the band's description, or ``band_1``) -> ``{variable, unit?, positive?, missing?,
    trust_range?, name?}``; the unit defaults to the attribute. Without a house variable: ``{name, unit}``.
time : mapping
    ``name`` of the axis; ``interval`` of a stamp without bounds; ``date`` (ISO year, month or day) or ``static`` for
    files without a time axis.
x, y : str
    Names of the horizontal axes, where they are not recognised.
crs : str
    Where the file states none; where it states one, the declared one is taken and the difference noted.
select : mapping
    Further dimension -> coordinate to take, for example ``{depth: 0.1}``.
block, title, licence, citation, doi, url
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import xarray as xr

from geocryoai.core.calendar import days_in_month
from geocryoai.core.errors import SourceError
from geocryoai.core.projection import read_crs
from geocryoai.sources._canonical import canonical
from geocryoai.sources._fields import field_data, house_form, open_netcdf, require_variable
from geocryoai.sources._geotiff import open_geotiff
from geocryoai.sources._grid_axes import axis_values, find_axis, find_crs, read_time, single_time
from geocryoai.sources._grid_options import GridOptions
from geocryoai.sources._options import validated
from geocryoai.sources.base import SourceData, SourceInfo

_GEOTIFF = {".tif", ".tiff"}

INFO = SourceInfo(
    name="grid",
    title="Any grid, by declared variables",
    kind="fields",
    licence="as declared in the options",
    citation="as declared in the options",
    formats=("nc", "zarr", "tif"),
    quirks=(
        "A grid without a CRS, a variable without a unit and a time axis without units are refused.",
        "Calendars of 365 and 360 days are brought to real months.",
        "A sample of each variable is checked against its declared unit and for sentinels that were not declared.",
        "Values beyond the valid range become missing.",
        "Nothing is loaded before it is used.",
    ),
)


class GridReader:
    """Reader of a user's grid; see the module's text for the options."""

    info = INFO

    def read(self, path: Path, *, source: str, options: Mapping[str, Any], targets: bool = True) -> SourceData:
        """Read a grid; see `Reader.read`."""
        chosen = validated(GridOptions, options, where=f"grid ({source})")
        dataset, stated = _open(path, chosen, source)
        notes: list[str] = []
        crs, axes = _place(dataset, chosen, stated, source, notes)
        fields: dict[str, xr.DataArray] = {}
        times: dict[str, xr.DataArray] = {}
        for name, declared in chosen.variables.items():
            array = _selected(require_variable(dataset, name, source), chosen, axes, source)
            array, own, days = _timed(dataset, array, chosen, source)
            if times and own and not own["time"].identical(times["time"]):
                raise SourceError("the variables have different time axes", where=f"{source}, {name}")
            times = times or own
            fields[declared.house] = canonical(array, declared, days, f"{source}, {name}", notes)
        y, x = axes
        positions = {y: axis_values(dataset, y, crs, source), x: axis_values(dataset, x, crs, source)}
        names = ("lat", "lon") if read_crs(crs).is_geographic else ("y", "x")
        merged = xr.Dataset(fields).assign_coords({k: (k, v) for k, v in positions.items()})
        merged = merged.rename({k: v for k, v in zip(axes, names, strict=True) if k != v}).assign_coords(times)
        return field_data(_info(chosen), house_form(merged, crs, source), notes)


READER = GridReader()


def _info(options: GridOptions) -> SourceInfo:
    return replace(
        INFO,
        title=options.title or INFO.title,
        covariates={declared.house: declared.canonical_unit for declared in options.variables.values()},
        licence=options.licence or "not stated by the user",
        citation=options.citation or "not stated by the user",
        doi=options.doi,
        url=options.url,
    )


def _open(path: Path, options: GridOptions, source: str) -> tuple[xr.Dataset, str | None]:
    """Return the dataset, lazy, and the CRS where the format itself carries it."""
    if path.suffix.lower() in _GEOTIFF:
        return open_geotiff(path, source, block=options.block)
    if path.is_dir():
        try:
            return xr.open_zarr(path, decode_times=False), None
        except Exception as error:
            raise SourceError("the folder is not a Zarr store", where=source, found=str(error)) from error
    return open_netcdf(path, source, chunks={}), None


def _place(
    dataset: xr.Dataset, options: GridOptions, stated: str | None, source: str, notes: list[str]
) -> tuple[str, tuple[str, str]]:
    """Return the CRS and the names of the y and x axes."""
    first = require_variable(dataset, next(iter(options.variables)), source)
    y = find_axis(dataset, first, "y", options.y, source)
    x = find_axis(dataset, first, "x", options.x, source)
    if y is None or x is None:
        raise SourceError(
            "the horizontal axes are not recognised", where=f"{source}, {first.name}",
            found=", ".join(map(str, first.dims)),
            next_step="Declare x and y; a grid with two-dimensional coordinates must be regridded first.",
        )  # fmt: skip
    implied = None
    if stated is None and options.crs is None:
        stated, implied = find_crs(dataset, first, (y, x), source)
    crs = options.crs or stated
    if crs is None:
        raise SourceError("the grid has no CRS", where=source, next_step="Declare crs, for example 'EPSG:3338'.")
    if implied:
        notes.append(implied)
    if (
        options.crs is not None
        and stated is not None
        and not read_crs(options.crs).equals(read_crs(stated), ignore_axis_order=True)
    ):
        notes.append(f"the file states {read_crs(stated).name}; the declared {read_crs(options.crs).name} is taken")
    return crs, (y, x)


def _selected(array: xr.DataArray, options: GridOptions, axes: tuple[str, str], source: str) -> xr.DataArray:
    """Return the array without further dimensions, taken at the declared coordinates."""
    time = (
        find_axis(array.coords.to_dataset(), array, "time", options.time.name, source)
        if not options.time.static
        else None
    )
    for name in [str(dim) for dim in array.dims if dim not in (*axes, time)]:
        if name not in options.select:
            if array.sizes[name] > 1:
                raise SourceError(
                    f"the dimension '{name}' is neither time nor place", where=f"{source}, {array.name}",
                    found=f"{array.sizes[name]} entries", next_step=f"Declare select: {{{name}: VALUE}}.",
                )  # fmt: skip
            array = array.isel({name: 0}, drop=True)
            continue
        try:
            array = array.sel({name: options.select[name]}, drop=True)
        except KeyError as error:
            raise SourceError(
                f"'{name}' has no entry {options.select[name]:g}",
                where=source,
                expected=str(array[name].values.tolist()),
            ) from error
    if not set(axes) <= set(array.dims):
        raise SourceError(
            "the variable has other horizontal axes", where=f"{source}, {array.name}", found=str(array.dims)
        )
    return array


def _timed(
    dataset: xr.Dataset, array: xr.DataArray, options: GridOptions, source: str
) -> tuple[xr.DataArray, dict[str, xr.DataArray], xr.DataArray | None]:
    """Return the array with a dimension ``time`` (unless static), the time coordinates, and the days of each month."""
    name = None if options.time.static else find_axis(dataset, array, "time", options.time.name, source)
    array = array.reset_coords(drop=True)
    if name is None:
        if options.time.date is None:
            return array, {}, None
        times, calendar = single_time(options.time.date), "standard"
        array = array.expand_dims("time")
    else:
        times, calendar = read_time(dataset, name, options.time, source)
        array = array.drop_vars(name, errors="ignore").rename({name: "time"} if name != "time" else {})
    days = xr.DataArray(days_in_month(times["time"].values.astype("datetime64[M]"), calendar), dims="time")
    return array, times, days
