"""ABoVE active-layer site-years: means of many probings at one place in one year."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl

from geocryoai.core.errors import SourceError
from geocryoai.sources._columns import Column, read_columns, read_place, together, whole, year_periods
from geocryoai.sources._tabular import check_options, finish, observe, read_csv
from geocryoai.sources.base import SourceData, SourceInfo

#: Coefficient of variation of single probings less than 200 m apart in the same year. Estimated from the 6472 pairs of
#: such site-years with at most three probings in this data set: sqrt(mean((a - b)^2 / (2 m^2))), m the pair's mean.
PROBING_CV = 0.26

#: Reading error of a probe [m]: the depth is read to the nearest centimetre.
READING_ERROR = 0.01

TARGETS = {"alt": Column("alt_cm", "cm")}


class AboveAlt:
    """Reader of the site-year table made from the ABoVE soil moisture and active-layer collection."""

    info = SourceInfo(
        name="above_alt",
        title="ABoVE active layer thickness, site-year means",
        kind="observations",
        licence="openly published upstream, no explicit licence on this copy: cite, do not re-host",
        citation="ABoVE soil moisture and active layer thickness, ORNL DAAC data set 2369",
        formats=("csv",),
        measures=("alt",),
        doi="10.3334/ORNLDAAC/2369",
        quirks=(
            "Some site names carry quotation marks of their own.",
            "The standard error follows from the number of probings n: sqrt((0.26 ALT)^2 / n + (1 cm)^2).",
            "The day of the survey is lost, so a value may be shallower than the year's maximum.",
        ),
    )

    def read(self, path: Path, *, source: str, options: Mapping[str, Any], targets: bool = True) -> SourceData:
        """Read the table; it has no options. See `sources.base.Reader`."""
        check_options(options, {}, where=source)
        table = read_csv(path, where=source, columns=["site_name", "year", "lat", "lon"])
        start, end = year_periods(whole(table, "year", 1900, 2100, source=source))
        place, taken = read_place(table, "lon", "lat", source=source)
        site = table["site_name"].str.strip_chars("'\"").str.strip_chars()
        records = together(place, source, site=site, time_start=start, time_end=end)
        if not targets:
            return finish(self.info, records, [], taken)
        (thaw,), gone = read_columns(table, TARGETS, source=source)
        observed = observe(
            records, thaw, variable="alt", method="probing", sigma=standard_error(table, thaw, source=source)
        )
        return finish(self.info, records, [observed], [*taken, *gone])


def standard_error(table: pl.DataFrame, thaw: pl.Series, *, source: str) -> pl.Series:
    """Return the standard error of each site-year mean [m] from its number of probings."""
    count = whole(table, "n_pts", 0, 10**9, source=source)
    absent = thaw.is_not_null() & (count.fill_null(0) < 1)
    if absent.any():
        row = int(absent.arg_true()[0])
        raise SourceError("a mean of no probings", where=source, found=f"data row {row}", expected="n_pts of 1 or more")
    return ((PROBING_CV * thaw) ** 2 / count + READING_ERROR**2).sqrt()


READER = AboveAlt()
