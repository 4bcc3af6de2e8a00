"""GIPL 2.0 of SNAP: yearly ground temperature, permafrost top and base, talik over Alaska at 1 km, 2021-2120."""

from __future__ import annotations

from geocryoai.sources._grids import GIPL_1KM
from geocryoai.sources._layout import LayerLayout, Layout, TimeLayout
from geocryoai.sources._product import Product
from geocryoai.sources.base import SourceInfo

#: No data, as the files write it: the declared value, and the raw one of some.
_MISSING = (-9999.0, -3.4e38, -3.4028234663852886e38)

_DEPTHS = {"surface": "0m", "05m": "0_5m", "1m": "1m", "2m": "2m", "3m": "3m", "4m": "4m", "5m": "5m"}


def _layer(what: str, **meaning: str) -> LayerLayout:
    return LayerLayout.model_validate(
        {
            "path": ".", "pattern": True, "file": rf"{what}_\d{{4}}\.tif$", "unit_from": "either", "missing": _MISSING,
            "statistic": "time: mean", "optional": True, **meaning,
        }
    )  # fmt: skip


READER = Product(
    SourceInfo(
        name="gipl_snap",
        title="GIPL 2.0 (SNAP): yearly ground temperature, permafrost top and base, talik, Alaska at 1 km, 2021-2120",
        kind="fields",
        licence="CC BY 4.0 (SNAP, University of Alaska Fairbanks)",
        citation="Marchenko et al., GIPL 2.0 permafrost model output, Scenarios Network for Alaska and Arctic Planning",
        formats=("tif",),
        url="https://catalog.snap.uaf.edu",
        quirks=(
            "The corner drifts by millimetres to decimetres between files; all are put on the one exact grid.",
            "Unit and variable stand in the name of the file; some files hold -3.4e38 where nothing is.",
            "Several models and scenarios in one folder: files: 'GFDL.*rcp85' takes one, else years are repeated.",
            "permafrost_top is the top of permafrost: deeper than the active layer where there is a talik.",
        ),
    ),
    Layout(
        container="geotiff",
        files=r"(?i)gipl.*\.tif$",
        layers={
            **{
                f"magt_{key}": _layer(rf"magt{key}_degC", variable="tg", name=f"magt_{name}_gipl", unit="degC")
                for key, name in _DEPTHS.items()
            },
            "permafrost_top": _layer("permafrosttop_m", name="permafrost_top_gipl", unit="m"),
            "permafrost_base": _layer("permafrostbase_m", name="permafrost_base_gipl", unit="m"),
            "talik": _layer("talikthickness_m", name="talik_thickness_gipl", unit="m"),
        },
        time=TimeLayout(pattern=r"_(?P<year>\d{4})\.tif$", interval="year"),
        grids=(GIPL_1KM,),
        snap=0.001,
    ),
)
