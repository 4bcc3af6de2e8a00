"""Pipelines that suspicion tests run: all samples and a fold in, predictions of the tested rows out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from geocryoai.evaluation.forecast import free_running, one_step

if TYPE_CHECKING:
    from geocryoai.cube.samples import Floats, Ints, Samples
    from geocryoai.evaluation.folds import Fold
    from geocryoai.evaluation.out_of_fold import Fit

#: What a pipeline gets is everything; an honest one uses the target of training rows only.
Pipeline = Callable[["Samples", "Fold"], "Floats"]

#: Folds a test looks at, at most; drawn by lot where there are more.
MAX_FOLDS = 20


def learner_pipeline(fit: Fit, name: str, options: Mapping[str, Any], seed: int) -> Pipeline:
    """Return the pipeline by which `evaluate` runs a learner; free-running where the fold has an origin."""

    def run(samples: Samples, fold: Fold) -> Floats:
        learner = fit(name, samples.take(fold.train), dict(options), seed)
        if fold.origin is None:
            return one_step(learner, samples, fold.test).mean
        return free_running(learner, samples, fold.test, fold.origin).mean

    return run


def ridge(samples: Samples, fold: Fold) -> Floats:
    """Predict by ridge regression on features and lags; imputer and scaler of the training rows."""
    from sklearn.linear_model import Ridge

    return _sklearn(samples, fold, Ridge(alpha=1.0))


def neighbours(samples: Samples, fold: Fold) -> Floats:
    """Predict by the five training rows with the most similar features: a memory, not a model."""
    from sklearn.neighbors import KNeighborsRegressor

    return _sklearn(samples, fold, KNeighborsRegressor(min(5, len(fold.train))))


def site_mean(samples: Samples) -> Pipeline:
    """Return the pipeline that predicts the mean of the site's training rows, the mean of all where it is new."""
    _, site = np.unique(samples.site, return_inverse=True)
    size = int(site.max()) + 1

    def run(samples: Samples, fold: Fold) -> Floats:
        y = samples.y[fold.train]
        count = np.bincount(site[fold.train], minlength=size)
        total = np.bincount(site[fold.train], y, size)
        mean: Floats = np.where(count > 0, total / np.maximum(count, 1), y.mean())
        return mean[site[fold.test]]

    return run


def _sklearn(samples: Samples, fold: Fold, model: Any) -> Floats:
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    table = np.column_stack([samples.matrix(), *(samples.lags[step] for step in sorted(samples.lags))])
    if table.shape[1] == 0:
        return np.full(len(fold.test), samples.y[fold.train].mean())
    chain = make_pipeline(SimpleImputer(strategy="median", keep_empty_features=True), StandardScaler(), model)
    answer: Floats = chain.fit(table[fold.train], samples.y[fold.train]).predict(table[fold.test])
    return answer


def some_folds(folds: Sequence[Fold], seed: int, most: int = MAX_FOLDS) -> list[Fold]:
    """Return at most `most` folds, drawn by lot, in their order."""
    if len(folds) <= most:
        return list(folds)
    chosen = np.random.default_rng(seed).choice(len(folds), most, replace=False)
    return [folds[i] for i in np.sort(chosen)]


def predict_all(pipeline: Pipeline, samples: Samples, folds: Sequence[Fold]) -> tuple[Ints, Floats]:
    """Return all tested rows and what the pipeline predicts for them."""
    rows = np.concatenate([fold.test for fold in folds])
    return rows, np.concatenate([pipeline(samples, fold) for fold in folds])


def root_mean_square(values: Floats) -> float:
    """Return the root of the mean square."""
    return float(np.sqrt(np.mean(values**2)))


def ratio(over: float, under: float) -> float:
    """Return a ratio of two scales, 1 where both are 0."""
    if under > 0:
        return over / under
    return 1.0 if over == 0 else float("inf")
