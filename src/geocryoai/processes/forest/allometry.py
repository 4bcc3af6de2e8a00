"""Size of a tree from its diameter: height, optimal increment, leaf area and mass.

Elementwise on numbers and arrays. Height saturates as in FORSKA, H = 1.3 + (Hmax - 1.3)(1 - exp(-s D / (Hmax - 1.3))).
An open-grown tree adds to its volume index D2 H what its leaves earn, g D2 (1 - D H / (Dmax Hmax)), which gives the
increment of the diameter

    dD/dt = g D (1 - D H / (Dmax Hmax)) / (2 H + s D exp(-s D / (Hmax - 1.3))).

Leaf area goes with the square of the diameter under the crown, to which the stem tapers as ((H - z)/(H - 1.3))^(1/b).

References
----------
Botkin, D. B., Janak, J. F. and Wallis, J. R. (1972), J. Ecol. 60, 849-872, doi:10.2307/2258570 (increment).
Leemans, R. and Prentice, I. C. (1989), FORSKA, a general forest succession model, Uppsala University (height).
Foster, A. C. et al. (2019), Ecological Modelling 409, 108765, UVAFME in interior Alaska (taper, stem and branch mass).
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np

from geocryoai.processes.forest.compilable import compilable

#: A float, or an array of floats.
Number: TypeAlias = Any

#: Height at which diameters are measured [m].
BREAST_HEIGHT = 1.3


@compilable
def tree_height(diameter: Number, height_max: Number, slope: Number) -> Number:
    """Return the height [m] of a tree.

    Parameters
    ----------
    diameter : float or array
        At breast height [cm].
    height_max : float or array
        Of the species [m].
    slope : float or array
        Initial slope of height on diameter [m cm-1].
    """
    span = height_max - BREAST_HEIGHT
    height: Number = BREAST_HEIGHT + span * (1.0 - np.exp(-slope * diameter / span))
    return height


@compilable
def optimal_increment(
    diameter: Number, diameter_max: Number, height_max: Number, slope: Number, growth_rate: Number
) -> Number:
    """Return the increment of the diameter of an open-grown tree on an ideal site [cm yr-1].

    Parameters
    ----------
    diameter, diameter_max : float or array
        At breast height [cm].
    height_max, slope : float or array
        As in `tree_height`.
    growth_rate : float or array
        Volume index gained per leaf area [cm m yr-1 / cm], the g of the module's text.
    """
    height = tree_height(diameter, height_max, slope)
    share = 1.0 - diameter * height / (diameter_max * height_max)
    bend = slope * diameter * np.exp(-slope * diameter / (height_max - BREAST_HEIGHT))
    increment: Number = growth_rate * diameter * np.maximum(share, 0.0) / (2.0 * height + bend)
    return increment


@compilable
def diameter_under_crown(diameter: Number, height: Number, crown_base: Number, stem_shape: Number) -> Number:
    """Return the diameter of the stem [cm] at the base of the crown; that at breast height where the base is lower."""
    above = np.maximum(crown_base, BREAST_HEIGHT)
    taper: Number = ((height - above) / (height - BREAST_HEIGHT)) ** (1.0 / stem_shape) * diameter
    return taper


@compilable
def leaf_area(crown_diameter: Number, leaf_area_factor: Number) -> Number:
    """Return the leaf area of a tree [m2] from the diameter under its crown [cm] and a factor [m2 cm-2]."""
    return leaf_area_factor * crown_diameter * crown_diameter


@compilable
def stem_mass(diameter: Number, height: Number, wood_density: Number, stem_shape: Number) -> Number:
    """Return the dry mass of the stem [kg]; wood density in [t m-3]."""
    return 0.025 * np.pi * wood_density * stem_shape / (stem_shape + 2.0) * diameter * diameter * height


@compilable
def branch_mass(crown_diameter: Number, crown_length: Number, wood_density: Number, stem_shape: Number) -> Number:
    """Return the dry mass of the branches [kg]; crown length in [m], wood density in [t m-3]."""
    share = 2.0 / (stem_shape + 2.0) - 0.33
    return 0.025 * np.pi * wood_density * share * crown_diameter * crown_diameter * crown_length
