"""Column plans: units, signs, periods and positions."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import polars as pl
import pytest

from geocryoai.core.errors import SourceError, UnitError
from geocryoai.sources import _columns as plan
from geocryoai.sources._columns import Column
from geocryoai.sources._periods import parse_years, stated_years


def test_house_variables_come_in_canonical_unit_and_sign() -> None:
    table = pl.DataFrame({"G": ["-30.4375"], "T": ["273.15"], "P": ["31"]})
    columns = {
        "gpp": Column("G", "g C m-2 month-1", positive="up"),
        "tas": Column("T", "kelvin"),
        "pet": Column("P", "mm month-1", to="mm d-1"),
    }
    values, gone = plan.read_columns(table, columns, source="f", days_in_month=np.array([30.4375]))
    assert [series[0] for series in values] == pytest.approx([1.0, 0.0, 31 / 30.4375])
    assert plan.declared(columns) == {"gpp": "g C m-2 d-1", "tas": "degC", "pet": "mm d-1"}
    assert pl.concat(gone).is_empty()


def test_a_flux_without_a_declared_sign_is_refused() -> None:
    with pytest.raises(UnitError, match="direction of a flux must be declared"):
        plan.read_columns(pl.DataFrame({"N": ["1"]}), {"nee": Column("N", "g C m-2 d-1")}, source="f")


def test_values_outside_the_valid_range_are_logged_with_the_raw_cell() -> None:
    table = pl.DataFrame({"S": ["-0.7", "120"]})
    (rsds,), gone = plan.read_columns(table, {"rsds": Column("S", "W m-2", positive="down")}, source="f")
    assert rsds.to_list() == [None, 120.0]
    assert pl.concat(gone).select("source_row", "raw", "reason").rows() == [
        (0, "-0.7", "outside the valid range [0, 1500]")
    ]


def test_an_impossible_position_loses_both_coordinates() -> None:
    table = pl.DataFrame({"x": ["210", "10", "10", None, "0"], "y": ["68", "95", None, None, "0"]})
    (lon, lat), gone = plan.read_place(table, "x", "y", source="f")
    assert (lon.to_list(), lat.to_list()) == ([-150.0, *[None] * 4], [68.0, *[None] * 4])
    assert pl.concat(gone)["source_row"].to_list() == [1, 2, 4, 1, 2, 4]


def test_whole_numbers_name_the_row() -> None:
    with pytest.raises(
        SourceError, match=r"f: column 'month', data row 1: not a whole number from 1 to 12; found '13'"
    ):
        plan.whole(pl.DataFrame({"month": ["12", "13"]}), "month", 1, 12, source="f")


def test_periods_end_where_the_next_begins() -> None:
    start, end = plan.month_periods(pl.Series([2000, None]), pl.Series([2, 3]))
    assert (start.to_list(), end.to_list()) == ([datetime(2000, 2, 1), None], [datetime(2000, 3, 1), None])
    start, end = plan.year_periods(pl.Series([1993]), pl.Series([1995]))
    assert (start[0], end[0]) == (datetime(1993, 1, 1), datetime(1996, 1, 1))


@pytest.mark.parametrize(
    ("text", "years"),
    [
        ("1994", (1994, 1994)),
        (" 1994-1995", (1994, 1995)),
        ("2004 - 2006", (2004, 2006)),
        ("2007/8", (2007, 2008)),
        ("1992/93", (1992, 1993)),
        ('"2012, 2013"', (2012, 2013)),
        ("2003, 2006-2007", (2003, 2007)),
        ("2066", None),
        ("2006-27", None),
        ("summer", None),
    ],
)
def test_stated_years(text: str, years: tuple[int, int] | None) -> None:
    assert parse_years(text) == years


def test_years_that_are_not_believed_are_logged() -> None:
    start, _, odd = stated_years(pl.Series(["1994", None, "2066"]), source="f")
    assert start.is_null().to_list() == [False, True, True]
    assert odd.select("source_row", "raw").rows() == [(2, "2066")]
