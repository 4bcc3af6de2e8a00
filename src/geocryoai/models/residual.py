"""Process anchor x or + a bounded, learnt correction: physics carries the answer, data correct it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from geocryoai.models.linear import RidgeFamily
from geocryoai.models.link import ANCHOR_OPTIONS, AnchorLink
from geocryoai.models.path import PathLearner
from geocryoai.models.point import Point
from geocryoai.models.trees import BoostFamily, RandomForest

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

    from geocryoai.cube.samples import Samples

    Floats = NDArray[np.float64]


class Anchored(PathLearner):
    """Path learners of what a process anchor leaves, shrunk towards the anchor as inner folds advise.

    A shrink factor of 0 is the anchor itself, so that where the features say nothing the answer is the anchor's.
    Ratios are learnt as logarithms, so that a last factor, the same for all rows, sets the sum of the answers right.
    A row whose anchor could not be computed starts from the climatology. The form is a ratio where the target cannot be
    negative by its valid range and neither target nor anchor is zero in training, else additive.

    Options: `anchor` (default: the first), `calibrate` (see `FittedAnchor.fit`), `form`, `bound`.
    """

    shrinks = (0.0, 0.25, 0.5, 0.75, 1.0)

    def design_anchors(self, samples: Samples) -> tuple[str, ...]:
        """Return all anchors: where the process says much, it may err differently."""
        return tuple(samples.anchors)

    def link(self, samples: Samples, weight: Floats) -> AnchorLink:
        """Return the link fitted on `samples`."""
        return AnchorLink.fit(samples, self.options, weight, where=self.name)

    def restore_link(self, facts: Mapping[str, Any]) -> AnchorLink:
        """Return the link that `facts` described."""
        return AnchorLink.from_facts(facts)


class AnchorRidge(Anchored, RidgeFamily):
    """Process anchor with a ridge correction."""

    name = "anchor_ridge"
    defaults: ClassVar[Mapping[str, Any]] = ANCHOR_OPTIONS


class AnchorTrees(Anchored, BoostFamily):
    """Process anchor with a correction by shallow boosted trees.

    Options of its own: those of `BoostedTrees`.
    """

    name = "anchor_trees"
    defaults: ClassVar[Mapping[str, Any]] = {
        **ANCHOR_OPTIONS,
        "max_rounds": 400,
        "learning_rate": 0.05,
        "leaves": 5,
        "min_leaf": 30,
        "feature_fraction": 0.5,
        "row_fraction": 0.7,
        "l2": 10.0,
    }


class AnchorForest(RandomForest):
    """Process anchor with a correction by a random forest, additive unless `form` says otherwise.

    Trees do not answer beyond what they saw, so the bound is the largest correction in training (`bound_quantile` 1).
    Options of its own: those of `RandomForest`.
    """

    name = "anchor_forest"
    defaults: ClassVar[Mapping[str, Any]] = {
        **RandomForest.defaults,
        **ANCHOR_OPTIONS,
        "form": "additive",
        "calibrate": "affine",
        "bound_quantile": 1.0,
        "anchors": True,
    }

    def encode(self, samples: Samples, weight: Floats) -> Floats:
        """Return what the anchor leaves."""
        self._link = AnchorLink.fit(samples, self.options, weight, where=self.name)
        return self._link.encode(samples)

    def decode(self, learnt: Floats, samples: Samples) -> Point:
        """Return the corrected anchor."""
        return self._link.decode(learnt, samples, 1.0)

    def state(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        """Return link, design and trees."""
        facts, arrays = super().state()
        return {**facts, "link": self._link.facts()}, arrays

    def restore(self, facts: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> None:
        """Take up link, design and trees."""
        self._link = AnchorLink.from_facts(facts["link"])
        super().restore(facts, arrays)
