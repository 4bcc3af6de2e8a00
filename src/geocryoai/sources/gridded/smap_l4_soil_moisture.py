"""SMAP level 4 soil moisture (SPL4SMGP): surface and root-zone water and soil temperature every three hours at 9 km."""

from __future__ import annotations

from geocryoai.sources._grids import EASE2_M09
from geocryoai.sources._layout import LayerLayout, Layout, TimeLayout
from geocryoai.sources._product import Product
from geocryoai.sources.base import SourceInfo

READER = Product(
    SourceInfo(
        name="smap_l4_soil_moisture",
        title="SMAP L4: surface and root-zone soil moisture and soil temperature, three-hourly at 9 km, from 2015",
        kind="fields",
        licence="NASA EOSDIS open data, with citation",
        citation="Reichle et al., SMAP L4 Global 3-hourly 9 km EASE-Grid Surface and Root Zone Soil Moisture "
        "Geophysical Data (SPL4SMGP), NSIDC DAAC",
        formats=("h5",),
        url="https://nsidc.org/data/spl4smgp",
        quirks=(
            "Cells are 9008.055210146 m wide; the grid is told by its size.",
            "The time in the name of a file is the middle of its three hours.",
            "Units and fill values are taken from the file.",
        ),
    ),
    Layout(
        container="hdf5",
        files=r"^SMAP_L4_SM_gph_.*\.h5$",
        layers={
            "sm": LayerLayout(
                path="Geophysical_Data/sm_surface", variable="sm", name="sm_0_5cm", unit_from="file",
                statistic="time: mean",
            ),
            "sm_rootzone": LayerLayout(
                path="Geophysical_Data/sm_rootzone", variable="sm", name="sm_0_100cm", unit_from="file",
                statistic="time: mean", optional=True,
            ),
            "ts": LayerLayout(
                path="Geophysical_Data/soil_temp_layer1", variable="ts", name="ts_layer1", unit_from="file",
                statistic="time: mean", optional=True,
            ),
        },
        time=TimeLayout(
            pattern=r"_gph_(?P<date>\d{8})T(?P<hour>\d{2})(?P<minute>\d{2})", hours=3.0, stamp="middle"
        ),
        grids=(EASE2_M09,),
    ),
)  # fmt: skip
