"""SMAP level 4 carbon (SPL4CMDL): daily NEE, GPP, heterotrophic respiration and soil carbon at 9 km."""

from __future__ import annotations

from geocryoai.sources._grids import EASE2_M01, EASE2_M09, EASE2_N09
from geocryoai.sources._layout import LayerLayout, Layout, TimeLayout
from geocryoai.sources._product import Product
from geocryoai.sources.base import SourceInfo

_FILL = (-9999.0,)

#: Units that do not say that the grams are of carbon, which all of this product are.
_CARBON = {
    "g m-2": ("g C m-2", 1.0),
    **{f"g m-2 {day}": ("g C m-2 d-1", 1.0) for day in ("d-1", "day-1", "day^-1")},
}

READER = Product(
    SourceInfo(
        name="smap_l4c",
        title="SMAP L4 carbon: daily NEE, GPP, heterotrophic respiration and soil organic carbon at 9 km, from 2015",
        kind="fields",
        licence="NASA EOSDIS open data, with citation",
        citation="Kimball et al., SMAP L4 Global Daily 9 km EASE-Grid Carbon Net Ecosystem Exchange, NSIDC DAAC",
        formats=("h5",),
        url="https://nsidc.org/data/spl4cmdl",
        quirks=(
            "Cells are 9008.055210146 m wide; the round 9000 m would drift by 31 km across the grid.",
            "Net exchange counts as positive towards the atmosphere, like a tower's.",
            "The grid is told by its size, since the file holds no axes: M09, M01 or N09; any other is refused.",
        ),
    ),
    Layout(
        container="hdf5",
        files=r"^SMAP_L4_C_mdl_.*\.h5$",
        layers={
            "nee": LayerLayout(
                path="NEE/nee_mean", variable="nee", name="nee_l4c", unit="g C m-2 d-1", unit_from="either",
                positive="up", missing=_FILL, spellings=_CARBON, statistic="time: mean",
            ),
            "gpp": LayerLayout(
                path="GPP/gpp_mean", variable="gpp", name="gpp_l4c", unit="g C m-2 d-1", unit_from="either",
                positive="down", missing=_FILL, spellings=_CARBON, statistic="time: mean", optional=True,
            ),
            "rh": LayerLayout(
                path="RH/rh_mean", name="rh_l4c", unit="g C m-2 d-1", unit_from="either", missing=_FILL,
                spellings=_CARBON, statistic="time: mean", optional=True,
            ),
            "soc": LayerLayout(
                path="SOC/soc_mean", name="soc_l4c", unit="g C m-2", unit_from="either", missing=_FILL,
                spellings=_CARBON, statistic="time: mean", optional=True,
            ),
        },
        time=TimeLayout(pattern=r"_mdl_(?P<date>\d{8})T", interval="day"),
        grids=(EASE2_M09, EASE2_N09, EASE2_M01),
    ),
)  # fmt: skip
