"""CALM summary workbook (.xls): end-of-season thaw depth by site and year.

The sheet is read by position: value column k is the year 1990 + k, since the header prints some years as ``###``. A
record is one sheet row (`source_row`, 0-based row of the sheet) and one year; its time is the whole year.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl

from geocryoai.core.units import to_canonical
from geocryoai.sources._calm_sheet import (
    FIRST_VALUE_COLUMN,
    FIRST_YEAR,
    LONGITUDE_ERRATA,
    NO_SURVEY,
    Row,
    cell_text,
    parse_cell,
    sheet_cells,
    site_rows,
)
from geocryoai.sources._columns import year_periods
from geocryoai.sources._tabular import check_options, exclude, finish, observe
from geocryoai.sources.base import SourceData, SourceInfo


class Calm:
    """Reader of the network's summary workbook."""

    info = SourceInfo(
        name="calm",
        title="Circumpolar Active Layer Monitoring: end-of-season thaw depth 1990-2025",
        kind="observations",
        licence="openly published upstream, no explicit licence on this copy: cite, do not re-host",
        citation="Brown, Hinkel & Nelson (2000), The circumpolar active layer monitoring (CALM) program, Polar "
        "Geography 24, 166-258",
        formats=("xls", "xlsx"),
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
        method = cell_text(row.cells[4]) or None
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
            if cell_text(raw) in NO_SURVEY:
                continue
            value, quality, reason = parse_cell(raw, mongolian=row.block == "Mongolia")
            table.append((row.number, FIRST_YEAR + k, str(raw), value, quality, reason))
    names = ["source_row", "year", "raw", "value", "quality", "reason"]
    kinds = [pl.Int64, pl.Int64, pl.String, pl.Float64, pl.String, pl.String]
    return pl.DataFrame(table, schema=dict(zip(names, kinds, strict=True)), orient="row")


def _excluded(values: pl.DataFrame, source: str) -> pl.DataFrame:
    gone = values.filter(pl.col("value").is_null())
    raw = pl.Series(gone["raw"] + " (" + gone["year"].cast(pl.String) + ")")
    table = exclude(raw, gone["source_row"], source=source, variable="alt", reason="")
    return table.with_columns(reason=gone["reason"])


def _coordinate(cell: object, limit: float) -> float | None:
    try:
        value = float(cell_text(cell))
    except ValueError:
        return None
    return value if abs(value) <= limit else None


READER = Calm()
