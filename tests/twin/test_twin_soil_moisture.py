"""Soil moisture of the twin: files of SMAP level 4 through their reader, stations, and a study that refines it."""

from __future__ import annotations

import copy
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import polars as pl
import pytest
import xarray as xr

from geocryoai.core.errors import GridError, StudyError
from geocryoai.core.files import file_hash
from geocryoai.core.study import study_from_dict
from geocryoai.report.run_files import RunFiles
from geocryoai.report.validation_table import validation_tables
from geocryoai.sources import READERS
from geocryoai.stages.apply import predict_records
from geocryoai.stages.check import check_study
from geocryoai.stages.run import run_study
from geocryoai.twin.generate import generate
from geocryoai.twin.options import read_options
from geocryoai.twin.study import study_sources

Tree = dict[str, Any]

PLACE = {"resolution": 5000.0, "left": 0.0, "top": 2_200_000.0, "width": 9, "height": 12}
OPTIONS = {
    **PLACE, "seed": 4, "first_year": 2015, "last_year": 2016,
    "network": {"probe_sites": 12, "towers": 1, "chambers": 0, "flights": 0, "boreholes": 0, "year_gap": 0.0},
    "moisture": {"smap_days": 10, "stations": 5},
}  # fmt: skip


@dataclass(frozen=True)
class World:
    folder: Path
    files: tuple[str, ...]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    folder = tmp_path_factory.mktemp("moist")
    return World(folder, generate(folder, read_options(OPTIONS)).files)


def make_tree() -> Tree:
    every = study_sources(chambers=False, flights=False, boreholes=False, smap_days=10)
    return {
        "name": "moist",
        "period": {"start": 2015, "end": 2016},
        "domain": {"crs": "EPSG:3338", **PLACE},
        "sources": {name: every[name] for name in ("landscape", "smap", "moisture_stations", "probe_sites")},
        "refine": {
            "sm_0_5cm": {
                "covariates": ["wetland_fraction"],
                "groups": "all",
                "validate_with": {"source": "moisture_stations", "depth": [0, 0.1], "months": [6, 7, 8]},
            }
        },
        "targets": {
            "alt": {
                "records": ["probe_sites"],
                "step": "year",
                "join": [{"source": "cube", "by": "cell", "columns": ["sm_0_5cm"]}],
            }
        },
        "learners": {"ridge": {"model": "ridge"}},
        "predict": {"learner": "ridge"},
    }


@pytest.mark.physics
def test_smap_files_hold_the_truth_with_bias_and_noise(world: World) -> None:
    names = [name for name in world.files if name.startswith("smap/")]
    assert len(names) == 65
    assert names[0] == "smap/SMAP_L4_SM_gph_20150401T013000_Vv7032_001.h5"
    with h5py.File(world.folder / names[0]) as file:
        stored = file["Geophysical_Data/sm_surface"]
        assert stored.shape == (1624, 3856)
        assert stored.attrs["units"] == "m3 m-3"
    read = READERS.get("smap_l4_soil_moisture").read(
        world.folder / "smap", source="smap", options={"read": ["sm"], "time": {"days": 10, "stamp": "start"}}
    )
    assert read.fields is not None
    seen = read.fields["sm_0_5cm"].sel(time="2016").mean("time").to_numpy()
    with xr.open_dataset(world.folder / "truth_moisture.nc", engine="h5netcdf") as opened:
        truth = opened["sm_0_5cm"].sel(time="2016").mean("time").to_numpy()
    assert 0.1 < np.nanmean(truth) < 0.9
    assert np.nanmean(seen) - np.nanmean(truth) == pytest.approx(0.03, abs=0.015)


def test_stations_read_liquid_water_and_lose_days(world: World) -> None:
    table = pl.read_csv(world.folder / "moisture_stations.csv")
    assert table["site"].n_unique() == 5
    assert table.height == 5 * 731
    lost = (table["SM_5CM"] == -9999).mean()
    assert lost is not None
    assert 0.01 < float(lost) < 0.06
    good = table.filter(pl.col("SM_5CM") > -1).with_columns(month=pl.col("date").str.slice(5, 2))
    january, july = (good.filter(pl.col("month") == month)["SM_5CM"].mean() for month in ("01", "07"))
    assert float(january) < 0.3 * float(july)


def test_the_same_options_give_the_same_bytes(world: World, tmp_path: Path) -> None:
    again = generate(tmp_path, read_options(OPTIONS))
    assert again.files == world.files
    some = [*[name for name in world.files if "smap" in name][:3], "moisture_stations.csv", "truth_moisture.nc"]
    assert [file_hash(tmp_path / name) for name in some] == [file_hash(world.folder / name) for name in some]


def test_without_the_options_nothing_of_it_is_there() -> None:
    plain = read_options({})
    assert (plain.moisture.smap_days, plain.moisture.stations) == (0, 0)
    assert "smap" not in study_sources()


def test_a_world_before_the_mission_is_refused(tmp_path: Path) -> None:
    from geocryoai.twin.soil_moisture import _dates

    with pytest.raises(GridError, match="the world ends before SMAP began"):
        _dates(read_options({**OPTIONS, "first_year": 2012, "last_year": 2014}))


def test_a_study_refines_it_and_holds_it_against_the_stations(world: World, tmp_path: Path) -> None:
    study = study_from_dict(make_tree())
    run = run_study(study, data=world.folder, out=tmp_path / "run", until="train", quiet=True)
    table = pl.read_csv(run / "harmonize" / "validation.csv")
    assert table.height == 15
    assert table["product"].unique().sort().to_list() == ["bilinear", "coarse", "refined"]
    assert set(table["months"]) == {6}
    lines = {line["variable"]: line for line in json.loads((run / "harmonize" / "cube.json").read_text())}
    found = lines["sm_0_5cm"]["validated"]
    assert (found["stations"], found["n"], found["station_months"]) == ("moisture_stations", 5, 30)
    assert found["refined"]["ubrmse"] == pytest.approx(
        table.filter(pl.col("product") == "refined")["ubrmse"].mean(), rel=1e-4
    )
    page = str(validation_tables(RunFiles(run, study)))
    assert "Refined fields against stations" in page
    assert "5 stations of moisture_stations" in page
    assert "M003" in page
    answers = predict_records(run, data=world.folder, out=tmp_path / "answers.parquet", quiet=True)
    assert pl.read_parquet(answers).height > 0


def test_mistakes_are_said_before_any_work() -> None:
    tree = make_tree()
    refine = tree["refine"]["sm_0_5cm"]
    for given, said in (
        ("moisture_station", "no source 'moisture_station'; did you mean 'moisture_stations'"),
        ({"source": "smap", "variable": "moistness"}, "no variable is called 'moistness'"),
    ):
        changed = copy.deepcopy(tree)
        changed["refine"]["sm_0_5cm"] = {**refine, "validate_with": given}
        with pytest.raises(StudyError, match=said):
            check_study(study_from_dict(changed), None)
    for given, said in (
        ({"source": "smap", "depth": [0.2, 0.1]}, "is below the deepest"),
        ({"source": "smap", "months": [13]}, "months"),
    ):
        changed = copy.deepcopy(tree)
        changed["refine"]["sm_0_5cm"] = {**refine, "validate_with": given}
        with pytest.raises(StudyError, match=said):
            study_from_dict(changed)
