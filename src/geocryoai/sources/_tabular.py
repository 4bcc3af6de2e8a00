"""What readers of text tables share: options, files, columns, numbers, observations and the closing checks.

Every cell is read as text first, so that nothing a reader decides depends on a column it was not asked to look at.
"""

from __future__ import annotations

import csv
import gzip
import io
import zlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from geocryoai.core.errors import SourceError, nearest
from geocryoai.core.observation_checks import check_observations, is_sentinel
from geocryoai.core.observations import EXCLUSION_COLUMNS, OBSERVATION_COLUMNS, RECORD_COLUMNS, conform, schema
from geocryoai.sources.base import SourceData, SourceInfo

#: Cells that say "nothing here"; compared after stripping blanks.
BLANKS = ("", "NA", "N/A", "NaN", "nan", "NAN", "null", "None")


def check_options(options: Mapping[str, Any], allowed: Mapping[str, Any], where: str) -> dict[str, Any]:
    """Return the options with defaults filled in; an unknown key or a value of another type is an error.

    Parameters
    ----------
    options : mapping
        The reader's section of the study.
    allowed : mapping
        Option name -> default; a default of None accepts a value of any type.
    where : str
        Name of the reader or file, for messages.
    """
    for key, value in options.items():
        if key not in allowed:
            raise SourceError(f"unknown option '{key}'", where=where, next_step=nearest(key, allowed))
        default = allowed[key]
        if default is not None and type(value) is not type(default):
            raise SourceError(
                f"option '{key}' has the wrong type", where=where, found=repr(value), expected=type(default).__name__
            )
    return {**allowed, **options}


def read_bytes(path: Path, where: str) -> bytes:
    """Return the content of a file, unpacked if it is gzip; absent, empty and truncated files are errors."""
    if not path.exists():
        siblings = [p.name for p in path.parent.iterdir()] if path.parent.is_dir() else []
        hint = f"In that folder: {nearest(path.name, siblings)}" if siblings else "The folder is absent, too."
        raise SourceError("the file does not exist", where=where, found=path.name, next_step=hint)
    if path.is_dir():
        raise SourceError("a folder stands where a file is needed", where=where, found=path.name, expected="a file")
    raw = path.read_bytes()
    if raw[:2] == b"\x1f\x8b" or path.suffix == ".gz":
        try:
            raw = gzip.decompress(raw)
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise SourceError(
                "the gzip file is truncated or damaged", where=where, found=str(error), next_step="Fetch it again."
            ) from error
    if not raw.strip():
        raise SourceError("the file is empty", where=where, found=path.name)
    return raw


def read_text(path: Path, where: str, *, encoding: str = "utf-8") -> str:
    """Return the text of a file; bytes that do not fit the encoding are an error, a byte-order mark is dropped."""
    raw = read_bytes(path, where)
    try:
        return raw.decode(encoding).removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        raise SourceError(
            "the file is not in the expected encoding",
            where=where,
            found=f"byte 0x{raw[error.start]:02x} at position {error.start}",
            expected=encoding,
        ) from error


def read_csv(
    path: Path,
    *,
    where: str,
    columns: Iterable[str] = (),
    separator: str = ",",
    encoding: str = "utf-8",
    before: int = 0,
    after: int = 0,
    number_repeats: bool = False,
) -> pl.DataFrame:
    """Read a delimited text file (plain or gzip) with every column as text, blanks as null.

    Parameters
    ----------
    path : Path
    where : str
        The path as the user knows it, for messages.
    columns : iterable of str
        Columns that must be there.
    separator, encoding : str
    before, after : int
        Lines to drop before the header, and rows to drop after it (a row of units, for example); the row index of the
        table counts data rows only.
    number_repeats : bool
        Tell columns of the same name apart as ``name``, ``name.1``, ``name.2``, ...; else they are an error.

    Raises
    ------
    SourceError
        Absent, empty, truncated or ragged file, wrong encoding, a required column that is not there.
    """
    text = read_text(path, where, encoding=encoding)
    body = "".join(text.rstrip("\r\n").splitlines(keepends=True)[before:])
    lines = csv.reader(io.StringIO(body), delimiter=separator)
    header = _header(next(lines, []), where, number_repeats)
    for number, line in enumerate(lines):
        if line and len(line) != len(header):
            raise SourceError(
                f"data row {number} has another number of cells than the header (is the file truncated?)",
                where=where,
                found=f"{len(line)} cells",
                expected=f"{len(header)} cells",
            )
    table = pl.read_csv(io.StringIO(body), separator=separator, infer_schema=False, new_columns=header)
    require_columns(table, columns, where)
    table = table.slice(after).with_columns(pl.all().str.strip_chars())
    return table.with_columns(pl.when(pl.all().is_in(BLANKS)).then(None).otherwise(pl.all()).name.keep())


def _header(cells: Sequence[str], where: str, number_repeats: bool) -> list[str]:
    header: list[str] = []
    seen: Counter[str] = Counter()
    for name in (cell.strip() for cell in cells):
        header.append(f"{name}.{seen[name]}" if seen[name] else name)
        seen[name] += 1
    twice = sorted(name for name, count in seen.items() if count > 1)
    if twice and not number_repeats:
        raise SourceError("column names are repeated", where=where, found=", ".join(f"'{name}'" for name in twice))
    return header


def require_columns(table: pl.DataFrame, columns: Iterable[str], where: str) -> None:
    """Raise for the first column that is not in the table, naming the nearest one that is."""
    for name in columns:
        if name not in table.columns:
            raise SourceError(f"column '{name}' is absent", where=where, next_step=nearest(name, table.columns))


