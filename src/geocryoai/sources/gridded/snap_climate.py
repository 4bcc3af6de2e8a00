"""SNAP climate: monthly temperature and precipitation of Alaska, downscaled to 2 km or 771 m, one GeoTIFF a month."""

from __future__ import annotations

from geocryoai.sources._layout import LayerLayout, Layout, TimeLayout
from geocryoai.sources._product import Product
from geocryoai.sources.base import SourceInfo

READER = Product(
    SourceInfo(
        name="snap_climate",
        title="SNAP downscaled monthly temperature and precipitation of Alaska (CRU TS and CMIP5), 2 km and 771 m",
        kind="fields",
        licence="CC BY 4.0 (SNAP, University of Alaska Fairbanks)",
        citation="Scenarios Network for Alaska and Arctic Planning, downscaled historical and projected climate",
        formats=("tif",),
        url="https://catalog.snap.uaf.edu",
        quirks=(
            "Variable, unit, month and year stand in the name of the file: tas_mean_C_..._01_1990.tif.",
            "Precipitation is a monthly total; it is divided by the days of its own month.",
            "Several models and scenarios in one folder: files takes one; without it months are repeated.",
        ),
    ),
    Layout(
        container="geotiff",
        files=r"(?i)^(tas|pr)_.*_\d{2}_\d{4}\.tif$",
        layers={
            "tas": LayerLayout(
                path=".", pattern=True, file=r"^tas_(mean|)_?C_", variable="tas", unit="degC", unit_from="either",
                missing=(-9999.0,), statistic="time: mean", optional=True,
            ),
            "pr": LayerLayout(
                path=".", pattern=True, file=r"^pr_(total|)_?mm_", variable="pr", unit="mm month-1",
                missing=(-9999.0,), statistic="time: mean", optional=True,
            ),
        },
        time=TimeLayout(pattern=r"_(?P<month>\d{2})_(?P<year>\d{4})\.tif$", interval="month"),
    ),
)  # fmt: skip
