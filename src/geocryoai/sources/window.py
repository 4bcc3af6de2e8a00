"""The part of a source that a study needs: its domain as a box of longitudes and latitudes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from geocryoai.core.grid import Grid
from geocryoai.core.projection import LONLAT, transformer
from geocryoai.sources._layout_place import Box
from geocryoai.sources.base import Reader

#: Points along each side by which a grid's outline is found.
_POINTS = 41


def for_domain(reader: Reader, options: Mapping[str, Any], grid: Grid | None) -> dict[str, Any]:
    """Return the options of a reader with the study's domain as ``box``, where it takes one and none is given."""
    if grid is None or not getattr(reader, "windowed", False) or options.get("box") is not None:
        return dict(options)
    return {**options, "box": list(box_of(grid))}


def box_of(grid: Grid) -> Box:
    """Return the box of longitudes and latitudes that holds a grid: west, south, east, north [degree].

    A grid across the antimeridian has west > east; one that holds a pole all longitudes.

    Examples
    --------
    >>> from geocryoai.core.named_grids import alaska
    >>> [round(edge) for edge in box_of(alaska(100_000.0))][:2]
    [172, 51]
    """
    left, bottom, right, top = grid.bounds
    x, y = np.meshgrid(np.linspace(left, right, _POINTS), np.linspace(bottom, top, _POINTS))
    lon, lat = transformer(grid.crs, LONLAT).transform(x, y)
    pole_x, pole_y = transformer(LONLAT, grid.crs).transform(0.0, 90.0)
    south = float(np.nanmin(lat))
    if left <= pole_x <= right and bottom <= pole_y <= top:
        return -180.0, south, 180.0, 90.0
    ordered = np.sort(np.mod(lon[np.isfinite(lon)], 360.0))
    gaps = np.diff(np.append(ordered, ordered[0] + 360.0))
    widest = int(np.argmax(gaps))
    west, east = ordered[(widest + 1) % ordered.size], ordered[widest]
    wrapped = [float((edge + 180.0) % 360.0 - 180.0) for edge in (west, east)]
    return wrapped[0], south, wrapped[1], float(np.nanmax(lat))
