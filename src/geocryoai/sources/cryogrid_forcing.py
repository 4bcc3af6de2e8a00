"""Forcing of the CryoGrid model at one place: a MATLAB file (version 5) with the structure ``FORCING.data``.

Options
-------
site : str
lon, lat : float
    Position [degree]; the file states none.
precipitation_unit : str
    Unit of rainfall and snowfall (CryoGrid's own convention is ``mm d-1``); without it they are not read.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from geocryoai.core.errors import SourceError, nearest
from geocryoai.core.units import to_canonical
from geocryoai.core.variables import variable
from geocryoai.sources._columns import together
from geocryoai.sources._ranges import check_unit_by_range
from geocryoai.sources._tabular import check_options, finish
from geocryoai.sources.base import SourceData, SourceInfo

#: Name in the file -> house name and unit.
_SERIES = {
    "Tair": ("tas", "degC"),
    "Sin": ("rsds", "W m-2"),
    "Lin": ("rlds", "W m-2"),
    "q": ("huss", "kg kg-1"),
    "wind": ("wind", "m s-1"),
    "p": ("ps", "Pa"),
}
_RAIN, _SNOW, _TIME = "rainfall", "snowfall", "t_span"

#: MATLAB counts days from the year 0: 1970-01-01 is day 719529.
_EPOCH = 719_529.0
#: Names of the first bytes of MATLAB files.
_VERSION_5, _VERSION_7 = b"MATLAB 5.0", b"MATLAB 7.3"

INFO = SourceInfo(
    name="cryogrid_forcing",
    title="CryoGrid forcing at one place: air temperature, radiation, humidity, wind, precipitation",
    kind="covariates",
    licence="as stated by whoever made the file",
    citation="Westermann et al. (2023), The CryoGrid community model, Geosci. Model Dev. 16, 2607-2647",
    formats=("mat",),
    covariates={
        "tas": "degC", "rsds": "W m-2", "rlds": "W m-2", "huss": "1", "wind": "m s-1", "ps": "Pa", "pr": "mm d-1",
        "snowfall": "mm d-1",
    },
    url="https://github.com/CryoGrid",
    quirks=(
        "Times are MATLAB day numbers; each record lasts to the next one.",
        "Tiny negative radiation and precipitation (from interpolation) become 0; longwave radiation of 0 is a gap.",
        "The file holds no units: precipitation_unit must be declared, or rain and snow are left out.",
        "What CryoGrid writes (MATLAB classes) cannot be read: export it as NetCDF or CSV.",
    ),
)  # fmt: skip


class CryoGridForcingReader:
    """Reader of a forcing file; see the module's text for the options."""

    info = INFO

    def read(self, path: Path, *, source: str, options: Mapping[str, Any], targets: bool = True) -> SourceData:
        """Read the forcing; see `Reader.read`."""
        known = {"site": None, "lon": None, "lat": None, "precipitation_unit": ""}
        chosen = check_options(options, known, "cryogrid_forcing")
        absent = [name for name in ("site", "lon", "lat") if chosen[name] is None]
        if absent:
            raise SourceError("the file holds no place", where=source, next_step=f"Declare {', '.join(absent)}.")
        series = _load(path, source)
        start, end = _times(series, source)
        notes: list[str] = []
        columns = [pl.Series(house, _canonical(series, name, house, unit, source, notes), nan_to_null=True)
                   for name, (house, unit) in _SERIES.items()]  # fmt: skip
        columns += _precipitation(series, chosen["precipitation_unit"], start.size, source, notes)
        place = {
            "site": chosen["site"],
            "lon": pl.Series([float(chosen["lon"])] * start.size),
            "lat": pl.Series([float(chosen["lat"])] * start.size),
        }
        records = together(columns, source, **place, time_start=pl.Series(start), time_end=pl.Series(end))
        return finish(self.info, records, [], [], notes)


READER = CryoGridForcingReader()

Series = dict[str, np.ndarray]


