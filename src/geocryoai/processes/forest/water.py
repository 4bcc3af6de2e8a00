"""Water of a plot in steps of a third of a month: snow, a bucket in the thawed ground, drought and flooding.

Potential evaporation follows Jensen and Haise from radiation and temperature; what evaporates falls with the water that
roots can reach. Snow gathers in months below 0 degC and melts in the first above. Water above field capacity drains the
faster the steeper the ground and the deeper the frozen table; what cannot be held runs off.

References
----------
Jensen, M. E. and Haise, H. R. (1963), J. Irrig. Drain. Div. ASCE 89, 15-41 (evaporation).
Pastor, J. and Post, W. M. (1985), ORNL/TM-9519 (dry days of a bucket).
Bonan, G. B. (1989), Ecological Modelling 45, 275-306.
"""

from __future__ import annotations

import numpy as np

from geocryoai.processes.forest.allometry import Number
from geocryoai.processes.forest.compilable import compilable

#: Share of the radiation above the atmosphere that reaches flat ground [1].
TRANSMISSIVITY = 0.47

#: Water of the organic layer at saturation, field capacity and wilting point [m3 m-3].
ORGANIC_SATURATION, ORGANIC_CAPACITY, ORGANIC_WILTING = 0.60, 0.38, 0.05

#: Depth of mineral ground to which roots go [m], and the share of capacity below which a plot is dry [1].
ROOTS, DRY = 0.5, 0.30

#: Evaporation of a forest that has water, as a share of the potential one [1] (Brazhnik and Shugart 2015).
FOREST = 0.7


@compilable
def potential_evaporation(temperature: Number, radiation: Number) -> Number:
    """Return the potential evaporation [mm d-1].

    Parameters
    ----------
    temperature : float or array
        Of the air [degC].
    radiation : float or array
        Shortwave at the ground [MJ m-2 d-1].
    """
    rate: Number = np.maximum(0.025 * temperature + 0.08, 0.0) * (temperature > 0.0) * radiation / 2.45
    return rate


@compilable
def capacity(thickness: float, organic: float, mineral: float, organic_share: float) -> float:
    """Return the water [mm] of `thickness` [m] of ground, `organic` [m] of it on top, at given contents [m3 m-3]."""
    peat = min(organic, thickness)
    return 1000.0 * (peat * organic_share + (thickness - peat) * mineral)


@compilable
def drained(excess: float, slope: float, table: float, days: float) -> float:
    """Return how much of the water above field capacity drains [mm].

    Parameters
    ----------
    excess : float
        [mm].
    slope : float
        [degree].
    table : float
        Depth of the frozen table [m]; over a shallow one water can leave downslope only.
    days : float
        [d].
    """
    rate = 0.004 + 0.02 * slope + 0.05 * min(max(table - 1.0, 0.0), 1.0)
    return float(excess * (1.0 - np.exp(-rate * days)))


@compilable
def dryness(share: Number) -> Number:
    """Return how dry a plot is [1]: 0 from 30 % of the water that roots can use, 1 at none."""
    dry: Number = np.maximum(1.0 - share / DRY, 0.0)
    return dry
