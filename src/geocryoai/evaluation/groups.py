"""Groups of rows that must stay together, and their distribution over folds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from geocryoai.core.errors import ProtocolError
from geocryoai.evaluation.distance import chord, located, unit_vectors

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geocryoai.cube.samples import Ints, Samples


def merge_labels(first: NDArray[Any], *others: NDArray[Any] | None) -> Ints:
    """Return groups such that rows which share any label, directly or through others, are in one group.

    Groups are numbered by the smallest of their `first` labels, so that the order of rows does not matter.
    """
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


def colocated_groups(samples: Samples, within_km: float, *keys: NDArray[Any]) -> Ints:
    """Return groups of rows whose sites are near each other or share a key.

    Parameters
    ----------
    within_km : float
        Sites with positions no farther apart than this are one group (transitively) [km].
    *keys : array, shape (n,)
        Further labels; rows with the same one are of one group.

    Returns
    -------
    array of int, shape (n,)
        For the option `groups` of every protocol.
    """
    known = located(samples)
    place = samples.site.astype(object)
    if known.any():
        points, of_row = np.unique(
            np.column_stack([samples.lon[known], samples.lat[known]]), axis=0, return_inverse=True
        )
        tree = cKDTree(unit_vectors(points[:, 0], points[:, 1]))
        pairs = tree.query_pairs(chord(within_km), output_type="ndarray")
        links = coo_array((np.ones(len(pairs), np.int8), (pairs[:, 0], pairs[:, 1])), shape=(len(points),) * 2)
        component = connected_components(links, directed=False)[1]
        place[known] = [f"\0{number}" for number in component[of_row.ravel()]]
    return merge_labels(samples.site, place.astype(str), *keys)


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
