"""GIPL text inputs and the temperatures measured beside them."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from geocryoai.core.errors import SourceError
from geocryoai.sources import READERS
from geocryoai.sources.base import SourceData
from geocryoai.sources.gipl_inputs import read_gipl_inputs

FILES = {
    "bound.txt": "3\n1\t10.0\n2\t-5.0\n3\t-20.0\n",
    "snow.txt": "3\n1\t0\n2\t0.1\n3\t0.2\n",
    "rsnow.txt": "3\t\n1\t0.3\n2\t0.3\n3\t0.3\n",
    "grid.txt": "5\n-0.5\n0\n0.1\n0.5\n1.0\n2\n2\n3\n",
    "initial.txt": "    1   3\n DEPTH  TEMP\n-0.5\t10.0\n0.0\t9.0\n0.1\t4.0\n",
    "organic.txt": " 1\n 1  0\n",
    "mineral.txt": " 1\n1  1\n0.39\t0.07\t-0.19\t2000000.0\t1600000.0\t1.05\t2.05\t0.21\n",
    "mesres.txt": "9.01\t4.02\n-2\t-1\n-9.5\tNaN",
}


def folder(path: Path, **changes: str) -> Path:
    for name, content in {**FILES, **{f"{k}.txt": v for k, v in changes.items()}}.items():
        (path / name).write_text(content)
    return path


def read(path: Path, *, targets: bool = True, **options: Any) -> SourceData:
    chosen = {"depths": [0.0, 0.1], **options}
    return READERS.get("gipl_site").read(path, source="gipl", options=chosen, targets=targets)


def test_typed_inputs(tmp_path: Path) -> None:
    inputs = read_gipl_inputs(folder(tmp_path), "gipl")
    assert inputs.air_temperature.tolist() == [10.0, -5.0, -20.0]
    assert inputs.nodes[inputs.output_nodes].tolist() == [0.0, 0.1]
    assert inputs.layers[0].conductivity_frozen == 2.05
    assert inputs.layers[0].thickness == 0.21
    assert inputs.initial_depth.tolist() == [-0.5, 0.0, 0.1]


def test_observations_with_and_without_dates(tmp_path: Path) -> None:
    path = folder(tmp_path)
    undated = read(path)
    assert undated.observations["value"].to_list() == [9.01, -2.0, -9.5, 4.02, -1.0]
    assert undated.records["time_start"].null_count() == 3
    assert undated.records["day"].to_list() == [1.0, 2.0, 3.0]
    assert "declare the option start" in undated.notes[0]
    dated = read(path, start="2001-07-15", lon=-150.0, lat=70.0)
    assert dated.records["time_start"].to_list()[2] == datetime(2001, 7, 17)
    assert dated.observations["depth"].to_list() == [0.0, 0.0, 0.0, 0.1, 0.1]


def test_targets_are_not_touched(tmp_path: Path) -> None:
    path = folder(tmp_path)
    full = read(path)
    (path / "mesres.txt").unlink()
    blind = read(path, targets=False)
    assert blind.records.equals(full.records, null_equal=True)
    assert blind.observations.is_empty()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"bound": "3\n1\t10.0\n2\t-5.0\n"}, "is it truncated"),
        ({"snow": "2\n1\t0\n2\t0.1\n"}, "series of different length"),
        ({"bound": "3\n1\t10\n3\t10\n2\t5\n"}, "not 1, 2, 3"),
        ({"mesres": "9.01\t4.02\n-2\t-1\n"}, "do not fit the site"),
        ({"mesres": "4.02\t9.01\n-2\t-1\n-9\t-1"}, "the depths are in doubt"),
        ({"grid": "5\n-0.5\n0\n0.1\n0.5\n"}, "grid is truncated"),
        ({"mineral": "x\n"}, "not a number"),
        ({"bound": "3\n1\t283\n2\t268\n3\t253\n"}, "is the unit or the sign wrong"),
    ],
)
def test_wrong_files(tmp_path: Path, changes: dict[str, str], message: str) -> None:
    with pytest.raises(SourceError, match=message):
        read(folder(tmp_path, **changes))


def test_an_absent_file_is_named(tmp_path: Path) -> None:
    path = folder(tmp_path)
    (path / "snow.txt").unlink()
    with pytest.raises(SourceError, match=r"gipl/snow.txt: the file does not exist.*rsnow.txt"):
        read(path)


@pytest.mark.real
def test_real_site(real_data: Path) -> None:
    path = real_data / "in_situ/soil/gipl_site"
    data = READERS.get("gipl_site").read(path, source="x", options={})
    assert data.records.height == 757
    assert data.observations.height == 757 * 12
    mean = data.observations.group_by("depth").agg(pl.col("value").mean()).sort("depth")["value"].to_numpy()
    assert -12.8 < mean.min() < mean.max() < -12.3
    assert data.records["tas"].min() == pytest.approx(-46.4, abs=0.1)
    assert data.records["snd"].max() == pytest.approx(0.18, abs=0.01)
    inputs = read_gipl_inputs(path, "x")
    assert len(inputs.layers) == 6
    assert np.allclose(inputs.nodes[inputs.output_nodes][-1], 1.15)
