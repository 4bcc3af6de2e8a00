"""Transforms of a skewed target, with their exact inverse, and the link of learners that use them."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from geocryoai.core.errors import ModelError
from geocryoai.models.path import PathLearner
from geocryoai.models.point import Point

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from geocryoai.cube.samples import Samples

    Floats = NDArray[np.float64]

KINDS = ("none", "log", "asinh")


@dataclass(frozen=True)
class Transform:
    r"""`none`, `log` (positive targets) or `asinh` (any sign; linear near zero, logarithmic beyond `unit`).

    Attributes
    ----------
    kind : {"none", "log", "asinh"}
    unit : float
        Median of \|y\| in training: where asinh turns from linear to logarithmic [target's unit].
    """

    kind: str
    unit: float = 1.0

    @classmethod
    def fit(cls, kind: str, y: Floats) -> Self:
        """Return the transform for training values `y`; ModelError where `log` meets a value that is not positive."""
        if kind not in KINDS:
            raise ModelError(
                "no transform is called so",
                where="option 'transform'",
                found=f"'{kind}'",
                expected=", ".join(KINDS),
            )
        if kind == "log" and (y <= 0).any():
            raise ModelError(
                "a log transform needs positive values",
                where="option 'transform'",
                found=f"{(y <= 0).sum()} values of {len(y)} at or below 0",
                next_step="Use 'asinh' or 'none'.",
            )
        return cls(kind, float(np.median(np.abs(y))) or 1.0)

    def forward(self, y: Floats) -> Floats:
        """Return transformed values."""
        if self.kind == "none":
            return y
        return np.log(y) if self.kind == "log" else np.arcsinh(y / self.unit)

    def inverse(self, t: Floats) -> Floats:
        """Return values in the target's unit."""
        if self.kind == "none":
            return t
        return np.exp(t) if self.kind == "log" else self.unit * np.sinh(t)


@dataclass(frozen=True)
class TransformLink:
    """Learn the target itself, or a transform of it."""

    transform: Transform

    @property
    def curved(self) -> bool:
        """Return whether there is a transform."""
        return self.transform.kind != "none"

    def encode(self, samples: Samples) -> Floats:
        """Return the transformed target."""
        return self.transform.forward(samples.y)

    def decode(self, learnt: Floats, samples: Samples, shrink: float) -> Point:
        """Return the answer in the target's unit."""
        return Point(self.transform.inverse(learnt))

    def facts(self) -> dict[str, Any]:
        """Return the link as JSON values."""
        return asdict(self.transform)


class Transformed(PathLearner):
    """Path learners of the target itself or, with the option `transform`, of a transform of it."""

    def link(self, samples: Samples, weight: Floats) -> TransformLink:
        """Return the transform of the target."""
        return TransformLink(Transform.fit(str(self.options["transform"]), samples.y))

    def restore_link(self, facts: Mapping[str, Any]) -> TransformLink:
        """Return the transform of the target."""
        return TransformLink(Transform(**facts))
