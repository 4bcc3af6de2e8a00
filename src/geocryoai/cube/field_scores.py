"""Scores of gridded fields at stations: error, bias, error without bias, and correlation in time.

The error without bias, ubRMSE = sqrt(RMSE^2 - bias^2), is the measure of soil moisture missions (Entekhabi et al. 2010,
J. Hydrometeorol. 11, 832-840): a station stands for a point, a cell for kilometres, so that a lasting difference
between them says little of the product.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

#: Fewest months for a correlation.
FEWEST = 3


@dataclass(frozen=True)
class SeriesScore:
    """Scores of one product at one station, over the months that the station and every product have.

    Attributes
    ----------
    months : int
    rmse, bias, ubrmse : float
        Product minus station [unit of the field].
    r : float
        Pearson correlation in time [1]; NaN with fewer than three months or where one of the two does not vary.
    observed, product : float
        Means over the months.
    """

    months: int
    rmse: float
    bias: float
    ubrmse: float
    r: float
    observed: float
    product: float


def score_series(observed: Floats, products: Mapping[str, Floats]) -> dict[str, SeriesScore] | None:
    """Return the scores of several products at one station; None where no month has them all.

    Parameters
    ----------
    observed : array, shape (months,)
        NaN where missing.
    products : dict of str to array, shape (months,)

    Examples
    --------
    >>> found = score_series(np.array([0.2, 0.3, 0.4]), {"coarse": np.array([0.3, 0.4, 0.5])})
    >>> round(found["coarse"].rmse, 3), round(found["coarse"].ubrmse, 3), round(found["coarse"].r, 3)
    (0.1, 0.0, 1.0)
    """
    seen = np.isfinite(observed)
    for values in products.values():
        seen = seen & np.isfinite(values)
    if not seen.any():
        return None
    return {name: _score(observed[seen], values[seen]) for name, values in products.items()}


def correlation(first: Floats, second: Floats) -> float:
    """Return the Pearson correlation [1]; NaN with fewer than three pairs or where one of the two does not vary."""
    if len(first) < FEWEST:
        return float("nan")
    a, b = first - first.mean(), second - second.mean()
    spread = float(np.sqrt(np.mean(a**2) * np.mean(b**2)))
    scale = max(float(np.abs(first).max() * np.abs(second).max()), np.finfo(float).tiny)
    return float(np.mean(a * b)) / spread if spread > 1e-12 * scale else float("nan")


def _score(observed: Floats, product: Floats) -> SeriesScore:
    difference = product - observed
    bias, square = float(difference.mean()), float(np.mean(difference**2))
    apart = float(np.sqrt(np.mean((difference - bias) ** 2)))
    return SeriesScore(
        len(observed), square**0.5, bias, apart, correlation(observed, product), float(observed.mean()),
        float(product.mean()),
    )  # fmt: skip
