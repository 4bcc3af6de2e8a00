"""The general table reader: what it accepts, what it refuses, and what it says."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from geocryoai.core.errors import SourceError
from geocryoai.sources import READERS
from geocryoai.sources.base import SourceData

CSV = """site,lon,lat,month,fch4 flux,se,flag,tair,note
A,-149.6,68.6,2010-06,10.0,1.0,m,5.0,x
A,-149.6,68.6,2010-07,20.0,2.0,f,12.0,x
B,210.5,68.7,2010-07,-9999,2.0,m,11.0,y
B,210.5,68.7,2010-08,30.0,-1,d,-9999,y
"""


def options(**changes: Any) -> dict[str, Any]:
    base: dict[str, Any] = {
        "columns": {
            "fch4 flux": {
                "variable": "ch4",
                "unit": "nmol CH4 m-2 s-1",
                "positive": "up",
                "sigma_column": "se",
                "quality_column": "flag",
                "quality": {"m": "measured", "f": "filled", "d": "doubtful"},
            }
        },
        "covariates": {"tair": {"name": "tas", "unit": "degC"}, "note": {"name": "class_name", "text": True}},
        "time": {"column": "month", "interval": "month"},
        "site": "site",
        "lon": "lon",
        "lat": "lat",
        "licence": "CC-BY-4.0",
        "citation": "Someone 2010",
    }
    return {**base, **changes}


def read(folder: Path, text: str = CSV, *, targets: bool = True, name: str = "a.csv", **changes: Any) -> SourceData:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return READERS.get("table").read(path, source=f"own/{name}", options=options(**changes), targets=targets)


def alt_options(**changes: Any) -> dict[str, Any]:
    base: dict[str, Any] = {
        "columns": {"alt": {"variable": "alt", "unit": "cm"}},
        "covariates": {},
        "time": {"year": "year"},
        "lon": -150.0,
        "lat": 68.0,
    }
    return {**base, **changes}


def test_units_signs_quality_and_places(tmp_path: Path) -> None:
    data = read(tmp_path)
    seen = data.observations.sort("source_row")
    assert seen["variable"].to_list() == ["fch4"] * 3
    assert seen["value"].to_list() == pytest.approx([13.8612, 27.7224, 41.5836], rel=1e-4)
    assert seen["sigma"].to_list() == [pytest.approx(1.38612, rel=1e-4), pytest.approx(2.77224, rel=1e-4), None]
    assert seen["quality"].to_list() == ["measured", "filled", "doubtful"]
    assert seen["time_start"].to_list()[0] == datetime(2010, 6, 1)
    assert seen["time_end"].to_list()[0] == datetime(2010, 7, 1)
    assert data.records["lon"].to_list() == [-149.6, -149.6, -149.5, -149.5]
    assert data.records["tas"].to_list() == [5.0, 12.0, 11.0, None]
    assert data.info.measures == ("fch4",)
    assert data.info.covariates == {"tas": "degC", "class_name": "category"}
    assert data.info.licence == "CC-BY-4.0"
    logged = data.exclusions.select("source_row", "variable", "raw", "reason").rows()
    assert (2, "fch4", "-9999", "stands for missing") in logged
    assert (3, "tas", "-9999", "stands for missing") in logged
    assert any(row[0] == 3 and "standard error" in row[3] for row in logged)


def test_uptake_counted_positive_is_turned(tmp_path: Path) -> None:
    column = {"variable": "nee", "unit": "g C m-2 d-1", "positive": "down"}
    data = read(tmp_path, "t,f\n2010-06,2\n", columns={"f": column}, covariates={}, lon=-150.0, lat=68.0, site=None,
                time={"column": "t", "interval": "month"})  # fmt: skip
    assert data.observations["value"].to_list() == [-2.0]


def test_records_do_not_depend_on_the_targets(tmp_path: Path) -> None:
    full = read(tmp_path)
    blind = read(tmp_path, targets=False)
    emptied = "\n".join(
        ",".join("" if i in (4, 5, 6) and row else cell for i, cell in enumerate(line.split(",")))
        for row, line in enumerate(CSV.strip().split("\n"))
    )
    empty = read(tmp_path, emptied, targets=False, name="a.csv")
    dropped = "\n".join(
        ",".join(c for i, c in enumerate(line.split(",")) if i not in (4, 5, 6)) for line in CSV.strip().split("\n")
    )
    absent = read(tmp_path, dropped, targets=False, name="a.csv")
    for other in (blind, empty, absent):
        assert other.records.equals(full.records, null_equal=True)
        assert other.observations.is_empty()
        assert other.info == full.info


def test_all_problems_of_the_options_at_once(tmp_path: Path) -> None:
    columns = {
        "fch4 flux": {"variable": "fch4", "unit": "nmol CH4 m-2 s-1"},
        "se": {"variable": "altt", "unit": "m"},
        "flag": {"variable": "alt", "unit": "degC"},
    }
    with pytest.raises(SourceError) as caught:
        read(tmp_path, columns=columns, sitee="site")
    text = str(caught.value)
    assert "4 problems in the options" in text
    assert "the direction of a flux must be declared" in text
    assert "no variable is called 'altt'" in text
    assert "Did you mean 'alt'" in text
    assert "measure different things" in text
    assert "unknown key 'sitee'; did you mean 'site'?" in text


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"lon": None}, "lon and lat go together"),
        ({"lon": None, "lat": None, "x": "lon", "y": "lat"}, "x, y and crs go together"),
        ({"covariates": {"fch4 flux": {"name": "copy", "unit": "1"}}}, "it cannot also be a covariate"),
        ({"covariates": {"tair": {"name": "tas"}}}, "'tair' needs a unit"),
        ({"columns": {}, "covariates": {}}, "declare at least one of columns and covariates"),
        ({"time": {"column": "month"}}, "interval is missing"),
        ({"time": {"column": "month", "interval": "hour"}}, "local time is never guessed"),
        ({"time": {"month": "month"}}, "declare just one of"),
        ({"time": {"column": "month", "interval": "week"}}, "one of instant, half-hour, hour, day, month, year"),
        ({"covariates": {"tair": {"name": "tas", "unit": "degC", "positive": "up"}}}, "'positive' is for fluxes"),
    ],
)
def test_contradictions_in_the_options(tmp_path: Path, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(SourceError, match=message):
        read(tmp_path, **changes)


def test_an_absent_column_is_named_with_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"column 'Site' is absent.*[Dd]id you mean 'site'"):
        read(tmp_path, site="Site")


def test_an_undeclared_flag_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"flag that was not declared.*'z'"):
        read(tmp_path, CSV.replace(",d,", ",z,"))


def test_dates_that_are_not_iso(tmp_path: Path) -> None:
    text = "date,alt\n03/04/2001,50\n13/04/2001,50\n"
    changes = alt_options(time={"column": "date", "interval": "day"}, site=None)
    with pytest.raises(SourceError, match=r"not in ISO form.*'03/04/2001'.*time.format"):
        read(tmp_path, text, **changes)
    data = read(tmp_path, text, **{**changes, "time": {"column": "date", "interval": "day", "format": "%d/%m/%Y"}})
    assert data.observations["time_start"].to_list() == [datetime(2001, 4, 3), datetime(2001, 4, 13)]
    with pytest.raises(SourceError, match=r"a date is impossible.*'13/04/2001'"):
        read(tmp_path, text, **{**changes, "time": {"column": "date", "interval": "day", "format": "%m/%d/%Y"}})


def test_a_day_that_does_not_exist(tmp_path: Path) -> None:
    changes = alt_options(time={"year": "y", "month": "m", "day": "d"}, site=None)
    with pytest.raises(SourceError, match=r"a date is impossible.*'2001-02-30'"):
        read(tmp_path, "y,m,d,alt\n2001,2,30,50\n", **changes)


def test_local_hours_with_the_stamp_at_the_end(tmp_path: Path) -> None:
    time = {"column": "t", "interval": "half-hour", "stamp": "end", "utc_offset_hours": -9}
    column = {"ta": {"variable": "ts", "unit": "K", "depth": 0.1}}
    data = read(tmp_path, "t,ta\n2020-06-01 12:30,280.15\n2020-06-01T22:00:00Z,281.15\n", **alt_options(
        columns=column, time=time, site=None))  # fmt: skip
    seen = data.observations
    assert seen["time_end"].to_list() == [datetime(2020, 6, 1, 21, 30), datetime(2020, 6, 1, 22, 0)]
    assert seen["time_start"].to_list() == [datetime(2020, 6, 1, 21, 0), datetime(2020, 6, 1, 21, 30)]
    assert seen["value"].to_list() == pytest.approx([7.0, 8.0])
    assert seen["depth"].to_list() == [0.1, 0.1]


def test_a_month_stamped_at_its_end(tmp_path: Path) -> None:
    time = {"column": "t", "interval": "month", "stamp": "end"}
    data = read(tmp_path, "t,alt\n2020-03-01,50\n", **alt_options(time=time, site=None))
    assert data.observations["time_start"].to_list() == [datetime(2020, 2, 1)]
    with pytest.raises(SourceError, match="declared as the end of a month lies within one"):
        read(tmp_path, "t,alt\n2020-02-28,50\n", **alt_options(time=time, site=None))


def test_a_row_that_ends_before_it_starts(tmp_path: Path) -> None:
    changes = alt_options(time={"start": "a", "end": "b"}, site=None)
    with pytest.raises(SourceError, match="ends before it starts"):
        read(tmp_path, "a,b,alt\n2001-02-01,2001-01-01,50\n", **changes)


def test_monthly_totals_use_the_days_of_their_month(tmp_path: Path) -> None:
    column = {"nee": {"variable": "nee", "unit": "g C m-2 month-1", "positive": "up"}}
    changes = alt_options(columns=column, time={"year": "y", "month": "m"}, site=None)
    data = read(tmp_path, "y,m,nee\n2001,2,28\n2004,2,29\n2001,1,31\n,,30.4375\n", **changes)
    assert data.observations["value"].to_list() == pytest.approx([1.0, 1.0, 1.0, 1.0])
    assert any("mean month of 30.4375 d" in note for note in data.notes)


@pytest.mark.parametrize("unit", ["m", "mm"])
def test_a_wrong_unit_is_refused(tmp_path: Path, unit: str) -> None:
    text = "year,alt\n2001,51\n2002,55\n2003,60\n"
    changes = alt_options(columns={"alt": {"variable": "alt", "unit": unit}}, site=None)
    with pytest.raises(SourceError, match=r"3 of 3 values of alt are implausible.*declared unit '" + unit):
        read(tmp_path, text, **changes)


def test_implausible_but_true_values_can_be_trusted(tmp_path: Path) -> None:
    text = "year,alt\n2001,8\n2002,9\n"
    column = {"alt": {"variable": "alt", "unit": "m", "trust_range": True}}
    assert read(tmp_path, text, **alt_options(columns=column, site=None)).observations.height == 2


def test_values_that_cannot_be_are_logged(tmp_path: Path) -> None:
    text = "year,alt\n2001,51\n2002,55\n2003,9998\n2004,52*\n2005,60\n"
    data = read(tmp_path, text, **alt_options(site=None))
    assert data.observations["source_row"].to_list() == [0, 1, 4]
    reasons = dict(data.exclusions.select("source_row", "reason").rows())
    assert reasons == {2: "outside the valid range [0, 20]", 3: "not a number"}


def test_a_declared_sentinel_is_taken_out(tmp_path: Path) -> None:
    data = read(tmp_path, "year,alt\n2001,51\n2002,77\n", **alt_options(site=None, missing=[77]))
    assert data.observations["value"].to_list() == [0.51]
    assert data.exclusions["reason"].to_list() == ["stands for missing"]


def test_duplicates(tmp_path: Path) -> None:
    same = "year,alt\n2001,51\n2001,51\n2002,60\n"
    data = read(tmp_path, same, **alt_options(site=None))
    assert data.observations["source_row"].to_list() == [0, 2]
    assert data.exclusions["source_row"].to_list() == [1]
    assert data.records.height == 3
    other = "year,alt\n2001,51\n2001,52\n2002,60\n"
    with pytest.raises(SourceError, match=r"alt is given more than once.*\[0, 1\]"):
        read(tmp_path, other, **alt_options(site=None))
    first = read(tmp_path, other, **alt_options(site=None, duplicates="first"))
    assert first.observations["value"].to_list() == [0.51, 0.60]
    assert read(tmp_path, other, **alt_options(site=None, duplicates="keep")).observations.height == 3


def test_swapped_coordinates_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="are lon and lat swapped"):
        read(tmp_path, lon="lat", lat="lon")


def test_one_impossible_coordinate_is_logged(tmp_path: Path) -> None:
    data = read(tmp_path, CSV.replace("210.5,68.7,2010-08", "210.5,687,2010-08"))
    assert data.records["lat"].to_list() == [68.6, 68.6, 68.7, None]
    assert (3, "position", "not on the globe") in data.exclusions.select("source_row", "variable", "reason").rows()


def test_projected_coordinates(tmp_path: Path) -> None:
    text = "year,alt,e,n\n2001,51,181213,2079958\n"
    changes = alt_options(lon=None, lat=None, x="e", y="n", crs="EPSG:3338", site=None)
    row = read(tmp_path, text, **changes).records.row(0, named=True)
    assert (row["lon"], row["lat"]) == (pytest.approx(-149.58865, abs=1e-4), pytest.approx(68.62896, abs=1e-4))


def test_row_filter_keeps_the_row_numbers_of_the_file(tmp_path: Path) -> None:
    data = read(tmp_path, rows={"site": ["B"]})
    assert data.records["source_row"].to_list() == [2, 3]
    assert data.observations["source_row"].to_list() == [3]
    assert any("2 of 4 rows were left out" in note for note in data.notes)
    with pytest.raises(SourceError, match="no rows left after the row filter"):
        read(tmp_path, rows={"site": ["C"]})


def test_parquet_and_excel_say_the_same_as_csv(tmp_path: Path) -> None:
    pytest.importorskip("openpyxl")
    expected = read(tmp_path)
    typed = pl.read_csv(tmp_path / "a.csv")
    typed.write_parquet(tmp_path / "a.parquet")
    typed.to_pandas(use_pyarrow_extension_array=False).to_excel(tmp_path / "a.xlsx", index=False)
    for name in ("a.parquet", "a.xlsx"):
        data = READERS.get("table").read(tmp_path / name, source="own/a.csv", options=options())
        assert data.records.equals(expected.records, null_equal=True)
        assert data.observations.equals(expected.observations, null_equal=True)


def test_parquet_with_typed_times(tmp_path: Path) -> None:
    frame = pl.DataFrame({"t": [datetime(2020, 1, 1, 1)], "alt": [0.5]})
    frame.with_columns(pl.col("t").dt.replace_time_zone("America/Anchorage")).write_parquet(tmp_path / "a.parquet")
    changes = alt_options(
        columns={"alt": {"variable": "alt", "unit": "m"}},
        time={"column": "t", "interval": "instant", "utc_offset_hours": -9},
    )
    data = READERS.get("table").read(tmp_path / "a.parquet", source="a", options=changes)
    assert data.records["time_start"].to_list() == [datetime(2020, 1, 1, 10)]


@pytest.mark.parametrize(("name", "kind"), [("a.parquet", "Parquet"), ("a.xlsx", "Excel")])
def test_damaged_binary_files(tmp_path: Path, name: str, kind: str) -> None:
    with pytest.raises(SourceError, match=f"not an? {kind}"):
        read(tmp_path, "PAR1 this is not one", name=name)


def test_a_truncated_csv(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="is the file truncated"):
        read(tmp_path, CSV[:-20])


def test_an_absent_file(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="does not exist"):
        READERS.get("table").read(tmp_path / "none.csv", source="none.csv", options=options())
