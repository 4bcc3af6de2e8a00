"""Base of the learners that predict one number and learn its distribution from their own out-of-fold residuals."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from threadpoolctl import threadpool_limits

from geocryoai.core.errors import ModelError, nearest
from geocryoai.core.variables import variable
from geocryoai.models.bounds import physical_range
from geocryoai.models.conformal import Calibration
from geocryoai.models.contract import Learner, Prediction
from geocryoai.models.features import Inputs
from geocryoai.models.folds import group_folds, inner_groups
from geocryoai.models.state import read_state, write_state

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from geocryoai.cube.samples import Samples
    from geocryoai.models.folds import Folds

    Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Point:
    """One number per row.

    Attributes
    ----------
    mean : array of float, shape (n,)
    ledger : dict of str to array of float, shape (n,)
        How far each constraint moved the answer.
    spread : array of float, shape (n,), optional
        Disagreement of members, where there are several.
    """

    mean: Floats
    ledger: Mapping[str, Floats] = field(default_factory=dict)
    spread: Floats | None = None


class PointLearner(Learner):
    """A learner with a point answer, physical bounds and conformal intervals.

    A subclass gives `learn`, `answer`, `state` and `restore`, and its own options in `defaults`. One that has something
    to choose overrides `cross_answer`: it makes the choice on the out-of-fold answers and keeps it in `tuned`.

    Options of every learner: `folds` (inner folds), `degrees` (sites in one cell of that size are held out together,
    degrees), `weight_power` (see `row_weights`), `threads`.
    """

    common: ClassVar[Mapping[str, Any]] = {"folds": 5, "degrees": 0.5, "weight_power": 0.5, "threads": 1}
    defaults: ClassVar[Mapping[str, Any]] = {}
    #: False for a learner that looks at place, time and lags alone: other features are then no error.
    uses_features: ClassVar[bool] = True

    def __init__(self, *, seed: int = 0, **options: Any) -> None:
        known = {**self.common, **self.defaults}
        for name in options:
            if name not in known:
                raise ModelError(f"no option is called '{name}'", where=self.name, next_step=nearest(name, known))
        super().__init__(seed=seed, **{**known, **options})
        self.tuned: dict[str, float] = {}
        self._inputs: Inputs | None = None
        self._calibration: Calibration | None = None

    @abstractmethod
    def learn(self, samples: Samples) -> None:
        """Learn from all rows, with the choices in `tuned`."""

    @abstractmethod
    def answer(self, samples: Samples) -> Point:
        """Return the answer of each row, before the physical bounds; finite for every row."""

    @abstractmethod
    def state(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        """Return what `restore` needs: facts for JSON and arrays for npz."""

    @abstractmethod
    def restore(self, facts: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> None:
        """Take up what `state` returned."""

    def cross_answer(self, samples: Samples, folds: Folds) -> Point:
        """Return the answer of each row from a copy that never saw the row's group."""
        mean = np.empty(len(samples))
        for train, held in folds:
            copy = type(self)(seed=self.seed, **self.options)
            copy.learn(samples.take(train))
            mean[held] = copy.answer(samples.take(held)).mean
        return Point(mean)

    def fit_groups(self, samples: Samples) -> NDArray[np.int64]:
        """Return the group of each row for inner folds, see `inner_groups`."""
        return inner_groups(samples, float(self.options["degrees"]))

    def fit(self, samples: Samples) -> Self:
        """Choose on inner folds, learn from all rows, calibrate on the out-of-fold residuals."""
        self._check_learnable(samples)
        groups = self.fit_groups(samples)
        with threadpool_limits(int(self.options["threads"])):
            self.fit_on(samples, groups, group_folds(groups, int(self.options["folds"]), self.seed))
        return self

    def fit_on(self, samples: Samples, groups: NDArray[np.int64], folds: Folds) -> Point:
        """Fit with inner folds made elsewhere; return the out-of-fold answers."""
        self._inputs = Inputs.of(samples)
        held_out = self._bounded(self.cross_answer(samples, folds), samples.target)
        self.learn(samples)
        self._calibration = Calibration.fit(held_out, samples.y, samples.time, groups, folds)
        return held_out

    def point(self, samples: Samples) -> Point:
        """Return the bounded answer of a learner that has learnt, without a distribution."""
        if self._inputs is None:
            raise ModelError("the learner has learnt nothing yet", where=self.name, next_step="Call fit first.")
        self._inputs.check(samples, where=self.name, features=self.uses_features)
        return self._bounded(self.answer(samples), samples.target)

    def predict(self, samples: Samples) -> Prediction:
        """Return one distribution per row."""
        point = self.point(samples)
        if self._calibration is None:
            raise ModelError("the learner was not calibrated", where=self.name, next_step="Call fit first.")
        return self._calibration.apply(point, samples.time, variable(samples.target).valid, point.ledger)

    def save(self, folder: Path) -> None:
        """Write `learner.json` and `learner.npz`."""
        if self._inputs is None or self._calibration is None:
            raise ModelError("a learner that was not fitted cannot be saved", where=self.name)
        facts, arrays = self.state()
        common = {
            "name": self.name,
            "seed": self.seed,
            "options": self.options,
            "tuned": self.tuned,
            "inputs": asdict(self._inputs),
            "calibration": self._calibration.facts(),
        }
        write_state(folder, {"learner": common, "state": facts}, arrays)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Return the learner that `save` wrote."""
        facts, arrays = read_state(folder)
        common = facts["learner"]
        if common["name"] != cls.name:
            raise ModelError(
                "a folder holds another learner", where=str(folder), found=common["name"], expected=cls.name
            )
        learner = cls(seed=common["seed"], **common["options"])
        learner.tuned = common["tuned"]
        learner._inputs = Inputs.from_facts(common["inputs"])
        learner._calibration = Calibration.from_facts(common["calibration"])
        learner.restore(facts["state"], arrays)
        return learner

    def _check_learnable(self, samples: Samples) -> None:
        if samples.task not in self.tasks:
            raise ModelError(
                f"'{self.name}' does not do this task",
                where="task",
                found=f"'{samples.task}'",
                expected=" or ".join(f"'{task}'" for task in self.tasks),
            )
        if len(samples) < 2:
            raise ModelError("nothing can be learnt", where=self.name, found=f"{len(samples)} rows", expected="2")
        if not np.isfinite(samples.y).all():
            raise ModelError(
                "a target is not finite",
                where=self.name,
                found=f"{(~np.isfinite(samples.y)).sum()} rows of {len(samples)}",
                next_step="Leave out rows without a measured value (geocryoai.training.fit_learner does).",
            )

    def _bounded(self, point: Point, target: str) -> Point:
        bounded = np.clip(point.mean, *physical_range(target))
        return replace(point, mean=bounded, ledger={**point.ledger, "physical_range": bounded - point.mean})
