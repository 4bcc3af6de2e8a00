"""A year of the forest floor of one plot, compiled: fire, nitrogen, litter and decay."""

# The compiler infers the types.
# mypy: allow-untyped-defs, allow-untyped-calls

from __future__ import annotations

from geocryoai.processes.forest.compilable import compilable
from geocryoai.processes.forest.fire import organic_burnt
from geocryoai.processes.forest.floor import (
    FAST_DECAY,
    FAST_NITROGEN,
    MINERAL_NITROGEN,
    MOSS_DENSITY,
    MOSS_SHED,
    ORGANIC_DENSITY,
    SLOW_DECAY,
    SLOW_NITROGEN,
    decay,
    moss_change,
)
from geocryoai.processes.forest.kernel_ground import DROUGHT, FLOODING, SURFACE, THAW
from geocryoai.processes.forest.kernel_trees import FAST, SLOW

#: Places in the memory of the floor: living moss, slow and fast pool [kg m-2], what decays of them this year
#: [kg m-2], years since the last fire.
MOSS, SLOW_POOL, FAST_POOL, SLOW_LOST, FAST_LOST, SINCE = range(6)


@compilable
def organic_depth(floor):
    """Return the thickness of the organic layer [m]."""
    return (floor[SLOW_POOL] + floor[FAST_POOL]) / ORGANIC_DENSITY


@compilable
def moss_depth(floor):
    """Return the thickness of the living moss [m]."""
    return floor[MOSS] / MOSS_DENSITY


@compilable
def burn_floor(floor, severity, flooding):
    """Take the moss and a part of the organic layer."""
    share = 1.0 - organic_burnt(severity, flooding)
    floor[MOSS], floor[SINCE] = 0.0, 0.0
    floor[SLOW_POOL] *= share
    floor[FAST_POOL] *= share


@compilable
def nitrogen_released(floor, summary):
    """Set what decays this year; return the nitrogen that becomes available [kg m-2]."""
    floor[SLOW_LOST] = floor[SLOW_POOL] * decay(summary[SURFACE], summary[FLOODING], SLOW_DECAY)
    floor[FAST_LOST] = floor[FAST_POOL] * decay(summary[SURFACE], summary[FLOODING], FAST_DECAY)
    thawed = min(max(summary[THAW] - organic_depth(floor), 0.1), 1.0)
    mineral = MINERAL_NITROGEN * summary[SURFACE] / 1000.0 * thawed
    return mineral + SLOW_NITROGEN * floor[SLOW_LOST] + FAST_NITROGEN * floor[FAST_LOST]


@compilable
def floor_year(floor, litter, area, leaves, summary):
    """Add litter [kg] to the pools, take what decays, and let the moss grow under `leaves` [m2 m-2]."""
    floor[SLOW_POOL] += litter[SLOW] / area + MOSS_SHED * floor[MOSS] - floor[SLOW_LOST]
    floor[FAST_POOL] += litter[FAST] / area - floor[FAST_LOST]
    floor[MOSS] += moss_change(floor[MOSS], leaves, litter[FAST] / area, summary[DROUGHT])
    floor[SINCE] += 1.0
