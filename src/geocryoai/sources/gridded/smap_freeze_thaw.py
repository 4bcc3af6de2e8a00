"""SMAP freeze/thaw (SPL3FTP passive, SPL3FTA active): frozen or thawed at the morning and the evening overpass."""

from __future__ import annotations

from geocryoai.sources._grids import EASE2_N03, EASE2_N09, EASE2_N36
from geocryoai.sources._layout import LayerLayout, Layout, TimeLayout
from geocryoai.sources._product import Product
from geocryoai.sources.base import SourceInfo


def _frozen(name: str, entry: int) -> LayerLayout:
    return LayerLayout(
        path=r"^Freeze_Thaw_Retrieval_Data(_Polar)?/freeze_thaw$", pattern=True, name=name, unit="1", take=(entry,),
        stored=(0.0, 1.0), statistic="time: mean", optional=True,
    )  # fmt: skip


READER = Product(
    SourceInfo(
        name="smap_freeze_thaw",
        title="SMAP freeze/thaw state at the morning and the evening overpass (SPL3FTP, SPL3FTA), from 2015",
        kind="fields",
        licence="NASA EOSDIS open data, with citation",
        citation="Xu et al., SMAP L3 Radiometer Northern Hemisphere Daily Freeze/Thaw State (SPL3FTP), NSIDC DAAC; "
        "Dunbar et al., SMAP L3 Radar Northern Hemisphere Daily 3 km Freeze/Thaw State (SPL3FTA), NSIDC DAAC",
        formats=("h5",),
        url="https://nsidc.org/data/spl3ftp",
        quirks=(
            "1 is frozen, 0 thawed; whatever else stands there is missing.",
            "A month's mean is the share of its seen days that were frozen.",
            "The polar grid is read, not the global one that stands beside it; it is told by its size (36, 9 or 3 km).",
        ),
    ),
    Layout(
        container="hdf5",
        files=r"^SMAP_L3_FT_.*\.h5$",
        layers={"am": _frozen("frozen_am", 0), "pm": _frozen("frozen_pm", 1)},
        time=TimeLayout(pattern=r"_FT_[AP]_(?P<date>\d{8})_", interval="day"),
        grids=(EASE2_N36, EASE2_N09, EASE2_N03),
    ),
)
