from __future__ import annotations

import numpy as np
import pytest

from geocryoai.core.calendar import month_axis
from geocryoai.core.grid import Grid
from geocryoai.cube.harmonise import align, write_fields
from geocryoai.cube.store import open_cube, verify_cube
from geocryoai.sources import READERS

pytestmark = pytest.mark.real


def test_toolik_tile_on_its_own_grid_keeps_every_value(real_data, tmp_path):
    fields = READERS.get("toolik_tile").read(real_data / "drivers" / "toolik_tile", source="t", options={}).fields
    size = float(fields.x[1] - fields.x[0])
    grid = Grid("EPSG:3338", float(fields.x.min()) - size / 2, float(fields.y.max()) + size / 2, size, 10, 10)
    months = month_axis(1990, 2015)
    write_fields(tmp_path / "cube.zarr", [fields], grid, months)
    verify_cube(tmp_path / "cube.zarr")
    cube = open_cube(tmp_path / "cube.zarr")
    expected = fields.sel(time=slice("1990", "2015")).sortby("y", ascending=False)
    assert np.array_equal(cube.tas.values, expected.tas.values)
    assert np.array_equal(cube.vegetation_class.values, expected.vegetation_class.values)
    assert np.allclose(cube.co2_air.values[:, 0, 0], expected.co2_air.values)


def test_toolik_tile_averaged_to_5_km_conserves_the_mean(real_data):
    fields = READERS.get("toolik_tile").read(real_data / "drivers" / "toolik_tile", source="t", options={}).fields
    size = float(fields.x[1] - fields.x[0])
    grid = Grid("EPSG:3338", float(fields.x.min()) - size / 2, float(fields.y.max()) + size / 2, 5 * size, 2, 2)
    months = month_axis(2000, 2001)
    aligned = align(fields[["tas", "elevation"]], grid, months)
    source = fields.tas.sel(time=slice("2000", "2001")).values.astype(float)
    assert np.allclose(aligned.tas.values.mean(axis=(1, 2)), source.mean(axis=(1, 2)), atol=1e-5)


def test_era_interim_fills_land_and_stops_at_its_edge(real_data):
    folder = real_data / "drivers" / "era_interim_alaska_ku2d"
    fields = READERS.get("era_interim_2d").read(folder, source="e", options={}).fields
    grid = Grid.from_lonlat_box("EPSG:6931", 178, 62, -146, 69, 25_000.0)
    aligned = align(fields[["tas", "land_fraction"]], grid, month_axis(2014, 2016))
    lon, lat = grid.lonlat()
    beyond = (lat < 80) & ((lon > 175) | (lon < -170.3))
    assert beyond.any()
    assert np.isnan(aligned.tas.values[:, beyond]).all()
    assert (aligned.land_fraction_coverage.values[beyond] == 0).all()
    interior = (lat > 64) & (lat < 67) & (lon > -155) & (lon < -147)
    values = aligned.tas.values[:, interior]
    assert np.isfinite(values).all()
    assert -15 < values.mean() < 2
    assert np.array_equal(aligned.tas.values[0], aligned.tas.values[11], equal_nan=True)


@pytest.mark.physics
def test_soil_water_of_era_interim_averaged_and_refined_again(real_data):
    """Area-to-point kriging is nearer to the true half degrees than interpolation, and more so with covariates."""
    import xarray as xr
    from scipy.interpolate import RegularGridInterpolator

    from geocryoai.cube.scale import area_to_point, block_mean

    folder, factor = real_data / "drivers" / "era_interim_alaska_ku2d", 4

    def field(name, variable="data"):
        with xr.open_dataset(folder / f"{name}.nc", decode_times=False) as opened:
            return opened[variable].to_numpy().astype(float)[..., :80, :280]

    land = field("mask", "lsm").reshape(-1, 80, 280)[0] > 0.5
    truth = np.where(land, field("vwc"), np.nan)
    known = np.stack([field(name).mean(0) for name in ("ta", "aa", "snd", "rsn")])
    known = (known - np.nanmean(known, (1, 2), keepdims=True)) / np.nanstd(known, (1, 2), keepdims=True)
    area = np.repeat(np.cos(np.radians(85 - 0.5 * np.arange(80)))[:, None], 280, axis=1)
    whole = land.reshape(20, factor, 70, factor).all((1, 3))
    coarse = np.where(whole, block_mean(truth, factor, area), np.nan)
    rows, columns = np.mgrid[0:80, 0:280]
    centres = [(np.arange(n) + 0.5) * factor - 0.5 for n in (20, 70)]
    interpolated = np.stack(
        [RegularGridInterpolator(centres, layer, bounds_error=False)((rows, columns)) for layer in coarse]
    )
    kriged = area_to_point(coarse, factor, weights=area).mean
    informed = area_to_point(coarse, factor, known, weights=area).mean
    seen = np.isfinite(truth) & np.isfinite(interpolated) & np.isfinite(kriged) & np.isfinite(informed)
    error = [np.sqrt(np.mean((values - truth)[seen] ** 2)) for values in (interpolated, kriged, informed)]
    assert seen.sum() > 10_000
    assert error[1] < 0.95 * error[0]
    assert error[2] < 0.75 * error[0]


def test_soil_moisture_of_toolik_as_a_monthly_series(real_data):
    """The station's liquid water near the surface: wet summers, almost none in winter."""
    from geocryoai.cube.station_series import station_series

    path = real_data / "in_situ" / "soil" / "nrcs_toolik_daily.csv.gz"
    observed = READERS.get("nrcs_toolik").read(path, source="nrcs", options={}).observations
    months = month_axis(1999, 2011)
    found = station_series(observed, "sm", months, depth=(0.0, 0.1))
    assert found.site == ["NRCS Toolik"]
    assert np.isfinite(found.values).sum() > 60
    of_year = months.astype("datetime64[M]").astype(int) % 12
    summer, winter = (np.nanmean(found.values[0, np.isin(of_year, which)]) for which in ([6, 7], [0, 1, 2]))
    assert 0.15 < summer < 0.8
    assert winter < 0.5 * summer
