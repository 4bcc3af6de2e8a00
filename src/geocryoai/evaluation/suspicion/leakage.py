"""Audits for leaks: change what must not matter, and see whether predictions change."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from geocryoai.evaluation.folds import measured_rows
from geocryoai.evaluation.periods import month_number, month_numbers, period_months
from geocryoai.evaluation.suspicion.finding import Finding, Verdict
from geocryoai.evaluation.suspicion.pipelines import Pipeline, some_folds

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geocryoai.cube.samples import Floats, Ints, Samples
    from geocryoai.evaluation.folds import Fold, Split

#: Change of a prediction, in standard deviations of the target, that counts as a change.
TOLERANCE = 1e-6


def leakage_audit(
    samples: Samples, split: Split, pipeline: Pipeline, *, seed: int = 0, folds: int = 3, name: str = "leakage_audit"
) -> Finding:
    """Ask whether the target or the company of tested rows reaches their predictions.

    First the target of the tested rows is changed (with an origin, also every lag measured after it): no prediction
    may change. Then the features of half of the tested rows are changed: no prediction of the other half may change.
    A scaler, imputer or selection fitted on all rows fails one of the two. Windows are not changed.
    """
    spread = float(samples.y[measured_rows(samples)].std()) or 1.0
    worst = {"target": 0.0, "features": 0.0}
    for fold in some_folds(split.folds, seed, folds):
        honest = pipeline(samples, fold)
        moved = pipeline(_other_target(samples, fold, spread), fold)
        worst["target"] = max(worst["target"], _change(honest, moved, spread))
        half = _half(samples, fold)
        if half.any() and not half.all():
            moved = pipeline(_other_features(samples, fold.test[half]), fold)
            worst["features"] = max(worst["features"], _change(honest[~half], moved[~half], spread))
    number = max(worst.values())
    if worst["target"] > TOLERANCE:
        text = (
            f"Predictions move by {worst['target']:.2g} standard deviations when the target of tested rows is changed: "
            "something was fitted on them."
        )
        return Finding(name, "fail", number, text)
    if worst["features"] > TOLERANCE:
        text = (
            f"Predictions move by {worst['features']:.2g} standard deviations when other tested rows are changed: "
            "a scaler, imputer or selection was fitted outside the fold."
        )
        return Finding(name, "fail", number, text)
    return Finding(name, "ok", number, "Predictions depend neither on the target of tested rows nor on their company.")


def target_in_features(samples: Samples) -> Finding:
    """Ask whether a feature or anchor is the target of the same or the next period, or a lag holds the wrong period."""
    rows = measured_rows(samples)
    candidates = {**samples.features, **{f"anchor {key}": values for key, values in samples.anchors.items()}}
    found: list[tuple[float, str]] = []
    for when, steps in (("same", 0), ("next", 1)):
        target = _shifted(samples, rows, steps)
        for key, values in candidates.items():
            found.append((_correlation(values, target), f"{key} and the target of the {when} period"))
    for lag, values in samples.lags.items():
        right = _equal_share(values, _shifted(samples, rows, -lag))
        for when, steps in (("same", 0), ("next", 1)):
            share = _equal_share(values, _shifted(samples, rows, steps))
            if share > 0.5 and not share <= right:
                text = f"Lag {lag} holds the target of the {when} period."
                return Finding("target_in_features", "fail", share, text)
        if right < 0.99:
            text = f"Lag {lag} is the target of {lag} periods before in only {100 * right:.0f} % of the rows."
            return Finding("target_in_features", "warn", right, text)
    if not found:
        return Finding("target_in_features", "ok", None, "Does not apply: there are no features.")
    number, what = max(found)
    verdict: Verdict = "fail" if number > 0.999 else "warn" if number > 0.98 else "ok"
    return Finding("target_in_features", verdict, number, f"The closest pair is {what} (|r| = {number:.3f}).")


def _change(one: Floats, other: Floats, spread: float) -> float:
    return float(np.max(np.abs(one - other), initial=0.0)) / spread


def _half(samples: Samples, fold: Fold) -> NDArray[np.bool_]:
    """Return every second tested site, or every second row where one site is tested under the map task."""
    _, site = np.unique(samples.site[fold.test], return_inverse=True)
    if site.max() == 0 and samples.task == "map":
        site = np.arange(len(site))
    return np.asarray(site % 2 == 1)


def _other_target(samples: Samples, fold: Fold, spread: float) -> Samples:
    y = samples.y.copy()
    y[fold.test] += 10.0 * spread * (1.0 + np.arange(len(fold.test)) % 7)
    if fold.origin is None:
        return replace(samples, y=y)
    month, first = month_numbers(samples.time), month_number(fold.origin)
    lags = {}
    for lag, values in samples.lags.items():
        after = month - lag * period_months(samples) >= first
        lags[lag] = np.where(after & ~np.isnat(samples.time), values + 10.0 * spread, values)
    return replace(samples, y=y, lags=lags)


def _other_features(samples: Samples, rows: Ints) -> Samples:
    features = {}
    for key, values in samples.features.items():
        known = values[np.isfinite(values)]
        changed = values.copy()
        changed[rows] = 3.0 * changed[rows] + (float(known.std()) if len(known) else 1.0) + 1.0
        features[key] = changed
    return replace(samples, features=features)


def _shifted(samples: Samples, rows: Ints, steps: int) -> Floats:
    """Return the measured target `steps` periods after each row at its site, NaN where there is none or several."""
    target = np.full(len(samples), np.nan)
    if steps == 0:
        target[rows] = samples.y[rows]
        return target
    _, site = np.unique(samples.site, return_inverse=True)
    month, dated = month_numbers(samples.time), ~np.isnat(samples.time)
    known: dict[tuple[int, int], float] = {}
    for row in rows[dated[rows]]:
        key = (int(site[row]), int(month[row]))
        known[key] = np.nan if key in known else float(samples.y[row])
    shift = steps * period_months(samples)
    for row in np.flatnonzero(dated):
        target[row] = known.get((int(site[row]), int(month[row]) + shift), np.nan)
    return target


def _correlation(one: Floats, other: Floats) -> float:
    """Return |r| over rows where both are known, 0 for fewer than 20 rows or a constant."""
    both = np.isfinite(one) & np.isfinite(other)
    if both.sum() < 20 or np.ptp(one[both]) == 0 or np.ptp(other[both]) == 0:
        return 0.0
    return float(abs(np.corrcoef(one[both], other[both])[0, 1]))


def _equal_share(one: Floats, other: Floats) -> float:
    """Return the share of rows known in both in which they are equal, NaN where there is nothing to compare."""
    both = np.isfinite(one) & np.isfinite(other)
    return float(np.mean(np.isclose(one[both], other[both], rtol=1e-6, atol=0.0))) if both.any() else float("nan")
