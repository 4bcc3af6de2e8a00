"""ERA-Interim yearly fields at 0.5 degree over northern North America, 2014-2016 (inputs of the Kudryavtsev model).

Takes no options.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import xarray as xr

from geocryoai.core.errors import SourceError
from geocryoai.core.projection import LONLAT
from geocryoai.core.units import to_canonical
from geocryoai.core.variables import variable
from geocryoai.sources._fields import (
    field_data,
    house_attributes,
    house_form,
    open_netcdf,
    require_unit,
    require_variable,
    time_coordinates,
)
from geocryoai.sources._tabular import check_options
from geocryoai.sources.base import SourceData, SourceInfo


class _Entry(NamedTuple):
    """What a file holds: the name that its attribute gives, the house name, the unit in the file."""

    long_name: str
    house: str
    unit: str


_FILES = {
    "ta.nc": _Entry("MAAT", "tas", "deg C"),
    "aa.nc": _Entry("Ampt", "tas_amplitude", "deg C"),
    "snd.nc": _Entry("SnowDepth", "snd", "m"),
    "rsn.nc": _Entry("SnowDensity", "snow_density", "kg m-3"),
    "vwc.nc": _Entry("Vol.Water.Content", "sm", "m3 m-3"),
}
_MASK = "mask.nc"

#: Snow on glaciers is capped at this depth in the file [m].
SNOW_CAP = 10.0

INFO = SourceInfo(
    name="era_interim_2d",
    title="ERA-Interim yearly air temperature, amplitude, snow and soil water at 0.5 degree, 45-85 N, 2014-2016",
    kind="fields",
    licence="MIT (this copy); ERA-Interim: ECMWF, with attribution",
    citation="Dee et al. (2011), The ERA-Interim reanalysis, Q. J. R. Meteorol. Soc. 137, 553-597; permamodel project",
    formats=("folder of NetCDF",),
    covariates={
        "tas": "degC", "tas_amplitude": "K", "snd": "m", "snow_density": "kg m-3", "sm": "1", "land_fraction": "1",
    },
    doi="10.1002/qj.828",
    url="https://github.com/permamodel/permamodel",
    quirks=(
        "The variable is always called 'data'; what it is stands in long_name only.",
        "Times are bare years; each field stands for its calendar year.",
        "Longitudes run from 190 to 330.",
        "Sea is missing (-999.99); the land mask has other names for its axes.",
        "Snow depth is capped at 10 m on glaciers.",
    ),
)  # fmt: skip


class EraInterim2dReader:
    """Reader of the folder of NetCDF files."""

    info = INFO

    def read(self, path: Path, *, source: str, options: Mapping[str, Any], targets: bool = True) -> SourceData:
        """Read the folder; see `Reader.read`."""
        check_options(options, {}, "era_interim_2d")
        fields = xr.Dataset()
        for name, entry in _FILES.items():
            part = _field(path / name, f"{source}/{name}", entry)
            if fields.data_vars and not all(
                np.array_equal(part[axis], fields[axis]) for axis in ("time", "lat", "lon")
            ):
                raise SourceError("the axes differ from those of the other files", where=f"{source}/{name}")
            fields = fields.assign(part.data_vars) if fields.data_vars else part
        fields = fields.assign(land_fraction=_mask(path / _MASK, f"{source}/{_MASK}", fields))
        capped = int((fields["snd"] >= SNOW_CAP).sum())
        notes = [f"{capped} values of snow depth stand at the cap of {SNOW_CAP:g} m (glaciers)"] if capped else []
        return field_data(INFO, house_form(fields, LONLAT, source), notes)


READER = EraInterim2dReader()


def _field(path: Path, where: str, entry: _Entry) -> xr.Dataset:
    with open_netcdf(path, where) as dataset:
        array = require_variable(dataset, "data", where)
        found = str(array.attrs.get("long_name", ""))
        if found != entry.long_name:
            raise SourceError(
                "the file holds another variable",
                where=f"{where}, long_name",
                found=f"'{found}'",
                expected=f"'{entry.long_name}'",
            )
        require_unit(array, entry.unit, f"{where}, data")
        values = np.asarray(array.values, dtype=float)
        if entry.house == "tas_amplitude":
            attributes = {"long_name": "half the yearly range of air temperature", "units": "K"}
        else:
            meant = variable(entry.house)
            values = to_canonical(values, entry.unit, entry.house)
            attributes = house_attributes(meant)
            low, high = meant.valid
            if np.nanmin(values) < low or np.nanmax(values) > high:
                span = f"{np.nanmin(values):g} to {np.nanmax(values):g} {meant.unit}"
                raise SourceError("impossible values", where=where, found=span, expected=f"{low:g} to {high:g}")
        years = _years(require_variable(dataset, "time", where), where)
        coordinates = {
            **time_coordinates(years, years + 1, f"{where}, time"),
            **{
                axis: (axis, np.asarray(require_variable(dataset, axis, where).values, float))
                for axis in ("lat", "lon")
            },
        }
        attributes["cell_methods"] = "time: mean"
        data = xr.DataArray(values.astype(np.float32), dims=("time", "lat", "lon"), attrs=attributes)
        return xr.Dataset({entry.house: data}, coords=coordinates)


def _years(time: xr.DataArray, where: str) -> np.ndarray:
    require_unit(time, "Year", f"{where}, time")
    values = np.asarray(time.values, float)
    if not (values == np.round(values)).all():
        raise SourceError("the times are not whole years", where=f"{where}, time", found=values.tolist())
    return (values.astype(int) - 1970).astype("datetime64[Y]")


def _mask(path: Path, where: str, fields: xr.Dataset) -> xr.DataArray:
    with open_netcdf(path, where) as dataset:
        mask = require_variable(dataset, "lsm", where).isel(time=0, drop=True)
        for own, axis in (("latitude", "lat"), ("longitude", "lon")):
            if not np.allclose(mask[own].values, fields[axis].values):
                raise SourceError(f"the axis {own} differs from that of the fields", where=where)
        values = np.asarray(mask.values, np.float32)
    attributes = {"standard_name": "land_area_fraction", "long_name": "land fraction", "units": "1"}
    return xr.DataArray(values, dims=("lat", "lon"), attrs=attributes)
