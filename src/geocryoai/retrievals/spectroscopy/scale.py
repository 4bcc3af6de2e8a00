"""The scale of published targets, and what strong enhancements leave of the radiance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

#: Targets are for each 1e5 ppm m, as published ones are; results are multiplied by it.
SCALE = 1e5


@dataclass(frozen=True)
class Curve:
    """What strong enhancements leave of the radiance.

    Attributes
    ----------
    enhancement : array, shape (k,)
        Increasing from 0 [ppm m].
    transmission : array, shape (k, bands)
        Radiance with the enhancement over radiance without [1].
    """

    enhancement: Floats
    transmission: Floats
