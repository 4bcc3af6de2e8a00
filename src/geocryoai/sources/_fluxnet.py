"""What the two FLUXNET-CH4 readers share: columns, units, signs and which values count as measured."""

from __future__ import annotations

import polars as pl

from geocryoai.sources._columns import Column, read_columns
from geocryoai.sources._tabular import observe

LICENCE = "CC-BY-4.0"
CITATION = "Delwiche et al. (2021), FLUXNET-CH4, Earth System Science Data 13, 3607-3689"
DOI = "10.5194/essd-13-3607-2021"

#: Side of the area a tower's monthly value stands for [m]: 80 % footprint areas run from 1e3 to 1e7 m2 (Chu et al.
#: 2021, doi 10.1016/j.agrformet.2021.108350); this is the side of the geometric mean, 1e5 m2.
TOWER_SUPPORT = 316.0

#: Remote-sensing drivers in the flux files. EWT is the water-storage anomaly from gravimetry.
DRIVERS = {
    "lai": Column("LAI", "1"),
    "scf": Column("SCF", "1"),
    "water_storage": Column("EWT", "mm"),
    "biomass": Column("ABGB", "g C m-2"),
}

#: Targets as published: CH4 is grams of carbon, NBE positive to the atmosphere, GPP positive = uptake.
TARGETS = {
    "fch4": Column("CH4", "g C m-2 d-1", positive="up"),
    "nee": Column("NBE", "g C m-2 d-1", positive="up"),
    "gpp": Column("GPP_DT", "g C m-2 d-1", positive="down"),
    "reco": Column("ER_DT", "g C m-2 d-1", positive="up"),
}

#: Gap-filled versions of measured fluxes.
FILLED = {
    "fch4": Column("CH4_F", "g C m-2 d-1", positive="up"),
    "nee": Column("NBE_F", "g C m-2 d-1", positive="up"),
}

QUIRKS = (
    "Columns _F are gap-filled: put out only on request, always with quality 'filled'; _ANN (network-filled) never.",
    "GPP_DT and ER_DT are partitioned from NBE: method 'partitioned', and 'filled' in months without a measured NBE.",
    "Night-time partitioning (_NT) and ET are not taken; ET, GPP and ER are measured with the targets: no covariates.",
    "Some cells are 'inf': excluded.",
)


def flux_observations(
    table: pl.DataFrame, records: pl.DataFrame, *, source: str, filled: bool
) -> tuple[list[pl.DataFrame], list[pl.DataFrame]]:
    """Return measured, partitioned and (if asked for) filled fluxes, and what was taken out."""
    values, taken = read_columns(table, TARGETS, source=source)
    fluxes = {series.name: series for series in values}
    measured = fluxes["nee"].is_not_null()
    partitioned = pl.select(pl.when(measured).then(pl.lit("measured")).otherwise(pl.lit("filled"))).to_series()
    observed = [
        observe(records, fluxes[name], variable=name, method="eddy covariance", support_m=TOWER_SUPPORT)
        for name in ("fch4", "nee")
    ]
    observed += [
        observe(
            records, fluxes[name], variable=name, method="partitioned", support_m=TOWER_SUPPORT, quality=partitioned
        )
        for name in ("gpp", "reco")
    ]
    if filled:
        more, gone = read_columns(table, FILLED, source=source)
        taken += gone
        for series in more:
            gaps = series.set(fluxes[series.name].is_not_null(), None)
            observed.append(
                observe(
                    records, gaps, variable=series.name, method="gap-filled", support_m=TOWER_SUPPORT, quality="filled"
                )
            )
    return observed, taken
