"""ERA5-Land climatology 2015-2020 at active-layer sites: covariates by position only."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl

from geocryoai.sources._columns import Column, declared, read_columns, read_place, together
from geocryoai.sources._tabular import check_options, exclude, finish, read_csv, rows_of
from geocryoai.sources.base import SourceData, SourceInfo

COVARIATES = {
    "maat": Column("e5_maat", "degC"),
    "tdd": Column("e5_tdd", "degC d"),
    "fdd": Column("e5_fdd", "degC d"),
    "sqrt_tdd": Column("e5_sqrt_tdd", "degC**0.5 d**0.5"),
    "tas_warmest": Column("e5_twarm", "degC"),
    "tas_coldest": Column("e5_tcold", "degC"),
    "ts_mean": Column("e5_stl1", "degC"),
    "swe": Column("e5_swe", "m"),
}

#: Snow water equivalent that ERA5-Land holds constant on glacier cells [m]; such a cell is no tundra.
GLACIER_SWE = 10.0

#: Rounding noise below zero [m].
NOISE = 1e-9


class Era5LandClimatology:
    """Reader of the per-location climatology table."""

    info = SourceInfo(
        name="era5land_climatology",
        title="ERA5-Land climatology 2015-2020 at active-layer sites",
        kind="covariates",
        licence="openly published upstream, no explicit licence on this copy: cite, do not re-host",
        citation="Munoz-Sabater et al. (2021), ERA5-Land, Earth System Science Data 13, 4349-4383",
        formats=("csv",),
        covariates=declared(COVARIATES),
        doi="10.5194/essd-13-4349-2021",
        quirks=(
            "A mean of 2015-2020, not of a year: records carry a place and no time.",
            "Sea cells have a row and no values.",
            "Glacier cells hold 10 m of snow water for ever; their snow is taken out.",
            "ts_mean is soil level 1 (0-7 cm).",
        ),
    )

    def read(self, path: Path, *, source: str, options: Mapping[str, Any], targets: bool = True) -> SourceData:
        """Read the table; it has no options and measures nothing, so `targets` changes nothing."""
        check_options(options, {}, where=source)
        table = read_csv(path, where=source, columns=["e5_swe"])
        place, taken = read_place(table, "lon", "lat", source=source)
        noise = pl.col("e5_swe").cast(pl.Float64, strict=False).is_between(-NOISE, 0)
        table = table.with_columns(pl.when(noise).then(pl.lit("0")).otherwise(pl.col("e5_swe")).alias("e5_swe"))
        covariates, gone = read_columns(table, COVARIATES, source=source)
        snow = next(series for series in covariates if series.name == "swe")
        glacier = (snow >= GLACIER_SWE).fill_null(False)
        reason = "glacier cell: snow water equivalent held constant"
        gone.append(exclude(snow.filter(glacier), rows_of(glacier), source=source, variable="swe", reason=reason))
        covariates = [series.set(glacier, None) if series.name == "swe" else series for series in covariates]
        records = together([*place, *covariates], source)
        return finish(self.info, records, [], [*taken, *gone])


READER = Era5LandClimatology()
