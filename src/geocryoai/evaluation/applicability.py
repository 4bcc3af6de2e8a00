"""Area of applicability: where predictors are like those that were learnt from.

Dissimilarity index and threshold of Meyer & Pebesma 2021, doi:10.1111/2041-210X.13650.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.spatial import cKDTree
from scipy.spatial.distance import pdist

from geocryoai.core.errors import ModelError, ProtocolError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geocryoai.cube.samples import Floats, Samples
    from geocryoai.evaluation.folds import Fold

#: Rows of which the mean distance within the training data is taken, at most.
MEAN_OF = 2000


@dataclass(frozen=True)
class Applicability:
    """Training predictors in scaled, weighted space, and the dissimilarity up to which a model may be trusted.

    Attributes
    ----------
    names : tuple of str
    centre, scale, weight : array of float, shape (p,)
    points : array of float, shape (n, p)
    mean_distance : float
        Mean distance of two training rows; the index counts in it.
    threshold : float
        Upper whisker of the training rows' own index across folds.
    """

    names: tuple[str, ...]
    centre: Floats
    scale: Floats
    weight: Floats
    points: Floats
    mean_distance: float
    threshold: float

    @classmethod
    def fit(
        cls, samples: Samples, folds: Sequence[Fold], importance: Mapping[str, float] | None = None, *, seed: int = 0
    ) -> Applicability:
        """Learn from training samples.

        Parameters
        ----------
        samples : Samples
        folds : sequence of Fold
            Of the protocol by which the learner is judged: the index of a row counts the distance to the nearest
            row that trains when it is tested.
        importance : dict of str to float, optional
            Weight of each feature, not negative; 1 each by default.
        seed : int
            For the rows of which the mean distance is taken.

        Notes
        -----
        A missing feature counts as its training mean, so it neither brings rows together nor sets them apart
        beyond that.
        """
        names = tuple(sorted(samples.features))
        weight = np.array([1.0 if importance is None else importance.get(name, 0.0) for name in names])
        if not len(names) or (weight < 0).any() or not weight.any():
            raise ModelError(
                "an area of applicability needs weighted features",
                where="importance",
                found=dict(zip(names, weight.tolist(), strict=True)),
                expected="weights not negative, at least one above 0",
            )
        rows = np.unique(np.concatenate([np.concatenate([fold.train, fold.test]) for fold in folds]))
        table = samples.matrix(names)
        known = np.isfinite(table[rows])
        count = np.maximum(known.sum(axis=0), 1)
        centre = np.where(known, table[rows], 0.0).sum(axis=0) / count
        spread = np.sqrt(np.where(known, (table[rows] - centre) ** 2, 0.0).sum(axis=0) / count)
        scale = np.where(spread > 0, spread, 1.0)
        points = _place(table, centre, scale, weight)
        chosen = rows if len(rows) <= MEAN_OF else np.random.default_rng(seed).choice(rows, MEAN_OF, replace=False)
        mean_distance = float(pdist(points[chosen]).mean()) if len(chosen) > 1 else 0.0
        if mean_distance <= 0:
            raise ProtocolError("all training rows have the same features", where="applicability")
        own = np.concatenate([cKDTree(points[fold.train]).query(points[fold.test])[0] for fold in folds])
        threshold = upper_whisker(own / mean_distance)
        return cls(names, centre, scale, weight, points[rows], mean_distance, threshold)

    def index(self, samples: Samples) -> Floats:
        """Return the dissimilarity index of each row: 0 like a training row, above `threshold` unlike all of them."""
        absent = [name for name in self.names if name not in samples.features]
        if absent:
            raise ModelError("features are absent", where="applicability", found=", ".join(absent))
        points = _place(samples.matrix(self.names), self.centre, self.scale, self.weight)
        distance: Floats = cKDTree(self.points).query(points)[0] / self.mean_distance
        return distance

    def inside(self, samples: Samples) -> NDArray[np.bool_]:
        """Return which rows lie in the area of applicability."""
        within: NDArray[np.bool_] = self.index(samples) <= self.threshold
        return within


def upper_whisker(values: Floats) -> float:
    """Return the largest value not above the upper quartile plus 1.5 interquartile ranges."""
    low, high = np.quantile(values, [0.25, 0.75])
    return float(values[values <= high + 1.5 * (high - low)].max())


def _place(table: Floats, centre: Floats, scale: Floats, weight: Floats) -> Floats:
    scaled = (table - centre) / scale
    return np.where(np.isfinite(scaled), scaled, 0.0) * weight
