"""Years of measurement as people write them: 1994, 1994-1995, 2007/8, "1992, 1993", 2003, 2006-2007."""

from __future__ import annotations

import re

import polars as pl

from geocryoai.sources._columns import year_periods
from geocryoai.sources._tabular import exclude, rows_of

#: Years outside are misprints.
FIRST, LAST = 1950, 2025

_YEAR = re.compile(r"(?P<first>\d{4})(?:\s*[-/\u2013]\s*(?P<last>\d{1,4}))?")


def parse_years(text: str) -> tuple[int, int] | None:
    """Return the first and the last year of a text, or None if it holds no believable period.

    >>> parse_years("2007/8"), parse_years("1998-1999"), parse_years("1974, 1994-1995")
    ((2007, 2008), (1998, 1999), (1974, 1995))
    >>> parse_years("2066") is None
    True
    """
    years: list[int] = []
    for match in _YEAR.finditer(text):
        first, last = match["first"], match["last"] or ""
        years += [int(first), int(first[: 4 - len(last)] + last)]
    if not years or min(years) < FIRST or max(years) > LAST or years != sorted(years):
        return None
    return years[0], years[-1]


def stated_years(cells: pl.Series, *, source: str) -> tuple[pl.Series, pl.Series, pl.DataFrame]:
    """Return start and end of the years in each cell, and an exclusion for each that is not believed."""
    pairs = [None if cell is None else parse_years(cell) for cell in cells]
    first = pl.Series([None if pair is None else pair[0] for pair in pairs], dtype=pl.Int64)
    last = pl.Series([None if pair is None else pair[1] for pair in pairs], dtype=pl.Int64)
    start, end = year_periods(first, last)
    odd = cells.is_not_null() & first.is_null()
    reason = "no believable years of measurement"
    return start, end, exclude(cells.filter(odd), rows_of(odd), source=source, variable="time", reason=reason)
