"""Monthly net CO2 exchange of 20 peatlands, 1998-2020 (Helbig et al. 2022); the first data row holds units."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from geocryoai.core.errors import SourceError
from geocryoai.sources._columns import Column, declared, month_periods, read_columns, read_place, together, whole
from geocryoai.sources._fluxnet import TOWER_SUPPORT
from geocryoai.sources._tabular import check_options, finish, observe, read_csv
from geocryoai.sources.base import SourceData, SourceInfo

FILE = "2022PeatlandNEE_Dataset.csv"

#: Units as the file's second line must state them.
UNITS = {
    "NEE": "g C m-2 mo-1",
    "TA": "C",
    "WTD": "cm",
    "SWIN": "W m-2",
    "EVI_MOD": "-",
    "TA_CRU": "C",
    "PRE_CRU": "mm",
    "PET_CRU": "mm",
    "TS_SURF": "C",
    "TS_DEEP": "C",
    "VPD": "kPa",
    "VPD_CRU": "kPa",
    "SD": "cm",
}

COVARIATES = {
    "tas": Column("TA", "degC"),
    "wtd": Column("WTD", "cm"),
    "rsds": Column("SWIN", "W m-2", positive="down"),
    "evi": Column("EVI_MOD", "1"),
    "tas_cru": Column("TA_CRU", "degC"),
    "pr": Column("PRE_CRU", "mm month-1"),
    "pet": Column("PET_CRU", "mm month-1", to="mm d-1"),
    "ts_surface": Column("TS_SURF", "degC"),
    "ts_deep": Column("TS_DEEP", "degC"),
    "vpd": Column("VPD", "kPa"),
    "vpd_cru": Column("VPD_CRU", "kPa", to="Pa"),
    "snd": Column("SD", "cm"),
}

TARGETS = {"nee": Column("NEE", "g C m-2 month-1", positive="up")}

#: SITE_ID -> code of the site table beside the file, told by position. Another number stays "helbig-<number>".
SITES = {
    "1": "CA-ARB", "2": "CA-ARF", "3": "CA-MER", "4": "CA-SCC", "5": "CA-WP1", "6": "FI-KAA", "7": "FI-LOM",
    "9": "FI-SI1", "10": "IE-KIL", "12": "NO-AND", "15": "SE-DEG", "16": "SE-FAJ", "17": "UK-AMO", "18": "US-MBP",
    "19": "US-LTB", "20": "US-LTF", "21": "SE-STO", "22": "SE-MYK", "23": "JP-BBY", "24": "RU-ZOT",
}  # fmt: skip


class HelbigPeatland:
    """Reader of the peatland table."""

    info = SourceInfo(
        name="helbig_peatland",
        title="Monthly net ecosystem CO2 exchange of 20 northern peatlands",
        kind="observations",
        licence="openly published upstream, no explicit licence on this copy: cite, do not re-host",
        citation="Helbig et al. (2022), Warming response of peatland CO2 sink is sensitive to seasonality in warming "
        "trends, Nature Climate Change 12, 743-749",
        formats=("csv", "folder"),
        measures=("nee",),
        covariates=declared(COVARIATES),
        doi="10.1038/s41558-022-01428-z",
        quirks=(
            "The line after the header holds units; source_row counts from the line after it.",
            "NEE is a total of the month, positive = release: divided by the month's own length.",
            "Water table is positive above the surface, as in the house.",
            "Slightly negative shortwave radiation (polar night) is excluded as outside the valid range.",
        ),
    )

    def read(self, path: Path, *, source: str, options: Mapping[str, Any], targets: bool = True) -> SourceData:
        """Read the table, given as the file or as the folder that holds it; it has no options."""
        check_options(options, {}, where=source)
        if path.is_dir():
            path, source = path / FILE, f"{source}/{FILE}"
        stated = [name for name in UNITS if targets or name != TARGETS["nee"].name]
        check_units(read_csv(path, where=source, columns=["SITE_ID", "YEAR", "MONTH", *stated]), stated, source)
        table = read_csv(path, where=source, after=1)
        year = whole(table, "YEAR", 1980, 2100, source=source)
        start, end = month_periods(year, whole(table, "MONTH", 1, 12, source=source))
        days = pl.Series(end - start).dt.total_days().cast(pl.Float64).fill_null(np.nan).to_numpy()
        place, taken = read_place(table, "LONGITUDE", "LATITUDE", source=source)
        covariates, gone = read_columns(table, COVARIATES, source=source, days_in_month=days)
        site = table["SITE_ID"].replace_strict(SITES, default="helbig-" + table["SITE_ID"])
        records = together([*place, *covariates], source, site=site, time_start=start, time_end=end)
        if not targets:
            return finish(self.info, records, [], [*taken, *gone])
        (nee,), out = read_columns(table, TARGETS, source=source, days_in_month=days)
        observed = observe(records, nee, variable="nee", method="eddy covariance", support_m=TOWER_SUPPORT)
        return finish(self.info, records, [observed], [*taken, *gone, *out])


def check_units(table: pl.DataFrame, names: Sequence[str], source: str) -> None:
    """Raise unless the first data row states the units that the reader converts these columns from."""
    for name in names:
        unit = UNITS[name]
        found = table[name][0] if table.height else None
        if found != unit:
            raise SourceError(
                f"column '{name}': the row of units after the header does not say what this reader expects",
                where=source,
                found=repr(found),
                expected=repr(unit),
            )


READER = HelbigPeatland()
