"""ENVI rasters: a text header that says everything, and a flat binary in any interleave, type and byte order."""

from __future__ import annotations

from geocryoai.sources.envi.header import EnviHeader, parse_header
from geocryoai.sources.envi.map_info import MapInfo
from geocryoai.sources.envi.raster import EnviRaster, open_envi
from geocryoai.sources.envi.write import write_envi

__all__ = ["EnviHeader", "EnviRaster", "MapInfo", "open_envi", "parse_header", "write_envi"]
