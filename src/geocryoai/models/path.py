"""Learners with a path of candidates, from stiff to flexible, of which grouped inner folds choose one.

Ridge has a path of penalties, boosting a path of rounds. Each fold fits the whole path at once; the candidate with the
smallest weighted squared error on held-out groups is taken.
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

import numpy as np

from geocryoai.models.features import Design
from geocryoai.models.point import Point, PointLearner
from geocryoai.models.weights import row_weights

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from geocryoai.cube.samples import Samples
    from geocryoai.models.folds import Folds

    Floats = NDArray[np.float64]


class Path(Protocol):
    """A fitted path."""

    def predict(self, x: Floats) -> Floats:
        """Return the answers of all candidates (candidates, n)."""
        ...

    def state(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        """Return what restores it."""
        ...


class Link(Protocol):
    """How the learnt number and the target hang together; fitted on training rows."""

    @property
    def curved(self) -> bool:
        """Return whether the mean of what is learnt, decoded, differs from the mean of the target."""
        ...

    def encode(self, samples: Samples) -> Floats:
        """Return what is to be learnt from rows with a finite target."""
        ...

    def decode(self, learnt: Floats, samples: Samples, shrink: float) -> Point:
        """Return answers in the target's unit."""
        ...

    def facts(self) -> dict[str, Any]:
        """Return the link as JSON values."""
        ...


class PathLearner(PointLearner):
    """Base: design matrix, link, path, and the choice among candidates and shrink factors."""

    #: Shrink factors to choose from; 0 is the link's own answer to a learnt 0.
    shrinks: ClassVar[tuple[float, ...]] = (1.0,)

    @abstractmethod
    def design(self, samples: Samples) -> tuple[Design, Floats]:
        """Return the preparation fitted on `samples`, and their matrix."""

    @abstractmethod
    def link(self, samples: Samples, weight: Floats) -> Link:
        """Return the link fitted on `samples`."""

    @abstractmethod
    def restore_link(self, facts: Mapping[str, Any]) -> Link:
        """Return the link that `facts` described."""

    def design_anchors(self, samples: Samples) -> tuple[str, ...]:
        """Return the anchors that are features too."""
        return tuple(samples.anchors) if self.options["anchors"] else ()

    @abstractmethod
    def candidates(self) -> list[float]:
        """Return the candidates, stiff ones first."""

    @abstractmethod
    def path(self, x: Floats, t: Floats, weight: Floats, candidates: list[float]) -> Path:
        """Return the path fitted to `t`."""

    @abstractmethod
    def restore_path(self, facts: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> Path:
        """Return the path that its `state` described."""

    def cross_answer(self, samples: Samples, folds: Folds) -> Point:
        """Choose candidate and shrink factor on held-out groups; return out-of-fold answers.

        The answers for a fold are those of the choice that the other folds alone would make: with few sites, answers of
        a choice that saw the fold look better than the learner is.
        """
        weight = row_weights(samples, float(self.options["weight_power"]))
        curved = self.link(samples, weight).curved  # refuses here, before any fold, what it cannot encode
        trials = self._trials(samples, folds)
        loss = weight * (trials - samples.y) ** 2
        i, j = _best(loss)
        chosen: Floats = trials[i, j]
        factor = sum_ratio(chosen, samples.y, weight) if curved else 1.0
        self.tuned = {"candidate": self.candidates()[i], "shrink": float(self.shrinks[j]), "factor": factor}
        mean = np.empty(len(samples))
        for train, held in folds:
            i, j = _best(loss[:, :, train])
            mean[held] = trials[i, j, held]
        return Point(factor * mean)

    def _trials(self, samples: Samples, folds: Folds) -> Floats:
        """Return the out-of-fold answers (candidates, shrink factors, n)."""
        candidates = self.candidates()
        trials = np.empty((len(candidates), len(self.shrinks), len(samples)))
        for train, held in folds:
            inside, outside = samples.take(train), samples.take(held)
            weight = row_weights(inside, float(self.options["weight_power"]))
            link = self.link(inside, weight)
            design, x = self.design(inside)
            path = self.path(x, link.encode(inside), weight, candidates)
            for i, learnt in enumerate(path.predict(design.matrix(outside))):
                for j, shrink in enumerate(self.shrinks):
                    trials[i, j, held] = link.decode(learnt, outside, shrink).mean
        return trials

    def learn(self, samples: Samples) -> None:
        """Fit the chosen candidate to all rows."""
        weight = row_weights(samples, float(self.options["weight_power"]))
        self._link = self.link(samples, weight)
        self._design, x = self.design(samples)
        self._path = self.path(x, self._link.encode(samples), weight, [self.tuned["candidate"]])

    def answer(self, samples: Samples) -> Point:
        """Return the answer of the chosen candidate."""
        learnt = self._path.predict(self._design.matrix(samples))[0]
        point = self._link.decode(learnt, samples, self.tuned["shrink"])
        return replace(point, mean=self.tuned["factor"] * point.mean)

    def state(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        """Return design, link and path."""
        design, design_arrays = self._design.state()
        path, path_arrays = self._path.state()
        facts = {"design": design, "link": self._link.facts(), "path": path, "columns": self._design.columns()}
        arrays = {f"design_{name}": part for name, part in design_arrays.items()}
        return facts, arrays | {f"path_{name}": part for name, part in path_arrays.items()}

    def restore(self, facts: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> None:
        """Take up design, link and path."""
        parts = {
            kind: {name.removeprefix(f"{kind}_"): part for name, part in arrays.items() if name.startswith(f"{kind}_")}
            for kind in ("design", "path")
        }
        self._design = Design.restore(facts["design"], parts["design"])
        self._link = self.restore_link(facts["link"])
        self._path = self.restore_path(facts["path"], parts["path"])


def sum_ratio(answer: Floats, y: Floats, weight: Floats) -> float:
    """Return the ratio of observed and answered sums, within a factor of 2 both ways; 1 where answers sum to nothing.

    It makes the answers of a curved link unbiased (Snowdon 1991, doi:10.1139/x91-101).
    """
    total = float(np.sum(weight * answer))
    return float(np.clip(np.sum(weight * y) / total, 0.5, 2.0)) if total > 0 else 1.0


def _best(loss: Floats) -> tuple[int, int]:
    """Return the place of the smallest mean loss; a tie goes to the stiff candidate and the small shrink factor."""
    i, j = np.unravel_index(int(np.argmin(loss.mean(axis=2))), loss.shape[:2])
    return int(i), int(j)
