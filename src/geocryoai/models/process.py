"""The process model as a baseline."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from geocryoai.models.anchor import FittedAnchor, choose_anchor
from geocryoai.models.fitted_process import FittedProcess, check_section
from geocryoai.models.point import Point, PointLearner
from geocryoai.models.weights import row_weights

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from geocryoai.cube.samples import Samples

#: Name among the anchors of a process that was calibrated on training rows.
CALIBRATED = "calibrated"


class ProcessBaseline(PointLearner):
    """A process anchor, times a factor learnt inside the fold; the climatology where it could not be computed.

    Options: `anchor` (default: the first), `calibrate` (`none`, `scale`, `affine`; see `FittedAnchor.fit`),
    `processes` (target -> `process`, `inputs`, `fill`, `parameters`: for these targets the process is computed from the
    features, and its parameters themselves are calibrated inside the fold; see `FittedProcess`).
    """

    name = "process"
    baseline = True
    uses_features = False
    defaults: ClassVar[Mapping[str, Any]] = {"anchor": None, "calibrate": "scale", "processes": {}}

    def __init__(self, *, seed: int = 0, **options: Any) -> None:
        super().__init__(seed=seed, **options)
        for target, section in self.options["processes"].items():
            check_section(target, section)
        self._process: FittedProcess | None = None

    def learn(self, samples: Samples) -> None:
        """Fit the parameters of the process, where it is given, else the factor."""
        weight = row_weights(samples, float(self.options["weight_power"]))
        section = self.options["processes"].get(samples.target)
        if section is None:
            name = choose_anchor(samples, self.options["anchor"], self.name)
            self._anchor = FittedAnchor.fit(samples, name, str(self.options["calibrate"]), weight)
            return
        self._process = FittedProcess.fit(samples, section, weight, self.seed)
        self._anchor = FittedAnchor.fit(with_process(samples, self._process), CALIBRATED, "none", weight)

    def answer(self, samples: Samples) -> Point:
        """Return the calibrated anchor."""
        known = samples if self._process is None else with_process(samples, self._process)
        return Point(self._anchor.at(known))

    def state(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        """Return the fitted anchor."""
        facts = {} if self._process is None else {"process": self._process.facts()}
        return {**self._anchor.facts(), **facts}, {}

    def restore(self, facts: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> None:
        """Take up the fitted anchor."""
        self._anchor = FittedAnchor.from_facts(facts)
        self._process = FittedProcess.from_facts(facts["process"]) if "process" in facts else None


def with_process(samples: Samples, process: FittedProcess) -> Samples:
    """Return the samples with the process as their first anchor."""
    return replace(samples, anchors={CALIBRATED: process.at(samples), **samples.anchors})
