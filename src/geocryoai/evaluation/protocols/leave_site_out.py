"""Leave-site-out: no site is ever on both sides."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from geocryoai.evaluation.folds import Fold, Split, assemble, measured_rows
from geocryoai.evaluation.groups import fold_name, fold_numbers, merge_labels

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geocryoai.cube.samples import Samples


def leave_site_out(
    samples: Samples, *, folds: int | None = None, groups: NDArray[Any] | None = None, seed: int = 0
) -> Split:
    """Return folds of whole sites, to tell how good a learner is at a place where nobody measured.

    Parameters
    ----------
    folds : int, optional
        Number of folds, balanced by rows; by default every site (or group of sites) is one fold.
    groups : array, shape (n,), optional
        Sites that share a label are left out together (near-duplicates, co-located towers).
    seed : int
        Decides which sites share a fold.
    """
    group = merge_labels(samples.site, groups)
    rows = measured_rows(samples)
    present, code = np.unique(group[rows], return_inverse=True)
    number = fold_numbers(code, folds, seed, where="leave_site_out")
    made = []
    for k in range(int(number.max()) + 1):
        test = rows[number == k]
        name = str(min(samples.site[test])) if folds is None else fold_name(k, folds)
        made.append(Fold(name, rows[number != k], test))
    return assemble(
        samples,
        "leave_site_out",
        made,
        blocks=group,
        block_size="site" if groups is None else "group of sites",
        whole={"site": samples.site, "group": group},
        meta={"folds_asked": folds, "seed": seed, "site_groups": len(present)},
    )
