"""Geometry look-up tables: which raw pixel lies at each place of a map."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from geocryoai.core.errors import SourceError
from geocryoai.sources.envi.map_info import MapInfo

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    Ints = NDArray[np.int32]


@dataclass(frozen=True)
class Glt:
    """A geometry look-up table.

    Attributes
    ----------
    sample, line : array of int32, shape (rows, columns)
        Raw pixel, counted from 0; -1 where the map is empty.
    infill : array of bool, shape (rows, columns)
        The raw pixel is a neighbour's (negative entries of the file).
    position : MapInfo
    """

    sample: Ints
    line: Ints
    infill: NDArray[np.bool_]
    position: MapInfo

    @property
    def filled(self) -> NDArray[np.bool_]:
        """Where the map has data."""
        return self.sample >= 0

    def check(self, lines: int, samples: int, where: str) -> None:
        """Raise where the table points outside a raw raster."""
        most = int(self.line.max(initial=-1)) + 1, int(self.sample.max(initial=-1)) + 1
        if most[0] > lines or most[1] > samples:
            raise SourceError(
                "the geometry look-up table is of another scene",
                where=where,
                found=f"entries up to line {most[0]}, sample {most[1]}",
                expected=f"at most line {lines}, sample {samples}",
            )

    def apply(self, raw: NDArray[Any], fill: float = np.nan) -> NDArray[Any]:
        """Return raw pixels (lines, samples, ...) on the map (rows, columns, ...); `fill` where it is empty."""
        filled = self.filled
        out = np.full((*filled.shape, *raw.shape[2:]), fill, raw.dtype)
        out[filled] = raw[self.line[filled], self.sample[filled]]
        return out


def from_entries(sample: NDArray[Any], line: NDArray[Any], position: MapInfo, where: str) -> Glt:
    """Return the table of a file: entries count from 1, 0 is empty, negative ones are filled in from a neighbour.

    Raises
    ------
    SourceError
        The table is empty, or one of a pair of entries is.
    """
    sample, line = (np.asarray(values).astype(np.int32) for values in (sample, line))
    if ((sample == 0) != (line == 0)).any():
        raise SourceError("some entries have a sample and no line, or the reverse", where=where)
    if not sample.any():
        raise SourceError("the geometry look-up table is empty", where=where)
    return Glt(np.abs(sample) - 1, np.abs(line) - 1, (sample < 0) | (line < 0), position)


def read_glt(path: Path, where: str | None = None) -> Glt:
    """Read a table in ENVI format: two integer bands, sample and line.

    Raises
    ------
    SourceError
        Damaged, of another kind, or without a position.
    """
    from geocryoai.sources.envi import open_envi

    where = where or str(path)
    raster = open_envi(path, where)
    if raster.header.bands != 2 or raster.header.dtype.kind not in "iu":
        found = f"{raster.header.bands} bands of {raster.header.dtype}"
        raise SourceError("not a geometry look-up table", where=where, found=found, expected="2 bands of whole numbers")
    if raster.position is None:
        raise SourceError("the geometry look-up table has no 'map info', so no CRS", where=where)
    entries = raster.block()
    return from_entries(entries[:, :, 0], entries[:, :, 1], raster.position, where)
