"""Maps from radar as files: CF NetCDF always, GeoTIFF where rasterio is installed, and numbers that sum a map up."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from geocryoai.core.files import complete_or_absent
from geocryoai.core.projection import LONLAT, read_crs
from geocryoai.cube.netcdf import write_netcdf

#: Most pixels that quantiles are taken from.
_SAMPLE = 4_000_000


def write_radar_netcdf(path: Path, dataset: xr.Dataset) -> None:
    """Write a map block by block, complete or absent; with a grid mapping where it lies on ``lat, lon``."""
    if "lat" in dataset.dims:
        write_netcdf(_on_earth(dataset), path)
        return
    encoding = {str(name): {"zlib": True, "complevel": 1} for name in dataset.data_vars}
    with complete_or_absent(path) as partial:
        dataset.to_netcdf(partial, engine="h5netcdf", encoding=encoding)


def write_radar_geotiff(path: Path, netcdf: Path) -> bool:
    """Copy a written map to GeoTIFF, strip by strip; False without a place on a map or without rasterio."""
    try:
        import rasterio
    except ImportError:
        return False
    with xr.open_dataset(netcdf, engine="h5netcdf") as dataset:
        if "lat" not in dataset.dims:
            return False
        names = _layers(dataset)
        lat, lon = dataset["lat"].values, dataset["lon"].values
        dlat, dlon = (float(v[-1] - v[0]) / max(v.size - 1, 1) for v in (lat, lon))
        transform = rasterio.Affine(dlon, 0.0, lon[0] - dlon / 2, 0.0, dlat, lat[0] - dlat / 2)
        profile = {
            "driver": "GTiff", "height": lat.size, "width": lon.size, "count": len(names), "dtype": "float32",
            "crs": LONLAT, "transform": transform, "nodata": float("nan"), "compress": "deflate", "tiled": True,
            "blockxsize": 256, "blockysize": 256,
        }  # fmt: skip
        with complete_or_absent(path) as partial, rasterio.open(partial, "w", **profile) as file:
            for band, name in enumerate(names, 1):
                file.set_band_description(band, name)
                file.set_band_unit(band, str(dataset[name].attrs["units"]))
                for top in range(0, lat.size, 256):
                    strip = dataset[name][top : top + 256].values.astype(np.float32)
                    window = rasterio.windows.Window(0, top, lon.size, strip.shape[0])
                    file.write(strip, band, window=window)
    return True


def radar_numbers(netcdf: Path, name: str) -> dict[str, Any]:
    """Return number of pixels, share that is missing, and quantiles of one variable of a written map."""
    with xr.open_dataset(netcdf, engine="h5netcdf") as dataset:
        array = dataset[name]
        step = max(1, int(np.ceil(np.sqrt(array.size / _SAMPLE))))
        valid = sum(int(np.isfinite(array[top : top + 256].values).sum()) for top in range(0, array.shape[0], 256))
        sample = array[::step, ::step].values
        known = sample[np.isfinite(sample)]
        low, middle, high = np.quantile(known, [0.05, 0.5, 0.95]) if known.size else (np.nan,) * 3
        numbers = {"p05": float(low), "median": float(middle), "p95": float(high)}
        return {
            "variable": name,
            "units": str(array.attrs["units"]),
            "pixels": int(array.size),
            "valid": valid,
            "missing_share": 1.0 - valid / array.size,
            **{key: value if np.isfinite(value) else None for key, value in numbers.items()},
            "quantiles_from_pixels": int(known.size),
        }


def thinned(netcdf: Path, name: str, longest: int) -> xr.DataArray:
    """Return a variable of a written map, every so many pixels, no side longer than `longest`."""
    with xr.open_dataset(netcdf, engine="h5netcdf") as dataset:
        step = max(1, -(-max(dataset[name].shape) // longest))
        return dataset[name][::step, ::step].load()


def _layers(dataset: xr.Dataset) -> list[str]:
    return [str(name) for name, array in dataset.data_vars.items() if array.ndim == 2]


def _on_earth(dataset: xr.Dataset) -> xr.Dataset:
    crs = read_crs(LONLAT)
    about = {key: list(value) if isinstance(value, tuple) else value for key, value in crs.to_cf().items()}
    axes = {
        name: (name, dataset[name].values, {"standard_name": meaning, "units": f"degrees_{side}"})
        for name, meaning, side in (("lat", "latitude", "north"), ("lon", "longitude", "east"))
    }
    placed = dataset.assign_coords(axes).assign_coords(crs=((), 0, about))
    for name in _layers(placed):
        placed[name].attrs["grid_mapping"] = "crs"
    return placed.assign_attrs(Conventions="CF-1.8")
