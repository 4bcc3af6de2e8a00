"""A forest as plain arrays: saved without pickle, the same answers to the byte in any batch."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Self

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray
    from sklearn.ensemble import RandomForestRegressor


@dataclass(frozen=True)
class Forest:
    """Nodes of all trees, one after the other; children are places in the same arrays.

    Attributes
    ----------
    roots : array of int, shape (trees,)
    feature : array of int, shape (nodes,)
        Column that the node splits, negative for a leaf.
    threshold : array of float, shape (nodes,)
        Rows at or below it go left.
    left, right : array of int, shape (nodes,)
    value : array of float, shape (nodes,)
        Mean of a leaf.
    """

    roots: NDArray[np.int64]
    feature: NDArray[np.int32]
    threshold: NDArray[np.float64]
    left: NDArray[np.int32]
    right: NDArray[np.int32]
    value: NDArray[np.float64]

    @classmethod
    def of(cls, fitted: RandomForestRegressor) -> Self:
        """Return the trees of a fitted scikit-learn forest."""
        trees = [estimator.tree_ for estimator in fitted.estimators_]
        roots = np.cumsum([0, *(tree.node_count for tree in trees)])[:-1].astype(np.int64)
        pairs = list(zip(roots, trees, strict=True))
        return cls(
            roots=roots,
            feature=np.concatenate([tree.feature for tree in trees]).astype(np.int32),
            threshold=np.concatenate([tree.threshold for tree in trees]),
            left=np.concatenate([tree.children_left + root for root, tree in pairs]).astype(np.int32),
            right=np.concatenate([tree.children_right + root for root, tree in pairs]).astype(np.int32),
            value=np.concatenate([tree.value[:, 0, 0] for tree in trees]),
        )

    def predict(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the mean over trees for each row of a finite matrix (n, columns)."""
        # scikit-learn compares in single precision; so do we, or rows on a threshold would part.
        rows = np.ascontiguousarray(x, dtype=np.float32)
        answer: NDArray[np.float64] = _compiled()(
            rows, self.roots, self.feature, self.threshold, self.left, self.right, self.value
        )
        return answer

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return the arrays that `restore` needs."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}

    @classmethod
    def restore(cls, arrays: Mapping[str, NDArray[Any]]) -> Self:
        """Return the forest that `arrays` described."""
        return cls(**{name: arrays[name] for name in cls.__dataclass_fields__})


@cache
def _compiled() -> Callable[..., Any]:
    """Return `_walk` compiled."""
    import numba

    return numba.njit(cache=True)(_walk)


def _walk(
    x: NDArray[np.float32],
    roots: NDArray[np.int64],
    feature: NDArray[np.int32],
    threshold: NDArray[np.float64],
    left: NDArray[np.int32],
    right: NDArray[np.int32],
    value: NDArray[np.float64],
) -> NDArray[np.float64]:
    answer = np.zeros(x.shape[0])
    for root in roots:
        for row in range(x.shape[0]):
            node = root
            while feature[node] >= 0:
                node = np.int64(left[node] if x[row, feature[node]] <= threshold[node] else right[node])
            answer[row] += value[node]
    return answer / len(roots)
