"""GIPL at 4 km over Alaska as text grids: ground temperature and active layer for a model, scenario and era."""

from __future__ import annotations

from geocryoai.sources._layout import LayerLayout, Layout, TimeLayout
from geocryoai.sources._product import Product
from geocryoai.sources.base import SourceInfo

READER = Product(
    SourceInfo(
        name="gipl_4km",
        title="GIPL over Alaska at 4 km: ground temperature and active layer thickness about 2025, 2050, 2075 and 2095",
        kind="fields",
        licence="open, with citation (SNAP)",
        citation="Melvin et al. (2017), Climate change damages to Alaska public infrastructure, PNAS 114, E122-E131",
        formats=("asc",),
        doi="10.1073/pnas.1611056113",
        url="https://catalog.snap.uaf.edu",
        quirks=(
            "A name such as MAGT_10_1.asc is variable, code of model and scenario (10 to 19), and era (1 to 4).",
            "Eras are about 2025, 2050, 2075 and 2095; files: '_10_1' takes one, which is read as unchanging.",
            "The text grids hold neither CRS nor unit: declare crs, and layers: {magt: {unit: degC}, alt: {unit: m}}.",
        ),
    ),
    Layout(
        container="geotiff",
        files=r"(?i)^(MAGT|ALT)_.*\.asc$",
        layers={
            "magt": LayerLayout(
                path=".",
                pattern=True,
                file=r"(?i)^MAGT_",
                variable="tg",
                name="magt_gipl",
                unit_from="file",
                optional=True,
            ),
            "alt": LayerLayout(
                path=".",
                pattern=True,
                file=r"(?i)^ALT_",
                variable="alt",
                name="alt_gipl",
                unit_from="file",
                optional=True,
            ),
        },
        time=TimeLayout(static=True),
    ),
)
