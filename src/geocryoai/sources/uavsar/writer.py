"""Writes UAVSAR products in the true format: an annotation of version 2.2 and headerless images beside it.

For simulated flights and for tests; a product made so says ``Simulated`` in its comments.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from geocryoai.core.errors import SourceError, nearest
from geocryoai.core.files import complete_or_absent, write_text
from geocryoai.sources.uavsar.flight import Flight
from geocryoai.sources.uavsar.grids import RadarGrid
from geocryoai.sources.uavsar.layers import DISPLAY_NAMES, INTERFEROMETRIC, POLARIMETRIC, SIZE_KEYS, LayerType
from geocryoai.sources.uavsar.names import FileName, parse_name

_CALIBRATION = re.compile(r"_(?:CX|XX)_")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_KEYS = {
    "int": "Interferogram", "unw": "Unwrapped Phase", "cor": "Correlation", "amp1": "Amplitude of Pass 1",
    "amp2": "Amplitude of Pass 2", "hgt": "DEM Used in Ground Projection", "inc": "Local Incidence Angle",
    "slope": "DEM Ground Slope", "lkv": "Look Vector", "T1.slc": "Single Look Complex Data of Pass 1",
    "T2.slc": "Single Look Complex Data of Pass 2",
}  # fmt: skip

Line = tuple[str, str, str, str]


def write_uavsar(
    folder: Path,
    name: str,
    layers: Mapping[str, NDArray[np.generic]],
    *,
    grids: Sequence[RadarGrid],
    flight: Flight,
    passes: Sequence[np.datetime64],
    looks: tuple[int, int] = (3, 12),
    comments: str = "Simulated",
) -> Path:
    """Write a pair or a polarimetric product and return the path of its annotation.

    Parameters
    ----------
    folder : Path
        Made where it is absent.
    name : str
        Name of the product without extension, as of a pair (``..._L090HH_01``) or PolSAR (``..._L090_CX_01``).
    layers : mapping
        End of a file's name (``unw.grd``, ``cor.grd``, ``T1.slc``, ``lkv.grd``; ``HHHH.grd`` in PolSAR) -> pixels,
        shape (rows, columns), or (rows, columns, parts) for interleaved layers. NaN becomes the layer's no-data value.
    grids : sequence of RadarGrid
        The grids (``ground``, ``slant``, ``slc``) on which the layers lie.
    flight : Flight
    passes : sequence of datetime64
        Start of each pass [UTC]; two of a pair.
    looks : tuple of int
        Looks in range and in azimuth of multi-looked layers.
    comments : str
        Processing comments in the annotation.

    Raises
    ------
    SourceError
        A layer that is not known, or that does not fit its grid.
    """
    parsed = parse_name(name)
    by_name = {grid.name: grid for grid in grids}
    files = {}
    for ending, values in layers.items():
        grid_name, layer = _layer(ending, parsed)
        if grid_name not in by_name:
            raise SourceError(f"no {grid_name} grid is given for the layer", where=ending)
        file_name = _file_name(name, ending)
        files[ending] = (file_name, _write(folder / file_name, values, layer, by_name[grid_name]))
    lines = _head(parsed, files, comments) + [line for grid in grids for line in _grid_lines(grid, parsed)]
    lines += _flight_lines(flight, parsed, passes, looks)
    text = [f"; UAVSAR {parsed.product} Metadata file for {name}", "; search for parameters/value", ""]
    text += [
        f"{key:<47}{f'({unit})' if unit else '':<16}= {value:<40}{comment}".rstrip()
        for key, unit, value, comment in lines
    ]
    path = folder / f"{name}.ann"
    write_text(path, "\n".join(text) + "\n")
    return path


def _layer(ending: str, name: FileName) -> tuple[str, LayerType]:
    code, _, extension = ending.partition(".")
    if name.product == "PolSAR" and code in POLARIMETRIC and extension in ("grd", "mlc"):
        return ("ground" if extension == "grd" else "slant"), POLARIMETRIC[code]
    bare = ending.removesuffix(".grd")
    if bare not in INTERFEROMETRIC:
        raise SourceError("unknown layer", where=ending, next_step=nearest(bare, INTERFEROMETRIC))
    if ending.endswith(".grd") or bare in ("inc", "slope") or name.product == "PolSAR":
        return "ground", INTERFEROMETRIC[bare]
    return ("slc" if bare.endswith("slc") else "slant"), INTERFEROMETRIC[bare]


def _file_name(name: str, ending: str) -> str:
    code, _, extension = ending.partition(".")
    if code not in POLARIMETRIC:
        return f"{name}.{ending}"
    return f"{_CALIBRATION.sub(lambda match: code + match[0], name, count=1)}.{extension}"


def _write(path: Path, values: NDArray[np.generic], layer: LayerType, grid: RadarGrid) -> int:
    """Write the pixels of a layer, little endian, and return their bytes."""
    pixels = np.asarray(values).reshape(*np.shape(values)[:2], -1)
    expected = (grid.rows, grid.columns, len(layer.parts))
    if pixels.shape != expected:
        raise SourceError("the layer does not fit its grid", where=path.name, found=pixels.shape, expected=expected)
    stored = np.where(np.isnan(pixels).any(axis=-1, keepdims=True), layer.nodata, pixels)
    data = stored.astype("<c8" if layer.complex else "<f4")
    with complete_or_absent(path) as partial:
        data.tofile(partial)
    return int(data.nbytes)


def _head(name: FileName, files: Mapping[str, tuple[str, int]], comments: str) -> list[Line]:
    lines = [
        (f"UAVSAR {name.product} Annotation File Version Number", "-", "2.2", ""),
        ("Site Description", "&", name.site, ""),
        ("Processing Comments", "&", comments, ""),
    ]
    for ending, (file_name, size) in files.items():
        bare = ending.removesuffix(".grd")
        place = "" if bare in ("hgt", "T1.slc", "T2.slc") else "Ground Range " if ending != bare else "Slant Range "
        key = f"{place}{_KEYS[bare]}" if bare in _KEYS else f"{ending.partition('.')[2]}{ending.partition('.')[0]}"
        lines.append((key, "&", file_name, f"; File Size {size:>11d} bytes"))
    return lines


def _grid_lines(grid: RadarGrid, name: FileName) -> list[Line]:
    kind = {"ground": "ground", "slant": "slant", "slc": "slc"}[grid.name]
    rows, columns = SIZE_KEYS[kind]  # type: ignore[index]
    unit = "deg" if grid.name == "ground" else "m"
    prefix = {"ground": "grd", "slant": "slt", "slc": "slc_mag"}[grid.name]
    if name.product == "PolSAR":
        prefix = {"ground": "grd_pwr", "slant": "mlc_pwr", "slc": "slc_mag"}[grid.name]
    assert prefix in DISPLAY_NAMES[kind]  # type: ignore[index]
    lines = [(rows, "-", str(grid.rows), ""), (columns, "-", str(grid.columns), "")]
    for key, value, of in (
        ("set_rows", grid.rows, "pixels"), ("set_cols", grid.columns, "pixels"), ("row_addr", grid.first[0], unit),
        ("col_addr", grid.first[1], unit), ("row_mult", grid.step[0], f"{unit}/pixel"),
        ("col_mult", grid.step[1], f"{unit}/pixel"),
    ):  # fmt: skip
        lines.append((f"{prefix}.{key}", of, f"{value!r}", "; center of upper left pixel" if "addr" in key else ""))
    return lines


def _flight_lines(
    flight: Flight, name: FileName, passes: Sequence[np.datetime64], looks: tuple[int, int]
) -> list[Line]:
    lines = [
        ("Radar Look Direction", "&", "Left" if flight.looks_left else "Right", ""),
        ("Center Wavelength", "cm", f"{100 * flight.wavelength:.10g}", ""),
        ("Global Average Altitude", "m", f"{flight.altitude!r}", "; GPS altitude"),
        ("Global Average Terrain Height", "m", f"{flight.terrain_height!r}", ""),
        ("Peg Latitude", "deg", f"{flight.peg_latitude!r}", ""),
        ("Peg Longitude", "deg", f"{flight.peg_longitude!r}", ""),
        ("Peg Heading", "deg", f"{flight.heading!r}", ""),
        ("Number of Looks in Range", "-", str(looks[0]), ""),
        ("Number of Looks in Azimuth", "-", str(looks[1]), ""),
        ("Processing Mode", "&", name.product, ""),
        ("Polarization", "&", name.polarisation or "N/A", ""),
        ("set_name", "&", "", ""),
        ("val_endi", "&", "LITTLE ENDIAN", ""),
    ]
    if len(passes) != (2 if name.product == "RPI" else 1):
        raise SourceError("a pair has two passes, other products one", where=name.site, found=len(passes))
    for number, time in enumerate(passes, 1):
        which = f" for Pass {number}" if name.product == "RPI" else ""
        lines.append((f"Start Time of Acquisition{which}", "&", _time(time), ""))
    return lines


def _time(time: np.datetime64) -> str:
    date, _, clock = str(time.astype("datetime64[s]")).partition("T")
    year, month, day = date.split("-")
    return f"{day}-{_MONTHS[int(month) - 1]}-{year} {clock} UTC"
