"""Learners made of trees: a random forest and gradient boosting."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from geocryoai.models.boosting import BoostPath, parameters
from geocryoai.models.features import Design
from geocryoai.models.forest import Forest
from geocryoai.models.path import PathLearner
from geocryoai.models.point import Point, PointLearner
from geocryoai.models.transform import Transformed
from geocryoai.models.weights import row_weights

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from geocryoai.cube.samples import Samples
    from geocryoai.models.folds import Folds

    Floats = NDArray[np.float64]


class RandomForest(PointLearner):
    """Random forest; medians and missing indicators for gaps.

    Options: `trees`, `inner_trees` (of each inner fold: fewer do, being for residuals alone), `min_leaf` (rows),
    `feature_fraction` (tried at each split), `anchors` (True adds the process anchors as features).
    """

    name = "random_forest"
    defaults: ClassVar[Mapping[str, Any]] = {
        "trees": 300,
        "inner_trees": 80,
        "min_leaf": 3,
        "feature_fraction": 1 / 3,
        "anchors": False,
    }

    def cross_answer(self, samples: Samples, folds: Folds) -> Point:
        """Return the out-of-fold answers of smaller forests."""
        mean = np.empty(len(samples))
        for train, held in folds:
            small = {**self.options, "trees": self.options["inner_trees"]}
            copy = type(self)(seed=self.seed, **small)
            copy.learn(samples.take(train))
            mean[held] = copy.answer(samples.take(held)).mean
        return Point(mean)

    def learn(self, samples: Samples) -> None:
        """Grow the trees."""
        from sklearn.ensemble import RandomForestRegressor

        weight = row_weights(samples, float(self.options["weight_power"]))
        wanted = self.encode(samples, weight)
        self._design, x = Design.fit(samples, impute=True, anchors=self.design_anchors(samples))
        forest = RandomForestRegressor(
            n_estimators=int(self.options["trees"]),
            min_samples_leaf=int(self.options["min_leaf"]),
            max_features=float(self.options["feature_fraction"]),
            random_state=self.seed,
            n_jobs=int(self.options["threads"]),
        )
        self._forest = Forest.of(forest.fit(x, wanted, sample_weight=weight))

    def design_anchors(self, samples: Samples) -> tuple[str, ...]:
        """Return the anchors that are features too."""
        return tuple(samples.anchors) if self.options["anchors"] else ()

    def encode(self, samples: Samples, weight: Floats) -> Floats:
        """Return what the trees learn."""
        return samples.y

    def decode(self, learnt: Floats, samples: Samples) -> Point:
        """Return the answer from what the trees learnt."""
        return Point(learnt)

    def answer(self, samples: Samples) -> Point:
        """Return the answer from the mean over trees."""
        return self.decode(self._forest.predict(self._design.matrix(samples)), samples)

    def state(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        """Return design and trees."""
        facts, arrays = self._design.state()
        trees = {f"forest_{name}": part for name, part in self._forest.arrays().items()}
        return {"design": facts, "columns": self._design.columns()}, {**arrays, **trees}

    def restore(self, facts: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> None:
        """Take up design and trees."""
        self._design = Design.restore(facts["design"], arrays)
        trees = {name.removeprefix("forest_"): part for name, part in arrays.items() if name.startswith("forest_")}
        self._forest = Forest.restore(trees)


class BoostFamily(PathLearner):
    """Learners whose path is one of boosting rounds; missing values stay missing."""

    def design(self, samples: Samples) -> tuple[Design, Floats]:
        """Return the design with gaps."""
        return Design.fit(samples, impute=False, anchors=self.design_anchors(samples))

    def candidates(self) -> list[float]:
        """Return the numbers of rounds."""
        most = int(self.options["max_rounds"])
        steps = {max(1, round(most * (step / 24) ** 2)) for step in range(1, 25)}
        return [float(step) for step in sorted(steps)]

    def path(self, x: Floats, t: Floats, weight: Floats, candidates: list[float]) -> BoostPath:
        """Return the boosting path."""
        return BoostPath.fit(x, t, weight, candidates, parameters(self.options, self.seed))

    def restore_path(self, facts: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> BoostPath:
        """Return the boosting path."""
        return BoostPath.restore(facts)


class BoostedTrees(Transformed, BoostFamily):
    """Gradient boosting (LightGBM), its rounds chosen on grouped inner folds.

    Options: `max_rounds`, `learning_rate`, `leaves`, `min_leaf`, `feature_fraction` and `row_fraction` (drawn for each
    tree), `l2`, `transform` of the target, `anchors` (True adds the process anchors as features).
    """

    name = "boosted_trees"
    defaults: ClassVar[Mapping[str, Any]] = {
        "max_rounds": 500,
        "learning_rate": 0.03,
        "leaves": 15,
        "min_leaf": 5,
        "feature_fraction": 0.3,
        "row_fraction": 0.7,
        "l2": 1.0,
        "transform": "none",
        "anchors": False,
    }
