"""Reader of covariance matrices C3 in PolSARpro's form: a folder of ``config.txt`` and nine float32 images.

Options
-------
date : str
    ISO date of acquisition; the format has none. Without it the fields have no time.
block : int
    Rows and columns read at once.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from geocryoai.core.calendar import parse_date
from geocryoai.core.errors import SourceError
from geocryoai.core.projection import LONLAT
from geocryoai.sources._fields import field_data, house_form, time_coordinates
from geocryoai.sources._tabular import check_options
from geocryoai.sources.base import SourceData, SourceInfo
from geocryoai.sources.uavsar.layers import LayerType
from geocryoai.sources.uavsar.raster import LayerFile

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: File -> what it holds.
PARTS = {
    "C11": "mean of |HH|^2", "C22": "mean of 2 |HV|^2", "C33": "mean of |VV|^2",
    "C12_real": "real part of the mean of sqrt(2) HH HV*", "C12_imag": "imaginary part of the mean of sqrt(2) HH HV*",
    "C13_real": "real part of the mean of HH VV*", "C13_imag": "imaginary part of the mean of HH VV*",
    "C23_real": "real part of the mean of sqrt(2) HV VV*", "C23_imag": "imaginary part of the mean of sqrt(2) HV VV*",
}  # fmt: skip

_BLOCK = 1024
_MAP_INFO = re.compile(r"^map info\s*=\s*\{([^}]*)\}", re.MULTILINE)

INFO = SourceInfo(
    name="polsar_c3",
    title="Polarimetric covariance matrix C3 in PolSARpro's form",
    kind="fields",
    licence="as of the data",
    citation="Pottier et al. (2009), PolSARpro v4.0, ESA (format); the data as their provider asks",
    formats=("folder of bin",),
    covariates={name.lower(): "1" for name in PARTS},
    url="https://step.esa.int/main/toolboxes/polsarpro-v6-0-biomass-edition-toolbox",
    quirks=(
        "Sizes stand in config.txt; positions, where there are any, in the ENVI header of C11.",
        "C22 is 2 |HV|^2, twice the HVHV of a UAVSAR product.",
        "The map info of ENVI names the outer corner of the upper left pixel; coordinates here are centres.",
        "A pixel with zeros in all three powers is no data.",
        "There is no date: declare it, or the fields have no time.",
    ),
)


@dataclass(frozen=True)
class CovarianceFolder:
    """A C3 folder: its size, files, and the outer corner and step of its pixels [degree], if it has a place."""

    rows: int
    columns: int
    files: Mapping[str, LayerFile]
    corner: tuple[float, float] | None
    step: tuple[float, float]

    def matrix(self, rows: slice | None = None, columns: slice | None = None) -> NDArray[np.complex64]:
        """Return covariance matrices, shape (rows, columns, 3, 3), complex NaN where there are no data."""
        window = (rows or slice(0, self.rows), columns or slice(0, self.columns))
        part = {name: file.read(name, *window) for name, file in self.files.items()}
        matrix = np.empty((*part["C11"].shape, 3, 3), np.complex64)
        for i, name in enumerate(("C11", "C22", "C33")):
            matrix[..., i, i] = part[name]
        for i, j in ((0, 1), (0, 2), (1, 2)):
            name = f"C{i + 1}{j + 1}"
            matrix[..., i, j] = np.nan_to_num(part[f"{name}_real"]) + 1j * np.nan_to_num(part[f"{name}_imag"])
            matrix[..., j, i] = matrix[..., i, j].conj()
        empty = np.isnan(part["C11"]) | np.isnan(part["C22"]) | np.isnan(part["C33"])
        matrix[empty] = np.nan
        return matrix


def open_c3(path: Path, where: str | None = None) -> CovarianceFolder:
    """Open a C3 folder, checking each file against ``config.txt``.

    Raises
    ------
    SourceError
        No configuration, another kind of matrix, or a file that is absent or of the wrong size.
    """
    name = where or path.name
    rows, columns = _config(path / "config.txt", f"{name}/config.txt")
    files = {}
    for part, meaning in PARTS.items():
        layer = LayerType((part,), "1", meaning)
        files[part] = LayerFile(path / f"{part}.bin", layer, rows, columns, f"{name}/{part}.bin")
        files[part].check()
    corner, step = _place(path / "C11.bin.hdr", name)
    return CovarianceFolder(rows, columns, files, corner, step)


class PolsarC3Reader:
    """Reader of a C3 folder; see the module's text for the options."""

    info = INFO

    def read(self, path: Path, *, source: str, options: Mapping[str, Any], targets: bool = True) -> SourceData:
        """Read the folder lazily; see `Reader.read`."""
        import xarray as xr

        chosen = check_options(options, {"date": "", "block": _BLOCK}, "polsar_c3")
        folder = open_c3(path, source)
        if folder.corner is None:
            raise SourceError(
                "the matrix has no place on a map", where=f"{source}/C11.bin.hdr",
                expected="map info = {Geographic Lat/Lon, ...}",
                next_step="Geocode it first, or use it with geocryoai retrieve polsar, which needs no place.",
            )  # fmt: skip
        fields = xr.Dataset(
            {
                name.lower(): xr.DataArray(
                    file.lazy(name, int(chosen["block"])), dims=("lat", "lon"),
                    attrs={"units": "1", "long_name": file.layer.long_name},
                )
                for name, file in folder.files.items()
            },
            coords=place_of(folder),
        )  # fmt: skip
        if chosen["date"]:
            day = parse_date(str(chosen["date"]))
            fields = fields.expand_dims("time").assign_coords(
                time_coordinates(np.array([day]), np.array([day + 1]), source)
            )
        return field_data(INFO, house_form(fields, LONLAT, source), [])


