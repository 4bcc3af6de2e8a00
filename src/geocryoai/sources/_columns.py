"""A reader's plan of columns: which column of a file is which variable, in what unit and sign."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from geocryoai.core.errors import SourceError
from geocryoai.core.observations import RECORD_COLUMNS, conform
from geocryoai.core.units import convert, to_canonical
from geocryoai.core.variables import Direction, variables
from geocryoai.sources._tabular import exclude, numbers, require_columns, rows_of


@dataclass(frozen=True)
class Column:
    """One numeric column of a file.

    Attributes
    ----------
    name : str
        Name in the file.
    unit : str
        Unit of the numbers after `factor` is applied.
    positive : {"up", "down"}, optional
        Direction that counts as positive in the file; needed for fluxes.
    factor : float
        Number in the file x factor = value in `unit` (scale factors of packed products; -1 turns a sign).
    to : str, optional
        Unit wanted, for a quantity that is no house variable; default `unit`.
    missing : tuple of float
        Further numbers that stand for "missing" in this column.
    """

    name: str
    unit: str
    positive: Direction | None = None
    factor: float = 1.0
    to: str | None = None
    missing: tuple[float, ...] = ()


Plan = Mapping[str, Column]


def flags(names: Mapping[str, str]) -> dict[str, Column]:
    """Return the plan of 0/1 columns: own name -> name in the file."""
    return {own: Column(name, "1") for own, name in names.items()}


def declared(plan: Plan) -> dict[str, str]:
    """Return name -> unit of what a plan yields, for `SourceInfo.covariates`."""
    known = variables()
    return {name: known[name].unit if name in known else column.to or column.unit for name, column in plan.items()}


def read_columns(
    table: pl.DataFrame, plan: Plan, *, source: str, days_in_month: Any = None
) -> tuple[list[pl.Series], list[pl.DataFrame]]:
    """Return the columns of a plan in canonical units and signs, and what was taken out on the way.

    Parameters
    ----------
    table : polars.DataFrame
        All text, as from `read_csv`; row index = `source_row`.
    plan : mapping
        Own name -> `Column`.
    source : str
        Goes into the exclusion table and messages.
    days_in_month : float or array, optional
        Length of each row's month [d], for monthly totals.

    Returns
    -------
    values : list of polars.Series of Float64
        Named as in the plan; null where missing, not a number, or outside the variable's valid range.
    exclusions : list of polars.DataFrame

    Raises
    ------
    SourceError
        A column is absent or does not hold numbers.
    """
    require_columns(table, [column.name for column in plan.values()], source)
    out, taken = [], []
    for name, column in plan.items():
        values, gone = numbers(table, column.name, source=source, variable=name, extra=column.missing)
        array = values.to_numpy() * column.factor
        if name in variables():
            array = to_canonical(array, column.unit, name, positive=column.positive, days_in_month=days_in_month)
        elif column.to is not None:
            array = convert(array, column.unit, column.to, days_in_month=days_in_month)
        series = pl.Series(name, np.asarray(array, dtype=float)).fill_nan(None)
        series, outside = within_valid(series, table[column.name], source=source)
        out.append(series)
        taken += [gone, outside]
    return out, taken


def read_place(table: pl.DataFrame, lon: str, lat: str, *, source: str) -> tuple[list[pl.Series], list[pl.DataFrame]]:
    """Return `lon` [-180, 180] and `lat` [degree]; an impossible or half position is null in both, and logged."""
    parts, taken = read_columns(table, {"lon": Column(lon, "degree"), "lat": Column(lat, "degree")}, source=source)
    east = pl.col("lon")
    place = pl.DataFrame(parts).with_columns(
        pl.when(east.is_between(180, 360, "right")).then(east - 360).otherwise(east)
    )
    nowhere = (place["lon"] == 0) & (place["lat"] == 0)
    fine = (place["lon"].abs() <= 180) & (place["lat"].abs() <= 90) & ~nowhere
    bad = ~fine.fill_null(False) & (place["lon"].is_not_null() | place["lat"].is_not_null())
    for own, name in (("lon", lon), ("lat", lat)):
        reason = "impossible position"
        taken.append(exclude(table[name].filter(bad), rows_of(bad), source=source, variable=own, reason=reason))
    return [series.set(bad, None) for series in place], taken


def within_valid(values: pl.Series, raw: pl.Series, *, source: str) -> tuple[pl.Series, pl.DataFrame]:
    """Return a covariate without what lies outside the valid range of the variable it is named after."""
    low, high = variables()[values.name].valid if values.name in variables() else (-np.inf, np.inf)
    bad = ((values < low) | (values > high)).fill_null(False)
    reason = f"outside the valid range [{low:g}, {high:g}]"
    gone = exclude(raw.filter(bad), rows_of(bad), source=source, variable=values.name, reason=reason)
    return values.set(bad, None), gone


def whole(table: pl.DataFrame, column: str, low: int, high: int, *, source: str) -> pl.Series:
    """Return a column of whole numbers that must lie in a range (years, months); null where blank.

    Raises
    ------
    SourceError
        The column is absent or holds something else; the message names the data row.
    """
    require_columns(table, [column], source)
    number = table[column].cast(pl.Float64, strict=False)
    wrong = table[column].is_not_null() & ~(number.is_between(low, high) & (number.round() == number)).fill_null(False)
    if wrong.any():
        row = int(wrong.arg_true()[0])
        raise SourceError(
            f"column '{column}', data row {row}: not a whole number from {low} to {high}",
            where=source,
            found=repr(table[column][row]),
        )
    return number.cast(pl.Int64)


def month_periods(year: pl.Series, month: pl.Series) -> tuple[pl.Series, pl.Series]:
    """Return the first moment of each month and the first moment after it; null where year or month is null."""
    frame = pl.DataFrame({"year": year, "month": month})
    start = pl.datetime("year", "month", 1, time_unit="us")
    period = frame.select(time_start=start, time_end=start.dt.offset_by("1mo"))
    return period["time_start"], period["time_end"]


def year_periods(first: pl.Series, last: pl.Series | None = None) -> tuple[pl.Series, pl.Series]:
    """Return 1 January of the first year and 1 January after the last one (default: the same year)."""
    end = first if last is None else last
    frame = pl.DataFrame({"first": first, "last": end})
    period = frame.select(
        time_start=pl.datetime("first", 1, 1, time_unit="us"), time_end=pl.datetime(pl.col("last") + 1, 1, 1)
    )
    return period["time_start"], period["time_end"]


def one_hot(values: pl.Series, names: Mapping[str, str]) -> list[pl.Series]:
    """Return one 0/1 series for each class: own name -> label in the file; null where the label is null."""
    return [(values == label).cast(pl.Float64).alias(own) for own, label in names.items()]


def together(parts: Sequence[pl.Series], source: str, **more: pl.Series | str | None) -> pl.DataFrame:
    """Return a record table: source and row number, then the given standard columns, then the covariates."""
    height = len(parts[0]) if parts else next(len(v) for v in more.values() if isinstance(v, pl.Series))
    table = pl.DataFrame({"source_row": pl.int_range(height, eager=True)}).with_columns(source=pl.lit(source))
    table = table.with_columns(
        **{key: value if isinstance(value, pl.Series) else pl.lit(value) for key, value in more.items()}
    ).with_columns(*parts)
    return conform(table, RECORD_COLUMNS, where=source, extra=True)
