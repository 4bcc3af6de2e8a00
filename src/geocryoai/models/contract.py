"""The contract of every learner: fit on samples, predict a distribution, save without pickle."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from geocryoai.core.errors import ModelError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geocryoai.cube.samples import Samples, Task

    Floats = NDArray[np.float64]

#: Quantiles that every prediction carries.
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)


@dataclass(frozen=True)
class Prediction:
    """A distribution for each sample, in the target's canonical unit.

    Attributes
    ----------
    mean, sd : array of float, shape (n,)
    quantiles : array of float, shape (n, len(QUANTILES))
        Non-decreasing along the second axis.
    ledger : dict of str to array of float, shape (n,)
        For each constraint that acted: by how much it moved the answer (0 where it did not act).
    """

    mean: Floats
    sd: Floats
    quantiles: Floats
    ledger: Mapping[str, Floats] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Check shapes and that nothing is NaN."""
        n = len(self.mean)
        if self.sd.shape != (n,) or self.quantiles.shape != (n, len(QUANTILES)):
            raise ModelError(
                "a prediction has parts of different length",
                found=f"mean {self.mean.shape}, sd {self.sd.shape}, quantiles {self.quantiles.shape}",
            )
        for name, part in (("mean", self.mean), ("sd", self.sd), ("quantiles", self.quantiles)):
            if not np.isfinite(part).all():
                raise ModelError(f"a prediction's {name} is not finite", found=f"{(~np.isfinite(part)).sum()} values")

    def __len__(self) -> int:
        return len(self.mean)

    @classmethod
    def normal(cls, mean: Floats, sd: Floats) -> Prediction:
        """Return a normal distribution with the given mean and standard deviation."""
        from scipy.stats import norm

        sd = np.broadcast_to(np.asarray(sd, float), mean.shape).copy()
        quantiles = mean[:, None] + sd[:, None] * norm.ppf(QUANTILES)[None, :]
        return cls(mean=np.asarray(mean, float), sd=sd, quantiles=quantiles)

    @classmethod
    def from_residuals(cls, mean: Floats, residuals: Floats) -> Prediction:
        """Return `mean` plus the empirical distribution of held-out residuals (observed minus predicted)."""
        mean = np.asarray(mean, float)
        spread = np.quantile(residuals, QUANTILES)
        sd = np.full(len(mean), float(np.sqrt(np.mean(residuals**2))))
        return cls(mean=mean, sd=sd, quantiles=mean[:, None] + spread[None, :])


class Learner(ABC):
    """Base of all learners.

    A learner gets its options by keyword, is fitted once, and owns everything learnt from data (scaler, imputer,
    selection), so that all of it comes from the training fold. Same samples and seed give the same predictions.
    """

    name: ClassVar[str]
    tasks: ClassVar[tuple[Task, ...]] = ("map", "forecast")
    #: Baselines stand on the wall beside every learner of the product.
    baseline: ClassVar[bool] = False

    def __init__(self, *, seed: int = 0, **options: Any) -> None:
        self.seed = seed
        self.options = options

    @abstractmethod
    def fit(self, samples: Samples) -> Self:
        """Learn from samples, all of which have a finite `y`; raise ModelError where nothing can be learnt."""

    @abstractmethod
    def predict(self, samples: Samples) -> Prediction:
        """Return one distribution per sample; never looks at `samples.y`; finite for every row."""

    @abstractmethod
    def save(self, folder: Path) -> None:
        """Write everything that `load` needs into `folder` (JSON, npz without objects, safetensors, text)."""

    @classmethod
    @abstractmethod
    def load(cls, folder: Path) -> Self:
        """Return a fitted learner from what `save` wrote; predictions are the same to the byte."""

    def fit_groups(self, samples: Samples) -> NDArray[np.int64]:
        """Return the group of each sample for inner folds: one per site."""
        _, group = np.unique(samples.site, return_inverse=True)
        return group.astype(np.int64)
