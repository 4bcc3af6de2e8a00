"""All learners on the same rows and folds: out-of-fold predictions, scores and their passport."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from geocryoai.core.errors import ProtocolError
from geocryoai.core.files import write_json
from geocryoai.core.variables import variable
from geocryoai.evaluation import METRICS
from geocryoai.evaluation.bootstrap import LEVEL
from geocryoai.evaluation.folds import Fold, Split, make_split, split_hash
from geocryoai.evaluation.forecast import with_future
from geocryoai.evaluation.out_of_fold import Fit, predict_fold
from geocryoai.evaluation.periods import seasons
from geocryoai.evaluation.score_tables import Subject, difference_table, score_table
from geocryoai.evaluation.store import fingerprint, write_whole

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geocryoai.cube.samples import Samples
    from geocryoai.evaluation.metrics import Metric

#: ``progress(done, total, what)``, called before each fold of each learner and once at the end.
Progress = Callable[[int, int, str], None]

#: Metrics of the table of differences between models.
COMPARED = ("rmse", "crps")


@dataclass(frozen=True)
class Evaluation:
    """Results of one evaluation.

    Attributes
    ----------
    predictions : polars.DataFrame
        One line per model, fold, tested row and mode (``map``, ``one_step``, ``free_running``).
    scores, scores_by_season, scores_by_site, scores_by_lead, differences : polars.DataFrame
    passport : dict
        Without which no score may be quoted: split hash, block size, task, support, unit, counts, models, seeds.
    """

    predictions: pl.DataFrame
    scores: pl.DataFrame
    scores_by_season: pl.DataFrame
    scores_by_site: pl.DataFrame
    scores_by_lead: pl.DataFrame
    differences: pl.DataFrame
    passport: Mapping[str, Any]

    def write(self, folder: Path) -> None:
        """Write ``predictions.parquet``, ``scores*.csv``, ``differences.csv`` and ``passport.json`` into a folder."""
        write_whole(folder / "predictions.parquet", self.predictions)
        for name in ("scores", "scores_by_season", "scores_by_site", "scores_by_lead", "differences"):
            write_whole(folder / f"{name}.csv", getattr(self, name))
        write_json(folder / "passport.json", self.passport)


def evaluate(
    samples: Samples,
    protocol: str | Mapping[str, Any] | Split,
    learners: Mapping[str, Mapping[str, Any]],
    fit: Fit,
    seed: int = 0,
    *,
    study: str = "",
    support: str = "",
    groups: NDArray[Any] | None = None,
    blocks: NDArray[Any] | None = None,
    block_size: str | None = None,
    future: Samples | None = None,
    drivers: str = "measured",
    metrics: Sequence[str] | None = None,
    replicates: int = 1000,
    cache: Path | None = None,
    data_key: str = "",
    progress: Progress | None = None,
) -> Evaluation:
    """Judge learners under one protocol.

    Parameters
    ----------
    samples : Samples
        Rows without a measured target neither train nor count, but a forecast runs through them.
    protocol : str, dict or Split
        Name of a protocol, or ``{"name": ..., option: ...}``, or a split made before for these samples.
    learners : dict of str to dict
        Options of each learner by name.
    fit : callable
        ``fit(name, samples, options, seed) -> Learner``.
    study, support : str
        Name of the study; what one observation stands for (``"121-probe grid"``), for the passport.
    groups : array, shape (n,), optional
        Rows of one label stay together in folds and bootstrap.
    blocks : array, shape (n,), optional
        Blocks of the bootstrap where they are not those of the protocol, with `block_size` as their name.
    future : Samples, optional
        The same rows with the drivers of a declared scenario, for forecasts; `drivers` names it.
    metrics : list of str, optional
        Names of `METRICS`; all of them by default.
    cache : Path, optional
        Folder of finished folds; `data_key` tells apart what the samples do not show (the cube behind windows).
    progress : callable, optional

    Raises
    ------
    ProtocolError
        The split cannot be made, or the samples do not fit the task.
    ModelError
        A learner failed; the message names fold and learner.
    """
    _check(samples, learners, future, drivers)
    chosen: list[Metric] = [METRICS.get(name) for name in (metrics or METRICS.names())]
    split = _with_blocks(_split(samples, protocol, seed, groups), blocks, block_size)
    subject = Subject(
        study, samples.target, samples.task, split.protocol, variable(samples.target).unit, replicates, seed
    )

    def predict(fold: Fold, model: str, data: str) -> pl.DataFrame:
        options = learners[model]
        return predict_fold(
            samples, fold, model, options, fit, seed, data=data, future=future, cache=cache, data_key=data_key
        )

    predictions = _describe(_run(samples, split, list(learners), predict, future, progress), samples, split)
    compared = [metric for metric in chosen if metric.name in COMPARED]
    return Evaluation(
        predictions=predictions,
        scores=score_table(predictions, subject, chosen),
        scores_by_season=score_table(predictions, subject, chosen, by="season"),
        scores_by_site=score_table(predictions, subject, chosen, by="site"),
        scores_by_lead=score_table(predictions, subject, chosen, by="lead"),
        differences=difference_table(predictions, subject, compared),
        passport=_passport(samples, split, learners, subject, chosen, predictions, support, drivers),
    )


def _check(samples: Samples, learners: Mapping[str, Mapping[str, Any]], future: Samples | None, drivers: str) -> None:
    if not learners:
        raise ProtocolError("no learner to evaluate", where="learners", expected="at least one name")
    if samples.task == "map" and samples.lags:
        raise ProtocolError(
            "the map task must not see the target's history",
            where=samples.target,
            found=f"lags {', '.join(map(str, samples.lags))}",
            next_step="Use task 'forecast', or samples without lags.",
        )
    if (future is None) != (drivers == "measured"):
        raise ProtocolError(
            "future drivers and their name go together",
            where="drivers",
            found=f"'{drivers}' with{'out' if future is None else ''} a scenario",
            expected="'measured' without a scenario, the scenario's name with one",
        )
    with_future(samples, future)


def _split(
    samples: Samples, protocol: str | Mapping[str, Any] | Split, seed: int, groups: NDArray[Any] | None
) -> Split:
    if isinstance(protocol, Split):
        if len(protocol.blocks) != len(samples):
            raise ProtocolError(
                "the split was made for other samples", found=f"{len(protocol.blocks)} rows", expected=len(samples)
            )
        return protocol
    options = {"name": protocol} if isinstance(protocol, str) else dict(protocol)
    if "name" not in options:
        raise ProtocolError("the protocol has no name", where="protocol", expected="name: leave_site_out, ...")
    name = str(options.pop("name"))
    return make_split(samples, name, **{"seed": seed, "groups": groups, **options})


def _with_blocks(split: Split, blocks: NDArray[Any] | None, block_size: str | None) -> Split:
    if blocks is None:
        return split
    if block_size is None or len(blocks) != len(split.blocks):
        raise ProtocolError(
            "own blocks need one label per row and a block_size", where="blocks", found=f"{len(blocks)} labels"
        )
    codes = np.unique(blocks, return_inverse=True)[1].astype(np.int64)
    return replace(split, blocks=codes, block_size=block_size)


def _run(
    samples: Samples,
    split: Split,
    models: Sequence[str],
    predict: Callable[[Fold, str, str], pl.DataFrame],
    future: Samples | None,
    progress: Progress | None,
) -> pl.DataFrame:
    data = fingerprint(samples, future)
    total = len(models) * len(split.folds)
    parts: list[pl.DataFrame] = []
    for model in models:
        for fold in split.folds:
            if progress is not None:
                progress(len(parts), total, f"{model}, {fold.name}")
            table = predict(fold, model, data)
            parts.append(table.with_columns(pl.lit(model).alias("model"), pl.lit(fold.name).alias("fold")))
    if progress is not None:
        progress(total, total, "done")
    return pl.concat(parts)


def _describe(table: pl.DataFrame, samples: Samples, split: Split) -> pl.DataFrame:
    """Return predictions with the record, place, time, season, observation and block of each row."""
    rows = table["row"].to_numpy()
    season = pl.Series("season", seasons(samples)[rows].tolist(), dtype=pl.String)
    described = table.with_columns(
        pl.Series("source", samples.source[rows].tolist(), dtype=pl.String),
        pl.Series("source_row", samples.source_row[rows], dtype=pl.Int64),
        pl.Series("site", samples.site[rows].tolist(), dtype=pl.String),
        pl.Series("lon", samples.lon[rows]).fill_nan(None),
        pl.Series("lat", samples.lat[rows]).fill_nan(None),
        pl.Series("time", samples.time[rows].astype("datetime64[D]")),
        season.replace("", None),
        pl.Series("observed", samples.y[rows]),
        pl.Series("sigma", samples.sigma[rows]).fill_nan(None),
        pl.Series("block", split.blocks[rows]),
    )
    first = ["model", "mode", "fold", "row", "source", "source_row", "site", "block", "lon", "lat", "time", "season"]
    return described.select(*first, "lead", "observed", "sigma", pl.exclude(*first, "lead", "observed", "sigma"))


def _passport(
    samples: Samples,
    split: Split,
    learners: Mapping[str, Mapping[str, Any]],
    subject: Subject,
    metrics: Sequence[Metric],
    predictions: pl.DataFrame,
    support: str,
    drivers: str,
) -> dict[str, Any]:
    tested = predictions.unique("row")
    return {
        "study": subject.study,
        "target": samples.target,
        "unit": subject.unit,
        "task": samples.task,
        "support": support,
        "protocol": split.protocol,
        "split": dict(split.meta),
        "split_hash": split_hash(split.folds, samples),
        "block_size": split.block_size,
        "n": tested.height,
        "n_sites": tested["site"].n_unique(),
        "n_blocks": tested["block"].n_unique(),
        "models": {name: dict(options) for name, options in learners.items()},
        "modes": predictions["mode"].unique(maintain_order=True).to_list(),
        "drivers": drivers,
        "metrics": [metric.name for metric in metrics],
        "seed": subject.seed,
        "bootstrap": {"replicates": subject.replicates, "level": LEVEL, "unit": split.block_size},
    }
