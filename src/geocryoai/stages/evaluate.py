"""Evaluate: every protocol of the study, all learners on the same rows and folds, with the suspicion tests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from math import isfinite
from typing import TYPE_CHECKING, Any

import polars as pl

from geocryoai.core.files import remove, write_json
from geocryoai.core.study import LearnerSection
from geocryoai.cube.cluster import connected
from geocryoai.evaluation.ablation import ABLATION_COLUMNS, ablate, ablation_variants
from geocryoai.evaluation.evaluate import Evaluation
from geocryoai.evaluation.evaluate import evaluate as judge
from geocryoai.evaluation.store import write_whole
from geocryoai.evaluation.suspicion import suspicion_tests
from geocryoai.stages.check import taking_part
from geocryoai.stages.fold_workers import fill_cache
from geocryoai.stages.trial import Trial, fit_by, open_trial
from geocryoai.stages.workspace import Workspace

if TYPE_CHECKING:
    from distributed import Client

    from geocryoai.evaluation.suspicion.finding import Finding

#: Learners cheap enough to be fitted many times by the leakage audit.
AUDITED = ("ridge", "anchor_ridge")

_TABLES = ("scores", "scores_by_season", "scores_by_site", "scores_by_lead", "differences")


def evaluate(work: Workspace) -> None:
    """Write ``scores.csv`` and its companions, and for each test its predictions, passport and suspicion findings."""
    out = work.folder("evaluate")
    parts: dict[str, list[pl.DataFrame]] = {name: [] for name in _TABLES}
    findings: list[dict[str, Any]] = []
    with connected(work.study.compute.scheduler) as client:
        for label, section in work.study.evaluate.protocols.items():
            for target in section.targets or tuple(work.study.targets):
                learners = taking_part(work.study, label, target)
                trial = open_trial(work, label, target)
                result = _judge(work, client, trial, label, target, learners)
                folder = out / target / label
                folder.mkdir(parents=True, exist_ok=True)
                write_whole(folder / "predictions.parquet", result.predictions)
                write_json(folder / "passport.json", {**result.passport, "protocol": label})
                for name in _TABLES:
                    table: pl.DataFrame = getattr(result, name)
                    parts[name].append(_labelled(table, trial.split.protocol, label))
                if work.study.evaluate.suspicion:
                    findings += _suspicions(work, trial, result, label, target, learners)
        ablation = _ablation(work, client)
    for name in _TABLES:
        if parts[name]:
            write_whole(out / f"{name}.csv", pl.concat(parts[name]))
    write_json(out / "suspicion.json", findings)
    write_whole(out / "ablation.csv", ablation)
    remove(out / ".cache")


def _judge(
    work: Workspace,
    client: Client | None,
    trial: Trial,
    label: str,
    target: str,
    learners: Mapping[str, LearnerSection],
) -> Evaluation:
    cache = work.folder("evaluate") / ".cache" / target / label
    with work.progress.task(f"evaluate {target}, {label}") as tick:
        fill_cache(client, work, trial, label, target, list(learners), cache, tick)
        return judge(
            trial.samples,
            trial.split,
            {name: dict(learner.options) for name, learner in learners.items()},
            fit_by(learners),
            work.study.seed,
            study=work.study.name,
            support=work.study.targets[target].step,
            future=trial.future,
            drivers="measured" if trial.future is None else "climatology",
            replicates=work.study.evaluate.replicates,
            cache=cache,
            progress=lambda done, total, what: tick(done, total),
        )


def _suspicions(
    work: Workspace,
    trial: Trial,
    result: Evaluation,
    label: str,
    target: str,
    learners: Mapping[str, LearnerSection],
) -> list[dict[str, Any]]:
    product = work.study.predict.learner
    model = product if product in learners else list(learners)[-1]
    audited = {name: dict(section.options) for name, section in learners.items() if section.model in AUDITED}
    found = suspicion_tests(
        trial.samples, trial.split, result.predictions, model,
        fit=fit_by(learners), audited=audited, seed=work.study.seed,
    )  # fmt: skip
    return [{"target": target, "protocol": label, "model": model, **_plain(finding)} for finding in found]


def _ablation(work: Workspace, client: Client | None) -> pl.DataFrame:
    """Return what each kind of data adds, for the targets that are asked for."""
    asked, parts = work.study.evaluate.ablation, [pl.DataFrame(schema=ABLATION_COLUMNS)]
    if asked is None:
        return parts[0]
    learner = work.study.learners[asked.learner]
    for target in asked.targets or work.study.evaluate.protocols[asked.protocol].targets or tuple(work.study.targets):
        trial = open_trial(work, asked.protocol, target).without_windows()
        cache = work.folder("evaluate") / ".cache" / target / "ablation"
        with work.progress.task(f"ablation of {target}") as tick:
            for name, variant in ablation_variants(trial.samples, asked.modalities).items():
                fill_cache(
                    client, work, Trial(variant, trial.split), asked.protocol, target, [asked.learner], cache / name,
                    tick, modality=name,
                )  # fmt: skip
            table = ablate(
                trial.samples, trial.split, asked.modalities, asked.learner, dict(learner.options),
                fit_by({asked.learner: learner}), work.study.seed, study=work.study.name,
                replicates=work.study.evaluate.replicates, cache=cache,
                progress=lambda done, total, what: tick(done, total),
            )  # fmt: skip
        parts.append(_labelled(table, trial.split.protocol, asked.protocol))
    return pl.concat(parts)


def _plain(finding: Finding) -> dict[str, Any]:
    """Return a finding for JSON, which has no word for a number that is not defined (a ratio of nothing to nothing)."""
    defined = finding.number is not None and isfinite(finding.number)
    return {**asdict(finding), "number": finding.number if defined else None}


def _labelled(table: pl.DataFrame, protocol: str, label: str) -> pl.DataFrame:
    """Return a score table in which the study's name of the test stands for the protocol's."""
    return table.with_columns(pl.col("protocol").str.replace(protocol, label, literal=True))
