"""Gas enhancement on a map, as CF NetCDF and GeoTIFF."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from geocryoai.products.scene_map import Layer, SceneMap, map_axes, write_scene_geotiff, write_scene_netcdf

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray

    from geocryoai.sources.envi import MapInfo

_LAYERS = {
    "enhancement": ("sparse", "enhancement, reweighted and not negative"),
    "enhancement_linear": ("linear", "enhancement, unbiased"),
    "enhancement_sigma": ("sigma", "standard deviation of the unbiased enhancement"),
}


@dataclass(frozen=True)
class GasMap:
    """Layers of one scene on its map, or in raw geometry where no map is known.

    Attributes
    ----------
    gas : str
    sparse, linear, sigma : array of float32, shape (rows, columns)
        [ppm m]; NaN where there is none.
    flags : array of uint8, shape (rows, columns)
    plumes : array of int32, shape (rows, columns)
        Label of the plume, 0 for none.
    position : MapInfo or None
    flag_bits : mapping of str to int
    attributes : mapping of str to str
        Global attributes.
    """

    gas: str
    sparse: NDArray[np.float32]
    linear: NDArray[np.float32]
    sigma: NDArray[np.float32]
    flags: NDArray[np.uint8]
    plumes: NDArray[np.int32]
    position: MapInfo | None
    flag_bits: Mapping[str, int]
    attributes: Mapping[str, str]


def gas_dataset(gas_map: GasMap) -> xr.Dataset:
    """Return a map as a CF dataset.

    A rotated map has dimensions ``row, column`` with two-dimensional latitude and longitude; its affine stands in the
    attribute ``GeoTransform`` of ``crs``, in GDAL's order.
    """
    import xarray as xr

    position, shape = gas_map.position, gas_map.sparse.shape
    coordinates: dict[str, Any] = {}
    dims: tuple[str, str] = ("line", "sample")
    if position is not None:
        dims, coordinates = map_axes(position, shape)
    variables: dict[str, Any] = {}
    for suffix, (layer, meaning) in _LAYERS.items():
        attributes = {"units": "ppm m", "long_name": f"{gas_map.gas} {meaning}; not a flux"}
        variables[f"{gas_map.gas}_{suffix}"] = (dims, getattr(gas_map, layer), attributes)
    variables["flags"] = (
        dims,
        gas_map.flags,
        {
            "long_name": "why a pixel was left out",
            "flag_masks": np.array(list(gas_map.flag_bits.values()), np.uint8),
            "flag_meanings": " ".join(gas_map.flag_bits),
        },
    )
    variables["plume"] = (dims, gas_map.plumes, {"long_name": "label of the plume, 0 for none"})
    dataset = xr.Dataset(variables, coordinates, {"Conventions": "CF-1.8", **gas_map.attributes})
    if position is not None:
        for array in dataset.data_vars.values():
            array.attrs["grid_mapping"] = "crs"
    return dataset


def write_gas_netcdf(path: Path, gas_map: GasMap) -> None:
    """Write a map as CF NetCDF-4, complete or absent."""
    write_scene_netcdf(path, gas_dataset(gas_map))


def write_gas_geotiff(path: Path, gas_map: GasMap) -> bool:
    """Write the enhancement layers as GeoTIFF, complete or absent; False without a map or without rasterio."""
    layers = {
        f"{gas_map.gas}_{suffix}": Layer(getattr(gas_map, layer), "ppm m", f"{gas_map.gas} {meaning}; not a flux")
        for suffix, (layer, meaning) in _LAYERS.items()
    }
    plumes = np.where(np.isnan(gas_map.sparse), np.nan, gas_map.plumes).astype(np.float32)
    layers["plume"] = Layer(plumes, "1", "label of the plume, 0 for none")
    return write_scene_geotiff(path, SceneMap(layers, gas_map.position, gas_map.attributes))
