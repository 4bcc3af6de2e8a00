"""Annual CH4 emission of northern wetlands and uplands, a synthesis of the literature (Treat et al. 2018)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl

from geocryoai.sources._columns import Column, declared, one_hot, read_columns, read_place, together
from geocryoai.sources._periods import stated_years
from geocryoai.sources._tabular import check_options, exclude, finish, observe, read_csv, rows_of
from geocryoai.sources.base import SourceData, SourceInfo

#: 999 and -999 stand for "missing"; depth of the water table is positive below the surface.
COVARIATES = {
    "maat": Column("Mean_Annual_Air_Temp_C", "degC", missing=(999.0,)),
    "pr_annual": Column("Mean_Annual_Precip_mm", "mm year-1", missing=(999.0,)),
    "wtd": Column("Water_Table_Depth_cm", "cm", factor=-1.0, missing=(999.0,)),
    "ph": Column("pH", "1", missing=(999.0,)),
    "ts_site": Column("Soil_Temp_C", "degC", missing=(999.0,)),
    "moss_brown": Column("Moss_Brown", "1"),
    "moss_sphagnum": Column("Moss_Sphagnum", "1"),
}

#: Standardized ecosystem types with a column of their own, 0 or 1.
ECOSYSTEMS = {
    f"is_{name.lower()}": name for name in ("Bog", "Fen", "Pond", "Swamp", "Tundra", "Palsa", "Forest", "Marsh", "Lake")
}

FLAGS = {"has_permafrost": "TRUE"}

#: How much of a cover there is: absent, present, dominant.
RANKS = {"Absent": 0.0, "Present": 1.0, "Dominant": 2.0}
COVERS = {"sedges": "Cyperaceae", "shrubs": "Shrub", "trees": "Tree"}

TARGETS = {"fch4_annual": Column("Annual_CH4_Flux_g_m2_y", "g CH4 m-2 year-1", positive="up")}

#: A year in which all of it was measured; else seasonal fluxes were extended, or a model ran.
QUALITY = {"Measured": "measured", "Estimated": "filled", "Modeled": "filled"}


class Treat2018:
    """Reader of the synthesis table."""

    info = SourceInfo(
        name="treat2018",
        title="Annual CH4 emission across northern ecosystems",
        kind="observations",
        licence="R: redistributable with attribution",
        citation="Treat, Bloom & Marushchak (2018), Nongrowing season methane emissions, Global Change Biology 24, "
        "3331-3343",
        formats=("csv", "csv.gz"),
        measures=("fch4_annual",),
        covariates=declared(COVARIATES) | dict.fromkeys([*ECOSYSTEMS, *FLAGS, *COVERS], "1"),
        doi="10.1111/gcb.14137",
        quirks=(
            "Encoding is latin-1.",
            "Most annual sums were extended from a season ('Estimated') or modelled: quality 'filled'.",
            "999 and -999 stand for missing in water table and pH; water table is positive below the surface.",
            "Seasonal fluxes, multipliers and growing-season length belong to the annual sum: not taken.",
            "One year is 2066; periods are written in eight ways. Rows flagged Remove_QC are excluded.",
        ),
    )

    def read(self, path: Path, *, source: str, options: Mapping[str, Any], targets: bool = True) -> SourceData:
        """Read the table; it has no options. See `sources.base.Reader`."""
        check_options(options, {}, where=source)
        needed = ["Site_Name", "Year", "Permafrost", "Standardized_Ecosystem_Type", *COVERS.values()]
        table = read_csv(path, where=source, encoding="latin-1", columns=needed)
        start, end, odd = stated_years(table["Year"], source=source)
        place, taken = read_place(table, "Longitude", "Latitude", source=source)
        covariates, gone = read_columns(table, COVARIATES, source=source)
        covariates += one_hot(table["Standardized_Ecosystem_Type"], ECOSYSTEMS)
        covariates += one_hot(table["Permafrost"], FLAGS)
        covariates += [
            table[column].replace_strict(RANKS, default=None, return_dtype=pl.Float64).alias(own)
            for own, column in COVERS.items()
        ]
        records = together(
            [*place, *covariates], source, site=table["Site_Name"].str.strip_chars('"'), time_start=start, time_end=end
        )
        if not targets:
            return finish(self.info, records, [], [*taken, *gone, odd])
        observed, out = _annual(table, records, source)
        return finish(self.info, records, [observed], [*taken, *gone, odd, *out], replicates=True)


def _annual(table: pl.DataFrame, records: pl.DataFrame, source: str) -> tuple[pl.DataFrame, list[pl.DataFrame]]:
    (flux,), taken = read_columns(table, TARGETS, source=source)
    removed = (table["Remove_QC"] == "TRUE").fill_null(False) & flux.is_not_null()
    raw = table[TARGETS["fch4_annual"].name].filter(removed)
    reason = "the provider's quality control removes it"
    taken.append(exclude(raw, rows_of(removed), source=source, variable="fch4_annual", reason=reason))
    quality = table["Annual_Flux_Type"].replace_strict(QUALITY, default="doubtful")
    method = table["Method"].fill_null("unknown method").str.to_lowercase()
    observed = observe(records, flux.set(removed, None), variable="fch4_annual", method=method, quality=quality)
    return observed, taken


READER = Treat2018()
