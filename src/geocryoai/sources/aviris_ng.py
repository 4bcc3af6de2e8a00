"""Scenes of AVIRIS-NG, AVIRIS-3 and AVIRIS-C in ENVI format, and methane products of the same form.

Options: `indices` (list of names, reflectance only), `wavelengths` (list [nm]).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import xarray as xr

from geocryoai.core.errors import SourceError
from geocryoai.core.variables import variable
from geocryoai.sources._fields import field_data, house_attributes, house_form
from geocryoai.sources._tabular import check_options
from geocryoai.sources.base import SourceData, SourceInfo
from geocryoai.sources.envi import open_envi
from geocryoai.sources.spectroscopy.fields import scene_fields, scene_notes, wanted
from geocryoai.sources.spectroscopy.names import parse_name
from geocryoai.sources.spectroscopy.north_up import lazy_field, need_position, north_up
from geocryoai.sources.spectroscopy.scene import IGNORED, open_scene

INFO = SourceInfo(
    name="aviris_ng",
    title="Airborne imaging spectroscopy: AVIRIS-NG, AVIRIS-3 and AVIRIS-C flight lines (ABoVE and others)",
    kind="fields",
    licence="open, with attribution (NASA ORNL DAAC, JPL)",
    citation="Miller et al., ABoVE: Hyperspectral Imagery from AVIRIS-NG, Alaskan and Canadian Arctic, ORNL DAAC",
    formats=("ENVI binary and header", "folder of one flight line"),
    covariates={"ndvi": "1", "ndwi": "1", "ndii": "1", "ch4_enhancement": "umol mol-1 m"},
    doi="10.3334/ORNLDAAC/1569",
    url="https://daac.ornl.gov/ABOVE/guides/ABoVE_Airborne_AVIRIS_NG_V2.html",
    quirks=(
        "Type, interleave and byte order differ from file to file and are taken from the header alone.",
        "Wavelengths differ by about 0.5 nm between flight lines; AVIRIS-3 gives them in micrometres.",
        "Maps are rotated to the flight direction: the affine has rotation terms; fields are brought to north up.",
        "Geometry look-up tables count from 1; 0 is empty, negative entries are a neighbour's pixel.",
        "The slope of the observation layer is in degrees or in radians; the band name says which.",
        "Radiance and reflectance of 2017 were withheld for reprocessing in version 3 of the ABoVE archive.",
        "A methane product is an enhancement in ppm m (umol mol-1 m), never a flux.",
    ),
)


class AvirisReader:
    """Reader of one flight line."""

    info = INFO

    def read(self, path: Path, *, source: str, options: Mapping[str, Any], targets: bool = True) -> SourceData:
        """Read an image, or the only image of a folder; see `Reader.read`."""
        chosen = check_options(options, {"indices": [], "wavelengths": []}, INFO.name)
        if path.is_dir():
            path = _only_image(path, source)
        name = parse_name(path.name)
        if name is not None and name.product == "ch4mf":
            return field_data(INFO, _enhancement(path, source), [])
        scene = open_scene(path, source)
        return field_data(INFO, scene_fields(scene, *wanted(chosen, INFO.name)), scene_notes(scene))


READER = AvirisReader()


def _only_image(folder: Path, where: str) -> Path:
    """Return the header of the image in a folder; reflectance goes before radiance."""
    found: dict[str, list[Path]] = {}
    for path in sorted(folder.glob("*.hdr")):
        name = parse_name(path.name)
        if name is not None and name.layer in ("img", "ort"):
            found.setdefault(name.product, []).append(path)
    for product in ("rfl", "corr", "rdn"):
        if len(found.get(product, [])) == 1:
            return found[product][0]
    listed = ", ".join(path.name for paths in found.values() for path in paths)
    raise SourceError(
        "the folder has no image, or several",
        where=where,
        found=listed or "no image",
        next_step="Name one image of the flight line.",
    )


def _enhancement(path: Path, where: str) -> xr.Dataset:
    raster = open_envi(path, where)
    bands = [i for i, name in enumerate(raster.header.band_names) if "ppm x m" in name.lower()]
    if len(bands) != 1:
        found = ", ".join(raster.header.band_names) or "no band names"
        raise SourceError("no band is an enhancement", where=where, found=found, expected="one band in (ppm x m)")
    position = need_position(raster.position, where)
    ignore = IGNORED if raster.header.ignore is None else raster.header.ignore
    grid = north_up(raster, position, (raster.header.lines, raster.header.samples), ignore=ignore)
    field = lazy_field(grid, bands).assign_attrs(house_attributes(variable("ch4_enhancement")))
    return house_form(xr.Dataset({"ch4_enhancement": field}), position.crs, where)
