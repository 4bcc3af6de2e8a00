"""Toolik Lake tile: 10 x 10 km monthly climate 1901-2100, terrain, soil, vegetation and CO2 (model input of UAF).

Options
-------
scenario : {"historic", "projected", "both"}
    CRU TS4.0 1901-2015, CCSM4 RCP8.5 2016-2100, or one after the other on one axis; default ``historic``.
vegetation : {"edited", "original"}
    ``vegetation.nc`` or ``original-vegetation.nc``; default ``edited``.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from geocryoai.core.calendar import calendar_name, days_in_month, decode_time
from geocryoai.core.errors import SourceError, nearest
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

CRS = "EPSG:3338"

#: Variable of the climate files -> house name and unit.
_CLIMATE = {
    "tair": ("tas", "celsius"),
    "precip": ("pr", "mm month-1"),
    "nirr": ("rsds", "W m-2"),
    "vapor_press": ("vp", "hPa"),
}
_SCENARIOS = {
    "historic": (("historic-climate.nc", "co2.nc"),),
    "projected": (("projected-climate.nc", "projected-co2.nc"),),
    "both": (("historic-climate.nc", "co2.nc"), ("projected-climate.nc", "projected-co2.nc")),
}
_VEGETATION = {"edited": "vegetation.nc", "original": "original-vegetation.nc"}

#: File -> variable -> house name (or a name of its own) and unit. The files carry no units; these are the model's.
_STATICS: dict[str, dict[str, tuple[str, str]]] = {
    "topo.nc": {"elevation": ("elevation", "m"), "slope": ("slope", "degree"), "aspect": ("aspect", "degree")},
    "soil-texture.nc": {
        "pct_sand": ("sand", "percent"),
        "pct_silt": ("silt", "percent"),
        "pct_clay": ("clay", "percent"),
    },
    "drainage.nc": {"drainage_class": ("drainage_class", "1")},
    "fri-fire.nc": {"fri": ("fire_return_interval", "year"), "fri_severity": ("fire_severity", "1")},
}

INFO = SourceInfo(
    name="toolik_tile",
    title="Toolik Lake 10 x 10 km tile: CRU TS4.0 1901-2015 and CCSM4 RCP8.5 2016-2100, with terrain and soil",
    kind="fields",
    licence="MIT",
    citation=(
        "DVM-DOS-TEM model inputs, University of Alaska Fairbanks (SNAP-downscaled CRU TS4.0 and NCAR CCSM4 RCP8.5)"
    ),
    formats=("folder of NetCDF",),
    covariates={
        "tas": "degC", "pr": "mm d-1", "rsds": "W m-2", "vp": "Pa", "elevation": "m", "slope": "degree",
        "aspect": "degree", "sand": "1", "silt": "1", "clay": "1", "drainage_class": "1", "vegetation_class": "1",
        "fire_return_interval": "year", "fire_severity": "1", "co2_air": "umol mol-1",
    },
    url="https://github.com/uaf-arctic-eco-modeling/dvm-dos-tem",
    quirks=(
        "Years have 365 days: a monthly precipitation is divided by 28 days in every February.",
        "The origin differs between files by less than one cell; all are placed on the climate grid by row and column.",
        "Rows run from south to north although the stored GeoTransform counts from the north; y and lat decide.",
        "Vegetation was edited upstream (class 8 to 7); on this tile the edited and the original file are the same.",
        "Files other than the climate carry no units.",
        "Vapour pressure is 0 in the coldest months of the historic file, where it was rounded to 0.1 hPa.",
    ),
)  # fmt: skip


class ToolikTileReader:
    """Reader of the folder of NetCDF files; see the module's text for the options."""

    info = INFO

    def read(self, path: Path, *, source: str, options: Mapping[str, Any], targets: bool = True) -> SourceData:
        """Read the tile; see `Reader.read`."""
        chosen = check_options(options, {"scenario": "historic", "vegetation": "edited"}, "toolik_tile")
        pairs = _choice("scenario", chosen["scenario"], _SCENARIOS)
        notes: list[str] = []
        climate = _joined([_climate(path / name, f"{source}/{name}") for name, _ in pairs], source, notes)
        statics = {
            **_STATICS,
            _choice("vegetation", chosen["vegetation"], _VEGETATION): {"veg_class": ("vegetation_class", "1")},
        }
        fields = climate
        for name, names in statics.items():
            fields = fields.assign(_statics(path / name, f"{source}/{name}", names, climate, notes))
        fields = fields.assign(co2_air=_carbon_dioxide([path / name for _, name in pairs], source, fields))
        return field_data(INFO, house_form(fields, CRS, source), notes)


READER = ToolikTileReader()


def _choice(option: str, value: str, known: Mapping[str, Any]) -> Any:
    if value not in known:
        hint = nearest(value, known)
        raise SourceError(
            f"unknown value of option '{option}'", where="toolik_tile", found=f"'{value}'", next_step=hint
        )
    return known[value]


