"""One learner on one fold: fit on the training rows, predict the test rows, as a table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from geocryoai.core.errors import GeoCryoAIError, ModelError, ProtocolError
from geocryoai.evaluation.forecast import free_running, leads, one_step
from geocryoai.evaluation.store import fold_key, read_fold, write_fold
from geocryoai.models.contract import QUANTILES, Learner, Prediction

if TYPE_CHECKING:
    from geocryoai.cube.samples import Samples
    from geocryoai.evaluation.folds import Fold

#: ``fit(name, samples, options, seed) -> Learner``, as `geocryoai.training` has it.
Fit = Callable[[str, "Samples", dict[str, Any], int], Learner]

#: Columns of the quantiles in every table of predictions.
QUANTILE_COLUMNS = tuple(f"q{round(100 * level):02d}" for level in QUANTILES)


def predict_fold(
    samples: Samples,
    fold: Fold,
    model: str,
    options: Mapping[str, Any],
    fit: Fit,
    seed: int,
    *,
    data: str,
    future: Samples | None = None,
    cache: Path | None = None,
    data_key: str = "",
) -> pl.DataFrame:
    """Return the out-of-fold predictions of one learner on one fold, from the cache where they are there.

    Parameters
    ----------
    data : str
        `geocryoai.evaluation.store.fingerprint` of `samples` and `future`.
    cache : Path, optional
        Folder of finished folds; may be filled beforehand, in any order, by other processes.

    Returns
    -------
    polars.DataFrame
        ``row mode lead mean sd q05 q25 q50 q75 q95``; mode is ``map``, ``one_step`` or ``free_running``.

    Raises
    ------
    ModelError
        The learner failed; the message names fold and learner.
    """
    key = fold_key(data, fold, model, options, seed, data_key=data_key, mode=samples.task)
    stored = read_fold(cache, key)
    if stored is not None:
        return stored
    try:
        learner = fit(model, samples.take(fold.train), dict(options), seed)
        table = _predict(learner, samples, fold, future)
    except Exception as error:
        step = error.next_step if isinstance(error, GeoCryoAIError) else None
        cause = error.what if isinstance(error, GeoCryoAIError) else f"{type(error).__name__}: {error}"
        raise ModelError(
            f"the learner failed ({cause})",
            where=f"fold '{fold.name}', learner '{model}'",
            next_step=step or "Take the learner out of the study, or give it options that work on this fold.",
        ) from error
    write_fold(cache, key, table)
    return table


def _predict(learner: Learner, samples: Samples, fold: Fold, future: Samples | None) -> pl.DataFrame:
    if samples.task == "map":
        answer = learner.predict(samples.take(fold.test).without_target())
        return _table(fold, answer, "map", None)
    if fold.origin is None:
        return _table(fold, one_step(learner, samples, fold.test), "one_step", None)
    lead = leads(samples, fold.test, fold.origin)
    chain = free_running(learner, samples, fold.test, fold.origin, future)
    taught = one_step(learner, samples, fold.test, future)
    return pl.concat([_table(fold, chain, "free_running", lead), _table(fold, taught, "one_step", lead)])


def _table(fold: Fold, answer: Prediction, mode: str, lead: np.ndarray[Any, Any] | None) -> pl.DataFrame:
    if len(answer) != len(fold.test):
        raise ProtocolError("a prediction has not one value per row", found=len(answer), expected=len(fold.test))
    steps = pl.lit(None, pl.Int64) if lead is None else pl.Series(lead, dtype=pl.Int64)
    quantiles = {name: answer.quantiles[:, i] for i, name in enumerate(QUANTILE_COLUMNS)}
    return pl.DataFrame({"row": fold.test, "mean": answer.mean, "sd": answer.sd, **quantiles}).select(
        pl.col("row"), pl.lit(mode).alias("mode"), steps.alias("lead"), pl.exclude("row")
    )
