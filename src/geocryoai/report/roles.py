"""Which model is the product, which are baselines, and which one speaks for a test."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import polars as pl

from geocryoai.models import LEARNERS

if TYPE_CHECKING:
    from geocryoai.core.study import Study
    from geocryoai.report.run_files import RunFiles, Test

Role = Literal["product", "learner", "standard", "baseline"]

#: Roles in the order of a legend, with their names.
ROLES: Mapping[Role, str] = {
    "product": "product learner",
    "learner": "other learner",
    "standard": "standard learner",
    "baseline": "baseline",
}

#: Learners of the registry that anybody would try first.
STANDARD = ("ridge", "random_forest", "boosted_trees")


@dataclass(frozen=True)
class Speaker:
    """The model whose scores are quoted for a test.

    Attributes
    ----------
    model : str
    product : bool
        False where the product learner takes no part in the test; then it is the model of the smallest error among
        those that are no baseline, or among all.
    """

    model: str
    product: bool


def role(study: Study, model: str) -> Role:
    """Return the role of a learner of the study."""
    if model == study.predict.learner:
        return "product"
    section = study.learners.get(model)
    registered = section.model if section is not None else model
    if registered in STANDARD:
        return "standard"
    return "baseline" if registered in LEARNERS and LEARNERS.get(registered).baseline else "learner"


def references(study: Study, models: list[str], speaker: str) -> list[str]:
    """Return the models that a speaker has to beat: baselines and standard learners."""
    return [model for model in models if model != speaker and role(study, model) in ("baseline", "standard")]


def speaker_of(run: RunFiles, test: Test) -> Speaker:
    """Return the model that speaks for a test."""
    scores = run.score(test).filter(pl.col("metric") == "rmse").sort("value", nulls_last=True, maintain_order=True)
    models = scores["model"].to_list()
    product = run.study.predict.learner
    if product in models:
        return Speaker(product, True)
    own = [model for model in models if role(run.study, model) != "baseline"]
    return Speaker((own or models)[0], False)
