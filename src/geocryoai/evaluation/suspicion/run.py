"""All suspicion tests of one evaluation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import polars as pl

from geocryoai.core.errors import ModelError, nearest
from geocryoai.evaluation.suspicion.copies import lag1_copy, nearest_neighbour_copy, site_id_only
from geocryoai.evaluation.suspicion.finding import Finding, worst_first
from geocryoai.evaluation.suspicion.leakage import leakage_audit, target_in_features
from geocryoai.evaluation.suspicion.permutation import random_versus_blocked, shuffled_target
from geocryoai.evaluation.suspicion.pipelines import learner_pipeline
from geocryoai.evaluation.suspicion.scales import scaled_unit

if TYPE_CHECKING:
    from geocryoai.cube.samples import Samples
    from geocryoai.evaluation.folds import Split
    from geocryoai.evaluation.out_of_fold import Fit


def suspicion_tests(
    samples: Samples,
    split: Split,
    predictions: pl.DataFrame,
    model: str,
    *,
    fit: Fit,
    audited: Mapping[str, Mapping[str, Any]],
    seed: int = 0,
) -> list[Finding]:
    """Return the findings of all suspicion tests, worst first.

    Parameters
    ----------
    samples, split
        What the evaluation was made of.
    predictions : polars.DataFrame
        `Evaluation.predictions`.
    model : str
        Learner whose score is to be quoted; the tests of copies and scales look at its predictions.
    fit : callable
        As given to `evaluate`.
    audited : dict of str to dict
        Learners (name and options) to run the leakage audit and the shuffled target on; cheap ones keep this quick.
    seed : int
    """
    modes = predictions.filter(pl.col("model") == model)
    if modes.is_empty():
        raise ModelError(f"no predictions of '{model}'", next_step=nearest(model, predictions["model"].unique()))
    parts = {str(mode): part for (mode,), part in modes.group_by("mode", maintain_order=True)}
    headline = parts.get("free_running", next(iter(parts.values())))
    findings = [
        scaled_unit(samples, headline),
        target_in_features(samples),
        site_id_only(samples, split, headline),
        nearest_neighbour_copy(samples, split, headline, seed=seed),
        random_versus_blocked(samples, split, seed=seed),
        *(lag1_copy(samples, part, name=f"lag1_copy_{mode}") for mode, part in parts.items() if mode != "map"),
    ]
    for name, options in audited.items():
        pipeline = learner_pipeline(fit, name, options, seed)
        findings.append(leakage_audit(samples, split, pipeline, seed=seed, name=f"leakage_audit_{name}"))
        findings.append(shuffled_target(samples, split, pipeline, seed=seed, name=f"shuffled_target_{name}"))
    return worst_first(findings)
