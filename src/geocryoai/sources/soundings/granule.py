"""One granule of soundings as flat arrays: positions, corners, months, and layers in their units."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import xarray as xr

from geocryoai.core.calendar import decode_time, parse_period
from geocryoai.core.errors import GeoCryoAIError, SourceError, nearest
from geocryoai.sources._canonical import canonical
from geocryoai.sources._hdf5 import hdf5_names, hdf5_whole
from geocryoai.sources._layout import LayerLayout, Quality
from geocryoai.sources._layout_values import accepted, own_unit, stated_unit, unpacked
from geocryoai.sources.soundings.options import SoundingLayer, SoundingOptions, SoundingQuality

#: First bytes of HDF5, of which NetCDF-4 is a kind.
_MAGIC = b"\x89HDF\r\n\x1a\n"
#: Positions and flags are read as they are.
_PLAIN = LayerLayout(name="plain", unit="1")


@dataclass(frozen=True)
class Granule:
    """The soundings of a file that have a position, a time and a good quality.

    Attributes
    ----------
    total : int
        Soundings of the file, good or not.
    lon, lat : array, shape (n,)
        Centres; longitudes in [-180, 180) [degree].
    corners : array, shape (n, 4, 2), or None
        Longitude and latitude of the corners in order around the pixel; longitudes go on across the antimeridian.
    time : array of datetime64[us], shape (n,)
    values, sigma : dict of str to array, shape (n,)
        Layers by name in the house's unit, NaN where missing; standard errors of those that state one.
    notes : tuple of str
    """

    total: int
    lon: np.ndarray
    lat: np.ndarray
    corners: np.ndarray | None
    time: np.ndarray
    values: dict[str, np.ndarray]
    sigma: dict[str, np.ndarray]
    notes: tuple[str, ...]


class _File:
    """The variables of a file, and what they are called."""

    def __init__(self, path: Path, where: str) -> None:
        with path.open("rb") as stream:
            magic = stream.read(8)
        if magic != _MAGIC:
            raise SourceError(
                "not a file of soundings" if magic else "the file is empty", where=where,
                found=f"first bytes {magic!r}", expected="HDF5 or NetCDF-4", next_step="Fetch it again.",
            )  # fmt: skip
        self.path, self.where, self.names = path, where, hdf5_names(path, where)

    def raw(self, name: str) -> xr.DataArray:
        if name not in self.names:
            raise SourceError(f"variable '{name}' is absent", where=self.where, next_step=nearest(name, self.names))
        return hdf5_whole(self.path, name, self.where)

    def numbers(self, name: str, layer: LayerLayout = _PLAIN) -> xr.DataArray:
        raw = self.raw(name)
        if raw.dtype.kind not in "iuf":
            raise SourceError("the variable holds no numbers", where=f"{self.where}, {name}", found=str(raw.dtype))
        return unpacked(raw, layer, f"{self.where}, {name}")

    def flat(self, name: str, shape: tuple[int, ...], layer: LayerLayout = _PLAIN) -> xr.DataArray:
        """Return a variable that has a value for each sounding, flat."""
        array = self.numbers(name, layer)
        if _without_ones(array.shape) != _without_ones(shape):
            raise SourceError(
                "the variable has no value for each sounding", where=f"{self.where}, {name}", found=str(array.shape),
                expected=str(shape),
            )  # fmt: skip
        return xr.DataArray(array.to_numpy().ravel(), dims="sounding", attrs=array.attrs)


def read_granule(path: Path, options: SoundingOptions, where: str) -> Granule:
    """Read one granule.

    Parameters
    ----------
    path : Path
    options : SoundingOptions
    where : str
        The path as the user knows it.

    Raises
    ------
    SourceError
        Not HDF5 or truncated, a variable absent or of another shape, latitudes beyond the poles, a unit that is not the
        layer's, a time that is not understood.
    """
    file = _File(path, where)
    notes: list[str] = []
    latitude = file.numbers(options.latitude)
    shape = latitude.shape
    lat = latitude.to_numpy().ravel().astype(float)
    lon = file.flat(options.longitude, shape).to_numpy().astype(float)
    _check_position(lon, lat, f"{where}, {options.latitude}")
    time = _times(file, options, shape)
    good = np.isfinite(lat) & np.isfinite(lon) & ~np.isnat(time)
    for condition in options.quality:
        good &= _meets(file.flat(condition.path, shape), condition)
    values, sigma = {}, {}
    for layer in options.layers.values():
        given = _layer(file, layer, layer.path, shape, notes)
        values[layer.house] = given[good]
        if layer.sigma:
            sigma[layer.house] = _spread(file, layer, shape, notes)[good]
    corners = _corners(file, options, shape, lon)[good] if options.latitude_bounds else None
    wrapped = (lon + 180.0) % 360.0 - 180.0
    return Granule(len(lat), wrapped[good], lat[good], corners, time[good], values, sigma, tuple(dict.fromkeys(notes)))


def _without_ones(shape: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(size for size in shape if size != 1)


def _check_position(lon: np.ndarray, lat: np.ndarray, where: str) -> None:
    beyond = np.abs(lat[np.isfinite(lat)]) > 90.0
    if beyond.any():
        fits = bool((np.abs(lon[np.isfinite(lon)]) <= 90.0).all())
        raise SourceError(
            "latitudes beyond the poles", where=where, found=f"{float(np.nanmax(np.abs(lat))):g}",
            expected="-90 to 90",
            next_step="Latitude and longitude are exchanged: declare them the other way round." if fits
            else "Declare latitude and longitude, and the fill value of the file.",
        )  # fmt: skip
    if (np.abs(lon[np.isfinite(lon)]) > 360.0).any():
        raise SourceError("longitudes beyond a full circle", where=where, found=f"{float(np.nanmax(np.abs(lon))):g}",
                          expected="-180 to 360")  # fmt: skip


def _meets(values: xr.DataArray, condition: SoundingQuality) -> np.ndarray:
    good = values.notnull()
    if condition.above is not None:
        good &= values > condition.above + 1e-6 * abs(condition.above)
    if condition.at_least is not None:
        good &= values >= condition.at_least - 1e-6 * abs(condition.at_least)
    if condition.accept or condition.bits:
        good &= accepted(values, Quality(path=condition.path, accept=condition.accept, bits=condition.bits))
    return np.asarray(good.to_numpy(), bool)


def _layer(file: _File, layer: SoundingLayer, path: str, shape: tuple[int, ...], notes: list[str]) -> np.ndarray:
    where = f"{file.where}, {path}"
    array = file.flat(path, shape, layer)
    unit, factor = stated_unit(array, layer, "", where)
    array = (array * factor).assign_attrs({**array.attrs, "units": unit})
    if not bool(array.notnull().any()):
        return np.full(array.size, np.nan)
    if layer.meant is None:
        array = own_unit(array, unit, layer, where).assign_attrs(units=layer.unit)
    declared = layer.model_copy(update={"unit": unit if layer.meant is not None else layer.unit})
    return np.asarray(canonical(array, declared, None, where, notes).to_numpy(), float)


def _spread(file: _File, layer: SoundingLayer, shape: tuple[int, ...], notes: list[str]) -> np.ndarray:
    """Return standard errors in the unit of the layer; one below 0 is missing."""
    where = f"{file.where}, {layer.sigma}"
    array = file.flat(layer.sigma, shape, layer)
    unit, factor = stated_unit(array, layer, "", where)
    to = layer.unit if layer.meant is None else layer.canonical_unit
    both = xr.DataArray(np.stack([array.to_numpy() * factor, np.zeros(array.size)]), dims=("part", "sounding"))
    moved = own_unit(both, unit, layer.model_copy(update={"unit": to}), where).to_numpy()
    found = np.asarray(np.abs(moved[0] - moved[1]), float)
    negative = np.asarray(array.to_numpy() < 0)
    if negative.any():
        notes.append(f"{where}: {int(negative.sum())} standard errors below 0 are missing")
    return np.where(negative, np.nan, found)


def _corners(file: _File, options: SoundingOptions, shape: tuple[int, ...], lon: np.ndarray) -> np.ndarray:
    parts = []
    for name in (options.longitude_bounds, options.latitude_bounds):
        array = file.numbers(name)
        if array.ndim < 2 or array.shape[-1] != 4 or _without_ones(array.shape[:-1]) != _without_ones(shape):
            raise SourceError("the corners do not fit the soundings", where=f"{file.where}, {name}",
                              found=str(array.shape), expected=f"{(*shape, 4)}")  # fmt: skip
        parts.append(array.to_numpy().reshape(-1, 4).astype(float))
    around = lon[:, None] + (parts[0] - lon[:, None] + 180.0) % 360.0 - 180.0
    if (np.abs(parts[1][np.isfinite(parts[1])]) > 90.0).any():
        raise SourceError("latitudes beyond the poles", where=f"{file.where}, {options.latitude_bounds}")
    return np.stack([around, parts[1]], axis=-1)


def _times(file: _File, options: SoundingOptions, shape: tuple[int, ...]) -> np.ndarray:
    """Return the time of each sounding, flat; NaT where missing."""
    time = options.time
    if time.pattern:
        match = re.search(time.pattern, file.path.name)
        if match is None:
            raise SourceError("the name of the file holds no date", where=file.where, expected=time.pattern)
        digits = re.sub(r"\D", "", match["date"])[:8]
        try:
            start = parse_period(f"{digits[:4]}-{digits[4:6]}-{digits[6:8]}")[0]
        except GeoCryoAIError as error:
            raise SourceError("the date in the name of the file is impossible", where=file.where,
                              found=match["date"]) from error  # fmt: skip
        return np.full(int(np.prod(shape)), start, "datetime64[us]")
    where = f"{file.where}, {time.path}"
    raw = file.raw(time.path)
    stamps = _texts(raw.to_numpy(), where) if raw.dtype.kind in "OSU" else _decoded(file, time.path, time.units, where)
    return _spread_over(stamps, shape, where)


def _decoded(file: _File, name: str, units: str, where: str) -> np.ndarray:
    array = file.numbers(name)
    stated = str(array.attrs.get("units", ""))
    unit = stated if " since " in stated.lower() else units
    if not unit:
        raise SourceError("the time has no reference", where=where, found=f"'{stated}'", expected="'seconds since ...'",
                          next_step="Declare time: {units: 'seconds since YYYY-MM-DD'}.")  # fmt: skip
    values, unit = array.to_numpy().astype(float), unit.strip()
    if unit.lower().startswith(("millisecond", "msec", "ms ")):
        values, unit = values / 1000.0, "seconds " + unit.split(" ", 1)[1]
    try:
        return np.asarray(decode_time(values, unit))
    except GeoCryoAIError as error:
        raise SourceError(error.what, where=where, found=error.found, expected=error.expected) from error


def _texts(texts: np.ndarray, where: str) -> np.ndarray:
    plain = [text.decode("ascii", "replace") if isinstance(text, bytes) else str(text) for text in texts.ravel()]
    try:
        stamps = [np.datetime64(text.strip().rstrip("Z") or "NaT", "us") for text in plain]
    except ValueError as error:
        raise SourceError("a time is no ISO date", where=where, found=str(error)) from error
    return np.array(stamps, "datetime64[us]").reshape(texts.shape)


def _spread_over(stamps: np.ndarray, shape: tuple[int, ...], where: str) -> np.ndarray:
    """Return one time for each sounding from one for each, for each scan line, or one."""
    size, given = int(np.prod(shape)), _without_ones(stamps.shape)
    if stamps.size == 1:
        return np.full(size, stamps.ravel()[0])
    if given == _without_ones(shape):
        return stamps.ravel()
    lines = _without_ones(shape)
    if given == lines[: len(given)]:
        return np.repeat(stamps.ravel(), size // stamps.size)
    raise SourceError("the time is neither one of each sounding nor one of each scan line", where=where,
                      found=str(stamps.shape), expected=str(shape))  # fmt: skip
