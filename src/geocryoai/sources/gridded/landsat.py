"""Landsat Collection 2 Level 2: surface temperature and reflectance (NDVI) of single scenes at 30 m."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import xarray as xr

from geocryoai.core.errors import SourceError
from geocryoai.core.variables import variable
from geocryoai.sources._fields import house_attributes
from geocryoai.sources._layout import BitField, LayerLayout, Layout, Quality, TimeLayout
from geocryoai.sources._layout_files import OpenFile
from geocryoai.sources._product import Product
from geocryoai.sources.base import SourceInfo

_BAND = re.compile(r"_(?P<band>(?:ST_B|SR_B)\d+)\.TIF$", re.IGNORECASE)
_KEYS = {
    "ST": ("TEMPERATURE_MULT_BAND_", "TEMPERATURE_ADD_BAND_"),
    "SR": ("REFLECTANCE_MULT_BAND_", "REFLECTANCE_ADD_BAND_"),
}

#: Fill, dilated cloud, cirrus, cloud and cloud shadow: bits 0 to 4 of QA_PIXEL are all unset.
_CLEAR = (BitField(first=0, count=5, accept=(0,)),)


def scene_packing(file: OpenFile, layer: LayerLayout) -> tuple[float, float] | None:
    """Return scale and offset of a band from the metadata text (MTL) beside it; None where the layer declares them.

    Raises
    ------
    SourceError
        The MTL file is absent, or does not name the band.
    """
    match = _BAND.search(file.path.name)
    if match is None or layer.scale is not None:
        return None
    beside = file.path.with_name(file.path.name[: match.start()] + "_MTL.txt")
    if not beside.is_file():
        raise SourceError(
            "the scale of the band stands in a file that is absent", where=file.where, expected=beside.name,
            next_step="Fetch it too, or declare layers: {NAME: {scale: ..., offset: ...}}.",
        )  # fmt: skip
    band = match["band"].upper()
    suffix = band if band.startswith("ST") else band.removeprefix("SR_B")
    values = [_value(beside, key + suffix, file.where) for key in _KEYS[band[:2]]]
    return values[0], values[1]


def _value(path: Path, key: str, where: str) -> float:
    text = path.read_text(encoding="utf-8", errors="replace")
    match = re.search(rf"^\s*{key}\s*=\s*(?P<value>[-+.\dEe]+)\s*$", text, re.MULTILINE)
    if match is None:
        raise SourceError(f"the metadata do not hold {key}", where=f"{where}, {path.name}", expected="a number")
    return float(match["value"])


def vegetation_index(fields: xr.Dataset) -> xr.Dataset:
    """Return fields with the NDVI of red and near infrared instead of the two."""
    if not {"red", "near_infrared"} <= set(fields.data_vars):
        return fields
    red, nir = fields["red"], fields["near_infrared"]
    total = (nir + red).where(nir + red > 0)
    index = ((nir - red) / total).clip(-1, 1).astype(np.float32)
    attributes = {**house_attributes(variable("ndvi")), "cell_methods": "time: point", "grid_mapping": "crs"}
    return fields.drop_vars(["red", "near_infrared"]).assign(ndvi=index.assign_attrs(attributes))


def _band(bands: str, **meaning: object) -> LayerLayout:
    return LayerLayout.model_validate(
        {
            "path": ".", "pattern": True, "file": rf"(?i)_(?:{bands})\.TIF$", "missing": (0.0,), "packed": True,
            "statistic": "time: point", "optional": True,
            **meaning,
        }
    )  # fmt: skip


def _flags(band: str) -> Quality:
    return Quality(replace=band, by="QA_PIXEL", bits=_CLEAR)


READER = Product(
    SourceInfo(
        name="landsat",
        title="Landsat 8 and 9 Collection 2 Level 2: surface temperature and NDVI at 30 m",
        kind="fields",
        licence="public domain (USGS)",
        citation="U.S. Geological Survey, Landsat Collection 2 Level-2 Science Products",
        formats=("tif",),
        url="https://earthexplorer.usgs.gov",
        quirks=(
            "Scale and offset are read from the MTL text beside the bands; without it they must be declared.",
            "Cells under cloud, cirrus or shadow (QA_PIXEL) are missing; quality: any keeps them.",
            "A scene stands for its month, since a day would leave the month missing; else time: {interval: day}.",
            "Scenes of different paths have different grids: one source each.",
            "0 is no data. NDVI is made of red and near infrared after scaling.",
        ),
    ),
    Layout(
        container="geotiff",
        files=r"(?i)^L[CO]0[89]_L2S[PR]_.*\.TIF$",
        layers={
            "st": _band("ST_B10", variable="lst", unit="K", unit_from="either", quality=_flags("ST_B10")),
            "red": _band("SR_B4", name="red", unit="1", unit_from="either", quality=_flags("SR_B4")),
            "nir": _band("SR_B5", name="near_infrared", unit="1", unit_from="either", quality=_flags("SR_B5")),
        },
        time=TimeLayout(pattern=r"_L2S[PR]_\d{6}_(?P<date>\d{8})_", interval="month"),
    ),
    derived={"ndvi": "1"},
    derive=vegetation_index,
    packing=scene_packing,
    inner=("red", "near_infrared"),
)
