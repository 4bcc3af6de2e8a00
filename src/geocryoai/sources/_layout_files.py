"""The files of a layout: finding them, and opening each as arrays of stored numbers with their attributes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from geocryoai.core.errors import SourceError, nearest
from geocryoai.core.files import is_partial
from geocryoai.sources._fields import open_netcdf
from geocryoai.sources._geotiff import open_geotiff
from geocryoai.sources._hdf5 import hdf5_array, hdf5_attributes, hdf5_names, hdf5_vector
from geocryoai.sources._layout import Container, LayerLayout, Layout

#: First bytes of a file -> what it is.
_MAGIC: tuple[tuple[bytes, Container], ...] = (
    (b"CDF", "netcdf"), (b"\x89HD", "netcdf"), (b"II*\x00", "geotiff"), (b"MM\x00*", "geotiff"),
    (b"II+\x00", "geotiff"), (b"MM\x00+", "geotiff"),
)  # fmt: skip
_HDF4 = b"\x0e\x03\x13\x01"
_TEXT_GRID = (".asc", ".vrt")


@dataclass(frozen=True)
class OpenFile:
    """A file of a product, nothing of it read yet.

    Attributes
    ----------
    path : Path
    where : str
        The path as the user knows it.
    container : {"netcdf", "hdf5", "geotiff"}
    names : tuple of str
        Its variables.
    dataset : xarray.Dataset or None
        NetCDF and GeoTIFF: its variables and axes.
    crs : str or None
        Where the format itself carries it.
    attributes : dict
        Of the file.
    """

    path: Path
    where: str
    container: Container
    names: tuple[str, ...]
    dataset: xr.Dataset | None
    crs: str | None
    attributes: dict[str, Any]

    def array(self, name: str, take: tuple[int, ...] = ()) -> xr.DataArray:
        """Return a variable, lazily."""
        if self.dataset is None:
            return hdf5_array(self.path, name, take, self.where)
        return self.dataset[name]

    def vector(self, name: str) -> np.ndarray:
        """Return the values of a one-dimensional variable."""
        if name not in self.names:
            raise SourceError(f"variable '{name}' is absent", where=self.where, next_step=nearest(name, self.names))
        values = hdf5_vector(self.path, name, self.where) if self.dataset is None else self.dataset[name].values
        return np.asarray(values)


def find_files(path: Path, pattern: str, where: str) -> list[Path]:
    """Return the files of a product: the file itself, or those of a folder whose names match.

    Raises
    ------
    SourceError
        Neither a file nor a folder, or no file matches.
    """
    if path.is_file():
        return [path]
    if not path.is_dir():
        siblings = [p.name for p in path.parent.iterdir()] if path.parent.is_dir() else []
        raise SourceError(
            "the file or folder does not exist", where=where, found=path.name, next_step=nearest(path.name, siblings)
        )
    present = sorted(p for p in path.rglob("*") if p.is_file() and not p.name.startswith(".") and not is_partial(p))
    files = [p for p in present if re.search(pattern, p.name)]
    if not files:
        raise SourceError(
            "no file of the folder has a name of this product", where=where,
            found=", ".join(p.name for p in present[:3]) or "an empty folder", expected=pattern or "any file",
        )  # fmt: skip
    return files


def open_file(path: Path, layout: Layout, where: str) -> OpenFile:
    """Open a file as its container; what it is, is told by its first bytes.

    Raises
    ------
    SourceError
        Truncated, empty, of another format than the layout says, or HDF4.
    """
    container = _container(path, layout.container, where)
    if container == "hdf5":
        names = tuple(hdf5_names(path, where))
        return OpenFile(path, where, container, names, None, None, hdf5_attributes(path, where))
    if container == "geotiff":
        dataset, crs = open_geotiff(path, where, block=layout.block)
        if len(dataset.data_vars) == 1 and not _meant(str(next(iter(dataset.data_vars))), layout):
            dataset = dataset.rename({str(next(iter(dataset.data_vars))): path.stem})
        return OpenFile(path, where, container, tuple(map(str, dataset.data_vars)), dataset, crs, dict(dataset.attrs))
    dataset = open_netcdf(path, where, chunks={}, unpack=False, group=layout.group or None)
    names = tuple(map(str, dataset.variables))
    return OpenFile(path, where, container, names, dataset, None, dict(dataset.attrs))


def _meant(name: str, layout: Layout) -> bool:
    """Return whether a layer asks for a band by this name; else the only band of a file goes by the file's name."""
    return any(
        re.search(layer.path, name) is not None if layer.pattern else layer.path == name
        for layer in layout.layers.values()
    )


def name_of(file: OpenFile, key: str, layer: LayerLayout) -> str | None:
    """Return the name under which a file holds a layer; None where an optional layer, or one of other files, is absent.

    Raises
    ------
    SourceError
        Several names match.
    """
    if not layer.pattern:
        return layer.path if layer.path in file.names else None
    found = [name for name in file.names if re.search(layer.path, name)]
    if len(found) > 1:
        raise SourceError(
            f"several variables could be '{key}'", where=file.where, found=", ".join(found),
            next_step=f"Declare layers: {{{key}: {{path: NAME}}}}.",
        )  # fmt: skip
    return found[0] if found else None


def _container(path: Path, declared: Container | None, where: str) -> Container:
    with path.open("rb") as stream:
        magic = stream.read(16)
    if magic.startswith(_HDF4):
        raise SourceError(
            "an HDF4 file, which is not read", where=where, expected="NetCDF or GeoTIFF",
            next_step="Order the product as NetCDF or GeoTIFF (for MODIS and VIIRS: AppEEARS).",
        )  # fmt: skip
    text_grid = path.suffix.lower() in _TEXT_GRID
    found = "geotiff" if text_grid else next((kind for first, kind in _MAGIC if magic.startswith(first)), None)
    if declared == "hdf5" and found == "netcdf" and magic.startswith(b"\x89HD"):
        return "hdf5"
    if found is None or (declared is not None and found != declared):
        raise SourceError(
            "not a file of this product" if magic else "the file is empty", where=where, found=f"first bytes {magic!r}",
            expected=declared or "NetCDF, HDF5 or GeoTIFF",
        )  # fmt: skip
    return found
