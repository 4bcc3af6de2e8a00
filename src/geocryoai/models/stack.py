"""A weighted mean of learners, the weights learnt on grouped inner folds."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from geocryoai.core.errors import ModelError, nearest
from geocryoai.models import LEARNERS
from geocryoai.models.contract import Learner
from geocryoai.models.point import Point, PointLearner
from geocryoai.models.weights import row_weights

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from geocryoai.cube.samples import Samples
    from geocryoai.models.folds import Folds

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

#: By task. A straight line through the features of a new place (map) made the mean of trees worse at towers; with the
#: target's own history among the features (forecast) it does not.
DEFAULT_MEMBERS = {
    "map": ("anchor_ridge", "boosted_trees", "random_forest"),
    "forecast": ("anchor_ridge", "boosted_trees", "random_forest", "ridge"),
}
NEEDS_ANCHOR = frozenset({"process", "anchor_ridge", "anchor_trees"})

log = logging.getLogger(__name__)


def convex_weights(answers: Floats, y: Floats, weight: Floats, pull: float) -> Floats:
    """Return weights >= 0 with sum 1 that minimise the squared error of ``answers @ weights``.

    Parameters
    ----------
    answers : array, shape (n, members)
        Out-of-fold answers.
    y, weight : array, shape (n,)
    pull : float
        Ridge towards equal weights, as a share of the members' mean squared error.
    """
    from scipy.optimize import nnls

    n, members = answers.shape
    root = np.sqrt(weight / weight.sum())
    errors = answers - y[:, None]
    size = float(np.sqrt(np.mean((root[:, None] * errors) ** 2) * n))
    if size == 0:
        return np.full(members, 1 / members)
    # With weights of sum 1 the error of the mean is the mean of the errors: drive that to zero, under a stiff sum.
    equal = np.sqrt(pull) * np.eye(members)
    stiff = 1e4
    system = np.vstack([root[:, None] * errors / size, equal, np.full((1, members), stiff)])
    wanted = np.concatenate([np.zeros(n), equal.sum(axis=0) / members, [stiff]])
    found: Floats = nnls(system, wanted)[0]
    weights: Floats = found / found.sum()
    return weights


class Stack(PointLearner):
    """Members fitted side by side, weighted by how well they answer for groups that they have not seen.

    Options: `members` (names of learners; default `DEFAULT_MEMBERS`, of which those that need a process anchor are left
    out, and named in the log and the saved learner, where samples carry none), `member_options` (by name),
    `prior_groups` (equal weights are believed as firmly as the evidence of that many groups: with few sites the
    weights stay near equal).
    """

    name = "stack"
    defaults: ClassVar[Mapping[str, Any]] = {"members": None, "member_options": {}, "prior_groups": 1.0}

    def __init__(self, *, seed: int = 0, **options: Any) -> None:
        super().__init__(seed=seed, **options)
        if self.options["members"] is not None:
            self.options["members"] = list(self.options["members"])
        self._members: dict[str, Learner] = {}
        self._weights: Floats = np.empty(0)
        self._left_out: list[str] = []

    def cross_answer(self, samples: Samples, folds: Folds) -> Point:
        """Fit the members and weigh them by their out-of-fold answers; return the weighted mean of those.

        The answers for a fold carry the weights that the other folds alone would give.
        """
        groups = self.fit_groups(samples)
        members = {name: self._member(name) for name in self._names(samples)}
        answers = np.column_stack([_fit_member(member, samples, groups, folds) for member in members.values()])
        weight = row_weights(samples, float(self.options["weight_power"]))
        pull = float(self.options["prior_groups"]) / len(np.unique(groups))
        combined = [
            self._combine(answers[held], convex_weights(answers[train], samples.y[train], weight[train], pull))
            for train, held in folds
        ]
        self._members = members
        self._weights = convex_weights(answers, samples.y, weight, pull)
        order = np.argsort(np.concatenate([held for _, held in folds]), kind="stable")
        mean, spread = (np.concatenate([getattr(p, part) for p in combined])[order] for part in ("mean", "spread"))
        return Point(mean, spread=spread)

    @property
    def weights(self) -> dict[str, float]:
        """Return the weight of each member by name."""
        return dict(zip(self._members, self._weights.tolist(), strict=True))

    def learn(self, samples: Samples) -> None:
        """Do nothing more: `cross_answer` left every member fitted to all rows."""

    def answer(self, samples: Samples) -> Point:
        """Return the weighted mean of the members."""
        answers = np.column_stack([_mean(member, samples) for member in self._members.values()])
        return self._combine(answers, self._weights)

    def state(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        """Return the weights; members are saved beside, each in a folder of its own."""
        return {"members": list(self._members), "left_out": self._left_out}, {"weights": self._weights}

    def restore(self, facts: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> None:
        """Take up the weights and the names of the members; `load` brings the members themselves."""
        self._weights = arrays["weights"]
        self._names_saved = list(facts["members"])
        self._left_out = facts["left_out"]

    def save(self, folder: Path) -> None:
        """Write the stack, and each member in the folder of its name."""
        super().save(folder)
        for name, member in self._members.items():
            member.save(folder / name)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Return the stack that `save` wrote."""
        stack = super().load(folder)
        stack._members = {name: LEARNERS.get(name).load(folder / name) for name in stack._names_saved}
        return stack

    def _names(self, samples: Samples) -> list[str]:
        wanted = self.options["members"]
        names = list(DEFAULT_MEMBERS[samples.task]) if wanted is None else wanted
        if not names or self.name in names or len(set(names)) < len(names):
            raise ModelError(
                "a stack needs different members, none of them a stack",
                where="option 'members'",
                found=", ".join(names) or "none",
            )
        for key in self.options["member_options"]:
            if key not in names:
                raise ModelError(
                    f"options are given for '{key}', which is no member",
                    where="option 'member_options'",
                    next_step=nearest(key, names),
                )
        self._left_out = []
        if wanted is None and not samples.anchors:
            self._left_out = [name for name in names if name in NEEDS_ANCHOR]
            log.info("stack: %s left out, samples carry no process anchor", ", ".join(self._left_out))
        return [name for name in names if name not in self._left_out]

    def _member(self, name: str) -> Learner:
        kind = LEARNERS.get(name)
        shared = {key: self.options[key] for key in self.common} if issubclass(kind, PointLearner) else {}
        return kind(seed=self.seed, **{**shared, **self.options["member_options"].get(name, {})})

    @staticmethod
    def _combine(answers: Floats, weights: Floats) -> Point:
        mean = (answers * weights).sum(axis=1)
        spread = np.sqrt((weights * (answers - mean[:, None]) ** 2).sum(axis=1))
        return Point(mean, spread=spread)


def _fit_member(member: Learner, samples: Samples, groups: Ints, folds: Folds) -> Floats:
    """Fit a member to all rows; return its out-of-fold answers (other than point learners are fitted per fold)."""
    if isinstance(member, PointLearner):
        return member.fit_on(samples, groups, folds).mean
    mean = np.empty(len(samples))
    for train, held in folds:
        copy = type(member)(seed=member.seed, **member.options)
        mean[held] = copy.fit(samples.take(train)).predict(samples.take(held)).mean
    member.fit(samples)
    return mean


def _mean(member: Learner, samples: Samples) -> Floats:
    return member.point(samples).mean if isinstance(member, PointLearner) else member.predict(samples).mean
