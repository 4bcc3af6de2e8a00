"""The records in which plots and choices enter the compiled model, and what comes out of it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from geocryoai.processes.forest.options import ForestOptions
from geocryoai.processes.forest.radiation import sky_radiation, slope_ratio
from geocryoai.processes.forest.terrain import LAPSE_RATE, TEXTURES, Terrain
from geocryoai.processes.forest.water import TRANSMISSIVITY

#: A plot: shift of the air temperature [K], slope [degree], radiation of the warm season relative to flat ground [1],
#: mineral ground as in `terrain.TEXTURES`, shortwave at the ground per month [MJ m-2 d-1].
PLOT = np.dtype(
    [(name, np.float64) for name in ("shift", "slope", "warmth", "saturation", "field_capacity", "wilting",
                                     "density", "coarse")]
    + [("radiation", np.float64, (12,))]
)  # fmt: skip

#: Choices that the compiled model needs.
CHOICES = np.dtype([(name, np.float64) for name in ("plot_area", "extinction", "daily_sd")])

#: Months whose radiation counts for the thaw of a slope: April to September.
_WARM = slice(3, 9)

#: What is kept of each year and plot: tables of the result, one number each.
YEARLY = ("organic_depth", "moss_depth", "degree_days", "drought", "flooding", "nitrogen", "fire")


def plot_records(terrain: Terrain) -> NDArray[Any]:
    """Return one record per plot."""
    records = np.zeros(len(terrain), dtype=PLOT)
    ratio = slope_ratio(terrain.latitude, terrain.slope, terrain.aspect)
    sky = sky_radiation(terrain.latitude)
    records["shift"] = -LAPSE_RATE * np.asarray(terrain.elevation)
    records["slope"] = terrain.slope
    records["warmth"] = (ratio * sky)[:, _WARM].sum(axis=1) / sky[:, _WARM].sum(axis=1)
    ground = np.array([TEXTURES[name] for name in terrain.texture])
    names = ("saturation", "field_capacity", "wilting", "density", "coarse")
    for i, name in enumerate(names):
        records[name] = ground[:, i]
    records["radiation"] = TRANSMISSIVITY * sky * ratio
    return records


def choice_record(options: ForestOptions) -> NDArray[Any]:
    """Return the choices as an array with one record."""
    return np.array([(options.plot_area, options.extinction, options.daily_sd)], dtype=CHOICES)
