"""Headerless radar images: sizes checked against the annotation, pixels read block by block."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geocryoai.core.errors import SourceError
from geocryoai.sources.uavsar.layers import LayerType

#: Runs of neighbouring values, and values in a run, looked at to recognise a wrong byte order.
_RUNS, _RUN = 3, 512


@dataclass(frozen=True)
class LayerFile:
    """An image file and what the annotation says of it.

    Attributes
    ----------
    path : Path
    layer : LayerType
    rows, columns : int
    stated_bytes : int or None
        Size that the annotation states, if it does.
    big_endian : bool
    where : str
        For messages.
    """

    path: Path
    layer: LayerType
    rows: int
    columns: int
    where: str
    stated_bytes: int | None = None
    big_endian: bool = False

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of one value in the file."""
        return np.dtype("c8" if self.layer.complex else "f4").newbyteorder(">" if self.big_endian else "<")

    def check(self) -> None:
        """Check size and byte order.

        Raises
        ------
        SourceError
            The file is absent, shorter or longer than the annotation says, or its bytes are swapped.
        """
        expected = self.rows * self.columns * self.layer.pixel_bytes
        if self.stated_bytes is not None and self.stated_bytes != expected:
            raise SourceError(
                "the annotation contradicts itself on the size of the file", where=self.where,
                found=f"File Size {self.stated_bytes} bytes",
                expected=f"{self.rows} x {self.columns} pixels of {self.layer.pixel_bytes} bytes = {expected}",
            )  # fmt: skip
        if not self.path.is_file():
            raise SourceError("the file does not exist", where=self.where)
        size = self.path.stat().st_size
        if size != expected:
            what = "the file is truncated" if size < expected else "the file is longer than the annotation says"
            raise SourceError(
                what, where=self.where, found=f"{size} bytes",
                expected=f"{expected} ({self.rows} x {self.columns} pixels of {self.layer.pixel_bytes} bytes)",
                next_step="Fetch it again, or use the annotation that belongs to it.",
            )  # fmt: skip
        self._check_byte_order()

    def read(self, part: str, rows: slice, columns: slice) -> NDArray[Any]:
        """Return a window of one part, no data as NaN (complex NaN for a complex layer)."""
        pixels = self.mapped()[rows, columns]
        values: NDArray[Any] = np.array(pixels[..., self.layer.parts.index(part)])
        values = values.astype(values.dtype.newbyteorder("="), copy=False)
        empty = (pixels == self.layer.nodata).all(axis=-1)
        values[empty] = np.nan
        return values

    def lazy(self, part: str, block: int) -> Any:
        """Return one part as a dask array that reads `block` x `block` pixels at a time."""
        import dask.array

        chunks = tuple(
            tuple(min(block, size - start) for start in range(0, size, block)) for size in (self.rows, self.columns)
        )
        kind = np.complex64 if self.layer.complex else np.float32

        def read(block_info: Any = None) -> NDArray[Any]:
            (top, bottom), (left, right) = block_info[None]["array-location"]
            return self.read(part, slice(top, bottom), slice(left, right))

        return dask.array.map_blocks(read, chunks=chunks, dtype=kind, meta=np.empty((0, 0), kind))  # type: ignore[no-untyped-call]

    def mapped(self) -> NDArray[Any]:
        """Return the pixels as stored, a read-only view on the mapped file, shape (rows, columns, parts)."""
        shape = (self.rows, self.columns, len(self.layer.parts))
        return np.memmap(self.path, dtype=self.dtype, mode="r", shape=shape)

    def _check_byte_order(self) -> None:
        flat = np.memmap(self.path, dtype=np.dtype("f4").newbyteorder(self.dtype.byteorder), mode="r")
        starts = np.unique(np.linspace(0, max(0, flat.size - _RUN), _RUNS).astype(int))
        sample = np.concatenate([flat[start : start + _RUN] for start in starts])
        sample = sample[sample != 0]
        if sample.size and _absurd(sample) > 0.5 and _absurd(sample.view(sample.dtype.newbyteorder())) < 0.1:
            raise SourceError(
                "the bytes of the file are swapped", where=self.where,
                expected=f"{'big' if self.big_endian else 'little'} endian, as the annotation says",
                next_step="Fetch the file again; do not convert it.",
            )  # fmt: skip


def _absurd(values: NDArray[Any]) -> float:
    """Return the share of values that no radar layer has."""
    with np.errstate(invalid="ignore", over="ignore"):
        size = np.abs(values.astype(np.float64))
    return float(np.mean(~((size > 1e-15) & (size < 1e15))))
