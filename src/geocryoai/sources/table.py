"""A user's own table (CSV, Parquet, Excel), read by a declared mapping and without code.

Options
-------
columns : mapping
    File column -> ``{variable, unit, positive?, sigma_column?, quality_column?, quality?, depth?, depth_column?,
    depth_unit?, method?, trust_range?}``: what was measured. The sign of a flux must be declared.
covariates : mapping
    File column -> ``{name, unit, variable?, positive?, text?, trust_range?}``: what goes with the records.
time : mapping
    ``{column, interval}``, or ``{start, end}``, or ``{year, month?, day?}``; further ``stamp`` (start or end),
    ``utc_offset_hours`` (local standard time; required below a day), ``format`` (dates that are not ISO).
site, site_name, lon, lat, x, y, crs
    Place of a row: columns, or one name and one position for the whole file.
missing : list of numbers
    Sentinels of this file, beside those that are always looked for (-9999 and the like).
rows : mapping
    Column -> values: only such rows are read.
duplicates : {"error", "first", "keep"}
    What to do with two values of a variable at one place, time and depth.
separator, encoding, lines_before_header, rows_after_header, sheet, support_m, title, licence, citation, doi, url
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import polars as pl

from geocryoai.core.errors import SourceError
from geocryoai.sources._declared import Taken, TextTable, covariate_columns, measured_columns
from geocryoai.sources._options import validated
from geocryoai.sources._places import positions, projected_positions
from geocryoai.sources._table_files import read_any_table
from geocryoai.sources._table_options import TableOptions
from geocryoai.sources._tabular import exclude, finish
from geocryoai.sources._timestamps import read_times
from geocryoai.sources.base import SourceData, SourceInfo

INFO = SourceInfo(
    name="table",
    title="Any table, by declared columns",
    kind="observations",
    licence="as declared in the options",
    citation="as declared in the options",
    formats=("csv", "csv.gz", "parquet", "xlsx", "xls"),
    quirks=(
        "Dates other than ISO are refused unless their format is declared.",
        "Sentinels, words among numbers, impossible positions and values beyond the valid range are logged, not kept.",
        "A column that is mostly implausible in its declared unit is refused.",
    ),
)

_KEY = ["variable", "site", "lon", "lat", "time_start", "time_end", "depth", "method"]


class TableReader:
    """Reader of a user's table; see the module's text for the options."""

    info = INFO

    def read(self, path: Path, *, source: str, options: Mapping[str, Any], targets: bool = True) -> SourceData:
        """Read a table; see `Reader.read`."""
        chosen = validated(TableOptions, options, where=f"table ({source})")
        wanted = [*chosen.open_columns(), *(sorted(chosen.hidden_columns()) if targets else [])]
        cells = read_any_table(path, chosen, wanted, where=source).with_row_index("source_row")
        taken = Taken()
        kept = _select_rows(cells, chosen, source, taken)
        info = _info(chosen)
        table, records = _records(kept, chosen, source, taken)
        observations = (
            measured_columns(table, records, chosen.columns, support_m=chosen.support_m, taken=taken) if targets else []
        )
        observations = _without_duplicates(observations, chosen.duplicates, source, taken)
        replicates = chosen.duplicates == "keep"
        return finish(info, records, observations, taken.exclusions, taken.notes, replicates=replicates)


READER = TableReader()


def _info(options: TableOptions) -> SourceInfo:
    covariates = {column.name: column.canonical_unit for column in options.covariates.values()}
    return replace(
        INFO,
        title=options.title or INFO.title,
        kind="observations" if options.columns else "covariates",
        measures=tuple(dict.fromkeys(column.meant.name for column in options.columns.values())),
        covariates=covariates,
        licence=options.licence or "not stated by the user",
        citation=options.citation or "not stated by the user",
        doi=options.doi,
        url=options.url,
    )


def _select_rows(cells: pl.DataFrame, options: TableOptions, source: str, taken: Taken) -> pl.DataFrame:
    kept = cells
    for column, values in options.rows.items():
        kept = kept.filter(pl.col(column).is_in(list(values)))
    if not kept.height:
        found = ", ".join(f"{column} in {list(values)}" for column, values in options.rows.items())
        raise SourceError(
            "the table has no rows" + (" left after the row filter" if found else ""), where=source, found=found or None
        )
    if kept.height < cells.height:
        taken.notes.append(f"{cells.height - kept.height} of {cells.height} rows were left out by the row filter")
    return kept


def _records(cells: pl.DataFrame, options: TableOptions, source: str, taken: Taken) -> tuple[TextTable, pl.DataFrame]:
    count = cells.height
    rows = cells["source_row"].cast(pl.Int64)
    start = end = pl.Series([None] * count, dtype=pl.Datetime("us"))
    if options.time is not None:
        start, end = read_times(cells, options.time, where=source)
        if options.time.utc_offset_hours is None:
            taken.notes.append("days, months and years are taken as they stand in the file (no UTC offset declared)")
    table = TextTable(cells, rows, source, _months(start, options), options.missing)
    if options.x is not None and options.y is not None and options.crs is not None:
        lon, lat = projected_positions(table, options.x, options.y, options.crs, taken)
    else:
        lon, lat = positions(table, options.lon, options.lat, taken)
    records = pl.DataFrame(
        {
            "source": pl.Series([source] * count, dtype=pl.String),
            "source_row": rows,
            "site": pl.Series([options.site_name] * count, dtype=pl.String)
            if not options.site
            else cells[options.site],
            "lon": lon,
            "lat": lat,
            "time_start": start,
            "time_end": end,
        }
    )
    return table, records.with_columns(covariate_columns(table, options.covariates, taken))


def _months(start: pl.Series, options: TableOptions) -> np.ndarray:
    """Return the local month in which each row starts."""
    offset = (options.time.utc_offset_hours or 0.0) if options.time is not None else 0.0
    local = start.to_numpy().astype("datetime64[us]") + np.timedelta64(round(offset * 3_600_000_000), "us")
    return local.astype("datetime64[M]")


def _without_duplicates(
    parts: list[pl.DataFrame], policy: Literal["error", "first", "keep"], source: str, taken: Taken
) -> list[pl.DataFrame]:
    """Return observations with repeated ones taken out and logged; two different values for one thing are an error."""
    if not parts or policy == "keep":
        return parts
    table = pl.concat(parts)
    placed = pl.col("time_start").is_not_null() & (pl.col("site").is_not_null() | pl.col("lon").is_not_null())
    repeat = table.select((placed & ~pl.struct(_KEY).is_first_distinct()).alias("repeat"))["repeat"]
    if policy == "error":
        other = table.select((placed & (pl.col("value").n_unique().over(_KEY) > 1)).alias("other"))["other"]
        if other.any():
            clash = table.filter(other)
            one = clash.row(0, named=True)
            raise SourceError(
                f"{one['variable']} is given more than once, with different values, for one place, time and depth",
                where=source,
                found=f"data rows {clash.filter(pl.struct(_KEY) == pl.struct(_KEY).first())['source_row'].to_list()}",
                next_step="Declare what tells the rows apart (site, depth), or duplicates: first, or duplicates: keep.",
            )
    for name, group in table.filter(repeat).group_by("variable", maintain_order=True):
        reason = "given more than once for one place, time and depth"
        raw, rows = group["value"], group["source_row"]
        taken.exclusions.append(exclude(raw, rows, source=source, variable=str(name[0]), reason=reason))
    return [table.filter(~repeat)]
