"""When a tree dies of age or of stress.

References
----------
Botkin, D. B., Janak, J. F. and Wallis, J. R. (1972), J. Ecol. 60, 849-872, doi:10.2307/2258570 (1 % reach old age).
Foster, A. C. et al. (2019), Ecological Modelling 409, 108765 (stress, by class).
"""

from __future__ import annotations

import numpy as np

from geocryoai.processes.forest.allometry import Number
from geocryoai.processes.forest.compilable import compilable

#: Years of too little growth in a row after which a tree may die of it.
STRESS_YEARS = 2


@compilable
def age_death(age_max: Number, old_age_share: Number) -> Number:
    """Return the yearly chance to die [1] with which a share of the trees [1] reaches the greatest age [yr]."""
    chance: Number = 1.0 - old_age_share ** (1.0 / age_max)
    return chance


@compilable
def stress_threshold(diameter_max: Number, age_max: Number, least: Number) -> Number:
    """Return the increment below which a tree is under stress [cm yr-1].

    A tenth of the mean increment to the greatest diameter [cm] and age [yr], or the species' own least one.
    """
    threshold: Number = np.minimum(0.1 * diameter_max / age_max, least)
    return threshold
