"""Scores in physical units, each from weighted means of columns, so that a bootstrap needs sums per block only."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from geocryoai.core.errors import ModelError
from geocryoai.evaluation.crps import crps_normal, crps_quantiles
from geocryoai.models.contract import QUANTILES

if TYPE_CHECKING:
    from geocryoai.cube.samples import Floats

LOW50, HIGH50 = QUANTILES.index(0.25), QUANTILES.index(0.75)
LOW90, HIGH90 = QUANTILES.index(0.05), QUANTILES.index(0.95)


@dataclass(frozen=True)
class Pairs:
    """Observations and the distributions predicted for them, in one unit.

    Attributes
    ----------
    observed, mean, sd : array of float, shape (n,)
    quantiles : array of float, shape (n, len(QUANTILES))
    """

    observed: Floats
    mean: Floats
    sd: Floats
    quantiles: Floats

    def __post_init__(self) -> None:
        """Refuse NaN: a gap is left out before scoring, so a NaN here is a mistake."""
        for name in ("observed", "mean", "sd", "quantiles"):
            wrong = int((~np.isfinite(getattr(self, name))).sum())
            if wrong:
                raise ModelError(
                    "a value to be scored is not finite",
                    where=name,
                    found=f"{wrong} of {len(self.observed)} rows",
                    next_step="Rows without a measurement are left out before scoring; find where this NaN arose.",
                )


@dataclass(frozen=True)
class Metric:
    """One score.

    Attributes
    ----------
    name : str
    columns : callable
        From pairs, an array (n, k) whose weighted means the score is made of.
    value : callable
        From weighted means, shape (..., k), the score, shape (...); NaN where it is not defined.
    unit : {"target", "1"}
    weighted : bool
        Also reported with equal weight for every site and every block.
    """

    name: str
    columns: Callable[[Pairs], Floats]
    value: Callable[[Floats], Floats]
    unit: Literal["target", "1"] = "target"
    weighted: bool = False


def _first(means: Floats) -> Floats:
    return means[..., 0]


def _root(means: Floats) -> Floats:
    root: Floats = np.sqrt(means[..., 0])
    return root


def _share_inside(low: int, high: int) -> Callable[[Pairs], Floats]:
    def columns(p: Pairs) -> Floats:
        inside = (p.quantiles[:, low] <= p.observed) & (p.observed <= p.quantiles[:, high])
        return inside.astype(float)[:, None]

    return columns


def _efficiency_columns(p: Pairs) -> Floats:
    centred = p.observed - p.observed.mean()
    return np.column_stack([(p.mean - p.observed) ** 2, centred**2, centred])


def _efficiency(means: Floats) -> Floats:
    variance = means[..., 1] - means[..., 2] ** 2
    defined = variance > 1e-12 * np.maximum(means[..., 1], np.finfo(float).tiny)
    score: Floats = np.where(defined, 1.0 - means[..., 0] / np.where(defined, variance, 1.0), np.nan)
    return score


def _interval_score_columns(p: Pairs) -> Floats:
    low, high = p.quantiles[:, LOW90], p.quantiles[:, HIGH90]
    outside = np.maximum(low - p.observed, 0.0) + np.maximum(p.observed - high, 0.0)
    return (high - low + 2.0 / 0.1 * outside)[:, None]


#: Root of the mean squared error of the mean.
RMSE = Metric("rmse", lambda p: ((p.mean - p.observed) ** 2)[:, None], _root, weighted=True)
#: Mean absolute error of the mean.
MAE = Metric("mae", lambda p: np.abs(p.mean - p.observed)[:, None], _first, weighted=True)
#: Mean of predicted minus observed.
BIAS = Metric("bias", lambda p: (p.mean - p.observed)[:, None], _first, weighted=True)
#: 1 - squared error / variance of the observations of the same rows (Nash & Sutcliffe 1970,
#: doi:10.1016/0022-1694(70)90255-6); below 0 is worse than their mean.
R2 = Metric("r2", _efficiency_columns, _efficiency, unit="1")
#: Continuous ranked probability score of the stated quantiles.
CRPS = Metric("crps", lambda p: crps_quantiles(p.observed, p.quantiles)[:, None], _first, weighted=True)
#: The same for a normal distribution with the stated mean and standard deviation.
CRPS_NORMAL = Metric("crps_normal", lambda p: crps_normal(p.observed, p.mean, p.sd)[:, None], _first)
#: Share of observations inside the central 50 % interval, borders included.
COVERAGE50 = Metric("coverage50", _share_inside(LOW50, HIGH50), _first, unit="1")
#: Share of observations inside the central 90 % interval, borders included.
COVERAGE90 = Metric("coverage90", _share_inside(LOW90, HIGH90), _first, unit="1")
#: Mean width of the central 90 % interval.
INTERVAL_WIDTH = Metric("interval_width", lambda p: (p.quantiles[:, HIGH90] - p.quantiles[:, LOW90])[:, None], _first)
#: Width of the 90 % interval plus 20 times the distance by which it is missed (Gneiting & Raftery 2007, eq. 43).
INTERVAL_SCORE = Metric("interval_score", _interval_score_columns, _first)


def score(metric: Metric, pairs: Pairs, weights: Floats | None = None) -> float:
    """Return one score of pairs, with equal weight per row or with the given weights."""
    if not len(pairs.observed):
        raise ModelError("nothing to score", where=metric.name, expected="at least one row")
    return float(metric.value(np.average(metric.columns(pairs), axis=0, weights=weights)))
