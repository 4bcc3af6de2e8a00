"""Sheet of the CALM workbook: rows, years and cells, read by position."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from geocryoai.core.errors import MissingDependencyError, SourceError, nearest
from geocryoai.sources._tabular import read_bytes

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


def sheet_cells(path: Path, source: str, sheet: str) -> list[list[object]]:
    """Return the cells of one sheet of a workbook, row by row; the published one is .xls, a converted one .xlsx."""
    content = read_bytes(path, source)
    opener = _open_xlsx if content.startswith(b"PK") else _open_xls
    try:
        sheets = opener(content)
    except MissingDependencyError:
        raise
    except Exception as error:  # the workbook libraries raise whatever a damaged stream leads them to
        raise SourceError(
            "the workbook cannot be opened", where=source, found=str(error), expected="a complete .xls file"
        ) from error
    if sheet not in sheets:
        raise SourceError(f"no sheet '{sheet}'", where=source, next_step=nearest(sheet, sheets))
    return sheets[sheet]


def _open_xls(content: bytes) -> dict[str, list[list[object]]]:
    try:
        import xlrd
    except ImportError as error:
        raise MissingDependencyError("xlrd", extra="excel", needed_for="reading a .xls workbook") from error
    book = xlrd.open_workbook(file_contents=content)
    return {page.name: [list(page.row_values(number)) for number in range(page.nrows)] for page in book.sheets()}


def _open_xlsx(content: bytes) -> dict[str, list[list[object]]]:
    try:
        import openpyxl
    except ImportError as error:
        raise MissingDependencyError("openpyxl", extra="excel", needed_for="reading a .xlsx workbook") from error
    book = openpyxl.load_workbook(BytesIO(content), data_only=True)
    return {page.title: [["" if cell is None else cell for cell in row] for row in page.values] for page in book}


def site_rows(cells: list[list[object]], source: str) -> tuple[list[Row], int]:
    """Return the site rows and the number of years; every header is checked against the years by position."""
    rows: list[Row] = []
    block, years = "", 0
    for number, row in enumerate(cells):
        code, name = cell_text(row[0]), cell_text(row[1]) if len(row) > 1 else ""
        if len(row) <= FIRST_VALUE_COLUMN or not any(cell_text(cell) for cell in row):
            continue
        if cell_text(row[2]) == "LAT":
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
    cells = [cell_text(cell) for cell in row[FIRST_VALUE_COLUMN:]]
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


def parse_cell(raw: object, *, mongolian: bool = False) -> tuple[float | None, str | None, str | None]:
    """Return value [cm], quality and, where there is no value, the reason.

    >>> parse_cell("98*"), parse_cell(">148")[2]
    ((98.0, 'doubtful', None), 'a bound, not a depth')
    >>> parse_cell(1.45, mongolian=True)
    (145.0, 'doubtful', None)
    """
    text = cell_text(raw)
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


def cell_text(cell: object) -> str:
    """Return a cell as text: blanks stripped (also the non-breaking ones), whole numbers without a point."""
    if isinstance(cell, float):
        return str(int(cell)) if cell == int(cell) else str(cell)
    return str(cell).replace("\xa0", " ").strip()
