"""CMIP6 and SSP output in CF NetCDF: the climate and the land carbon of an earth system model."""

from __future__ import annotations

from geocryoai.sources._layout import LayerLayout, Layout
from geocryoai.sources._product import Product
from geocryoai.sources.base import SourceInfo

#: Mass of carbon: the standard names of these variables say "expressed as carbon", their unit does not.
_CARBON = {"kg m-2 s-1": ("kg C m-2 s-1", 1.0)}

_CLIMATE = {
    "tas": "tas", "tasmin": "tasmin", "tasmax": "tasmax", "pr": "pr", "ps": "ps", "hurs": "hurs", "huss": "huss",
    "sfcWind": "wind", "snd": "snd", "snw": "swe",
}  # fmt: skip


def _layer(path: str, **meaning: object) -> LayerLayout:
    return LayerLayout.model_validate(
        {
            "path": path,
            "file": rf"^{path}_",
            "unit_from": "file",
            "statistic": "time: mean",
            "optional": True,
            **meaning,
        }
    )


READER = Product(
    SourceInfo(
        name="cmip6",
        title="CMIP6 model output (historical and SSP): climate and land carbon fluxes",
        kind="fields",
        licence="CC BY 4.0 for most models; the attribute license of the file counts",
        citation="Eyring et al. (2016), Overview of CMIP6, Geosci. Model Dev. 9, 1937-1958",
        formats=("nc",),
        doi="10.5194/gmd-9-1937-2016",
        url="https://esgf.github.io",
        quirks=(
            "Calendars of 365 and 360 days are brought to real months.",
            "nep counts as positive into the land, the opposite of a tower's NEE: nee_cmip has the sign turned.",
            "Carbon fluxes are in kg of carbon, which their unit does not say.",
            "Several models or scenarios in one folder: files takes one; without it times are repeated.",
            "An ocean or a rotated grid is not read: regrid it first.",
        ),
    ),
    Layout(
        container="netcdf",
        files=r"^[A-Za-z0-9]+_.*\.nc$",
        layers={
            **{path: _layer(path, variable=house) for path, house in _CLIMATE.items()},
            "rsds": _layer("rsds", variable="rsds", positive="down"),
            "rlds": _layer("rlds", variable="rlds", positive="down"),
            "nep": _layer("nep", variable="nee", name="nee_cmip", positive="down", spellings=_CARBON),
            "gpp": _layer("gpp", variable="gpp", name="gpp_cmip", positive="down", spellings=_CARBON),
        },
    ),
)
