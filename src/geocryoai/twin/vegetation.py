"""Leaf area of the simulated Alaska through the seasons."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geocryoai.twin.cover import Cover

    Floats = NDArray[np.float64]

#: Leaf area index of closed tree, shrub and herbaceous cover in high summer [1].
_TREE, _SHRUB, _HERB = 2.8, 2.2, 1.3
#: Share of the tree leaf area that is evergreen [1].
_EVERGREEN = 0.7
#: Air temperatures between which leaves unfold [degC], and the July mean at which herbs cover the ground [degC].
_LEAF_OUT, _LEAF_FULL, _FULL_HERB = 0.0, 8.0, 7.5


def leaf_area(cover: Cover, tas: Floats, july: Floats) -> Floats:
    """Return the leaf area index [1], shape (months, cells).

    Parameters
    ----------
    cover : Cover
    tas : array of float, shape (months, cells)
        Air temperature [degC].
    july : array of float, shape (cells,)
        Mean July temperature of the climatology [degC]; sparse herbs grow where it is low.
    """
    unfolded = np.clip((tas - _LEAF_OUT) / (_LEAF_FULL - _LEAF_OUT), 0.0, 1.0)
    trees = _TREE * cover.tree_fraction
    herbs = _HERB * (1 - cover.tree_fraction - cover.shrub_fraction) * np.clip(july / _FULL_HERB, 0.1, 1.0)
    summer_green = (1 - _EVERGREEN) * trees + _SHRUB * cover.shrub_fraction + herbs
    return _EVERGREEN * trees + summer_green * unfolded


def absorbed_share(lai: Floats) -> Floats:
    """Return the share of photosynthetically active radiation absorbed by leaves [1] (Beer's law, extinction 0.5)."""
    return 1 - np.exp(-0.5 * lai)


def greenness(lai: Floats, snow_depth: Floats) -> Floats:
    """Return the normalised difference vegetation index [1] seen over leaves and snow.

    Parameters
    ----------
    lai : array of float
        Leaf area index [1].
    snow_depth : array of float
        [m].
    """
    leaves = 0.12 + 0.75 * (1 - np.exp(-0.7 * lai))
    snow = 1 - np.exp(-snow_depth / 0.1)
    return leaves * (1 - 0.85 * snow)
