"""Layers of one scene on its map, as CF NetCDF and GeoTIFF, and the numbers that sum them up."""

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

    Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Layer:
    """One layer: values of shape (rows, columns), NaN where missing, their unit and meaning."""

    values: Floats
    unit: str
    long_name: str


@dataclass(frozen=True)
class SceneMap:
    """Layers of a scene.

    Attributes
    ----------
    layers : mapping of str to Layer
        At least one, all of one shape.
    position : MapInfo or None
        None in raw geometry.
    attributes : mapping of str to str
        Global attributes.
    """

    layers: Mapping[str, Layer]
    position: MapInfo | None
    attributes: Mapping[str, str]


def scene_dataset(scene_map: SceneMap) -> xr.Dataset:
    """Return a map as a CF dataset; in raw geometry it has dimensions ``line, sample``."""
    import xarray as xr

    shape = next(iter(scene_map.layers.values())).values.shape
    dims, coordinates = ("line", "sample"), dict[str, Any]()
    if scene_map.position is not None:
        dims, coordinates = map_axes(scene_map.position, shape)
    variables = {
        name: (dims, layer.values.astype(np.float32), {"units": layer.unit, "long_name": layer.long_name})
        for name, layer in scene_map.layers.items()
    }
    dataset = xr.Dataset(variables, coordinates, {"Conventions": "CF-1.8", **scene_map.attributes})
    if scene_map.position is not None:
        for array in dataset.data_vars.values():
            array.attrs["grid_mapping"] = "crs"
    return dataset


def write_scene_netcdf(path: Path, dataset: xr.Dataset) -> None:
    """Write a dataset of a scene as CF NetCDF-4, complete or absent."""
    with complete_or_absent(path) as temporary:
        packed: dict[str, Any] = {"zlib": True, "complevel": 1}
        encoding = {str(name): packed for name in dataset.data_vars}
        to_cf(dataset).to_netcdf(temporary, engine="h5netcdf", encoding=encoding)


def write_scene_geotiff(path: Path, scene_map: SceneMap) -> bool:
    """Write the layers as bands of a GeoTIFF, complete or absent; False without a map or without rasterio."""
    if scene_map.position is None:
        return False
    try:
        import rasterio
    except ImportError:
        return False
    layers = scene_map.layers
    rows, columns = next(iter(layers.values())).values.shape
    profile = {
        "driver": "GTiff", "height": rows, "width": columns, "count": len(layers), "dtype": "float32",
        "crs": scene_map.position.crs, "transform": rasterio.Affine(*scene_map.position.affine),
        "nodata": float("nan"), "compress": "deflate", "tiled": True, "blockxsize": 256, "blockysize": 256,
    }  # fmt: skip
    with complete_or_absent(path) as temporary, rasterio.open(temporary, "w", **profile) as file:
        for band, layer in enumerate(layers.values(), 1):
            file.write(layer.values.astype(np.float32), band)
        for band, (name, layer) in enumerate(layers.items(), 1):
            file.set_band_unit(band, layer.unit)
            file.set_band_description(band, name)
        file.update_tags(**scene_map.attributes)
    return True


def layer_numbers(layer: Layer) -> dict[str, Any]:
    """Return the unit, the share of pixels that is missing and quantiles of a layer; None where all are missing."""
    known = layer.values[np.isfinite(layer.values)]
    found = np.quantile(known.astype(np.float64), [0.05, 0.5, 0.95]).tolist() if known.size else [None] * 3
    share = 1.0 - known.size / layer.values.size
    return {"units": layer.unit, "missing_share": share, **dict(zip(("p05", "median", "p95"), found, strict=True))}


def map_axes(position: MapInfo, shape: tuple[int, ...]) -> tuple[tuple[str, str], dict[str, Any]]:
    """Return the dimensions and coordinates of a map of `shape` (rows, columns).

    A rotated map has dimensions ``row, column`` with two-dimensional latitude and longitude; its affine stands in the
    attribute ``GeoTransform`` of ``crs``, in GDAL's order.
    """
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
