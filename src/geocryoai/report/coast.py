"""The coastline of the report's maps: Natural Earth north of 45 degrees, as `scripts/make_coastline.py` left it."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

import numpy as np

from geocryoai.core.projection import LONLAT, transformer

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

#: Southern edge of the coastline [degree north].
SOUTH = 45.0

#: Projection in which the rings have no seam.
POLAR = "EPSG:3413"

ATTRIBUTION = "Coastline: Natural Earth, public domain."


@cache
def rings() -> tuple[Floats, ...]:
    """Return the rings of land in the polar projection, shape (n, 2) each [m]."""
    content = json.loads(files("geocryoai.report").joinpath("coast.json").read_text(encoding="utf-8"))
    found = []
    for steps in content["rings"]:
        places = np.cumsum(np.asarray(steps, dtype=float).reshape(-1, 2), axis=0) / content["scale"]
        found.append(np.column_stack(transformer(LONLAT, POLAR).transform(places[:, 0], places[:, 1])))
    return tuple(found)


def land_within(left: float, bottom: float, right: float, top: float) -> list[Floats]:
    """Return the rings of land cut to a rectangle of the polar projection.

    Parameters
    ----------
    left, bottom, right, top : float
        Edges of the rectangle [m].
    """
    found = []
    for ring in rings():
        low, high = ring.min(axis=0), ring.max(axis=0)
        if high[0] < left or low[0] > right or high[1] < bottom or low[1] > top:
            continue
        cut = ring
        for axis, edge, sign in ((0, left, 1.0), (0, right, -1.0), (1, bottom, 1.0), (1, top, -1.0)):
            cut = _cut(cut, axis, edge, sign)
        if len(cut) >= 3:
            found.append(cut)
    return found


def _cut(ring: Floats, axis: int, edge: float, sign: float) -> Floats:
    """Return the part of a ring on one side of a line parallel to an axis (Sutherland & Hodgman)."""
    if len(ring) == 0:
        return ring
    inside = sign * (ring[:, axis] - edge) >= 0
    following, following_inside = np.roll(ring, -1, axis=0), np.roll(inside, -1)
    crossing = inside != following_inside
    step = np.where(crossing, following[:, axis] - ring[:, axis], 1.0)
    share = (edge - ring[:, axis]) / step
    points = ring + share[:, None] * (following - ring)
    points[:, axis] = edge
    both = np.stack([ring, points], axis=1)
    kept: Floats = both[np.stack([inside, crossing], axis=1)]
    return kept
