"""Output of the forest model SIBBORK, and of `geocryoai` in the same layout: mass, basal area and stems of each plot.

Options
-------
crs : str
    Of the plots; the files state none. Required.
left, top : float
    West and north edge of the grid [m]; default what the settings say, if they do.
cell : float
    Side of a plot [m]; default what the settings say, else 10.
species : list of str
    Names in the order of their codes; required where the settings do not give that order.
biomass_unit : str
    Unit of the mass in the file, per plot; default t.
year_offset : int
    Added to the years in the file, which may count from the start of the simulation; default 0.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import xarray as xr
from numpy.typing import NDArray

from geocryoai.core.errors import SourceError
from geocryoai.core.projection import read_crs
from geocryoai.core.units import convert
from geocryoai.sources._fields import field_data, house_form, time_coordinates
from geocryoai.sources._tabular import check_options
from geocryoai.sources.base import SourceData, SourceInfo
from geocryoai.sources.sibbork_layout import BY_SPECIES, SibborkSettings, logged_years, read_settings

#: Group -> name of the field, its unit, and what the field is.
_FIELDS = {
    "Biomass": ("biomass", "kg m-2", "above-ground mass of trees"),
    "BasalArea": ("basal_area", "m2 m-2", "basal area of trees per ground"),
    "DBH_distribution": ("stem_density", "m-2", "stems of at least 8 cm per ground"),
}

INFO = SourceInfo(
    name="sibbork",
    title="Yearly output of the individual-based forest model SIBBORK (plots of 10 m)",
    kind="fields",
    licence="that of the run's author; the program itself is GPL-2 and no part of this package",
    citation="Brazhnik and Shugart (2015), 3D simulation of boreal forests, Environ. Res. Lett. 10",
    formats=("h5",),
    covariates={name: unit for name, unit, _ in _FIELDS.values()},
    url="https://github.com/SIBBORK/SIBBORK",
    quirks=(
        "The root holds a pickle of the settings, which could run any program: it is never opened.",
        "The first axis, called x, counts rows from the north.",
        "Numbers are per plot; they are divided by its area.",
        "Neither CRS nor units are stated, and the order of the species only in the pickle: the user declares them.",
        "Years may count from the start of the simulation.",
    ),
)


class SibborkReader:
    """Reader of SIBBORK's HDF5 output; see the module's text for the options."""

    info = INFO

    def read(self, path: Path, *, source: str, options: Mapping[str, Any], targets: bool = True) -> SourceData:
        """Read the file; see `Reader.read`."""
        allowed = {"crs": None, "left": None, "top": None, "cell": None, "species": None, "biomass_unit": "t",
                   "year_offset": 0}  # fmt: skip
        chosen = check_options(options, allowed, "sibbork")
        if chosen["crs"] is None:
            raise SourceError("no CRS is declared, and the file states none", where=source, expected="option 'crs'")
        if read_crs(chosen["crs"]).is_geographic:
            raise SourceError("plots lie on a grid in metres", where=source, found=chosen["crs"],
                              expected="a projected CRS")  # fmt: skip
        if not path.is_file():
            raise SourceError("the file does not exist", where=source, found=path.name)
        try:
            with h5py.File(path, "r") as file:
                settings = read_settings(file, source)
                tables = {group: _table(file, group, source) for group in BY_SPECIES}
        except OSError as error:
            raise SourceError("not an HDF5 file, or a truncated one", where=source, found=str(error)) from error
        return _fields(tables, settings, chosen, source)


READER = SibborkReader()


def _table(file: h5py.File, group: str, where: str) -> tuple[list[int], NDArray[np.float64]]:
    """Return years and numbers of a group, (years, rows, columns, species)."""
    found = logged_years(file, group, where)
    shapes = {dataset.shape for dataset in found.values()}
    if len(shapes) != 1:
        raise SourceError("the years of a group are of different shape", where=f"{where}, {group}", found=shapes)
    values = np.stack([np.asarray(dataset[()], dtype=np.float64) for dataset in found.values()])
    if not np.isfinite(values).all() or (values < 0).any():
        raise SourceError("a number is missing or negative", where=f"{where}, {group}", expected="finite, >= 0")
    return list(found), values


def _fields(
    tables: dict[str, tuple[list[int], NDArray[np.float64]]], settings: SibborkSettings, chosen: dict[str, Any],
    where: str,
) -> SourceData:  # fmt: skip
    years, first = tables["Biomass"]
    for group, (other, values) in tables.items():
        if other != years or values.shape != first.shape:
            raise SourceError("the groups do not fit together", where=f"{where}, {group}", found=values.shape,
                              expected=first.shape)  # fmt: skip
    names = _species(chosen["species"], settings, first.shape[-1], where)
    cell = float(chosen["cell"] or settings.cell or 10.0)
    left, top = _corner(chosen, settings, where)
    coordinates = {
        "x": left + cell * (np.arange(first.shape[2]) + 0.5),
        "y": top - cell * (np.arange(first.shape[1]) + 0.5),
    }
    data, units = {}, {}
    for group, (field, unit, meaning) in _FIELDS.items():
        per_plot = tables[group][1] / cell**2
        if group == "Biomass":
            per_plot = per_plot * convert(1.0, chosen["biomass_unit"], "kg")
        layers = {field: per_plot.sum(axis=-1)} | {
            f"{field}_{name.lower()}": per_plot[..., i] for i, name in enumerate(names)
        }
        for name, values in layers.items():
            attributes = {"long_name": meaning, "units": unit, "cell_methods": "area: sum"}
            data[name] = xr.DataArray(values.astype(np.float32), dims=("time", "y", "x"), attrs=attributes)
            units[name] = unit
    calendar = np.array(years) + int(chosen["year_offset"])
    if calendar[0] < 1 or calendar[-1] > 9999:
        raise SourceError("a year is out of range", where=where, found=f"{calendar[0]} to {calendar[-1]}",
                          expected="1 to 9999 with 'year_offset'")  # fmt: skip
    start = (calendar - 1970).astype("datetime64[Y]")
    dataset = xr.Dataset(data, coords={**coordinates, **time_coordinates(start, start + 1, f"{where}, years")})
    notes = [f"plots of {cell:g} m; species in the order of their codes: {', '.join(names)}"]
    return field_data(replace(INFO, covariates=units), house_form(dataset, chosen["crs"], where), notes)


def _species(declared: Any, settings: SibborkSettings, count: int, where: str) -> tuple[str, ...]:
    names = tuple(declared) if declared is not None else settings.by_code
    if not names:
        known = f"the settings name {', '.join(settings.enabled)}" if settings.enabled else "no names in the file"
        raise SourceError("the order of the species is not stated", where=where, found=known,
                          next_step="Declare option 'species', names in the order of their codes.")  # fmt: skip
    if len(names) != count or not all(isinstance(name, str) and name.isidentifier() for name in names):
        raise SourceError("the species do not fit the tables", where=where, found=list(names),
                          expected=f"{count} names")  # fmt: skip
    if settings.enabled and set(names) != set(settings.enabled):
        raise SourceError("the species are not those of the settings", where=where, found=sorted(names),
                          expected=sorted(settings.enabled))  # fmt: skip
    return names


def _corner(chosen: dict[str, Any], settings: SibborkSettings, where: str) -> tuple[float, float]:
    left, top = chosen["left"], chosen["top"]
    if left is None or top is None:
        if settings.corner is None:
            raise SourceError("the place of the grid is not stated", where=where, expected="options 'left' and 'top'")
        left, top = settings.corner if left is None and top is None else (
            settings.corner[0] if left is None else left, settings.corner[1] if top is None else top)  # fmt: skip
    return float(left), float(top)
