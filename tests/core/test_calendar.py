"""Calendars: dates as written, months, model calendars, records that span months."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import h5py
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geocryoai.core.calendar import (
    day_of_year,
    days_in_month,
    decode_time,
    month_axis,
    month_bounds,
    month_overlap,
    parse_date,
    parse_period,
)
from geocryoai.core.errors import CalendarError


@pytest.mark.parametrize(
    ("value", "start", "end"),
    [
        ("2003", "2003-01-01", "2004-01-01"),
        (2003, "2003-01-01", "2004-01-01"),
        ("2003-12", "2003-12-01", "2004-01-01"),
        ("2004-02", "2004-02-01", "2004-03-01"),
        (" 2003-05-14 ", "2003-05-14", "2003-05-15"),
        (dt.date(2003, 5, 14), "2003-05-14", "2003-05-15"),
    ],
)
def test_iso_periods(value: str | int | dt.date, start: str, end: str) -> None:
    assert parse_period(value) == (np.datetime64(start), np.datetime64(end))
    assert parse_date(value) == np.datetime64(start)


@pytest.mark.parametrize(
    "text", ["14/05/2003", "05/14/2003", "14.05.2003", "2003/05/14", "2003-5-14", "May 2003", "", "03"]
)
def test_other_spellings_are_refused(text: str) -> None:
    with pytest.raises(CalendarError, match=r"the date is not understood; found '.*'; expected '2003', '2003-05' or"):
        parse_period(text)


@pytest.mark.parametrize("value", [True, 20030514, dt.datetime(2003, 5, 14, 12), None])
def test_what_is_not_a_period_is_refused(value: object) -> None:
    with pytest.raises(CalendarError, match="the date is not understood"):
        parse_period(value)  # type: ignore[arg-type]


@pytest.mark.parametrize("text", ["2003-13", "2003-02-29", "2003-00", "2003-04-31"])
def test_dates_that_do_not_exist_are_refused(text: str) -> None:
    with pytest.raises(CalendarError, match=f"there is no such date; found '{text}'"):
        parse_date(text)


def test_month_axis_covers_both_ends() -> None:
    axis = month_axis(1990, "2022")
    assert axis.dtype == np.dtype("datetime64[M]")
    assert (axis.size, str(axis[0]), str(axis[-1])) == (33 * 12, "1990-01", "2022-12")
    assert month_axis("2000-02-29", "2000-02-29").size == 1
    with pytest.raises(CalendarError, match="the period ends before it starts; found 2001 to 2000"):
        month_axis(2001, 2000)


def test_month_bounds_and_lengths() -> None:
    months = month_axis("1999-12", "2000-03")
    bounds = month_bounds(months)
    assert bounds.astype(str).tolist()[2] == ["2000-02-01", "2000-03-01"]
    np.testing.assert_array_equal(bounds[1:, 0], bounds[:-1, 1])
    np.testing.assert_array_equal(days_in_month(months), [31, 31, 29, 31])
    np.testing.assert_array_equal(days_in_month(months, "noleap"), [31, 31, 28, 31])
    np.testing.assert_array_equal(days_in_month(months, "360_day"), [30] * 4)
    assert days_in_month("2001-02") == 28
    assert days_in_month(month_axis(2001, 2400)).sum() == 400 * 365.2425


def test_an_unknown_calendar_names_the_nearest() -> None:
    with pytest.raises(CalendarError, match=r"the calendar 'noleep' is not supported. Did you mean 'noleap'\?"):
        days_in_month("2001-02", "noleep")


@pytest.mark.physics
def test_the_365_day_calendar_has_no_leap_day() -> None:
    days = [0, 58, 59, 365 * 3 + 58, 365 * 3 + 59, 41_944, -1]
    expected = ["1901-01-01", "1901-02-28", "1901-03-01", "1904-02-28", "1904-03-01", "2015-12-01", "1900-12-31"]
    decoded = decode_time(days, "days since 1901-1-1", "365_day")
    assert decoded.astype("datetime64[D]").astype(str).tolist() == expected


@pytest.mark.physics
def test_a_365_day_month_axis_is_the_month_axis() -> None:
    lengths = np.tile([31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31], 115)
    starts = np.concatenate([[0], np.cumsum(lengths)[:-1]])
    decoded = decode_time(starts, "days since 1901-01-01 00:00:00", "noleap").astype("datetime64[M]")
    np.testing.assert_array_equal(decoded, month_axis(1901, 2015))


@pytest.mark.physics
def test_the_360_day_calendar_keeps_months_and_order() -> None:
    days = np.arange(0, 360 * 40)
    decoded = decode_time(days, "days since 1990-01-01", "360_day")
    np.testing.assert_array_equal(
        (decoded.astype("datetime64[M]") - np.datetime64("1990-01")).astype(int), np.arange(days.size) // 30
    )
    assert (np.diff(decoded) > np.timedelta64(0)).all()
    months = decode_time(days[::30], "days since 1990-01-01", "360_day")
    np.testing.assert_array_equal(months, month_axis(1990, 2029).astype("datetime64[us]"))
    late = decode_time([0], "days since 1990-02-30", "360_day")[0]
    assert late.astype("datetime64[D]") == np.datetime64("1990-02-28")


@pytest.mark.parametrize(
    ("value", "units", "expected"),
    [
        (1.5, "days since 2000-02-28", "2000-02-29T12:00:00"),
        (36, "hours since 2000-02-28 00:00:00.0", "2000-02-29T12:00:00"),
        (90, "minutes since 2000-01-01T06:00Z", "2000-01-01T07:30:00"),
        (-1, "seconds since 2000-1-1 00:00:00 UTC", "1999-12-31T23:59:59"),
        (946_684_800, "seconds since 1970-01-01 00:00:00 +00:00", "2000-01-01T00:00:00"),
    ],
)
def test_standard_axes(value: float, units: str, expected: str) -> None:
    assert decode_time(value, units) == np.datetime64(expected, "us")


def test_hours_of_the_reference_count_in_every_calendar() -> None:
    for calendar in ("standard", "365_day", "360_day"):
        decoded = decode_time([0.25], "days since 2001-03-01 12:00", calendar)
        assert decoded[0].astype("datetime64[h]") == np.datetime64("2001-03-01T18")


def test_missing_times_stay_missing() -> None:
    for calendar in ("standard", "noleap", "360_day"):
        assert np.isnat(decode_time([0.0, np.nan], "days since 2000-01-01", calendar)).tolist() == [False, True]


@pytest.mark.parametrize(
    "units",
    [
        "months since 2000-01-01",
        "days",
        "days since 01/01/2000",
        "fortnights since 2000-01-01",
        "days since 2000-01-01 +09:00",
    ],
)
def test_time_units_that_cannot_be_read(units: str) -> None:
    with pytest.raises(
        CalendarError, match=r"the time unit is not understood; found '.*'; expected 'days since 1901-01-01'"
    ):
        decode_time([0], units)


def test_reference_dates_that_cannot_be() -> None:
    with pytest.raises(CalendarError, match="there is no such date; found '2001-02-29'"):
        decode_time([0], "days since 2001-02-29")
    with pytest.raises(
        CalendarError, match=r"does not exist in the calendar; found 'days since 2000-02-29'; expected 365"
    ):
        decode_time([0], "days since 2000-02-29", "noleap")
    with pytest.raises(CalendarError, match=r"before the calendar reform of 1582-10-15.*'proleptic_gregorian'"):
        decode_time([0], "days since 0001-01-01")
    decoded = decode_time([719_162], "days since 0001-01-01", "proleptic_gregorian")
    assert decoded[0].astype("datetime64[D]") == np.datetime64("1970-01-01")


@given(st.integers(-200_000, 200_000), st.integers(0, 86_399))
def test_standard_decoding_agrees_with_the_real_calendar(days: int, seconds: int) -> None:
    decoded = decode_time(days + seconds / 86_400, "days since 2000-01-01")
    expected = dt.datetime(2000, 1, 1) + dt.timedelta(days=days, seconds=seconds)
    assert abs(decoded - np.datetime64(expected)) <= np.timedelta64(5, "us")


@pytest.mark.real
def test_the_axis_of_the_toolik_tile_is_monthly(real_data: Path) -> None:
    with h5py.File(real_data / "drivers" / "toolik_tile" / "historic-climate.nc") as file:
        values, attributes = file["time"][:], file["time"].attrs
        decoded = decode_time(values, attributes["units"].decode(), attributes["calendar"].decode())
    np.testing.assert_array_equal(decoded, month_axis(1901, 2015).astype("datetime64[us]"))


def test_day_of_year() -> None:
    assert day_of_year([2000, 2001, 2000], [60, 60, 366]).astype(str).tolist() == [
        "2000-02-29",
        "2001-03-01",
        "2000-12-31",
    ]
    assert day_of_year([2000, 2001], [60, 365], "noleap").astype(str).tolist() == ["2000-03-01", "2001-12-31"]
    assert day_of_year(2000, 31, "360_day") == np.datetime64("2000-02-01")


@pytest.mark.parametrize(
    ("year", "day", "calendar", "last"),
    [(2001, 366, "standard", 365), (2000, 366, "noleap", 365), (2000, 0, "standard", 366), (2000, 361, "360_day", 360)],
)
def test_days_that_a_year_does_not_have(year: int, day: int, calendar: str, last: int) -> None:
    with pytest.raises(CalendarError, match=f"a year has no such day; found day {day} of {year}; expected 1 to {last}"):
        day_of_year(year, day, calendar)


def test_overlap_of_records_with_months() -> None:
    start = np.array(["2003-01-15", "NaT", "2003-05-01", "2004-02-03T12"], dtype="datetime64[s]")
    end = np.array(["2003-03-02", "2003-05-01", "2003-06-01", "2004-02-03T12"], dtype="datetime64[s]")
    overlap = month_overlap(start, end)
    assert overlap.record.tolist() == [0, 0, 0, 2, 3]
    assert overlap.month.astype(str).tolist() == ["2003-01", "2003-02", "2003-03", "2003-05", "2004-02"]
    np.testing.assert_allclose(overlap.days, [17, 28, 1, 31, 0])
    np.testing.assert_allclose(overlap.share, [17 / 46, 28 / 46, 1 / 46, 1, 1])


def test_overlap_refuses_a_record_that_ends_before_it_starts() -> None:
    with pytest.raises(
        CalendarError, match=r"record 1: a record ends before it starts; found 2003-05-02.* to 2003-05-01"
    ):
        month_overlap(["2003-01-01", "2003-05-02"], ["2003-01-02", "2003-05-01"])
    assert month_overlap([], []).record.size == 0


@given(st.lists(st.tuples(st.integers(-20_000, 20_000), st.integers(0, 900)), min_size=1, max_size=10))
def test_overlap_keeps_every_day(records: list[tuple[int, int]]) -> None:
    start = np.array([first for first, _ in records]).astype("datetime64[D]")
    length = np.array([days for _, days in records])
    overlap = month_overlap(start, start + length)
    np.testing.assert_allclose(np.bincount(overlap.record, overlap.days, minlength=len(records)), length)
    np.testing.assert_allclose(np.bincount(overlap.record, overlap.share), np.ones(len(records)))
    assert (overlap.days <= days_in_month(overlap.month)).all()
