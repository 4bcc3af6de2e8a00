"""CSV, Parquet and Excel files as one kind of table: every cell text, blanks null."""

from __future__ import annotations

import zipfile
from collections.abc import Collection
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl

from geocryoai.core.errors import MissingDependencyError, SourceError, nearest
from geocryoai.sources._table_options import TableOptions
from geocryoai.sources._tabular import BLANKS, read_bytes, read_csv, require_columns

_EXCEL = {".xlsx": "openpyxl", ".xlsm": "openpyxl", ".xls": "xlrd"}


def read_any_table(path: Path, options: TableOptions, wanted: Collection[str], *, where: str) -> pl.DataFrame:
    """Return the wanted columns of a table file as text; the row index counts data rows.

    Raises
    ------
    SourceError
        The file cannot be read, or a wanted column is not in it.
    """
    suffix = path.suffix.lower()
    if suffix in {".parquet", ".pq"}:
        table = _read_parquet(path, wanted, where)
    elif suffix in _EXCEL:
        table = _read_excel(path, options, where)
    else:
        before, after = options.lines_before_header, options.rows_after_header
        table = read_csv(
            path, where=where, separator=options.separator, encoding=options.encoding, before=before, after=after
        )
    require_columns(table, wanted, where)
    return table.select(list(wanted))


def _read_parquet(path: Path, wanted: Collection[str], where: str) -> pl.DataFrame:
    read_bytes(path, where)
    try:
        present = list(pl.read_parquet_schema(path))
        table = pl.read_parquet(path, columns=[name for name in present if name in wanted])
    except pl.exceptions.PolarsError as error:
        raise SourceError("not a Parquet file, or a truncated one", where=where, found=str(error)) from error
    for name in wanted:
        if name not in present:
            raise SourceError(f"column '{name}' is absent", where=where, next_step=nearest(name, present))
    zoned = [n for n, kind in table.schema.items() if isinstance(kind, pl.Datetime) and kind.time_zone is not None]
    table = table.with_columns(pl.col(zoned).dt.convert_time_zone("UTC").dt.strftime("%Y-%m-%dT%H:%M:%S%.fZ"))
    return _blank(table.with_columns(pl.all().cast(pl.String).str.strip_chars()))


def _read_excel(path: Path, options: TableOptions, where: str) -> pl.DataFrame:
    import pandas as pd

    read_bytes(path, where)
    engine = _EXCEL[path.suffix.lower()]
    try:
        book = pd.ExcelFile(path, engine=engine)  # type: ignore[arg-type]
    except ImportError as error:
        raise MissingDependencyError(engine, extra="excel", needed_for=f"reading {path.name}") from error
    except (ValueError, KeyError, OSError, zipfile.BadZipFile) as error:
        raise SourceError("not an Excel workbook, or a truncated one", where=where, found=str(error)) from error
    with book:
        sheet = options.sheet or str(book.sheet_names[0])
        if sheet not in book.sheet_names:
            hint = nearest(sheet, map(str, book.sheet_names))
            raise SourceError(f"the workbook has no sheet '{sheet}'", where=where, next_step=hint)
        cells = pd.read_excel(book, sheet_name=sheet, header=None, dtype=object)
    rows = [[_cell(value) for value in row] for row in cells.itertuples(index=False, name=None)]
    rows = rows[options.lines_before_header :]
    if not rows:
        raise SourceError("the sheet is empty", where=where, found=sheet)
    header = [name or f"column_{i}" for i, name in enumerate(rows[0])]
    repeated = sorted({name for name in header if header.count(name) > 1})
    if repeated:
        raise SourceError("column names are repeated", where=where, found=", ".join(repeated))
    body = rows[1 + options.rows_after_header :]
    return _blank(pl.DataFrame(body, schema=dict.fromkeys(header, pl.String()), orient="row"))


def _cell(value: Any) -> str | None:
    if value is None or value != value:
        return None
    if isinstance(value, datetime):
        return value.isoformat(sep=" ")
    return str(value).strip()


def _blank(table: pl.DataFrame) -> pl.DataFrame:
    return table.with_columns(pl.when(pl.all().is_in(BLANKS)).then(None).otherwise(pl.all()).name.keep())
