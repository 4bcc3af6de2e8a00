"""Random rows: the optimistic reference, never a headline."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from geocryoai.evaluation.folds import Fold, Split, assemble, measured_rows, row_hashes
from geocryoai.evaluation.groups import fold_name, fold_numbers, merge_labels

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geocryoai.cube.samples import Samples


def random_rows(samples: Samples, *, folds: int = 5, groups: NDArray[Any] | None = None, seed: int = 0) -> Split:
    """Return folds of rows drawn by lot, sites on both sides: shows how much other protocols cost.

    Parameters
    ----------
    folds : int
    groups : array, shape (n,), optional
        Sites that share a label are one block of the bootstrap; they do straddle folds.
    seed : int
    """
    rows = measured_rows(samples)
    rank = np.empty(len(rows), np.int64)
    rank[np.argsort(row_hashes(samples)[rows], kind="stable")] = np.arange(len(rows))
    number = fold_numbers(rank, folds, seed, where="random_rows")
    return assemble(
        samples,
        "random_rows",
        [Fold(fold_name(k, folds), rows[number != k], rows[number == k]) for k in range(folds)],
        blocks=merge_labels(samples.site, groups),
        block_size="site" if groups is None else "group of sites",
        meta={"folds_asked": folds, "seed": seed, "optimistic": True},
    )
