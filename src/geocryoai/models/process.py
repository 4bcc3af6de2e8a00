"""The process model as a baseline."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from geocryoai.models.anchor import FittedAnchor, choose_anchor
from geocryoai.models.point import Point, PointLearner
from geocryoai.models.weights import row_weights

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from geocryoai.cube.samples import Samples


class ProcessBaseline(PointLearner):
    """A process anchor, times a factor learnt inside the fold; the climatology where it could not be computed.

    Options: `anchor` (default: the first), `calibrate` (`none`, `scale`, `affine`; see `FittedAnchor.fit`).
    """

    name = "process"
    baseline = True
    uses_features = False
    defaults: ClassVar[Mapping[str, Any]] = {"anchor": None, "calibrate": "scale"}

    def learn(self, samples: Samples) -> None:
        """Fit the factor."""
        name = choose_anchor(samples, self.options["anchor"], self.name)
        weight = row_weights(samples, float(self.options["weight_power"]))
        self._anchor = FittedAnchor.fit(samples, name, str(self.options["calibrate"]), weight)

    def answer(self, samples: Samples) -> Point:
        """Return the calibrated anchor."""
        return Point(self._anchor.at(samples))

    def state(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        """Return the fitted anchor."""
        return self._anchor.facts(), {}

    def restore(self, facts: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> None:
        """Take up the fitted anchor."""
        self._anchor = FittedAnchor.from_facts(facts)
