"""ERA-Interim folder: names only in long_name, bare years, longitudes to 330."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from geocryoai.core.errors import SourceError
from geocryoai.sources import READERS
from geocryoai.sources.base import SourceData

FILES = {
    "ta.nc": ("MAAT", "deg C", -10.0),
    "aa.nc": ("Ampt", "deg C", 20.0),
    "snd.nc": ("SnowDepth", "m", 0.3),
    "rsn.nc": ("SnowDensity", "kg m-3", 250.0),
    "vwc.nc": ("Vol.Water.Content", "m3 m-3", 0.4),
}
LAT, LON = np.array([70.0, 69.5, 69.0]), np.array([190.0, 190.5, 191.0, 191.5])


def write(folder: Path) -> Path:
    for name, (label, unit, value) in FILES.items():
        values = np.full((2, 3, 4), value, np.float32)
        values[:, 0, 0] = -999.99
        data = xr.DataArray(values, dims=("time", "lat", "lon"), attrs={"units": unit, "long_name": label})
        data.attrs["missing_value"] = np.float32(-999.99)
        time = xr.DataArray(np.array([2014.0, 2015.0], np.float32), dims="time", attrs={"units": "Year"})
        dataset = xr.Dataset({"data": data}, coords={"time": time, "lat": LAT, "lon": LON})
        dataset.to_netcdf(folder / name, engine="scipy")
    mask = xr.DataArray(np.ones((1, 3, 4)), dims=("time", "latitude", "longitude"))
    coords = {"time": [0], "latitude": LAT, "longitude": LON}
    xr.Dataset({"lsm": mask}, coords=coords).to_netcdf(folder / "mask.nc", engine="scipy")
    return folder


def read(folder: Path) -> SourceData:
    return READERS.get("era_interim_2d").read(folder, source="era", options={})


def test_names_years_longitudes_and_gaps(tmp_path: Path) -> None:
    fields = read(write(tmp_path)).fields
    assert fields is not None
    assert set(fields.data_vars) == {"tas", "tas_amplitude", "snd", "snow_density", "sm", "land_fraction"}
    assert fields["lon"].values.tolist() == [-170.0, -169.5, -169.0, -168.5]
    assert str(fields["time"].values[1])[:10] == "2015-01-01"
    assert str(fields["time_bnds"].values[1, 1])[:10] == "2016-01-01"
    assert np.isnan(fields["tas"].values[:, 0, 0]).all()
    assert float(fields["sm"].isel(time=0, lat=1, lon=1)) == pytest.approx(0.4)
    assert fields["tas"].attrs["units"] == "degC"
    assert "WGS 84" in str(fields["crs"].values)


def test_a_file_that_holds_another_variable(tmp_path: Path) -> None:
    folder = write(tmp_path)
    (folder / "ta.nc").write_bytes((folder / "snd.nc").read_bytes())
    with pytest.raises(SourceError, match=r"ta.nc, long_name: the file holds another variable.*'SnowDepth'.*'MAAT'"):
        read(folder)


def test_axes_that_differ(tmp_path: Path) -> None:
    folder = write(tmp_path)
    with xr.open_dataset(folder / "snd.nc", engine="scipy", decode_cf=False) as dataset:
        shifted = dataset.load().assign_coords(lon=dataset["lon"] + 0.5)
    shifted.to_netcdf(folder / "snd.nc", engine="scipy", mode="w")
    with pytest.raises(SourceError, match=r"snd.nc: the axes differ"):
        read(folder)


def test_an_absent_and_a_damaged_file(tmp_path: Path) -> None:
    folder = write(tmp_path)
    (folder / "aa.nc").unlink()
    with pytest.raises(SourceError, match=r"aa.nc: the file does not exist"):
        read(folder)
    (folder / "aa.nc").write_bytes(b"not a grid")
    with pytest.raises(SourceError, match=r"aa.nc: not a NetCDF file"):
        read(folder)


@pytest.mark.real
def test_real_folder(real_data: Path) -> None:
    data = READERS.get("era_interim_2d").read(real_data / "drivers/era_interim_alaska_ku2d", source="x", options={})
    fields = data.fields
    assert fields is not None
    assert dict(fields.sizes) == {"time": 3, "lat": 81, "lon": 281, "bnds": 2}
    assert float(fields["tas"].min()) == pytest.approx(-28.61, abs=0.01)
    toolik = fields.sel(lat=68.5, lon=-149.5)
    assert -14 < float(toolik["tas"].mean()) < -6
    assert any("cap of 10 m" in note for note in data.notes)
    assert int(fields["sm"].isnull().sum()) == 36918
