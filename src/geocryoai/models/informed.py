"""A learner that stands on a process calibrated in its own training rows."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from geocryoai.core.errors import ModelError
from geocryoai.models import LEARNERS
from geocryoai.models.fitted_process import FittedProcess, check_section
from geocryoai.models.point import Point, PointLearner
from geocryoai.models.process import CALIBRATED, with_process
from geocryoai.models.weights import row_weights

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from geocryoai.cube.samples import Samples
    from geocryoai.models.folds import Folds


class ProcessInformed(PointLearner):
    """Another learner, given a calibrated process as its first anchor.

    In training each row's anchor comes from parameters that were calibrated without the row's inner fold, so that the
    member learns from an anchor as good as it will have at new places, and not better. (Within an inner fold the
    anchors of the other rows have seen it, through the few parameters of the process.) At new rows the parameters are
    those of all training rows.

    Options: `processes` (target -> `process`, `inputs`, `fill`, `parameters`; see `FittedProcess`; a target that is not
    listed goes to the member as it is), `member` (name of a learner, default `stack`), `member_options`.
    """

    name = "process_informed"
    defaults: ClassVar[Mapping[str, Any]] = {"processes": {}, "member": "stack", "member_options": {}}

    def __init__(self, *, seed: int = 0, **options: Any) -> None:
        super().__init__(seed=seed, **options)
        for target, section in self.options["processes"].items():
            check_section(target, section)
        self._member = self._new_member()
        self._process: FittedProcess | None = None

    def cross_answer(self, samples: Samples, folds: Folds) -> Point:
        """Calibrate the process in each inner fold, fit the member on the anchors; return its out-of-fold answers."""
        section = self.options["processes"].get(samples.target)
        informed = samples
        if section is not None:
            anchor = np.empty(len(samples))
            for train, held in folds:
                anchor[held] = self._fit_process(samples.take(train), section).at(samples.take(held))
            informed = replace(samples, anchors={CALIBRATED: anchor, **samples.anchors})
            self._process = self._fit_process(samples, section)
        return self._member.fit_on(informed, self.fit_groups(samples), folds)

    def learn(self, samples: Samples) -> None:
        """Do nothing more: `cross_answer` left process and member fitted to all rows."""

    def answer(self, samples: Samples) -> Point:
        """Return the answer of the member."""
        return self._member.point(samples if self._process is None else with_process(samples, self._process))

    def state(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        """Return the process; the member is saved beside."""
        return {"process": None if self._process is None else self._process.facts()}, {}

    def restore(self, facts: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> None:
        """Take up the process; `load` brings the member."""
        self._process = None if facts["process"] is None else FittedProcess.from_facts(facts["process"])

    def save(self, folder: Path) -> None:
        """Write the process, and the member in a folder of its own."""
        super().save(folder)
        self._member.save(folder / "member")

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Return the learner that `save` wrote."""
        learner = super().load(folder)
        learner._member = type(learner._member).load(folder / "member")
        return learner

    def _new_member(self) -> PointLearner:
        kind = LEARNERS.get(str(self.options["member"]))
        if not issubclass(kind, PointLearner) or kind is type(self):
            raise ModelError(
                "this learner cannot be the member",
                where="option 'member'",
                found=f"'{self.options['member']}'",
                expected="a point learner such as stack, anchor_forest or random_forest",
            )
        shared = {key: self.options[key] for key in self.common}
        return kind(seed=self.seed, **{**shared, **self.options["member_options"]})

    def _fit_process(self, samples: Samples, section: Mapping[str, Any]) -> FittedProcess:
        weight = row_weights(samples, float(self.options["weight_power"]))
        return FittedProcess.fit(samples, section, weight, self.seed)
