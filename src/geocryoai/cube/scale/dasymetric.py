"""Dasymetric refinement: a coarse value shared out by what is known of the fine cells, such as wetland fraction."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from geocryoai.core.errors import CubeError
from geocryoai.cube.scale.blocks import block_mean, check_factor, spread
from geocryoai.cube.scale.coherence import make_coherent

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]


def dasymetric(coarse: ArrayLike, share: ArrayLike, factor: int, *, background: float = 0.0) -> Floats:
    """Share each coarse value out over its fine cells in proportion to a known share; the mean is kept.

    Parameters
    ----------
    coarse : array_like, shape (..., rows, columns)
        A mean per area, such as the CH4 flux of a model cell [any unit].
    share : array_like, shape (rows * factor, columns * factor)
        What carries the quantity, such as the wetland fraction [1], from 0; NaN outside the domain.
    factor : int
    background : float
        Share added everywhere, so that cells without the carrier get something too [1].

    Returns
    -------
    array, shape (..., rows * factor, columns * factor)
        NaN where `share` is NaN. A coarse cell in which nothing carries is spread evenly.

    Raises
    ------
    CubeError
        A negative share or background, or shapes that do not fit.

    References
    ----------
    Eicher, C. L. and Brewer, C. A. (2001), Cartography and Geographic Information Science 28, 125-138.

    Examples
    --------
    >>> dasymetric([[2.0]], [[1.0, 0.0], [0.0, 1.0]], 2).tolist()
    [[4.0, 0.0], [0.0, 4.0]]
    """
    carrier = np.asarray(share, np.float64)
    check_factor(carrier.shape, factor)
    if np.any(carrier < 0) or background < 0:
        raise CubeError("a share is negative", where="share", expected="values from 0")
    weight = carrier + background
    mean = spread(block_mean(weight, factor), factor)
    relative = np.where(mean > 0, np.divide(weight, mean, out=np.ones(weight.shape), where=mean > 0), 1.0)
    fine = spread(coarse, factor) * np.where(np.isfinite(carrier), relative, np.nan)
    return make_coherent(fine, coarse, factor, how="scale")
