"""Files of soundings, made as the products are laid out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest

FILL = np.float32(9.96921e36)
GEOLOCATIONS = "PRODUCT/SUPPORT_DATA/GEOLOCATIONS"


def write_tropomi(
    path: Path,
    lon: np.ndarray,
    lat: np.ndarray,
    ch4: np.ndarray,
    *,
    qa: float | np.ndarray = 1.0,
    size: tuple[float, float] = (0.05, 0.05),
    times: list[str] | None = None,
    unit: str = "1e-9",
    precision: float = 2.0,
) -> Path:
    """Write a granule with the layout of Sentinel-5P's methane: (time, scanline, ground_pixel)."""
    shape = (1, *lon.shape)
    path.parent.mkdir(parents=True, exist_ok=True)
    with h5py.File(path, "w") as file:

        def put(name: str, values: np.ndarray, **attributes: object) -> None:
            file[name] = values
            file[name].attrs.update(attributes)

        put("PRODUCT/latitude", lat.reshape(shape).astype("f4"), units="degrees_north", _FillValue=FILL)
        put("PRODUCT/longitude", lon.reshape(shape).astype("f4"), units="degrees_east", _FillValue=FILL)
        stored = np.where(np.isfinite(ch4), ch4, FILL).reshape(shape).astype("f4")
        put("PRODUCT/methane_mixing_ratio_bias_corrected", stored, units=unit, _FillValue=FILL)
        put("PRODUCT/methane_mixing_ratio_precision", np.full(shape, precision, "f4"), units=unit, _FillValue=FILL)
        packed = np.rint(np.broadcast_to(qa, lon.shape) * 100).reshape(shape).astype("u1")
        put("PRODUCT/qa_value", packed, units="1", scale_factor=np.float32(0.01), add_offset=np.float32(0),
            _FillValue=np.uint8(255))  # fmt: skip
        stamps = times or ["2021-07-15T22:10:00.000000Z"] * lon.shape[0]
        file.create_dataset("PRODUCT/time_utc", data=np.array([stamps], dtype=object), dtype=h5py.string_dtype())
        corner = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * np.array(size) / 2
        for name, centre, column in (("longitude_bounds", lon, 0), ("latitude_bounds", lat, 1)):
            bounds = centre[..., None] + corner[:, column]
            if column == 0:
                bounds = (bounds + 180.0) % 360.0 - 180.0
            put(f"{GEOLOCATIONS}/{name}", bounds.reshape(*shape, 4).astype("f4"))
    return path


def write_lite(path: Path, lon: np.ndarray, lat: np.ndarray, xco2: np.ndarray, flag: np.ndarray, time: float) -> Path:
    """Write a file with the layout of OCO-2 lite: one dimension of soundings."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with h5py.File(path, "w") as file:
        for name, values, unit in (
            ("latitude", lat, "degrees_north"), ("longitude", lon, "degrees_east"), ("xco2", xco2, "ppm"),
            ("xco2_uncertainty", np.full(len(lon), 0.5), "ppm"),
        ):  # fmt: skip
            file[name] = values.astype("f4")
            file[name].attrs.update({"units": unit, "missing_value": np.float32(-999999.0)})
        file["xco2_quality_flag"] = flag.astype("i1")
        file["time"] = np.full(len(lon), time)
        file["time"].attrs["units"] = "seconds since 1970-01-01 00:00:00"
        for name, centre, step in (("vertex_latitude", lat, 0.01), ("vertex_longitude", lon, 0.01)):
            around = [-1, -1, 1, 1] if name == "vertex_latitude" else [-1, 1, 1, -1]
            file[name] = (centre[:, None] + step * np.array(around)).astype("f4")
    return path


@pytest.fixture
def tropomi() -> Callable[..., Path]:
    """Writes a granule of Sentinel-5P's methane."""
    return write_tropomi


@pytest.fixture
def lite() -> Callable[..., Path]:
    """Writes a lite file of OCO-2."""
    return write_lite
