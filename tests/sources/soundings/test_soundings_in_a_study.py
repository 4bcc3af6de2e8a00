"""Level 2 soundings in a study: granules by the month into the cube, bad ones listed, the report, what is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr

from geocryoai.core.errors import CubeError, SourceError, StudyError
from geocryoai.core.files import file_hash, list_files
from geocryoai.core.grid import Grid
from geocryoai.core.study import Study, study_from_dict
from geocryoai.cube.scale.scene_fields import LayerInfo
from geocryoai.cube.scale.sounding_fields import SoundingFields
from geocryoai.cube.store import open_cube
from geocryoai.report.retrieval_part import retrieval_part
from geocryoai.report.run_files import RunFiles
from geocryoai.sources.soundings import SoundingOptions
from geocryoai.sources.soundings.granule import Granule
from geocryoai.stages.check import check_study
from geocryoai.stages.gather_soundings import add_granule
from geocryoai.stages.run import run_study

Writer = Callable[..., Path]


def study(**retrieval: Any) -> Study:
    given = {"kind": "soundings", "scenes": "s5p/*.nc", "time": "month", "options": {"preset": "sentinel-5p-ch4"}}
    thaw = {
        "reader": "table", "path": "thaw.csv",
        "options": {"site": "site", "lon": "lon", "lat": "lat", "time": {"year": "year"}, "licence": "l",
                    "citation": "c", "columns": {"cm": {"variable": "alt", "unit": "cm"}}},
    }  # fmt: skip
    return study_from_dict(
        {
            "name": "air",
            "period": {"start": "2021-01", "end": "2021-12"},
            "domain": {
                "crs": "EPSG:3338",
                "resolution": 20_000,
                "west": -151,
                "east": -148,
                "south": 67.5,
                "north": 68.5,
            },
            "sources": {"thaw": thaw},
            "retrievals": {"s5p": {**given, **retrieval}},
            "targets": {"alt": {"records": ["thaw"], "step": "year"}},
            "learners": {"ridge": {"model": "ridge"}},
            "predict": {"learner": "ridge"},
        }
    )


@pytest.fixture
def data(tmp_path: Path, tropomi: Writer) -> Path:
    folder = tmp_path / "data"
    lon, lat = np.meshgrid(np.arange(-153, -146, 0.1), np.arange(67, 69, 0.05))
    for month, value in ((6, 1880.0), (7, 1900.0)):
        for day in (3, 20):
            stamp = [f"2021-{month:02d}-{day:02d}T22:10:00Z"] * len(lat)
            qa = np.where(lon < -149.5, 0.9, 0.4) if day == 3 else 1.0
            path = folder / "s5p" / f"S5P_L2_2021{month:02d}{day:02d}.nc"
            tropomi(path, lon, lat, np.full(lon.shape, value + day), qa=qa, times=stamp, size=(0.1, 0.05))
    elsewhere = tropomi(folder / "s5p" / "S5P_L2_20210705.nc", lon + 160, lat - 60, np.full(lon.shape, 1700.0))
    (folder / "s5p" / "S5P_L2_20210709.nc").write_bytes(elsewhere.read_bytes()[:5000])
    (folder / "thaw.csv").write_text("site,lon,lat,year,cm\na,-149.5,68,2021,45\n")
    return folder


def test_granules_become_fields_of_the_cube(data: Path, tmp_path: Path) -> None:
    run = run_study(study(), data=data, out=tmp_path / "run", until="harmonize", quiet=True)
    lines = json.loads((run / "ingest" / "s5p" / "scenes.json").read_text())["scenes"]
    assert len(lines) == 6
    failed = [line for line in lines if "failed" in line]
    assert [line["scene"] for line in failed] == ["s5p/S5P_L2_20210709.nc"]
    assert "truncated" in failed[0]["failed"]
    away = next(line for line in lines if line["scene"].endswith("0705.nc"))
    assert (away["used"], away["good"] > 0) == (0, True)
    fields = xr.open_zarr(run / "ingest" / "s5p" / "fields.zarr", consolidated=False)
    assert fields["s5p_xch4"].attrs["units"] == "nmol mol-1"
    assert "not a flux" in fields["s5p_xch4"].attrs["long_name"]
    june = fields.isel(time=0)
    once, twice = float(june["s5p_xch4"].max()), float(june["s5p_xch4"].min())
    assert (once, twice) == (pytest.approx(1900.0), pytest.approx(1891.5, abs=1.0))
    cube = open_cube(run / "harmonize" / "cube.zarr")
    assert np.isfinite(cube["s5p_xch4"].to_numpy()).any((1, 2)).nonzero()[0].tolist() == [5, 6]
    assert {"s5p_xch4_sigma", "s5p_xch4_spread", "s5p_xch4_count"} <= set(cube.data_vars)
    page = str(retrieval_part(RunFiles(run, study())))
    assert "2021-06-03 to 2021-07-20" in page
    assert "S5P_L2_20210709.nc" in page
    before = {name: file_hash(run / name) for name in list_files(run) if name != "log.jsonl"}
    again = run_study(study(), data=data, out=tmp_path / "again", until="harmonize", quiet=True)
    assert {n: file_hash(again / n) for n in list_files(again) if n != "log.jsonl"} == before


def test_only_bad_granules_stop_the_run(data: Path, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no scene could be retrieved"):
        run_study(study(scenes="s5p/*0709.nc"), data=data, out=tmp_path / "bad", until="ingest", quiet=True)


def test_granules_that_all_pass_elsewhere_are_said(data: Path, tmp_path: Path) -> None:
    with pytest.raises(Exception, match="no sounding lies within the grid"):
        run_study(study(scenes="s5p/*0705.nc"), data=data, out=tmp_path / "away", until="ingest", quiet=True)


def test_wrong_options_are_refused_before_any_work(data: Path) -> None:
    with pytest.raises(StudyError, match="no preset is called 'tropomi'"):
        check_study(study(options={"preset": "tropomi"}), data)
    with pytest.raises(StudyError, match="nothing in the data folder fits"):
        check_study(study(scenes="s5q/*.nc"), data)


def test_a_granule_without_a_sounding_is_listed_as_such(monkeypatch: pytest.MonkeyPatch):
    none, options = np.zeros(0), study().retrievals["s5p"].options
    empty = Granule(0, none, none, None, none.astype("datetime64[us]"), {"xch4": none}, {}, ())
    monkeypatch.setattr("geocryoai.sources.soundings.granule.read_granule", lambda *_: empty)
    gathered = SoundingFields(Grid("EPSG:3338", 0.0, 0.0, 1000.0, 2, 2), (LayerInfo("xch4", "nmol mol-1", "XCH4"),))
    line = add_granule(gathered, Path("empty.nc"), "empty.nc", SoundingOptions.model_validate(options))
    assert (line["pixels"], line["used"], line["masked_share"]) == (0, 0, None)
    assert json.loads(json.dumps(line, allow_nan=False)) == line
    with pytest.raises(CubeError, match="no sounding lies within the grid"):
        gathered.dataset("s5p", static=True)
