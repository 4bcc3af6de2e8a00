"""Toolik tile: 365-day months, origins that differ, both scenarios on one axis."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr

from geocryoai.core.errors import SourceError
from geocryoai.sources import READERS
from geocryoai.sources.base import SourceData

N = 3
MONTH = np.array([31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])
UNITS = {"tair": "celsius", "precip": "mm month-1", "nirr": "W m-2", "vapor_press": "hPa"}
STATICS = {
    "topo.nc": ["elevation", "slope", "aspect"],
    "soil-texture.nc": ["pct_sand", "pct_silt", "pct_clay"],
    "drainage.nc": ["drainage_class"],
    "fri-fire.nc": ["fri", "fri_severity"],
    "vegetation.nc": ["veg_class"],
    "original-vegetation.nc": ["veg_class"],
}


def axes(shift: float) -> dict[str, xr.DataArray]:
    attrs = {"units": "m"}
    return {
        "x": xr.DataArray(181213 + shift + 1000.0 * np.arange(N), dims="X", attrs=attrs),
        "y": xr.DataArray(2079958 + shift + 1000.0 * np.arange(N), dims="Y", attrs=attrs),
    }


def climate(path: Path, first: int, years: int, **changes: Any) -> None:
    months = years * 12
    starts = np.concatenate([[0], np.cumsum(np.tile(MONTH, years))])[:-1].astype(float)
    rain = np.tile(MONTH, years)[:, None, None] * np.ones((1, N, N))
    values = {"tair": -10.0 * np.ones((months, N, N)), "precip": rain, "nirr": 100.0 * np.ones((months, N, N)),
              "vapor_press": 2.0 * np.ones((months, N, N))}  # fmt: skip
    values["tair"][:, 0, :] = -20.0
    time = xr.DataArray(starts, dims="time", attrs={"units": f"days since {first}-1-1 0:0:0", "calendar": "365_day"})
    data = {
        k: (("time", "Y", "X"), v.astype(np.float32), {"units": changes.get(k, UNITS[k])}) for k, v in values.items()
    }
    xr.Dataset({**data, **axes(0)}, coords={"time": time}).to_netcdf(path, engine="h5netcdf")


def write(folder: Path, *, shift: float = 60.0, late: int = 2003, **changes: Any) -> Path:
    climate(folder / "historic-climate.nc", 2001, 2, **changes)
    climate(folder / "projected-climate.nc", late, 2)
    for name, variables in STATICS.items():
        fields: dict[str, Any] = {v: (("Y", "X"), np.full((N, N), 30.0)) for v in variables}
        xr.Dataset({**fields, **axes(shift)}).to_netcdf(folder / name, engine="h5netcdf")
    for name, first in (("co2.nc", 2001), ("projected-co2.nc", late)):
        years = np.arange(first, first + 2)
        co2 = xr.DataArray(np.array([370.0, 372.0], np.float32), dims="year")
        xr.Dataset({"co2": co2}, coords={"year": years}).to_netcdf(folder / name, engine="h5netcdf")
    return folder


def read(folder: Path, **options: Any) -> SourceData:
    return READERS.get("toolik_tile").read(folder, source="tile", options=options)


def test_units_months_and_orientation(tmp_path: Path) -> None:
    data = read(write(tmp_path))
    fields = data.fields
    assert fields is not None
    assert fields["pr"].values == pytest.approx(1.0)
    assert fields["vp"].values == pytest.approx(200.0)
    assert fields["sand"].values == pytest.approx(0.3)
    assert float(fields["co2_air"].sel(time="2002-06-01")) == 372.0
    assert (np.diff(fields["y"].values) < 0).all()
    assert (fields["tas"].values[:, -1, :] == -20.0).all()
    assert str(fields["time_bnds"].values[1, 1])[:10] == "2001-03-01"
    assert fields["tas"].attrs["grid_mapping"] == "crs"
    assert "Alaska Albers" in str(fields["crs"].values)


def test_offsets_are_reported_or_refused(tmp_path: Path) -> None:
    data = read(write(tmp_path, shift=-536.0))
    assert any("soil-texture.nc: cells lie -536 m in x and -536 m in y" in note for note in data.notes)
    with pytest.raises(SourceError, match=r"a whole cell or more.*1000 m.*less than 1000 m"):
        read(write(tmp_path, shift=1000.0))


def test_both_scenarios_on_one_axis(tmp_path: Path) -> None:
    data = read(write(tmp_path), scenario="both")
    assert data.fields is not None
    assert data.fields.sizes["time"] == 48
    assert any("share 0 months" in note for note in data.notes)
    overlapping = read(write(tmp_path, late=2002), scenario="both")
    assert overlapping.fields is not None
    assert overlapping.fields.sizes["time"] == 36
    assert any("share 12 months; the historic ones are kept" in note for note in overlapping.notes)
    with pytest.raises(SourceError, match=r"does not follow the historic one.*12 months between"):
        read(write(tmp_path, late=2004), scenario="both")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"scenario": "projektet"}, r"'projektet'.*[Dd]id you mean 'projected'"),
        ({"vegetation": "new"}, "unknown value of option 'vegetation'"),
        ({"scenarios": "both"}, "[Dd]id you mean 'scenario'"),
    ],
)
def test_wrong_options(tmp_path: Path, options: dict[str, str], message: str) -> None:
    with pytest.raises(SourceError, match=message):
        read(write(tmp_path), **options)


def test_a_changed_unit_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"tair: the unit attribute has changed.*'K'.*'celsius'"):
        read(write(tmp_path, tair="K"))


def test_a_truncated_file(tmp_path: Path) -> None:
    folder = write(tmp_path)
    path = folder / "topo.nc"
    path.write_bytes(path.read_bytes()[:3000])
    with pytest.raises(SourceError, match=r"tile/topo.nc: the NetCDF file cannot be opened"):
        read(folder)


def test_a_sentinel_in_a_complete_file(tmp_path: Path) -> None:
    folder = write(tmp_path)
    fields: dict[str, Any] = {"drainage_class": (("Y", "X"), np.full((N, N), -9999.0))}
    xr.Dataset({**fields, **axes(0)}).to_netcdf(folder / "drainage.nc", engine="h5netcdf", mode="w")
    with pytest.raises(SourceError, match=r"drainage_class: values are missing.*9 values"):
        read(folder)


@pytest.mark.real
def test_real_tile(real_data: Path) -> None:
    data = READERS.get("toolik_tile").read(real_data / "drivers/toolik_tile", source="t", options={"scenario": "both"})
    fields = data.fields
    assert fields is not None
    assert dict(fields.sizes) == {"time": 2400, "y": 10, "x": 10, "bnds": 2}
    assert float(fields["tas"].sel(time=slice("1901", "2015")).mean()) == pytest.approx(-9.8, abs=0.2)
    assert [note for note in data.notes if "cells lie" in note][1].endswith(
        "cells lie -536 m in x and -10 m in y from the climate grid; placed on it by row and column"
    )
    assert any("up to 2015-12 the climate is historic" in note for note in data.notes)
    assert (fields["sand"] + fields["silt"] + fields["clay"]).values == pytest.approx(1.0, abs=1e-5)


@pytest.mark.real
def test_the_stored_latitudes_confirm_the_orientation(real_data: Path) -> None:
    from geocryoai.core.projection import LONLAT, transformer

    folder = real_data / "drivers/toolik_tile"
    fields = READERS.get("toolik_tile").read(folder, source="t", options={}).fields
    assert fields is not None
    with xr.open_dataset(folder / "historic-climate.nc", decode_times=False) as stored:
        latitude = stored["lat"].values[::-1]
        tair = stored["tair"].values[5, ::-1]
    x, y = np.meshgrid(fields["x"].values, fields["y"].values)
    _, computed = transformer("EPSG:3338", LONLAT).transform(x, y)
    assert np.abs(computed - latitude).max() < 0.01
    assert fields["tas"].values[5] == pytest.approx(tair)


@pytest.mark.real
def test_edited_and_original_vegetation_are_the_same_here(real_data: Path) -> None:
    read_tile = READERS.get("toolik_tile").read
    folder = real_data / "drivers/toolik_tile"
    both = [read_tile(folder, source="t", options={"vegetation": kind}).fields for kind in ("edited", "original")]
    assert both[0] is not None
    assert both[1] is not None
    assert both[0]["vegetation_class"].equals(both[1]["vegetation_class"])
