"""NetCDF files of the twin: CF-1.8, projected coordinates, the same bytes for the same values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from geocryoai.core.calendar import month_bounds
from geocryoai.core.files import complete_or_absent
from geocryoai.core.variables import variables

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from geocryoai.core.grid import Grid

_EPOCH = np.datetime64("1850-01-01")


@dataclass(frozen=True)
class Layer:
    """One variable of a file.

    Attributes
    ----------
    values : array of float, shape (rows, columns), (months, rows, columns) or (years, rows, columns)
    units : str
    variable : str, optional
        House name whose long name, standard name and direction are written; the layer's own name where absent.
    long_name : str, optional
        For what is no variable of the house.
    cell_methods : str
    """

    values: NDArray[np.floating[Any]]
    units: str
    variable: str | None = None
    long_name: str = ""
    cell_methods: str = "area: mean"


def write_netcdf(
    path: Path,
    grid: Grid,
    layers: Mapping[str, Layer],
    *,
    title: str,
    months: NDArray[np.datetime64] | None = None,
    years: NDArray[np.datetime64] | None = None,
) -> None:
    """Write layers on one grid, complete or absent.

    Parameters
    ----------
    path : pathlib.Path
    grid : Grid
    layers : mapping of str to Layer
        By name in the file; a layer with three axes has the months or the years, whichever its length is.
    title : str
    months : array of datetime64[M], optional
        Time axis ``time``, with bounds.
    years : array of datetime64[Y], optional
        A second axis ``year``, the first of January of each year.
    """
    dataset = _coordinates(grid, months, years)
    for name, layer in layers.items():
        dims = _dims(layer, months, years)
        dataset[name] = xr.DataArray(np.asarray(layer.values, np.float32), dims=dims, attrs=_attributes(name, layer))
    dataset.attrs = {
        "Conventions": "CF-1.8",
        "title": title,
        "institution": "simulated by geocryoai; not measured anywhere",
        "license": "CC0-1.0",
    }
    encoding: dict[str, dict[str, Any]] = {
        name: {"zlib": True, "complevel": 3, "shuffle": True, "_FillValue": np.float32(np.nan)} for name in layers
    }
    encoding |= {str(name): {"_FillValue": None} for name in dataset.variables if name not in encoding}
    with complete_or_absent(path) as temporary:
        dataset.to_netcdf(temporary, engine="h5netcdf", encoding=encoding)


def _coordinates(grid: Grid, months: NDArray[np.datetime64] | None, years: NDArray[np.datetime64] | None) -> xr.Dataset:
    axes: dict[str, Any] = {
        axis: (axis, values, {"standard_name": f"projection_{axis}_coordinate", "units": "m", "axis": axis.upper()})
        for axis, values in (("x", grid.x), ("y", grid.y))
    }
    others: dict[str, Any] = {"crs": ((), np.int32(0), grid.cf_attributes())}
    for name, stamps in (("time", months), ("year", years)):
        if stamps is None:
            continue
        bounds = month_bounds(stamps) if name == "time" else np.stack([stamps, stamps + 1], axis=-1)
        days = (bounds.astype("datetime64[D]") - _EPOCH).astype(np.float64)
        axes[name] = (name, days[:, 0], _time_attributes(name))
        others[f"{name}_bounds"] = ((name, "bounds"), days)
    return xr.Dataset(others, coords=axes)


def _time_attributes(name: str) -> dict[str, str]:
    return {
        "standard_name": "time",
        "units": "days since 1850-01-01",
        "calendar": "standard",
        "bounds": f"{name}_bounds",
        **({"axis": "T"} if name == "time" else {}),
    }


def _dims(layer: Layer, months: NDArray[np.datetime64] | None, years: NDArray[np.datetime64] | None) -> tuple[str, ...]:
    if layer.values.ndim == 2:
        return "y", "x"
    if months is not None and len(layer.values) == len(months):
        return "time", "y", "x"
    if years is not None and len(layer.values) == len(years):
        return "year", "y", "x"
    raise ValueError(f"no time axis has {len(layer.values)} steps")


def _attributes(name: str, layer: Layer) -> dict[str, str]:
    meant = variables().get(layer.variable or name)
    attributes = {"units": layer.units, "grid_mapping": "crs", "cell_methods": layer.cell_methods}
    if meant is None:
        return attributes | {"long_name": layer.long_name or name.replace("_", " ")}
    attributes["long_name"] = layer.long_name or meant.long_name
    if meant.cf is not None:
        attributes["standard_name"] = meant.cf
    if meant.positive is not None:
        attributes["positive"] = meant.positive
    return attributes
