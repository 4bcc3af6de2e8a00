"""Northern Circumpolar Soil Carbon Database, version 2: organic carbon of the upper 0.3, 1, 2 and 3 m of soil."""

from __future__ import annotations

from geocryoai.sources._layout import LayerLayout, Layout, TimeLayout
from geocryoai.sources._product import Product
from geocryoai.sources.base import SourceInfo

#: Tenths of a kilogram per square metre, as files may spell them.
_TENTHS = dict.fromkeys(("hg m-2", "hg/m2", "hg C m-2", "0.1 kg m-2", "0.1 kg C m-2", "kg m-2 * 10"), ("kg C m-2", 0.1))
_WHOLE = dict.fromkeys(("kg m-2", "kg/m2", "kgC/m2", "kg C m-2"), ("kg C m-2", 1.0))


def _carbon(depth: int) -> LayerLayout:
    return LayerLayout(
        path="NCSCDv2", file=rf"_SOCC{depth}_", name=f"soc_{depth}cm", unit="kg C m-2", unit_from="file",
        spellings={**_TENTHS, **_WHOLE}, missing=(-32768.0,), optional=True,
    )  # fmt: skip


READER = Product(
    SourceInfo(
        name="ncscd",
        title="NCSCDv2: soil organic carbon of the upper 0.3, 1, 2 and 3 m of the northern permafrost region",
        kind="fields",
        licence="open, with citation (Bolin Centre)",
        citation="Hugelius et al. (2013), The Northern Circumpolar Soil Carbon Database, Earth Syst. Sci. Data 5, 3-13",
        formats=("nc",),
        doi="10.5194/essd-5-3-2013",
        url="https://bolin.su.se/data/ncscd",
        quirks=(
            "Stored in tenths of a kilogram: the unit in the file decides.",
            "Where the unit is absent it must be declared: layers: {soc_100: {unit: kg C m-2, scale: 0.1}}.",
            "-32768 is missing.",
        ),
    ),
    Layout(
        container="netcdf",
        files=r"^NCSCDv2_.*\.nc$",
        layers={f"soc_{depth}": _carbon(depth) for depth in (30, 100, 200, 300)},
        time=TimeLayout(static=True),
    ),
)
