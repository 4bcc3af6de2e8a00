"""The text header of an ENVI raster: its grammar, and the keys that say how to read the binary."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from geocryoai.core.errors import SourceError, nearest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

#: ENVI's code of a data type -> numpy's, without the byte order.
DATA_TYPES = {1: "u1", 2: "i2", 3: "i4", 4: "f4", 5: "f8", 6: "c8", 9: "c16", 12: "u2", 13: "u4", 14: "i8", 15: "u8"}

INTERLEAVES = ("bsq", "bil", "bip")

#: Unit of a wavelength, as headers write it -> factor to nanometres.
_NANOMETRES = {"nanometers": 1.0, "nanometer": 1.0, "nm": 1.0, "micrometers": 1e3, "micrometer": 1e3, "um": 1e3}

#: Largest wavelength that is taken for micrometres where the header gives no unit [um].
_LONGEST_MICROMETRES = 100.0

_ENTRY = re.compile(r"^[ \t]*([^={}\n;]+?)[ \t]*=[ \t]*(\{.*?\}|[^\n]*)", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class EnviHeader:
    """What a header says; see `parse_header`.

    Attributes
    ----------
    samples, lines, bands : int
        Pixels across, rows, and bands.
    dtype : numpy.dtype
        Type and byte order.
    interleave : {"bsq", "bil", "bip"}
    offset : int
        Bytes before the first value.
    wavelength, fwhm : array, shape (bands,), or None
        Centre and full width at half maximum of each band [nm], whatever unit the header uses.
    ignore : float or None
        Value that stands for no data.
    band_names : tuple of str
    entries : mapping of str to str
        All entries as written; keys in lower case, with single blanks.
    where : str
        The file, for messages.
    """

    samples: int
    lines: int
    bands: int
    dtype: np.dtype[Any]
    interleave: str
    offset: int = 0
    wavelength: NDArray[np.float64] | None = None
    fwhm: NDArray[np.float64] | None = None
    ignore: float | None = None
    band_names: tuple[str, ...] = ()
    entries: Mapping[str, str] = field(default_factory=dict)
    where: str = ""

    @property
    def size(self) -> int:
        """Length of the binary that the header describes, bytes before the first value included."""
        return self.offset + self.samples * self.lines * self.bands * self.dtype.itemsize

    @property
    def shape(self) -> tuple[int, int, int]:
        """Shape of the binary in the order of its interleave."""
        sizes = {"l": self.lines, "s": self.samples, "b": self.bands}
        first, second, third = (sizes[axis] for axis in AXES[self.interleave])
        return first, second, third

    def need_wavelength(self) -> NDArray[np.float64]:
        """Return the wavelengths [nm], or raise where the header has none."""
        if self.wavelength is None:
            raise SourceError(
                "the header has no wavelengths",
                where=self.where,
                expected=f"'wavelength = {{...}}' with {self.bands} values",
                next_step="Add the wavelengths of this flight line to the header; another line's differ.",
            )
        return self.wavelength


#: Order of the axes (lines, samples, bands) in the binary.
AXES = {"bsq": "bls", "bil": "lbs", "bip": "lsb"}


def parse_header(text: str, where: str) -> EnviHeader:
    """Return what the text of a header says.

    Parameters
    ----------
    text : str
    where : str
        The file, for messages.

    Raises
    ------
    SourceError
        Not an ENVI header, a key is absent or no number, or type, interleave or byte order are unknown.
    """
    first, _, rest = text.lstrip("\ufeff").partition("\n")
    if first.strip() != "ENVI":
        raise SourceError("not an ENVI header", where=where, found=repr(first[:40]), expected="'ENVI' as first line")
    entries = {" ".join(key.lower().replace("_", " ").split()): value.strip() for key, value in _ENTRY.findall(rest)}
    if rest.count("{") != rest.count("}"):
        raise SourceError("a brace of the header is not closed (is it truncated?)", where=where)
    samples, lines, bands = (_whole(entries, key, where, least=1) for key in ("samples", "lines", "bands"))
    wavelength, fwhm = _spectral(entries, bands, where)
    ignore = entries.get("data ignore value")
    names = _listed(entries["band names"]) if "band names" in entries else []
    return EnviHeader(
        samples,
        lines,
        bands,
        _dtype(entries, where),
        _interleave(entries, where),
        _whole(entries, "header offset", where, least=0, default=0),
        wavelength,
        fwhm,
        None if ignore is None else _numbers([ignore], "data ignore value", where)[0],
        tuple(names),
        entries,
        where,
    )


def _listed(value: str) -> list[str]:
    return [part.strip() for part in value.strip("{} \n\t").split(",") if part.strip()]


def _numbers(parts: list[str], key: str, where: str) -> NDArray[np.float64]:
    try:
        return np.array([float(part) for part in parts])
    except ValueError as error:
        raise SourceError("not a number", where=f"{where}, {key}", found=str(error)) from error


def _whole(entries: Mapping[str, str], key: str, where: str, *, least: int, default: int | None = None) -> int:
    value = entries.get(key)
    if value is None:
        if default is None:
            raise SourceError(f"the header has no '{key}'", where=where, next_step=nearest(key, entries))
        return default
    if not re.fullmatch(r"\d+", value) or int(value) < least:
        raise SourceError(
            f"'{key}' is not a count", where=where, found=f"'{value}'", expected=f"a whole number >= {least}"
        )
    return int(value)


def _dtype(entries: Mapping[str, str], where: str) -> np.dtype[Any]:
    code = _whole(entries, "data type", where, least=1)
    if code not in DATA_TYPES:
        raise SourceError("the data type is unknown", where=where, found=code, expected=f"one of {list(DATA_TYPES)}")
    order = _whole(entries, "byte order", where, least=0, default=0)
    if order not in (0, 1):
        raise SourceError("the byte order is unknown", where=where, found=order, expected="0 (little) or 1 (big)")
    return np.dtype(("<", ">")[order] + DATA_TYPES[code])


def _interleave(entries: Mapping[str, str], where: str) -> str:
    found = entries.get("interleave", "").lower()
    if found not in INTERLEAVES:
        raise SourceError("the interleave is unknown", where=where, found=f"'{found}'", expected="bsq, bil or bip")
    return found


def _spectral(
    entries: Mapping[str, str], bands: int, where: str
) -> tuple[NDArray[np.float64] | None, NDArray[np.float64] | None]:
    """Return wavelengths and widths [nm]; a list of another length than the bands belongs to another file."""
    found = []
    for key in ("wavelength", "fwhm"):
        parts = _listed(entries.get(key, ""))
        found.append(_numbers(parts, key, where) if len(parts) == bands else None)
    wavelength, fwhm = found
    if wavelength is None:
        return None, None
    unit = entries.get("wavelength units", "").lower()
    factor = _NANOMETRES.get(unit)
    if factor is None:
        if unit not in ("", "unknown"):
            raise SourceError(
                "the unit of the wavelengths is unknown",
                where=where,
                found=f"'{unit}'",
                expected="Nanometers or Micrometers",
            )
        factor = 1e3 if wavelength.max() < _LONGEST_MICROMETRES else 1.0
    if not (np.isfinite(wavelength).all() and wavelength.min() > 0):
        raise SourceError("a wavelength is not positive", where=where, found=wavelength.min())
    if fwhm is not None and not (np.isfinite(fwhm).all() and fwhm.min() > 0):
        raise SourceError("the width of a band is not positive", where=f"{where}, fwhm", found=fwhm.min())
    return wavelength * factor, None if fwhm is None else fwhm * factor
