"""How much each row counts in a fit."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geocryoai.cube.samples import Samples


def row_weights(samples: Samples, power: float) -> NDArray[np.float64]:
    """Return the weight of each row, mean 1.

    Rows of one site repeat each other: a site of n rows gets the total weight n^(1 - power), so 0 counts rows, 1 counts
    sites and 0.5 stands between. Where a standard error is known, the row counts as the total variance of a random
    effects model, var(y) / (var(y) + sigma^2): only an error as large as the spread of the target weighs a row down.

    Parameters
    ----------
    samples : Samples
        With finite `y`.
    power : float
        0 to 1.
    """
    _, code, size = np.unique(samples.site, return_inverse=True, return_counts=True)
    weight = size[code].astype(float) ** -power
    spread = float(np.var(samples.y))
    if spread > 0:
        weight /= 1.0 + np.where(np.isfinite(samples.sigma), samples.sigma, 0.0) ** 2 / spread
    scaled: NDArray[np.float64] = weight / weight.mean()
    return scaled
