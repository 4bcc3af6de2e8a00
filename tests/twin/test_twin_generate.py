"""The files of the twin: the same bytes for the same options, readable by anybody, truth kept apart."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import xarray as xr

from geocryoai.core.files import file_hash
from geocryoai.core.projection import read_crs
from geocryoai.core.study import load_study
from geocryoai.core.variables import variables
from geocryoai.twin.generate import TwinSummary, generate
from geocryoai.twin.options import TwinOptions
from geocryoai.twin.study import TRUTH_FILES, study_sources


def test_same_options_same_bytes(small_folder: Path, small_summary: TwinSummary) -> None:
    assert sorted(path.name for path in small_folder.iterdir()) == list(small_summary.files)
    for name in small_summary.files:
        assert file_hash(small_folder / name) == file_hash(small_summary.folder / name), name


def test_another_seed_is_another_world(tiny_options: TwinOptions, tmp_path: Path) -> None:
    for seed in (1, 2):
        generate(tmp_path / str(seed), tiny_options.model_copy(update={"seed": seed}))
    for name in ("drivers.nc", "landscape.nc", "probe_sites.csv", "towers.csv", "boreholes.csv", "truth.nc"):
        assert file_hash(tmp_path / "1" / name) != file_hash(tmp_path / "2" / name)


def test_sizes_are_honoured(small_summary: TwinSummary, small_folder: Path) -> None:
    assert small_summary.months == 108
    with xr.open_dataset(small_folder / "drivers.nc", engine="h5netcdf") as drivers:
        assert dict(drivers.sizes) == {"time": 108, "y": 16, "x": 10, "bounds": 2}
        assert int(np.isfinite(drivers["tas"][0]).sum()) == small_summary.land_cells
        assert np.isnan(drivers["tas"].values).any()
    with xr.open_dataset(small_folder / "coarse_model.nc", engine="h5netcdf") as coarse:
        assert coarse.sizes["x"] == 2
        assert coarse.sizes["y"] == 3
    probes = pl.read_csv(small_folder / "probe_sites.csv")
    assert probes["site"].n_unique() == 60
    assert probes.height == small_summary.rows["probe_sites.csv"]


def test_a_network_without_chambers_and_flights_writes_no_such_files(tiny_options: TwinOptions, tmp_path: Path) -> None:
    network = tiny_options.network.model_copy(update={"chambers": 0, "flights": 0, "boreholes": 0, "towers": 2})
    summary = generate(tmp_path, tiny_options.model_copy(update={"network": network}))
    assert not {"chambers.csv", "flights.csv", "boreholes.csv", "truth_boreholes.csv"} & set(summary.files)
    assert pl.read_csv(tmp_path / "towers.csv")["site"].n_unique() == 2
    assert set(study_sources(chambers=False, flights=False, boreholes=False)) == set(study_sources()) - {
        "chambers",
        "flights",
        "boreholes",
    }


@pytest.mark.parametrize("name", ["drivers.nc", "landscape.nc", "coarse_model.nc", "truth.nc"])
def test_grids_are_cf_and_keep_their_crs(small_folder: Path, name: str) -> None:
    with xr.open_dataset(small_folder / name, engine="h5netcdf") as data:
        assert data.attrs["Conventions"] == "CF-1.8"
        assert read_crs(data["crs"].attrs["crs_wkt"]) == read_crs("EPSG:3338")
        assert np.all(np.diff(data["y"].values) < 0)
        assert np.all(np.diff(data["x"].values) > 0)
        for layer in data.data_vars.values():
            if {"x", "y"} <= set(layer.dims):
                assert layer.attrs["grid_mapping"] == "crs"
                assert layer.attrs["units"]
        if "time" in data.coords:
            assert data["time"].values[0] == np.datetime64("2000-01-01")
            assert data["time_bounds"].values[1, 1] == np.datetime64("2000-03-01")


def test_drivers_and_maps_lie_in_the_plausible_ranges_of_the_house(small_folder: Path) -> None:
    for name in ("drivers.nc", "landscape.nc"):
        with xr.open_dataset(small_folder / name, engine="h5netcdf") as data:
            for layer in (v for v in data.data_vars if v in variables()):
                low, high = variables()[str(layer)].plausible
                values = data[layer].values
                assert np.nanmin(values) >= low, layer
                assert np.nanmax(values) <= high, layer


def test_ndvi_is_missing_in_the_dark_and_nothing_else_is(small_folder: Path) -> None:
    with xr.open_dataset(small_folder / "drivers.nc", engine="h5netcdf") as data:
        land = np.isfinite(data["tas"].values)
        for name in ("pr", "rsds", "vp", "snd", "swe", "lai"):
            np.testing.assert_array_equal(np.isfinite(data[name].values), land)
        seen = np.isfinite(data["ndvi"].values)
        assert not seen[11].any()
        np.testing.assert_array_equal(seen[6], land[6])


def test_the_coarse_model_is_biased_yet_related_to_the_truth(small_folder: Path) -> None:
    with (
        xr.open_dataset(small_folder / "coarse_model.nc", engine="h5netcdf") as coarse,
        xr.open_dataset(small_folder / "truth.nc", engine="h5netcdf") as truth,
    ):
        for name in ("nee", "fch4"):
            true = truth[name].mean(("x", "y")).values
            model = coarse[f"{name}_model"].mean(("x", "y")).values
            assert np.corrcoef(true, model)[0, 1] > 0.8, name
            assert np.sqrt(np.mean((model - true) ** 2)) > 0.05 * true.std(), name
        cold = truth["time"].dt.month.isin([11]).values
        assert coarse["fch4_model"].values[cold].sum(where=np.isfinite(coarse["fch4_model"].values[cold])) == 0
        assert truth["fch4"].sum(("x", "y")).values[cold].sum() > 0


def test_truth_closes_in_the_file_and_is_no_source(small_folder: Path) -> None:
    with xr.open_dataset(small_folder / "truth.nc", engine="h5netcdf") as truth:
        gap = truth["reco"] - truth["gpp"] - truth["nee"]
        assert float(np.abs(gap).max()) < 1e-5
        assert truth["alt"].dims == ("year", "y", "x")
        assert "parameter_methane_q10" in truth
    paths = {source["path"] for source in study_sources().values()}
    assert not paths & set(TRUTH_FILES)
    assert all((small_folder / path).is_file() for path in paths)


def test_the_sentinel_stands_in_the_tables(small_folder: Path) -> None:
    towers = pl.read_csv(small_folder / "towers.csv")
    assert (towers["NEE"] == -9999).any()
    assert towers["NEE"].is_not_null().all()
    assert (pl.read_csv(small_folder / "probe_sites.csv")["alt_cm"] == -9999).any()


def test_the_bundled_study_declares_the_files_as_the_twin_writes_them() -> None:
    study = load_study(Path(str(files("geocryoai.studies"))) / "twin.yml")
    declared = {name: source.model_dump(exclude_unset=True) for name, source in study.sources.items()}
    assert declared == study_sources(flights=False)
