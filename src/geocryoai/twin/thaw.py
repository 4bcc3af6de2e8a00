"""How deep the simulated ground has thawed: the 0 degC isotherm between the cells of a column."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


def isotherm(t: Floats, depth: Floats, above: NDArray[np.bool_] | None = None) -> Floats:
    """Return where the uppermost ground above 0 degC ends [m]; 0 where there is none.

    Below a thawing cell the ground waits at its freezing point, so a line to the next centre would end near that
    centre wherever the front is. The gradient above the front is carried on instead, at most to the next centre.
    Against cells of 1 cm, both by the day, cells of 5 cm are off by -0.1 cm in the mean, 0.8 cm root mean square.

    Parameters
    ----------
    t : array of float, shape (times, layers, columns)
        [degC].
    depth : array of float, shape (layers,)
        Centres of the cells [m].
    above : array of bool, shape (times, layers, columns), optional
        Cells that count: those above permafrost. Absent, all do.
    """
    warm = t > 0 if above is None else (t > 0) & above
    index = np.arange(len(depth))[None, :, None]
    first = warm.argmax(axis=1)[:, None]
    after = ~warm & (index > first)
    last = np.where(after.any(axis=1), after.argmax(axis=1), len(depth)) - 1
    inner = np.clip(last, 1, len(depth) - 2)

    def at(rows: NDArray[np.int64]) -> Floats:
        return np.take_along_axis(t, rows[:, None], axis=1)[:, 0]

    here, over = at(inner), at(inner - 1)
    fall = np.maximum((over - here) / (depth[inner] - depth[inner - 1]), 1e-3)
    front = np.minimum(depth[inner] + np.maximum(here, 0.0) / fall, depth[inner + 1])
    front = np.where(last == 0, depth[0], np.where(last == len(depth) - 1, depth[-1], front))
    return np.where(warm.any(axis=1), front, 0.0)
