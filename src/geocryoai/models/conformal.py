r"""Intervals from out-of-fold residuals: group-aware split conformal prediction with a fitted scale.

Residuals of one group (a site) are alike, so n rows are worth fewer than n. With the intraclass correlation rho of the
residuals, a row of a group of m counts 1 / (1 + (m - 1) rho) (Kish 1965): rho = 0 gives the usual split conformal
quantile over rows, rho = 1 the pooled group quantile of Dunn, Wasserman and Ramdas (2023,
doi:10.1080/01621459.2022.2060112). The finite-sample correction p (n + 1) / n uses the sum of those counts as n.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from geocryoai.models.climatology import month_of_year
from geocryoai.models.contract import QUANTILES, Prediction

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from geocryoai.models.folds import Folds
    from geocryoai.models.point import Point

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

#: The scale is fitted only where it has this many rows and groups to learn from.
MIN_ROWS, MIN_GROUPS = 60, 6
#: The scale stays within this factor of its median, both ways.
MAX_SCALE = 10.0


def intraclass_correlation(values: Floats, groups: Ints) -> float:
    """Return the share of variance between groups (one-way random effects, unequal sizes), 0 to 1."""
    _, code, size = np.unique(groups, return_inverse=True, return_counts=True)
    n, k = len(values), len(size)
    if k < 2 or n <= k:
        return 1.0
    mean = np.bincount(code, weights=values) / size
    within = float(((values - mean[code]) ** 2).sum()) / (n - k)
    between = float((size * (mean - values.mean()) ** 2).sum()) / (k - 1)
    typical = (n - (size**2).sum() / n) / (k - 1)
    total = between + (typical - 1) * within
    return float(np.clip((between - within) / total, 0.0, 1.0)) if total > 0 else 1.0


def conformal_quantiles(values: Floats, counts: Floats) -> Floats:
    """Return the quantiles `QUANTILES` of residuals whose rows count `counts`, widened for the finite sample.

    Where the counts are too few for an outer quantile to be any of the residuals, it is that of a Student t
    distribution of their spread, or the outermost residual if that lies further out.
    """
    from scipy.special import stdtrit

    order = np.argsort(values, kind="stable")
    e, c = values[order], counts[order]
    n = float(c.sum())
    spread = float(np.sqrt(np.average(e**2, weights=c) * (1 + 1 / n)))

    def upper(e: Floats, c: Floats, p: float) -> float:
        level = p * (n + 1) / n
        if level > 1:
            return max(float(e[-1]), spread * float(stdtrit(max(n - 1, 1.0), p)))
        return float(np.interp(level, np.cumsum(c) / n, e))

    def quantile(p: float) -> float:
        high, low = upper(e, c, max(p, 1 - p)), -upper(-e[::-1], c[::-1], max(p, 1 - p))
        return high if p > 0.5 else low if p < 0.5 else (high + low) / 2

    return np.maximum.accumulate([quantile(p) for p in QUANTILES])


@dataclass(frozen=True)
class Scale:
    """Expected size of a residual, log-linear in the season, the answer and the spread of members.

    Attributes
    ----------
    coef : array of float
        Empty for a constant scale.
    centre, spread : array of float
        Of the columns.
    typical : float
        Median of the scale in training [target's unit].
    """

    coef: Floats
    centre: Floats
    spread: Floats
    typical: float

    @classmethod
    def constant(cls) -> Self:
        """Return the scale that is 1 everywhere."""
        return cls(np.empty(0), np.empty(0), np.empty(0), 1.0)

    @classmethod
    def fit(cls, columns: Floats, residuals: Floats, counts: Floats) -> Self:
        """Return the scale that explains log |residual|; residuals near zero are floored at a tenth of the median."""
        size = np.abs(residuals)
        typical = float(np.median(size))
        if typical == 0:
            return cls.constant()
        t = np.log(np.maximum(size / typical, 0.1))
        centre, spread = columns.mean(axis=0), columns.std(axis=0)
        spread = np.where(spread > 0, spread, 1.0)
        z = np.column_stack([(columns - centre) / spread, np.ones(len(t))])
        # A prior worth one effective row per hundred keeps collinear columns in place.
        penalty = 0.01 * counts.sum() * np.diag([1.0] * columns.shape[1] + [0.0])
        coef = np.linalg.solve((z * counts[:, None]).T @ z + penalty, (z * (counts * t)[:, None]).sum(axis=0))
        return cls(coef, centre, spread, typical)

    def at(self, columns: Floats) -> Floats:
        """Return the scale of each row."""
        if not len(self.coef):
            return np.ones(len(columns))
        z = (columns - self.centre) / self.spread
        limit = np.log(MAX_SCALE)
        scale: Floats = self.typical * np.exp(np.clip((z * self.coef[:-1]).sum(axis=1) + self.coef[-1], -limit, limit))
        return scale


def scale_columns(point: Point, time: NDArray[np.datetime64]) -> Floats:
    """Return the columns that the scale may depend on; unknown months stand at the yearly mean."""
    month = month_of_year(time)
    angle = 2 * np.pi * month / 12
    waves = [np.where(month < 0, 0.0, wave(k * angle)) for k in (1, 2) for wave in (np.cos, np.sin)]
    columns = [*waves, point.mean, np.abs(point.mean)]
    if point.spread is not None:
        columns.append(np.log(point.spread + 1e-6 * (np.abs(point.mean) + 1.0)))
    return np.column_stack(columns)


@dataclass(frozen=True)
class Calibration:
    """What turns a point into a distribution.

    Attributes
    ----------
    scale : Scale
    quantiles : array of float, shape (len(QUANTILES),)
        Of residuals divided by the scale.
    rms : float
        Root mean square of the same.
    effective : float
        Number of independent residuals that they are worth.
    """

    scale: Scale
    quantiles: Floats
    rms: float
    effective: float

    @classmethod
    def fit(cls, point: Point, y: Floats, time: NDArray[np.datetime64], groups: Ints, folds: Folds) -> Self:
        """Return the calibration from out-of-fold points; the scale is kept only where it helps held-out groups."""
        columns = scale_columns(point, time)
        residuals = y - point.mean
        constant = cls._with(Scale.constant(), columns, residuals, groups)
        if len(y) < MIN_ROWS or len(np.unique(groups)) < MIN_GROUPS:
            return constant
        losses = np.zeros(2)
        for train, held in folds:
            flat = cls._with(Scale.constant(), columns[train], residuals[train], groups[train])
            fitted = cls._scaled(columns[train], residuals[train], groups[train])
            for i, trial in enumerate((flat, fitted)):
                losses[i] += pinball(residuals[held], trial.scale.at(columns[held])[:, None] * trial.quantiles)
        return cls._scaled(columns, residuals, groups) if losses[1] < losses[0] else constant

    @classmethod
    def _scaled(cls, columns: Floats, residuals: Floats, groups: Ints) -> Self:
        return cls._with(Scale.fit(columns, residuals, row_counts(residuals, groups)), columns, residuals, groups)

    @classmethod
    def _with(cls, scale: Scale, columns: Floats, residuals: Floats, groups: Ints) -> Self:
        scaled = residuals / scale.at(columns)
        counts = row_counts(scaled, groups)
        rms = float(np.sqrt(np.average(scaled**2, weights=counts)))
        return cls(scale, conformal_quantiles(scaled, counts), rms, float(counts.sum()))

    def apply(
        self,
        point: Point,
        time: NDArray[np.datetime64],
        valid: tuple[float, float],
        ledger: Mapping[str, Floats],
    ) -> Prediction:
        """Return the distribution around each point; quantiles describe a measurement and stay in its valid range."""
        scale = self.scale.at(scale_columns(point, time))
        quantiles = np.clip(point.mean[:, None] + scale[:, None] * self.quantiles, *valid)
        return Prediction(mean=point.mean, sd=scale * self.rms, quantiles=quantiles, ledger=dict(ledger))

    def facts(self) -> dict[str, Any]:
        """Return the calibration as JSON values."""
        scale = {name: getattr(self.scale, name).tolist() for name in ("coef", "centre", "spread")}
        return {
            "scale": {**scale, "typical": self.scale.typical},
            "quantiles": self.quantiles.tolist(),
            "rms": self.rms,
            "effective": self.effective,
        }

    @classmethod
    def from_facts(cls, facts: Mapping[str, Any]) -> Self:
        """Return the calibration that `facts` described."""
        parts = facts["scale"]
        arrays = {name: np.array(parts[name], dtype=float) for name in ("coef", "centre", "spread")}
        scale = Scale(**arrays, typical=parts["typical"])
        return cls(scale, np.array(facts["quantiles"], dtype=float), facts["rms"], facts["effective"])


def row_counts(residuals: Floats, groups: Ints) -> Floats:
    """Return how many independent residuals each row is worth, at most 1."""
    _, code, size = np.unique(groups, return_inverse=True, return_counts=True)
    rho = intraclass_correlation(residuals, groups)
    counts: Floats = (1.0 / (1.0 + (size[code] - 1) * rho)).astype(float)
    return counts


def pinball(values: Floats, quantiles: Floats) -> float:
    """Return the summed quantile loss of `quantiles` (n, len(QUANTILES)) against `values` (n)."""
    gap = values[:, None] - quantiles
    levels = np.array(QUANTILES)
    return float(np.maximum(levels * gap, (levels - 1) * gap).sum())
