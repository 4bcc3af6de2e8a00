"""CALM summary workbook (.xls): end-of-season thaw depth by site and year.

The sheet is read by position: value column k is the year 1990 + k, since the header prints some years as ``###``. A
record is one sheet row (`source_row`, 0-based row of the sheet) and one year; its time is the whole year.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from geocryoai.core.errors import MissingDependencyError, SourceError, nearest
from geocryoai.core.units import to_canonical
from geocryoai.sources._columns import year_periods
from geocryoai.sources._tabular import check_options, exclude, finish, observe, read_bytes
from geocryoai.sources.base import SourceData, SourceInfo

if TYPE_CHECKING:
    from collections.abc import Sequence

#: Columns before the first year: code, name, latitude, longitude, method.
FIRST_VALUE_COLUMN = 5

#: Year of the first value column.
FIRST_YEAR = 1990

#: Tokens that say "no survey in that year"; they are no values and are not logged.
NO_SURVEY = ("", "-")

#: A Mongolian value below this is in metres [cm]; nowhere does a site thaw so little.
METRES_BELOW = 5.0

#: Positions that are misprints: code -> (longitude printed, longitude meant). The two other Bykovsky sites lie at
#: 129.4192 E; 71.4192 E is in the Kara Sea.
LONGITUDE_ERRATA = {"R29B": (71.4192, 129.4192)}

_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_MARKED = re.compile(r"(?P<number>\d+(?:\.\d+)?)\s*[*†‡§a-z]+")


@dataclass(frozen=True)
class Row:
    """One site's row: sheet row number, site code, block (country or region) it stands in, and the raw cells."""

    number: int
    code: str
    block: str
    cells: Sequence[object]


class Calm:
    """Reader of the network's summary workbook."""

    info = SourceInfo(
        name="calm",
        title="Circumpolar Active Layer Monitoring: end-of-season thaw depth 1990-2025",
        kind="observations",
        licence="openly published upstream, no explicit licence on this copy: cite, do not re-host",
        citation="Brown, Hinkel & Nelson (2000), The circumpolar active layer monitoring (CALM) program, Polar "
        "Geography 24, 166-258",
        formats=("xls",),
        measures=("alt",),
        doi="10.1080/10889370009377698",
        url="https://www2.gwu.edu/~calm/",
        quirks=(
            "Header rows are repeated for each region and print some years as ###: years go by position.",
            "Cells with > or < are bounds, not depths: excluded with the reason.",
            "Numbers with a footnote mark are kept as doubtful; 'inactive' and a lone mark are excluded.",
            "Site codes carry inner blanks and mixed case: both are removed.",
            "A Mongolian value below 5 is in metres: converted and kept as doubtful.",
            "Boreholes of alpine sites reach 13 m: not probed, and not comparable to tundra grids.",
            "Longitude of R29B is a misprint: corrected, the printed number is logged.",
        ),
    )

    def read(self, path: Path, *, source: str, options: Mapping[str, Any], targets: bool = True) -> SourceData:
        """Read the workbook; option `sheet` (default "north")."""
        chosen = check_options(options, {"sheet": "north"}, where=source)
        rows, years = site_rows(sheet_cells(path, source, chosen["sheet"]), source)
        sites, taken = site_table(rows, source)
        records = sites.drop("method", "support").join(
            pl.DataFrame({"year": range(FIRST_YEAR, FIRST_YEAR + years)}), how="cross"
        )
        start, end = year_periods(records["year"])
        records = records.with_columns(time_start=start, time_end=end, source=pl.lit(source))
        keys = records.select("source_row", "year")
        records = records.drop("year")
        notes = [f"{len(rows)} sites, {years} years from {FIRST_YEAR} by position; the time of a record is its year"]
        if not targets:
            return finish(self.info, records, [], [taken], notes)
        values = value_table(rows, years)
        joined = keys.join(values, on=["source_row", "year"], how="left", maintain_order="left")
        joined = joined.join(sites.select("source_row", "method", "support"), on="source_row", maintain_order="left")
        taken = pl.concat([taken, _excluded(values, source)])
        depth = pl.Series("value", to_canonical(joined["value"].to_numpy(), "cm", "alt")).fill_nan(None)
        observed = observe(
            records,
            depth,
            variable="alt",
            method="CALM " + joined["method"].fill_null("?"),
            support_m=joined["support"],
            quality=joined["quality"],
        )
        return finish(self.info, records, [observed], [taken], notes)


def sheet_cells(path: Path, source: str, sheet: str) -> list[list[object]]:
    """Return the cells of one sheet of a raw .xls workbook, row by row."""
    try:
        import xlrd
    except ImportError as error:
        raise MissingDependencyError("xlrd", extra="excel", needed_for="reading a .xls workbook") from error
    content = read_bytes(path, source)
    try:
        book = xlrd.open_workbook(file_contents=content)
    except Exception as error:  # xlrd raises whatever a damaged stream leads it to
        raise SourceError(
            "the workbook cannot be opened", where=source, found=str(error), expected="a complete .xls file"
        ) from error
    if sheet not in book.sheet_names():
        raise SourceError(
            f"no sheet '{sheet}'", where=source, next_step=nearest(sheet, book.sheet_names()).capitalize()
        )
    cells = book.sheet_by_name(sheet)
    return [list(cells.row_values(number)) for number in range(cells.nrows)]


