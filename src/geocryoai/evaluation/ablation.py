"""What each kind of data adds: a learner judged again without it, on the same rows and folds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from geocryoai.core.errors import ProtocolError
from geocryoai.core.variables import variable
from geocryoai.evaluation import METRICS
from geocryoai.evaluation.evaluate import COMPARED, Progress, evaluate
from geocryoai.evaluation.score_tables import Subject, difference_table, score_table

if TYPE_CHECKING:
    from geocryoai.cube.samples import Samples
    from geocryoai.evaluation.folds import Split
    from geocryoai.evaluation.out_of_fold import Fit

#: Goes before the name of a process anchor, which stands among the features here so that it can be taken away.
ANCHOR_PREFIX = "anchor_"

#: Columns of ``ablation.csv``: score without a modality minus score with everything; positive: the modality helped.
ABLATION_COLUMNS = {
    "study": pl.String(), "target": pl.String(), "task": pl.String(), "protocol": pl.String(), "learner": pl.String(),
    "modality": pl.String(), "columns": pl.Int64(), "metric": pl.String(), "with_all": pl.Float64(),
    "without": pl.Float64(), "difference": pl.Float64(), "low": pl.Float64(), "high": pl.Float64(), "unit": pl.String(),
    "n": pl.Int64(), "n_sites": pl.Int64(), "n_blocks": pl.Int64(),
}  # fmt: skip

#: Name of the variant that keeps everything; no modality of a study can be called so.
ALL = "(all)"


def ablate(
    samples: Samples,
    split: Split,
    modalities: Mapping[str, Sequence[str]],
    learner: str,
    options: Mapping[str, Any],
    fit: Fit,
    seed: int = 0,
    *,
    study: str = "",
    replicates: int = 1000,
    cache: Path | None = None,
    progress: Progress | None = None,
) -> pl.DataFrame:
    """Judge a learner with everything and without each modality in turn.

    Parameters
    ----------
    samples : Samples
        Without windows: what a network sees cannot be taken from it by name.
    split : Split
    modalities : dict of str to list of str
        Patterns of feature names (`*` for any part); ``anchor_NAME`` is the process anchor NAME.
    learner : str
        One that does without anchors: here they are features like others.
    options : dict
    fit : callable
        As for `evaluate`.
    seed : int
    study : str
    replicates : int
        Of the block bootstrap of the differences.
    cache : Path, optional
    progress : callable, optional

    Returns
    -------
    polars.DataFrame
        Columns `ABLATION_COLUMNS`, a row for each modality and metric. Modalities none of whose columns the samples
        have are left out.

    Raises
    ------
    ProtocolError
        The samples have windows, or a modality would leave nothing to learn from.
    """
    if samples.windows is not None:
        raise ProtocolError("what a network sees cannot be taken away by name", where=f"ablation, {samples.target}",
                            next_step="Name a learner of features, or leave this target out.")  # fmt: skip
    variants = ablation_variants(samples, modalities)
    everything = len(variants[ALL].features)
    taken = {name: everything - len(variant.features) for name, variant in variants.items() if name != ALL}
    parts: list[pl.DataFrame] = []
    for number, (name, variant) in enumerate(variants.items()):
        if progress is not None:
            progress(number, len(variants), f"without {name}" if name != ALL else "with all")
        result = evaluate(
            variant, split, {learner: options}, fit, seed, metrics=COMPARED, replicates=1,
            cache=None if cache is None else cache / name,
        )  # fmt: skip
        parts.append(result.predictions.with_columns(pl.lit(name).alias("model")))
    if progress is not None:
        progress(len(variants), len(variants), "done")
    unit = variable(samples.target).unit
    subject = Subject(study, samples.target, samples.task, split.protocol, unit, replicates, seed)
    return _table(pl.concat(parts), subject, learner, taken)


def ablation_variants(samples: Samples, modalities: Mapping[str, Sequence[str]]) -> dict[str, Samples]:
    """Return the samples with everything (`ALL`) and without each modality that they have, by name.

    Raises
    ------
    ProtocolError
        A modality would leave nothing to learn from.
    """
    samples = with_anchors_as_features(samples)
    variants = {ALL: samples}
    for name, patterns in modalities.items():
        left, count = without(samples, patterns)
        if count and not left.features:
            raise ProtocolError("nothing is left to learn from", where=f"ablation, {samples.target}", found=name)
        if count:
            variants[name] = left
    return variants


def with_anchors_as_features(samples: Samples) -> Samples:
    """Return the samples with their process anchors among the features, as ``anchor_NAME``."""
    anchors = {ANCHOR_PREFIX + name: values for name, values in samples.anchors.items()}
    return replace(samples, features={**samples.features, **anchors}, anchors={})


def without(samples: Samples, patterns: Sequence[str]) -> tuple[Samples, int]:
    """Return the samples without the features that match, and how many these are."""
    gone = [name for name in samples.features if any(fnmatchcase(name, pattern) for pattern in patterns)]
    features = {name: values for name, values in samples.features.items() if name not in gone}
    statics = tuple(name for name in samples.statics if name in features)
    return replace(samples, features=features, statics=statics), len(gone)


def _table(predictions: pl.DataFrame, subject: Subject, learner: str, taken: Mapping[str, int]) -> pl.DataFrame:
    metrics = [METRICS.get(name) for name in COMPARED]
    if not taken:
        return pl.DataFrame(schema=ABLATION_COLUMNS)
    compared = difference_table(predictions, subject, metrics).filter(pl.col("reference") == ALL)
    scores = _scores(predictions, subject)
    rows = [
        {**{name: row[name] for name in ABLATION_COLUMNS if name in row}, "learner": learner, "modality": row["model"],
         "columns": taken[row["model"]], "difference": row["value"],
         "with_all": scores[row["protocol"], ALL, row["metric"]],
         "without": scores[row["protocol"], row["model"], row["metric"]]}
        for row in compared.iter_rows(named=True)
    ]  # fmt: skip
    return pl.DataFrame(rows, schema=ABLATION_COLUMNS, orient="row")


def _scores(predictions: pl.DataFrame, subject: Subject) -> dict[tuple[str, str, str], float | None]:
    metrics = [METRICS.get(name) for name in COMPARED]
    table = score_table(predictions, replace(subject, replicates=1), metrics)
    return {(row["protocol"], row["model"], row["metric"]): row["value"] for row in table.iter_rows(named=True)}
