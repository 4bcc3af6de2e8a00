"""A path of boosting rounds with LightGBM, deterministic and saved as text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    import lightgbm as lgb
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

#: Fewer rows than this are all used for every tree.
FEW_ROWS = 20


def parameters(options: Mapping[str, Any], seed: int) -> dict[str, Any]:
    """Return LightGBM's parameters for a learner's options; the same seed gives the same trees on any thread count."""
    return {
        "objective": "regression",
        "learning_rate": options["learning_rate"],
        "num_leaves": options["leaves"],
        "min_data_in_leaf": options["min_leaf"],
        "feature_fraction": options["feature_fraction"],
        "bagging_fraction": options["row_fraction"],
        "bagging_freq": 1,
        "lambda_l2": options["l2"],
        "max_bin": 255,
        "min_sum_hessian_in_leaf": 0.0,
        "seed": seed,
        "deterministic": True,
        "force_row_wise": True,
        "num_threads": options["threads"],
        "verbosity": -1,
    }


@dataclass(frozen=True)
class BoostPath:
    """Trees, and after how many rounds each candidate stops.

    Attributes
    ----------
    booster : lightgbm.Booster
    rounds : list of int
    """

    booster: lgb.Booster
    rounds: list[int]

    @classmethod
    def fit(cls, x: Floats, t: Floats, weight: Floats, rounds: list[float], parameters: dict[str, Any]) -> Self:
        """Return the path up to its longest candidate."""
        import lightgbm as lgb

        if len(x) < FEW_ROWS:
            parameters = {**parameters, "bagging_fraction": 1.0}
        train = lgb.Dataset(x, label=t, weight=weight, params=parameters, free_raw_data=False)
        return cls(lgb.train(parameters, train, num_boost_round=int(max(rounds))), [int(count) for count in rounds])

    def predict(self, x: Floats) -> Floats:
        """Return the answers of all candidates (candidates, n); one longer than the path is the whole path."""
        grown = self.booster.current_iteration()
        return np.array(
            [
                self.booster.predict(x, num_iteration=min(count, grown), num_threads=1) if len(x) else np.empty(0)
                for count in self.rounds
            ]
        )

    def state(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        """Return LightGBM's own text of the trees."""
        return {"rounds": self.rounds, "trees": self.booster.model_to_string(num_iteration=-1)}, {}

    @classmethod
    def restore(cls, facts: Mapping[str, Any]) -> Self:
        """Return the path that `state` described."""
        import lightgbm as lgb

        return cls(lgb.Booster(model_str=facts["trees"]), facts["rounds"])
