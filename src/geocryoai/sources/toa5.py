"""Campbell Scientific TOA5 logger files (``.dat``, ``.dat.gz``) by declared columns.

Options
-------
columns, covariates : mapping
    As in the `table` reader; a unit that is left out is taken from the file's row of units.
utc_offset_hours : float
    Local standard time of the logger minus UTC; required (Alaska: -9).
site : str
    Required.
lon, lat : float
interval_minutes : int
    Length of a record; default the most frequent step between stamps.
missing : list of numbers
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any, Self, TypeVar

import numpy as np
import polars as pl
from pydantic import Field, model_validator

from geocryoai.core.errors import SourceError
from geocryoai.core.local_time import to_utc
from geocryoai.core.study.model import Section
from geocryoai.sources._columns import together
from geocryoai.sources._declared import Taken, TextTable, covariate_columns, measured_columns
from geocryoai.sources._options import CovariateColumn, MeasuredColumn, validated
from geocryoai.sources._tabular import finish, read_csv, read_text, require_columns
from geocryoai.sources._timestamps import parse_stamps
from geocryoai.sources.base import SourceData, SourceInfo

_STAMP = "TIMESTAMP"
_BEFORE_HEADER = 1
_SAMPLE = "Smp"

#: Units as loggers spell them, lower case -> as they are understood here.
_SPELLING = {"deg c": "degC", "deg_c": "degC", "c": "degC", "deg": "degree", "volts": "V", "kelvin": "K"}

INFO = SourceInfo(
    name="toa5",
    title="Campbell Scientific TOA5 logger files, by declared columns",
    kind="observations",
    licence="as declared by the provider of the file; Arctic LTER: open with attribution",
    citation="as declared by the provider of the file; Arctic LTER: Arctic Long Term Ecological Research, Toolik Lake",
    formats=("dat", "dat.gz"),
    url="https://arc-lter.ecosystems.mbl.edu",
    quirks=(
        "Four header lines: logger, names, units, kind of processing.",
        "A stamp is the end of its interval, in the logger's local standard time, which the file does not state.",
        "Sampled columns (Smp) are instants, all others cover the interval before the stamp.",
        "Live files are not quality-controlled: values beyond the valid range are taken out and logged.",
        "Live files repeat whole blocks of records; repetitions are logged and read once.",
    ),
)


class Toa5Options(Section):
    """How a logger file is to be read."""

    utc_offset_hours: float = Field(ge=-12, le=14)
    columns: dict[str, MeasuredColumn] = Field(default_factory=dict)
    covariates: dict[str, CovariateColumn] = Field(default_factory=dict)
    site: str
    lon: float | None = Field(None, ge=-180, le=180)
    lat: float | None = Field(None, ge=-90, le=90)
    interval_minutes: int | None = Field(None, ge=1)
    support_m: float | None = Field(None, gt=0)
    missing: tuple[float, ...] = ()

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if not self.columns and not self.covariates:
            raise ValueError("declare at least one of columns and covariates")
        both = sorted(set(self.columns) & set(self.covariates))
        if both:
            raise ValueError(f"a column cannot be measured and a covariate: {', '.join(both)}")
        return self


class Toa5Reader:
    """Reader of logger files; see the module's text for the options."""

    info = INFO

    def read(self, path: Path, *, source: str, options: Mapping[str, Any], targets: bool = True) -> SourceData:
        """Read a logger file; see `Reader.read`."""
        chosen = validated(Toa5Options, options, where=f"toa5 ({source})")
        head = _header(path, source)
        cells = read_csv(path, where=source, before=_BEFORE_HEADER, after=2, columns=[_STAMP])
        require_columns(cells, chosen.covariates, source)
        taken = Taken()
        rows = pl.Series(range(cells.height), dtype=pl.Int64)
        local = parse_stamps(cells[_STAMP], None, offset=timedelta(0), where=source)
        records = _records(local, chosen, source, taken)
        table = TextTable(cells, rows, source, local.to_numpy().astype("datetime64[M]"), chosen.missing)
        covariates = {name: _with_unit(c, head.get(name), source, name) for name, c in chosen.covariates.items()}
        records = records.with_columns(covariate_columns(table, covariates, taken))
        info = replace(
            INFO,
            kind="observations" if chosen.columns else "covariates",
            measures=tuple(dict.fromkeys(column.meant.name for column in chosen.columns.values())),
            covariates={column.name: column.canonical_unit for column in covariates.values()},
        )
        observations = _measured(table, records, chosen, head, taken) if targets else []
        return finish(info, records, observations, taken.exclusions, taken.notes)


