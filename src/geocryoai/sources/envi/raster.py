"""Access to the binary of an ENVI raster: memory-mapped, block by block, whatever its layout."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from geocryoai.core.errors import SourceError, nearest
from geocryoai.sources.envi.header import AXES, EnviHeader, parse_header
from geocryoai.sources.envi.map_info import MapInfo, map_info

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Numbers beyond these are what floats look like whose bytes are in the wrong order.
_TINY, _HUGE = 1e-12, 1e12

#: Runs of neighbouring values, and values in a run, that are looked at to find swapped bytes.
_RUNS, _RUN = 3, 2048


@dataclass(frozen=True)
class EnviRaster:
    """An ENVI raster that is there in full; nothing is read before it is asked for.

    Attributes
    ----------
    header : EnviHeader
    path : Path
        The binary.
    """

    header: EnviHeader
    path: Path

    @cached_property
    def position(self) -> MapInfo | None:
        """Affine and CRS, or None for raw geometry."""
        return map_info(self.header)

    def mapped(self) -> NDArray[Any]:
        """Return the binary as a read-only view of axes (lines, samples, bands) on the mapped file."""
        order = AXES[self.header.interleave]
        raw = np.memmap(self.path, self.header.dtype, "r", offset=self.header.offset, shape=self.header.shape)
        return raw.transpose([order.index(axis) for axis in "lsb"])

    def block(
        self, lines: slice = slice(None), samples: slice = slice(None), bands: slice = slice(None)
    ) -> NDArray[Any]:
        """Return a part as (lines, samples, bands) in memory, native byte order; no-data values as they are."""
        part = self.mapped()[lines, samples, bands]
        return np.ascontiguousarray(part).astype(self.header.dtype.newbyteorder("="), copy=False)

    def columns(self, samples: slice, bands: slice = slice(None)) -> NDArray[Any]:
        """Return a block of detector columns as (samples, lines, bands), transposed in tiles."""
        from geocryoai.sources.envi.transpose import to_columns

        return to_columns(self.mapped()[:, samples, bands])


def open_envi(path: Path, where: str | None = None) -> EnviRaster:
    """Open a raster by the name of its binary or of its header.

    Binary ``NAME`` or ``NAME.img`` (also ``.dat``, ``.bin``, ``.lut``), header ``NAME.hdr`` or ``NAME.img.hdr``.

    Raises
    ------
    SourceError
        Either file is absent, the header is damaged, its size disagrees with the binary, or the bytes are swapped.
    """
    where = where or str(path)
    binary, text = _pair(path, where)
    try:
        header = parse_header(text.read_text(encoding="utf-8", errors="strict"), where)
    except UnicodeDecodeError as error:
        raise SourceError("the header is not text", where=where, found=str(error)) from error
    size = binary.stat().st_size
    if size != header.size:
        shape = f"{header.lines} lines x {header.samples} samples x {header.bands} bands x {header.dtype.itemsize} B"
        raise SourceError(
            "the binary is truncated" if size < header.size else "the binary is longer than the header says",
            where=where,
            found=f"{size} bytes",
            expected=f"{header.size} bytes ({shape} + {header.offset})",
            next_step="Fetch it again, or use the header that belongs to it.",
        )
    raster = EnviRaster(header, binary)
    _check_byte_order(raster)
    return raster


def _pair(path: Path, where: str) -> tuple[Path, Path]:
    """Return the paths of binary and header."""
    if path.suffix == ".hdr":
        stems = [path.with_suffix(""), *(path.with_suffix(end) for end in (".img", ".dat", ".bin", ".lut"))]
        binary, text = next((stem for stem in stems if stem.is_file()), stems[0]), path
    else:
        binary, text = path, path.with_name(f"{path.name}.hdr")
        if not text.is_file() and path.suffix in (".img", ".dat", ".bin", ".lut"):
            text = path.with_suffix(".hdr")
    named_first = sorted(((binary, "binary"), (text, "header")), key=lambda pair: pair[0] != path)
    for needed, kind in named_first:
        if needed.exists() and not needed.is_file():
            raise SourceError(f"the {kind} is not a file", where=where, found=str(needed))
        if not needed.is_file():
            beside = path.parent.iterdir() if path.parent.is_dir() else ()
            siblings = [file.name for file in beside if file.is_file() and file != path]
            raise SourceError(
                f"the {kind} does not exist",
                where=where,
                expected=needed.name,
                next_step=f"In that folder: {nearest(needed.name, siblings)}" if siblings else None,
            )
    return binary, text


def _check_byte_order(raster: EnviRaster) -> None:
    """Raise where floats make no sense as declared and do make sense with their bytes swapped."""
    header = raster.header
    if header.dtype.kind != "f":
        return
    count = header.size // header.dtype.itemsize - header.offset // header.dtype.itemsize
    flat = np.memmap(raster.path, header.dtype, "r", offset=header.offset, shape=(count,))
    starts = np.linspace(0, max(0, count - _RUN), _RUNS).astype(int)
    probe = np.concatenate([flat[start : start + _RUN] for start in np.unique(starts)])
    declared, swapped = _sensible(probe), _sensible(probe.view(header.dtype.newbyteorder("S")))
    if declared < 0.5 and swapped > 0.9:
        raise SourceError(
            "the byte order of the header seems wrong",
            where=header.where,
            found=f"{100 * (1 - declared):.0f} % of the values beyond {_TINY:g} to {_HUGE:g}",
            expected=f"'byte order = {1 if header.dtype.newbyteorder('=') == header.dtype else 0}', which fits",
        )


def _sensible(values: NDArray[Any]) -> float:
    """Return the share of values that an instrument or product may have."""
    with np.errstate(invalid="ignore", over="ignore"):
        size = np.abs(values.astype(np.float64))
        return float(np.mean((size == 0) | ((size > _TINY) & (size < _HUGE))))
