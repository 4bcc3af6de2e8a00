"""TCFM-Arctic: daily CO2 and CH4 fluxes of the pan-Arctic at 1 km, 2003-2015 (terrestrial carbon flux model).

Names, units, CRS and signs of the files are taken from the files, and refused where they are not stated: variables are
found by name (``nee``, ``gpp``, ``reco``, ``ch4``), and the sign of the net exchange must be declared or stated, since
the catalogue describes it as GPP - Reco, the opposite of what towers report.
"""

from __future__ import annotations

from geocryoai.sources._layout import LayerLayout, Layout, TimeLayout
from geocryoai.sources._product import Product
from geocryoai.sources.base import SourceInfo


def flux_layer(stem: str, variable: str, name: str, *, positive: str | None = None) -> LayerLayout:
    """Return the layer of a flux that is found by the stem of its name and takes its unit from the file."""
    bounded = rf"(?i)(?:^|[^a-z0-9]){stem}(?:_?(?:mean|avg|total|tot))?(?:$|[^a-z0-9])"
    return LayerLayout.model_validate(
        {
            "path": rf"{bounded}(?!.*(?:unc|std|sd|err|bnds))", "pattern": True, "variable": variable, "name": name,
            "positive": positive, "unit_from": "file", "statistic": "time: mean", "optional": True,
        }
    )  # fmt: skip


READER = Product(
    SourceInfo(
        name="tcfm_arctic",
        title="TCFM-Arctic: daily CO2 and CH4 fluxes of the pan-Arctic and boreal land at 1 km, 2003-2015",
        kind="fields",
        licence="NASA EOSDIS open data, with citation",
        citation="Watts et al., Gridded CO2 and CH4 Flux Estimates for pan-Arctic and Boreal Regions, ORNL DAAC",
        formats=("nc", "tif"),
        doi="10.3334/ORNLDAAC/1367",
        url="https://daac.ornl.gov",
        quirks=(
            "Variables are found by name; where several could be meant, layers: {nee: {path: NAME}} decides.",
            "Unit, CRS and fill value are taken from the file and refused where absent.",
            "The sign of the net exchange is never assumed: the attribute positive, or layers: {nee: {positive: up}}.",
        ),
    ),
    Layout(
        files=r"(?i)\.(nc4?|tiff?)$",
        layers={
            "nee": flux_layer("nee", "nee", "nee_tcfm"),
            "gpp": flux_layer("gpp", "gpp", "gpp_tcfm", positive="down"),
            "reco": flux_layer("reco", "reco", "reco_tcfm", positive="up"),
            "ch4": flux_layer("(?:f?ch4|methane)(?:_?flux)?", "fch4", "fch4_tcfm", positive="up"),
        },
        time=TimeLayout(
            pattern=r"(?<!\d)(?P<year>(?:19|20)\d{2})[-_]?(?:(?P<month>[01]\d)[-_]?(?P<day>[0-3]\d)|(?P<doy>\d{3}))(?!\d)",
            interval="day",
        ),
    ),
)
