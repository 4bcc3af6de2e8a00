"""Evaluate: every protocol of the study, all learners on the same rows and folds, with the suspicion tests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from math import isfinite
from typing import TYPE_CHECKING, Any

import polars as pl

from geocryoai.core.errors import ProtocolError
from geocryoai.core.files import remove, write_json
from geocryoai.core.study import LearnerSection
from geocryoai.cube.records import groups_within
from geocryoai.evaluation.ablation import ABLATION_COLUMNS, ablate
from geocryoai.evaluation.evaluate import Evaluation
from geocryoai.evaluation.evaluate import evaluate as judge
from geocryoai.evaluation.folds import make_split
from geocryoai.evaluation.store import write_whole
from geocryoai.evaluation.suspicion import suspicion_tests
from geocryoai.stages.check import taking_part
from geocryoai.stages.options import colocated_km, future_drivers, protocol_options
from geocryoai.stages.samples import forecast_samples, load_samples
from geocryoai.stages.workspace import Workspace
from geocryoai.training.fit import fit_learner

if TYPE_CHECKING:
    from geocryoai.cube.samples import Samples
    from geocryoai.evaluation.folds import Split
    from geocryoai.evaluation.out_of_fold import Fit
    from geocryoai.evaluation.suspicion.finding import Finding
    from geocryoai.models.contract import Learner

#: Learners cheap enough to be fitted many times by the leakage audit.
AUDITED = ("ridge", "anchor_ridge")

_TABLES = ("scores", "scores_by_season", "scores_by_site", "scores_by_lead", "differences")


def evaluate(work: Workspace) -> None:
    """Write ``scores.csv`` and its companions, and for each test its predictions, passport and suspicion findings."""
    out = work.folder("evaluate")
    parts: dict[str, list[pl.DataFrame]] = {name: [] for name in _TABLES}
    findings: list[dict[str, Any]] = []
    for label, section in work.study.evaluate.protocols.items():
        for target in section.targets or tuple(work.study.targets):
            learners = taking_part(work.study, label, target)
            fit = _fit_by(learners)
            result, samples, split = _judge(work, label, target, learners, fit)
            folder = out / target / label
            folder.mkdir(parents=True, exist_ok=True)
            write_whole(folder / "predictions.parquet", result.predictions)
            write_json(folder / "passport.json", {**result.passport, "protocol": label})
            for name in _TABLES:
                table: pl.DataFrame = getattr(result, name)
                parts[name].append(_labelled(table, split.protocol, label))
            if work.study.evaluate.suspicion:
                product = work.study.predict.learner
                model = product if product in learners else list(learners)[-1]
                audited = {n: dict(s.options) for n, s in learners.items() if s.model in AUDITED}
                found = suspicion_tests(
                    samples, split, result.predictions, model, fit=fit, audited=audited, seed=work.study.seed
                )
                findings += [{"target": target, "protocol": label, "model": model, **_plain(f)} for f in found]
    for name in _TABLES:
        if parts[name]:
            write_whole(out / f"{name}.csv", pl.concat(parts[name]))
    write_json(out / "suspicion.json", findings)
    write_whole(out / "ablation.csv", _ablation(work))
    remove(out / ".cache")


def _ablation(work: Workspace) -> pl.DataFrame:
    """Return what each kind of data adds, for the targets that are asked for."""
    asked, parts = work.study.evaluate.ablation, [pl.DataFrame(schema=ABLATION_COLUMNS)]
    if asked is not None:
        section = work.study.evaluate.protocols[asked.protocol]
        for target in asked.targets or section.targets or tuple(work.study.targets):
            samples, split = _split(work, asked.protocol, target)
            samples = replace(samples, windows=None, window_index=None)
            learner = work.study.learners[asked.learner]
            with work.progress.task(f"ablation of {target}") as tick:
                table = ablate(
                    samples, split, asked.modalities, asked.learner, dict(learner.options),
                    _fit_by({asked.learner: learner}), work.study.seed, study=work.study.name,
                    replicates=work.study.evaluate.replicates,
                    cache=work.folder("evaluate") / ".cache" / target / "ablation",
                    progress=lambda done, total, what: tick(done, total),
                )  # fmt: skip
            parts.append(_labelled(table, split.protocol, asked.protocol))
    return pl.concat(parts)


def _split(work: Workspace, label: str, target: str) -> tuple[Samples, Split]:
    """Return the samples of a target and the folds of a test."""
    section = work.study.evaluate.protocols[label]
    samples = load_samples(work, target, section.task)
    km = colocated_km(section)
    groups = groups_within(samples.lon, samples.lat, samples.site, km) if km > 0 else None
    options = protocol_options(section)
    try:
        return samples, make_split(samples, section.protocol, seed=work.study.seed, groups=groups, **options)
    except (TypeError, ValueError, OverflowError) as error:
        raise ProtocolError(
            f"the folds cannot be made with these options ({error})",
            where=f"evaluate.protocols.{label}, {target}",
            found=", ".join(f"{name}={value!r}" for name, value in options.items()) or "no options",
        ) from error


def _judge(
    work: Workspace, label: str, target: str, learners: Mapping[str, LearnerSection], fit: Fit
) -> tuple[Evaluation, Samples, Split]:
    section = work.study.evaluate.protocols[label]
    samples, split = _split(work, label, target)
    future = None
    origins = [fold.origin for fold in split.folds if fold.origin is not None]
    if origins and section.task == "forecast" and future_drivers(section) == "climatology":
        future = forecast_samples(work, target, min(origins))

    with work.progress.task(f"evaluate {target}, {label}") as tick:
        result = judge(
            samples,
            split,
            {name: dict(learner.options) for name, learner in learners.items()},
            fit,
            work.study.seed,
            study=work.study.name,
            support=work.study.targets[target].step,
            future=future,
            drivers="measured" if future is None else "climatology",
            replicates=work.study.evaluate.replicates,
            cache=work.folder("evaluate") / ".cache" / target / label,
            progress=lambda done, total, what: tick(done, total),
        )
    return result, samples, split


def _plain(finding: Finding) -> dict[str, Any]:
    """Return a finding for JSON, which has no word for a number that is not defined (a ratio of nothing to nothing)."""
    defined = finding.number is not None and isfinite(finding.number)
    return {**asdict(finding), "number": finding.number if defined else None}


def _labelled(table: pl.DataFrame, protocol: str, label: str) -> pl.DataFrame:
    """Return a score table in which the study's name of the test stands for the protocol's."""
    return table.with_columns(pl.col("protocol").str.replace(protocol, label, literal=True))


def _fit_by(learners: Mapping[str, LearnerSection]) -> Fit:
    """Return how evaluation fits a learner by its name in the study."""

    def fit(name: str, samples: Samples, options: dict[str, Any], seed: int) -> Learner:
        return fit_learner(learners[name].model, samples, options, seed)

    return fit
