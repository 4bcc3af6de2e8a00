"""Ridge regression on standardised features."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from geocryoai.models.features import Design
from geocryoai.models.path import PathLearner
from geocryoai.models.transform import Transformed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from geocryoai.cube.samples import Samples

    Floats = NDArray[np.float64]

#: Penalties per unit of weight, stiff ones first. At 100 a standardised feature keeps about 1 % of its coefficient.
PENALTIES = tuple(float(penalty) for penalty in np.logspace(2, -4, 13))


@dataclass(frozen=True)
class RidgePath:
    """Ridge coefficients for each penalty.

    Attributes
    ----------
    coef : array of float, shape (penalties, columns)
    intercept : float
        Weighted mean of what was learnt; not penalised, the same for all as columns are centred.
    centre : array of float, shape (columns,)
    """

    coef: Floats
    intercept: float
    centre: Floats

    @classmethod
    def fit(cls, x: Floats, t: Floats, weight: Floats, penalties: list[float]) -> Self:
        """Return the path, all penalties from one eigendecomposition of the weighted covariance."""
        share = weight / weight.sum()
        centre, intercept = (share[:, None] * x).sum(axis=0), float((share * t).sum())
        z = x - centre
        values, vectors = np.linalg.eigh((z * share[:, None]).T @ z)
        target = vectors.T @ (z * (share * (t - intercept))[:, None]).sum(axis=0)
        coef = [vectors @ (target / (np.maximum(values, 0.0) + penalty)) for penalty in penalties]
        return cls(np.array(coef).reshape(len(penalties), x.shape[1]), intercept, centre)

    def predict(self, x: Floats) -> Floats:
        """Return the answers of all penalties (penalties, n).

        Row by row: a matrix product may round a row differently in another batch.
        """
        z = np.ascontiguousarray(x - self.centre)
        return np.array([(z * coef).sum(axis=1) + self.intercept for coef in self.coef])

    def state(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        """Return what `restore` needs."""
        return {"intercept": self.intercept}, {"coef": self.coef, "centre": self.centre}

    @classmethod
    def restore(cls, facts: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> Self:
        """Return the path that `state` described."""
        return cls(arrays["coef"], facts["intercept"], arrays["centre"])


class RidgeFamily(PathLearner):
    """Learners whose path is a ridge path: standardised features, medians and missing indicators for gaps."""

    def design(self, samples: Samples) -> tuple[Design, Floats]:
        """Return the standardised design."""
        return Design.fit(samples, impute=True, standardise=True, anchors=self.design_anchors(samples))

    def candidates(self) -> list[float]:
        """Return the penalties."""
        return list(PENALTIES)

    def path(self, x: Floats, t: Floats, weight: Floats, candidates: list[float]) -> RidgePath:
        """Return the ridge path."""
        return RidgePath.fit(x, t, weight, candidates)

    def restore_path(self, facts: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> RidgePath:
        """Return the ridge path."""
        return RidgePath.restore(facts, arrays)


class Ridge(Transformed, RidgeFamily):
    """Ridge regression, its penalty chosen on grouped inner folds.

    Options: `transform` of the target (`none`, `log`, `asinh`), `anchors` (True adds the process anchors as features).
    """

    name = "ridge"
    defaults: ClassVar[Mapping[str, Any]] = {"transform": "none", "anchors": False}