def _climate(path: Path, where: str) -> xr.Dataset:
    with open_netcdf(path, where) as dataset:
        time = require_variable(dataset, "time", where)
        calendar = str(time.attrs.get("calendar", ""))
        if calendar_name(calendar) != "365_day":
            raise SourceError("the calendar has changed", where=f"{where}, time", found=calendar, expected="365_day")
        months = decode_time(time.values, str(time.attrs.get("units", "")), calendar).astype("datetime64[M]")
        coordinates = time_coordinates(months, months + 1, where)
        days = days_in_month(months, calendar)[:, None, None]
        fields = {}
        for name, (house, unit) in _CLIMATE.items():
            array = require_variable(dataset, name, where)
            require_unit(array, unit, f"{where}, {name}")
            meant = variable(house)
            values = _complete(array, f"{where}, {name}")
            positive = meant.positive
            canonical = to_canonical(values, unit, house, positive=positive, days_in_month=days)
            attributes = {**house_attributes(meant), "cell_methods": "time: mean"}
            fields[house] = (("time", "y", "x"), canonical.astype(np.float32), attributes)
        return xr.Dataset(fields, coords={**coordinates, **_axes(dataset, where)})


def _joined(parts: list[xr.Dataset], source: str, notes: list[str]) -> xr.Dataset:
    if len(parts) == 1:
        return parts[0]
    early, late = parts
    for axis in ("y", "x"):
        if not np.array_equal(early[axis], late[axis]):
            raise SourceError(f"the axis {axis} differs between historic and projected climate", where=source)
    overlap = np.intersect1d(early["time"].values, late["time"].values)
    notes.append(
        f"historic and projected climate share {overlap.size} months"
        + ("; the historic ones are kept" if overlap.size else "")
    )
    late = late.isel(time=np.flatnonzero(~np.isin(late["time"].values, overlap)))
    last, first = (values.astype("datetime64[M]") for values in (early["time"].values[-1], late["time"].values[0]))
    gap = int((first - last).astype(int)) - 1
    if gap != 0:
        raise SourceError(
            "the projected climate does not follow the historic one", where=source, found=f"{gap} months between"
        )
    notes.append(f"up to {last} the climate is historic (CRU TS4.0), after that projected (CCSM4 RCP8.5)")
    return xr.concat(
        [early, late], dim="time", data_vars="minimal", coords="minimal", compat="override", join="override"
    )


def _statics(
    path: Path, where: str, names: Mapping[str, tuple[str, str]], climate: xr.Dataset, notes: list[str]
) -> dict[str, xr.DataArray]:
    with open_netcdf(path, where) as dataset:
        notes.append(_offset(_axes(dataset, where), climate, where))
        fields = {}
        for name, (house, unit) in names.items():
            values = _complete(require_variable(dataset, name, where), f"{where}, {name}")
            attributes = {"long_name": house.replace("_", " "), "units": unit}
            if house in INFO.covariates and house not in ("fire_return_interval", "fire_severity"):
                values, attributes = to_canonical(values, unit, house), house_attributes(variable(house))
            fields[house] = xr.DataArray(values.astype(np.float32), dims=("y", "x"), attrs=attributes)
        return fields


def _offset(axes: Mapping[str, xr.DataArray], climate: xr.Dataset, where: str) -> str:
    """Return how far a file's cells lie from the climate's, or raise where they cannot be matched by index."""
    shifts = []
    for axis in ("x", "y"):
        if axes[axis].size != climate[axis].size:
            raise SourceError(
                f"axis {axis} has another number of cells than the climate", where=where,
                found=axes[axis].size, expected=climate[axis].size,
            )  # fmt: skip
        cell = float(np.abs(np.diff(climate[axis].values)).mean())
        shift = axes[axis].values.astype(float) - climate[axis].values
        if np.abs(shift).max() >= cell:
            raise SourceError(
                f"the cells lie a whole cell or more from those of the climate along {axis}", where=where,
                found=f"{shift[np.abs(shift).argmax()]:g} m", expected=f"less than {cell:g} m",
            )  # fmt: skip
        shifts.append(f"{shift.mean():+.0f} m in {axis}")
    return f"{where}: cells lie {' and '.join(shifts)} from the climate grid; placed on it by row and column"


def _axes(dataset: xr.Dataset, where: str) -> dict[str, xr.DataArray]:
    axes = {}
    for name in ("y", "x"):
        array = require_variable(dataset, name, where)
        require_unit(array, "m", f"{where}, {name}")
        axes[name] = xr.DataArray(array.values.astype(float), dims=name)
    return axes


def _carbon_dioxide(paths: list[Path], source: str, fields: xr.Dataset) -> xr.DataArray:
    """Return the yearly mole fraction of CO2 on the monthly axis."""
    years: dict[int, float] = {}
    for path in paths:
        where = f"{source}/{path.name}"
        with open_netcdf(path, where) as dataset:
            values = require_variable(dataset, "co2", where).values
            for year, value in zip(dataset["year"].values.tolist(), values.tolist(), strict=True):
                years.setdefault(int(year), float(value))
    wanted = fields["time"].values.astype("datetime64[Y]").astype(int) + 1970
    absent = sorted(set(wanted.tolist()) - set(years))
    if absent:
        raise SourceError("CO2 is absent for years of the climate", where=source, found=f"{absent[0]} to {absent[-1]}")
    values = np.array([years[year] for year in wanted.tolist()])
    return xr.DataArray(
        values, dims="time", attrs={**house_attributes(variable("co2_air")), "cell_methods": "time: mean"}
    )


def _complete(array: xr.DataArray, where: str) -> np.ndarray:
    values = np.asarray(array.values, dtype=float)
    missing = int((~np.isfinite(values) | (np.abs(values) >= 1e9) | (values == -9999)).sum())
    if missing:
        raise SourceError(
            "values are missing in a file that should be complete", where=where, found=f"{missing} values"
        )
    return values
