"""How many young trees a plot gets a year.

References
----------
Johnstone, J. F. and Chapin, F. S. (2006), Ecosystems 9, 14-31, doi:10.1007/s10021-004-0042-x (organic seedbeds).
Greene, D. F. et al. (1999), Can. J. For. Res. 29, 824-839, doi:10.1139/x98-112 (seed and sprouts in boreal forests).
"""

from __future__ import annotations

import numpy as np

from geocryoai.processes.forest.allometry import Number
from geocryoai.processes.forest.compilable import compilable

#: Young trees at best [m-2 yr-1], share of that with seed from afar alone [1], basal area of a full local source
#: [m2 ha-1], years for which a burnt stand is still a source.
RATE, FROM_AFAR, FULL_SOURCE, AFTER_FIRE_YEARS = 0.04, 0.1, 5.0, 5

#: Diameter of a young tree, least and spread [cm].
SMALLEST, SPREAD = 1.0, 0.6


@compilable
def seedbed_multiplier(organic_depth: Number, tolerated: Number) -> Number:
    """Return the share of seedlings that establish on an organic layer [1]; both arguments in [m]."""
    share: Number = np.exp(-organic_depth / tolerated)
    return share


@compilable
def seed_source(basal_area: Number, burnt: Number) -> Number:
    """Return the source of a species' seed and sprouts [1] from its living and recently burnt basal area [m2 ha-1]."""
    source: Number = FROM_AFAR + np.minimum(basal_area / FULL_SOURCE, 1.0) + np.minimum(burnt / FULL_SOURCE, 2.0)
    return source
