"""Made-up fields for the tests of the cube."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import xarray as xr
from pyproj import CRS

from geocryoai.core.calendar import month_axis
from geocryoai.core.grid import Grid

MONTHS = month_axis("2000", "2001")


def make_grid(resolution: float = 1000.0, width: int = 12, height: int = 10, crs: str = "EPSG:3338") -> Grid:
    return Grid(crs, left=200_000.0, top=1_900_000.0, resolution=resolution, width=width, height=height)


def projected(
    grid: Grid, values: np.ndarray, name: str = "tas", times: np.ndarray | None = None, **attrs
) -> xr.Dataset:
    coords = {"y": grid.y, "x": grid.x, "crs": CRS(grid.crs).to_wkt()}
    dims = ("y", "x")
    if values.ndim == 3:
        dims = ("time", "y", "x")
        coords["time"] = np.asarray(MONTHS if times is None else times).astype("datetime64[ns]")
    return xr.Dataset({name: (dims, values, {"units": "degC", **attrs})}, coords)


def geographic(lat: np.ndarray, lon: np.ndarray, values: np.ndarray, name: str = "tas", **attrs) -> xr.Dataset:
    coords = {"lat": lat, "lon": lon, "crs": CRS("EPSG:4326").to_wkt()}
    return xr.Dataset({name: (("lat", "lon"), values, {"units": "degC", **attrs})}, coords)


def noise(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


@pytest.fixture(scope="session")
def made() -> SimpleNamespace:
    """Makers of grids and of fields as a reader gives them."""
    return SimpleNamespace(months=MONTHS, grid=make_grid, projected=projected, geographic=geographic, noise=noise)
