"""Months, calendars of models, dates as people write them, and records that span months. Times are UTC."""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np

from geocryoai.core.errors import CalendarError, nearest

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]
    Times = NDArray[np.datetime64]

Calendar = Literal["standard", "365_day", "360_day"]

#: CF calendar name -> the one used here. The mixed Julian calendar before 1582-10-15 is refused.
CALENDARS: dict[str, Calendar] = {
    "standard": "standard",
    "gregorian": "standard",
    "proleptic_gregorian": "standard",
    "365_day": "365_day",
    "noleap": "365_day",
    "360_day": "360_day",
}

_REFORM = np.datetime64("1582-10-15")
_NOLEAP_DAYS = np.array([31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])
#: First day of each month, and the length of the year, in the calendars of models [d].
_MONTH_STARTS = {
    "365_day": np.concatenate([[0], np.cumsum(_NOLEAP_DAYS)]),
    "360_day": np.arange(13) * 30,
}
#: Microseconds in each unit.
_TICKS = {"day": 86_400_000_000, "hour": 3_600_000_000, "minute": 60_000_000, "second": 1_000_000}
_UNIT_NAMES = {
    **dict.fromkeys(("d", "day", "days"), "day"),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours"), "hour"),
    **dict.fromkeys(("min", "mins", "minute", "minutes"), "minute"),
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds"), "second"),
}
_SINCE = re.compile(
    r"\s*(?P<unit>[A-Za-z]+)\s+since\s+(?P<year>\d{1,4})-(?P<month>\d{1,2})-(?P<day>\d{1,2})"
    r"(?:[ T]+(?P<hour>\d{1,2}):(?P<minute>\d{1,2})(?::(?P<second>\d{1,2}(?:\.\d*)?))?)?\s*(?:Z|UTC|\+?00:?00)?\s*"
)
_ISO = re.compile(r"(?P<year>\d{4})(?:-(?P<month>\d{2})(?:-(?P<day>\d{2}))?)?")


def calendar_name(name: str) -> Calendar:
    """Return the house name of a CF calendar, or raise CalendarError."""
    if name.lower() not in CALENDARS:
        raise CalendarError(f"the calendar '{name}' is not supported", next_step=nearest(name, CALENDARS))
    return CALENDARS[name.lower()]


def parse_period(value: str | int | dt.date) -> tuple[np.datetime64, np.datetime64]:
    """Return the first day of a year, month or day, and the first day after it.

    Parameters
    ----------
    value : str, int or date
        ISO 8601: ``"2003"`` (or the number 2003), ``"2003-05"``, ``"2003-05-14"``.

    Raises
    ------
    CalendarError
        Any other spelling (14/05/2003 and 05/14/2003 cannot be told apart), or a date that does not exist.

    Examples
    --------
    >>> parse_period("2003-02")
    (np.datetime64('2003-02-01'), np.datetime64('2003-03-01'))
    """
    text = str(value).strip()
    if _ISO.fullmatch(text) is None:
        raise CalendarError(
            "the date is not understood",
            found=f"'{text}'",
            expected="'2003', '2003-05' or '2003-05-14' (year first, then month)",
        )
    try:
        start = np.datetime64(text)
    except ValueError as error:
        raise CalendarError("there is no such date", found=f"'{text}'") from error
    return start.astype("datetime64[D]"), (start + 1).astype("datetime64[D]")


def parse_date(value: str | int | dt.date) -> np.datetime64:
    """Return the first day of an ISO year, month or day; see `parse_period`."""
    return parse_period(value)[0]


def month_axis(start: str | int | dt.date, end: str | int | dt.date) -> Times:
    """Return all months from the one that holds the start of `start` to the one that holds the end of `end`.

    Examples
    --------
    >>> month_axis(1990, "1991-02").size
    14
    """
    first = parse_period(start)[0].astype("datetime64[M]")
    last = (parse_period(end)[1] - 1).astype("datetime64[M]")
    if last < first:
        raise CalendarError("the period ends before it starts", found=f"{start} to {end}")
    return np.arange(first, last + 1)


def month_bounds(months: ArrayLike) -> Times:
    """Return the first day of each month and the first day after it, datetime64[D], shape (n, 2)."""
    first = np.atleast_1d(np.asarray(months, dtype="datetime64[M]"))
    return np.stack([first, first + 1], axis=-1).astype("datetime64[D]")


def days_in_month(months: ArrayLike, calendar: str = "standard") -> Floats:
    """Return the length of each month [d] in a calendar, same shape as `months` (datetime64 or ISO text)."""
    kind = calendar_name(calendar)
    first = np.asarray(months, dtype="datetime64[M]")
    if kind == "360_day":
        return np.full(first.shape, 30.0)
    if kind == "365_day":
        return _NOLEAP_DAYS[first.astype(np.int64) % 12].astype(np.float64)
    length = (first + 1).astype("datetime64[D]") - first.astype("datetime64[D]")
    return np.asarray(length.astype(np.float64))