READER = Toa5Reader()


@dataclass(frozen=True)
class _Column:
    """What the header says of a column."""

    unit: str
    processing: str


def _header(path: Path, where: str) -> dict[str, _Column]:
    """Return unit and processing of each column from the four header lines."""
    lines = list(csv.reader(read_text(path, where).splitlines()[:4]))
    if not lines or not lines[0] or lines[0][0] != "TOA5":
        raise SourceError("not a TOA5 file", where=where, found=str(lines[0][:2] if lines else ""), expected="TOA5")
    widths = {len(line) for line in lines[1:]}
    if len(lines) < 4 or len(widths) != 1:
        raise SourceError("the four header lines are incomplete", where=where, found=f"{len(lines)} lines")
    return {name: _Column(unit, kind) for name, unit, kind in zip(*lines[1:], strict=True)}


def _records(local: pl.Series, chosen: Toa5Options, source: str, taken: Taken) -> pl.DataFrame:
    if local.has_nulls():
        raise SourceError("a record has no time stamp", where=source, found=f"data row {local.is_null().arg_true()[0]}")
    steps = local.diff().dt.total_minutes().drop_nulls()
    positive = steps.filter(steps > 0)
    if chosen.interval_minutes is None and not positive.len():
        raise SourceError("one record alone has no known length", where=source, next_step="Declare interval_minutes.")
    length = chosen.interval_minutes or int(np.bincount(positive.to_numpy()).argmax())
    backwards = int((steps < 0).sum())
    if backwards:
        taken.notes.append(f"the clock goes back {backwards} times")
    taken.notes.append(f"records of {length} min, stamped at their end at UTC{chosen.utc_offset_hours:+g} h")
    end = pl.Series(to_utc(local.to_numpy(), chosen.utc_offset_hours))
    lon, lat = (pl.Series([value] * end.len(), dtype=pl.Float64) for value in (chosen.lon, chosen.lat))
    return together(
        [], source, site=chosen.site, lon=lon, lat=lat, time_start=end.dt.offset_by(f"-{length}m"), time_end=end
    )


Declared = TypeVar("Declared", MeasuredColumn, CovariateColumn)


def _with_unit(column: Declared, head: _Column | None, where: str, name: str) -> Declared:
    """Return the declaration with the file's unit where none was given; it is checked against the variable."""
    if column.unit or (isinstance(column, CovariateColumn) and column.text):
        return column
    unit = "" if head is None else _SPELLING.get(head.unit.lower(), head.unit)
    if not unit:
        raise SourceError(f"column '{name}' has no unit in the file", where=where, next_step="Declare its unit.")
    return validated(type(column), {**column.model_dump(), "unit": unit}, where=f"{where}, column '{name}'")


def _measured(
    table: TextTable, records: pl.DataFrame, chosen: Toa5Options, head: Mapping[str, _Column], taken: Taken
) -> list[pl.DataFrame]:
    """Return observations of the declared columns; sampled ones as instants."""
    require_columns(table.cells, chosen.columns, table.source)
    parts = []
    for name, column in chosen.columns.items():
        told = head[name]
        resolved = {name: _with_unit(column, told, table.source, name)}
        moments = records.with_columns(time_start=pl.col("time_end")) if told.processing == _SAMPLE else records
        parts += measured_columns(table, moments, resolved, support_m=chosen.support_m, taken=taken)
    return parts
