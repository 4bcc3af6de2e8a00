"""Gas enhancement on a map, as CF NetCDF and GeoTIFF."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from geocryoai.core.files import complete_or_absent
from geocryoai.core.projection import LONLAT, read_crs, transformer
from geocryoai.cube.netcdf import to_cf

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
        dims, coordinates = _axes(position, shape)
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
    dataset = gas_dataset(gas_map)
    with complete_or_absent(path) as temporary:
        packed: dict[str, Any] = {"zlib": True, "complevel": 1}
        encoding = {str(name): packed for name in dataset.data_vars}
        to_cf(dataset).to_netcdf(temporary, engine="h5netcdf", encoding=encoding)


def write_gas_geotiff(path: Path, gas_map: GasMap) -> bool:
    """Write the enhancement layers as GeoTIFF, complete or absent; False without a map or without rasterio."""
    if gas_map.position is None:
        return False
    try:
        import rasterio
    except ImportError:
        return False
    layers = [getattr(gas_map, layer) for layer, _ in _LAYERS.values()]
    layers.append(np.where(np.isnan(gas_map.sparse), np.nan, gas_map.plumes).astype(np.float32))
    rows, columns = gas_map.sparse.shape
    profile = {
        "driver": "GTiff", "height": rows, "width": columns, "count": len(layers), "dtype": "float32",
        "crs": gas_map.position.crs, "transform": rasterio.Affine(*gas_map.position.affine), "nodata": float("nan"),
        "compress": "deflate", "tiled": True, "blockxsize": 256, "blockysize": 256,
    }  # fmt: skip
    with complete_or_absent(path) as temporary, rasterio.open(temporary, "w", **profile) as file:
        for band, values in enumerate(layers, 1):
            file.write(values, band)
        for band, suffix in enumerate((*_LAYERS, "plume"), 1):
            file.set_band_unit(band, "ppm m" if suffix != "plume" else "1")
            file.set_band_description(band, f"{gas_map.gas}_{suffix}" if suffix != "plume" else suffix)
        file.update_tags(**gas_map.attributes)
    return True


def _axes(position: MapInfo, shape: tuple[int, ...]) -> tuple[tuple[str, str], dict[str, Any]]:
    crs = read_crs(position.crs)
    a, b, c, d, e, f = position.affine
    about = {key: list(value) if isinstance(value, tuple) else value for key, value in crs.to_cf().items()}
    mapping = ((), 0, {**about, "GeoTransform": f"{c!r} {a!r} {b!r} {f!r} {d!r} {e!r}"})
    if b == 0 and d == 0:
        x, y = (
            position.centre(np.arange(shape[1]), np.zeros(1))[0],
            position.centre(np.zeros(1), np.arange(shape[0]))[1],
        )
        if crs.is_geographic:
            return ("lat", "lon"), {
                "lat": ("lat", y, {"standard_name": "latitude", "units": "degrees_north"}),
                "lon": ("lon", x, {"standard_name": "longitude", "units": "degrees_east"}),
                "crs": mapping,
            }
        return ("y", "x"), {
            name: (name, values, {"standard_name": f"projection_{name}_coordinate", "units": "m"})
            for name, values in (("y", y), ("x", x))
        } | {"crs": mapping}
    row, column = np.indices(shape)
    lon, lat = transformer(position.crs, LONLAT).transform(*position.centre(column, row))
    return ("row", "column"), {
        "lat": (("row", "column"), lat, {"standard_name": "latitude", "units": "degrees_north"}),
        "lon": (("row", "column"), lon, {"standard_name": "longitude", "units": "degrees_east"}),
        "crs": mapping,
    }
