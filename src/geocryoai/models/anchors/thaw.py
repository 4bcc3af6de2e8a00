"""Anchors of active layer thickness."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from geocryoai.processes.stefan import edaphic_stefan, layered_stefan

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


def stefan(tdd: Floats, *, edaphic: float = 0.02) -> Floats:
    """Return the Stefan depth [m] from thawing degree days and one edaphic factor.

    Parameters
    ----------
    tdd : array
        Thawing degree days of air [degC d].
    edaphic : float
        Edaphic factor [m (degC d)^-0.5]. The default lies within the range that Nelson et al. (1997,
        doi:10.2307/1551985) found for the Kuparuk basin; learners rescale it inside the fold.
    """
    return edaphic_stefan(tdd, edaphic)


def layered(
    tdd: Floats,
    organic_depth: Floats,
    n_factor: Floats | None = None,
    *,
    organic_conductivity: float = 0.3,
    mineral_conductivity: float = 1.3,
    organic_water: float = 0.6,
    mineral_water: float = 0.4,
    surface_ratio: float = 0.9,
) -> Floats:
    """Return the Stefan depth [m] of mineral soil under an organic layer.

    Parameters
    ----------
    tdd : array
        Thawing degree days of air [degC d].
    organic_depth : array
        Thickness of the organic layer [m].
    n_factor : array, optional
        Ratio of surface to air degree days [1]; `surface_ratio` where there is no such column.
    organic_conductivity, mineral_conductivity : float
        Thawed [W m-1 K-1].
    organic_water, mineral_water : float
        Volumetric water content [1].
    """
    thickness = np.stack([np.maximum(organic_depth, 0.0), np.full_like(tdd, np.inf)], axis=-1)
    conductivity = np.broadcast_to([organic_conductivity, mineral_conductivity], thickness.shape)
    water = np.broadcast_to([organic_water, mineral_water], thickness.shape)
    return layered_stefan(tdd, thickness, conductivity, water, surface_ratio if n_factor is None else n_factor)
