"""Soil and cover classes of the maps, and what stands for each in the column model.

The mineral classes follow from sand and clay: sand where sand is 70 % or more, clay where clay is 35 % or more, silt
elsewhere. Over them lies an organic layer (moss and peat) of a depth that is mapped or given.

The values are saturated ground, rounded, within the ranges of Farouki (1981) and of the layers that are in common use
with permafrost models; unfrozen water a |T|^b is of the size that Romanovsky and Osterkamp (2000) fitted to
temperatures at Alaskan sites. They are defaults, not measurements: name fields or options where more is known.

References
----------
Farouki, O. T. (1981), Thermal Properties of Soils, CRREL Monograph 81-1.
Romanovsky, V. E. and Osterkamp, T. E. (2000), Permafr. Periglac. Process. 11, 219-239.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geocryoai.processes.checks import between
from geocryoai.processes.column import Material, PowerCurve
from geocryoai.processes.ground import volumetric_capacity

#: Dry heat capacity of organic and mineral matter per volume of ground [J m-3 K-1].
_DRY_ORGANIC, _DRY_MINERAL = 0.25e6, 1.25e6


def _material(water: float, thawed: float, frozen: float, a: float, b: float, dry: float) -> Material:
    capacities = [float(volumetric_capacity(dry, water, frozen=state)) for state in (False, True)]
    return Material(water, thawed, frozen, capacities[0], capacities[1], PowerCurve(a, b))


#: Water content [m3 m-3], conductivity thawed and frozen [W m-1 K-1], unfrozen water a and b, by class.
SOILS: dict[str, Material] = {
    "organic": _material(0.60, 0.35, 1.00, 0.02, -0.60, _DRY_ORGANIC),
    "sand": _material(0.35, 1.80, 2.60, 0.01, -0.60, _DRY_MINERAL),
    "silt": _material(0.40, 1.30, 2.10, 0.06, -0.40, _DRY_MINERAL),
    "clay": _material(0.45, 1.20, 1.90, 0.12, -0.30, _DRY_MINERAL),
}


def texture_class(sand: ArrayLike, clay: ArrayLike) -> NDArray[np.int64]:
    """Return the place in `MINERAL` of soils of given sand and clay mass fractions [1].

    Examples
    --------
    >>> [MINERAL[i] for i in texture_class([0.9, 0.3, 0.1], [0.05, 0.2, 0.5])]
    ['sand', 'silt', 'clay']
    """
    coarse, fine = between("sand [1]", sand, 0.0, 1.0), between("clay [1]", clay, 0.0, 1.0)
    return np.where(coarse >= 0.7, 0, np.where(fine >= 0.35, 2, 1)).astype(np.int64)
