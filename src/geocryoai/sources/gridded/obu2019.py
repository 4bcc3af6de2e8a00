"""Northern Hemisphere permafrost map of Obu et al. (2019): mean annual ground temperature and probability at 1 km."""

from __future__ import annotations

from geocryoai.sources._layout import LayerLayout, Layout, TimeLayout
from geocryoai.sources._product import Product
from geocryoai.sources.base import SourceInfo

READER = Product(
    SourceInfo(
        name="obu2019",
        title="Permafrost map of the Northern Hemisphere: ground temperature 2000-2016 and probability at 927 m",
        kind="fields",
        licence="CC BY 4.0",
        citation="Obu et al. (2019), Northern Hemisphere permafrost map based on TTOP modelling for 2000-2016 at 1 km2 "
        "scale, Earth-Science Reviews 193, 299-316",
        formats=("tif",),
        url="https://doi.pangaea.de",
        quirks=(
            "The temperature is that at the top of permafrost, a mean of 2000-2016: it is read as unchanging.",
            "Unit and CRS are taken from the file; where the unit is absent: layers: {magt: {unit: degC}}.",
        ),
    ),
    Layout(
        container="geotiff",
        files=r"(?i)\.tiff?$",
        layers={
            "magt": LayerLayout(
                path=".", pattern=True, file=r"_MAGTM_", variable="tg", name="magt_obu", unit_from="file", optional=True
            ),
            "probability": LayerLayout(
                path=".", pattern=True, file=r"_PERPROB_", name="permafrost_probability", unit="1", unit_from="file",
                optional=True,
            ),
        },
        time=TimeLayout(static=True),
    ),
)  # fmt: skip
