"""Granules of soundings, one after the other, into the fields of a study's retrieval."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from geocryoai.cube.scale.scene_fields import LayerInfo
from geocryoai.cube.scale.sounding_fields import SoundingFields

if TYPE_CHECKING:
    from geocryoai.core.grid import Grid
    from geocryoai.sources.soundings.options import SoundingOptions


def sounding_fields(grid: Grid, choices: SoundingOptions) -> SoundingFields:
    """Return where the granules of a retrieval are gathered."""
    layers = tuple(
        LayerInfo(layer.house, layer.canonical_unit, layer.long_name or layer.house.replace("_", " "))
        for layer in choices.layers.values()
    )
    return SoundingFields(grid, layers)


def add_granule(gathered: SoundingFields, path: Path, where: str, choices: SoundingOptions) -> dict[str, Any]:
    """Read a granule, gather its soundings, and return its line of the listing.

    A granule without a good sounding in the domain is no failure: most orbits pass elsewhere.

    Raises
    ------
    SourceError
        The file is not what was declared.
    """
    from geocryoai.sources.soundings.granule import read_granule

    granule = read_granule(path, choices, where)
    counts = gathered.add(granule.lon, granule.lat, granule.time, granule.values, granule.sigma, granule.corners)
    line: dict[str, Any] = {"scene": where, "first_pass": "", "last_pass": ""}
    if len(granule.time):
        line |= {"first_pass": str(granule.time.min())[:19], "last_pass": str(granule.time.max())[:19]}
    masked = 1.0 - counts["used"] / granule.total if granule.total else None
    line |= {"pixels": granule.total, "good": len(granule.time), **counts, "masked_share": masked}
    return line | ({"notes": list(granule.notes)} if granule.notes else {})
