"""Vegetation of a cell as shares of classes, and the light that it absorbs."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from geocryoai.core.errors import ModelError
from geocryoai.processes.checks import Array

#: Drivers from which the absorbed share of light can be taken, in order of preference.
GREENNESS = ("fpar", "evi", "ndvi", "lai")


def fpar_from(index: Array, kind: str) -> Array:
    """Return the absorbed share of photosynthetically active radiation [1] from a vegetation index of a kind.

    NDVI: linear, Myneni and Williams (1994, doi:10.1016/0034-4257(94)90016-7). EVI: equal to it, Xiao et al. (2004,
    doi:10.1016/j.rse.2004.03.010). LAI: Beer-Lambert with extinction coefficient 0.5. FPAR is that share itself.
    """
    share = index
    if kind == "ndvi":
        share = 1.164 * index - 0.143
    elif kind == "lai":
        share = 1.0 - np.exp(-0.5 * np.maximum(index, 0.0))
    return np.clip(share, 0.0, 1.0)


def absorbed_share(drivers: Mapping[str, Array]) -> Array:
    """Return the absorbed share of light [1] from the first index of `GREENNESS` that is given.

    Raises
    ------
    ModelError
        None is given.
    """
    for name in GREENNESS:
        if name in drivers:
            return fpar_from(drivers[name], name)
    raise ModelError("the light that plants absorb is not known", where="process carbon",
                     expected=f"one of the drivers {', '.join(GREENNESS)}")  # fmt: skip


def class_shares(
    drivers: Mapping[str, Array], cells: int, ground: str, shrub: str, tree: str
) -> list[tuple[str, Array]]:
    """Return the classes of a cell with their shares of its area [1], which sum to 1.

    Trees stand over shrubs: what `tree_fraction` leaves is shared by `shrub_fraction`, at most all of it, and the
    ground class.
    """
    trees = np.clip(drivers.get("tree_fraction", np.zeros(cells)), 0.0, 1.0)
    shrubs = np.minimum(np.clip(drivers.get("shrub_fraction", np.zeros(cells)), 0.0, 1.0), 1.0 - trees)
    shares = [(ground, 1.0 - trees - shrubs), (shrub, shrubs), (tree, trees)]
    return [(name, share) for name, share in shares if (share > 0).any()] or [(ground, np.ones(cells))]
