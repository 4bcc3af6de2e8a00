"""Template of a reader: copy this file, change what is marked, add one line to `READERS`.

The file it reads is a small table of yearly thaw surveys::

    station,year,lon,lat,thaw_cm,probings,air_temp_F
    A1,2019,-149.6,68.6,44.5,121,14.2

Steps
-----
1. Write `READER.info`: licence, how to cite, what it measures, covariates with units, and every trap of the file.
2. Give each column its unit and sign in a plan of `Column`; conversion then happens in one place.
3. Build `records` from columns that are known without measuring (place, time, drivers), one row for each row of the
   file, also where nothing was measured.
4. Read targets only if asked; what is taken out goes to the exclusions with a reason.
5. Test it with a file made by code (see the test of this module): good input, each kind of bad input, and that
   `records` does not change when the targets are blanked.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from geocryoai.sources._columns import Column, declared, read_columns, read_place, together, whole, year_periods
from geocryoai.sources._tabular import check_options, exclude, finish, observe, read_csv, rows_of
from geocryoai.sources.base import SourceData, SourceInfo

#: What a learner may see. A column measured together with the target never stands here.
COVARIATES = {"tas": Column("air_temp_F", "degF")}

#: What was measured. A flux would also declare which direction is positive in the file.
TARGETS = {"alt": Column("thaw_cm", "cm")}


class TemplateReader:
    """Reader of the table shown above; see `sources.base.Reader` for what each method must do."""

    info = SourceInfo(
        name="template",
        title="Yearly thaw surveys (example of a reader)",
        kind="observations",
        licence="CC0",
        citation="Nobody (2026): made-up example",
        formats=("csv",),
        measures=tuple(TARGETS),
        covariates=declared(COVARIATES),
        quirks=("Air temperature is in degF.",),
    )

    def read(self, path: Path, *, source: str, options: Mapping[str, Any], targets: bool = True) -> SourceData:
        """Read the table; option `min_probings` (default 1) is the least number of probings of a survey that counts."""
        chosen = check_options(options, {"min_probings": 1}, where=source)
        table = read_csv(path, where=source, columns=["station", "year", "lon", "lat"])
        start, end = year_periods(whole(table, "year", 1900, 2100, source=source))
        covariates, taken = read_columns(table, COVARIATES, source=source)
        place, gone = read_place(table, "lon", "lat", source=source)
        records = together([*place, *covariates], source, site=table["station"], time_start=start, time_end=end)
        if not targets:
            return finish(self.info, records, [], [*taken, *gone])
        (thaw,), out = read_columns(table, TARGETS, source=source)
        few = (whole(table, "probings", 0, 10**9, source=source) < chosen["min_probings"]).fill_null(True)
        lost = few & thaw.is_not_null()
        out.append(exclude(thaw.filter(lost), rows_of(lost), source=source, variable="alt", reason="too few probings"))
        observed = observe(records, thaw.set(few, None), variable="alt", method="probing")
        return finish(self.info, records, [observed], [*taken, *gone, *out])


READER = TemplateReader()
