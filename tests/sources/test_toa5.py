"""Logger files: header, units, stamps, instants, spikes, repetitions."""

from __future__ import annotations

import gzip
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from geocryoai.core.errors import SourceError
from geocryoai.sources import READERS
from geocryoai.sources.base import SourceData

TEXT = """"TOA5","S","CR1000","1","CR1000.Std.28","CPU:p.CR1","2","Met"
"TIMESTAMP","RECORD","AirT","RH","Soil10","Odd"
"TS","RN","Deg C","%","Deg C","W/m^2"
"","","Avg","Smp","Avg","Avg"
"2023-09-01 00:30:00",0,5.5,80,2.0,"NAN"
"2023-09-01 01:00:00",1,184.0,-3,2.1,1
"2023-09-01 01:30:00",2,5.7,82,"NAN",2
"2023-09-01 01:00:00",1,184.0,-3,2.1,1
"2023-09-01 02:00:00",3,5.8,84,2.2,3
"2023-09-01 02:30:00",4,5.9,85,2.3,4
"""
OPTIONS: dict[str, Any] = {
    "utc_offset_hours": -9,
    "site": "MAT06",
    "lon": -149.6,
    "lat": 68.63,
    "columns": {"Soil10": {"variable": "tg", "depth": 0.1}, "RH": {"variable": "hurs"}},
    "covariates": {"AirT": {"name": "tas"}},
}


def read(folder: Path, text: str = TEXT, *, targets: bool = True, **changes: Any) -> SourceData:
    path = folder / "a.dat.gz"
    path.write_bytes(gzip.compress(text.encode()))
    return READERS.get("toa5").read(path, source="soil/a.dat.gz", options={**OPTIONS, **changes}, targets=targets)


def test_intervals_end_at_the_stamp_and_samples_are_instants(tmp_path: Path) -> None:
    data = read(tmp_path)
    soil = data.observations.filter(pl.col("variable") == "tg")
    assert soil["time_start"][0] == datetime(2023, 9, 1, 9, 0)
    assert soil["time_end"][0] == datetime(2023, 9, 1, 9, 30)
    assert soil["depth"].unique().to_list() == [0.1]
    humidity = data.observations.filter(pl.col("variable") == "hurs")
    assert (humidity["time_start"] == humidity["time_end"]).all()
    assert humidity["value"].to_list() == pytest.approx([0.80, 0.82, 0.84, 0.85])


def test_spikes_and_repetitions_are_logged(tmp_path: Path) -> None:
    data = read(tmp_path)
    assert data.records["tas"].to_list() == [5.5, None, 5.7, None, 5.8, 5.9]
    logged = data.exclusions.select("source_row", "variable", "raw").rows()
    assert (1, "tas", "184.0") in logged
    assert (1, "hurs", "-3") in logged
    soil = data.observations.filter(pl.col("variable") == "tg")
    assert soil["source_row"].to_list() == [0, 1, 4, 5]
    repeated = data.exclusions.filter(pl.col("reason").str.contains("repetition"))
    assert repeated.select("source_row", "variable").rows() == [(3, "tg")]
    assert any("the clock goes back 1 times" in note for note in data.notes)


def test_records_do_not_depend_on_the_targets(tmp_path: Path) -> None:
    full, blind = read(tmp_path), read(tmp_path, targets=False)
    assert blind.records.equals(full.records, null_equal=True)
    assert blind.observations.is_empty()


def test_the_utc_offset_is_required(tmp_path: Path) -> None:
    path = tmp_path / "a.dat"
    path.write_text(TEXT)
    with pytest.raises(SourceError, match=r"utc_offset_hours: missing"):
        READERS.get("toa5").read(path, source="a.dat", options={"site": "A", "columns": {"RH": {"variable": "hurs"}}})


def test_a_unit_of_another_kind_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"column 'Odd'(.|\n)*measure different things"):
        read(tmp_path, columns={"Odd": {"variable": "tg", "depth": 0.1}})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a,b\n1,2\n", "not a TOA5 file"),
        (TEXT.replace("2023-09-01 02:00", "01/09/2023 02:00"), "not in ISO form"),
        (TEXT[:-8], "is the file truncated"),
    ],
)
def test_wrong_files(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(SourceError, match=message):
        read(tmp_path, text)


def test_an_absent_column_names_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"'Soil01' is absent.*[Dd]id you mean 'Soil10'"):
        read(tmp_path, columns={"Soil01": {"variable": "tg", "depth": 0.1}})


@pytest.mark.real
def test_real_soil_file_repeats_blocks_of_records(real_data: Path) -> None:
    path = real_data / "in_situ/soil/lter_toolik/MAT06_BLK1_Soil.dat.gz"
    columns = {"CT_1_10CM_Avg": {"variable": "tg", "depth": 0.1}}
    data = READERS.get("toa5").read(path, source="x", options={**OPTIONS, "columns": columns, "covariates": {}})
    assert data.records.height == 27734
    assert data.observations.height + data.exclusions.height == data.records.height - 5  # five cells are blank
    assert data.exclusions["reason"].unique().to_list() == ["exact repetition of another row"]
    assert data.observations["time_end"].is_unique().all()
    assert any("records of 60 min" in note for note in data.notes)


@pytest.mark.real
def test_real_met_file_is_half_hourly(real_data: Path) -> None:
    path = real_data / "in_situ/soil/lter_toolik/MAT06_BLK3_Met.dat.gz"
    covariates = {"AirTControl_Avg": {"name": "tas"}, "WS_ms_S_WVT": {"name": "wind"}}
    data = READERS.get("toa5").read(path, source="x", options={**OPTIONS, "columns": {}, "covariates": covariates})
    assert any("records of 30 min" in note for note in data.notes)
    assert data.records["tas"].min() == pytest.approx(-39.73)
    assert data.records["wind"].max() == pytest.approx(17.58)
