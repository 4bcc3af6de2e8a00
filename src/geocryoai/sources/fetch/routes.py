"""How each source is fetched: at addresses that can be told, by a search at NASA or ASF, or by an order by hand."""

from __future__ import annotations

from dataclasses import dataclass

Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Http:
    """Files at addresses that follow from year, and, where it is there, from a further name.

    Attributes
    ----------
    templates : tuple of str
        With ``{year}`` where there is a file for each year.
    first, last : int
        Years that there are; 0: any.
    """

    templates: tuple[str, ...]
    first: int = 0
    last: int = 0


@dataclass(frozen=True)
class Earthdata:
    """A collection at NASA, searched by place and time with the package earthaccess (Earthdata login in ~/.netrc)."""

    short_name: str = ""
    doi: str = ""

    @property
    def query(self) -> dict[str, str]:
        """Return what the collection is searched by."""
        return {"short_name": self.short_name} if self.short_name else {"doi": self.doi}


@dataclass(frozen=True)
class Asf:
    """A platform at the Alaska Satellite Facility, searched with the package asf_search (Earthdata login)."""

    platform: str
    levels: tuple[str, ...]


@dataclass(frozen=True)
class Order:
    """Files that must be ordered, or whose addresses are not known; `how` says it in one sentence."""

    how: str


Route = Http | Earthdata | Asf | Order

_CCI = (
    "https://dap.ceda.ac.uk/neodc/esacci/permafrost/data/active_layer_thickness/L4/area4/pp/v05.0/northern_hemisphere"
)
_CDS = "Order NetCDF from the Climate Data Store (account, licence and the package cdsapi): https://cds.climate.copernicus.eu"
_APPEEARS = (
    "Order NetCDF or GeoTIFF from AppEEARS; the archive's HDF4 is not read: https://appeears.earthdatacloud.nasa.gov"
)
_SNOW = "Search for Snow_cci in the catalogue of CEDA and download the years: https://catalogue.ceda.ac.uk"
_SNAP = "Choose model, scenario and variable in the SNAP data catalogue: https://catalog.snap.uaf.edu"

#: Source -> how it is fetched. Sources that are not here have no route.
ROUTES: dict[str, Route] = {
    "tcfm_arctic": Earthdata(doi="10.3334/ORNLDAAC/1367"),
    "above_co2_flux": Earthdata(short_name="CO2Fluxes_Arctic_Boreal_Domain_2377"),
    "smap_l4c": Earthdata(short_name="SPL4CMDL"),
    "smap_l4_soil_moisture": Earthdata(short_name="SPL4SMGP"),
    "smap_freeze_thaw": Earthdata(short_name="SPL3FTP"),
    "daymet": Earthdata(doi="10.3334/ORNLDAAC/2129"),
    "aviris_ng": Earthdata(doi="10.3334/ORNLDAAC/1569"),
    "uavsar": Asf("UAVSAR", ("INTERFEROMETRY_GRD", "PROJECTED", "METADATA")),
    "esa_cci_permafrost": Http(
        (f"{_CCI}/{{year}}/ESACCI-PERMAFROST-L4-ALT-{{method}}-AREA4_PP-{{year}}-fv05.0.nc",), 1997, 2023
    ),
    "arcticdem": Http(
        ("https://data.pgc.umn.edu/elev/dem/setsm/ArcticDEM/mosaic/v4.1/1km/arcticdem_mosaic_1km_v4.1_dem.tif",)
    ),
    "era5": Order(_CDS),
    "era5_land": Order(_CDS),
    "modis_lst": Order(_APPEEARS),
    "modis_vegetation": Order(_APPEEARS),
    "modis_lai": Order(_APPEEARS),
    "modis_snow": Order(_APPEEARS),
    "esa_cci_snow_swe": Order(_SNOW),
    "esa_cci_snow_scf": Order(_SNOW),
    "landsat": Order("Order Collection 2 Level 2 scenes from https://earthexplorer.usgs.gov"),
    "gipl_snap": Order(_SNAP),
    "gipl_4km": Order(_SNAP),
    "snap_climate": Order(_SNAP),
    "ncscd": Order("Choose depth and grid at https://bolin.su.se/data/ncscd"),
    "obu2019": Order("Choose the GeoTIFF at PANGAEA: search for Obu et al. 2018, Northern Hemisphere permafrost map"),
    "cmip6": Order("Search model, experiment and variable at https://esgf.github.io"),
}


def addresses(route: Http, years: tuple[int, int] | None) -> list[str]:
    """Return the addresses of a route for the years; the years that there are where none are given.

    >>> addresses(Http(("https://a.org/{year}.nc",), 2000, 2005), (2004, 2009))
    ['https://a.org/2004.nc', 'https://a.org/2005.nc']
    """
    yearly = any("{year}" in template for template in route.templates)
    if not yearly:
        return list(route.templates)
    first, last = years or (route.first, route.last)
    first, last = max(first, route.first or first), min(last, route.last or last)
    return [
        template.format(year=year, method="ERA5_MODISLST_BIASCORRECTED" if year < 2003 else "MODISLST_CRYOGRID")
        for year in range(first, last + 1)
        for template in route.templates
    ]