def decode_time(values: ArrayLike, units: str, calendar: str = "standard") -> Times:
    """Return the times of a numeric axis such as ``days since 1901-1-1``, datetime64[us]; NaN becomes NaT.

    A 365-day date is the same date of the real calendar. A 360-day date keeps its month, and its place inside the
    month is scaled to the real month's length, so that order and month are kept (30 February does not exist).

    Raises
    ------
    CalendarError
        The unit, reference date or calendar is not supported.
    """
    kind = calendar_name(calendar)
    match = _SINCE.fullmatch(units)
    if match is None or match["unit"].lower() not in _UNIT_NAMES:
        raise CalendarError(
            "the time unit is not understood",
            found=f"'{units}'",
            expected="'days since 1901-01-01' or hours, minutes, seconds (UTC)",
        )
    numbers = np.asarray(values, dtype=np.float64)
    missing = ~np.isfinite(numbers)
    ticks = np.rint(np.where(missing, 0.0, numbers) * _TICKS[_UNIT_NAMES[match["unit"].lower()]]).astype(np.int64)
    for part in ("hour", "minute", "second"):
        ticks += round(float(match[part] or 0) * _TICKS[part])
    year, month, day = int(match["year"]), int(match["month"]), int(match["day"])
    if kind == "standard":
        origin = parse_date(f"{year:04d}-{month:02d}-{day:02d}")
        if origin < _REFORM and calendar.lower() != "proleptic_gregorian":
            raise CalendarError(
                "the reference date lies before the calendar reform of 1582-10-15",
                found=f"'{units}' in the calendar '{calendar}'",
                expected="a later reference date, or the calendar 'proleptic_gregorian'",
            )
        times = origin.astype("datetime64[us]") + ticks.astype("timedelta64[us]")
    else:
        starts = _MONTH_STARTS[kind]
        if not (1 <= month <= 12 and 1 <= day <= starts[month] - starts[month - 1]):
            raise CalendarError("the reference date does not exist in the calendar", found=f"'{units}'", expected=kind)
        ticks += int(starts[month - 1] + day - 1) * _TICKS["day"]
        times = _from_model_ticks(np.int64(year), ticks, kind)
    return np.where(missing, np.datetime64("NaT", "us"), times)


def day_of_year(year: ArrayLike, day: ArrayLike, calendar: str = "standard") -> Times:
    """Return the date of a day of the year (1 January is day 1), datetime64[D]; see `decode_time`.

    Raises
    ------
    CalendarError
        A year has no such day in that calendar.
    """
    kind = calendar_name(calendar)
    years, days = np.broadcast_arrays(np.asarray(year, np.int64), np.asarray(day, np.int64))
    january = (years - 1970).astype("datetime64[Y]")
    if kind == "standard":
        last = ((january + 1).astype("datetime64[D]") - january.astype("datetime64[D]")).astype(np.int64)
    else:
        last = np.full(years.shape, _MONTH_STARTS[kind][12])
    wrong = (days < 1) | (days > last)
    if wrong.any():
        found = f"day {days[wrong][0]} of {years[wrong][0]}"
        raise CalendarError("a year has no such day", found=found, expected=f"1 to {last[wrong][0]}")
    if kind == "standard":
        return np.asarray(january.astype("datetime64[D]") + (days - 1).astype("timedelta64[D]"))
    return _from_model_ticks(years, (days - 1) * _TICKS["day"], kind).astype("datetime64[D]")


def _from_model_ticks(year: NDArray[np.int64] | np.int64, ticks: NDArray[np.int64], kind: Calendar) -> Times:
    """Return real times from microseconds since the start of `year` in a 365- or 360-day calendar."""
    starts = _MONTH_STARTS[kind]
    elapsed, rest = np.divmod(ticks, starts[12] * _TICKS["day"])
    month = np.searchsorted(starts, rest // _TICKS["day"], side="right") - 1
    months = ((year + elapsed - 1970) * 12 + month).astype("datetime64[M]")
    inside = rest - starts[month] * _TICKS["day"]
    if kind == "360_day":
        inside = np.rint(inside * (days_in_month(months) / 30.0)).astype(np.int64)
    times: Times = months.astype("datetime64[us]") + inside.astype("timedelta64[us]")
    return times


class MonthOverlap(NamedTuple):
    """How records fall on months: one entry for each record and month that meet.

    Attributes
    ----------
    record : array of int
        Position of the record in the input.
    month : array of datetime64[M]
    days : array of float
        Days of the record in that month [d].
    share : array of float
        Part of the record in that month; adds up to 1 for each record. An instant lies wholly in its month.
    """

    record: NDArray[np.int64]
    month: Times
    days: Floats
    share: Floats


def month_overlap(start: ArrayLike, end: ArrayLike) -> MonthOverlap:
    """Return the months that each record [start, end) meets, with day weights.

    Parameters
    ----------
    start, end : array_like of datetime64
        First moment of each record and the first moment after it. A record with NaT is in no month.

    Raises
    ------
    CalendarError
        A record ends before it starts.
    """
    begin = np.atleast_1d(np.asarray(start, dtype="datetime64[us]"))
    finish = np.atleast_1d(np.asarray(end, dtype="datetime64[us]"))
    begin, finish = np.broadcast_arrays(begin, finish)
    if (finish < begin).any():
        index = int(np.flatnonzero(finish < begin)[0])
        raise CalendarError(
            "a record ends before it starts", where=f"record {index}", found=f"{begin[index]} to {finish[index]}"
        )
    known = np.flatnonzero(~(np.isnat(begin) | np.isnat(finish)))
    begin, finish = begin[known], finish[known]
    first = begin.astype("datetime64[M]")
    one_us = np.timedelta64(1, "us")
    last = np.maximum(begin, finish - one_us).astype("datetime64[M]")
    count = (last - first).astype(np.int64) + 1
    owner = np.repeat(np.arange(known.size), count)
    month = first[owner] + (np.arange(owner.size) - np.repeat(np.cumsum(count) - count, count)).astype("timedelta64[M]")
    low = np.maximum(begin[owner], month.astype("datetime64[us]"))
    high = np.minimum(finish[owner], (month + 1).astype("datetime64[us]"))
    days = (high - low).astype(np.int64) / _TICKS["day"]
    duration = (finish - begin).astype(np.int64) / _TICKS["day"]
    whole = duration[owner]
    share = np.divide(days, whole, out=np.ones_like(days), where=whole > 0)
    return MonthOverlap(known[owner], month, days, share)