READER = PolsarC3Reader()


def place_of(folder: CovarianceFolder) -> dict[str, NDArray[np.float64]]:
    """Return latitude and longitude of the centres of rows and columns; empty without a place."""
    if folder.corner is None:
        return {}
    sizes = (folder.rows, folder.columns)
    return {
        name: corner + step * (np.arange(size, dtype=np.float64) + 0.5)
        for name, corner, step, size in zip(("lat", "lon"), folder.corner, folder.step, sizes, strict=True)
    }


def _config(path: Path, where: str) -> tuple[int, int]:
    if not path.is_file():
        raise SourceError("the folder has no configuration", where=where, expected="config.txt with Nrow and Ncol")
    lines = [line.strip() for line in path.read_text(encoding="utf-8", errors="replace").splitlines()]
    said = {key: value for key, value in pairwise(lines) if key and not key.startswith("-")}
    try:
        rows, columns = int(said["Nrow"]), int(said["Ncol"])
    except (KeyError, ValueError) as error:
        raise SourceError("no size in the configuration", where=where, expected="Nrow and Ncol") from error
    if said.get("PolarType", "full") != "full":
        raise SourceError("not a full covariance matrix", where=where, found=said["PolarType"], expected="full")
    return rows, columns


def _place(path: Path, where: str) -> tuple[tuple[float, float] | None, tuple[float, float]]:
    """Return the outer corner of the upper left pixel and the steps, latitude first, of an ENVI header."""
    match = _MAP_INFO.search(path.read_text(encoding="utf-8", errors="replace")) if path.is_file() else None
    if match is None:
        return None, (0.0, 0.0)
    words = [word.strip() for word in match[1].split(",")]
    if not words[0].lower().startswith("geographic"):
        return None, (0.0, 0.0)
    try:
        column, row, lon, lat, dlon, dlat = (float(word) for word in words[1:7])
    except ValueError as error:
        raise SourceError("the map info cannot be read", where=f"{where}/{path.name}", found=match[0]) from error
    return (lat + dlat * (row - 1), lon - dlon * (column - 1)), (-dlat, dlon)
