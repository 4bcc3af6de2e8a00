"""Write an ENVI raster: binary and header, complete or absent."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from geocryoai.core.errors import SourceError
from geocryoai.core.files import complete_or_absent, write_text
from geocryoai.sources.envi.header import AXES, DATA_TYPES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import ArrayLike, NDArray


def write_envi(
    path: Path,
    array: NDArray[Any],
    *,
    interleave: str = "bil",
    byte_order: int = 0,
    offset: int = 0,
    wavelength: ArrayLike | None = None,
    fwhm: ArrayLike | None = None,
    micrometres: bool = False,
    band_names: Sequence[str] = (),
    ignore: float | None = None,
    map_info: str | None = None,
    entries: Mapping[str, str] | None = None,
    header_name: str | None = None,
) -> Path:
    """Write an array as ENVI binary `path` and header ``path.hdr``; return the path of the header.

    Parameters
    ----------
    path : Path
        The binary; AVIRIS deliveries give it no extension.
    array : array, shape (lines, samples, bands) or (lines, samples)
        Its type is written as it is.
    interleave : {"bil", "bip", "bsq"}
    byte_order : {0, 1}
        Little or big endian.
    offset : int
        Zero bytes before the first value.
    wavelength, fwhm : array, shape (bands,), optional
        Centre and full width at half maximum [nm].
    micrometres : bool
        Write wavelengths in micrometres, as AVIRIS-3 does.
    band_names : sequence of str
    ignore : float, optional
        Value that stands for no data.
    map_info : str, optional
        The entry ``map info`` without braces, such as ``UTM, 1, 1, 581226.7, 7916192.6, 5.2, 5.2, 4, North, WGS-84``.
    entries : mapping of str to str, optional
        Further entries, as written.
    header_name : str, optional
        Name of the header (default: that of the binary and ``.hdr``).
    """
    array = array[:, :, None] if array.ndim == 2 else array
    codes = {name: code for code, name in DATA_TYPES.items()}
    kind = f"{array.dtype.kind}{array.dtype.itemsize}"
    if kind not in codes or array.ndim != 3 or interleave not in AXES:
        raise SourceError(
            "this array cannot be written as ENVI", where=str(path), found=f"{array.dtype}, {array.ndim} axes"
        )
    lines, samples, bands = array.shape
    text = {
        "description": "{\n  Written by geocryoai}", "samples": samples, "lines": lines, "bands": bands,
        "header offset": offset, "file type": "ENVI Standard", "data type": codes[kind], "interleave": interleave,
        "byte order": byte_order,
    }  # fmt: skip
    if map_info is not None:
        text["map info"] = f"{{{map_info}}}"
    if ignore is not None:
        text["data ignore value"] = f"{ignore:g}"
    if band_names:
        text["band names"] = "{ " + " , ".join(band_names) + " }"
    if wavelength is not None:
        text["wavelength units"] = "Micrometers" if micrometres else "Nanometers"
        scale = 1e-3 if micrometres else 1.0
        text["wavelength"] = _numbers(np.asarray(wavelength) * scale)
        if fwhm is not None:
            text["fwhm"] = _numbers(np.asarray(fwhm) * scale)
    text.update(entries or {})
    dtype = array.dtype.newbyteorder("<" if byte_order == 0 else ">")
    order = ["lsb".index(axis) for axis in AXES[interleave]]
    with complete_or_absent(path) as temporary, temporary.open("wb") as stream:
        stream.write(bytes(offset))
        laid = array.transpose(order)
        for part in np.array_split(laid, max(1, laid.nbytes // 2**26)):
            stream.write(np.ascontiguousarray(part, dtype).tobytes())
    header = path.with_name(header_name or f"{path.name}.hdr")
    write_text(header, "ENVI\n" + "".join(f"{key} = {value}\n" for key, value in text.items()))
    return header


def _numbers(values: NDArray[Any]) -> str:
    return "{ " + " , ".join(f"{value:.8g}" for value in values) + " }"
