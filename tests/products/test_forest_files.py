"""A simulated forest on a grid, written as NetCDF and in SIBBORK's layout, and read back."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from geocryoai.core.errors import ModelError
from geocryoai.core.projection import read_crs
from geocryoai.processes.forest import (
    FAIRBANKS,
    ForestOptions,
    ForestResult,
    Terrain,
    forest_dataset,
    mean_year_climate,
    simulate_forest,
    species_table,
)
from geocryoai.products.forest import write_forest_netcdf, write_forest_sibbork
from geocryoai.sources import READERS

YEARS = np.arange(1990, 2011)
OPTIONS = ForestOptions(spin_up_years=60, tree_years=(1990, 2010))


def climate() -> xr.Dataset:
    made = mean_year_climate(*FAIRBANKS, YEARS, seed=1)
    time = np.arange("1990-01", "2011-01", dtype="datetime64[M]").astype("datetime64[us]")
    days = np.tile([31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31], YEARS.size)
    return xr.Dataset(
        {"tas": ("time", made.temperature.ravel(), {"units": "degC"}),
         "pr": ("time", made.precipitation.ravel() / days, {"units": "mm d-1"})},
        coords={"time": time},
    )  # fmt: skip


def terrain() -> xr.Dataset:
    slope = np.array([[0.0, 5.0, 10.0], [15.0, 20.0, 25.0]])
    crs = xr.DataArray(0, attrs=read_crs("EPSG:3338").to_cf())
    return xr.Dataset(
        {"slope": (("y", "x"), slope, {"units": "degree"}), "aspect": (("y", "x"), 14 * slope)},
        coords={"y": [1_700_005.0, 1_699_995.0], "x": [300_005.0, 300_015.0, 300_025.0], "crs": crs},
    )


@pytest.fixture(scope="module")
def forest() -> xr.Dataset:
    return forest_dataset(climate(), terrain(), replicates=2, options=OPTIONS, seed=3)


@pytest.fixture(scope="module")
def result() -> ForestResult:
    plots = Terrain(np.linspace(0, 25, 6), 0.0, 64.8)
    return simulate_forest(mean_year_climate(*FAIRBANKS, YEARS), plots, options=OPTIONS, seed=3)


def test_a_grid_is_cf_and_what_the_plots_give(forest: xr.Dataset) -> None:
    assert dict(forest.sizes) == {"time": 252, "year": 21, "species": 9, "replicate": 2, "y": 2, "x": 3}
    assert forest["thaw_depth"].dims == ("time", "replicate", "y", "x")
    assert forest["biomass"].attrs["units"] == "kg m-2"
    assert all(np.isfinite(array).all() for array in forest.data_vars.values())
    slope = terrain()["slope"].values.ravel()
    plots = Terrain(slope, 14 * slope, 65.157)
    alone = simulate_forest(mean_year_climate(*FAIRBANKS, YEARS, seed=1), plots, options=OPTIONS, seed=3)
    first = forest["thaw_depth"].isel(replicate=0).values.reshape(-1, 6)
    assert first[:12] == pytest.approx(alone.thaw_depth[0], abs=0.3)
    assert not np.array_equal(forest["biomass"][:, :, 0], forest["biomass"][:, :, 1])


def test_netcdf_reads_back(forest: xr.Dataset, tmp_path: Path) -> None:
    write_forest_netcdf(forest, tmp_path / "forest.nc")
    with xr.open_dataset(tmp_path / "forest.nc", engine="h5netcdf", decode_coords="all") as written:
        assert written["thaw_depth"].values == pytest.approx(forest["thaw_depth"].values)
        assert written["species"].values.tolist()[0] == "PICEmari"
        assert written["crs"].attrs["crs_wkt"] == forest["crs"].attrs["crs_wkt"]


def test_sibbork_layout_conserves_mass_basal_area_and_stems(result: ForestResult, tmp_path: Path) -> None:
    path = tmp_path / "forest.h5"
    write_forest_sibbork(result, path, rows=2, columns=3, corner=(300_000.0, 1_700_010.0), title="test")
    data = READERS.get("sibbork").read(path, source="forest.h5", options={"crs": "EPSG:3338"})
    fields = data.fields
    assert fields is not None
    for place, year in enumerate((0, 20)):
        mass = fields["biomass"].values[place].ravel()
        assert mass == pytest.approx(result.biomass[year].sum(axis=0), rel=1e-5)
        area = fields["basal_area"].values[place].ravel() * 1e4
        assert area == pytest.approx(result.basal_area[year].sum(axis=0), rel=1e-4)
        spruce = fields["biomass_picemari"].values[place].ravel()
        assert spruce == pytest.approx(result.biomass[year, 0], rel=1e-5)
    assert f"order of their codes: {', '.join(species_table().codes)}" in data.notes[0]


def test_a_forest_that_cannot_be_written(result: ForestResult, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="do not fill the grid; found 6 plots; expected 2 x 2"):
        write_forest_sibbork(result, tmp_path / "f.h5", rows=2, columns=2, corner=(0.0, 0.0))
    without = simulate_forest(
        mean_year_climate(*FAIRBANKS, YEARS), Terrain(0.0, 0.0, 64.8), options=ForestOptions(spin_up_years=0)
    )
    with pytest.raises(ModelError, match="no trees were kept"):
        write_forest_sibbork(without, tmp_path / "f.h5", rows=1, columns=1, corner=(0.0, 0.0))
    assert not (tmp_path / "f.h5").exists()


def test_a_grid_is_checked() -> None:
    def go(weather: xr.Dataset, ground: xr.Dataset) -> xr.Dataset:
        return forest_dataset(weather, ground, options=OPTIONS)

    with pytest.raises(ModelError, match="'tas' is absent"):
        go(climate().rename(tas="tass"), terrain())
    with pytest.raises(ModelError, match="whole years of months"):
        go(climate().isel(time=slice(1, None)), terrain())
    with pytest.raises(ModelError, match="has no CRS"):
        go(climate(), terrain().drop_vars("crs"))
    with pytest.raises(ModelError, match="cells are not plots"):
        go(climate(), terrain().isel(y=slice(None, None, -1)))
    with pytest.raises(ModelError, match=r"slope: a value is missing"):
        go(climate(), terrain().assign(slope=terrain()["slope"].where(terrain()["slope"] > 0)))
    kelvin = climate()
    kelvin["tas"].attrs["units"] = "K"
    with pytest.raises(ModelError, match="unit is another one; found K"):
        go(kelvin, terrain())
