"""Forcing of CLM or ELM at one place: a folder of monthly NetCDF files (``CLM1PT_data/YYYY-MM.nc``), or one of them.

Options
-------
site : str
    Name of the place; default the name of the folder or file.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import xarray as xr

from geocryoai.core.calendar import decode_time
from geocryoai.core.errors import GeoCryoAIError, SourceError
from geocryoai.core.units import to_canonical
from geocryoai.core.variables import variable
from geocryoai.sources._columns import together
from geocryoai.sources._fields import open_netcdf, require_variable
from geocryoai.sources._layout_files import find_files
from geocryoai.sources._ranges import check_unit_by_range
from geocryoai.sources._tabular import check_options, finish
from geocryoai.sources.base import SourceData, SourceInfo

#: Name in the file -> house name; those that a file does not have are left out.
_SERIES = {
    "TBOT": "tas",
    "FSDS": "rsds",
    "FLDS": "rlds",
    "RH": "hurs",
    "QBOT": "huss",
    "WIND": "wind",
    "PSRF": "ps",
    "PRECTmms": "pr",
}

INFO = SourceInfo(
    name="clm_point_forcing",
    title="CLM and ELM forcing at one place: air temperature, radiation, humidity, wind, pressure, precipitation",
    kind="covariates",
    licence="as stated by whoever made the files",
    citation="Lawrence et al. (2019), The Community Land Model version 5, J. Adv. Model. Earth Syst. 11, 4245-4287",
    formats=("folder of NetCDF", "nc"),
    covariates={house: variable(house).unit for house in _SERIES.values()},
    url="https://www.cesm.ucar.edu/models/clm",
    quirks=(
        "Units are taken from the files and refused where absent.",
        "Years may have 365 days; each record lasts to the next one.",
        "The place stands in LATIXY and LONGXY, longitudes from 0 to 360.",
        "Records that two files share, at the turn of a month, are taken from the earlier one.",
    ),
)


class ClmPointForcingReader:
    """Reader of point forcing; see the module's text for the options."""

    info = INFO

    def read(self, path: Path, *, source: str, options: Mapping[str, Any], targets: bool = True) -> SourceData:
        """Read the forcing; see `Reader.read`."""
        chosen = check_options(options, {"site": path.stem}, "clm_point_forcing")
        files = find_files(path, r"\.nc$", source)
        parts = [_month(file, source if file == path else f"{source}/{file.name}") for file in files]
        if len({part.attrs["place"] for part in parts}) > 1:
            raise SourceError("the files are of different places", where=source)
        parts.sort(key=lambda part: part["time"].values[0])
        joined = xr.concat(parts, "time", data_vars="all", join="outer", combine_attrs="override")
        joined = joined.drop_duplicates("time")
        start = joined["time"].values.astype("datetime64[us]")
        steps = np.diff(start)
        if not steps.size or (steps <= np.timedelta64(0, "us")).any():
            raise SourceError("the time axis is not ascending", where=source, found=f"{start.size} times")
        end = np.minimum(np.append(start[1:], start[-1] + np.median(steps)), start + np.median(steps))
        lon, lat = parts[0].attrs["place"]
        place = {
            "site": chosen["site"],
            "lon": pl.Series([lon] * start.size),
            "lat": pl.Series([lat] * start.size),
        }
        absent = [house for house in _SERIES.values() if house not in joined]
        columns = [
            pl.Series(house, joined[house].values if house in joined else np.full(start.size, np.nan), nan_to_null=True)
            for house in _SERIES.values()
        ]
        records = together(columns, source, **place, time_start=pl.Series(start), time_end=pl.Series(end))
        notes = [f"not in the files: {', '.join(absent)}"] if absent else []
        return finish(self.info, records, [], [], notes)


READER = ClmPointForcingReader()


def _month(path: Path, where: str) -> xr.Dataset:
    """Return the series of one file in canonical units on ``time``, its place as an attribute."""
    with open_netcdf(path, where) as dataset:
        time = require_variable(dataset, "time", where)
        try:
            stamps = decode_time(
                time.values, str(time.attrs.get("units", "")), str(time.attrs.get("calendar", "noleap"))
            )
        except GeoCryoAIError as error:
            raise SourceError(error.what, where=f"{where}, time", found=error.found, expected=error.expected) from error
        series = {}
        for name, house in _SERIES.items():
            if name in dataset.variables:
                series[house] = ("time", _canonical(dataset[name], house, f"{where}, {name}"))
        if "tas" not in series:
            raise SourceError("the file holds no forcing", where=where, expected=", ".join(_SERIES))
        lon, lat = (float(np.ravel(require_variable(dataset, axis, where).values)[0]) for axis in ("LONGXY", "LATIXY"))
        return xr.Dataset(series, coords={"time": stamps}, attrs={"place": ((lon + 180.0) % 360.0 - 180.0, lat)})


def _canonical(array: xr.DataArray, house: str, where: str) -> np.ndarray:
    values = np.asarray(array.values, float)
    values = values.reshape(values.shape[0], -1)
    if values.shape[1] != 1:
        raise SourceError("not a series at one place", where=where, found=str(array.shape))
    unit, meant = str(array.attrs.get("units", "")), variable(house)
    if not unit:
        raise SourceError("the variable has no unit", where=f"{where}, attribute units")
    try:
        canonical = np.asarray(to_canonical(values[:, 0], unit, house, positive=meant.positive), float)
    except GeoCryoAIError as error:
        raise SourceError(error.what, where=where, found=error.found, expected=error.expected) from error
    check_unit_by_range(canonical, meant, where=where, unit=unit, remedy="correct the attribute")
    low, high = meant.valid
    return np.where((canonical < low) | (canonical > high), np.nan, canonical)
