"""Maps of gas enhancement, written and read back with their place."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from geocryoai.products.gas_map import GasMap, gas_dataset, write_gas_geotiff, write_gas_netcdf
from geocryoai.sources.envi import MapInfo

NORTH_UP = MapInfo((4.0, 0.0, 500000.0, 0.0, -4.0, 7600000.0), "EPSG:32606")
DEGREES = MapInfo((0.001, 0.0, -150.0, 0.0, -0.001, 60.0), "EPSG:4326")


def gas_map(position: MapInfo | None) -> GasMap:
    layer = np.arange(12, dtype=np.float32).reshape(3, 4)
    layer[0, 0] = np.nan
    return GasMap("ch4", layer, layer - 5, layer + 1, np.zeros((3, 4), np.uint8), np.eye(3, 4, dtype=np.int32),
                  position, {"no_data": 1, "dark": 4}, {"title": "made up"})  # fmt: skip


@pytest.mark.parametrize(
    ("position", "dims", "first"),
    [(NORTH_UP, ("y", "x"), (7599998.0, 500002.0)), (DEGREES, ("lat", "lon"), (59.9995, -149.9995)),
     (None, ("line", "sample"), None)],
)  # fmt: skip
def test_axes_and_values_are_read_back(position, dims, first, tmp_path: Path):
    write_gas_netcdf(tmp_path / "a.nc", gas_map(position))
    with xr.open_dataset(tmp_path / "a.nc") as read:
        assert read["ch4_enhancement"].dims == dims
        np.testing.assert_array_equal(read["ch4_enhancement_linear"], gas_map(position).linear)
        assert read["flags"].attrs["flag_meanings"] == "no_data dark"
        assert read["flags"].attrs["flag_masks"].tolist() == [1, 4]
        if first is not None:
            np.testing.assert_allclose([read[dims[0]][0], read[dims[1]][0]], first)
            assert read["ch4_enhancement"].attrs["grid_mapping"] == "crs"
            assert "crs_wkt" in read["crs"].attrs


def test_a_geotiff_needs_a_place(tmp_path: Path):
    assert not write_gas_geotiff(tmp_path / "a.tif", gas_map(None))
    assert not list(tmp_path.iterdir())
    rasterio = pytest.importorskip("rasterio")
    assert write_gas_geotiff(tmp_path / "a.tif", gas_map(NORTH_UP))
    with rasterio.open(tmp_path / "a.tif") as file:
        assert tuple(file.transform)[:6] == NORTH_UP.affine
        np.testing.assert_array_equal(file.read(1), gas_map(NORTH_UP).sparse)


def test_an_enhancement_is_never_called_a_flux():
    for array in gas_dataset(gas_map(NORTH_UP)).data_vars.values():
        assert array.attrs.get("units", "ppm m") == "ppm m"
        assert "flux" not in array.attrs["long_name"].replace("not a flux", "")
