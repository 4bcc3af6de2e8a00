"""What is learnt of a target beside its process anchor: the correction, bounded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from geocryoai.core.errors import ModelError
from geocryoai.core.variables import variable
from geocryoai.models.anchor import FittedAnchor, choose_anchor
from geocryoai.models.point import Point

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
#: Options of learners with such a link.
ANCHOR_OPTIONS: Mapping[str, Any] = {"anchor": None, "calibrate": "scale", "form": "auto", "bound": None}


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

    @classmethod
    def fit(cls, samples: Samples, options: Mapping[str, Any], weight: Floats, *, where: str) -> Self:
        """Return the link fitted on `samples`, with the options `ANCHOR_OPTIONS` of the learner `where`."""
        name = choose_anchor(samples, options["anchor"], where)
        anchor = FittedAnchor.fit(samples, name, str(options["calibrate"]), weight)
        base = anchor.at(samples)
        form = _form(str(options["form"]), samples, base)
        floor = 0.01 * float(np.median(np.abs(samples.y)))
        if options["bound"] is not None:
            bound = float(options["bound"])
        elif form == "ratio":
            bound = RATIO_BOUND
        else:
            share = float(options.get("bound_quantile", ADDITIVE_QUANTILE))
            bound = float(np.quantile(np.abs(samples.y - base), share))
        return cls(anchor, form, bound, floor)

    @property
    def curved(self) -> bool:
        """Return whether the form is a ratio, learnt as its logarithm."""
        return self.form == "ratio"

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

    @classmethod
    def from_facts(cls, facts: Mapping[str, Any]) -> Self:
        """Return the link that `facts` described."""
        return cls(FittedAnchor.from_facts(facts["anchor"]), facts["form"], facts["bound"], facts["floor"])


def _form(wanted: str, samples: Samples, base: Floats) -> str:
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
