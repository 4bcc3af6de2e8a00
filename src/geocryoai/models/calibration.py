"""Calibration of a process model: a few bounded parameters, least squares, several starts, grouped folds."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from geocryoai.core.errors import ModelError
from geocryoai.models.folds import group_folds

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]
    Model = Callable[[Mapping[str, float]], Floats]
    RowModel = Callable[[Mapping[str, float], Ints], Floats]

#: A value within this share of its range from an end counts as at its bound.
_AT_BOUND = 1e-3


@dataclass(frozen=True)
class Parameter:
    """A parameter to calibrate.

    Attributes
    ----------
    name : str
    low, high : float
        Bounds, in the parameter's own unit.
    start : float
        The published value, where the first search begins.
    logarithmic : bool
        Whether it is searched on its logarithm; then `low` > 0.
    """

    name: str
    low: float
    high: float
    start: float
    logarithmic: bool = False

    def __post_init__(self) -> None:
        """Check the bounds."""
        floor = 0.0 if self.logarithmic else -np.inf
        if not (floor < self.low < self.high < np.inf and self.low <= self.start <= self.high):
            raise ModelError(
                "the bounds of a parameter are out of order",
                where=self.name,
                found=f"{self.low:g}, start {self.start:g}, {self.high:g}",
                expected="low < high, the start between them" + (", all above 0" if self.logarithmic else ""),
            )

    def value(self, share: float) -> float:
        """Return the value at a share of the range, 0 at `low` and 1 at `high`."""
        if self.logarithmic:
            return float(np.clip(self.low * (self.high / self.low) ** share, self.low, self.high))
        return float(np.clip(self.low + share * (self.high - self.low), self.low, self.high))

    def share(self, value: float) -> float:
        """Return at which share of the range a value lies."""
        if self.logarithmic:
            return float(np.log(value / self.low) / np.log(self.high / self.low))
        return float((value - self.low) / (self.high - self.low))

    def slope(self, share: float) -> float:
        """Return the derivative of the value with respect to the share."""
        return self.value(share) * float(np.log(self.high / self.low)) if self.logarithmic else self.high - self.low


@dataclass(frozen=True)
class Calibrated:
    """Result of a calibration.

    Attributes
    ----------
    values : dict of str to float
    at_bound : tuple of str
        Parameters that ended at an end of their range: the data want more than the bounds allow.
    covariance : array, shape (parameters, parameters)
        Of the estimates, linearised, from the weighted residual variance; it takes rows as independent. NaN where the
        data do not tell the parameters apart.
    rmse : float
        Weighted root mean square error on the rows that were fitted.
    costs : tuple of float
        Cost that each start reached: where they differ much, the surface has several minima.
    """

    values: dict[str, float]
    at_bound: tuple[str, ...]
    covariance: Floats
    rmse: float
    costs: tuple[float, ...]


@dataclass(frozen=True)
class CrossCalibrated:
    """Out-of-fold answers of a calibrated model.

    Attributes
    ----------
    answer : array, shape (n,)
        Of each row, with parameters that its group had no part in.
    folds : tuple of Calibrated
    """

    answer: Floats
    folds: tuple[Calibrated, ...]

    def spread(self) -> dict[str, tuple[float, float]]:
        """Return mean and standard deviation of each parameter over the folds."""
        names = self.folds[0].values
        table = {name: np.array([fold.values[name] for fold in self.folds]) for name in names}
        return {name: (float(values.mean()), float(values.std())) for name, values in table.items()}

    def at_bound(self) -> dict[str, int]:
        """Return in how many folds a parameter ended at its bound, for those that did."""
        hits = [name for fold in self.folds for name in fold.at_bound]
        return {name: hits.count(name) for name in dict.fromkeys(hits)}


def calibrate(
    model: Model,
    y: Floats,
    parameters: Sequence[Parameter],
    *,
    weight: Floats | None = None,
    starts: int = 3,
    seed: int = 0,
    robust: bool = False,
) -> Calibrated:
    """Return the parameters within their bounds with the least weighted squared error.

    Parameters
    ----------
    model : callable
        Parameters by name -> answers, shape (n,), finite and in the unit of `y`.
    y : array, shape (n,)
        Measured values.
    parameters : sequence of Parameter
    weight : array, optional, shape (n,)
        > 0; absent, all rows count alike.
    starts : int, default 3
        Searches: one from the published values, the others from points drawn with `seed` inside the bounds.
    seed : int
    robust : bool, default False
        Count errors beyond about one standard deviation of `y` linearly instead of squared.

    Returns
    -------
    Calibrated

    Raises
    ------
    ModelError
        There are fewer rows than parameters, or the model is not finite somewhere within the bounds.
    """
    from scipy.optimize import least_squares

    if not parameters or len(y) < len(parameters) or starts < 1:
        raise ModelError(
            "nothing can be calibrated",
            found=f"{len(parameters)} parameters, {len(y)} rows, {starts} starts",
            expected="at least one of each, and as many rows as parameters",
        )
    scale = float(np.std(y)) or 1.0
    root = np.ones(len(y)) if weight is None else np.sqrt(weight / weight.mean())

    def named(shares: Floats) -> dict[str, float]:
        return {p.name: p.value(float(share)) for p, share in zip(parameters, shares, strict=True)}

    def misfit(shares: Floats) -> Floats:
        values = named(shares)
        answer = np.asarray(model(values), dtype=np.float64)
        if answer.shape != y.shape or not np.isfinite(answer).all():
            raise ModelError(
                "the model has no finite answer for every row",
                where="calibration",
                found=f"shape {answer.shape}, {int((~np.isfinite(answer)).sum())} not finite, at "
                + ", ".join(f"{name} {value:.4g}" for name, value in values.items()),
                expected=f"{len(y)} finite values",
            )
        return np.asarray(root * (answer - y) / scale)

    rng = np.random.default_rng(seed)
    first = np.array([p.share(p.start) for p in parameters])
    begin = [first, *rng.uniform(0.05, 0.95, (starts - 1, len(parameters)))]
    loss = "soft_l1" if robust else "linear"
    runs = [
        least_squares(misfit, np.clip(point, 1e-4, 1 - 1e-4), bounds=(0.0, 1.0), loss=loss, max_nfev=100)
        for point in begin
    ]
    best = min(runs, key=lambda run: float(run.cost))
    shares = np.asarray(best.x)
    slopes = np.array([p.slope(float(share)) for p, share in zip(parameters, shares, strict=True)])
    residual = misfit(shares)
    values = named(shares)
    return Calibrated(
        values=values,
        at_bound=tuple(p.name for p, share in zip(parameters, shares, strict=True) if _at_bound(float(share))),
        covariance=_covariance(np.asarray(best.jac), residual) * np.outer(slopes, slopes),
        rmse=scale * float(np.sqrt(np.mean(residual**2))),
        costs=tuple(float(run.cost) for run in runs),
    )


def cross_calibrate(
    model: RowModel,
    y: Floats,
    groups: NDArray[np.generic],
    parameters: Sequence[Parameter],
    *,
    folds: int = 10,
    weight: Floats | None = None,
    starts: int = 3,
    seed: int = 0,
    robust: bool = False,
) -> CrossCalibrated:
    """Calibrate on all groups but those of a fold, answer for the fold, for each fold.

    Parameters
    ----------
    model : callable
        Parameters by name, rows -> answers for these rows.
    y : array, shape (n,)
    groups : array, shape (n,)
        What is held out together: a site.
    parameters : sequence of Parameter
    folds : int, default 10
        As many as groups, or more, leave one group out.
    weight, starts, seed, robust
        As in `calibrate`.
    """
    answer, fitted = np.empty(len(y)), []
    for train, held in group_folds(groups, folds, seed):
        inside = None if weight is None else weight[train]
        fold = calibrate(
            _for_rows(model, train), y[train], parameters, weight=inside, starts=starts, seed=seed, robust=robust,
        )  # fmt: skip
        answer[held] = model(fold.values, held)
        fitted.append(fold)
    return CrossCalibrated(answer, tuple(fitted))


def _for_rows(model: RowModel, rows: Ints) -> Model:
    return lambda values: model(values, rows)


def _at_bound(share: float) -> bool:
    return share < _AT_BOUND or share > 1 - _AT_BOUND


def _covariance(jacobian: Floats, residual: Floats) -> Floats:
    rows, count = jacobian.shape
    information = jacobian.T @ jacobian
    if rows <= count or np.linalg.matrix_rank(information) < count:
        return np.full((count, count), np.nan)
    return np.asarray(np.linalg.inv(information) * (residual @ residual) / (rows - count))