def sentinels(values: pl.Series, extra: Sequence[float] = ()) -> pl.Series:
    """Return a mask of the numbers that stand for "missing": those of the house, `extra`, and anything not finite."""
    name = pl.col(values.name)
    return values.to_frame().select(is_sentinel(name) | name.is_in(list(extra)) | ~name.is_finite()).to_series()


def numbers(
    table: pl.DataFrame, column: str, *, source: str, variable: str | None = None, extra: Sequence[float] = ()
) -> tuple[pl.Series, pl.DataFrame]:
    """Return a text column as floats, null where there is none, and what was taken out on the way.

    Parameters
    ----------
    table : polars.DataFrame
        As from `read_csv`: all text, row index = `source_row`.
    column : str
    source : str
        Goes into the exclusion table.
    variable : str, optional
        Name in the exclusion table; default the column's name.
    extra : sequence of float
        Further sentinels of this file.

    Returns
    -------
    values : polars.Series of Float64
    exclusions : polars.DataFrame
        `EXCLUSION_COLUMNS`: sentinels, and cells that are not numbers.

    Raises
    ------
    SourceError
        The column is absent, or more than half of its filled cells are not numbers.
    """
    require_columns(table, [column], source)
    text = table[column]
    values = text.cast(pl.Float64, strict=False)
    words = (text.is_not_null() & values.is_null()).rename("words")
    if words.sum() * 2 > text.is_not_null().sum():
        sample = text.filter(words)[0]
        raise SourceError(f"column '{column}' should hold numbers", where=source, found=f"'{sample}'")
    missing = sentinels(values, extra).fill_null(False)
    out = [
        exclude(text.filter(mask), rows_of(mask), source=source, variable=variable or column, reason=reason)
        for mask, reason in ((words, "not a number"), (missing, "stands for missing"))
    ]
    return values.set(missing, None).rename(column), pl.concat(out)


def rows_of(mask: pl.Series) -> pl.Series:
    """Return the indices at which a mask is true."""
    return mask.arg_true().cast(pl.Int64)


def exclude(raw: pl.Series, rows: pl.Series, *, source: str, variable: str, reason: str) -> pl.DataFrame:
    """Return exclusion rows for the given raw cells and data rows."""
    parts = {"source_row": rows.cast(pl.Int64), "raw": raw.cast(pl.String)}
    table = pl.DataFrame(parts).with_columns(source=pl.lit(source), variable=pl.lit(variable), reason=pl.lit(reason))
    return conform(table, EXCLUSION_COLUMNS, where=source)


def observe(
    records: pl.DataFrame,
    values: pl.Series,
    *,
    variable: str,
    method: str | pl.Series,
    support_m: pl.Series | float | None = None,
    quality: str | pl.Series = "measured",
    sigma: pl.Series | None = None,
    depth: pl.Series | float | None = None,
) -> pl.DataFrame:
    """Return observations for the records at which a value was given.

    Parameters
    ----------
    records : polars.DataFrame
        Record table; row i belongs to ``values[i]``.
    values : polars.Series
        Values in the canonical unit and sign of `variable`; null where nothing was measured.
    method : str or Series
        How it was measured.
    support_m : float or Series, optional
        Side length of the area that a value stands for [m].
    quality : str or Series
        One of `core.observations.QUALITIES`.
    sigma : Series, optional
        Standard error, in the unit of `values`.
    depth : Series or float, optional
        Depth below the surface [m].
    """
    table = records.select(list(RECORD_COLUMNS)).with_columns(
        variable=pl.lit(variable),
        value=values,
        sigma=pl.lit(None, dtype=pl.Float64) if sigma is None else sigma,
        depth=depth if isinstance(depth, pl.Series) else pl.lit(depth, dtype=pl.Float64),
        method=pl.lit(method) if isinstance(method, str) else method,
        support_m=support_m if isinstance(support_m, pl.Series) else pl.lit(support_m, dtype=pl.Float64),
        quality=pl.lit(quality) if isinstance(quality, str) else quality,
    )
    return conform(table.filter(pl.col("value").is_not_null()), OBSERVATION_COLUMNS, where=variable)


def finish(
    info: SourceInfo,
    records: pl.DataFrame,
    observations: Sequence[pl.DataFrame],
    exclusions: Sequence[pl.DataFrame],
    notes: Sequence[str] = (),
    *,
    replicates: bool = False,
) -> SourceData:
    """Conform and check all parts of a reader's answer and put them together.

    `replicates` says that a site has several values for one time by design (plots, for example); see
    `core.observation_checks.check_observations`.

    Raises
    ------
    SourceError
        Wrong columns, a covariate that `info` does not declare, or a record given twice.
    """
    records = conform(records, RECORD_COLUMNS, where=info.name, extra=True)
    covariates = set(records.columns) - set(RECORD_COLUMNS)
    if covariates != set(info.covariates):
        odd = ", ".join(sorted(covariates ^ set(info.covariates)))
        raise SourceError("covariates differ from those declared", where=info.name, found=odd)
    if records.select("source", "source_row", "site", "time_start").is_duplicated().any():
        raise SourceError("a record is given twice", where=info.name)
    table = pl.concat([empty(OBSERVATION_COLUMNS), *observations])
    table, refused = check_observations(table, where=info.name, replicates=replicates)
    taken = pl.concat([empty(EXCLUSION_COLUMNS), *exclusions, refused])
    return SourceData(info, records, table, taken, notes=tuple(notes))


def empty(columns: Mapping[str, str]) -> pl.DataFrame:
    """Return a table without rows."""
    return pl.DataFrame(schema=schema(dict(columns)))
