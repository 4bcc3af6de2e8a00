"""The template reader works, and this test is the template of a reader's test."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from geocryoai.core.errors import SourceError
from geocryoai.sources.template import READER

HEADER = "station,year,lon,lat,thaw_cm,probings,air_temp_F"


def fake_data(folder: Path, *rows: str, header: str = HEADER) -> Path:
    path = folder / "surveys.csv"
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return path


ROWS = ("A1,2019,-149.6,68.6,44.5,121,14", "A1,2020,-149.6,68.6,,121,32", "B2,2020,-148.0,69.0,51.0,3,5")


def test_values_are_canonical(tmp_path: Path) -> None:
    data = READER.read(fake_data(tmp_path, *ROWS), source="surveys.csv", options={"min_probings": 10})
    assert data.records["tas"].to_list() == pytest.approx([-10.0, 0.0, -15.0])
    assert data.observations.select("source_row", "value").rows() == [(0, 0.445)]
    assert data.exclusions.select("source_row", "reason").rows() == [(2, "too few probings")]


def test_records_do_not_depend_on_targets(tmp_path: Path) -> None:
    full = READER.read(fake_data(tmp_path, *ROWS), source="surveys.csv", options={})
    blanked = [",".join([*row.split(",")[:4], "", "", row.split(",")[6]]) for row in ROWS]
    blank = READER.read(fake_data(tmp_path, *blanked), source="surveys.csv", options={}, targets=False)
    assert blank.records.equals(full.records, null_equal=True)
    assert blank.observations.is_empty()


def test_a_renamed_column_is_named(tmp_path: Path) -> None:
    path = fake_data(tmp_path, *ROWS, header=HEADER.replace("air_temp_F", "air_temp_C"))
    with pytest.raises(SourceError, match=r"surveys\.csv: column 'air_temp_F' is absent\. Did you mean 'air_temp_C'"):
        READER.read(path, source="surveys.csv", options={})


def test_an_impossible_position_becomes_null(tmp_path: Path) -> None:
    data = READER.read(fake_data(tmp_path, "A1,2019,-149.6,168.6,44.5,121,14"), source="surveys.csv", options={})
    assert data.records.select(pl.col("lon", "lat").is_null()).row(0) == (True, True)