def _load(path: Path, where: str) -> Series:
    """Return the series of ``FORCING.data``; nothing in the file is executed."""
    from scipy.io import loadmat

    if not path.is_file():
        raise SourceError("the file does not exist", where=where, found=path.name)
    with path.open("rb") as stream:
        head = stream.read(116)
    if not head.startswith(_VERSION_5):
        found = "MATLAB 7.3 (HDF5)" if head.startswith(_VERSION_7) else f"first bytes {head[:8]!r}"
        raise SourceError(
            "not a MATLAB 5 file", where=where, found=found, next_step="Save it in MATLAB with save(..., '-v7')."
        )
    try:
        tree = loadmat(path, struct_as_record=False, squeeze_me=True, variable_names=["FORCING"])
    except Exception as error:
        raise SourceError("the MATLAB file is truncated or damaged", where=where, found=str(error)) from error
    data = getattr(tree.get("FORCING"), "data", None)
    names = getattr(data, "_fieldnames", None)
    if names is None:
        raise SourceError("the file holds no forcing", where=where, expected="a structure FORCING.data")
    return {name: np.asarray(getattr(data, name)) for name in names}


def _get(series: Series, name: str, size: int | None, where: str) -> np.ndarray:
    if name not in series:
        raise SourceError(f"series '{name}' is absent", where=where, next_step=nearest(name, series))
    try:
        values = np.asarray(series[name], dtype=float).ravel()
    except (TypeError, ValueError) as error:
        raise SourceError(f"series '{name}' does not hold numbers", where=where, found=str(error)) from error
    if size is not None and values.size != size:
        raise SourceError("series of different length", where=f"{where}, {name}", found=values.size, expected=size)
    return values


def _times(series: Series, where: str) -> tuple[np.ndarray, np.ndarray]:
    days = _get(series, _TIME, None, where)
    steps = np.diff(days)
    if days.size < 2 or not np.isfinite(days).all() or (steps <= 0).any():
        raise SourceError("the time axis is not ascending", where=f"{where}, {_TIME}", found=f"{days.size} times")
    seconds = np.rint((days - _EPOCH) * 86400.0).astype("int64")
    start = seconds.astype("datetime64[s]").astype("datetime64[us]")
    last = np.timedelta64(round(float(np.median(steps)) * 86400.0), "s").astype("timedelta64[us]")
    return start, np.append(start[1:], start[-1] + last)


def _canonical(series: Series, name: str, house: str, unit: str, where: str, notes: list[str]) -> np.ndarray:
    values = _get(series, name, series[_TIME].size, where)
    meant = variable(house)
    canonical = np.array(to_canonical(values, unit, house, positive=meant.positive), dtype=float)
    if house == "rlds" and (gap := canonical <= 0).any():
        canonical[gap] = np.nan
        notes.append(f"{int(gap.sum())} values of longwave radiation are 0: gaps")
    if house == "rsds" and (below := (canonical < 0) & (canonical > -1.0)).any():
        canonical[below] = 0.0
        notes.append(f"{int(below.sum())} values of shortwave radiation just below 0 are 0")
    check_unit_by_range(canonical, meant, where=f"{where}, {name}", unit=unit, remedy="export the file anew")
    low, high = meant.valid
    beyond = (canonical < low) | (canonical > high)
    if beyond.any():
        notes.append(f"{int(beyond.sum())} impossible values of {house} are missing")
    return np.where(beyond, np.nan, canonical)


def _precipitation(series: Series, unit: str, size: int, where: str, notes: list[str]) -> list[pl.Series]:
    if not unit:
        notes.append("rainfall and snowfall have no unit and are not read; declare precipitation_unit")
        nothing = pl.Series([None] * size, dtype=pl.Float64)
        return [nothing.alias("pr"), nothing.alias("snowfall")]
    rain, snow = (_get(series, name, size, where) for name in (_RAIN, _SNOW))
    smallest = min(float(rain.min()), float(snow.min()))
    if smallest < -1e-3 * max(float(rain.max()), float(snow.max()), 1e-9):
        raise SourceError("negative precipitation", where=where, found=f"{smallest:g}", expected="0 or more")
    amounts = [np.asarray(to_canonical(np.maximum(part, 0.0), unit, "pr"), float) for part in (rain + snow, snow)]
    check_unit_by_range(
        amounts[0], variable("pr"), where=where, unit=unit, remedy="declare the right precipitation_unit"
    )
    return [pl.Series("pr", amounts[0], nan_to_null=True), pl.Series("snowfall", amounts[1], nan_to_null=True)]
