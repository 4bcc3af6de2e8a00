"""The forest floor: living moss, the organic layer, and the nitrogen that its decay sets free.

Moss grows with light and moisture and is smothered by hardwood litter. Bonan and Korzukhin let its production go with
its own mass until the lowest leaves are dark; here production per area saturates with the carpet, at their maximum of
0.35 kg m-2 yr-1, which with their losses bounds the living carpet by 1.4 kg m-2 (5.5 cm).

The organic layer has two pools: remains of moss, conifers and wood, and of hardwood leaves. Each decays at a rate that
follows the heat at its surface and is halved by standing water. The rates at 1000 degC d of surface thaw, 2 and 12 % a
year, lie within those found in interior Alaska.

References
----------
Bonan, G. B. and Korzukhin, M. D. (1989), Vegetatio 84, 31-44.
Van Cleve, K. et al. (1983), Can. J. For. Res. 13, 747-766 (forest floor and nitrogen along a gradient of heat).
Harden, J. W. et al. (2000), Glob. Change Biol. 6 (S1), 174-184 (decay and fire in boreal organic layers).
"""

from __future__ import annotations

import numpy as np

from geocryoai.processes.forest.allometry import Number
from geocryoai.processes.forest.compilable import compilable

#: Moss: most produced [kg m-2 yr-1], lost a year (respired and shed) [1], spores [kg m-2 yr-1], density [kg m-3].
MOSS_PRODUCTION, MOSS_LOSS, MOSS_SHED, MOSS_SPORES, MOSS_DENSITY = 0.35, 0.256, 0.136, 0.001, 25.0

#: Density of the organic layer [kg m-3].
ORGANIC_DENSITY = 84.0

#: Yearly decay at 1000 degC d [1] and nitrogen set free per mass decayed [1] of slow and fast pool.
SLOW_DECAY, FAST_DECAY, SLOW_NITROGEN, FAST_NITROGEN = 0.015, 0.12, 0.002, 0.010

#: Nitrogen from rain, fixation and a metre of thawed mineral ground at 1000 degC d [kg m-2 yr-1].
MINERAL_NITROGEN = 0.0006

#: Nitrogen in new wood and in shed leaves, needles and leaves of hardwoods [1].
WOOD_NITROGEN, NEEDLE_NITROGEN, LEAF_NITROGEN = 0.0015, 0.006, 0.010


@compilable
def moss_change(moss: float, leaf_area_index: float, hardwood_litter: float, drought: float) -> float:
    """Return the change of the living moss over a year [kg m-2].

    Parameters
    ----------
    moss : float
        Living mass [kg m-2].
    leaf_area_index : float
        Of the trees [m2 m-2].
    hardwood_litter : float
        Leaves shed in the year [kg m-2].
    drought : float
        Share of the growing season that is dry [1].
    """
    light = np.exp(-0.5 * leaf_area_index)
    lit = min(max((light - 0.01) / 0.04, 0.0), 1.0)
    open_sky = min(max(1.5625 - light * light, 0.0), 1.0) if light > 0.75 else 1.0
    smothered = np.exp(-2.932 * hardwood_litter)
    moist = max(1.0 - drought / 0.1, 0.0)
    carpet = 1.0 - np.exp(-2.0 * moss)
    growth = MOSS_PRODUCTION * lit * open_sky * smothered * moist * carpet + MOSS_SPORES * smothered
    return float(max(growth - MOSS_LOSS * moss, -moss))


@compilable
def decay(surface_thaw: Number, flooding: Number, rate: Number) -> Number:
    """Return the share of a pool that decays in a year [1].

    Parameters
    ----------
    surface_thaw : float or array
        Thawing degree days at the surface [degC d].
    flooding : float or array
        Share of the growing season with standing water [1].
    rate : float or array
        At 1000 degC d without standing water [yr-1].
    """
    share: Number = 1.0 - np.exp(-rate * surface_thaw / 1000.0 * (1.0 - 0.5 * flooding))
    return share
