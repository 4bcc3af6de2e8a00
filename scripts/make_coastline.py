"""Make the coastline of the report's polar maps from Natural Earth.

The input is ``land-50m.json`` of the npm package ``world-atlas``: TopoJSON of Natural Earth 1:50m land, public domain::

    npm pack world-atlas && tar xzf world-atlas-*.tgz
    python scripts/make_coastline.py package/land-50m.json src/geocryoai/report/coast.json

Rings are cut at 45 degrees north, simplified on the polar stereographic projection and written as integer steps, so
that the package carries one small text file.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pyproj import Transformer

#: Southern edge of what is kept [degree north].
SOUTH = 45.0
#: Largest distance of a dropped vertex from the simplified line [m].
TOLERANCE = 1300.0
#: Smallest island that is kept [m2].
SMALLEST = 2.0e7
#: Integers are hundredths of a degree.
SCALE = 100

ATTRIBUTION = (
    "Made with Natural Earth (naturalearthdata.com), 1:50m land, public domain, by way of the npm package world-atlas "
    "2.0.2; cut at 45 N and simplified by scripts/make_coastline.py. Each ring: first longitude and latitude, then "
    "steps, in hundredths of a degree."
)

Floats = NDArray[np.float64]


def decode_arcs(topology: dict[str, Any]) -> list[Floats]:
    """Return the arcs of a quantised TopoJSON as longitudes and latitudes, shape (n, 2)."""
    scale, shift = np.array(topology["transform"]["scale"]), np.array(topology["transform"]["translate"])
    return [np.cumsum(np.array(arc, dtype=float), axis=0) * scale + shift for arc in topology["arcs"]]


def rings_of(topology: dict[str, Any]) -> list[Floats]:
    """Return every ring of the land polygons, shape (n, 2) each, first vertex repeated at the end."""
    arcs = decode_arcs(topology)
    rings = []
    for geometry in topology["objects"]["land"]["geometries"]:
        polygons = [geometry["arcs"]] if geometry["type"] == "Polygon" else geometry["arcs"]
        for polygon in polygons:
            for ring in polygon:
                parts = [arcs[i] if i >= 0 else arcs[~i][::-1] for i in ring]
                rings.append(np.concatenate([parts[0], *[part[1:] for part in parts[1:]]]))
    return rings


def cut_south(ring: Floats) -> Floats:
    """Return the ring with everything south of the edge pressed onto it, in steps of at most five degrees."""
    low = ring[:, 1] < SOUTH
    pressed = np.column_stack([ring[:, 0], np.maximum(ring[:, 1], SOUTH)])
    keep = np.ones(len(ring), dtype=bool)
    last = pressed[0]
    for i in range(1, len(ring) - 1):
        step = abs((pressed[i, 0] - last[0] + 180.0) % 360.0 - 180.0)
        if low[i - 1] and low[i] and low[i + 1] and step < 5.0:
            keep[i] = False
        else:
            last = pressed[i]
    return pressed[keep]


def simplified(points: Floats) -> NDArray[np.bool_]:
    """Return which vertices Douglas and Peucker's method keeps, for points in metres."""
    keep = np.zeros(len(points), dtype=bool)
    keep[[0, -1]] = True
    spans = [(0, len(points) - 1)]
    while spans:
        first, last = spans.pop()
        if last - first < 2:
            continue
        chord = points[last] - points[first]
        offset = points[first + 1 : last] - points[first]
        length = float(np.hypot(*chord))
        if length > 0:
            distance = np.abs(chord[0] * offset[:, 1] - chord[1] * offset[:, 0]) / length
        else:
            distance = np.hypot(offset[:, 0], offset[:, 1])
        worst = int(np.argmax(distance))
        if distance[worst] > TOLERANCE:
            middle = first + 1 + worst
            keep[middle] = True
            spans += [(first, middle), (middle, last)]
    return keep


def area(points: Floats) -> float:
    """Return the area that a ring encloses [m2]."""
    x, y = points.T
    return abs(float(np.sum(x[:-1] * y[1:] - x[1:] * y[:-1]))) / 2.0


def make_coastline(topology: dict[str, Any]) -> dict[str, Any]:
    """Return the content of the coastline file."""
    project = Transformer.from_crs("EPSG:4326", "EPSG:3413", always_xy=True)
    rings = []
    for whole in rings_of(topology):
        if whole[:, 1].max() <= SOUTH:
            continue
        ring = cut_south(whole)
        points = np.column_stack(project.transform(ring[:, 0], ring[:, 1]))
        if area(points) < SMALLEST:
            continue
        kept = np.rint(ring[simplified(points)] * SCALE).astype(int)
        kept = kept[np.append(True, (np.diff(kept, axis=0) != 0).any(axis=1))]
        if len(kept) >= 4:
            rings.append(np.concatenate([kept[:1], np.diff(kept, axis=0)]).ravel().tolist())
    return {"attribution": ATTRIBUTION, "scale": SCALE, "rings": rings}


def main(source: str, target: str) -> None:
    """Write the coastline file."""
    topology = json.loads(Path(source).read_text(encoding="utf-8"))
    text = json.dumps(make_coastline(topology), separators=(",", ":"))
    Path(target).write_text(text.replace('"rings":', '\n"rings":').replace("],[", "],\n[") + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
