"""Scenes of imaging spectrometers: names, layers, geometry look-up tables, lazily read fields."""

from __future__ import annotations

from geocryoai.sources.spectroscopy.glt import Glt
from geocryoai.sources.spectroscopy.names import SceneName, parse_name
from geocryoai.sources.spectroscopy.scene import Scene, open_scene

__all__ = ["Glt", "Scene", "SceneName", "open_scene", "parse_name"]
