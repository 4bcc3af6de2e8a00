"""Grouped inner folds: what belongs together is held out together."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from geocryoai.core.errors import ModelError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geocryoai.cube.samples import Samples

    Ints = NDArray[np.int64]
    Folds: TypeAlias = list[tuple[Ints, Ints]]


def group_folds(groups: NDArray[np.generic], k: int, seed: int = 0) -> Folds:
    """Return `k` folds as (training rows, held-out rows) that never part a group.

    Groups are dealt, largest first, to the fold with the fewest rows, so folds are balanced by rows; groups of equal
    size are ordered by `seed`. Each row is held out once. Fewer groups than `k` give one fold per group.

    Parameters
    ----------
    groups : array, shape (n,)
        Label of each row.
    k : int
        Number of folds wanted.
    seed : int

    Raises
    ------
    ModelError
        There are fewer than two groups, or fewer than two folds are asked for.

    Examples
    --------
    >>> [held.tolist() for _, held in group_folds(np.array(["a", "a", "b", "c"]), 2)]
    [[0, 1], [2, 3]]
    """
    labels, code, size = np.unique(groups, return_inverse=True, return_counts=True)
    if k < 2 or len(labels) < 2:
        raise ModelError(
            "inner folds cannot be made",
            found=f"{len(labels)} groups for {k} folds",
            expected="at least 2 of each",
            next_step="Add sites, or group by year.",
        )
    k = min(k, len(labels))
    order = np.random.default_rng(seed).permutation(len(labels))
    order = order[np.argsort(-size[order], kind="stable")]
    fold_of = np.empty(len(labels), dtype=np.int64)
    rows = np.zeros(k, dtype=np.int64)
    for label in order:
        smallest = int(np.argmin(rows))
        fold_of[label] = smallest
        rows[smallest] += size[label]
    fold = fold_of[code]
    return [(np.flatnonzero(fold != i), np.flatnonzero(fold == i)) for i in range(k)]


def inner_groups(samples: Samples, degrees: float) -> Ints:
    """Return the group of each row for inner folds.

    Map task: sites whose mean position lies in the same cell of `degrees` by `degrees` are one group, because probe
    sites often lie metres apart and neighbours would make residuals too small; a site of unknown position is its own
    group. Forecast task: calendar years, because the sites are known and the time is new. Where that leaves one group,
    the next of site, year and row that gives at least two.
    """
    _, site = np.unique(samples.site, return_inverse=True)
    year = np.unique(samples.time.astype("datetime64[Y]").astype(np.int64), return_inverse=True)[1]
    wanted = [_cells(samples, site, degrees), site, year] if samples.task == "map" else [year, site]
    for groups in wanted:
        if len(np.unique(groups)) > 1:
            return groups.astype(np.int64)
    return np.arange(len(samples), dtype=np.int64)


def _cells(samples: Samples, site: Ints, degrees: float) -> Ints:
    known = np.isfinite(samples.lon) & np.isfinite(samples.lat)
    count = np.bincount(site, weights=known)
    with np.errstate(invalid="ignore", divide="ignore"):
        lon = np.bincount(site, weights=np.where(known, samples.lon, 0.0)) / count
        lat = np.bincount(site, weights=np.where(known, samples.lat, 0.0)) / count
    cell = [
        f"cell {np.floor(x / degrees):.0f} {np.floor(y / degrees):.0f}" if n else f"site {i}"
        for i, (x, y, n) in enumerate(zip(lon, lat, count, strict=True))
    ]
    groups: Ints = np.unique(cell, return_inverse=True)[1][site]
    return groups
