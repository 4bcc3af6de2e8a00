"""One reader per provider: real files in, canonical observation tables and fields out."""

from __future__ import annotations

from geocryoai.core.registry import Registry
from geocryoai.sources.base import Reader, SourceData, SourceInfo

#: All readers by name; a new one is one line here (or the entry-point group ``geocryoai.sources``).
READERS: Registry[Reader] = Registry(
    "sources",
    {
        "calm": "geocryoai.sources.calm:READER",
        "calm_covariates": "geocryoai.sources.calm_covariates:READER",
        "above_alt": "geocryoai.sources.above_alt:READER",
        "era5land_climatology": "geocryoai.sources.era5land_climatology:READER",
        "fluxnet_ch4": "geocryoai.sources.fluxnet_ch4:READER",
        "fluxnet_ch4_raw": "geocryoai.sources.fluxnet_ch4_raw:READER",
        "modis_8day": "geocryoai.sources.modis_8day:READER",
        "bawld_ch4": "geocryoai.sources.bawld_ch4:READER",
        "abcflux": "geocryoai.sources.abcflux:READER",
        "helbig_peatland": "geocryoai.sources.helbig_peatland:READER",
        "treat2018": "geocryoai.sources.treat2018:READER",
        "toolik_tile": "geocryoai.sources.toolik_tile:READER",
        "nrcs_toolik": "geocryoai.sources.nrcs_toolik:READER",
        "gipl_site": "geocryoai.sources.gipl_site:READER",
        "toa5": "geocryoai.sources.toa5:READER",
        "daymet_hdf5": "geocryoai.sources.daymet_hdf5:READER",
        "era_interim_2d": "geocryoai.sources.era_interim_2d:READER",
        "tcfm_arctic": "geocryoai.sources.gridded.tcfm_arctic:READER",
        "above_co2_flux": "geocryoai.sources.gridded.above_co2_flux:READER",
        "smap_l4c": "geocryoai.sources.gridded.smap_l4c:READER",
        "smap_l4_soil_moisture": "geocryoai.sources.gridded.smap_l4_soil_moisture:READER",
        "smap_freeze_thaw": "geocryoai.sources.gridded.smap_freeze_thaw:READER",
        "esa_cci_permafrost": "geocryoai.sources.gridded.esa_cci_permafrost:READER",
        "obu2019": "geocryoai.sources.gridded.obu2019:READER",
        "ncscd": "geocryoai.sources.gridded.ncscd:READER",
        "gipl_snap": "geocryoai.sources.gridded.gipl_snap:READER",
        "gipl_4km": "geocryoai.sources.gridded.gipl_4km:READER",
        "snap_climate": "geocryoai.sources.gridded.snap_climate:READER",
        "era5": "geocryoai.sources.gridded.era5:ERA5",
        "era5_land": "geocryoai.sources.gridded.era5:ERA5_LAND",
        "daymet": "geocryoai.sources.gridded.daymet:READER",
        "modis_lst": "geocryoai.sources.gridded.modis:MODIS_LST",
        "modis_vegetation": "geocryoai.sources.gridded.modis:MODIS_VEGETATION",
        "modis_lai": "geocryoai.sources.gridded.modis:MODIS_LAI",
        "modis_snow": "geocryoai.sources.gridded.modis:MODIS_SNOW",
        "esa_cci_snow_swe": "geocryoai.sources.gridded.esa_cci_snow:SWE",
        "esa_cci_snow_scf": "geocryoai.sources.gridded.esa_cci_snow:SCF",
        "landsat": "geocryoai.sources.gridded.landsat:READER",
        "arcticdem": "geocryoai.sources.gridded.arcticdem:READER",
        "cmip6": "geocryoai.sources.gridded.cmip6:READER",
        "cryogrid_forcing": "geocryoai.sources.cryogrid_forcing:READER",
        "clm_point_forcing": "geocryoai.sources.clm_point_forcing:READER",
        "mission": "geocryoai.sources.mission:READER",
        "aviris_ng": "geocryoai.sources.aviris_ng:READER",
        "emit": "geocryoai.sources.emit:READER",
        "sibbork": "geocryoai.sources.sibbork:READER",
        "uavsar": "geocryoai.sources.uavsar.reader:READER",
        "polsar_c3": "geocryoai.sources.polsar_c3:READER",
        "nisar_like": "geocryoai.sources.nisar_like:READER",
        "table": "geocryoai.sources.table:READER",
        "grid": "geocryoai.sources.grid:READER",
    },
)

__all__ = ["READERS", "Reader", "SourceData", "SourceInfo"]
