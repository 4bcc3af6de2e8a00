"""CF NetCDF maps: written under a temporary name, read back, and only then put in place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from geocryoai.core.errors import CubeError
from geocryoai.core.files import complete_or_absent
from geocryoai.core.projection import read_crs
from geocryoai.cube.layers import GRID_MAPPING


def write_netcdf(dataset: xr.Dataset, path: Path) -> None:
    """Write a dataset as CF NetCDF-4 and check that CRS, units and shapes survive.

    Parameters
    ----------
    dataset : xarray.Dataset
        For example from `layers.cf_dataset`: with the grid mapping variable ``crs`` and units on every data variable.
    path : Path
        Replaced if there.

    Raises
    ------
    CubeError
        No CRS, a data variable without units, or a file that does not read back as it was.
    """
    _require_metadata(dataset, str(path))
    encoding: dict[str, dict[str, Any]] = {
        str(name): {"zlib": True, "complevel": 1, "shuffle": True, "_FillValue": _fill_value(array.dtype)}
        for name, array in dataset.data_vars.items()
        if array.ndim
    }
    with complete_or_absent(path) as partial:
        to_cf(dataset).to_netcdf(partial, engine="h5netcdf", format="NETCDF4", encoding=encoding)
        _check(dataset, partial, str(path))


def to_cf(dataset: xr.Dataset) -> xr.Dataset:
    """Return a dataset as CF wants it in a file: the grid mapping no coordinate, and coordinates without fill value."""
    plain = dataset.copy()
    if GRID_MAPPING in plain.coords:
        plain = plain.reset_coords(GRID_MAPPING)
    for name in plain.coords:
        plain[name].encoding.setdefault("_FillValue", None)
    return plain


def _fill_value(dtype: np.dtype[Any]) -> float | None:
    return float("nan") if np.issubdtype(dtype, np.floating) else None


def _require_metadata(dataset: xr.Dataset, where: str) -> None:
    if GRID_MAPPING not in dataset.variables or "crs_wkt" not in dataset[GRID_MAPPING].attrs:
        raise CubeError("the map has no CRS", where=where, expected=f"a variable '{GRID_MAPPING}' with crs_wkt")
    for name in _measured(dataset):
        if "units" not in dataset[name].attrs:
            raise CubeError("a variable has no units", where=f"{where}, {name}")


def _measured(dataset: xr.Dataset) -> list[str]:
    bounds = {str(axis.attrs["bounds"]) for axis in dataset.variables.values() if "bounds" in axis.attrs}
    return [str(name) for name in dataset.data_vars if name != GRID_MAPPING and name not in bounds]


def _check(dataset: xr.Dataset, path: Path, where: str) -> None:
    with xr.open_dataset(path, engine="h5netcdf", decode_coords="all", decode_timedelta=False) as written:
        found, expected = (read_crs(str(part[GRID_MAPPING].attrs["crs_wkt"])) for part in (written, dataset))
        if found != expected:
            raise CubeError("the CRS did not survive", where=where, found=found.name, expected=expected.name)
        for name in _measured(dataset):
            before, after = dataset[name], written[name]
            if after.attrs.get("units") != before.attrs["units"]:
                raise CubeError("the units did not survive", where=f"{where}, {name}", found=after.attrs.get("units"),
                                expected=before.attrs["units"])  # fmt: skip
            if after.shape != before.shape:
                raise CubeError("the shape did not survive", where=f"{where}, {name}", found=after.shape,
                                expected=before.shape)  # fmt: skip
