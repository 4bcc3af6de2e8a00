"""The observation table: long, canonical units, every row with its place, time, support and provenance."""

from __future__ import annotations

from typing import TYPE_CHECKING

from geocryoai.core.errors import SourceError

if TYPE_CHECKING:
    import polars as pl

#: Column name -> polars dtype name. `source` is the input file relative to the data folder and `source_row` its
#: 0-based data row, so that any value can be traced and any answer joined back.
OBSERVATION_COLUMNS = {
    "variable": "String",
    "value": "Float64",
    "sigma": "Float64",
    "time_start": "Datetime",
    "time_end": "Datetime",
    "lon": "Float64",
    "lat": "Float64",
    "depth": "Float64",
    "site": "String",
    "source": "String",
    "source_row": "Int64",
    "method": "String",
    "support_m": "Float64",
    "quality": "String",
}

#: Columns that every record table starts with; covariates follow under their house names.
RECORD_COLUMNS = {
    "source": "String",
    "source_row": "Int64",
    "site": "String",
    "lon": "Float64",
    "lat": "Float64",
    "time_start": "Datetime",
    "time_end": "Datetime",
}

#: Rows taken out on reading: reversible, since the raw value and its place are kept.
EXCLUSION_COLUMNS = {
    "source": "String",
    "source_row": "Int64",
    "variable": "String",
    "raw": "String",
    "reason": "String",
}

#: `quality` of a value that was measured, filled by a model, or measured and flagged doubtful by its provider.
QUALITIES = ("measured", "filled", "doubtful")


def schema(columns: dict[str, str]) -> dict[str, pl.DataType]:
    """Return a polars schema for one of the column tables above; times are naive UTC microseconds."""
    import polars as pl

    kinds: dict[str, pl.DataType] = {
        "String": pl.String(),
        "Float64": pl.Float64(),
        "Int64": pl.Int64(),
        "Datetime": pl.Datetime("us"),
    }
    return {name: kinds[kind] for name, kind in columns.items()}


def conform(table: pl.DataFrame, columns: dict[str, str], *, where: str, extra: bool = False) -> pl.DataFrame:
    """Return `table` with exactly the given columns and dtypes; absent ones become null.

    Parameters
    ----------
    table : polars.DataFrame
    columns : dict
        One of the column tables of this module.
    where : str
        File or reader, for messages.
    extra : bool
        Keep further columns after the standard ones (record tables carry covariates).

    Raises
    ------
    SourceError
        A column is not in the table of columns, or cannot be cast.
    """
    import polars as pl

    wanted = schema(columns)
    others = [name for name in table.columns if name not in wanted]
    if others and not extra:
        raise SourceError("unexpected columns", where=where, found=", ".join(others), expected=", ".join(wanted))
    parts = []
    for name, dtype in wanted.items():
        column = pl.col(name) if name in table.columns else pl.lit(None)
        parts.append(column.cast(dtype).alias(name))
    try:
        return table.select(*parts, *[pl.col(name) for name in others])
    except pl.exceptions.PolarsError as error:
        raise SourceError(f"a column has the wrong type ({error})", where=where) from error
