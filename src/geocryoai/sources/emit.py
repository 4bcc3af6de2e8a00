"""Scenes of EMIT, the imaging spectrometer on the International Space Station.

Options: `indices` (list of names, reflectance only), `wavelengths` (list [nm]).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from geocryoai.sources._fields import field_data
from geocryoai.sources._tabular import check_options
from geocryoai.sources.base import SourceData, SourceInfo
from geocryoai.sources.spectroscopy.emit import open_emit
from geocryoai.sources.spectroscopy.fields import scene_fields, scene_notes, wanted

INFO = SourceInfo(
    name="emit",
    title="EMIT level 1B radiance and level 2A reflectance from the International Space Station",
    kind="fields",
    licence="open (NASA LP DAAC)",
    citation="Green et al., EMIT L1B At-Sensor Calibrated Radiance, NASA LP DAAC",
    formats=("NetCDF-4",),
    covariates={"ndvi": "1", "ndwi": "1", "ndii": "1"},
    url="https://lpdaac.usgs.gov",
    quirks=(
        "No coverage north of about 52 degrees: none of Alaska's permafrost north of the Aleutians.",
        "Bands and location stand in groups; the map comes from the table glt_x, glt_y, counted from 1.",
        "Missing values are -9999.",
    ),
)


class EmitReader:
    """Reader of one granule."""

    info = INFO

    def read(self, path: Path, *, source: str, options: Mapping[str, Any], targets: bool = True) -> SourceData:
        """Read a granule; see `Reader.read`."""
        chosen = check_options(options, {"indices": [], "wavelengths": []}, INFO.name)
        scene = open_emit(path, source)
        return field_data(INFO, scene_fields(scene, *wanted(chosen, INFO.name)), scene_notes(scene))


READER = EmitReader()
