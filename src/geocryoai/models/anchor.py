"""The process anchor as learners use it: scaled inside the fold, complete for every row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from geocryoai.core.errors import ModelError, nearest
from geocryoai.models.climatology import MonthMeans

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from geocryoai.cube.samples import Samples

    Floats = NDArray[np.float64]

CALIBRATIONS = ("none", "scale", "affine")


def choose_anchor(samples: Samples, wanted: str | None, where: str) -> str:
    """Return the anchor called `wanted`, or the first one; ModelError where there is none."""
    if not samples.anchors:
        raise ModelError(
            "samples carry no process anchor",
            where=where,
            next_step="Name a process for this target in the study, or leave this learner out.",
        )
    if wanted is None:
        return next(iter(samples.anchors))
    if wanted not in samples.anchors:
        raise ModelError(f"no anchor is called '{wanted}'", where=where, next_step=nearest(wanted, samples.anchors))
    return wanted


@dataclass(frozen=True)
class FittedAnchor:
    """An anchor with the factor and offset that suit the training rows.

    Attributes
    ----------
    name : str
    factor, offset : float
        Calibrated anchor = factor x anchor + offset [offset in the target's unit].
    means : MonthMeans
        What a row without anchor gets.
    """

    name: str
    factor: float
    offset: float
    means: MonthMeans

    @classmethod
    def fit(cls, samples: Samples, name: str, calibrate: str, weight: Floats) -> Self:
        """Return the anchor fitted to `samples`.

        `none` leaves it as it is. `scale` multiplies it by the weighted median of y / anchor, each ratio counting as
        much as its anchor is large: the factor that minimises the absolute error, so that single odd rows do not move
        it. `affine` adds an offset, by Huber's robust regression. With fewer than 3 rows to learn from, or where a
        factor would not be positive, it stays as it is.
        """
        if calibrate not in CALIBRATIONS:
            raise ModelError(
                "the anchor cannot be calibrated so",
                where="option 'calibrate'",
                found=f"'{calibrate}'",
                expected=", ".join(CALIBRATIONS),
            )
        means = MonthMeans.fit(samples.time, samples.y, weight)
        anchor = samples.anchors[name]
        use = np.isfinite(anchor)
        a, y, w = anchor[use], samples.y[use], weight[use]
        factor, offset = 1.0, 0.0
        if use.sum() >= 3 and np.ptp(a) > 0:
            if calibrate == "scale":
                factor = _least_absolute_factor(a, y, w)
            elif calibrate == "affine":
                factor, offset = _huber_line(a, y, w)
        return cls(name, factor, offset, means) if factor > 0 else cls(name, 1.0, 0.0, means)

    def at(self, samples: Samples) -> Floats:
        """Return the calibrated anchor of each row; the climatology where it could not be computed."""
        name = choose_anchor(samples, self.name, "anchor")
        value = self.factor * samples.anchors[name] + self.offset
        return np.where(np.isfinite(value), value, self.means.at(samples.time))

    def facts(self) -> dict[str, Any]:
        """Return the anchor as JSON values."""
        months = [None if np.isnan(x) else float(x) for x in self.means.by_month]
        means = {"overall": self.means.overall, "by_month": months}
        return {"name": self.name, "factor": self.factor, "offset": self.offset, "means": means}

    @classmethod
    def from_facts(cls, facts: Mapping[str, Any]) -> Self:
        """Return the anchor that `facts` described."""
        means = MonthMeans(facts["means"]["overall"], np.array(facts["means"]["by_month"], dtype=float))
        return cls(facts["name"], facts["factor"], facts["offset"], means)


def _least_absolute_factor(anchor: Floats, y: Floats, weight: Floats) -> float:
    use = anchor != 0
    ratio, importance = y[use] / anchor[use], (weight * np.abs(anchor))[use]
    order = np.argsort(ratio, kind="stable")
    half = np.searchsorted(np.cumsum(importance[order]), importance.sum() / 2)
    return float(ratio[order][min(half, len(order) - 1)])


def _huber_line(anchor: Floats, y: Floats, weight: Floats) -> tuple[float, float]:
    """Return slope and offset of the line with Huber's loss (k = 1.345), by reweighted least squares."""
    x = np.column_stack([anchor, np.ones(len(anchor))])
    robust = np.ones(len(y))
    coef = np.zeros(2)
    for _ in range(50):
        root = np.sqrt(weight * robust)
        new = np.linalg.lstsq(x * root[:, None], y * root, rcond=None)[0]
        if np.allclose(new, coef, rtol=1e-10, atol=1e-12):
            break
        coef = new
        size = np.abs(y - (x * coef).sum(axis=1))
        limit = 1.345 * 1.4826 * float(np.median(size))
        robust = np.minimum(1.0, limit / np.maximum(size, 1e-300)) if limit > 0 else np.ones(len(y))
    return float(coef[0]), float(coef[1])
