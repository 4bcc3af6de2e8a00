"""FLUXNET-CH4 monthly fluxes as published: a folder with one file a tower and no dates.

Row k of a file is month k, counted from January of (first flux year - 5), and not before 2001. The first flux year
comes from the option `first_flux_year` or from the tidy table beside the folder; the latter is checked by comparing the
remote-sensing drivers (never the fluxes) of both. A tower that cannot be dated keeps its records, with null dates.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from geocryoai.core.errors import SourceError
from geocryoai.sources._columns import declared, month_periods, read_columns, read_place, together, whole
from geocryoai.sources._fluxnet import CITATION, DOI, DRIVERS, LICENCE, QUIRKS, TARGETS, flux_observations
from geocryoai.sources._tabular import check_options, finish, read_csv
from geocryoai.sources.base import SourceData, SourceInfo

#: No record begins before this year, since the drivers do not.
EARLIEST_YEAR = 2001

#: Years of drivers before the first flux.
LEAD_YEARS = 5

#: Share of common driver cells that must agree before the tidy table's first year is believed.
AGREEMENT = 0.99

#: Option -> default. Table names are relative to the folder that holds the folder of raw files.
OPTIONS = {
    "tidy": "fluxnet_ch4_monthly_highlat.csv",
    "sites": "fluxnet_ch4_sites.csv",
    "first_flux_year": {},
    "filled": False,
}

_FILE_NAME = re.compile(r"(?:\d+_)?(?P<site>[A-Z]{2}-\w+?)_cbf_obs\.csv")


@dataclass(frozen=True)
class Beside:
    """What the tables beside the folder say: the tidy table (or None) and the place of each site."""

    tidy: pl.DataFrame | None
    places: pl.DataFrame | None


class FluxnetCh4Raw:
    """Reader of the folder of undated files."""

    info = SourceInfo(
        name="fluxnet_ch4_raw",
        title="FLUXNET-CH4 v1 monthly fluxes as published, without dates",
        kind="observations",
        licence=LICENCE,
        citation=CITATION,
        formats=("folder of csv",),
        measures=tuple(TARGETS),
        covariates=declared(DRIVERS),
        doi=DOI,
        quirks=(*QUIRKS, "No date column: months count from January five years before the first flux year.",
                "Missing values are NaN or -9999."),
    )  # fmt: skip

    def read(self, path: Path, *, source: str, options: Mapping[str, Any], targets: bool = True) -> SourceData:
        """Read all files of the folder.

        Options: `tidy` and `sites`, tables beside the folder (default their published names; "" = none);
        `first_flux_year`, mapping of site to year, which goes before the tidy table; `filled` (default false).
        """
        chosen = check_options(options, OPTIONS, where=source)
        if not path.is_dir():
            raise SourceError("not a folder", where=source, expected="the folder with the *_cbf_obs.csv files")
        files = sorted(p for p in path.iterdir() if _FILE_NAME.fullmatch(p.name))
        if not files:
            raise SourceError("no files of the expected name", where=source, expected="NN_XX-Xxx_cbf_obs.csv")
        beside = _tables_beside(path, chosen)
        parts = [self._one(file, f"{source}/{file.name}", beside, chosen, targets) for file in files]
        records, observed, taken, notes = zip(*parts, strict=True)
        return finish(
            self.info,
            pl.concat(records),
            [table for tables in observed for table in tables],
            [table for tables in taken for table in tables],
            [note for note in notes if note],
        )

    def _one(
        self, file: Path, source: str, beside: Beside, chosen: Mapping[str, Any], targets: bool
    ) -> tuple[pl.DataFrame, list[pl.DataFrame], list[pl.DataFrame], str]:
        match = _FILE_NAME.fullmatch(file.name)
        site = match["site"] if match else file.stem
        table = read_csv(file, where=source)
        drivers, taken = read_columns(table, DRIVERS, source=source)
        start, note = _start_year(site, drivers, beside, chosen["first_flux_year"])
        months = pl.int_range(table.height, eager=True)
        year = months // 12 + start if start is not None else pl.Series([None] * table.height, dtype=pl.Int64)
        begin, end = month_periods(year, months % 12 + 1)
        lon, lat = _place(site, beside, table.height)
        records = together([lon, lat, *drivers], source, site=site, time_start=begin, time_end=end)
        if not targets:
            return records, [], taken, note
        observed, gone = flux_observations(table, records, source=source, filled=chosen["filled"])
        return records, observed, [*taken, *gone], note


def _tables_beside(path: Path, chosen: Mapping[str, Any]) -> Beside:
    tidy, places = None, None
    if chosen["tidy"] and (path.parent / chosen["tidy"]).is_file():
        tidy = read_csv(path.parent / chosen["tidy"], where=chosen["tidy"], columns=["site", "year", "month"])
    if chosen["sites"] and (path.parent / chosen["sites"]).is_file():
        places = read_csv(path.parent / chosen["sites"], where=chosen["sites"], columns=["SITE_ID", "LAT", "LON"])
    return Beside(tidy, places)


def _start_year(
    site: str, drivers: list[pl.Series], beside: Beside, given: Mapping[str, int]
) -> tuple[int | None, str]:
    """Return the year of a file's first row, or None and a note saying why it is not known."""
    if site in given:
        return max(int(given[site]) - LEAD_YEARS, EARLIEST_YEAR), ""
    if beside.tidy is None:
        return None, f"{site}: no tidy table and no option first_flux_year: records have no date"
    own = beside.tidy.filter(pl.col("site") == site)
    if own.is_empty():
        return None, f"{site}: not in the tidy table: records have no date (option first_flux_year gives one)"
    year = whole(own, "year", 1990, 2100, source="tidy table")
    month = whole(own, "month", 1, 12, source="tidy table")
    first = year.min()
    start = max(int(str(first)) - LEAD_YEARS, EARLIEST_YEAR)
    row = (year - start) * 12 + month - 1
    same, common = _driver_agreement(own, row, drivers)
    if common == 0 or same < AGREEMENT * common:
        return None, f"{site}: drivers differ from the tidy table ({same} of {common} agree): records have no date"
    return start, ""


def _driver_agreement(own: pl.DataFrame, row: pl.Series, drivers: list[pl.Series]) -> tuple[int, int]:
    """Return how many driver values of the tidy rows agree with those rows of the file, and how many could."""
    inside = row.is_between(0, len(drivers[0]) - 1)
    plan = {series.name: DRIVERS[series.name] for series in drivers}
    tidy, _ = read_columns(own, plan, source="tidy table")
    same = common = 0
    for theirs, ours in zip(tidy, drivers, strict=True):
        pair = pl.DataFrame({"a": theirs.filter(inside), "b": ours.gather(row.filter(inside))}).drop_nulls()
        common += pair.height
        same += int(((pair["a"] - pair["b"]).abs() <= 1e-6 * (1 + pair["a"].abs())).sum())
    return same, common


def _place(site: str, beside: Beside, height: int) -> tuple[pl.Series, pl.Series]:
    found: list[float | None] = [None, None]
    if beside.places is not None:
        own = beside.places.filter(pl.col("SITE_ID") == site)
        if own.height:
            place, _ = read_place(own, "LON", "LAT", source="site table")
            found = [series[0] for series in place]
    lon, lat = (pl.Series(name, [x] * height, dtype=pl.Float64) for name, x in zip(("lon", "lat"), found, strict=True))
    return lon, lat


READER = FluxnetCh4Raw()
