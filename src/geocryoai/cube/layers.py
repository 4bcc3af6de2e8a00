"""What stands in a cube or map: layers with unit, sign and CF attributes, and the coordinates they share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from geocryoai.core.calendar import month_bounds
from geocryoai.core.errors import CubeError, UnitError
from geocryoai.core.projection import read_crs
from geocryoai.core.units import parse
from geocryoai.core.variables import variables
from geocryoai.cube.temporal import as_months

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geocryoai.core.grid import Grid

    Months = NDArray[np.datetime64]

CONVENTIONS = "CF-1.8"

#: Name of the grid mapping variable.
GRID_MAPPING = "crs"

#: Suffix of the layer that says how much of a cell had valid data.
COVERAGE = "_coverage"

#: Suffix of the layer with the standard error of a refined field.
SIGMA = "_sigma"

#: Standard name and unit of the horizontal coordinates.
_PROJECTED = {"y": ("projection_y_coordinate", "m"), "x": ("projection_x_coordinate", "m")}
_GEOGRAPHIC = {"y": ("latitude", "degrees_north"), "x": ("longitude", "degrees_east")}

#: Attributes of a source that a layer keeps.
_CARRIED = ("flag_values", "flag_meanings", "categorical", "comment", "source", "references")


@dataclass(frozen=True)
class Layer:
    """One variable of a cube.

    Attributes
    ----------
    name : str
        House name, or a name of its own.
    unit, long_name : str
    standard_name : str or None
    positive : {"up", "down"} or None
    monthly : bool
        Whether it has a time axis.
    cell_methods : str
    extra : dict
        Further attributes (flags, comment, source).
    """

    name: str
    unit: str
    long_name: str
    standard_name: str | None = None
    positive: str | None = None
    monthly: bool = True
    cell_methods: str = ""
    extra: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(
        cls, name: str, attributes: Mapping[str, Any] | None = None, *, monthly: bool = True, cell_methods: str = ""
    ) -> Layer:
        """Return the layer of a variable, from the nomenclature where it stands there, else from its attributes.

        Raises
        ------
        CubeError
            No unit is known, or the attributes name another unit or sign than the nomenclature.
        """
        given = dict(attributes or {})
        extra = {key: given[key] for key in _CARRIED if key in given}
        known = variables().get(name)
        if known is None:
            if "units" not in given:
                raise CubeError("a variable outside the nomenclature has no units", where=name)
            return cls(
                name, str(given["units"]), str(given.get("long_name", name)), given.get("standard_name"),
                given.get("positive"), monthly, cell_methods, extra,
            )  # fmt: skip
        _check_unit(name, str(given.get("units", known.unit)), known.unit)
        if given.get("positive", known.positive) != known.positive:
            raise CubeError(
                "the sign is not the variable's own", where=name, found=f"positive {given['positive']}",
                expected=f"positive {known.positive}",
            )  # fmt: skip
        return cls(name, known.unit, known.long_name, known.cf, known.positive, monthly, cell_methods, extra)

    @property
    def dims(self) -> tuple[str, ...]:
        """Return the names of the dimensions."""
        return ("time", "y", "x") if self.monthly else ("y", "x")

    def attributes(self) -> dict[str, Any]:
        """Return the CF attributes, without those that are absent."""
        named = {
            "units": self.unit,
            "long_name": self.long_name,
            "standard_name": self.standard_name,
            "positive": self.positive,
            "cell_methods": self.cell_methods or None,
            "grid_mapping": GRID_MAPPING,
        }
        extra = {key: np.asarray(value).tolist() for key, value in self.extra.items()}
        return {key: value for key, value in named.items() if value is not None} | extra

    def coverage(self) -> Layer:
        """Return the layer that says which share of each cell had valid source data."""
        text = f"share of the cell area with valid data for {self.long_name}"
        return Layer(f"{self.name}{COVERAGE}", "1", text, monthly=self.monthly)


def grid_coordinates(grid: Grid, months: Months | None) -> dict[str, xr.Variable]:
    """Return the coordinate variables of a cube: crs, y, x and, with months, time and its bounds.

    Times are days since 1970-01-01, the first day of each month; the bounds are the month.
    """
    kinds = _GEOGRAPHIC if read_crs(grid.crs).is_geographic else _PROJECTED
    out = {GRID_MAPPING: xr.Variable((), np.int32(0), grid.cf_attributes())}
    for name, centres in (("y", grid.y), ("x", grid.x)):
        standard_name, unit = kinds[name]
        out[name] = xr.Variable((name,), centres, {"standard_name": standard_name, "units": unit, "axis": name.upper()})
    if months is None:
        return out
    axis = as_months(months)
    time = {"standard_name": "time", "axis": "T", "bounds": "time_bnds"}
    encoding = {"units": "days since 1970-01-01", "calendar": "proleptic_gregorian", "dtype": "int32"}
    out["time"] = xr.Variable(("time",), axis.astype("datetime64[ns]"), time, encoding)
    bounds = month_bounds(axis).astype("datetime64[ns]")
    out["time_bnds"] = xr.Variable(("time", "bounds"), bounds, {}, encoding)
    return out


def cf_dataset(
    grid: Grid,
    months: Months | None,
    values: Iterable[tuple[Layer, NDArray[np.floating]]],
    attributes: Mapping[str, Any] | None = None,
) -> xr.Dataset:
    """Return arrays as a CF dataset on a grid, ready for `write_netcdf`.

    Parameters
    ----------
    grid : Grid
    months : array of datetime64 or None
        None where no layer has a time axis.
    values : iterable of (Layer, array)
        Shape (time, y, x), or (y, x) for a layer without time.
    attributes : dict, optional
        Global attributes (title, summary, ...).
    """
    data = {layer.name: xr.Variable(layer.dims, array, layer.attributes()) for layer, array in values}
    return xr.Dataset(data, grid_coordinates(grid, months), {"Conventions": CONVENTIONS, **(attributes or {})})


def _check_unit(name: str, found: str, expected: str) -> None:
    try:
        same = found == expected or parse(found) == parse(expected)
    except UnitError:
        same = False
    if not same:
        raise CubeError("the unit is not the variable's canonical one", where=name, found=found, expected=expected)


def check_metadata(dataset: xr.Dataset, grid: Grid, months: Months | None, layers: Iterable[Layer], where: str) -> None:
    """Check that CRS, axes, shapes, units and signs are what was to be written.

    Raises
    ------
    CubeError
        The first difference, naming the variable.
    """
    wkt = dataset[GRID_MAPPING].attrs.get("crs_wkt", "") if GRID_MAPPING in dataset.variables else ""
    if not wkt or read_crs(str(wkt)) != read_crs(grid.crs):
        raise CubeError("the CRS did not survive", where=where, found=str(wkt)[:60] or "none", expected=grid.crs)
    for name, centres in (("y", grid.y), ("x", grid.x)):
        if name not in dataset.variables or not np.array_equal(dataset[name].values, centres):
            raise CubeError(f"the axis {name} is not the grid's", where=where)
    if months is not None and not np.array_equal(as_months(dataset["time"].values), as_months(months)):
        raise CubeError("the months did not survive", where=where)
    if months is not None and "time_bnds" not in dataset.variables:
        raise CubeError("the time bounds did not survive", where=where)
    for layer in layers:
        _check_layer(dataset, layer, f"{where}, {layer.name}")


def _check_layer(dataset: xr.Dataset, layer: Layer, where: str) -> None:
    if layer.name not in dataset.data_vars:
        raise CubeError("the layer is missing", where=where)
    array = dataset[layer.name]
    shape = tuple(dataset.sizes[name] for name in layer.dims)
    if array.dims != layer.dims or array.shape != shape:
        raise CubeError("the shape did not survive", where=where, found=array.shape, expected=shape)
    for key in ("units", "standard_name", "positive"):
        expected = layer.attributes().get(key)
        if array.attrs.get(key) != expected:
            raise CubeError(f"the attribute {key} did not survive", where=where, found=array.attrs.get(key),
                            expected=expected)  # fmt: skip
