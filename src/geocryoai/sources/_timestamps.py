"""Date cells to intervals in UTC: ISO unless a format is declared, local standard time by a declared offset."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Literal, Self

import polars as pl
from pydantic import Field, model_validator

from geocryoai.core.errors import SourceError
from geocryoai.core.study.model import Section
from geocryoai.sources._intervals import Interval
from geocryoai.sources._tabular import numbers

_ISO = re.compile(r"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?( ?(Z|UTC|[+-]\d{2}:?\d{2}))?)?")
_YEAR = re.compile(r"(\d{4})(\.0+)?")
_MONTH = re.compile(r"(\d{4})-(\d{2})")
_FIXED = {"instant": timedelta(0), "half-hour": timedelta(minutes=30), "hour": timedelta(hours=1)}
_CALENDAR = {"day": "1d", "month": "1mo", "year": "1y"}


class TimeSection(Section):
    """Where the time of a row stands.

    Either ``column`` (with ``interval``), or ``start`` and ``end``, or ``year`` with ``month`` and ``day`` as far as
    they exist. ``stamp`` says whether a stamp is the start of its interval (or lies within it), or the end.
    ``utc_offset_hours`` is that of local standard time: -9 in Alaska.
    """

    column: str | None = Field(None, description="column of stamps, with `interval`")
    start: str | None = Field(None, description="column of starts")
    end: str | None = Field(None, description="column of ends")
    year: str | None = Field(None, description="column of years")
    month: str | None = Field(None, description="column of months, 1 to 12")
    day: str | None = Field(None, description="column of days of the month")
    interval: Interval | None = Field(None, description="what a stamp stands for")
    stamp: Literal["start", "end"] = Field("start", description="where in its interval a stamp stands")
    utc_offset_hours: float | None = Field(
        None, ge=-14, le=14, description="local standard time minus UTC; required below a day"
    )
    format: str | None = Field(None, description="of dates that are not ISO, for example `%d/%m/%Y`")

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        ways = [self.column is not None, self.start is not None or self.end is not None, self.year is not None]
        if sum(ways) != 1:
            raise ValueError("declare just one of: column; start and end; year (month, day)")
        if (self.start is None) != (self.end is None):
            raise ValueError("start and end go together")
        if ((self.month or self.day) and not self.year) or (self.day and not self.month):
            raise ValueError("month needs year, and day needs month")
        if self.column is not None and self.interval is None:
            raise ValueError("interval is missing: instant, half-hour, hour, day, month or year")
        if self.interval in _FIXED and self.utc_offset_hours is None:
            raise ValueError("utc_offset_hours is missing; local time is never guessed (0 for UTC, -9 for Alaska)")
        return self

    @property
    def length(self) -> Interval:
        """Length of the interval that a stamp stands for."""
        if self.interval is not None:
            return self.interval
        if self.start is not None:
            return "instant"
        return "day" if self.day else "month" if self.month else "year"

    @property
    def columns(self) -> list[str]:
        """All columns named."""
        named = (self.column, self.start, self.end, self.year, self.month, self.day)
        return [name for name in named if name is not None]


def read_times(table: pl.DataFrame, time: TimeSection, *, where: str) -> tuple[pl.Series, pl.Series]:
    """Return start and end of each row [naive UTC]; null where the cell is blank.

    Raises
    ------
    SourceError
        A date that is not ISO (or not of the declared format), is impossible, or an end before its start.
    """
    shift = timedelta(hours=time.utc_offset_hours or 0.0)
    if time.start is not None and time.end is not None:
        start = parse_stamps(table[time.start], time.format, offset=shift, where=where)
        end = parse_stamps(table[time.end], time.format, offset=shift, where=where)
        wrong = (end < start).fill_null(False).arg_true()
        if wrong.len():
            row = int(wrong[0])
            raise SourceError(
                "a row ends before it starts", where=where, found=f"data row {row}: {start[row]}, {end[row]}"
            )
    else:
        stamps = parse_stamps(_stamp_text(table, time, where), time.format, offset=shift, where=where)
        start, end = interval_bounds(stamps, time.length, time.stamp, where=where)
    return (start - shift).alias("time_start"), (end - shift).alias("time_end")


def interval_bounds(
    stamps: pl.Series, length: Interval, stamp: Literal["start", "end"], *, where: str
) -> tuple[pl.Series, pl.Series]:
    """Return start and end of the interval that each stamp stands for."""
    if length in _FIXED:
        duration = _FIXED[length]
        return (stamps - duration, stamps) if stamp == "end" else (stamps, stamps + duration)
    unit = _CALENDAR[length]
    start = stamps.dt.truncate(unit)
    if stamp == "start":
        return start, start.dt.offset_by(unit)
    inside = (start != stamps).fill_null(False).arg_true()
    if inside.len():
        raise SourceError(
            f"a stamp declared as the end of a {length} lies within one",
            where=where,
            found=str(stamps[int(inside[0])]),
            expected=f"the first instant after the {length}",
            next_step="Declare stamp: start where the stamp names the interval that holds it.",
        )
    return stamps.dt.offset_by(f"-{unit}"), stamps


def parse_stamps(text: pl.Series, form: str | None, *, offset: timedelta, where: str) -> pl.Series:
    """Return text cells as local datetimes; a cell with its own UTC offset is brought to local time by `offset`."""
    parsed: dict[str, datetime] = {}
    for cell in text.drop_nulls().unique(maintain_order=True):
        parsed[cell] = _parse(cell, form, offset, where=f"{where}, column '{text.name}'")
    cells = list(parsed)
    values = pl.Series(list(parsed.values()), dtype=pl.Datetime("us"))
    return text.replace_strict(cells, values, default=None, return_dtype=pl.Datetime("us"))


def _parse(cell: str, form: str | None, offset: timedelta, *, where: str) -> datetime:
    try:
        if form is not None:
            value = datetime.strptime(cell, form)
        elif match := _YEAR.fullmatch(cell):
            value = datetime(int(match[1]), 1, 1)
        elif match := _MONTH.fullmatch(cell):
            value = datetime(int(match[1]), int(match[2]), 1)
        elif _ISO.fullmatch(cell):
            value = datetime.fromisoformat(cell.replace(" UTC", "Z").replace(" +", "+"))
        else:
            raise SourceError(
                "a date is not in ISO form, and what it means is not guessed",
                where=where,
                found=f"'{cell}'",
                expected="YYYY-MM-DD",
                next_step="Declare its form in time.format, for example '%d/%m/%Y'.",
            )
    except ValueError as error:
        raise SourceError("a date is impossible", where=where, found=f"'{cell}'", expected=form or "ISO") from error
    return value if value.tzinfo is None else value.astimezone(UTC).replace(tzinfo=None) + offset


def _stamp_text(table: pl.DataFrame, time: TimeSection, where: str) -> pl.Series:
    if time.column is not None:
        return table[time.column]
    parts = []
    for name, width in ((time.year, 4), (time.month, 2), (time.day, 2)):
        if name is not None:
            values, _ = numbers(table, name, source=where)
            broken = ((values != values.round()) | (values < 0)).fill_null(False)
            if broken.any():
                raise SourceError(
                    f"column '{name}' should hold whole numbers", where=where, found=values.filter(broken)[0]
                )
            parts.append(values.cast(pl.Int64).cast(pl.String).str.zfill(width))
    joined = pl.DataFrame({f"part{i}": part for i, part in enumerate(parts)})
    return joined.select(pl.concat_str(pl.all(), separator="-").alias("date"))["date"]
