"""Variables of an HDF5 file as lazy arrays, with their attributes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from geocryoai.core.errors import SourceError

#: Most cells along a side of a block, where the file is not stored in chunks.
_SIDE = 512


def hdf5_names(path: Path, where: str) -> list[str]:
    """Return the paths of all variables of an HDF5 file, in order.

    Raises
    ------
    SourceError
        Not an HDF5 file, or a truncated one.
    """
    import h5py

    names: list[str] = []

    def note(name: str, item: Any) -> None:
        if isinstance(item, h5py.Dataset):
            names.append(name)

    with _opened(path, where) as file:
        file.visititems(note)
    return names


def hdf5_array(path: Path, name: str, take: tuple[int, ...], where: str) -> xr.DataArray:
    """Return a variable on ``y, x`` (or its own further dimensions), read block by block when used.

    Parameters
    ----------
    path : Path
    name : str
        Path of the variable in the file.
    take : tuple of int
        Entries of the leading dimensions that are taken.
    where : str
        The path as the user knows it, for messages.
    """
    import dask.array

    with _opened(path, where) as file:
        stored = file[name]
        shape, dtype = stored.shape[len(take) :], stored.dtype
        chunks = (stored.chunks or stored.shape)[len(take) :]
        attributes = {str(key): _plain(value) for key, value in stored.attrs.items() if not _is_reference(value)}
        if any(index >= size for index, size in zip(take, stored.shape, strict=False)) or len(shape) < 2:
            raise SourceError(
                "the variable has other dimensions", where=f"{where}, {name}", found=str(stored.shape),
                expected=f"{len(take)} leading dimensions, then rows and columns",
            )  # fmt: skip
    side = tuple(min(max(chunk, _SIDE), size) for chunk, size in zip(chunks, shape, strict=True))
    lazy = dask.array.from_array(  # type: ignore[no-untyped-call]
        _Stored(path, name, take, shape, dtype, where), chunks=side, asarray=False, fancy=False,
        meta=np.empty((0,) * len(shape), dtype),
    )  # fmt: skip
    further = tuple(f"dim_{i}" for i in range(len(shape) - 2))
    return xr.DataArray(lazy, dims=(*further, "y", "x"), attrs=attributes, name=name)


def hdf5_vector(path: Path, name: str, where: str) -> np.ndarray:
    """Return a small variable whole."""
    with _opened(path, where) as file:
        return np.asarray(file[name][()])


def hdf5_whole(path: Path, name: str, where: str) -> xr.DataArray:
    """Return a variable of any dimensions whole, stored numbers or text, with its attributes."""
    with _opened(path, where) as file:
        stored = file[name]
        attributes = {str(key): _plain(value) for key, value in stored.attrs.items() if not _is_reference(value)}
        try:
            values = np.asarray(stored[()])
        except OSError as error:
            raise SourceError(
                "the data cannot be read (is the file truncated?)", where=f"{where}, {name}", found=str(error),
                next_step="Fetch it again.",
            ) from error  # fmt: skip
    return xr.DataArray(values, attrs=attributes, name=name)


def hdf5_attributes(path: Path, where: str) -> dict[str, Any]:
    """Return the attributes of the file itself."""
    with _opened(path, where) as file:
        return {str(key): _plain(value) for key, value in file.attrs.items() if not _is_reference(value)}


def hdf5_value(path: Path, name: str, attribute: str, where: str) -> Any:
    """Return a single value, or an attribute of a variable; None where there is no such attribute."""
    with _opened(path, where) as file:
        item = file[name]
        value = item.attrs.get(attribute) if attribute else item[()]
        return None if value is None else _plain(value)


class _Stored:
    """A variable of a file that is opened for each block, so that nothing stays open."""

    def __init__(
        self, path: Path, name: str, take: tuple[int, ...], shape: tuple[int, ...], dtype: np.dtype[Any], where: str
    ) -> None:
        self.path, self.name, self.take, self.where = path, name, take, where
        self.shape, self.dtype, self.ndim = shape, dtype, len(shape)

    def __getitem__(self, key: tuple[slice, ...]) -> np.ndarray:
        with _opened(self.path, self.where) as file:
            try:
                return np.asarray(file[self.name][(*self.take, *key)])
            except OSError as error:
                raise SourceError(
                    "the data cannot be read (is the file truncated?)", where=f"{self.where}, {self.name}",
                    found=str(error), next_step="Fetch it again.",
                ) from error  # fmt: skip


def _opened(path: Path, where: str) -> Any:
    import h5py

    try:
        return h5py.File(path, "r")
    except OSError as error:
        raise SourceError(
            "not an HDF5 file, or a truncated one", where=where, found=str(error), next_step="Fetch it again."
        ) from error


def _is_reference(value: Any) -> bool:
    """Return whether an attribute is a reference to another variable, or a table: nothing that a reader needs."""
    if isinstance(value, np.ndarray) and value.dtype.kind == "O":
        return not all(isinstance(entry, str | bytes) for entry in value.ravel())
    return getattr(getattr(value, "dtype", None), "kind", "") == "V" or type(value).__name__ == "Reference"


def _plain(value: Any) -> Any:
    """Return an attribute as text or number: HDF5 gives bytes, and arrays of one entry."""
    if isinstance(value, np.ndarray) and value.size == 1:
        value = value.ravel()[0]
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return value.item() if isinstance(value, np.generic) else value
