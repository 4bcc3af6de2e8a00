"""Overlaps of two partitions of a line, from which area averages are made."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_array

from geocryoai.core.errors import CubeError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Measure = Callable[[Floats], Floats]

#: Edges nearer than this share of the smallest interval are the same edge (coordinates are often stored as float32).
SNAP = 1e-3


def edges_of(centres: Floats, name: str) -> Floats:
    """Return the n + 1 edges between and around n strictly monotonic centres, half a step beyond the outer ones.

    Raises
    ------
    CubeError
        Fewer than two centres, or not strictly monotonic.

    Examples
    --------
    >>> edges_of(np.array([30.0, 20.0, 10.0]), "y")
    array([35., 25., 15.,  5.])
    """
    if len(centres) < 2:
        raise CubeError("an axis with one cell has no known cell size", where=name, found=f"{len(centres)} value")
    step = np.diff(centres)
    if not (np.all(step > 0) or np.all(step < 0)):
        raise CubeError("an axis is not strictly monotonic", where=name, expected="ascending or descending values")
    middle = centres[:-1] + step / 2
    return np.concatenate([[centres[0] - step[0] / 2], middle, [centres[-1] + step[-1] / 2]])


def overlap_shares(source_edges: Floats, target_edges: Floats, measure: Measure | None = None) -> csr_array:
    """Return the share of each target interval that lies in each source interval, shape (targets, sources).

    Both sets of edges are monotonic, in either direction. Source edges within `SNAP` of a target edge are taken as that
    edge, so that equal partitions overlap exactly one to one.

    Parameters
    ----------
    source_edges, target_edges : array of float
    measure : callable, optional
        Monotonic coordinate in which lengths are taken, for example the sine of a latitude; default: the edges' own.

    Examples
    --------
    >>> overlap_shares(np.array([0.0, 1.0, 2.0, 3.0]), np.array([0.0, 2.0])).toarray()
    array([[0.5, 0.5, 0. ]])
    """
    source, source_flip = _ascending(source_edges)
    target, target_flip = _ascending(target_edges)
    source = _snap(source, target)
    cuts = np.unique(np.concatenate([source, target]))
    cuts = cuts[(cuts >= max(source[0], target[0])) & (cuts <= min(source[-1], target[-1]))]
    middle = (cuts[:-1] + cuts[1:]) / 2
    columns = np.searchsorted(source, middle) - 1
    rows = np.searchsorted(target, middle) - 1
    along = measure if measure is not None else _itself
    share = np.diff(along(cuts)) / np.diff(along(target))[rows]
    n_source, n_target = len(source) - 1, len(target) - 1
    columns = n_source - 1 - columns if source_flip else columns
    rows = n_target - 1 - rows if target_flip else rows
    return csr_array((share, (rows, columns)), shape=(n_target, n_source))


def _itself(edges: Floats) -> Floats:
    return edges


def _ascending(edges: Floats) -> tuple[Floats, bool]:
    return (edges[::-1], True) if edges[0] > edges[-1] else (edges, False)


def _snap(source: Floats, target: Floats) -> Floats:
    tolerance = SNAP * min(float(np.min(np.diff(target))), float(np.min(np.diff(source))))
    nearest = np.clip(np.searchsorted(target, source), 1, len(target) - 1)
    left, right = target[nearest - 1], target[nearest]
    closest = np.where(source - left < right - source, left, right)
    return np.where(np.abs(source - closest) <= tolerance, closest, source)
