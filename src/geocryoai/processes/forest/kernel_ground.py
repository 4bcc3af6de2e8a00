"""A year of the ground of one plot, compiled: degree days, thaw month by month, water."""

# The compiler infers the types.
# mypy: allow-untyped-defs, allow-untyped-calls

from __future__ import annotations

from math import erf, exp, sqrt

from geocryoai.processes.forest.climate import DAYS as _DAYS
from geocryoai.processes.forest.compilable import compilable
from geocryoai.processes.forest.ground import (
    DEEPEST,
    canopy_openness,
    conductivity_frozen,
    conductivity_thawed,
    freeze_n_factor,
    frost_depth,
    thaw_depth,
    thaw_n_factor,
)
from geocryoai.processes.forest.water import (
    FOREST,
    ORGANIC_CAPACITY,
    ORGANIC_SATURATION,
    ORGANIC_WILTING,
    ROOTS,
    capacity,
    drained,
    dryness,
    potential_evaporation,
)

DAYS = tuple(float(d) for d in _DAYS)

#: Seconds of a day [s], base of growing degree days [degC], melt of snow [mm degC-1 d-1].
DAY, BASE, MELT = 86400.0, 5.0, 4.0

#: Places in the memory of the ground: frost since the thaw of last year [degC d], table of the frozen ground [m],
#: water in the ground and snow [mm], thaw of last year [m],
#: share of field capacity at the end of the last growing season [1].
FROST, TABLE, WATER, SNOW, LAST, MOISTURE = range(6)

#: Places in the summary of a year: growing degree days, surface thaw [degC d], largest thaw [m], drought, flooding [1].
GROWING, SURFACE, THAW, DROUGHT, FLOODING = range(5)


@compilable
def mean_above(temperature, threshold, sd):
    """Return the mean [K] of what a normal temperature has above a threshold."""
    x = temperature - threshold
    z = x / sd
    return max(0.5 * x * (1.0 + erf(z / sqrt(2.0))) + sd * exp(-0.5 * z * z) * 0.3989422804014327, 0.0)


@compilable
def ground_year(plot, temperature, sd, canopy, moss, organic, memory, thaw, summary):
    """Set the thaw depth of each month [m] and the degree days of the year."""
    openness = canopy_openness(canopy)
    warm = thaw_n_factor(openness) * plot["warmth"]
    cold = freeze_n_factor(openness) * max(2.0 - plot["warmth"], 0.1)
    winter = memory[FROST]
    for m in range(7):
        t = temperature[m] + plot["shift"]
        winter += DAYS[m] * (mean_above(t, 0.0, sd) - t)
    water = plot["wilting"] + memory[MOISTURE] * (plot["field_capacity"] - plot["wilting"])
    water = min(water, plot["saturation"])
    k_frozen = conductivity_frozen(water, plot["density"], plot["coarse"])
    k_thawed = conductivity_thawed(water, plot["density"], plot["coarse"])
    frost = frost_depth(DAY * cold * winter, moss, organic, water, k_frozen)
    growing, surface, deepest, autumn = 0.0, 0.0, 0.0, 0.0
    for m in range(12):
        t = temperature[m] + plot["shift"]
        above = DAYS[m] * mean_above(t, 0.0, sd)
        growing += DAYS[m] * mean_above(t, BASE, sd)
        surface += warm * above
        depth = thaw_depth(DAY * surface, moss, organic, water, k_thawed, frost, memory[TABLE])
        below = above - DAYS[m] * t
        thaw[m] = depth if above > below else 0.0
        deepest = depth
        if m > 6:
            autumn += below
    memory[FROST] = autumn
    memory[TABLE] = deepest if deepest <= frost else min(max(memory[TABLE], deepest), DEEPEST)
    memory[LAST] = deepest
    summary[GROWING], summary[SURFACE], summary[THAW] = growing, surface, deepest


@compilable
def water_year(plot, temperature, precipitation, organic, memory, summary):
    """Set the shares of the growing season that are dry and flooded, in steps of a third of a month."""
    rooted = min(max(memory[LAST], 0.1), ROOTS + organic)
    full = capacity(rooted, organic, plot["saturation"], ORGANIC_SATURATION)
    field = capacity(rooted, organic, plot["field_capacity"], ORGANIC_CAPACITY)
    wilting = capacity(rooted, organic, plot["wilting"], ORGANIC_WILTING)
    water, snow = min(max(memory[WATER], wilting), full), memory[SNOW]
    season, dry, wet = 0.0, 0.0, 0.0
    for m in range(12):
        t = temperature[m] + plot["shift"]
        demand = potential_evaporation(t, plot["radiation"][m])
        days = DAYS[m] / 3.0
        for _ in range(3):
            rain = precipitation[m] / 3.0
            if t <= 0.0:
                snow += rain
                continue
            melt = min(snow, MELT * t * days)
            snow -= melt
            water += rain + melt
            share = min(max((water - wilting) / (field - wilting), 0.0), 1.0)
            water -= min(FOREST * demand * days * min(1.0, share / 0.5), water - wilting)
            if water > field:
                water -= drained(water - field, plot["slope"], memory[TABLE], days)
            water = min(water, full)
            if t > BASE:
                memory[MOISTURE] = (water - wilting) / (field - wilting)
                season += days
                dry += days * dryness((water - wilting) / (field - wilting))
                wet += days * min(max((water - field) / (full - field), 0.0), 1.0)
    memory[WATER], memory[SNOW] = water, snow
    summary[DROUGHT] = dry / season if season > 0.0 else 0.0
    summary[FLOODING] = wet / season if season > 0.0 else 0.0
