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
