from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from pyproj import CRS

from geocryoai.core.errors import CubeError
from geocryoai.cube.layers import Layer, cf_dataset
from geocryoai.cube.netcdf import write_netcdf


def make_map(made) -> xr.Dataset:
    grid = made.grid(crs="EPSG:6931")
    values = made.noise(24, *grid.shape)
    values[0] = np.nan
    layers = [(Layer.of("fch4", {"positive": "up"}), values), (Layer.of("elevation", monthly=False), values[1])]
    return cf_dataset(grid, made.months, layers, {"title": "made up"})


def test_round_trip(tmp_path, made):
    data = make_map(made)
    write_netcdf(data, tmp_path / "sub" / "map.nc")
    written = xr.open_dataset(tmp_path / "sub" / "map.nc", engine="h5netcdf", decode_coords="all")
    assert CRS.from_wkt(written.crs.attrs["crs_wkt"]) == CRS.from_epsg(6931)
    assert written.attrs["Conventions"] == "CF-1.8"
    assert written.fch4.attrs["units"] == "mg CH4 m-2 d-1"
    assert written.fch4.attrs["positive"] == "up"
    assert written.fch4.encoding["grid_mapping"] == "crs"
    assert np.array_equal(written.fch4.values, data.fch4.values, equal_nan=True)
    assert np.array_equal(written.time.values, data.time.values)
    assert np.array_equal(written.time_bnds.values, data.time_bnds.values)
    assert [path.name for path in (tmp_path / "sub").iterdir()] == ["map.nc"]


def test_the_same_content_gives_the_same_bytes(tmp_path, made):
    for name in ("one.nc", "two.nc"):
        write_netcdf(make_map(made), tmp_path / name)
    assert (tmp_path / "one.nc").read_bytes() == (tmp_path / "two.nc").read_bytes()


def test_a_map_without_crs_or_units_is_refused(tmp_path, made):
    data = make_map(made)
    with pytest.raises(CubeError, match="the map has no CRS"):
        write_netcdf(data.drop_vars("crs"), tmp_path / "map.nc")
    del data.fch4.attrs["units"]
    with pytest.raises(CubeError, match="fch4: a variable has no units"):
        write_netcdf(data, tmp_path / "map.nc")
    assert list(tmp_path.iterdir()) == []
