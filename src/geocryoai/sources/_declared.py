"""Declared columns of a text table to observations and covariates in canonical units and signs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import polars as pl

from geocryoai.core.calendar import days_in_month
from geocryoai.core.errors import SourceError
from geocryoai.core.units import MEAN_MONTH_DAYS, convert, parse, to_canonical
from geocryoai.core.variables import Direction, Variable
from geocryoai.sources._columns import within_valid
from geocryoai.sources._options import CovariateColumn, MeasuredColumn
from geocryoai.sources._ranges import check_unit_by_range
from geocryoai.sources._tabular import exclude, numbers, observe, rows_of


@dataclass
class Taken:
    """What was decided on the way: exclusions and notes, gathered column by column."""

    exclusions: list[pl.DataFrame] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class TextTable:
    """A table of text cells with the data row that each row had in the file.

    Attributes
    ----------
    cells : polars.DataFrame
    rows : polars.Series of Int64
        0-based data row in the file.
    source : str
    months : array of datetime64[M]
        Month in which each row starts; NaT where unknown.
    missing : sequence of float
        Declared sentinels.
    """

    cells: pl.DataFrame
    rows: pl.Series
    source: str
    months: np.ndarray
    missing: Sequence[float] = ()

    def number(self, column: str, taken: Taken, name: str) -> pl.Series:
        """Return a column as floats; sentinels and words are logged under `name`."""
        values, out = numbers(self.cells, column, source=self.source, extra=self.missing)
        self._log(out, taken, name)
        return values

    def _log(self, exclusions: pl.DataFrame, taken: Taken, name: str) -> None:
        """Keep exclusions under `name` and with the row numbers of the file."""
        rows = self.rows.gather(exclusions["source_row"])
        taken.exclusions.append(exclusions.with_columns(source_row=rows, variable=pl.lit(name)))

    def canonical(
        self,
        column: str,
        meant: Variable,
        unit: str,
        positive: Direction | None,
        *,
        trust: bool,
        taken: Taken,
        name: str,
    ) -> pl.Series:
        """Return a column in the canonical unit and sign of `meant`, values beyond its valid range taken out."""
        raw = self.number(column, taken, name)
        values = self.converted(raw, unit, meant, positive, taken)
        if not trust:
            remedy = "set trust_range: true on that column"
            where = f"{self.source}, column '{column}'"
            check_unit_by_range(values.to_numpy(), meant, where=where, unit=unit, remedy=remedy)
        values, out = within_valid(values.alias(meant.name), self.cells[column], source=self.source)
        self._log(out, taken, name)
        return values

    def converted(
        self, values: pl.Series, unit: str, meant: Variable, positive: Direction | None, taken: Taken
    ) -> pl.Series:
        """Return values in the canonical unit and sign; a monthly amount is spread over the days of its month."""
        days = None
        if needs_month(unit, meant):
            undated = np.isnat(self.months)
            lengths = days_in_month(np.where(undated, np.datetime64("1970-01"), self.months))
            unknown = int((undated & values.is_not_null().to_numpy()).sum())
            if unknown:
                taken.notes.append(
                    f"{meant.name}: {unknown} monthly values without a date were given the mean month of "
                    f"{MEAN_MONTH_DAYS} d"
                )
            days = np.where(undated, MEAN_MONTH_DAYS, lengths)
        array = to_canonical(values.to_numpy().astype(float), unit, meant.name, positive=positive, days_in_month=days)
        return pl.Series(values.name, array, nan_to_null=True)


def needs_month(unit: str, meant: Variable) -> bool:
    """Return whether the conversion depends on the length of the month."""
    water = meant.molecule == "H2O"
    powers = [parse(text, water=water).dimensionality.get("[calendar_month]", 0) for text in (unit, meant.unit)]
    return powers[0] != powers[1]


def measured_columns(
    table: TextTable,
    records: pl.DataFrame,
    columns: Mapping[str, MeasuredColumn],
    *,
    support_m: float | None,
    taken: Taken,
) -> list[pl.DataFrame]:
    """Return the observations of all declared columns."""
    parts = []
    for name, column in columns.items():
        meant = column.meant
        values = table.canonical(
            name, meant, column.unit, column.positive, trust=column.trust_range, taken=taken, name=meant.name
        )
        parts.append(
            observe(
                records,
                values,
                variable=meant.name,
                method=column.method,
                support_m=support_m,
                quality=_qualities(table, values, name, column),
                sigma=_sigma(table, column, taken),
                depth=_depth(table, column, taken),
            )
        )
    return parts


def covariate_columns(table: TextTable, columns: Mapping[str, CovariateColumn], taken: Taken) -> list[pl.Series]:
    """Return the covariates of all declared columns, under their declared names."""
    parts = []
    for name, column in columns.items():
        meant = column.meant
        if column.text:
            values = table.cells[name]
        elif meant is None:
            values = table.number(name, taken, column.name)
        else:
            values = table.canonical(
                name, meant, column.unit, column.positive, trust=column.trust_range, taken=taken, name=column.name
            )
        parts.append(values.alias(column.name))
    return parts


def _sigma(table: TextTable, column: MeasuredColumn, taken: Taken) -> pl.Series | None:
    if column.sigma_column is None:
        return None
    meant = column.meant
    name = f"sigma of {meant.name}"
    spread = table.number(column.sigma_column, taken, name)
    shifted = table.converted(spread, column.unit, meant, column.positive, Taken())
    zero = table.converted(pl.Series([0.0] * spread.len()), column.unit, meant, column.positive, Taken())
    negative = (spread < 0).fill_null(False)
    taken.exclusions.append(
        exclude(
            spread.filter(negative), table.rows.gather(rows_of(negative)), source=table.source, variable=name,
            reason="a standard error is not negative",
        )
    )  # fmt: skip
    return (shifted - zero).abs().set(negative, None)


def _depth(table: TextTable, column: MeasuredColumn, taken: Taken) -> pl.Series | float | None:
    if column.depth_column is None:
        return column.depth
    depth = table.number(column.depth_column, taken, "depth")
    return convert(depth, column.depth_unit, "m")


def _qualities(table: TextTable, values: pl.Series, name: str, column: MeasuredColumn) -> pl.Series | str:
    if column.quality_column is None:
        return "measured"
    flags = table.cells[column.quality_column].fill_null("")
    known = column.quality
    unknown = flags.filter(values.is_not_null() & ~flags.is_in(list(known)))
    if unknown.len():
        raise SourceError(
            f"column '{column.quality_column}' holds a flag that was not declared",
            where=table.source,
            found=f"'{unknown[0]}' ({unknown.len()} rows)",
            expected=", ".join(f"'{flag}'" for flag in known),
            next_step=f"Add it to columns.{name}.quality as measured, filled or doubtful.",
        )
    return flags.replace_strict(list(known), list(known.values()), default="measured", return_dtype=pl.String())
