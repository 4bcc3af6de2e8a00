"""Test for values that are not in the unit they claim: z-scores, centimetres for metres."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from geocryoai.core.variables import variable
from geocryoai.evaluation.folds import measured_rows
from geocryoai.evaluation.suspicion.finding import Finding
from geocryoai.evaluation.suspicion.pipelines import ratio, root_mean_square

if TYPE_CHECKING:
    import polars as pl

    from geocryoai.cube.samples import Floats, Samples

#: Factors by which units are confused.
FACTORS = (0.001, 0.01, 0.1, 10.0, 100.0, 1000.0)

NAME = "scaled_unit"


def scaled_unit(samples: Samples, predictions: pl.DataFrame) -> Finding:
    """Ask whether observations and predictions of one model have the size that their unit implies."""
    y = samples.y[measured_rows(samples)]
    kind = variable(samples.target)
    share, factor = _best_factor(y, *kind.plausible)
    if share is not None:
        text = (
            f"Only {100 * share:.0f} % of the observations are plausible in {kind.unit}, most are after "
            f"multiplication by {factor:g}: another unit?"
        )
        return Finding(NAME, "fail", factor, text)
    if abs(y.mean()) < 0.02 and abs(y.std() - 1.0) < 0.02:
        text = f"Observations of mean {y.mean():.2f} and standard deviation {y.std():.2f}: z-scores, not {kind.unit}?"
        return Finding(NAME, "fail", float(y.std()), text)
    mean, observed = predictions["mean"].to_numpy(), predictions["observed"].to_numpy()
    size = ratio(root_mean_square(mean), root_mean_square(observed))
    if not 0.1 < size < 10:
        text = f"Predictions are {size:.2g} times as large as the observations: another unit, or scaled values?"
        return Finding(NAME, "fail", size, text)
    rest = ratio(root_mean_square(mean - observed), float(observed.std()))
    if rest < 0.05:
        text = f"The error is {rest:.3f} of the spread of the observations: too good for field data, look for a leak."
        return Finding(NAME, "warn", rest, text)
    text = f"Observations are plausible in {kind.unit}; the error is {rest:.2f} of their spread."
    return Finding(NAME, "ok", rest, text)


def _best_factor(y: Floats, low: float, high: float) -> tuple[float | None, float]:
    """Return the plausible share and the factor that mends it, (None, 1) where most values are plausible as is."""

    def plausible(factor: float) -> float:
        return float(np.mean((y * factor >= low) & (y * factor <= high)))

    best = max(FACTORS, key=plausible)
    share = plausible(1.0)
    return (share, best) if share < 0.5 and plausible(best) > share + 0.3 else (None, 1.0)
