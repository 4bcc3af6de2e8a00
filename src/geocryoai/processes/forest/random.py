"""One stream of random numbers per plot, so that a plot's story depends on its number and the seed alone.

The generator is SplitMix64: a counter that goes up by an odd constant, and a mixing of its bits.

References
----------
Steele, G. L., Lea, D. and Flood, C. H. (2014), Fast splittable pseudorandom number generators, OOPSLA '14, 453-472,
doi:10.1145/2660193.2660195.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from geocryoai.processes.forest.compilable import compilable

_STEP = np.uint64(0x9E3779B97F4A7C15)
_FIRST, _SECOND = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_30, _27, _31, _11 = np.uint64(30), np.uint64(27), np.uint64(31), np.uint64(11)
_UNIT = 2.0**-53


@compilable
def mix(state: Any) -> Any:
    """Return the bits of an unsigned 64-bit number, or of an array of them, well mixed."""
    z = (state ^ (state >> _30)) * _FIRST
    z = (z ^ (z >> _27)) * _SECOND
    return z ^ (z >> _31)


def streams(seed: int, number: NDArray[np.int64], purpose: int) -> NDArray[np.uint64]:
    """Return the start of one stream per number; `purpose` keeps streams of different use apart."""
    start = np.array([seed & (2**64 - 1)], dtype=np.uint64)
    label = mix(start + _STEP) ^ mix(np.array([purpose], dtype=np.uint64) * _STEP + _STEP)
    states: NDArray[np.uint64] = mix(label ^ mix((number.astype(np.uint64) + np.uint64(1)) * _STEP))
    return states


@compilable
def uniform(state: NDArray[np.uint64], i: int) -> float:
    """Return the next number in [0, 1) of stream `i`."""
    state[i] = state[i] + _STEP
    z = (state[i] ^ (state[i] >> _30)) * _FIRST
    z = (z ^ (z >> _27)) * _SECOND
    return float(((z ^ (z >> _31)) >> _11) * _UNIT)


@compilable
def poisson(state: NDArray[np.uint64], i: int, mean: float) -> int:
    """Return a count with a mean below some tens, by multiplying uniform numbers (Knuth)."""
    limit, product, count = np.exp(-mean), 1.0, -1
    while product > limit or count < 0:
        count += 1
        product *= 1.0 - uniform(state, i)
    return count


def uniform_series(states: NDArray[np.uint64], count: int) -> NDArray[np.float64]:
    """Return the first `count` numbers in [0, 1) of each stream, shape (count, streams)."""
    steps = np.arange(1, count + 1, dtype=np.uint64)[:, None] * _STEP
    return np.asarray((mix(states[None, :] + steps) >> _11) * _UNIT, dtype=np.float64)
