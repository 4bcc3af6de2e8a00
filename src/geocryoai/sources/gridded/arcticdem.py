"""ArcticDEM: elevation of the Arctic from stereo imagery, 2 m to 1 km mosaics."""

from __future__ import annotations

from geocryoai.sources._layout import LayerLayout, Layout, TimeLayout
from geocryoai.sources._product import Product
from geocryoai.sources.base import SourceInfo

READER = Product(
    SourceInfo(
        name="arcticdem",
        title="ArcticDEM: elevation of the Arctic, strips and mosaics of 2 m to 1 km",
        kind="fields",
        licence="CC BY 4.0 (Polar Geospatial Center)",
        citation="Porter et al., ArcticDEM, Harvard Dataverse, Polar Geospatial Center, University of Minnesota",
        formats=("tif",),
        url="https://www.pgc.umn.edu/data/arcticdem",
        quirks=(
            "Heights are above the WGS 84 ellipsoid, not above the sea: they differ by the height of the geoid.",
            "-9999 is no data. One mosaic or tile a source; several tiles are joined by GDAL's VRT, which is read too.",
        ),
    ),
    Layout(
        container="geotiff",
        files=r"(?i)_dem.*\.(tif|vrt)$",
        layers={
            "dem": LayerLayout(
                path=".", pattern=True, variable="elevation", unit="m", unit_from="either", missing=(-9999.0,)
            )
        },
        time=TimeLayout(static=True),
    ),
)
