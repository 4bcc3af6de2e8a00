"""Transposition in tiles: from the order of a file to detector columns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numba import njit

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Side of a tile; two tiles of float32 stay in the first-level cache.
_TILE = 16


def to_columns(view: NDArray[Any]) -> NDArray[Any]:
    """Return a view (lines, samples, bands) of any strides as a contiguous (samples, lines, bands), native bytes."""
    if not view.dtype.isnative:
        view = np.ascontiguousarray(view).astype(view.dtype.newbyteorder("="))
    if view.dtype.char not in "fd":
        return np.ascontiguousarray(view.swapaxes(0, 1))
    lines, samples, bands = view.shape
    out = np.empty((samples, lines, bands), view.dtype)
    _copy(np.asarray(view), out)
    return out


@njit(nogil=True, cache=True)
def _copy(view: NDArray[Any], out: NDArray[Any]) -> None:
    lines, samples, bands = view.shape
    for line in range(lines):
        for first in range(0, samples, _TILE):
            last = min(first + _TILE, samples)
            for low in range(0, bands, _TILE):
                high = min(low + _TILE, bands)
                for band in range(low, high):
                    for sample in range(first, last):
                        out[sample, line, band] = view[line, sample, band]
