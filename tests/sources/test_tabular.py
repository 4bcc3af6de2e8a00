"""Shared helpers of text readers."""

from __future__ import annotations

import gzip
from pathlib import Path

import polars as pl
import pytest

from geocryoai.core.errors import SourceError
from geocryoai.core.observations import RECORD_COLUMNS, conform
from geocryoai.sources import _tabular as tab
from geocryoai.sources.base import SourceInfo

INFO = SourceInfo(name="x", title="x", kind="observations", licence="CC0", citation="x", formats=("csv",))


def write(folder: Path, text: str, name: str = "a.csv") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_cells_are_text_and_blanks_are_null(tmp_path: Path) -> None:
    table = tab.read_csv(write(tmp_path, "\ufeffa, b\n 1,NA\nx,NaN\n,2\n\n"), where="a.csv")
    assert table.to_dict(as_series=False) == {"a": ["1", "x", None], "b": [None, None, "2"]}


def test_lines_before_and_rows_after_the_header_are_dropped(tmp_path: Path) -> None:
    table = tab.read_csv(write(tmp_path, "station 7\na,b\nm,cm\n1,2\n"), where="a.csv", before=1, after=1)
    assert table.rows() == [("1", "2")]


def test_repeated_names_are_an_error_or_numbered(tmp_path: Path) -> None:
    path = write(tmp_path, "a,a,b\n1,2,3\n")
    with pytest.raises(SourceError, match=r"a\.csv: column names are repeated; found 'a'"):
        tab.read_csv(path, where="a.csv")
    assert tab.read_csv(path, where="a.csv", number_repeats=True).columns == ["a", "a.1", "b"]


def test_absent_file_names_the_nearest_one(tmp_path: Path) -> None:
    write(tmp_path, "a\n1\n", "towers.csv")
    with pytest.raises(SourceError, match=r"data/tower\.csv: the file does not exist.*did you mean 'towers\.csv'"):
        tab.read_csv(tmp_path / "tower.csv", where="data/tower.csv")


@pytest.mark.parametrize("content", [b"", b"  \n\n"])
def test_empty_file(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(content)
    with pytest.raises(SourceError, match=r"a\.csv: the file is empty"):
        tab.read_csv(path, where="a.csv")


def test_truncated_gzip(tmp_path: Path) -> None:
    path = tmp_path / "a.csv.gz"
    path.write_bytes(gzip.compress(b"a,b\n" + b"1,2\n" * 500)[:-20])
    with pytest.raises(SourceError, match=r"a\.csv\.gz: the gzip file is truncated or damaged"):
        tab.read_csv(path, where="a.csv.gz")


def test_a_row_cut_off_is_named(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"data row 1 has another number of cells.*found 1 cells; expected 2 cells"):
        tab.read_csv(write(tmp_path, "a,b\n1,2\n3"), where="a.csv")


def test_wrong_encoding_names_the_byte(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"a\nSn\xf8heim\n")
    with pytest.raises(
        SourceError, match="not in the expected encoding; found byte 0xf8 at position 4; expected utf-8"
    ):
        tab.read_csv(path, where="a.csv")
    assert tab.read_csv(path, where="a.csv", encoding="latin-1")["a"].to_list() == ["Snøheim"]


def test_missing_column_names_the_nearest() -> None:
    with pytest.raises(SourceError, match=r"f: column 'alt_cm' is absent\. Did you mean 'alt_mm'"):
        tab.require_columns(pl.DataFrame({"alt_mm": ["1"]}), ["alt_cm"], "f")


def test_numbers_log_words_and_sentinels() -> None:
    table = pl.DataFrame({"a": ["1.5", "x", "-9999", None, "inf", "7", "8", "77"]})
    values, gone = tab.numbers(table, "a", source="f", variable="alt", extra=[77.0])
    assert values.to_list() == [1.5, None, None, None, None, 7.0, 8.0, None]
    assert gone.select("source_row", "variable", "raw", "reason").rows() == [
        (1, "alt", "x", "not a number"),
        (2, "alt", "-9999", "stands for missing"),
        (4, "alt", "inf", "stands for missing"),
        (7, "alt", "77", "stands for missing"),
    ]


def test_a_column_of_words_is_not_a_column_of_numbers() -> None:
    with pytest.raises(SourceError, match="f: column 'a' should hold numbers; found 'x'"):
        tab.numbers(pl.DataFrame({"a": ["x", "y", "1"]}), "a", source="f")


def test_options() -> None:
    assert tab.check_options({"a": 2}, {"a": 1, "b": None}, "r") == {"a": 2, "b": None}
    with pytest.raises(SourceError, match=r"r: unknown option 'filed'\. Did you mean 'filled'"):
        tab.check_options({"filed": True}, {"filled": False}, "r")
    with pytest.raises(SourceError, match="option 'filled' has the wrong type; found 'yes'; expected bool"):
        tab.check_options({"filled": "yes"}, {"filled": False}, "r")


def record_table(**more: list[object]) -> pl.DataFrame:
    return conform(
        pl.DataFrame({"source": ["f", "f"], "source_row": [0, 1], **more}), RECORD_COLUMNS, where="f", extra=True
    )


def test_finish_refuses_undeclared_covariates_and_repeated_records() -> None:
    with pytest.raises(SourceError, match="x: covariates differ from those declared; found lai"):
        tab.finish(INFO, record_table(lai=[1.0, 2.0]), [], [])
    twice = record_table().with_columns(source_row=pl.lit(0, pl.Int64))
    with pytest.raises(SourceError, match="x: a record is given twice"):
        tab.finish(INFO, twice, [], [])


def test_finish_checks_observations() -> None:
    records = record_table()
    values = pl.Series([0.5, 900.0])
    data = tab.finish(INFO, records, [tab.observe(records, values, variable="alt", method="probing")], [])
    assert data.observations["value"].to_list() == [0.5]
    assert data.exclusions["source_row"].to_list() == [1]
