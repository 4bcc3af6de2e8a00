"""Light in the canopy of a plot: leaf area by layers of height, and what passes through it.

Light falls off as exp(-k L) with the leaf area L above (Beer's law). A tree's leaves are spread evenly between the base
and the top of its crown, and over the whole plot; trees of other plots cast no shade.
"""

from __future__ import annotations

import numpy as np

from geocryoai.processes.checks import Array
from geocryoai.processes.forest.allometry import Number
from geocryoai.processes.forest.compilable import compilable

#: Height of a layer [m] and number of layers.
LAYER = 1.0
LAYERS = 42

#: Share of the leaf area of trees that shed their leaves that shades evergreens [1] (Foster et al. 2019).
SHADES_EVERGREENS = 0.8


@compilable
def light_below(leaf_area_index: Number, extinction: float) -> Number:
    """Return the share of light below a leaf area [m2 m-2]; `extinction` is that of the canopy [1]."""
    share: Number = np.exp(-extinction * leaf_area_index)
    return share


@compilable
def add_crown(layers: Array, crown_base: float, height: float, leaf_area_index: float, evergreen: float) -> None:
    """Add the leaf area [m2 m-2] of a crown between `crown_base` and `height` [m] to the layers, shape (2, LAYERS).

    The first row is what shades trees that shed their leaves, the second what shades evergreens.
    """
    share = 1.0 if evergreen > 0.0 else SHADES_EVERGREENS
    density = leaf_area_index / (height - crown_base)
    for i in range(int(crown_base / LAYER), min(int(height / LAYER) + 1, LAYERS)):
        inside = min(height, (i + 1) * LAYER) - max(crown_base, i * LAYER)
        if inside > 0.0:
            layers[0, i] += density * inside
            layers[1, i] += share * density * inside


@compilable
def sum_from_top(layers: Array, above: Array) -> None:
    """Set `above`, shape (2, LAYERS + 1), to the leaf area above the lower edge of each layer [m2 m-2]."""
    for row in range(2):
        above[row, LAYERS] = 0.0
        for i in range(LAYERS - 1, -1, -1):
            above[row, i] = above[row, i + 1] + layers[row, i]


@compilable
def leaf_area_above(above: Array, height: float, evergreen: float) -> float:
    """Return the leaf area above a height that shades a tree [m2 m-2], linear within a layer."""
    row = 1 if evergreen > 0.0 else 0
    i = min(int(height / LAYER), LAYERS - 1)
    part = min(height / LAYER - i, 1.0)
    return float(above[row, i] + part * (above[row, i + 1] - above[row, i]))
