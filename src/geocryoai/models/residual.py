"""Process anchor x or + a bounded, learnt correction: physics carries the answer, data correct it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from geocryoai.core.errors import ModelError
from geocryoai.core.variables import variable
from geocryoai.models.anchor import FittedAnchor, choose_anchor
from geocryoai.models.linear import RidgeFamily
from geocryoai.models.path import PathLearner
from geocryoai.models.point import Point
from geocryoai.models.trees import BoostFamily

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from geocryoai.cube.samples import Samples

    Floats = NDArray[np.float64]

FORMS = ("auto", "ratio", "additive")
#: A ratio correction stays within a factor of 2 both ways, unless the option `bound` says otherwise.
RATIO_BOUND = float(np.log(2.0))
#: An additive correction stays within this quantile of |y - anchor| in training, unless the option `bound` is given.
ADDITIVE_QUANTILE = 0.95


@dataclass(frozen=True)
class AnchorLink:
    """Learn what the anchor leaves.

    Attributes
    ----------
    anchor : FittedAnchor
    form : {"ratio", "additive"}
        Answer = anchor x exp(correction) or anchor + correction.
    bound : float
        Largest correction either way [1 for ratio, target's unit for additive].
    floor : float
        Smallest anchor and target of a ratio [target's unit].
    """

    anchor: FittedAnchor
    form: str
    bound: float
    floor: float

    def encode(self, samples: Samples) -> Floats:
        """Return the correction that would be right, ratios at most twice the bound so that no row leads the fit."""
        base = self.anchor.at(samples)
        if self.form == "additive":
            return samples.y - base
        ratio = np.log(np.maximum(samples.y, self.floor) / np.maximum(base, self.floor))
        return np.clip(ratio, -2 * self.bound, 2 * self.bound)

    def decode(self, learnt: Floats, samples: Samples, shrink: float) -> Point:
        """Return the corrected anchor; the ledger holds what the bound took from the answer."""
        base = self.anchor.at(samples)
        wished = shrink * learnt
        bounded = np.clip(wished, -self.bound, self.bound)
        if self.form == "additive":
            return Point(base + bounded, {"correction_bound": bounded - wished})
        # Beyond e^50 a wished factor means nothing but 'very far'; the cut keeps it finite.
        moved = base * (np.exp(bounded) - np.exp(np.clip(wished, -50.0, 50.0)))
        return Point(base * np.exp(bounded), {"correction_bound": moved})

    def facts(self) -> dict[str, Any]:
        """Return the link as JSON values."""
        return {"anchor": self.anchor.facts(), "form": self.form, "bound": self.bound, "floor": self.floor}


class Anchored(PathLearner):
    """Path learners of what a process anchor leaves, shrunk towards the anchor as inner folds advise.

    A shrink factor of 0 is the anchor itself, so that where the features say nothing the answer is the anchor's.
    A row whose anchor could not be computed starts from the climatology. The form is a ratio where the target cannot be
    negative by its valid range and neither target nor anchor is zero in training, else additive.

    Options: `anchor` (default: the first), `calibrate` (see `FittedAnchor.fit`), `form`, `bound`.
    """

    shrinks = (0.0, 0.25, 0.5, 0.75, 1.0)
    anchored: ClassVar[Mapping[str, Any]] = {"anchor": None, "calibrate": "scale", "form": "auto", "bound": None}

    def design_anchors(self, samples: Samples) -> tuple[str, ...]:
        """Return all anchors: where the process says much, it may err differently."""
        return tuple(samples.anchors)

    def link(self, samples: Samples, weight: Floats) -> AnchorLink:
        """Return the link fitted on `samples`."""
        name = choose_anchor(samples, self.options["anchor"], self.name)
        anchor = FittedAnchor.fit(samples, name, str(self.options["calibrate"]), weight)
        base = anchor.at(samples)
        form = self._form(samples, base)
        floor = 0.01 * float(np.median(np.abs(samples.y)))
        if self.options["bound"] is not None:
            bound = float(self.options["bound"])
        elif form == "ratio":
            bound = RATIO_BOUND
        else:
            bound = float(np.quantile(np.abs(samples.y - base), ADDITIVE_QUANTILE))
        return AnchorLink(anchor, form, bound, floor)

    def restore_link(self, facts: Mapping[str, Any]) -> AnchorLink:
        """Return the link that `facts` described."""
        return AnchorLink(FittedAnchor.from_facts(facts["anchor"]), facts["form"], facts["bound"], facts["floor"])

    def _form(self, samples: Samples, base: Floats) -> str:
        wanted = str(self.options["form"])
        if wanted not in FORMS:
            raise ModelError(
                "no correction has that form",
                where="option 'form'",
                found=f"'{wanted}'",
                expected=", ".join(FORMS),
            )
        positive = variable(samples.target).valid[0] >= 0 and min(samples.y.min(), base.min()) > 0
        if wanted == "ratio" and not positive:
            raise ModelError(
                "a ratio correction needs a target and an anchor above zero",
                where=samples.target,
                found=f"smallest target {samples.y.min():.3g}, smallest anchor {base.min():.3g}",
                next_step="Use the form 'additive'.",
            )
        return ("ratio" if positive else "additive") if wanted == "auto" else wanted


class AnchorRidge(Anchored, RidgeFamily):
    """Process anchor with a ridge correction."""

    name = "anchor_ridge"
    defaults = Anchored.anchored


class AnchorTrees(Anchored, BoostFamily):
    """Process anchor with a correction by shallow boosted trees.

    Options of its own: those of `BoostedTrees`.
    """

    name = "anchor_trees"
    defaults: ClassVar[Mapping[str, Any]] = {
        **Anchored.anchored,
        "max_rounds": 400,
        "learning_rate": 0.05,
        "leaves": 5,
        "min_leaf": 30,
        "feature_fraction": 0.5,
        "row_fraction": 0.7,
        "l2": 10.0,
    }
