"""Train: the learner that predicts is fitted on all learnt records of each target, and saved."""

from __future__ import annotations

import numpy as np

from geocryoai.core.study import Study
from geocryoai.models.contract import Learner
from geocryoai.stages.samples import load_samples
from geocryoai.stages.workspace import Workspace
from geocryoai.training.fit import fit_learner
from geocryoai.training.store import load_model, save_model


def train(work: Workspace) -> None:
    """Fit and save one model per target."""
    study = work.study
    section = study.learners[study.predict.learner]
    with work.progress.task("train") as tick:
        for done, target in enumerate(study.targets):
            tick(done, len(study.targets))
            samples = load_samples(work, target, "map")
            samples = samples.take(np.isfinite(samples.y))
            learner = fit_learner(section.model, samples, dict(section.options), study.seed)
            save_model(work.folder("train") / target, learner, samples, {"study": study.name, "target": target})
        tick(len(study.targets), len(study.targets))


def trained(work: Workspace, study: Study) -> dict[str, Learner]:
    """Return the model of each target of a finished run."""
    return {target: load_model(work.folder("train") / target) for target in study.targets}
