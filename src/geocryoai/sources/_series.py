"""Series in time for retrievals: some variables of a NetCDF file on its own grid, or columns of a table by site."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from geocryoai.core.errors import SourceError, nearest

if TYPE_CHECKING:
    import polars as pl
    import xarray as xr
    from numpy.typing import NDArray

    from geocryoai.sources.envi import MapInfo

#: Columns of a table that say when and where.
TIME, SITE = "time", "site"


@dataclass(frozen=True)
class Series:
    """Variables in time.

    Attributes
    ----------
    times : array of datetime64, shape (times,)
        In order, each once.
    values : dict of str to array, shape (times, ...)
        NaN where missing; read when used.
    units : dict of str to str
        As the file states them; empty where it does not.
    dims : tuple of str
        Of the values, without time.
    coords : dict
        Of the dimensions.
    position : MapInfo or None
        Of a map with regular steps and a known CRS.
    """

    times: NDArray[np.datetime64]
    values: dict[str, Any]
    units: dict[str, str]
    dims: tuple[str, ...]
    coords: dict[str, NDArray[Any]]
    position: MapInfo | None = None

    def part(self, name: str, run: slice) -> NDArray[np.float64]:
        """Return a variable for a run along the first dimension after time."""
        return np.asarray(self.values[name][:, run], np.float64)


def read_series(path: Path, names: Sequence[str], where: str) -> Series:
    """Read variables of a NetCDF file or columns of a table (CSV, Parquet).

    A table has a column ``time`` (ISO dates) and, for several places, a column ``site``.

    Raises
    ------
    SourceError
        Absent, damaged, a variable or the time is absent, or the times are not in order.
    """
    return _of_table(path, names, where) if path.suffix in (".csv", ".parquet") else _of_netcdf(path, names, where)


def _of_netcdf(path: Path, names: Sequence[str], where: str) -> Series:
    from geocryoai.core.calendar import decode_time
    from geocryoai.sources._fields import house_form, open_netcdf, require_variable, time_coordinates

    dataset = open_netcdf(path, where)
    arrays = {name: require_variable(dataset, name, where) for name in names}
    first = arrays[names[0]]
    for name, array in arrays.items():
        if TIME not in array.dims or array.ndim < 2:
            raise SourceError("the variable is no series of maps or sites", where=f"{where}, {name}",
                              found=", ".join(map(str, array.dims)), expected="time and places")  # fmt: skip
        if array.dims != first.dims or array.shape != first.shape:
            raise SourceError("the variables are not on one grid", where=f"{where}, {name}", found=array.shape,
                              expected=first.shape)  # fmt: skip
    time = require_variable(dataset, TIME, where)
    if "units" not in time.attrs:
        raise SourceError("the time has no units", where=where, expected="such as 'days since 1970-01-01'")
    times = decode_time(time.to_numpy(), str(time.attrs["units"]), str(time.attrs.get("calendar", "standard")))
    time_coordinates(times, times, where)
    crs = _crs(dataset, first)
    units = {name: str(array.attrs.get("units", "")) for name, array in arrays.items()}
    if crs is not None:
        whole = house_form(dataset[list(names)], crs, where)
        arrays = {name: whole[name] for name in names}
    arrays = {name: array.transpose(TIME, ...) for name, array in arrays.items()}
    first = arrays[names[0]]
    dims = tuple(str(name) for name in first.dims[1:])
    coords = {name: first[name].to_numpy() for name in dims if name in first.coords}
    return Series(times, arrays, units, dims, coords, None if crs is None else _position(coords, dims, crs))


def _crs(dataset: xr.Dataset, array: xr.DataArray) -> str | None:
    """Return the CRS of a map, None where the file does not say."""
    from geocryoai.core.projection import LONLAT

    if {"lat", "lon"} <= set(map(str, array.dims)):
        return LONLAT
    mapping = str(array.attrs.get("grid_mapping", "crs"))
    if not {"y", "x"} <= set(map(str, array.dims)) or mapping not in dataset.variables:
        return None
    about = dataset[mapping].attrs
    found = about.get("crs_wkt", about.get("spatial_ref"))
    return None if found is None else str(found)


def _position(coords: dict[str, NDArray[Any]], dims: tuple[str, ...], crs: str) -> MapInfo | None:
    from geocryoai.sources.envi import MapInfo

    if len(dims) != 2 or any(coords[name].size < 2 for name in dims):
        return None
    steps = [np.diff(coords[name].astype(np.float64)) for name in dims]
    if any(not np.allclose(step, step[0], rtol=1e-4) for step in steps):
        return None
    down, across = (float(step.mean()) for step in steps)
    top, left = (float(coords[name][0]) for name in dims)
    return MapInfo((across, 0.0, left - across / 2, 0.0, down, top - down / 2), crs)


def _of_table(path: Path, names: Sequence[str], where: str) -> Series:
    table = _read_table(path, where)
    for name in (TIME, *names):
        if name not in table.columns:
            raise SourceError(f"column '{name}' is absent", where=where, next_step=nearest(name, table.columns))
    sites = table[SITE].cast(str).to_numpy() if SITE in table.columns else np.full(table.height, path.stem, object)
    try:
        stamps = table[TIME].cast(str).to_numpy().astype("datetime64[us]")
        numbers = {name: table[name].cast(float).to_numpy().astype(np.float64) for name in names}
    except Exception as error:
        raise SourceError("a time or a number is not understood", where=where, found=str(error).splitlines()[0],
                          expected="ISO dates and numbers") from error  # fmt: skip
    if SITE in table.columns and table[SITE].null_count():
        raise SourceError("a row has no site", where=where, found=f"{table[SITE].null_count()} such rows")
    times, row = np.unique(stamps, return_inverse=True)
    places, column = np.unique(sites.astype(str), return_inverse=True)
    if np.isnat(times).any() or times.size == 0:
        raise SourceError("a time is missing", where=where, found=f"{table.height} rows")
    if len({*zip(row.tolist(), column.tolist(), strict=True)}) < table.height:
        raise SourceError("a site has two values at one time", where=where)
    values = {}
    for name, found in numbers.items():
        values[name] = np.full((times.size, places.size), np.nan)
        values[name][row, column] = found
    return Series(times, values, dict.fromkeys(names, ""), (SITE,), {SITE: places})


def _read_table(path: Path, where: str) -> pl.DataFrame:
    import polars as pl

    try:
        if path.suffix == ".parquet":
            return pl.read_parquet(path)
        return pl.read_csv(path, comment_prefix="#", try_parse_dates=False, infer_schema_length=None,
                           null_values=["", "NA", "NaN", "nan"])  # fmt: skip
    except (OSError, pl.exceptions.PolarsError) as error:
        raise SourceError("the table cannot be read", where=where, found=str(error).splitlines()[0]) from error
