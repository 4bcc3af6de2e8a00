"""CALM workbook: quirks on made-up sheets, then on the real one."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from geocryoai.core.errors import MissingDependencyError, SourceError
from geocryoai.sources import calm
from geocryoai.sources import calm_covariates as long_form
from geocryoai.sources._calm_sheet import parse_cell, sheet_cells
from geocryoai.sources.base import SourceData

XLS = "in_situ/alt/CALM_Summary_table.xls"


def header(*years: object) -> list[list[object]]:
    pad = len(years)
    return [
        ["Site Code", "Site Name", "Location", "", "Method", "THAW DEPTH (cm)", *[""] * (pad - 1), "Site Code"],
        ["", "", "LAT", "LONG", "", *years, ""],
    ]


def sheet() -> list[list[object]]:
    blank: list[object] = [""] * 9
    return [
        *header(1990.0, 1991.0, "###"),
        ["U11 A", "Imnavait", 68.6, -149.3, "1000/T", "30\xa0", "-", 50.0, "U11A"],
        ["U18", "Bonanza", 64.7, -148.1, "TT/P", "98*", "*", ">148", "U18"],
        ["Mongolia", *blank[1:]],
        *header(1990.0, 1991.0, "###"),
        ["M13", "Darhad", 51.4, 99.4, "T/B15", 1.45, "<460", "inactive ", "M13A"],
        ["R29 B", "Bykovsky", 71.7855, 71.4192, 100.0, 45.0, "", "", "R29B"],
    ]


def read(monkeypatch: pytest.MonkeyPatch, cells: list[list[object]], **kwargs: Any) -> SourceData:
    monkeypatch.setattr(calm, "sheet_cells", lambda *_: cells)
    return calm.READER.read(Path("w.xls"), source="w.xls", options={}, **kwargs)


def test_years_go_by_position_and_codes_lose_blanks(monkeypatch: pytest.MonkeyPatch) -> None:
    data = read(monkeypatch, sheet())
    assert data.records.height == 4 * 3
    u11 = data.observations.filter(pl.col("site") == "U11A")
    assert u11.select("value", "time_start", "source_row", "support_m", "quality").rows() == [
        (0.30, datetime(1990, 1, 1), 2, 1000.0, "measured"),
        (0.5, datetime(1992, 1, 1), 2, 1000.0, "measured"),
    ]


def test_marks_metres_and_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    data = read(monkeypatch, sheet())
    doubtful = data.observations.filter(pl.col("quality") == "doubtful")
    assert doubtful.select("site", "value").rows() == [("U18", 0.98), ("M13", 1.45)]
    assert data.exclusions.select("source_row", "raw", "reason").rows() == [
        (8, "71.4192", "misprint, read as 129.4192"),
        (3, "* (1991)", "not a number"),
        (3, ">148 (1992)", "a bound, not a depth"),
        (7, "<460 (1991)", "a bound, not a depth"),
        (7, "inactive  (1992)", "site is inactive"),
    ]
    assert data.records.filter(pl.col("site") == "R29B")["lon"].unique().to_list() == [129.4192]


def test_a_value_below_five_is_metres_in_mongolia_only() -> None:
    assert parse_cell(1.45, mongolian=True) == (145.0, "doubtful", None)
    assert parse_cell(1.45) == (None, None, "too shallow to be in cm")


def test_a_shifted_year_column_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    cells = sheet()
    cells[1][6] = 1992.0
    with pytest.raises(SourceError, match=r"year columns.*sheet row 1, column 6.*found '1992'; expected 1991 or ###"):
        read(monkeypatch, cells)


def test_another_workbook_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SourceError, match="no site rows"):
        read(monkeypatch, [["a", "", "c", "d", "e", "f"]])
    with pytest.raises(SourceError, match="a site row stands before any header with years; found sheet row 0"):
        read(monkeypatch, sheet()[2:])


def test_an_impossible_position_is_logged(monkeypatch: pytest.MonkeyPatch) -> None:
    cells = sheet()
    cells[2][2] = 168.6
    data = read(monkeypatch, cells)
    assert data.records.filter(pl.col("site") == "U11A")["lat"].null_count() == 3
    assert ("168.6, -149.3", "impossible position") in data.exclusions.select("raw", "reason").rows()


def test_a_converted_workbook_reads_the_same(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    book.active.title = "north"
    for row in sheet():
        book.active.append(row)
    book.save(tmp_path / "w.xlsx")
    data = calm.READER.read(tmp_path / "w.xlsx", source="w.xls", options={})
    same = read(monkeypatch, sheet())
    assert data.records.equals(same.records, null_equal=True)
    assert data.observations.equals(same.observations, null_equal=True)


def test_the_package_that_reads_xls_is_named_when_absent(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "xlrd", None)
    (tmp_path / "w.xls").write_bytes(b"anything")
    with pytest.raises(MissingDependencyError, match=r"'xlrd', which is not installed.*geocryoai\[excel\]"):
        calm.READER.read(tmp_path / "w.xls", source="w.xls", options={})


def test_a_file_that_is_no_workbook(tmp_path: Path) -> None:
    path = tmp_path / "w.xls"
    path.write_bytes(b"Site Code,Site Name\n")
    with pytest.raises(SourceError, match=r"w\.xls: the workbook cannot be opened.*expected a complete \.xls file"):
        calm.READER.read(path, source="w.xls", options={})


@pytest.mark.real
def test_truncated_workbook_and_unknown_sheet(real_data: Path, tmp_path: Path) -> None:
    path = tmp_path / "w.xls"
    path.write_bytes((real_data / XLS).read_bytes()[:60_000])
    with pytest.raises(SourceError, match="the workbook cannot be opened"):
        calm.READER.read(path, source="w.xls", options={})
    with pytest.raises(SourceError, match=r"no sheet 'south'\. Did you mean 'north'"):
        calm.READER.read(real_data / XLS, source=XLS, options={"sheet": "south"})


@pytest.mark.real
def test_every_cell_ends_as_value_exclusion_or_no_survey(real_data: Path) -> None:
    data = calm.READER.read(real_data / XLS, source=XLS, options={})
    cells = sheet_cells(real_data / XLS, XLS, "north")
    rows = data.records["source_row"].unique()
    given = sum(
        str(cell).replace("\xa0", " ").strip() not in ("", "-") for row in rows for cell in cells[row][5 : 5 + 36]
    )
    taken = data.exclusions.filter(pl.col("variable") == "alt").height
    assert data.observations.height + taken == given
    assert data.records.height == 36 * len(rows)


@pytest.mark.real
def test_values_of_the_workbook_are_not_looked_at_without_targets(
    real_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = calm.READER.read(real_data / XLS, source=XLS, options={})
    cells = sheet_cells(real_data / XLS, XLS, "north")
    for row in full.records["source_row"].unique():
        cells[row][5 : 5 + 36] = [""] * 36
    monkeypatch.setattr(calm, "sheet_cells", lambda *_: cells)
    blank = calm.READER.read(Path("w.xls"), source=XLS, options={}, targets=False)
    assert blank.records.equals(full.records, null_equal=True)
    assert blank.observations.is_empty()


@pytest.mark.real
def test_agrees_with_the_long_table(real_data: Path) -> None:
    book = calm.READER.read(real_data / XLS, source=XLS, options={}).observations
    csv = "in_situ/alt/calm_covariates.csv"
    table = long_form.READER.read(real_data / csv, source=csv, options={}).observations
    both = book.join(table, on=["site", "time_start"], suffix="_long")
    assert both.height > 2500
    same = ((both["value"] - both["value_long"]).abs() < 0.006).mean()
    near = (((both["lon"] - both["lon_long"]).abs() < 0.05) & ((both["lat"] - both["lat_long"]).abs() < 0.05)).mean()
    assert same > 0.999
    assert near == 1.0
