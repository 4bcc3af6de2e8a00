"""CALM site-years in long form with WorldClim climate: covariates, and the same thaw depths as the workbook."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl

from geocryoai.sources._calm_sheet import LONGITUDE_ERRATA
from geocryoai.sources._columns import Column, declared, read_columns, read_place, together, whole, year_periods
from geocryoai.sources._tabular import check_options, exclude, finish, observe, read_csv, rows_of
from geocryoai.sources.base import SourceData, SourceInfo

COVARIATES = {
    "elevation": Column("wc_elev", "m"),
    "maat": Column("wc_bio1", "degC"),
    "tas_seasonality": Column("wc_bio4", "degC", factor=0.01),
    "tas_range": Column("wc_bio7", "degC"),
    "pr_annual": Column("wc_bio12", "mm year-1"),
    "tdd": Column("tdd", "degC d"),
    "fdd": Column("fdd", "degC d"),
    "sqrt_tdd": Column("sqrt_tdd", "degC**0.5 d**0.5"),
    "thaw_months": Column("thaw_months", "month"),
    "tas_summer": Column("summer_t", "degC"),
    "pr_winter": Column("winter_prec", "mm"),
    "continentality": Column("continentality", "1"),
}

TARGETS = {"alt": Column("alt_cm", "cm")}


class CalmCovariates:
    """Reader of the long CALM table with climate per site."""

    info = SourceInfo(
        name="calm_covariates",
        title="CALM site-years with WorldClim climate",
        kind="covariates",
        licence="openly published upstream, no explicit licence on this copy: cite, do not re-host",
        citation="Brown, Hinkel & Nelson (2000), The circumpolar active layer monitoring (CALM) program, Polar "
        "Geography 24, 166-258; climate: Fick & Hijmans (2017), WorldClim 2 (doi 10.1002/joc.5086)",
        formats=("csv",),
        measures=("alt",),
        covariates=declared(COVARIATES),
        doi="10.1080/10889370009377698",
        quirks=(
            "Thaw depths are those of the CALM workbook: use one of the two as observations, not both.",
            "Column y is the logarithm of the thaw depth: a target, never a covariate.",
            "Climate is a long-term mean per site, not of the year; x and ym are map coordinates and not taken.",
            "Longitude of R29B is the workbook's misprint: corrected, the printed number is logged.",
            "wc_bio4 is 100 x the standard deviation of monthly temperature.",
        ),
    )

    def read(self, path: Path, *, source: str, options: Mapping[str, Any], targets: bool = True) -> SourceData:
        """Read the table; option `observations` (default true): put out the thaw depths, too."""
        chosen = check_options(options, {"observations": True}, where=source)
        table = read_csv(path, where=source, columns=["site", "year"])
        start, end = year_periods(whole(table, "year", 1900, 2100, source=source))
        place, taken = read_place(table, "lon", "lat", source=source)
        covariates, gone = read_columns(table, COVARIATES, source=source)
        site = table["site"].str.replace_all(r"\s+", "").str.to_uppercase()
        place, corrected = correct_longitude(place, site, table["lon"], source)
        taken.append(corrected)
        records = together([*place, *covariates], source, site=site, time_start=start, time_end=end)
        if not targets or not chosen["observations"]:
            return finish(self.info, records, [], [*taken, *gone])
        (thaw,), out = read_columns(table, TARGETS, source=source)
        observed = observe(records, thaw, variable="alt", method="CALM")
        return finish(self.info, records, [observed], [*taken, *gone, *out])


def correct_longitude(
    place: list[pl.Series], site: pl.Series, raw: pl.Series, source: str
) -> tuple[list[pl.Series], pl.DataFrame]:
    """Return the positions with the workbook's misprints corrected, and what was printed."""
    lon, lat = place
    wrong = pl.repeat(False, len(lon), eager=True)
    for code, (printed, meant) in LONGITUDE_ERRATA.items():
        here = ((site == code) & ((lon - printed).abs() < 1e-3)).fill_null(False)
        wrong, lon = wrong | here, lon.set(here, meant)
    return [lon, lat], exclude(raw.filter(wrong), rows_of(wrong), source=source, variable="lon", reason="misprint")


READER = CalmCovariates()
