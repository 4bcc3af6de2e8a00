"""The general grid reader: what it accepts, what it refuses, and that it stays lazy."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr

from geocryoai.core.errors import SourceError
from geocryoai.core.projection import read_crs
from geocryoai.sources import READERS
from geocryoai.sources.base import SourceData

X, Y = 1000.0 * np.arange(4), 1000.0 * np.arange(3)
TAS = {"t2m": {"variable": "tas"}}


def dataset(
    *,
    kelvin: float = 263.15,
    unit: str | None = "K",
    time: np.ndarray | None = None,
    time_units: str | None = "days since 2001-01-01",
    calendar: str = "noleap",
    crs: bool = True,
) -> xr.Dataset:
    stamps = np.array([0.0, 31.0, 59.0]) if time is None else time
    values = np.full((stamps.size, Y.size, X.size), kelvin, np.float32)
    values[:, 0, :] -= 10.0
    attributes = {name: value for name, value in (("units", time_units), ("calendar", calendar)) if value}
    array = xr.DataArray(values, dims=("time", "y", "x"), attrs={} if unit is None else {"units": unit})
    coords = {
        "time": xr.DataArray(stamps, dims="time", attrs=attributes),
        "y": xr.DataArray(Y, dims="y", attrs={"units": "m", "standard_name": "projection_y_coordinate"}),
        "x": xr.DataArray(X, dims="x", attrs={"units": "m"}),
    }
    made = xr.Dataset({"t2m": array}, coords=coords)
    if crs:
        made["albers"] = xr.DataArray(0, attrs={"crs_wkt": read_crs("EPSG:3338").to_wkt()})
        made["t2m"].attrs["grid_mapping"] = "albers"
    return made


def lonlat(lon: np.ndarray, **attrs: str) -> xr.Dataset:
    lat = np.array([60.0, 70.0])
    values = np.tile(np.arange(lon.size, dtype=float), (2, 1))
    return xr.Dataset(
        {"alt": (("lat", "lon"), 0.5 + values / 1000, {"units": "m"})},
        coords={
            "lat": ("lat", lat, {"units": "degrees_north"}),
            "lon": ("lon", lon, attrs or {"units": "degrees_east"}),
        },
    )


def read(path: Path, **options: Any) -> SourceData:
    chosen = {"variables": TAS, **options}
    return READERS.get("grid").read(path, source=f"own/{path.name}", options=chosen)


def netcdf(folder: Path, data: xr.Dataset, engine: str = "h5netcdf") -> Path:
    path = folder / "a.nc"
    data.to_netcdf(path, engine=engine)  # type: ignore[call-overload]
    return path


@pytest.mark.parametrize("engine", ["h5netcdf", "scipy"])
def test_units_time_orientation_and_crs(tmp_path: Path, engine: str) -> None:
    fields = read(netcdf(tmp_path, dataset(), engine)).fields
    assert fields is not None
    assert fields["tas"].chunks is not None
    assert fields["tas"].dtype == np.float32
    assert fields["tas"].attrs["units"] == "degC"
    assert fields["y"].values.tolist() == [2000.0, 1000.0, 0.0]
    assert fields["tas"].values[0, :, 0] == pytest.approx([-10.0, -10.0, -20.0], abs=1e-4)
    assert [str(t)[:10] for t in fields["time"].values] == ["2001-01-01", "2001-02-01", "2001-03-01"]
    assert str(fields["time_bnds"].values[-1, -1])[:10] == "2001-04-01"
    assert fields["crs"].attrs["grid_mapping_name"] == "albers_conical_equal_area"


def test_zarr(tmp_path: Path) -> None:
    path = tmp_path / "a.zarr"
    dataset().to_zarr(path, zarr_format=2)
    fields = read(path).fields
    assert fields is not None
    assert fields["tas"].values[0, 0, 0] == pytest.approx(-10.0, abs=1e-4)
    with pytest.raises(SourceError, match="not a Zarr store"):
        read(tmp_path)


def test_a_month_of_30_days(tmp_path: Path) -> None:
    data = dataset(time=np.array([0.0, 30.0, 60.0]), calendar="360_day")
    data["pr"] = data["t2m"] * 0 + 60.0
    data["pr"].attrs = {"units": "mm month-1", "grid_mapping": "albers"}
    fields = read(netcdf(tmp_path, data), variables={**TAS, "pr": {"variable": "pr"}}).fields
    assert fields is not None
    assert [str(t)[:7] for t in fields["time"].values] == ["2001-01", "2001-02", "2001-03"]
    assert fields["pr"].values == pytest.approx(2.0)


def test_time_bounds_of_the_file_are_taken(tmp_path: Path) -> None:
    data = dataset(time=np.array([15.0]), calendar="standard")
    data["time"].attrs["bounds"] = "edges"
    data["edges"] = (("time", "two"), np.array([[0.0, 31.0]]))
    fields = read(netcdf(tmp_path, data)).fields
    assert fields is not None
    assert [str(t)[:10] for t in fields["time_bnds"].values[0]] == ["2001-01-01", "2001-02-01"]


@pytest.mark.parametrize(
    ("changes", "options", "message"),
    [
        ({"unit": None}, {}, "t2m, attribute units: the variable has no unit"),
        ({"unit": "degC"}, {}, r"9? ?.*values of tas are implausible.*median 263.1"),
        ({"unit": "mm"}, {}, "measure different things"),
        ({"crs": False}, {}, "the grid has no CRS.*Declare crs"),
        ({"time_units": None}, {}, "time: the time axis has no units"),
        ({"time_units": "fortnights since 2001-01-01"}, {}, "the time unit is not understood"),
        ({"calendar": "mayan"}, {}, "calendar 'mayan' is not supported"),
        ({"time": np.array([0.0, 59.0, 31.0])}, {}, "the time axis is out of order; found record 2"),
        ({"time": np.array([0.0, 31.0, 31.0])}, {}, "the time axis is repeated; found record 2"),
        ({"time": np.array([0.0, 3.0, 31.0])}, {}, "how long a record lasts is not known.*time.interval"),
        ({"kelvin": np.nan}, {}, "the variable has no value anywhere"),
        ({"kelvin": -9999.0, "unit": "degC"}, {}, r"a sentinel stands among the values.*missing: \[-9999\]"),
        ({}, {"variables": {"t2n": {"variable": "tas"}}}, r"'t2n' is absent.*Did you mean 't2m'"),
        ({}, {"variables": {"t2m": {"variable": "tass"}}}, "no variable is called 'tass'"),
        ({}, {"variables": {"t2m": {"variable": "tas", "positive": "up", "unit": "K"}}}, "'positive' is for fluxes"),
        ({}, {"variables": {"t2m": {"name": "mine"}}}, "needs a unit"),
        ({}, {"crss": "EPSG:3338"}, "unknown key 'crss'; did you mean 'crs'"),
        ({}, {"crs": "EPSG:99999999"}, "CRS is not known"),
        ({}, {"x": "easting"}, "has no axis 'easting'"),
        ({}, {"time": {"static": True}}, "the dimension 'time' is neither time nor place"),
    ],
)
def test_wrong_files_and_options(
    tmp_path: Path, changes: dict[str, Any], options: dict[str, Any], message: str
) -> None:
    with pytest.raises(SourceError, match=message):
        read(netcdf(tmp_path, dataset(**changes)), **options)


def test_a_flux_without_a_declared_sign(tmp_path: Path) -> None:
    data = dataset(kelvin=1.0, unit="g C m-2 d-1")
    with pytest.raises(SourceError, match="the direction of a flux must be declared"):
        read(netcdf(tmp_path, data), variables={"t2m": {"variable": "nee"}})
    fields = read(netcdf(tmp_path, data), variables={"t2m": {"variable": "nee", "positive": "down"}}).fields
    assert fields is not None
    assert fields["nee"].values.max() == pytest.approx(9.0)


def test_values_that_cannot_be_become_missing(tmp_path: Path) -> None:
    data = dataset()
    data["t2m"][0, 0, 0] = 900.0
    fields = read(netcdf(tmp_path, data)).fields
    assert fields is not None
    assert int(fields["tas"].isnull().sum()) == 1


def test_a_declared_sentinel(tmp_path: Path) -> None:
    data = dataset()
    data["t2m"][0] = -9999.0
    fields = read(netcdf(tmp_path, data), variables={"t2m": {"variable": "tas", "missing": [-9999]}}).fields
    assert fields is not None
    assert int(fields["tas"].isnull().sum()) == 12


def test_a_name_and_unit_of_its_own(tmp_path: Path) -> None:
    data = read(netcdf(tmp_path, dataset()), variables={"t2m": {"name": "skin", "unit": "K"}})
    assert data.fields is not None
    assert data.fields["skin"].attrs["units"] == "K"
    assert data.info.covariates == {"skin": "K"}


def test_a_declared_unit_wins_and_is_noted(tmp_path: Path) -> None:
    path = netcdf(tmp_path, dataset(unit="degC"))
    data = read(path, variables={"t2m": {"variable": "tas", "unit": "K"}})
    assert any("the file says 'degC'; the declared unit 'K' is taken" in note for note in data.notes)


def test_a_global_ring_from_0_to_360_is_cut_at_180(tmp_path: Path) -> None:
    lon = np.arange(0.0, 360.0, 90.0)
    data = read(netcdf(tmp_path, lonlat(lon)), variables={"alt": {"variable": "alt"}})
    assert data.fields is not None
    assert data.fields["lon"].values.tolist() == [-180.0, -90.0, 0.0, 90.0]
    assert data.fields["alt"].values[0] == pytest.approx([0.502, 0.503, 0.5, 0.501])
    assert data.fields["lat"].values.tolist() == [70.0, 60.0]
    assert any("taken as WGS 84" in note for note in data.notes)


def test_a_box_across_the_antimeridian_keeps_its_order(tmp_path: Path) -> None:
    fields = read(
        netcdf(tmp_path, lonlat(np.array([170.0, 180.0, 190.0]))), variables={"alt": {"variable": "alt"}}
    ).fields
    assert fields is not None
    assert fields["lon"].values.tolist() == [170.0, -180.0, -170.0]


def test_an_axis_that_goes_to_and_fro(tmp_path: Path) -> None:
    path = netcdf(tmp_path, lonlat(np.array([10.0, 30.0, 20.0])))
    with pytest.raises(SourceError, match="the axis lon is neither ascending nor descending"):
        read(path, variables={"alt": {"variable": "alt"}})


def test_a_further_dimension_must_be_selected(tmp_path: Path) -> None:
    data = dataset().expand_dims(depth=[0.1, 0.5]).copy()
    data["t2m"].attrs["grid_mapping"] = "albers"
    path = netcdf(tmp_path, data.assign(albers=data["albers"].isel(depth=0, drop=True)))
    with pytest.raises(SourceError, match=r"'depth' is neither time nor place.*select: \{depth: VALUE\}"):
        read(path)
    with pytest.raises(SourceError, match=r"'depth' has no entry 0\.2"):
        read(path, select={"depth": 0.2})
    fields = read(path, select={"depth": 0.5}).fields
    assert fields is not None
    assert fields["tas"].dims == ("time", "y", "x")


def test_one_declared_date(tmp_path: Path) -> None:
    data = dataset().isel(time=0, drop=True)
    path = netcdf(tmp_path, data)
    fields = read(path, time={"date": "2001"}).fields
    assert fields is not None
    assert [str(t)[:10] for t in fields["time_bnds"].values[0]] == ["2001-01-01", "2002-01-01"]
    static = read(path).fields
    assert static is not None
    assert static["tas"].dims == ("y", "x")


def test_a_truncated_and_a_foreign_file(tmp_path: Path) -> None:
    big = dataset(time=np.arange(24) * 30.4375, calendar="standard")
    path = netcdf(tmp_path, big, "scipy")
    path.write_bytes(path.read_bytes()[:-900])
    with pytest.raises(SourceError, match=r"is (it|the file) truncated"):
        read(path)
    path.write_bytes(b"GRIB....")
    with pytest.raises(SourceError, match="not a NetCDF file"):
        read(path)
    with pytest.raises(SourceError, match=r"does not exist.*Did you mean 'a.nc'"):
        read(tmp_path / "b.nc")


def geotiff(path: Path, values: np.ndarray, *, rotated: bool = False, crs: str | None = "EPSG:3338") -> Path:
    rasterio = pytest.importorskip("rasterio")
    transform = rasterio.Affine(1000.0, 100.0 if rotated else 0.0, 0.0, 0.0, -1000.0, 5000.0)
    with rasterio.open(
        path, "w", driver="GTiff", height=values.shape[0], width=values.shape[1], count=1, dtype=values.dtype,
        crs=crs, transform=transform, nodata=-9999,
    ) as file:  # fmt: skip
        file.write(values, 1)
        file.set_band_description(1, "ALT")
    return path


def test_geotiff_is_lazy_and_at_cell_centres(tmp_path: Path) -> None:
    values = np.full((40, 50), 55.0, np.float32)
    values[0, 0] = -9999
    path = geotiff(tmp_path / "a.tif", values)
    options = {"variables": {"ALT": {"variable": "alt", "unit": "cm"}}, "time": {"date": "2015"}, "block": 16}
    fields = read(path, **options).fields
    assert fields is not None
    assert fields["alt"].chunks is not None
    assert fields["alt"].chunks[1] == (16, 16, 8)
    assert fields["alt"].dims == ("time", "y", "x")
    assert fields["x"].values[0] == 500.0
    assert fields["y"].values[0] == 4500.0
    assert np.isnan(fields["alt"].values[0, 0, 0])
    assert fields["alt"].values[0, -1, -1] == pytest.approx(0.55)


def test_wrong_geotiffs(tmp_path: Path) -> None:
    values = np.full((40, 50), 55.0, np.float32)
    options = {"variables": {"ALT": {"variable": "alt", "unit": "cm"}}}
    with pytest.raises(SourceError, match="the grid is rotated"):
        read(geotiff(tmp_path / "a.tif", values, rotated=True), **options)
    with pytest.raises(SourceError, match="the grid has no CRS"):
        read(geotiff(tmp_path / "b.tif", values, crs=None), **options)
    with pytest.raises(SourceError, match="no unit"):
        read(geotiff(tmp_path / "c.tif", values), variables={"ALT": {"variable": "alt"}})
    path = geotiff(tmp_path / "d.tif", np.random.default_rng(0).random((400, 500)).astype(np.float32))
    path.write_bytes(path.read_bytes()[:50_000])
    with pytest.raises(SourceError, match="truncated"):
        read(path, **options)


@pytest.mark.real
def test_real_topsoil_and_reanalysis(real_data: Path) -> None:
    sand = read(
        real_data / "drivers/hwsd_topsoil/hwsd_T_SAND_0p05deg_50-75N_180-100W.nc",
        variables={"T_SAND": {"variable": "sand", "unit": "percent"}},
    ).fields
    assert sand is not None
    assert sand["sand"].chunks is not None
    assert 0.2 < float(sand["sand"].mean()) < 0.6
