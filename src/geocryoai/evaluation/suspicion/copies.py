"""Tests for predictions that are a copy: of the last value, of the site, of the neighbour."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from geocryoai.evaluation.distance import located, nearest_km
from geocryoai.evaluation.metrics import R2, Pairs, score
from geocryoai.evaluation.suspicion.finding import Finding
from geocryoai.evaluation.suspicion.pipelines import predict_all, ratio, root_mean_square, site_mean, some_folds
from geocryoai.models.contract import QUANTILES

if TYPE_CHECKING:
    from geocryoai.cube.samples import Samples
    from geocryoai.evaluation.folds import Split

#: Protocols that claim skill at places where nobody measured.
NEW_PLACES = ("leave_site_out", "spatial_blocks", "region_out")

#: Distance of predictions from the copied value, in units of that value's own error, below which they are the copy.
COPY = 0.1


def lag1_copy(samples: Samples, predictions: pl.DataFrame, *, name: str = "lag1_copy") -> Finding:
    """Ask whether a model's predictions are the last measured value passed on.

    Parameters
    ----------
    predictions : polars.DataFrame
        Those of one model and one mode. Free-running predictions after the first step cannot know the value
        measured one step before; if they equal it, later measurements leaked.
    """
    if 1 not in samples.lags:
        return Finding(name, "ok", None, "Does not apply: the samples hold no value of one step before.")
    free = predictions["mode"][0] == "free_running"
    later = predictions.filter(pl.col("lead") > 1) if free else predictions
    lag = samples.lags[1][later["row"].to_numpy()]
    known = np.isfinite(lag)
    if not known.any():
        return Finding(name, "ok", None, "Does not apply: no tested row has a measured value one step before.")
    mean, observed, lag = later["mean"].to_numpy()[known], later["observed"].to_numpy()[known], lag[known]
    persistence = root_mean_square(lag - observed)
    skill = 1.0 - ratio(root_mean_square(mean - observed), persistence)
    closeness = ratio(root_mean_square(mean - lag), persistence)
    if closeness < COPY:
        cause = "measurements after the origin leaked" if free else "the model only passes it on"
        return Finding(name, "fail", skill, f"Predictions equal the value measured one step before: {cause}.")
    size = f"{100 * abs(skill):.0f} % {'smaller' if skill > 0 else 'larger'}"
    text = f"Against copying the value of one step before the error is {size}"
    if free:
        return Finding(name, "ok", skill, text + " (a copy that no forecast could make).")
    tail = "." if skill > 0 else ": no better than a copy."
    return Finding(name, "ok" if skill > 0 else "warn", skill, text + tail)


def site_id_only(samples: Samples, split: Split, predictions: pl.DataFrame) -> Finding:
    """Ask how far the name of the site alone goes, and whether the model goes farther."""
    rows, mean = predict_all(site_mean(samples), samples, split.folds)
    zero = np.zeros(len(rows))
    pairs = Pairs(samples.y[rows], mean, zero, np.repeat(mean[:, None], len(QUANTILES), axis=1))
    skill = score(R2, pairs)
    if split.protocol in NEW_PLACES and skill > 0.1:
        text = f"The site's name alone explains {100 * skill:.0f} % of the variance: sites are on both sides."
        return Finding("site_id_only", "fail", skill, text)
    against = ratio(_error(predictions), root_mean_square(mean - samples.y[rows]))
    text = f"The site's name alone has an r2 of {round(skill, 2) + 0.0}; the model's error is {against:.2f} of its"
    tail = "." if against < 1 else ": the model knows no more than the name."
    return Finding("site_id_only", "ok" if against < 1 else "warn", skill, text + tail)


def nearest_neighbour_copy(
    samples: Samples, split: Split, predictions: pl.DataFrame, *, within_km: float = 1.0, seed: int = 0
) -> Finding:
    """Ask whether copying the nearest training row does as well, and whether twins of tested rows train.

    Parameters
    ----------
    within_km : float
        Under protocols of new places: a training row this near [km] makes a tested row suspicious, one with the
        same value a twin.
    """
    name = "nearest_neighbour_copy"
    known = located(samples)
    folds = some_folds(split.folds, seed)
    distance, copied, rows = [], [], []
    for fold in folds:
        test, train = fold.test[known[fold.test]], fold.train[known[fold.train]]
        if len(test) and len(train):
            km, source = nearest_km(samples, test, train)
            distance.append(km)
            copied.append(samples.y[source])
            rows.append(test)
    if not rows:
        return Finding(name, "ok", None, "Does not apply: no tested row has a position.")
    row, km, value = np.concatenate(rows), np.concatenate(distance), np.concatenate(copied)
    if split.protocol in NEW_PLACES:
        near = km <= within_km
        twins = float(np.mean(near & (value == samples.y[row])))
        if twins > 0.05:
            text = (
                f"{100 * twins:.0f} % of the tested rows have a twin (same value within {within_km:g} km) in training."
            )
            return Finding(name, "fail", twins, text)
        if near.mean() > 0.05:
            text = f"{100 * near.mean():.0f} % of the tested rows have a training row within {within_km:g} km."
            return Finding(name, "warn", float(near.mean()), text)
    names = [fold.name for fold in folds]
    placed = predictions.filter(pl.col("fold").is_in(names) & pl.col("lon").is_not_null() & pl.col("lat").is_not_null())
    against = ratio(_error(placed), root_mean_square(value - samples.y[row]))
    text = f"The model's error is {against:.2f} of that of copying the nearest training row, {np.median(km):.1f} km off"
    tail = "." if against < 1 else ": no better than the copy."
    return Finding(name, "ok" if against < 1 else "warn", against, text + tail)


def _error(predictions: pl.DataFrame) -> float:
    return root_mean_square((predictions["mean"] - predictions["observed"]).to_numpy())
