"""Out-of-fold predictions: what a learner says about groups that it has not seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from geocryoai.core.errors import ProtocolError
from geocryoai.models.contract import QUANTILES, Prediction
from geocryoai.training.fit import fit_learner

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geocryoai.cube.samples import Samples

    Ints = NDArray[np.int64]


def oof_predictions(
    name: str,
    options: Mapping[str, Any],
    samples: Samples,
    folds: Sequence[tuple[Ints, Ints]],
    seed: int = 0,
) -> Prediction:
    """Return one prediction per row, each from a learner fitted without the row's fold.

    Parameters
    ----------
    name, options, seed
        As of `fit_learner`.
    samples : Samples
    folds : sequence of (training rows, held-out rows)
        Each row is held out exactly once.

    Raises
    ------
    ProtocolError
        A row is held out never or twice, or is in both parts of a fold.
    """
    _check_folds(folds, len(samples))
    mean, sd = np.empty(len(samples)), np.empty(len(samples))
    quantiles = np.empty((len(samples), len(QUANTILES)))
    ledger: dict[str, NDArray[np.float64]] = {}
    for train, held in folds:
        learner = fit_learner(name, samples.take(train), options, seed)
        part = learner.predict(samples.take(held).without_target())
        mean[held], sd[held], quantiles[held] = part.mean, part.sd, part.quantiles
        for constraint, moved in part.ledger.items():
            ledger.setdefault(constraint, np.zeros(len(samples)))[held] = moved
    return Prediction(mean=mean, sd=sd, quantiles=quantiles, ledger=ledger)


def _check_folds(folds: Sequence[tuple[Ints, Ints]], n: int) -> None:
    times_held = np.zeros(n, dtype=np.int64)
    for i, (train, held) in enumerate(folds):
        both = np.intersect1d(train, held)
        if len(both):
            raise ProtocolError(
                "rows are in both parts of a fold", where=f"fold {i}", found=f"{len(both)} rows, first {both[0]}"
            )
        np.add.at(times_held, held, 1)
    if (times_held != 1).any():
        raise ProtocolError(
            "each row must be held out exactly once",
            found=f"{(times_held == 0).sum()} rows never, {(times_held > 1).sum()} more than once",
        )
