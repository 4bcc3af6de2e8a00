"""Folds fitted by a Dask cluster, before evaluation asks for them.

Evaluation keeps every finished fold in a cache. Here a cluster fills that cache: each task is one learner on one fold;
a worker opens the run folder by the same path and fits as evaluation would. Evaluation then finds all folds done, and
fits itself what is missing: scores do not depend on who worked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from geocryoai.core.code import code_hash
from geocryoai.core.errors import RunError
from geocryoai.core.study import load_study
from geocryoai.cube.cluster import in_order
from geocryoai.evaluation.ablation import ablation_variants
from geocryoai.evaluation.out_of_fold import predict_fold
from geocryoai.evaluation.store import fingerprint
from geocryoai.stages.trial import Trial, fit_by, open_trial
from geocryoai.stages.workspace import Workspace

if TYPE_CHECKING:
    from distributed import Client

    from geocryoai.stages.progress import Tick


@dataclass(frozen=True)
class Task:
    """One trial as a worker finds it again; small and hashable.

    Attributes
    ----------
    root : str
        Run folder, whole path.
    label, target : str
        Name of the test in the study; target.
    cache : str
        Folder of finished folds.
    data : str
        Fingerprint of samples and future drivers at home: a worker's cannot be others.
    code : str
        Hash of the package's files at home.
    modality : str or None
        Of an ablation: what is taken away, or `geocryoai.evaluation.ablation.ALL`.
    """

    root: str
    label: str
    target: str
    cache: str
    data: str
    code: str
    modality: str | None = None


def fill_cache(
    client: Client | None,
    work: Workspace,
    trial: Trial,
    label: str,
    target: str,
    learners: Sequence[str],
    cache: Path,
    tick: Tick,
    *,
    modality: str | None = None,
) -> None:
    """Let a cluster predict every fold of a trial by every learner; without a cluster do nothing.

    Parameters
    ----------
    client : distributed.Client or None
    work : Workspace
        A run folder, which the workers see under the same path.
    trial : Trial
    label, target : str
    learners : sequence of str
        Names in the study.
    cache : Path
        As given to `geocryoai.evaluation.evaluate`.
    tick : callable
    modality : str, optional
        See `Task`.

    Raises
    ------
    ModelError
        A learner failed; the message names fold and learner.
    RunError
        A worker has another version of the package, or sees other data under the path.
    """
    if client is None:
        return
    task = Task(
        str(work.root.resolve()), label, target, str(cache.resolve()), fingerprint(trial.samples, trial.future),
        code_hash(), modality,
    )  # fmt: skip
    folds = range(len(trial.split.folds))
    jobs = [(task, learner, number) for learner in learners for number in folds]
    for done, _ in enumerate(in_order(client, fit_fold, jobs), 1):
        tick(done, len(jobs))


def fit_fold(task: Task, learner: str, number: int) -> None:
    """Predict one fold into the cache; runs in a worker."""
    if code_hash() != task.code:
        raise RunError("a worker has other code", where="compute.scheduler",
                       next_step="Install the same version of geocryoai on every machine.")  # fmt: skip
    work, trial = _opened(task)
    section = work.study.learners[learner]
    predict_fold(
        trial.samples, trial.split.folds[number], learner, dict(section.options), fit_by({learner: section}),
        work.study.seed, data=task.data, future=trial.future, cache=Path(task.cache),
    )  # fmt: skip


@lru_cache(maxsize=2)
def _opened(task: Task) -> tuple[Workspace, Trial]:
    root = Path(task.root)
    if not (root / "study.yml").exists():
        raise RunError("a worker does not find the run folder", where=str(root),
                       next_step="Let the workers see the run folder under the same path.")  # fmt: skip
    work = Workspace(load_study(root / "study.yml"), root, None)
    trial = open_trial(work, task.label, task.target)
    if task.modality is not None:
        asked = work.study.evaluate.ablation
        bare = trial.without_windows()
        variants = ablation_variants(bare.samples, asked.modalities if asked else {})
        trial = Trial(variants[task.modality], bare.split)
    if fingerprint(trial.samples, trial.future) != task.data:
        raise RunError("a worker sees other samples", where=str(root),
                       next_step="Let the workers see the run folder under the same path.")  # fmt: skip
    return work, trial
