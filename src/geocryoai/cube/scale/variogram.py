"""The covariance of fine values from coarse ones: the point model whose block averages vary as the data do.

Only coarse values are seen, and averaging hides variance: the semivariance of blocks at lag h is
gamma_B(h) = C_B(0) - C_B(h), where C_B(h) is the mean covariance between all pairs of points of two blocks h apart
(Journel & Huijbregts 1978, Mining Geostatistics, chapter II). Sill, length and smoothness of the point model are those
whose gamma_B fits the experimental one best (weighted by pairs): a parametric form of deconvolution (Goovaerts 2008,
Mathematical Geosciences 40, 101-128). Variation finer than the fine cells cannot be seen, so there is no nugget.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from geocryoai.core.errors import CubeError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]

#: Points along the side of a block from which its average covariance is made.
POINTS_ALONG = 8

#: Ranges that are tried, in coarse cells.
RANGES = np.geomspace(0.3, 60.0, 40)

#: Fewest pairs of coarse cells for a lag to count.
MIN_PAIRS = 10


#: Smoothness of the Matern models that are tried: exponential, once and twice differentiable.
SMOOTHNESS = (0.5, 1.5, 2.5)


@dataclass(frozen=True)
class Covariance:
    """Matern covariance of point values (Stein 1999, Interpolation of Spatial Data, Springer, section 2.7).

    Attributes
    ----------
    sill : float
        Variance of point values [unit squared].
    length : float
        Length scale [coarse cells].
    smoothness : {0.5, 1.5, 2.5}
        0.5 is the exponential model.
    """

    sill: float
    length: float
    smoothness: float = 0.5

    def __post_init__(self) -> None:
        """Check that the closed form exists."""
        if self.smoothness not in SMOOTHNESS or self.length <= 0 or self.sill < 0:
            raise CubeError(
                "not a covariance", where="Covariance", found=f"{self.sill}, {self.length}, {self.smoothness}",
                expected="a sill from 0, a positive length, and a smoothness of 0.5, 1.5 or 2.5",
            )  # fmt: skip

    def __call__(self, distance: ArrayLike) -> Floats:
        """Return the covariance at distances in coarse cells."""
        h = np.sqrt(2 * self.smoothness) * np.asarray(distance, np.float64) / self.length
        bend = {0.5: 1.0, 1.5: 1.0 + h, 2.5: 1.0 + h + h**2 / 3.0}[self.smoothness]
        return np.asarray(self.sill * bend * np.exp(-h))


def fit_covariance(coarse: ArrayLike, *, most_lags: int = 8) -> Covariance:
    """Fit the point covariance to coarse residuals.

    Parameters
    ----------
    coarse : array_like, shape (n, rows, columns)
        Residuals, each layer about its own mean; NaN where missing. Layers share one covariance.
    most_lags : int
        Largest lag along rows and columns [coarse cells]; no more than half the field.

    Returns
    -------
    Covariance
        Of zero sill where the residuals do not vary.

    Raises
    ------
    CubeError
        Too few pairs of cells.
    """
    layers = np.asarray(coarse, np.float64)
    if layers.ndim != 3:
        raise CubeError("the residuals have layers, rows and columns", where="coarse", found=f"shape {layers.shape}")
    lags, gamma, pairs = experimental_variogram(layers, most_lags)
    if len(lags) < 2:
        raise CubeError("there are too few coarse cells to see how they vary together", where="coarse",
                        found=f"{int(np.isfinite(layers).sum())} values, {len(lags)} usable lags",
                        expected="2 lags or more", next_step="Give more layers (times) or a larger field.")  # fmt: skip
    if not np.any(gamma > 0):
        return Covariance(0.0, 1.0)
    fits = []
    for smoothness in SMOOTHNESS:
        for length in RANGES:
            unit = Covariance(1.0, float(length), smoothness)
            shape = block_covariance(unit, np.zeros((1, 2))) - block_covariance(unit, lags)
            sill = float((pairs * gamma * shape).sum() / (pairs * shape**2).sum())
            fits.append((float((pairs * (gamma - sill * shape) ** 2).sum()), sill, float(length), smoothness))
    return Covariance(*min(fits)[1:])


def experimental_variogram(layers: Floats, most_lags: int) -> tuple[Floats, Floats, Floats]:
    """Return lags (m, 2) in rows and columns, their semivariances (m,) and numbers of pairs (m,)."""
    rows, columns = layers.shape[-2:]
    down, right = min(most_lags, max(1, rows // 2)), min(most_lags, max(1, columns // 2))
    lags, gamma, pairs = [], [], []
    for dy in range(down + 1):
        for dx in range(-right, right + 1):
            if (dy, dx) <= (0, 0):
                continue
            here = layers[:, : rows - dy, max(0, -dx) : columns - max(0, dx)]
            there = layers[:, dy:, max(0, dx) : columns - max(0, -dx)]
            difference = here - there
            count = int(np.isfinite(difference).sum())
            if count >= MIN_PAIRS:
                lags.append((dy, dx))
                gamma.append(0.5 * float(np.nanmean(difference**2)))
                pairs.append(count)
    return np.array(lags, np.float64).reshape(-1, 2), np.array(gamma), np.array(pairs, np.float64)


def block_covariance(covariance: Covariance, lags: Floats, along: int = POINTS_ALONG) -> Floats:
    """Return the mean covariance between the points of two unit blocks some lags apart.

    Parameters
    ----------
    covariance : Covariance
    lags : array, shape (m, 2)
        Rows and columns between the blocks [coarse cells].
    along : int
        Points along the side of a block.

    Returns
    -------
    array, shape (m,)
    """
    offset = np.arange(-(along - 1), along) / along
    weight = (along - np.abs(np.arange(-(along - 1), along))) / along**2
    dy = lags[:, 0, None, None] + offset[:, None]
    dx = lags[:, 1, None, None] + offset
    return np.asarray((covariance(np.hypot(dy, dx)) * np.outer(weight, weight)).sum((-2, -1)))


def point_block_covariance(covariance: Covariance, points: Floats, centres: Floats, along: int) -> Floats:
    """Return the covariance of points with unit blocks.

    Parameters
    ----------
    covariance : Covariance
    points : array, shape (p, 2)
    centres : array, shape (b, 2)
        Row and column [coarse cells].
    along : int
        Points along the side of a block.

    Returns
    -------
    array, shape (p, b)
    """
    offset = (np.arange(along) + 0.5) / along - 0.5
    inside = np.stack(np.meshgrid(offset, offset, indexing="ij"), -1).reshape(-1, 2)
    apart = points[:, None, None] - (centres[None, :, None] + inside[None, None])
    return np.asarray(covariance(np.hypot(apart[..., 0], apart[..., 1])).mean(-1))
