"""Detector columns of a scene in blocks that fit the memory: runs of samples, or scattered pixels of a map."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geocryoai.sources.spectroscopy import Scene

    Ints = NDArray[np.int64]


#: Most groups of a block: reading goes on while others are filtered.
MOST_GROUPS = 64


@dataclass(frozen=True)
class Block:
    """Whole groups of detector columns.

    Attributes
    ----------
    line, sample : array, shape (pixels,)
        Place of each pixel in the raster, ordered by group.
    group : array, shape (pixels,)
        Number of the group of each pixel.
    run : slice or None
        The samples, where the block is a run of them over all lines.
    """

    line: Ints
    sample: Ints
    group: Ints
    run: slice | None = None

    def read(self, scene: Scene, bands: slice) -> NDArray[np.float32]:
        """Return the radiance of the pixels, shape (pixels, bands)."""
        if self.run is not None:
            values = scene.raster.columns(self.run, bands)
            return values.reshape(-1, values.shape[-1])
        out = np.empty((self.line.size, bands.stop - bands.start), np.float32)
        for rows in runs(self.line, np.argsort(self.line, kind="stable")):
            line, sample = int(self.line[rows[0]]), self.sample[rows]
            low = int(sample.min())
            part = scene.raster.block(slice(line, line + 1), slice(low, int(sample.max()) + 1), bands)[0]
            out[rows] = part[sample - low]
        return out


def runs(keys: Ints, order: Ints) -> list[Ints]:
    """Return the positions with equal keys; `order` sorts the keys."""
    return np.split(order, np.flatnonzero(np.diff(keys[order])) + 1)


def blocks(scene: Scene, group: int, values: float, workers: int) -> Iterator[Block]:
    """Yield all pixels in blocks of whole groups.

    Parameters
    ----------
    scene : Scene
    group : int
        Detector columns in a group.
    values : float
        Most pixels of a block; a single group may be larger.
    workers : int
        Raw geometry is divided into at least as many blocks.
    """
    if scene.position is None:
        share = -(-scene.samples // (workers * group))
        count = min(max(int(values / (scene.lines * group)), 1), share, MOST_GROUPS) * group
        for first in range(0, scene.samples, count):
            run = slice(first, min(first + count, scene.samples))
            sample, line = np.mgrid[run, : scene.lines]
            yield Block(line.ravel(), sample.ravel(), sample.ravel() // group, run)
        return
    column = np.zeros((scene.lines, scene.samples), np.int64) if scene.glt is None else scene.glt.sample
    line, sample = np.nonzero(column >= 0)
    chosen = column[line, sample].astype(np.int64) // group
    waiting: list[Ints] = []
    for pixels in runs(chosen, np.argsort(chosen, kind="stable")):
        if waiting and sum(map(len, waiting)) + pixels.size > values:
            yield _scattered(line, sample, chosen, waiting)
            waiting = []
        waiting.append(pixels)
    if waiting:
        yield _scattered(line, sample, chosen, waiting)


def _scattered(line: Ints, sample: Ints, group: Ints, waiting: list[Ints]) -> Block:
    pixels = np.concatenate(waiting)
    return Block(line[pixels], sample[pixels], group[pixels])
