"""Monthly CO2 fluxes of the Arctic-boreal domain at 1 km, 2001-2020, upscaled from towers and chambers."""

from __future__ import annotations

from geocryoai.sources._layout import Layout, TimeLayout
from geocryoai.sources._product import Product
from geocryoai.sources.base import SourceInfo
from geocryoai.sources.gridded.tcfm_arctic import flux_layer

READER = Product(
    SourceInfo(
        name="above_co2_flux",
        title="Monthly NEE, GPP and respiration of the Arctic-boreal domain at 1 km, 2001-2020",
        kind="fields",
        licence="NASA EOSDIS open data, with citation",
        citation="Virkkala et al., CO2 fluxes of the Arctic-boreal domain (data set 2377), ORNL DAAC",
        formats=("nc", "tif"),
        doi="10.3334/ORNLDAAC/2377",
        url="https://daac.ornl.gov",
        quirks=(
            "Variables are found by name; where several could be meant, layers: {nee: {path: NAME}} decides.",
            "Unit, CRS and fill value are taken from the file and refused where absent.",
            "The sign of the net exchange is never assumed: the attribute positive, or layers: {nee: {positive: up}}.",
            "Learnt from the towers that studies use as targets: as a feature it would give the answer away.",
        ),
    ),
    Layout(
        files=r"(?i)\.(nc4?|tiff?)$",
        layers={
            "nee": flux_layer("nee", "nee", "nee_above"),
            "gpp": flux_layer("gpp", "gpp", "gpp_above", positive="down"),
            "reco": flux_layer("(?:reco|er)", "reco", "reco_above", positive="up"),
        },
        time=TimeLayout(pattern=r"(?<!\d)(?P<year>(?:19|20)\d{2})[-_]?(?P<month>[01]\d)(?!\d)", interval="month"),
    ),
)
