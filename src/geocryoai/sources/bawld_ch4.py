"""BAWLD-CH4: chamber CH4 fluxes by site and wetland class, with site conditions and cell land cover."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl

from geocryoai.sources._columns import Column, declared, one_hot, read_columns, read_place, together
from geocryoai.sources._periods import stated_years
from geocryoai.sources._tabular import check_options, finish, observe, read_csv
from geocryoai.sources.base import SourceData, SourceInfo

#: Conditions at the site, measured in the campaign.
SITE = {
    "maat": Column("MAAT", "degC"),
    "pr_annual": Column("MAP", "mm year-1"),
    "tas": Column("TPer", "degC"),
    "tas_grid": Column("AveGridTemp", "degC"),
    "ts_shallow": Column("TSoilA", "degC"),
    "ts_deep": Column("TsoilB", "degC"),
    "wtd": Column("WTAv", "cm"),
    "sm": Column("SoilMoist", "percent"),
    "organic_depth": Column("Org", "cm"),
    "active_layer": Column("AL", "cm", to="m"),
    "ph": Column("pH", "1"),
}

#: Land cover of the 0.5 degree cell.
CELL = {
    "wetland_fraction": Column("WET", "percent"),
    "glacier_fraction": Column("GLA", "percent", to="1"),
    "rock_fraction": Column("ROC", "percent", to="1"),
    "tundra_fraction": Column("TUN", "percent", to="1"),
    "boreal_fraction": Column("BOR", "percent", to="1"),
    "permafrost_bog_fraction": Column("PEB", "percent", to="1"),
    "tundra_wetland_fraction": Column("WTU", "percent", to="1"),
    "marsh_fraction": Column("MAR", "percent", to="1"),
    "bog_fraction": Column("BOG", "percent", to="1"),
    "fen_fraction": Column("FEN", "percent", to="1"),
    "lake_fraction": Column("LAK", "percent", to="1"),
    "river_fraction": Column("RIV", "percent", to="1"),
    "tas_annual": Column("CD_Tmp_An", "degC"),
    "pr_annual_grid": Column("CD_Pcp_An", "mm year-1"),
} | {f"tas_{month:02d}": Column(f"CD_Tmp_m{month - 1}", "degC") for month in range(1, 13)}

#: Wetland classes and permafrost zones (no permafrost = 0 in all), one column each, 0 or 1.
CLASSES = {
    "is_permafrost_bog": "PermBog",
    "is_bog": "Bog",
    "is_fen": "Fen",
    "is_tundra_wetland": "PermWet",
    "is_marsh": "Marshes",
}
ZONES = {"pf_continuous": "C", "pf_discontinuous": "D", "pf_sporadic": "S"}

#: How much of a cover there is: absent, present, dominant.
RANKS = {"A": 0.0, "P": 1.0, "D": 2.0}
COVERS = {"sedges": "Sedge", "sphagnum": "Sphag", "moss": "Moss", "trees": "Trees", "shrubs": "Shrubs"}

TARGETS = {"fch4": Column("CH4Av", "mg CH4 m-2 d-1", positive="up")}

METHODS = {"C": "chamber", "E": "eddy covariance"}


class BawldCh4:
    """Reader of the table of site-classes."""

    info = SourceInfo(
        name="bawld_ch4",
        title="BAWLD-CH4: CH4 fluxes of boreal and arctic wetlands 1984-2019",
        kind="observations",
        licence="openly published upstream, no explicit licence on this copy: cite, do not re-host",
        citation="Kuhn et al. (2021), BAWLD-CH4, Earth System Science Data 13, 5151-5189",
        formats=("csv",),
        measures=("fch4",),
        covariates=declared(SITE | CELL) | dict.fromkeys([*CLASSES, *ZONES, *COVERS], "1"),
        doi="10.5194/essd-13-5151-2021",
        quirks=(
            "Encoding is latin-1.",
            "A value is the mean of a site-class over its seasons: the time of a record spans whole years.",
            "Site conditions (soil temperature, water table, moisture, active layer) are measured beside the flux.",
            "log.CH4, CH4.Pos, medians, maxima, annual sums and CO2 fluxes are measured with the target: not taken.",
            "Column Thaw mixes signs and is not taken.",
            "SiteID is the first word of the site's name, so a few names stand for several places.",
        ),
    )

    def read(self, path: Path, *, source: str, options: Mapping[str, Any], targets: bool = True) -> SourceData:
        """Read the table; it has no options. See `sources.base.Reader`."""
        check_options(options, {}, where=source)
        needed = ["SiteID", "Years", "Class", "PfReg", *COVERS.values()]
        table = read_csv(path, where=source, encoding="latin-1", columns=needed)
        start, end, odd = stated_years(table["Years"], source=source)
        place, taken = read_place(table, "LongDec", "LatDec", source=source)
        covariates, gone = read_columns(table, SITE | CELL, source=source)
        covariates += one_hot(table["Class"], CLASSES) + one_hot(table["PfReg"], ZONES)
        covariates += [
            table[column].replace_strict(RANKS, default=None, return_dtype=pl.Float64).alias(own)
            for own, column in COVERS.items()
        ]
        records = together([*place, *covariates], source, site=table["SiteID"], time_start=start, time_end=end)
        if not targets:
            return finish(self.info, records, [], [*taken, *gone, odd])
        (flux,), out = read_columns(table, TARGETS, source=source)
        method = table["Meth"].replace_strict(METHODS, default="unknown method")
        observed = observe(records, flux, variable="fch4", method=method)
        return finish(self.info, records, [observed], [*taken, *gone, odd, *out], replicates=True)


READER = BawldCh4()
