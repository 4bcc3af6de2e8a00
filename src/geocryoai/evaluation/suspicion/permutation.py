"""Tests that change the question: a shuffled target, a split by lot."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from geocryoai.evaluation.bootstrap import BlockBootstrap
from geocryoai.evaluation.folds import make_split, measured_rows
from geocryoai.evaluation.metrics import R2, Pairs
from geocryoai.evaluation.suspicion.finding import Finding
from geocryoai.evaluation.suspicion.pipelines import (
    Pipeline,
    neighbours,
    predict_all,
    ratio,
    ridge,
    root_mean_square,
    some_folds,
)
from geocryoai.models.contract import QUANTILES

if TYPE_CHECKING:
    from geocryoai.cube.samples import Samples
    from geocryoai.evaluation.folds import Split

#: Blocked error over random error from which the gap is a warning.
GAP = 1.1


def shuffled_target(
    samples: Samples, split: Split, pipeline: Pipeline = ridge, *, seed: int = 0, name: str = "shuffled_target"
) -> Finding:
    """Ask whether a pipeline has skill on a target shuffled over all rows; it must have none."""
    rows = measured_rows(samples)
    y = samples.y.copy()
    y[rows] = y[np.random.default_rng(seed).permutation(rows)]
    shuffled = replace(samples, y=y)
    tested, mean = predict_all(pipeline, shuffled, some_folds(split.folds, seed))
    zero = np.zeros(len(tested))
    pairs = Pairs(y[tested], mean, zero, np.repeat(mean[:, None], len(QUANTILES), axis=1))
    bootstrap = BlockBootstrap(split.blocks[tested], seed=seed)
    (skill,), (drawn,) = bootstrap.scores(pairs, [R2])
    low, _ = bootstrap.interval(drawn)
    bad = skill > 0.05 and not low <= 0
    text = f"On a shuffled target the r2 is {round(skill, 2) + 0.0}"
    tail = ": the pipeline sees the target of tested rows." if bad else ", as it must be without a leak."
    return Finding(name, "fail" if bad else "ok", skill, text + tail)


def random_versus_blocked(samples: Samples, split: Split, *, seed: int = 0) -> Finding:
    """Compare the error of two cheap models under random rows and under the protocol."""
    if split.protocol == "random_rows":
        text = "Rows were split by lot: sites are on both sides, the score says nothing about other places or times."
        return Finding("random_versus_blocked", "fail", 1.0, text)
    by_lot = make_split(samples, "random_rows", seed=seed, folds=min(5, len(measured_rows(samples))))
    folds = some_folds(split.folds, seed)
    gaps: dict[str, float] = {}
    for name, pipeline in (("ridge", ridge), ("nearest features", neighbours)):
        rows, mean = predict_all(pipeline, samples, folds)
        lot_rows, lot_mean = predict_all(pipeline, samples, by_lot.folds)
        same = np.isin(lot_rows, rows)
        blocked = root_mean_square(mean - samples.y[rows])
        gaps[name] = ratio(blocked, root_mean_square((lot_mean - samples.y[lot_rows])[same]))
    name = max(gaps, key=lambda key: gaps[key])
    listed = ", ".join(f"{key} {value:.2f}" for key, value in gaps.items())
    text = f"Error under {split.protocol} over error under random rows: {listed}"
    tail = "; a random split would flatter." if gaps[name] >= GAP else "; the protocol costs little here."
    return Finding("random_versus_blocked", "warn" if gaps[name] >= GAP else "ok", gaps[name], text + tail)
