"""ESA CCI Permafrost: yearly active layer, ground temperature and permafrost fraction, 25-85 N at 0.01 degree."""

from __future__ import annotations

from geocryoai.sources._layout import KnownGrid, LayerLayout, Layout, TimeLayout
from geocryoai.sources._product import Product
from geocryoai.sources.base import SourceInfo

#: Versions 4 and 5: a ring of 0.01 degree.
GRID = KnownGrid(crs="EPSG:4326", left=-180.0, top=85.0, cell=0.01, width=36000, height=6000)

_TEMPERATURES = {"GST": "gst_cci", "T1m": "tg_1m_cci", "T2m": "tg_2m_cci", "T5m": "tg_5m_cci", "T10m": "tg_10m_cci"}


def _temperature(path: str, name: str) -> LayerLayout:
    return LayerLayout(
        path=path, file=r"-GTD-", variable="tg", name=name, unit_from="file", packed=True, statistic="time: mean",
        optional=True,
    )  # fmt: skip


READER = Product(
    SourceInfo(
        name="esa_cci_permafrost",
        title="ESA CCI Permafrost v4, v5: yearly ALT, ground temperature, permafrost fraction, 0.01 degree, 1997-2023",
        kind="fields",
        licence="ESA CCI data policy: any use, with attribution",
        citation="Obu, Westermann et al., ESA Permafrost Climate Change Initiative (Permafrost_cci), NERC EDS CEDA",
        formats=("nc",),
        doi="10.5285/a6fbedd8ee5b472c8e84e55f746c1704",
        url="https://catalogue.ceda.ac.uk",
        quirks=(
            "Four fifths of the cells are empty: no permafrost, which is not a gap.",
            "Where a cell is empty alt_cci stays empty, and permafrost_cci and pfr_cci are 0, on the sea too.",
            "Values are stored as scaled integers; a file that does not state the scale is refused.",
            "The method changed in 2003: the years before come from reanalysis, later ones from satellites.",
            "The grid is snapped to the exact hundredths of a degree.",
        ),
    ),
    Layout(
        container="netcdf",
        files=r"^ESACCI-PERMAFROST-L4-.*\.nc$",
        layers={
            "alt": LayerLayout(
                path="ALT", file=r"-ALT-", variable="alt", name="alt_cci", unit_from="file", packed=True,
                presence="permafrost_cci", statistic="time: mean", optional=True,
            ),
            "alt_uncertainty": LayerLayout(
                path="ALT_uncertainty", file=r"-ALT-", name="alt_sd_cci", unit="m", unit_from="file", packed=True,
                statistic="time: mean", optional=True,
            ),
            **{name: _temperature(path, name) for path, name in _TEMPERATURES.items()},
            "pfr": LayerLayout(
                path="PFR", file=r"-PFR-", name="pfr_cci", unit="1", unit_from="file", packed=True, empty=0.0,
                statistic="time: mean", optional=True,
            ),
        },
        time=TimeLayout(pattern=r"-(?P<year>\d{4})-fv", interval="year"),
        grids=(GRID,),
        snap=0.2,
    ),
)  # fmt: skip
