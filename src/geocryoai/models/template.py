"""A learner to copy: how to add one of your own.

1. Copy this file, rename class and `name`, and fill in the four methods. What is learnt from data (means, scalers,
   choices) is learnt in `learn`, so that it comes from the training fold alone.
2. Add one line to `LEARNERS` in `models/__init__.py`, or, from another package, the entry point
   ``[project.entry-points."geocryoai.models"] my_learner = "my_package:MyLearner"``.
3. Add the name to the list in `tests/models/test_learner_contract.py` and run it: it checks finiteness, leakage,
   determinism, saving and the errors. `geocryoai.models.fake.fake_samples` makes samples to try it on.

`PointLearner` brings the rest: options, checks, physical bounds, intervals from out-of-fold residuals, saving. A
learner that knows its own distribution derives from `geocryoai.models.contract.Learner` instead.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from geocryoai.models.features import Design
from geocryoai.models.point import Point, PointLearner

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geocryoai.cube.samples import Samples


class NearestNeighbours(PointLearner):
    """Mean of the rows that are nearest in feature space: simple, and a working example.

    Options: `neighbours`.
    """

    # The name in studies, scores and run folders.
    name = "nearest_neighbours"
    # Options and their defaults; an unknown option is refused with the nearest known one.
    defaults: ClassVar[Mapping[str, Any]] = {"neighbours": 10}

    def learn(self, samples: Samples) -> None:
        """Learn from all rows; every `y` is finite here."""
        # One preparation for all learners: chooses columns, imputes, adds missing indicators and the season, scales.
        self._design, self._x = Design.fit(samples, impute=True, standardise=True)
        self._y = samples.y.copy()

    def answer(self, samples: Samples) -> Point:
        """Return one finite number per row; never look at `samples.y`."""
        x = self._design.matrix(samples)
        count = min(int(self.options["neighbours"]), len(self._y))
        mean = np.empty(len(samples))
        for i, row in enumerate(x):
            distance = ((self._x - row) ** 2).sum(axis=1)
            mean[i] = self._y[np.argsort(distance, kind="stable")[:count]].mean()
        return Point(mean)

    def state(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        """Return what `restore` needs: facts for JSON, arrays for npz; no pickle, ever."""
        facts, arrays = self._design.state()
        return facts, {**arrays, "x": self._x, "y": self._y}

    def restore(self, facts: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> None:
        """Take up what `state` returned; predictions must be the same to the byte."""
        self._design = Design.restore(facts, arrays)
        self._x, self._y = arrays["x"], arrays["y"]
