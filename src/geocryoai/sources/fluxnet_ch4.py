"""FLUXNET-CH4 monthly fluxes at high-latitude towers, tidy: one row for each tower and month."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from geocryoai.sources._columns import declared, month_periods, one_hot, read_columns, read_place, together, whole
from geocryoai.sources._fluxnet import CITATION, DOI, DRIVERS, LICENCE, QUIRKS, TARGETS, flux_observations
from geocryoai.sources._tabular import check_options, finish, read_csv
from geocryoai.sources.base import SourceData, SourceInfo

#: Site classes as 0/1 covariates; a class that is not listed has 0 in all of them and is noted.
CLASSES = {
    "is_bog": "Bog",
    "is_fen": "Fen",
    "is_wet_tundra": "Wet tundra",
    "is_upland": "Upland",
    "is_marsh": "Marsh",
    "is_swamp": "Swamp",
    "is_lake": "Lake",
    "is_drained": "Drained",
}


class FluxnetCh4:
    """Reader of the tidy monthly table."""

    info = SourceInfo(
        name="fluxnet_ch4",
        title="FLUXNET-CH4 v1 monthly fluxes at high-latitude towers",
        kind="observations",
        licence=LICENCE,
        citation=CITATION,
        formats=("csv",),
        measures=tuple(TARGETS),
        covariates=declared(DRIVERS) | dict.fromkeys(CLASSES, "1"),
        doi=DOI,
        quirks=(*QUIRKS, "Year and month were rebuilt from the length of the records."),
    )

    def read(self, path: Path, *, source: str, options: Mapping[str, Any], targets: bool = True) -> SourceData:
        """Read the table; option `filled` (default false): put out gap-filled values, too, marked as filled."""
        chosen = check_options(options, {"filled": False}, where=source)
        table = read_csv(path, where=source, columns=["site", "year", "month", "lat", "lon", "cls"])
        year = whole(table, "year", 1990, 2100, source=source)
        start, end = month_periods(year, whole(table, "month", 1, 12, source=source))
        place, taken = read_place(table, "lon", "lat", source=source)
        drivers, gone = read_columns(table, DRIVERS, source=source)
        classes = one_hot(table["cls"], CLASSES)
        records = together([*place, *drivers, *classes], source, site=table["site"], time_start=start, time_end=end)
        unknown = sorted(set(table["cls"].drop_nulls()) - set(CLASSES.values()))
        notes = [f"site class '{name}' has no column of its own" for name in unknown]
        if not targets:
            return finish(self.info, records, [], [*taken, *gone], notes)
        observed, out = flux_observations(table, records, source=source, filled=chosen["filled"])
        return finish(self.info, records, observed, [*taken, *gone, *out], notes)


READER = FluxnetCh4()
