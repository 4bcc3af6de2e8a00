"""ABCflux v1 monthly CO2 fluxes with drivers; names, places and dates of its sites were lost upstream."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl

from geocryoai.core.errors import SourceError
from geocryoai.core.units import MEAN_MONTH_DAYS
from geocryoai.sources._columns import Column, declared, flags, read_columns, together
from geocryoai.sources._tabular import check_options, exclude, finish, observe, read_csv, rows_of
from geocryoai.sources.base import SourceData, SourceInfo

_ERA5 = "_era5_soilmoist_temp_snow"
_LAND_COVER = "ESACCI_cavm_general_ESAwaterfix_broadevfix_mixfix_cropfix_nowaterglacier_ESACCI_CAVM_merged"

#: Drivers of the month.
MONTHLY = {
    "tas": Column("tmean_terraclimate_sites", "degC", factor=0.1),
    "vpd": Column("vpd_terraclimate_sites", "kPa", factor=0.01),
    "rsds": Column("srad_terraclimate_sites", "W m-2", positive="down", factor=0.1),
    "pr": Column("pr_terraclimate_sites", "mm month-1"),
    "swe": Column("swe_terraclimate_sites", "mm"),
    "pdsi": Column("pdsi_terraclimate_sites", "1", factor=0.01),
    "lst_day": Column("LST_Day_1km_MOD11A2v006_LST_Day_sites_low_quality", "kelvin", factor=0.02),
    "ts_era5": Column(f"Soil.temperature.level.1{_ERA5}", "kelvin", to="degC"),
    "sm": Column(f"Volumetric.soil.water.layer.1{_ERA5}", "1"),
    "scf": Column(f"Snow.cover{_ERA5}", "percent"),
    "ndvi": Column("NDVI_whittaker_constant_monthly_mean", "1"),
    "ndvi_gimms": Column("ndvi3g_lowest_gapfilled_mean_GIMMS3g_NDVI_sites_low_quality_gapfilled", "1"),
    "thaw_counts": Column("SMMR_SSMIS_thaw_days_NTSG_FT_SMMR_SSMIS_25km", "1"),
    "co2_barrow": Column("Barrow_CO2_conc_Barrow_CO2conc", "ppm", to="umol mol-1"),
}

#: Drivers of the year or the site. Those without a stated unit keep their numbers as published.
STATIC = {
    "tas_climatology": Column("tmean_TerraClimate_averages", "degC"),
    "pr_climatology": Column("ppt_TerraClimate_averages", "mm month-1", to="mm d-1"),
    "tas_trend_1960_1990": Column("terra_trend_19601990", "1"),
    "tas_trend_20yr": Column("trend_20yrprior_terra_change_id", "1"),
    "ndvi_trend_1981_2010": Column("ndvi_trend_19812010", "1"),
    "ndvi_trend_10yr": Column("ndvi_trend_10yrprior_ndvi_change_id", "1"),
    "wetness_vegetation": Column("water_vegetation_MCD43A4_annual_water_vegetation_sites_low_quality", "1"),
    "wetness_ground": Column("water_ground_MCD43A4_annual_water_ground_sites_low_quality", "1"),
    "tree_fraction": Column("Percent_Tree_Cover_MOD44B_sites", "percent"),
    "nontree_fraction": Column("Percent_NonTree_Vegetation_MOD44B_sites", "percent", to="1"),
    "bare_fraction": Column("Percent_NonVegetated_MOD44B_sites", "percent", to="1"),
    "biomass_above": Column("aboveground_biomass_carbon_2010_Above_belowground_biomass", "1"),
    "biomass_below": Column("belowground_biomass_carbon_2010_Above_belowground_biomass", "1"),
    "soc_soilgrids": Column("SoilGrids_SOC_SoilGrids_SOCstock", "1"),
    "ph": Column("PHIHOX_M_sl1_250m_ll_SoilGrids", "1", factor=0.1),
    "wilting_point": Column(
        "sol_watercontent.1500kPa_usda.3c2a1a_m_250m_b0..0cm_1950..2017_v0.1_SoilGrids_watercontent", "percent", to="1"
    ),
    "roughness": Column("dtm_rough.scale_merit.dem_m_250m_s0..0cm_2018_v1.0_MERIT_topo_indices_250m", "1"),
    "permafrost_probability": Column("UiO_PEX_PERPROB_5.0_20181128_2000_2016_NH_UiO_PEX_20181128_2000_2016_NH", "1"),
}

#: Classes, one column each, 0 or 1.
CLASSES = flags(
    {f"landcover_{code}": f"{_LAND_COVER}{code}" for code in (21, 31, 33, 60, 70, 80, 90)}
    | {f"forest_age_{code}": f"forest_age_class_forest_age_sites{code}" for code in (2, 3)}
    | {"thermokarst_wetland_1": "TKWP_Thermokarst1"}
    | {f"thermokarst_hillslope_{code}": f"TKHP_Thermokarst{code}" for code in (1, 3)}
    | {"fire_1": "Number_of_days_since_fire_classes_MCD64A1_sites_cleaned1"}
)

COVARIATES = MONTHLY | STATIC | CLASSES

#: Monthly totals: uptake is negative in NEE and in GPP, Reco is positive.
TARGETS = {
    "nee": Column("NEE", "g C m-2 month-1", positive="up"),
    "gpp": Column("GPP", "g C m-2 month-1", positive="up"),
    "reco": Column("Reco", "g C m-2 month-1", positive="up"),
}

METHODS = {"nee": "eddy covariance or chamber", "gpp": "partitioned", "reco": "partitioned"}


class AbcFlux:
    """Reader of the monthly table."""

    info = SourceInfo(
        name="abcflux",
        title="ABCflux v1: monthly NEE, GPP and ecosystem respiration of the Arctic-boreal zone",
        kind="observations",
        licence="openly published upstream, no explicit licence on this copy: cite, do not re-host",
        citation="Virkkala et al. (2022), The ABCflux database, Earth System Science Data 14, 179-208; ORNL DAAC 1934 "
        "(doi 10.3334/ORNLDAAC/1934)",
        formats=("csv", "csv.gz"),
        measures=tuple(TARGETS),
        covariates=declared(COVARIATES),
        doi="10.5194/essd-14-179-2022",
        quirks=(
            "Site is a group code; place and date are unknown: null. co2_barrow orders the months in time.",
            "Fluxes are monthly totals without a date: the mean month of 30.4375 d is used.",
            "GPP is published negative for uptake; the house GPP is positive for uptake.",
            "Rows with dup_key share all drivers with another row, so their fluxes may be paired wrongly.",
            "closure_resid is Reco + GPP - NEE, made of targets: never a covariate.",
            "Driver blocks are missing together where a row came from the coarser model only.",
        ),
    )

    def read(self, path: Path, *, source: str, options: Mapping[str, Any], targets: bool = True) -> SourceData:
        """Read the table.

        Option `drop_shared_drivers` (default true): fluxes of rows marked `dup_key` are excluded, since NEE, GPP and
        respiration were put together by a key of drivers that several co-located records share. Their records stay.
        """
        chosen = check_options(options, {"drop_shared_drivers": True}, where=source)
        table = read_csv(path, where=source, columns=["site_group", "dup_key"])
        covariates, taken = read_columns(table, COVARIATES, source=source, days_in_month=MEAN_MONTH_DAYS)
        records = together(covariates, source, site=table["site_group"])
        shared = (
            shared_key(table, source) if chosen["drop_shared_drivers"] else pl.repeat(False, table.height, eager=True)
        )
        notes = [f"monthly totals carry no date: divided by the mean month of {MEAN_MONTH_DAYS} d"]
        if shared.any():
            notes.append(f"{shared.sum()} rows share their drivers with another row: their fluxes are left out")
        if not targets:
            return finish(self.info, records, [], taken, notes)
        fluxes, gone = read_columns(table, TARGETS, source=source, days_in_month=MEAN_MONTH_DAYS)
        observed = []
        for series in fluxes:
            lost = shared & series.is_not_null()
            raw = table[TARGETS[series.name].name].filter(lost)
            reason = "shares its drivers with another row (dup_key)"
            gone.append(exclude(raw, rows_of(lost), source=source, variable=series.name, reason=reason))
            method = METHODS[series.name]
            observed.append(observe(records, series.set(shared, None), variable=series.name, method=method))
        return finish(self.info, records, observed, [*taken, *gone], notes)


def shared_key(table: pl.DataFrame, source: str) -> pl.Series:
    """Return the mask of rows marked `dup_key`."""
    words = table["dup_key"].str.to_lowercase()
    odd = ~words.is_in(["true", "false"]).fill_null(False)
    if odd.any():
        raise SourceError(
            f"column 'dup_key', data row {int(odd.arg_true()[0])}: neither True nor False",
            where=source,
            found=repr(table["dup_key"].filter(odd)[0]),
        )
    return words == "true"


READER = AbcFlux()
