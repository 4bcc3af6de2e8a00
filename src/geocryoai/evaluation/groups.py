"""Groups of rows that must stay together, and their distribution over folds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from geocryoai.core.errors import ProtocolError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geocryoai.cube.samples import Ints


def merge_labels(first: NDArray[Any], *others: NDArray[Any] | None) -> Ints:
    """Return groups such that rows which share any label, directly or through others, are in one group.

    Groups are numbered by the smallest of their `first` labels, so that the order of rows does not matter.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    n = len(first)
    columns, offset = [], n
    for labels in (first, *(other for other in others if other is not None)):
        if len(labels) != n:
            raise ProtocolError("groups need one label per row", found=f"{len(labels)} labels", expected=f"{n}")
        code = np.unique(labels, return_inverse=True)[1]
        columns.append(code + offset)
        offset += int(code.max(initial=-1)) + 1
    rows = np.tile(np.arange(n), len(columns))
    links = coo_array((np.ones(len(rows), np.int8), (rows, np.concatenate(columns))), shape=(offset, offset))
    component = connected_components(links, directed=False)[1][:n]
    smallest = np.full(int(component.max(initial=-1)) + 1, offset)
    np.minimum.at(smallest, component, columns[0])
    return np.unique(smallest[component], return_inverse=True)[1].astype(np.int64)


def fold_numbers(group: Ints, folds: int | None, seed: int, *, where: str) -> Ints:
    """Return the fold of each row: whole groups, folds of about equal numbers of rows.

    Parameters
    ----------
    group : array of int, shape (m,)
        Group of each row, numbered from 0 without gaps.
    folds : int or None
        Number of folds; None makes one fold of every group.

    Raises
    ------
    ProtocolError
        There are fewer groups than folds, or fewer than two.
    """
    sizes = np.bincount(group)
    wanted = len(sizes) if folds is None else folds
    if wanted < 2 or len(sizes) < wanted:
        raise ProtocolError(
            "too few groups for that many folds",
            where=where,
            found=f"{len(sizes)} groups, {wanted} folds",
            expected="at least 2 folds and one group for each",
            next_step="Use fewer folds, smaller blocks, or more sites.",
        )
    if folds is None:
        return group
    lots = np.random.default_rng(seed).permutation(len(sizes))
    order = lots[np.argsort(-sizes[lots], kind="stable")]
    number, load = np.zeros(len(sizes), np.int64), np.zeros(wanted, np.int64)
    for one in order:
        lightest = int(np.argmin(load))
        number[one] = lightest
        load[lightest] += sizes[one]
    return number[group]


def fold_name(number: int, folds: int) -> str:
    """Return ``fold-03``: names sort as numbers do."""
    return f"fold-{number:0{len(str(folds - 1))}d}"
