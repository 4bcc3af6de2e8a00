"""GeoTIFF as a lazy dataset, one variable for each band."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from geocryoai.core.errors import MissingDependencyError, SourceError

if TYPE_CHECKING:
    import xarray as xr


def open_geotiff(path: Path, where: str, *, block: int) -> tuple[xr.Dataset, str | None]:
    """Return the bands of a GeoTIFF (by description, else ``band_1``, ...) on ``y, x``, and the CRS as WKT.

    Nothing is read before it is used, and then `block` x `block` cells at a time. No-data cells are NaN, scale and
    offset are applied (and kept as the attribute `unpacked`), coordinates are cell centres.

    Raises
    ------
    MissingDependencyError
        rasterio is not installed.
    SourceError
        Not a GeoTIFF, or a truncated or rotated one.
    """
    try:
        import rasterio
    except ImportError as error:
        raise MissingDependencyError("rasterio", extra="raster", needed_for=f"reading {path.name}") from error
    import xarray as xr

    if not path.is_file():
        raise SourceError("the file does not exist", where=where, found=path.name)
    try:
        with rasterio.open(path) as file:
            transform, shape, crs = file.transform, file.shape, file.crs
            names = [text or f"band_{i}" for i, text in enumerate(file.descriptions, 1)]
            units, packing = list(file.units), list(zip(file.scales, file.offsets, strict=True))
            file.read(1, window=rasterio.windows.Window(shape[1] - 1, shape[0] - 1, 1, 1))
    except rasterio.errors.RasterioError as error:
        raise SourceError("not a GeoTIFF, or a truncated one", where=where, found=str(error)) from error
    if transform.b or transform.d:
        found = f"rotation terms {transform.b:g}, {transform.d:g}"
        raise SourceError(
            "the grid is rotated", where=where, found=found, next_step="Warp it to a north-up grid first."
        )
    x = transform.c + transform.a * (np.arange(shape[1]) + 0.5)
    y = transform.f + transform.e * (np.arange(shape[0]) + 0.5)
    bands = {}
    for number, (name, unit) in enumerate(zip(names, units, strict=True), 1):
        array = xr.DataArray(_lazy_band(path, number, shape, block, where), dims=("y", "x"))
        scale, offset = packing[number - 1]
        bands[name] = array.assign_attrs({"units": unit} if unit else {})
        if (scale, offset) != (1.0, 0.0):
            bands[name].attrs["unpacked"] = (float(scale), float(offset))
    return xr.Dataset(bands, coords={"y": y, "x": x}), None if crs is None else crs.to_wkt()


def _lazy_band(path: Path, band: int, shape: tuple[int, int], block: int, where: str) -> Any:
    import dask.array

    chunks = tuple(tuple(min(block, size - start) for start in range(0, size, block)) for size in shape)

    def read(block_info: Any = None) -> np.ndarray:
        (top, bottom), (left, right) = block_info[None]["array-location"]
        return _read_window(path, band, (top, bottom, left, right), where)

    meta = np.empty((0, 0), np.float32)
    return dask.array.map_blocks(read, chunks=chunks, dtype=np.float32, meta=meta)  # type: ignore[no-untyped-call]


def _read_window(path: Path, band: int, box: tuple[int, int, int, int], where: str) -> np.ndarray:
    import rasterio

    top, bottom, left, right = box
    try:
        with rasterio.open(path) as file:
            window = rasterio.windows.Window(left, top, right - left, bottom - top)
            values = file.read(band, window=window, masked=True).astype(np.float32)
            scale, offset = file.scales[band - 1], file.offsets[band - 1]
    except rasterio.errors.RasterioError as error:
        raise SourceError("the GeoTIFF is truncated or damaged", where=where, found=str(error)) from error
    filled: np.ndarray = np.ma.filled(values * np.float32(scale) + np.float32(offset), np.nan)
    return filled
