"""UAVSAR airborne radar: annotation grammar, file names, layers on their grids, lazy scenes, and a writer."""

from __future__ import annotations

from geocryoai.sources.uavsar.annotation import Annotation, read_annotation
from geocryoai.sources.uavsar.names import FileName, parse_name
from geocryoai.sources.uavsar.scene import Scene, open_scene

__all__ = ["Annotation", "FileName", "Scene", "open_scene", "parse_name", "read_annotation"]
