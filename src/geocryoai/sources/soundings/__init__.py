"""Soundings of a satellite's level 2: a position, a time and a quality for each pixel of a swath or each sounding."""

from __future__ import annotations

from geocryoai.sources.soundings.options import SoundingOptions

__all__ = ["SoundingOptions"]
