"""What readers of grids share: opening NetCDF lazily, and fields in the house's form (CRS, bounds, north up, units)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from geocryoai.core.errors import SourceError, nearest
from geocryoai.core.observations import EXCLUSION_COLUMNS, OBSERVATION_COLUMNS, RECORD_COLUMNS
from geocryoai.core.projection import read_crs
from geocryoai.core.variables import Variable
from geocryoai.sources._tabular import empty
from geocryoai.sources.base import SourceData, SourceInfo

#: First bytes of NetCDF-3 and NetCDF-4 -> the engine that reads them.
_ENGINES = {b"CDF": "scipy", b"\x89HD": "h5netcdf"}


def open_netcdf(
    path: Path, where: str, *, chunks: Any = None, unpack: bool = True, group: str | None = None
) -> xr.Dataset:
    """Open a NetCDF file lazily; packed values are unpacked and fill values become NaN, times stay numbers.

    Parameters
    ----------
    path : Path
    where : str
        The path as the user knows it, for messages.
    chunks : mapping, "auto" or None
        As in `xarray.open_dataset`; None reads on first use.
    unpack : bool
        False leaves the stored numbers and their attributes as they are.
    group : str, optional
        Group of a NetCDF-4 file.

    Raises
    ------
    SourceError
        Absent, truncated, or not NetCDF.
    """
    if not path.is_file():
        siblings = [p.name for p in path.parent.iterdir()] if path.parent.is_dir() else []
        raise SourceError(
            "the file does not exist", where=where, found=path.name, next_step=nearest(path.name, siblings)
        )
    with path.open("rb") as stream:
        magic = stream.read(8)
    engine = _ENGINES.get(magic[:3])
    if engine is None:
        raise SourceError(
            "not a NetCDF file", where=where, found=f"first bytes {magic!r}", expected="NetCDF-3 or NetCDF-4"
        )
    try:
        more: dict[str, Any] = {"group": group} if group and engine == "h5netcdf" else {}
        return xr.open_dataset(
            path,
            engine=engine,
            decode_times=False,
            decode_timedelta=False,
            chunks=chunks,
            mask_and_scale=unpack,
            **more,
        )
    except Exception as error:
        raise SourceError(
            "the NetCDF file cannot be opened (is it truncated?)",
            where=where,
            found=str(error),
            next_step="Fetch it again.",
        ) from error


def require_variable(dataset: xr.Dataset, name: str, where: str) -> xr.DataArray:
    """Return a variable, or raise naming the nearest one that is there."""
    if name not in dataset.variables:
        hint = nearest(name, map(str, dataset.variables))
        raise SourceError(f"variable '{name}' is absent", where=where, next_step=hint)
    return dataset[name]


def require_unit(array: xr.DataArray, expected: str, where: str) -> None:
    """Raise when the unit attribute of a variable is not the one this reader was made for."""
    found = array.attrs.get("units")
    if found != expected:
        raise SourceError("the unit attribute has changed", where=where, found=repr(found), expected=f"'{expected}'")


def house_attributes(meant: Variable) -> dict[str, str]:
    """Return the CF attributes of a field in the canonical unit of a variable."""
    attributes = {"long_name": meant.long_name, "units": meant.unit}
    if meant.cf:
        attributes["standard_name"] = meant.cf
    if meant.positive:
        attributes["positive"] = meant.positive
    return attributes


def crs_coordinate(crs: str) -> xr.DataArray:
    """Return the scalar coordinate ``crs``: the WKT as value, CF grid mapping attributes beside it."""
    known = read_crs(crs)
    attributes = {k: list(v) if isinstance(v, tuple) else v for k, v in known.to_cf().items()}
    return xr.DataArray(known.to_wkt(), attrs=attributes)


def time_coordinates(start: np.ndarray, end: np.ndarray, where: str) -> dict[str, xr.DataArray]:
    """Return ``time`` (the start of each record) and ``time_bnds``, datetime64[us].

    Raises
    ------
    SourceError
        Times that are missing, repeated or out of order.
    """
    begin, finish = (np.asarray(values).astype("datetime64[us]") for values in (start, end))
    if np.isnat(begin).any():
        raise SourceError("a time is missing", where=where, found=f"record {int(np.flatnonzero(np.isnat(begin))[0])}")
    steps = np.diff(begin) / np.timedelta64(1, "us")
    wrong = np.flatnonzero(steps <= 0)
    if wrong.size:
        kind = "repeated" if steps[wrong[0]] == 0 else "out of order"
        record = int(wrong[0]) + 1
        raise SourceError(f"the time axis is {kind}", where=where, found=f"record {record}: {str(begin[record])[:19]}")
    attributes = {"standard_name": "time", "long_name": "start of the record (UTC)", "bounds": "time_bnds"}
    return {
        "time": xr.DataArray(begin, dims="time", attrs=attributes),
        "time_bnds": xr.DataArray(np.stack([begin, finish], axis=-1), dims=("time", "bnds")),
    }


def house_form(dataset: xr.Dataset, crs: str, where: str) -> xr.Dataset:
    """Return fields on ``y, x`` or ``lat, lon`` with north at the top, west at the left, longitudes in [-180, 180).

    A global ring of longitudes is cut at the antimeridian; a box that crosses it keeps its order (its longitudes go
    from 180 to -180 on the way).

    Raises
    ------
    SourceError
        An axis that is neither ascending nor descending, or does not fit the CRS.
    """
    geographic = read_crs(crs).is_geographic
    y_name, x_name = ("lat", "lon") if geographic else ("y", "x")
    for name in (y_name, x_name):
        values = np.asarray(dataset[name].values, float)
        steps = np.diff(np.unwrap(values, period=360.0) if name == "lon" else values)
        if values.size > 1 and not ((steps > 0).all() or (steps < 0).all()):
            raise SourceError(f"the axis {name} is neither ascending nor descending", where=where)
        if ((steps < 0).all() and name == x_name) or ((steps > 0).all() and name == y_name):
            dataset = dataset.isel({name: slice(None, None, -1)})
    if geographic:
        if float(np.abs(dataset["lat"]).max()) > 90:
            raise SourceError("latitudes beyond the poles", where=where, next_step="Declare the CRS of the file.")
        dataset = _wrap(dataset)
        attributes = {
            "lat": {"standard_name": "latitude", "units": "degrees_north"},
            "lon": {"standard_name": "longitude", "units": "degrees_east"},
        }
    else:
        attributes = {n: {"standard_name": f"projection_{n}_coordinate", "units": "m"} for n in ("y", "x")}
    dataset = dataset.assign_coords(
        {name: (name, np.asarray(dataset[name].values, float), values) for name, values in attributes.items()}
    )
    order = [name for name in ("time", y_name, x_name) if name in dataset.dims]
    dataset = dataset.transpose(*order, ...).assign_coords(crs=crs_coordinate(crs))
    for array in dataset.data_vars.values():
        if {y_name, x_name} <= set(array.dims):
            array.attrs["grid_mapping"] = "crs"
    return dataset


def field_data(info: SourceInfo, fields: xr.Dataset, notes: list[str]) -> SourceData:
    """Return the answer of a reader that has fields and no records."""
    return SourceData(
        info,
        empty(RECORD_COLUMNS),
        empty(OBSERVATION_COLUMNS),
        empty(EXCLUSION_COLUMNS),
        fields=fields,
        notes=tuple(notes),
    )


def _wrap(dataset: xr.Dataset) -> xr.Dataset:
    lon = np.asarray(dataset["lon"].values, float)
    wrapped = (lon + 180.0) % 360.0 - 180.0
    wrapped = np.where((lon >= -180) & (lon < 180), lon, wrapped)
    dataset = dataset.assign_coords(lon=wrapped)
    steps = np.diff(wrapped)
    closed = lon.size > 1 and abs(abs(lon[-1] - lon[0]) + float(np.median(np.abs(np.diff(lon)))) - 360.0) < 1e-3
    cut = np.flatnonzero(steps < 0)
    return dataset.roll(lon=-(int(cut[0]) + 1), roll_coords=True) if closed and cut.size else dataset
