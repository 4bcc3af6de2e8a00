"""From out-of-fold predictions to tables of scores with block-bootstrap intervals."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from geocryoai.evaluation.bootstrap import BlockBootstrap, equal_weights
from geocryoai.evaluation.metrics import Metric, Pairs
from geocryoai.evaluation.out_of_fold import QUANTILE_COLUMNS

if TYPE_CHECKING:
    from geocryoai.cube.samples import Floats

#: Columns of ``scores.csv``; tables by season, site or lead have one more at the end.
SCORE_COLUMNS = {
    "study": pl.String(), "target": pl.String(), "task": pl.String(), "protocol": pl.String(), "model": pl.String(),
    "metric": pl.String(), "value": pl.Float64(), "low": pl.Float64(), "high": pl.Float64(), "unit": pl.String(),
    "n": pl.Int64(), "n_sites": pl.Int64(), "n_blocks": pl.Int64(),
}  # fmt: skip

#: Columns of ``differences.csv``: score of `model` minus score of `reference` on the same rows.
DIFFERENCE_COLUMNS = {
    name: kind
    for column, dtype in SCORE_COLUMNS.items()
    for name, kind in ([(column, dtype), ("reference", dtype)] if column == "model" else [(column, dtype)])
}


@dataclass(frozen=True)
class Subject:
    """What all scores of one evaluation have in common.

    Attributes
    ----------
    study, target, task, protocol, unit : str
        `unit` is the canonical unit of the target.
    replicates, seed : int
        Of the block bootstrap.
    """

    study: str
    target: str
    task: str
    protocol: str
    unit: str
    replicates: int = 1000
    seed: int = 0

    def label(self, mode: str) -> str:
        """Return the protocol as it stands in the tables: teacher-forced numbers say so."""
        return f"{self.protocol}_one_step" if mode == "one_step" else self.protocol


def pairs_of(table: pl.DataFrame) -> Pairs:
    """Return the observations and predictions of a table."""
    quantiles = np.column_stack([table[name].to_numpy() for name in QUANTILE_COLUMNS])
    return Pairs(table["observed"].to_numpy(), table["mean"].to_numpy(), table["sd"].to_numpy(), quantiles)


def score_table(
    predictions: pl.DataFrame, subject: Subject, metrics: Sequence[Metric], *, by: str | None = None
) -> pl.DataFrame:
    """Return scores of every model and mode, with intervals; with `by`, for each value of that column.

    Parameters
    ----------
    predictions : polars.DataFrame
        Table of an `Evaluation`.
    by : {"season", "site", "lead"}, optional
        Rows without a value of it are left out. Then only equal weights per row are used.

    Notes
    -----
    Every row weighs the same in ``rmse``; every site in ``rmse_site_equal``; every block in ``rmse_block_equal``
    (left out where blocks are the sites). `low` and `high` are null for single sites and where there is only one
    block, `value` where a score is not defined (r2 of constant observations).
    """
    records: list[dict[str, Any]] = []
    kept = predictions if by is None else predictions.filter(pl.col(by).is_not_null())
    replicates = 1 if by == "site" else subject.replicates
    for mode, value, part in _parts(kept, by):
        bootstrap = BlockBootstrap(part["block"].to_numpy(), replicates=replicates, seed=subject.seed)
        weightings = {"": None} if by else _weightings(part)
        common = _common(part, subject, mode, bootstrap)
        for suffix, weights in weightings.items():
            chosen = [metric for metric in metrics if not suffix or metric.weighted]
            if chosen:
                extra = {} if by is None else {by: value}
                for record in _scores(part, chosen, bootstrap, weights, subject.unit):
                    record["metric"] += suffix
                    records.append(common | record | extra)
    columns = SCORE_COLUMNS if by is None else {**SCORE_COLUMNS, by: predictions.schema[by]}
    return pl.DataFrame(records, schema=columns, orient="row").select(list(columns))


def difference_table(predictions: pl.DataFrame, subject: Subject, metrics: Sequence[Metric]) -> pl.DataFrame:
    """Return, for every ordered pair of models, the paired difference of their scores with its interval."""
    if not metrics:
        return pl.DataFrame(schema=DIFFERENCE_COLUMNS)
    records: list[dict[str, Any]] = []
    for (mode,), whole in predictions.group_by("mode", maintain_order=True):
        parts = {str(name): part for (name,), part in whole.group_by("model", maintain_order=True)}
        first = next(iter(parts.values()))
        bootstrap = BlockBootstrap(first["block"].to_numpy(), replicates=subject.replicates, seed=subject.seed)
        scored = {name: bootstrap.scores(pairs_of(part), metrics) for name, part in parts.items()}
        common = _common(first, subject, str(mode), bootstrap)
        for model, (values, replicates) in scored.items():
            for reference, (others, other_replicates) in scored.items():
                if reference == model:
                    continue
                for i, metric in enumerate(metrics):
                    low, high = bootstrap.interval(replicates[i] - other_replicates[i])
                    difference = values[i] - others[i]
                    unit = subject.unit if metric.unit == "target" else "1"
                    records.append(
                        common
                        | {"model": model, "reference": reference, "metric": metric.name, "unit": unit}
                        | {"value": _null(difference), "low": _null(low), "high": _null(high)}
                    )
    return pl.DataFrame(records, schema=DIFFERENCE_COLUMNS, orient="row").select(list(DIFFERENCE_COLUMNS))


def _parts(table: pl.DataFrame, by: str | None) -> Iterator[tuple[str, Any, pl.DataFrame]]:
    keys = ["model", "mode"] if by is None else ["model", "mode", by]
    order = table.select(keys).unique(maintain_order=True)
    groups = table.partition_by(keys, as_dict=True)
    for key in order.iter_rows():
        yield str(key[1]), key[-1], groups[key]


def _common(part: pl.DataFrame, subject: Subject, mode: str, bootstrap: BlockBootstrap) -> dict[str, Any]:
    return {
        "study": subject.study,
        "target": subject.target,
        "task": subject.task,
        "protocol": subject.label(mode),
        "model": part["model"][0],
        "n": part.height,
        "n_sites": part["site"].n_unique(),
        "n_blocks": bootstrap.n_blocks,
    }


def _weightings(part: pl.DataFrame) -> dict[str, Floats | None]:
    weightings: dict[str, Floats | None] = {"": None, "_site_equal": equal_weights(part["site"].to_numpy())}
    blocks, sites = part["block"].n_unique(), part["site"].n_unique()
    if not blocks == sites == part.select("block", "site").unique().height:
        weightings["_block_equal"] = equal_weights(part["block"].to_numpy())
    return weightings


def _scores(
    part: pl.DataFrame, metrics: Sequence[Metric], bootstrap: BlockBootstrap, weights: Floats | None, unit: str
) -> Iterator[dict[str, Any]]:
    values, replicates = bootstrap.scores(pairs_of(part), metrics, weights)
    for metric, value, drawn in zip(metrics, values, replicates, strict=True):
        low, high = bootstrap.interval(drawn)
        yield {
            "metric": metric.name,
            "value": _null(value),
            "low": _null(low),
            "high": _null(high),
            "unit": unit if metric.unit == "target" else "1",
        }


def _null(value: float) -> float | None:
    return value if np.isfinite(value) else None
