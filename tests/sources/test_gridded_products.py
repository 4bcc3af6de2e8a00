"""Every gridded product, on small files written from the facts of its format: read, and brought to a study's cube."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import h5netcdf
import h5py
import numpy as np
import pytest
import xarray as xr

from geocryoai.core.errors import SourceError
from geocryoai.core.projection import LONLAT, read_crs, transformer
from geocryoai.core.study import study_from_dict
from geocryoai.sources import READERS
from geocryoai.sources._grids import EASE2_M09, EASE2_N36, GIPL_1KM
from geocryoai.sources._layout import KnownGrid
from geocryoai.sources._product import Product
from geocryoai.sources.base import SourceData
from geocryoai.sources.gridded.esa_cci_permafrost import GRID as CCI_GRID

LON, LAT = -149.6, 68.6
DOMAIN = {"crs": "EPSG:3338", "resolution": 8000, "west": -149.8, "east": -149.4, "south": 68.5, "north": 68.7}
BOX = [DOMAIN["west"], DOMAIN["south"], DOMAIN["east"], DOMAIN["north"]]
JULY_2015 = 16617  # days from 1970-01-01 to 2015-07-01


@dataclass(frozen=True)
class Sample:
    """A file or folder of a product, and what its fields must be in the middle of the domain."""

    path: Path
    expected: Mapping[str, float]
    options: Mapping[str, Any] = field(default_factory=dict)
    cube: bool = True


def axes(crs: str, cell: float, half: int = 30) -> tuple[np.ndarray, np.ndarray]:
    """Return y (from the north) and x of cells round the middle of the domain."""
    x, y = transformer(LONLAT, crs).transform(LON, LAT) if not read_crs(crs).is_geographic else (LON, LAT)
    steps = np.arange(-half, half + 1)
    return (np.round(y / cell) - steps) * cell, (np.round(x / cell) + steps) * cell


def netcdf(
    path: Path,
    variables: Mapping[str, tuple[float, dict[str, Any]]],
    *,
    crs: str = LONLAT,
    cell: float = 0.02,
    days: np.ndarray | None = None,
    time: str = "time",
    since: str = "days since 1970-01-01",
    dtype: Any = np.float32,
    names: tuple[str, str] = ("lat", "lon"),
    half: int = 30,
    **time_attributes: str,
) -> Path:
    """Write a CF file of constant stored values."""
    y, x = axes(crs, cell, half)
    geographic = read_crs(crs).is_geographic
    units = ("degrees_north", "degrees_east") if geographic else ("m", "m")
    coords: dict[str, Any] = {name: (name, v, {"units": u}) for name, v, u in zip(names, (y, x), units, strict=True)}
    dims: tuple[str, ...] = names
    shape: tuple[int, ...] = (y.size, x.size)
    if days is not None:
        coords[time] = (time, days, {"units": since, **time_attributes})
        dims, shape = (time, *names), (days.size, *shape)
    data: dict[str, Any] = {}
    for name, (value, attributes) in variables.items():
        data[name] = (dims, np.full(shape, value, dtype), dict(attributes))
    dataset = xr.Dataset(data, coords)
    if not geographic:
        dataset["albers"] = xr.DataArray(0, attrs={"crs_wkt": read_crs(crs).to_wkt()})
        for name in variables:
            dataset[name].attrs["grid_mapping"] = "albers"
    bare = {name: {} if "_FillValue" in dataset[name].attrs else {"_FillValue": None} for name in dataset.variables}
    dataset.to_netcdf(path, engine="h5netcdf", encoding=bare)
    return path


def geotiff(
    path: Path, value: float, *, crs: str | None = "EPSG:3338", cell: float = 1000.0, dtype: Any = np.float32,
    unit: str = "", nodata: float | None = -9999, corner: tuple[float, float] | None = None, half: int = 30,
    scale: float | None = None, driver: str = "GTiff",
) -> Path:  # fmt: skip
    """Write a raster of one constant, one cell missing."""
    rasterio = pytest.importorskip("rasterio")
    y, x = axes(crs or "EPSG:3338", cell, half)
    left, top = corner or (x[0] - cell / 2, y[0] + cell / 2)
    values = np.full((y.size, x.size), value, dtype)
    if nodata is not None:
        values[0, 0] = nodata
    path.parent.mkdir(parents=True, exist_ok=True)
    with rasterio.open(
        path, "w", driver=driver, height=y.size, width=x.size, count=1, dtype=values.dtype, crs=crs, nodata=nodata,
        transform=rasterio.Affine(cell, 0.0, left, 0.0, -cell, top),
    ) as file:  # fmt: skip
        file.write(values, 1)
        if unit:
            file.set_band_unit(1, unit)
        if scale is not None:
            file.scales = (scale,)
    return path


def corner(grid: KnownGrid, half: int = 30) -> tuple[int, int]:
    """Return the first row and column of a window round the middle of the domain."""
    x, y = transformer(LONLAT, grid.crs).transform(LON, LAT)
    return int((grid.top - y) / grid.cell) - half, int((x - grid.left) / grid.cell) - half


def hdf5(path: Path, grid: KnownGrid, variables: Mapping[str, tuple[float, dict[str, Any]]], lead: int = 0) -> Path:
    """Write a whole grid of fill values with a window of a constant round the domain."""
    row, column = corner(grid)
    with h5py.File(path, "w") as file:
        for name, (value, attributes) in variables.items():
            shape = (*((lead,) if lead else ()), grid.height, grid.width)
            chunks = (*((1,) if lead else ()), min(256, grid.height), min(256, grid.width))
            stored = file.create_dataset(name, shape, "f4", chunks=chunks, fillvalue=-9999.0)
            stored[..., row : row + 61, column : column + 61] = value
            stored.attrs["_FillValue"] = np.float32(-9999.0)
            for key, text in attributes.items():
                stored.attrs[key] = text
    return path


def tcfm(folder: Path) -> Sample:
    up = {"units": "g C m-2 d-1", "positive": "up"}
    path = netcdf(
        folder / "tcfm.nc", {"NEE": (1.5, up), "GPP_mean": (3.0, {"units": "g C m-2 d-1"}),
        "CH4": (20.0, {"units": "mg CH4 m-2 d-1"})}, crs="EPSG:6931", cell=1000.0, days=JULY_2015 + np.arange(31.0),
        names=("y", "x"), half=22,
    )  # fmt: skip
    return Sample(path, {"nee_tcfm": 1.5, "gpp_tcfm": 3.0, "fch4_tcfm": 20.0})


def above(folder: Path) -> Sample:
    for month, total in ((6, 30.0), (7, 31.0)):
        geotiff(folder / f"above/nee_2015{month:02d}.tif", total, crs="ESRI:102001", unit="g C m-2 month-1")
    return Sample(folder / "above", {"nee_above": 1.0}, {"layers": {"nee": {"positive": "up"}}})


def l4c(folder: Path) -> Sample:
    for day in (1, 9, 17, 25):
        hdf5(
            folder / f"SMAP_L4_C_mdl_201507{day:02d}T000000_Vv7042_001.h5", EASE2_M09,
            {"NEE/nee_mean": (-1.0, {"units": "g C m-2 day-1"}), "GPP/gpp_mean": (4.0, {"units": "g m-2 day-1"})},
        )  # fmt: skip
    return Sample(folder, {"nee_l4c": -1.0, "gpp_l4c": 4.0}, {"time": {"days": 8}})


def l4sm(folder: Path) -> Sample:
    for hour in (1, 4, 7):
        hdf5(
            folder / f"SMAP_L4_SM_gph_20150701T{hour:02d}3000_Vv7032_001.h5", EASE2_M09,
            {"Geophysical_Data/sm_surface": (0.31, {"units": "m3 m-3"}),
             "Geophysical_Data/soil_temp_layer1": (275.15, {"units": "K"})},
        )  # fmt: skip
    return Sample(folder, {"sm_0_5cm": 0.31, "ts_layer1": 2.0}, cube=False)


def freeze(folder: Path) -> Sample:
    for day in (1, 9, 17, 25):
        path = folder / f"SMAP_L3_FT_P_201507{day:02d}_R18290_001.h5"
        hdf5(path, EASE2_N36, {"Freeze_Thaw_Retrieval_Data_Polar/freeze_thaw": (float(day == 1), {})}, lead=2)
    return Sample(folder, {"frozen_am": 1.0, "frozen_pm": 1.0}, {"time": {"days": 8}})


def cci(folder: Path) -> Sample:
    row, column = corner(CCI_GRID)
    for kind, value, unit in (("ALT", 55, "m"), ("PFR", 9000, "percent")):
        path = folder / f"ESACCI-PERMAFROST-L4-{kind}-MODISLST_CRYOGRID-AREA4_PP-2015-fv05.0.nc"
        with h5netcdf.File(path, "w") as file:
            file.dimensions = {"time": 1, "lat": 6000, "lon": 36000}
            lat, lon = file.create_variable("lat", ("lat",), "f8"), file.create_variable("lon", ("lon",), "f8")
            lat[:], lon[:] = 85 - 0.01 * (np.arange(6000) + 0.5) + 1e-4, -180 + 0.01 * (np.arange(36000) + 0.5)
            lat.attrs["units"], lon.attrs["units"] = "degrees_north", "degrees_east"
            stored = file.create_variable(kind, ("time", "lat", "lon"), "u2", chunks=(1, 200, 200), fillvalue=65535)
            stored.attrs["units"], stored.attrs["scale_factor"] = unit, 0.01
            stored[0, row : row + 61, column - 30 : column + 91] = value
    return Sample(folder, {"alt_cci": 0.55, "pfr_cci": 0.9, "permafrost_cci": 1.0})


def obu(folder: Path) -> Sample:
    crs = "+proj=laea +lat_0=90 +lon_0=0 +datum=WGS84 +units=m"
    geotiff(folder / "UiO_PEX_MAGTM_5.0_20181127_2000_2016_NH.tif", -6.5, crs=crs, cell=926.6254)
    geotiff(folder / "UiO_PEX_PERPROB_5.0_20181128_2000_2016_NH.tif", 0.98, crs=crs, cell=926.6254, unit="1")
    return Sample(folder, {"magt_obu": -6.5, "permafrost_probability": 0.98}, {"layers": {"magt": {"unit": "degC"}}})


def ncscd(folder: Path) -> Sample:
    attributes = {"units": "hg m-2", "_FillValue": np.int16(-32768)}
    netcdf(
        folder / "NCSCDv2_Circumpolar_WGS84_SOCC100_05deg.nc", {"NCSCDv2": (352, attributes)}, cell=0.5, half=4,
        dtype=np.int16,
    )  # fmt: skip
    return Sample(folder, {"soc_100cm": 35.2})


def gipl(folder: Path) -> Sample:
    row, column = corner(GIPL_1KM)
    for year, drift in ((2091, 0.0), (2092, 0.3)):
        left, top = GIPL_1KM.left + column * 1000.0 + drift, GIPL_1KM.top - row * 1000.0 - drift
        name = f"gipl_GFDL-CM3_rcp85_permafrosttop_m_{year}.tif"
        geotiff(folder / name, 1.75, corner=(left, top), nodata=float(np.finfo(np.float32).min))
    return Sample(folder, {"permafrost_top_gipl": 1.75})


def gipl_text(folder: Path) -> Sample:
    geotiff(folder / "MAGT_10_1.asc", -3.25, cell=4000.0, half=8, driver="AAIGrid", crs=None)
    return Sample(folder, {"magt_gipl": -3.25}, {"crs": "EPSG:3338", "layers": {"magt": {"unit": "degC"}}})


def snap(folder: Path) -> Sample:
    for month, amount in ((6, 60.0), (7, 62.0)):
        geotiff(folder / f"tas_mean_C_CRU_TS40_historical_{month:02d}_2015.tif", 11.0, cell=2000.0, half=15)
        geotiff(folder / f"pr_total_mm_CRU_TS40_historical_{month:02d}_2015.tif", amount, cell=2000.0, half=15)
    return Sample(folder, {"tas": 11.0, "pr": 2.0})


def hourly(folder: Path, reader: str) -> Path:
    """Write July 2015, hour by hour: 0.1 mm of rain and 360 kJ of light in each, stamps at ends."""
    hours = 24.0 * JULY_2015 + np.arange(1.0, 31 * 24 + 1)
    path = netcdf(
        folder / "era5.nc",
        {
            "t2m": (284.15, {"units": "K"}), "tp": (0, {"units": "m"}), "ssrd": (0, {"units": "J m**-2"}),
            "u10": (3.0, {"units": "m s**-1"}), "v10": (4.0, {"units": "m s**-1"}),
        },
        days=hours, since="hours since 1970-01-01", time="valid_time", cell=0.25, half=6,
        names=("latitude", "longitude"), dtype=np.float64,
    )  # fmt: skip
    with h5py.File(path, "r+") as file:
        since = np.ones(hours.size) if reader == "era5" else (np.arange(hours.size) % 24) + 1.0
        file["tp"][:] = 1e-4 * since[:, None, None]
        file["ssrd"][:] = 3.6e5 * since[:, None, None]
    return path


def era5(folder: Path) -> Sample:
    return Sample(hourly(folder, "era5"), {"tas": 11.0, "pr": 2.4, "rsds": 100.0, "wind": 5.0})


def era5_land(folder: Path) -> Sample:
    return Sample(hourly(folder, "era5_land"), {"tas": 11.0, "pr": 2.4, "rsds": 100.0, "wind": 5.0})


def daymet(folder: Path) -> Sample:
    crs = "+proj=lcc +lat_1=25 +lat_2=60 +lat_0=42.5 +lon_0=-100 +datum=WGS84 +units=m"
    made = {
        "tmax": (15.0, "degrees C"),
        "tmin": (5.0, "degrees C"),
        "srad": (300.0, "W/m2"),
        "dayl": (72000.0, "s/day"),
    }
    for name, (value, unit) in made.items():
        netcdf(
            folder / f"daymet_v4_daily_na_{name}_2015.nc", {name: (value, {"units": unit})}, crs=crs, cell=1000.0,
            days=JULY_2015 + 0.5 + np.arange(31.0), names=("y", "x"),
        )  # fmt: skip
    return Sample(folder, {"tasmax": 15.0, "tas": 10.0, "rsds": 250.0})


def modis_lst(folder: Path) -> Sample:
    packed = {
        "units": "K",
        "scale_factor": 0.02,
        "_FillValue": np.uint16(0),
        "valid_range": np.array([7500, 65535], "u2"),
    }
    path = netcdf(
        folder / "MOD11A1.061_1km_aid0001.nc",
        {"LST_Day_1km": (14200, packed), "QC_Day": (0, {"_FillValue": np.uint16(255)})},
        days=5660.0 + np.arange(31.0), since="days since 2000-01-01 00:00:00", calendar="julian", dtype=np.uint16,
    )  # fmt: skip
    with h5py.File(path, "r+") as file:
        file["LST_Day_1km"][:, 30, 31] = 15815
        file["QC_Day"][:, 30, 31] = 2
    return Sample(path, {"lst_day": 10.85})


def modis_tiff(folder: Path) -> Sample:
    for doy in (182, 190, 198, 206):
        stem = folder / "MOD13A1.061__500m_16_days_"
        tail = f"_doy2015{doy}_aid0001.tif"
        geotiff(Path(f"{stem}NDVI{tail}"), 6500, crs=LONLAT, cell=0.01, dtype=np.int16, nodata=-3000, scale=1e-4)
        geotiff(Path(f"{stem}pixel_reliability{tail}"), 1, crs=LONLAT, cell=0.01, dtype=np.int8, nodata=-1)
    return Sample(folder, {"ndvi": 0.65}, {"time": {"days": 8}})


def modis_lai(folder: Path) -> Sample:
    for doy in (178, 186, 194, 202, 210):
        tail = f"_doy2015{doy}_aid0001.tif"
        for name, value, scale in (("Lai_500m", 12, 0.1), ("FparLai_QC", 0, None)):
            geotiff(
                folder / f"MCD15A2H.061_{name}{tail}", value, crs=LONLAT, cell=0.01, dtype=np.uint8, nodata=255,
                scale=scale,
            )  # fmt: skip
    return Sample(folder, {"lai": 1.2})


def modis_snow(folder: Path) -> Sample:
    for doy in range(182, 213):
        tail = f"_doy2015{doy}_aid0001.tif"
        for name, value in (("NDSI_Snow_Cover", 40 if doy != 190 else 250), ("NDSI_Snow_Cover_Basic_QA", 2)):
            geotiff(folder / f"MOD10A1.061_{name}{tail}", value, crs=LONLAT, cell=0.01, dtype=np.uint8, nodata=255)
    return Sample(folder, {"ndsi_snow": 0.4})


#: As the files of Snow_cci state them: a valid range from 1 and flags that are no values.
SWE_ATTRIBUTES = {
    "units": "mm", "_FillValue": np.int32(-100000), "valid_range": np.array([1, 500], "i4"),
    "flag_values": np.array([-30, -20, -10, -1, 0], "i4"), "flag_meanings": "Glacier Mountain Water no_data no_snow",
}  # fmt: skip


def cci_swe(folder: Path) -> Sample:
    for day in range(31):
        netcdf(
            folder / f"201507{day + 1:02d}-ESACCI-L3C_SNOW-SWE-SSMIS-DMSP-fv2.0.nc",
            {"swe": (120, SWE_ATTRIBUTES), "swe_std": (30, SWE_ATTRIBUTES)},
            cell=0.1, half=8, days=JULY_2015 + np.array([float(day)]), dtype=np.int32,
        )  # fmt: skip
    return Sample(folder, {"swe_cci": 0.12, "swe_cci_sigma": 0.03})


def cci_scf(folder: Path) -> Sample:
    packed = {
        "units": "percent", "_FillValue": np.int8(-1), "_Unsigned": "true", "valid_range": np.array([0, -2], "i1"),
        "flag_values": np.array([-51, -50, -46, -41, -2], "i1"), "standard_name": "surface_snow_area_fraction",
    }  # fmt: skip
    for day in range(31):
        value = -51 if day == 4 else 80
        netcdf(
            folder / f"201507{day + 1:02d}-ESACCI-L3C_SNOW-SCFG-AVHRR_MERGED-fv2.0.nc",
            {"scfg": (value, packed), "scfg_unc": (value if value < 0 else 12, packed)},
            cell=0.05, half=15, days=JULY_2015 + np.array([float(day)]), dtype=np.int8,
        )  # fmt: skip
    return Sample(folder, {"scf_ground": 0.8, "scf_ground_sigma": 0.12})


def landsat(folder: Path) -> Sample:
    stem = "LC08_L2SP_072012_20150712_20200908_02_T1"
    utm: dict[str, Any] = {"crs": "EPSG:32606", "cell": 300.0, "half": 60, "dtype": np.uint16, "nodata": 0}
    for band, value in (("ST_B10", 39500), ("SR_B4", 9091), ("SR_B5", 18182)):
        geotiff(folder / f"{stem}_{band}.TIF", value, **utm)
    geotiff(folder / f"{stem}_QA_PIXEL.TIF", 21824, **{**utm, "nodata": 1})
    lines = ["TEMPERATURE_MULT_BAND_ST_B10 = 0.00341802", "TEMPERATURE_ADD_BAND_ST_B10 = 149.0"]
    lines += [f"REFLECTANCE_{what}_BAND_{n} = {v}" for n in (4, 5) for what, v in (("MULT", 2.75e-05), ("ADD", -0.2))]
    (folder / f"{stem}_MTL.txt").write_text("GROUP = LANDSAT_METADATA_FILE\n    " + "\n    ".join(lines) + "\nEND\n")
    return Sample(folder, {"lst": 39500 * 0.00341802 + 149.0 - 273.15, "ndvi": 0.25 / 0.35})


def arcticdem(folder: Path) -> Sample:
    geotiff(folder / "arcticdem_mosaic_1km_v4.1_dem.tif", 780.0, crs="EPSG:3413")
    return Sample(folder, {"elevation": 780.0})


def cmip6(folder: Path) -> Sample:
    for name, value, unit in (("tas", 285.15, "K"), ("nep", 1e-8, "kg m-2 s-1"), ("pr", 3e-5, "kg m-2 s-1")):
        netcdf(
            folder / f"{name}_Amon_MODEL_ssp585_r1i1p1f1_gn_201501-201512.nc", {name: (value, {"units": unit})},
            cell=1.25, half=4, days=75.0 + 30 * np.arange(12.0), since="days since 2014-11-01", calendar="360_day",
        )  # fmt: skip
    return Sample(folder, {"tas": 12.0, "nee_cmip": -1e-8 * 1000 * 86400, "pr": 3e-5 * 86400})


MAKERS: dict[str, Callable[[Path], Sample]] = {
    "tcfm_arctic": tcfm, "above_co2_flux": above, "smap_l4c": l4c, "smap_l4_soil_moisture": l4sm,
    "smap_freeze_thaw": freeze, "esa_cci_permafrost": cci, "obu2019": obu, "ncscd": ncscd, "gipl_snap": gipl,
    "gipl_4km": gipl_text, "snap_climate": snap, "era5": era5, "era5_land": era5_land, "daymet": daymet,
    "modis_lst": modis_lst, "modis_vegetation": modis_tiff, "modis_lai": modis_lai, "landsat": landsat,
    "arcticdem": arcticdem, "cmip6": cmip6, "modis_snow": modis_snow, "esa_cci_snow_swe": cci_swe,
    "esa_cci_snow_scf": cci_scf,
}  # fmt: skip

PRODUCTS = [name for name in READERS.names() if isinstance(READERS.get(name), Product)]


def read(name: str, path: Path, **options: Any) -> SourceData:
    return READERS.get(name).read(path, source=path.name, options={"box": BOX, **options})


def middle(array: xr.DataArray) -> np.ndarray:
    """Return the series of the cell in the middle."""
    y, x = array.dims[-2:]
    return np.asarray(array.isel({y: array.sizes[y] // 2, x: array.sizes[x] // 2}).values)


def spoil(sample: Sample) -> Path:
    """Return the first file of a sample."""
    return (
        sample.path
        if sample.path.is_file()
        else sorted(p for p in sample.path.rglob("*") if p.suffix not in ("", ".txt", ".xml", ".prj"))[0]
    )


def attribute(path: Path, variable: str, key: str, value: Any) -> None:
    """Set an attribute of an HDF5 or NetCDF-4 file, or take it away."""
    with h5py.File(path, "r+") as file:
        if value is None:
            del file[variable].attrs[key]
        else:
            file[variable].attrs[key] = value


@pytest.mark.parametrize("name", MAKERS)
def test_a_truncated_and_a_foreign_file_are_refused(name: str, tmp_path: Path) -> None:
    sample = MAKERS[name](tmp_path)
    path = spoil(sample)
    whole = path.read_bytes()
    path.write_bytes(b"<html><body>Please log in</body></html>")
    with pytest.raises(SourceError, match=r"not a file of this product|not a GeoTIFF|is absent|does not exist"):
        read(name, sample.path, **sample.options)
    path.write_bytes(b"")
    with pytest.raises(SourceError, match=r"the file is empty|not a GeoTIFF"):
        read(name, sample.path, **sample.options)
    if path.suffix in (".h5", ".nc"):
        path.write_bytes(whole[: len(whole) // 2])
        with pytest.raises(SourceError, match="truncated"):
            read(name, sample.path, **sample.options)


@pytest.mark.parametrize(
    ("name", "variable", "key", "value", "message"),
    [
        ("tcfm_arctic", "NEE", "units", None, "NEE, attribute units: the variable has no unit"),
        ("tcfm_arctic", "NEE", "units", "K", "nee.*measure different things|measure different things"),
        ("tcfm_arctic", "NEE", "positive", None, "the direction of a flux must be declared"),
        ("tcfm_arctic", "NEE", "grid_mapping", "nowhere", "the grid mapping 'nowhere' is absent"),
        ("era5", "t2m", "units", "degC", "values of tas are implausible"),
        ("era5", "valid_time", "units", None, "the time axis has no units"),
        ("modis_lst", "LST_Day_1km", "scale_factor", None, "stored as scaled numbers and the file states no scale"),
        ("modis_lst", "LST_Day_1km", "scale_factor", 0.2, "values of lst_day are implausible"),
        ("esa_cci_snow_swe", "swe", "units", None, "swe, attribute units: the variable has no unit"),
        ("esa_cci_snow_swe", "swe", "units", "K", "measure different things"),
    ],
)
def test_wrong_attributes_are_refused(
    name: str, variable: str, key: str, value: Any, message: str, tmp_path: Path
) -> None:
    sample = MAKERS[name](tmp_path)
    for path in [sample.path] if sample.path.is_file() else sorted(sample.path.glob("*.nc")):
        attribute(path, variable, key, value)
    with pytest.raises(SourceError, match=message):
        read(name, sample.path, **sample.options)


def test_a_grid_of_another_size_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "SMAP_L4_C_mdl_20150701T000000_Vv7042_001.h5"
    with h5py.File(path, "w") as file:
        file["NEE/nee_mean"] = np.zeros((1624, 3855), "f4")
    with pytest.raises(
        SourceError, match=r"another size; found 1624 x 3855 cells; expected 1624 x 3856 cells of 9008.0552"
    ):
        read("smap_l4c", path)


def test_cells_of_smap_do_not_drift(tmp_path: Path) -> None:
    path = tmp_path / "SMAP_L4_C_mdl_20150701T000000_Vv7042_001.h5"
    hdf5(path, EASE2_M09, {"NEE/nee_mean": (0.5, {})})
    fields = READERS.get("smap_l4c").read(path, source="a", options={}).fields
    assert fields is not None
    assert fields["x"].values[-1] == pytest.approx(17_367_530.45 - 9008.055210146 / 2, abs=0.02)
    assert fields["y"].values[-1] == pytest.approx(-7_314_540.83 + 9008.055210146 / 2, abs=0.02)


def test_gipl_files_that_drift_are_snapped_and_others_refused(tmp_path: Path) -> None:
    sample = gipl(tmp_path)
    fields = read("gipl_snap", sample.path).fields
    assert fields is not None
    offset = (fields["x"].values - GIPL_1KM.left) / 1000.0 - 0.5
    assert np.abs(offset - np.rint(offset)).max() < 1e-9
    assert fields["permafrost_top_gipl"].sizes["time"] == 2
    geotiff(tmp_path / "gipl_GFDL-CM3_rcp85_permafrosttop_m_2093.tif", 1.0, corner=(-979_391.7, 2_375_479.751))
    with pytest.raises(SourceError, match="the grid is none that the product comes on"):
        read("gipl_snap", sample.path)


def test_the_edge_of_permafrost_is_no_gap(tmp_path: Path) -> None:
    sample = cci(tmp_path)
    fields = READERS.get("esa_cci_permafrost").read(
        sample.path, source="cci", options={"box": [-149.8, 68.0, -149.4, 69.2]}
    ).fields  # fmt: skip
    assert fields is not None
    south = fields.isel(lat=-1, time=0)
    assert np.isnan(south["alt_cci"]).all()
    assert float(south["permafrost_cci"].max()) == 0.0
    assert float(south["pfr_cci"].max()) == 0.0
    assert fields["lat"].values[0] == pytest.approx(round(fields["lat"].values[0] * 200) / 200, abs=1e-9)


def test_quality_flags_mask_cells_and_can_be_left_aside(tmp_path: Path) -> None:
    sample = modis_lst(tmp_path)
    masked, kept = (read("modis_lst", sample.path, quality=each).fields for each in ("good", "any"))
    assert masked is not None
    assert kept is not None
    assert int(masked["lst_day"].isnull().sum()) == 31
    assert float(masked["lst_day"].max()) == pytest.approx(10.85, abs=0.01)
    assert float(kept["lst_day"].max()) == pytest.approx(43.15, abs=0.01)
    (next(tmp_path.glob("*.nc"))).unlink()
    lai = modis_lai(tmp_path)
    next(tmp_path.glob("*FparLai_QC*")).unlink()
    with pytest.raises(SourceError, match="the file of quality flags is absent"):
        read("modis_lai", lai.path, time={"days": 8})


def test_ground_without_snow_is_a_value_and_signs_are_none(tmp_path: Path) -> None:
    sample = cci_swe(tmp_path)
    signs = sorted(tmp_path.glob("*.nc"))
    for path, sign in zip(signs, (-30, -20, -10, -1, -100000, 0, 0), strict=False):
        with h5py.File(path, "r+") as file:
            file["swe"][...] = sign
    fields = read("esa_cci_snow_swe", sample.path).fields
    assert fields is not None
    assert "flag_values" not in fields["swe_cci"].attrs
    assert fields["swe_cci"].attrs["units"] == "m"
    series = middle(fields["swe_cci"])
    assert np.isnan(series[:5]).all()
    assert series[5:9].tolist() == pytest.approx([0.0, 0.0, 0.12, 0.12])


def test_an_index_of_snow_is_not_its_cover(tmp_path: Path) -> None:
    sample = modis_snow(tmp_path)
    fields = read("modis_snow", sample.path).fields
    assert fields is not None
    assert list(fields.data_vars) == ["ndsi_snow"]
    assert np.isnan(middle(fields["ndsi_snow"])[8])
    for path in tmp_path.glob("*Basic_QA*"):
        geotiff(path, 3, crs=LONLAT, cell=0.01, dtype=np.uint8, nodata=255)
    with pytest.raises(SourceError, match="no value anywhere"):
        read("modis_snow", sample.path)
    kept = read("modis_snow", sample.path, quality="any").fields
    assert kept is not None
    assert middle(kept["ndsi_snow"])[0] == pytest.approx(0.4)


def test_era5_land_starts_anew_each_day_or_is_refused(tmp_path: Path) -> None:
    path = hourly(tmp_path, "era5_land")
    rain = read("era5_land", path, read=["tp"]).fields
    assert rain is not None
    assert middle(rain["pr"]) == pytest.approx(2.4, abs=1e-3)
    assert str(rain["time"].values[0])[:16] == "2015-07-01T00:00"
    (tmp_path / "late").mkdir()
    late = hourly(tmp_path / "late", "era5_land")
    with h5py.File(late, "r+") as file:
        file["tp"][:] = np.roll(file["tp"][:], 6, axis=0)
    with pytest.raises(SourceError, match="the accumulated values fall within a day"):
        read("era5_land", late, read=["tp"])


def test_hours_that_were_left_out_are_not_made_up(tmp_path: Path) -> None:
    with xr.open_dataset(hourly(tmp_path, "era5"), engine="h5netcdf", decode_times=False) as opened:
        opened.isel(valid_time=slice(None, None, 6)).to_netcdf(tmp_path / "six.nc", engine="h5netcdf")
    with pytest.raises(SourceError, match="sums over one hour are not there for every hour; found a record every 6 h"):
        read("era5", tmp_path / "six.nc", read=["tp"])
    assert read("era5", tmp_path / "six.nc", read=["t2m"]).fields is not None


def test_the_day_that_ends_at_midnight(tmp_path: Path) -> None:
    with xr.open_dataset(hourly(tmp_path, "era5_land"), engine="h5netcdf", decode_times=False) as opened:
        opened.isel(valid_time=slice(23, None, 24)).to_netcdf(tmp_path / "day.nc", engine="h5netcdf")
    fields = read("era5_land", tmp_path / "day.nc", read=["tp"], time={"interval": "day", "stamp": "end"}).fields
    assert fields is not None
    assert str(fields["time"].values[0])[:10] == "2015-07-01"
    assert middle(fields["pr"]) == pytest.approx(2.4, abs=1e-3)


def test_a_delivery_in_two_files_is_put_together(tmp_path: Path) -> None:
    for name, value, unit in (("t2m", 284.15, "K"), ("tp", 1e-4, "m")):
        netcdf(
            tmp_path / f"data_{name}.nc", {name: (value, {"units": unit})},
            days=24.0 * JULY_2015 + np.arange(1.0, 49.0),
            since="hours since 1970-01-01", time="valid_time", cell=0.25, half=6, names=("latitude", "longitude"),
        )  # fmt: skip
    data = read("era5", tmp_path, read=["t2m", "tp"])
    assert data.fields is not None
    assert {"tas", "pr"} <= set(data.fields.data_vars)
    assert any("t2m: 1 of 2 files do not hold it" in note for note in data.notes)


def test_preliminary_values_fill_what_final_ones_do_not_cover(tmp_path: Path) -> None:
    path = netcdf(tmp_path / "era5.nc", {"t2m": (280.0, {"units": "K"})}, days=24.0 * JULY_2015 + np.arange(1.0, 49.0),
                  since="hours since 1970-01-01", cell=0.25, half=6, names=("latitude", "longitude"))  # fmt: skip
    with xr.open_dataset(path, engine="h5netcdf", decode_times=False) as opened:
        final = opened.load()
    early = final.copy(deep=True)
    early["t2m"][:] = 290.0
    final["t2m"][24:] = np.nan
    both = xr.concat([final, early], dim=xr.DataArray([1, 5], dims="expver", name="expver")).transpose(
        "time", "expver", ...
    )
    both.to_netcdf(tmp_path / "both.nc", engine="h5netcdf")
    fields = read("era5", tmp_path / "both.nc").fields
    assert fields is not None
    assert middle(fields["tas"])[[0, 23, 24, 47]] == pytest.approx([6.85, 6.85, 16.85, 16.85], abs=1e-3)


def test_landsat_needs_its_metadata(tmp_path: Path) -> None:
    sample = landsat(tmp_path)
    next(tmp_path.glob("*_MTL.txt")).unlink()
    with pytest.raises(SourceError, match=r"the scale of the band stands in a file that is absent.*_MTL.txt"):
        read("landsat", sample.path)
    given = {"st": {"scale": 0.00341802, "offset": 149.0}}
    fields = read("landsat", sample.path, read=["st"], layers=given).fields
    assert fields is not None
    assert float(np.nanmax(fields["lst"])) == pytest.approx(sample.expected["lst"], abs=1e-2)


def test_the_soil_carbon_without_a_unit(tmp_path: Path) -> None:
    sample = ncscd(tmp_path)
    attribute(next(tmp_path.glob("*.nc")), "NCSCDv2", "units", None)
    with pytest.raises(SourceError, match="has no unit"):
        read("ncscd", sample.path)
    fields = read("ncscd", sample.path, layers={"soc_100": {"unit": "kg C m-2", "scale": 0.1}}).fields
    assert fields is not None
    assert float(fields["soc_100cm"].max()) == pytest.approx(35.2, abs=1e-3)


def test_swapped_axes_and_a_domain_elsewhere(tmp_path: Path) -> None:
    path = netcdf(tmp_path / "era5.nc", {"t2m": (280.0, {"units": "K"})}, days=24.0 * JULY_2015 + np.arange(1.0, 49.0),
                  since="hours since 1970-01-01", cell=0.25, half=6, names=("longitude", "latitude"))  # fmt: skip
    with pytest.raises(SourceError, match="latitudes beyond the poles"):
        READERS.get("era5").read(path, source="a", options={})
    with pytest.raises(SourceError, match="nothing of the file lies in the domain"):
        READERS.get("arcticdem").read(
            arcticdem(tmp_path).path, source="dem", options={"box": [10.0, 60.0, 12.0, 61.0]}
        )  # fmt: skip


def test_times_out_of_order_and_repeated(tmp_path: Path) -> None:
    days = JULY_2015 + np.array([0.0, 2.0, 1.0])
    path = netcdf(tmp_path / "a.nc", {"NEE": (1.0, {"units": "g C m-2 d-1", "positive": "up"})}, days=days)
    with pytest.raises(SourceError, match="the time axis is out of order"):
        read("tcfm_arctic", path)
    snap(tmp_path)
    geotiff(tmp_path / "tas_mean_C_CCSM4_rcp85_07_2015.tif", 12.0, cell=2000.0, half=15)
    with pytest.raises(SourceError, match="the time axis is repeated"):
        read("snap_climate", tmp_path)
    assert read("snap_climate", tmp_path, files="CRU").fields is not None


def test_one_bad_file_among_many(tmp_path: Path) -> None:
    sample = snap(tmp_path)
    (tmp_path / "tas_mean_C_CRU_TS40_historical_08_2015.tif").write_bytes(b"II*\x00broken")
    with pytest.raises(SourceError, match="not a GeoTIFF, or a truncated one"):
        read("snap_climate", sample.path)
    data = read("snap_climate", sample.path, skip_damaged=True)
    assert data.fields is not None
    assert data.fields["tas"].sizes["time"] == 2
    assert any("left out" in note and "_08_2015.tif" in note for note in data.notes)


def test_files_of_uneven_length_can_be_stored(tmp_path: Path) -> None:
    up = {"units": "g C m-2 d-1", "positive": "up"}
    for name, days in (("a", np.arange(2.0)), ("b", 2 + np.arange(5.0)), ("c", 7 + np.arange(3.0))):
        netcdf(tmp_path / f"{name}.nc", {"NEE": (1.0, up)}, days=JULY_2015 + days)
    fields = read("tcfm_arctic", tmp_path).fields
    assert fields is not None
    assert fields["nee_tcfm"].chunks == tuple((size,) for size in fields["nee_tcfm"].shape)
    fields.drop_vars("crs").to_zarr(tmp_path / "a.zarr", zarr_format=3, consolidated=False)
    assert xr.open_zarr(tmp_path / "a.zarr", consolidated=False)["nee_tcfm"].sizes["time"] == 10


def test_a_raster_without_crs_or_with_two_bands(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"the grid has no CRS. Declare crs"):
        read("gipl_4km", gipl_text(tmp_path).path, layers={"magt": {"unit": "degC"}})
    rasterio = pytest.importorskip("rasterio")
    path = geotiff(tmp_path / "a_dem.tif", 780.0, crs="EPSG:3413")
    with rasterio.open(path) as one, rasterio.open(tmp_path / "two_dem.tif", "w", **{**one.profile, "count": 2}) as two:
        for band in (1, 2):
            two.write(one.read(1), band)
    with pytest.raises(SourceError, match=r"several variables could be 'dem'; found band_1, band_2"):
        read("arcticdem", tmp_path / "two_dem.tif")
    assert read("arcticdem", tmp_path / "two_dem.tif", layers={"dem": {"path": "band_2"}}).fields is not None


def test_a_composite_that_is_not_reliable_is_missing(tmp_path: Path) -> None:
    sample = modis_tiff(tmp_path)
    name = "MOD13A1.061__500m_16_days_pixel_reliability_doy2015182_aid0001.tif"
    geotiff(tmp_path / name, 3, crs=LONLAT, cell=0.01, dtype=np.int8, nodata=-1)
    fields = read("modis_vegetation", sample.path, **sample.options).fields
    assert fields is not None
    assert np.isnan(middle(fields["ndvi"])).tolist() == [True, False, False, False]


def test_hdf4_is_refused_with_a_way_out(tmp_path: Path) -> None:
    path = tmp_path / "MOD11A1.A2015182.h12v02.061.hdf"
    path.write_bytes(b"\x0e\x03\x13\x01" + bytes(100))
    with pytest.raises(SourceError, match=r"HDF4.*AppEEARS"):
        read("modis_lst", path)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"layers": {"nea": {"unit": "K"}}}, "no layer 'nea'.*Did you mean 'nee'"),
        ({"read": ["alt"]}, "no layer 'alt'"),
        ({"quality": "some"}, "quality"),
        ({"time": {"interval": "day", "days": 8}}, "declare one of interval, hours, days"),
        ({"crs": "EPSG:99999999"}, "CRS is not known"),
        ({"boxx": 1}, "unknown key 'boxx'"),
        ({"layers": {"nee": {"path": "Nee"}}}, "'nee' is not there; expected Nee. Known: CH4, GPP_mean, NEE"),
    ],
)
def test_wrong_options(options: dict[str, Any], message: str, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=message):
        read("tcfm_arctic", tcfm(tmp_path).path, **options)


def test_every_product_has_a_sample() -> None:
    assert sorted(MAKERS) == PRODUCTS


@pytest.mark.contract
@pytest.mark.parametrize("name", MAKERS)
def test_a_product_is_read_lazily_and_reaches_the_cube_of_a_study(name: str, tmp_path: Path) -> None:
    from geocryoai.stages.harmonize import open_study_cube, write_cube
    from geocryoai.stages.ingest import ingest
    from geocryoai.stages.workspace import Workspace

    folder = tmp_path / "data" / name
    folder.mkdir(parents=True)
    sample = MAKERS[name](folder)
    data = read(name, sample.path, **sample.options)
    assert data.fields is not None
    for key, value in sample.expected.items():
        assert data.fields[key].chunks is not None
        assert data.fields[key].attrs["units"] == READERS.get(name).info.covariates[key]
        assert float(np.nanmax(middle(data.fields[key]))) == pytest.approx(value, rel=2e-3, abs=2e-3), key

    (tmp_path / "data" / "thaw.csv").write_text("site,lon,lat,year,alt\na,-149.6,68.6,2015,50\n")
    work = Workspace(
        study_from_dict(_study(name, sample, tmp_path / "data"), where="study"), tmp_path, tmp_path / "data"
    )
    ingest(work)
    if not sample.cube:
        return
    write_cube(work)
    cube = open_study_cube(work)
    assert cube is not None
    for key, value in sample.expected.items():
        wanted = value if name != "smap_freeze_thaw" else 8 / 31
        assert float(cube[key].mean()) == pytest.approx(wanted, rel=2e-3, abs=2e-3), key


def _study(name: str, sample: Sample, data: Path) -> dict[str, Any]:
    year, whole = (2091 if name == "gipl_snap" else 2015), name in ("gipl_snap", "esa_cci_permafrost", "cmip6")
    period = {"start": f"{year}-01", "end": f"{year}-12"} if whole else {"start": "2015-07", "end": "2015-07"}
    columns = {"alt": {"variable": "alt", "unit": "cm"}}
    thaw = {"site": "site", "lon": "lon", "lat": "lat", "time": {"year": "year"}, "columns": columns}
    product = {"reader": name, "path": str(sample.path.relative_to(data)), "options": dict(sample.options)}
    return {
        "name": "one-product", "period": period, "domain": DOMAIN,
        "sources": {"thaw": {"reader": "table", "path": "thaw.csv", "options": thaw}, "product": product},
        "targets": {"alt": {"records": ["thaw"], "step": "year"}}, "learners": {"ridge": {"model": "ridge"}},
        "predict": {"learner": "ridge"},
    }  # fmt: skip
