"""Block bootstrap: intervals that know that rows of one site or block are not independent."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from geocryoai.core.errors import ProtocolError
from geocryoai.evaluation.metrics import Metric, Pairs

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geocryoai.cube.samples import Floats, Ints

#: Coverage that every reported interval is meant to have.
LEVEL = 0.90
_CHUNK = 2_000_000


@lru_cache(maxsize=4)
def _draws(blocks: int, replicates: int, seed: int) -> NDArray[np.int16]:
    """Return how often each block is drawn in each replicate, shape (replicates, blocks)."""
    rng = np.random.default_rng(seed)
    step = max(1, _CHUNK // blocks)
    sizes = [min(step, replicates - start) for start in range(0, replicates, step)]
    parts = [rng.multinomial(blocks, np.full(blocks, 1.0 / blocks), size=size).astype(np.int16) for size in sizes]
    return np.concatenate(parts)


class BlockBootstrap:
    """Replicates of scores, by drawing whole blocks with replacement.

    Sums per block are formed once; a replicate only adds them. The same blocks, replicates and seed give the same
    draws, so differences of two models on the same rows are paired.

    Parameters
    ----------
    block : array, shape (n,)
        Label of the block of each row.
    replicates : int
    seed : int
    """

    def __init__(self, block: NDArray[np.generic], *, replicates: int = 1000, seed: int = 0) -> None:
        if not len(block) or replicates < 1:
            raise ProtocolError("a bootstrap needs rows and replicates", found=f"{len(block)} and {replicates}")
        self.labels, code = np.unique(block, return_inverse=True)
        self.code: Ints = code.astype(np.int64)
        self.replicates = replicates
        self.seed = seed

    @property
    def n_blocks(self) -> int:
        """Return the number of blocks that hold a row."""
        return len(self.labels)

    def means(self, columns: Floats, weights: Floats | None = None) -> tuple[Floats, Floats]:
        """Return weighted column means, shape (k,), and those of every replicate, shape (replicates, k)."""
        weight = np.ones(len(columns)) if weights is None else weights
        table = np.column_stack([columns * weight[:, None], weight])
        sums = np.column_stack([np.bincount(self.code, column, self.n_blocks) for column in table.T])
        total = sums.sum(axis=0)
        drawn = np.empty((self.replicates, table.shape[1]))
        draws = _draws(self.n_blocks, self.replicates, self.seed)
        step = max(1, _CHUNK // self.n_blocks)
        for start in range(0, self.replicates, step):
            drawn[start : start + step] = draws[start : start + step].astype(float) @ sums
        return total[:-1] / total[-1], drawn[:, :-1] / drawn[:, -1:]

    def scores(
        self, pairs: Pairs, metrics: Sequence[Metric], weights: Floats | None = None
    ) -> tuple[list[float], list[Floats]]:
        """Return each metric's value and its replicates, shape (replicates,)."""
        parts = [metric.columns(pairs) for metric in metrics]
        point, drawn = self.means(np.column_stack(parts), weights)
        ends = np.cumsum([part.shape[1] for part in parts])
        values, replicates = [], []
        for metric, part, end in zip(metrics, parts, ends, strict=True):
            own = slice(end - part.shape[1], end)
            values.append(float(metric.value(point[own])))
            replicates.append(metric.value(drawn[:, own]))
        return values, replicates

    def interval(self, replicates: Floats) -> tuple[float, float]:
        """Return the percentile interval of replicates; NaN where there are fewer than two blocks or replicates."""
        defined = replicates[np.isfinite(replicates)]
        if self.n_blocks < 2 or len(defined) < 2:
            return float("nan"), float("nan")
        low, high = np.quantile(defined, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
        return float(low), float(high)


def equal_weights(label: NDArray[np.generic]) -> Floats:
    """Return row weights that give every label (site, block) the same total weight of 1."""
    _, code, count = np.unique(label, return_inverse=True, return_counts=True)
    weights: Floats = 1.0 / count[code]
    return weights


def paired_difference(
    metric: Metric,
    pairs: Pairs,
    reference: Pairs,
    bootstrap: BlockBootstrap,
    weights: Floats | None = None,
) -> tuple[float, float, float]:
    """Return the score of `pairs` minus that of `reference`, and the interval of this difference.

    Raises
    ------
    ProtocolError
        The two are not of the same rows.
    """
    if not np.array_equal(pairs.observed, reference.observed):
        raise ProtocolError("two models can only be compared on the same rows", where=metric.name)
    (one,), (ones,) = bootstrap.scores(pairs, [metric], weights)
    (other,), (others,) = bootstrap.scores(reference, [metric], weights)
    return one - other, *bootstrap.interval(ones - others)
