"""The mission adapter: declared mappings, presets, bit masks, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from geocryoai.core.errors import SourceError
from geocryoai.core.study import study_from_dict
from geocryoai.sources import READERS
from geocryoai.sources.base import SourceData
from geocryoai.sources.mission import MissionOptions, presets

X, Y = 500_000.0 + 20.0 * np.arange(40), 7_600_000.0 - 20.0 * np.arange(30)
NISAR = "NISAR_L2_PR_GCOV_028_128_D_076_4005_DHDH_A_20260822T021004_20260822T021029_P05023_N_P_J_001.h5"
GROUP = "science/LSAR/GCOV/grids/frequencyA"


def nisar(folder: Path, *, epsg: int | None = 32606) -> Path:
    path = folder / NISAR
    with h5py.File(path, "w") as file:
        for name, values in (("xCoordinates", X), ("yCoordinates", Y), ("HHHH", np.full((30, 40), 0.08, "f4"))):
            file[f"{GROUP}/{name}"] = values
        file[f"{GROUP}/projection"] = np.uint32(epsg or 0)
        if epsg is not None:
            file[f"{GROUP}/projection"].attrs["epsg_code"] = epsg
        file[f"{GROUP}/HHHH"].attrs["_FillValue"] = np.float32(np.nan)
    return path


def thermal(folder: Path) -> Path:
    path = folder / "THERMAL_20280714T201500_001.h5"
    with h5py.File(path, "w") as file:
        stored = np.full((30, 40), 28715, "u2")
        stored[0, :] = 0
        file["data/temperature"] = stored
        file["data/temperature"].attrs.update({"scale_factor": 0.01, "units": "K", "_FillValue": np.uint16(0)})
        flags = np.zeros((30, 40), "u1")
        flags[1, :], flags[2, :] = 0b0100, 0b1000
        file["data/quality"] = flags
        file["grid/x"], file["grid/y"] = X, Y
        file.attrs["acquired"] = "2028-07-14T20:15:00Z"
    return path


THERMAL: dict[str, Any] = {
    "container": "hdf5",
    "x": "grid/x",
    "y": "grid/y",
    "crs": "EPSG:32606",
    "time": {"attribute": "acquired", "interval": "month"},
    "layers": {
        "temperature": {
            "path": "data/temperature", "variable": "lst", "packed": True,
            "quality": {"path": "data/quality", "bits": [{"first": 2, "count": 1, "accept": [0]}]},
        }
    },
}  # fmt: skip


def read(path: Path, **options: Any) -> SourceData:
    return READERS.get("mission").read(path, source=path.name, options=options)


def test_a_declared_mapping_needs_no_code(tmp_path: Path) -> None:
    data = read(thermal(tmp_path), **THERMAL, title="A thermal mission", licence="open")
    fields = data.fields
    assert fields is not None
    assert fields["lst"].chunks is not None
    values = fields["lst"].values[0]
    assert np.isnan(values[:2]).all()
    assert values[2:] == pytest.approx(14.0, abs=1e-3)
    assert [str(t)[:10] for t in fields["time_bnds"].values[0]] == ["2028-07-01", "2028-08-01"]
    assert fields["x"].values[0] == 500_000.0
    assert (data.info.title, data.info.licence) == ("A thermal mission", "open")


@pytest.mark.parametrize(
    ("pattern", "start"),
    [
        (r"_(?P<date>\d{8})T(?P<hour>\d{2})(?P<minute>\d{2})", "2028-07-14T20:15"),
        (r"_(?P<year>\d{4})(?P<month>\d{2})\d{2}T", "2028-07-01T00:00"),
    ],
)
def test_the_time_in_the_name_of_a_file(pattern: str, start: str, tmp_path: Path) -> None:
    fields = read(thermal(tmp_path), **{**THERMAL, "time": {"pattern": pattern, "hours": 1}}).fields
    assert fields is not None
    assert str(fields["time"].values[0])[:16] == start


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"crs": None}, "the grid has no CRS"),
        ({"x": "grid/east"}, "variable 'grid/east' is absent"),
        ({"x": None, "y": None}, "the grid has another size.*Declare x, y and crs, or grids"),
        ({"time": {"attribute": "when", "interval": "day"}}, "attribute when: the file states no time"),
        ({"time": {"pattern": r"_(?P<year>\d{4})x", "interval": "day"}}, "the name of the file holds no date"),
        ({"time": {"pattern": r"_(?P<yea>\d{4})", "interval": "day"}}, "the pattern needs the group year or date"),
        ({"time": {"pattern": r"_(?P<year>\d{4})"}}, "how long a record lasts is missing"),
        ({"time": {"pattern": "(", "interval": "day"}}, "not a regular expression"),
        ({"layers": {"t": {"path": "data/temperatures", "variable": "lst"}}}, "Did you mean 'data/temperature'"),
        ({"layers": {"t": {"path": "data/temperature", "variable": "pr"}}}, "measure different things"),
        ({"layers": {"t": {"path": "data/quality", "name": "flags"}}}, "needs a unit"),
        ({"layers": {"t": {"path": "data/quality", "variable": "lst"}}}, "has no unit"),
        ({"layers": {"t": {"path": "data/quality", "name": "q", "unit": "1", "packed": True}}}, "states no scale"),
        ({"container": "geotiff"}, "not a file of this product"),
        ({"preset": "nisarr"}, "no preset is called 'nisarr'"),
        ({"preset": "prefire", "layers": {}}, "does not know everything.*layers"),
    ],
)  # fmt: skip
def test_what_is_refused(change: dict[str, Any], message: str, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=message):
        read(thermal(tmp_path), **{**THERMAL, **change})


def test_nisar_by_its_preset(tmp_path: Path) -> None:
    fields = read(nisar(tmp_path), preset="nisar-gcov").fields
    assert fields is not None
    assert float(fields["backscatter_hh"].mean()) == pytest.approx(0.08)
    assert str(fields["time"].values[0])[:10] == "2026-08-22"
    assert "32606" in str(fields["crs"].values)
    cross = {"hvhv": {"path": f"{GROUP}/HHHH", "name": "cross", "unit": "1"}}
    more = read(nisar(tmp_path), preset="nisar-gcov", layers=cross).fields
    assert more is not None
    assert set(more.data_vars) == {"backscatter_hh", "cross"}
    with pytest.raises(SourceError, match="the CRS is not stated; expected attribute epsg_code"):
        read(nisar(tmp_path, epsg=None), preset="nisar-gcov")


@pytest.mark.contract
@pytest.mark.parametrize("name", presets())
def test_a_preset_names_only_what_is_known(name: str) -> None:
    preset = presets()[name]
    assert preset.title
    assert set(preset.known) <= set(MissionOptions.model_fields)
    assert {key.split(".")[0] for key in preset.declare} <= set(MissionOptions.model_fields)
    assert preset.known or preset.declare
    assert "layers" in preset.known or "layers" in preset.declare


def test_a_mission_in_a_study(tmp_path: Path) -> None:
    from geocryoai.stages.harmonize import open_study_cube, write_cube
    from geocryoai.stages.ingest import ingest
    from geocryoai.stages.workspace import Workspace

    (tmp_path / "data").mkdir()
    thermal(tmp_path / "data")
    (tmp_path / "data" / "thaw.csv").write_text("site,lon,lat,year,alt\na,-147.0,68.5,2028,50\n")
    domain = {
        "crs": "EPSG:3338",
        "resolution": 100,
        "west": -146.998,
        "east": -146.985,
        "south": 68.508,
        "north": 68.511,
    }
    table = {"site": "site", "lon": "lon", "lat": "lat", "time": {"year": "year"},
             "columns": {"alt": {"variable": "alt", "unit": "cm"}}}  # fmt: skip
    tree = {
        "name": "mission", "period": {"start": "2028-07", "end": "2028-07"}, "domain": domain,
        "sources": {
            "thaw": {"reader": "table", "path": "thaw.csv", "options": table},
            "thermal": {"reader": "mission", "path": "THERMAL_20280714T201500_001.h5", "options": THERMAL},
        },
        "targets": {"alt": {"records": ["thaw"], "step": "year"}}, "learners": {"ridge": {"model": "ridge"}},
        "predict": {"learner": "ridge"},
    }  # fmt: skip
    work = Workspace(study_from_dict(tree, where="study"), tmp_path, tmp_path / "data")
    ingest(work)
    write_cube(work)
    cube = open_study_cube(work)
    assert cube is not None
    assert float(cube["lst"].mean()) == pytest.approx(14.0, abs=1e-2)