def site_rows(cells: list[list[object]], source: str) -> tuple[list[Row], int]:
    """Return the site rows and the number of years; every header is checked against the years by position."""
    rows: list[Row] = []
    block, years = "", 0
    for number, row in enumerate(cells):
        code, name = _text(row[0]), _text(row[1]) if len(row) > 1 else ""
        if len(row) <= FIRST_VALUE_COLUMN or not any(_text(cell) for cell in row):
            continue
        if _text(row[2]) == "LAT":
            years = _year_columns(row, number, source)
        elif code == "Site Code":
            continue
        elif code and not name:
            block = code
        elif not years:
            raise SourceError(
                "a site row stands before any header with years", where=source, found=f"sheet row {number}"
            )
        else:
            rows.append(Row(number, re.sub(r"\s+", "", code).upper(), block, row))
    if not rows:
        raise SourceError("no site rows", where=source, expected="the CALM summary: a header row with LAT, LONG, years")
    return rows, years


def _year_columns(row: Sequence[object], number: int, source: str) -> int:
    cells = [_text(cell) for cell in row[FIRST_VALUE_COLUMN:]]
    while cells and not cells[-1]:
        cells.pop()
    for k, cell in enumerate(cells):
        if cell not in ("###", str(FIRST_YEAR + k)):
            raise SourceError(
                f"year columns are not where they should be (sheet row {number}, column {FIRST_VALUE_COLUMN + k})",
                where=source,
                found=repr(cell),
                expected=f"{FIRST_YEAR + k} or ###",
            )
    return len(cells)


def site_table(rows: list[Row], source: str) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return place, method and support of each site row, and the positions that were corrected or refused."""
    table: list[dict[str, object]] = []
    taken: list[tuple[int, str, str, str]] = []
    for row in rows:
        lat, lon = _coordinate(row.cells[2], 90.0), _coordinate(row.cells[3], 180.0)
        if lat is None or lon is None:
            taken.append((row.number, "lon", f"{row.cells[2]}, {row.cells[3]}", "impossible position"))
            lat = lon = None
        printed, meant = LONGITUDE_ERRATA.get(row.code, (None, None))
        if lon is not None and printed is not None and abs(lon - printed) < 1e-3:
            taken.append((row.number, "lon", str(row.cells[3]), f"misprint, read as {meant}"))
            lon = meant
        method = _text(row.cells[4]) or None
        side = re.match(r"(\d+)(?:/|$)", method or "")
        support = float(side.group(1)) if side else None
        table.append(
            {"source_row": row.number, "site": row.code, "lon": lon, "lat": lat, "method": method, "support": support}
        )
    kinds = {"lon": pl.Float64, "lat": pl.Float64, "method": pl.String, "support": pl.Float64}
    gone = [
        exclude(pl.Series([raw]), pl.Series([number]), source=source, variable=name, reason=reason)
        for number, name, raw, reason in taken
    ]
    none = exclude(pl.Series([], dtype=pl.String), pl.Series([], dtype=pl.Int64), source=source, variable="", reason="")
    return pl.DataFrame(table, schema_overrides=kinds), pl.concat([none, *gone])


def value_table(rows: list[Row], years: int) -> pl.DataFrame:
    """Return every cell that is not blank: value [cm], quality, or the reason why it is no value."""
    table = []
    for row in rows:
        for k in range(years):
            raw = row.cells[FIRST_VALUE_COLUMN + k]
            if _text(raw) in NO_SURVEY:
                continue
            value, quality, reason = parse_cell(raw, mongolian=row.block == "Mongolia")
            table.append((row.number, FIRST_YEAR + k, str(raw), value, quality, reason))
    names = ["source_row", "year", "raw", "value", "quality", "reason"]
    kinds = [pl.Int64, pl.Int64, pl.String, pl.Float64, pl.String, pl.String]
    return pl.DataFrame(table, schema=dict(zip(names, kinds, strict=True)), orient="row")


def parse_cell(raw: object, *, mongolian: bool = False) -> tuple[float | None, str | None, str | None]:
    """Return value [cm], quality and, where there is no value, the reason.

    >>> parse_cell("98*"), parse_cell(">148")[2]
    ((98.0, 'doubtful', None), 'a bound, not a depth')
    >>> parse_cell(1.45, mongolian=True)
    (145.0, 'doubtful', None)
    """
    text = _text(raw)
    marked = _MARKED.fullmatch(text)
    if text.startswith((">", "<")):
        return None, None, "a bound, not a depth"
    if text.lower() == "inactive":
        return None, None, "site is inactive"
    if not marked and not _NUMBER.fullmatch(text):
        return None, None, "not a number"
    value = float(marked["number"] if marked else text)
    if value >= METRES_BELOW:
        return value, "doubtful" if marked else "measured", None
    return (value * 100.0, "doubtful", None) if mongolian and value > 0 else (None, None, "too shallow to be in cm")


def _excluded(values: pl.DataFrame, source: str) -> pl.DataFrame:
    gone = values.filter(pl.col("value").is_null())
    raw = pl.Series(gone["raw"] + " (" + gone["year"].cast(pl.String) + ")")
    table = exclude(raw, gone["source_row"], source=source, variable="alt", reason="")
    return table.with_columns(reason=gone["reason"])


def _coordinate(cell: object, limit: float) -> float | None:
    try:
        value = float(_text(cell))
    except ValueError:
        return None
    return value if abs(value) <= limit else None


def _text(cell: object) -> str:
    if isinstance(cell, float):
        return str(int(cell)) if cell == int(cell) else str(cell)
    return str(cell).replace("\xa0", " ").strip()


READER = Calm()
