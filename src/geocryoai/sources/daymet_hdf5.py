"""Daymet daily weather at one place as an HDF5 driver file of the ATS model, 365-day years.

Options
-------
site : str
lon, lat : float
    Position [degree]; default the middle of the box in the file's attributes, read in Alaska Albers.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import polars as pl

from geocryoai.core.calendar import day_of_year, parse_date
from geocryoai.core.errors import CalendarError, SourceError, nearest
from geocryoai.core.projection import LONLAT, transformer
from geocryoai.core.units import convert, to_canonical
from geocryoai.core.variables import variable
from geocryoai.sources._columns import together
from geocryoai.sources._ranges import check_unit_by_range
from geocryoai.sources._tabular import check_options, finish
from geocryoai.sources.base import SourceData, SourceInfo

#: CRS of the box in the attributes; its middle lies at 68.13 N, 149.82 W.
BOX_CRS = "EPSG:3338"

_UNIT = re.compile(r"(?P<what>.*) \[(?P<unit>.*)\]")

#: Name in the file -> house name; rain and snow add up to precipitation.
_DIRECT = {"air temperature": "tas", "incoming shortwave radiation": "rsds", "vapor pressure air": "vp"}
_RAIN, _SNOW, _WIND, _TIME = "precipitation rain", "precipitation snow", "wind speed", "time"

INFO = SourceInfo(
    name="daymet_hdf5",
    title="Daymet daily weather 1980-2022 at a hillslope near Toolik, as an ATS driver file",
    kind="covariates",
    licence="Daymet: open, with citation (NASA EOSDIS)",
    citation="Thornton et al. (2022), Daymet: Daily Surface Weather Data on a 1-km Grid for North America, V4 R1",
    formats=("h5",),
    covariates={"tas": "degC", "rsds": "W m-2", "pr": "mm d-1", "snowfall": "mm d-1", "vp": "Pa"},
    doi="10.3334/ORNLDAAC/2129",
    url="https://daymet.ornl.gov",
    quirks=(
        "Years have 365 days: 29 February is kept and 31 December of a leap year is absent.",
        "Units stand in the names of the data sets.",
        "Rain and snow are given apart; pr is their sum, snowfall the water equivalent of the snow.",
        "'vapor pressure air' was adjusted upstream and is nearer to the station than Daymet's own 'vp_orig'.",
        "Wind is a constant, not a measurement; it is not read.",
        "The file states a box in metres and no CRS; in Alaska Albers it lies at 68.13 N, 149.82 W.",
    ),
)


class DaymetHdf5Reader:
    """Reader of the driver file; see the module's text for the options."""

    info = INFO

    def read(self, path: Path, *, source: str, options: Mapping[str, Any], targets: bool = True) -> SourceData:
        """Read the driver; see `Reader.read`."""
        chosen = check_options(options, {"site": "Daymet Toolik hillslope", "lon": None, "lat": None}, "daymet_hdf5")
        series, attributes = _series(path, source)
        days = _dates(series[_TIME][0], attributes, source)
        fields = {house: _canonical(*_get(series, name, source), house, source) for name, house in _DIRECT.items()}
        rain, snow = (_canonical(*_get(series, name, source), "pr", source) for name in (_RAIN, _SNOW))
        fields |= {"pr": rain + snow, "snowfall": snow}
        info, notes = INFO, []
        wind, unit = _get(series, _WIND, source)
        if np.ptp(wind) == 0:
            notes.append(f"wind is the constant {wind[0]:g} {unit} in the whole file and is not read")
        else:
            fields["wind"] = _canonical(wind, unit, "wind", source)
            info = replace(INFO, covariates={**INFO.covariates, "wind": variable("wind").unit})
        lon, lat = chosen["lon"], chosen["lat"]
        if lon is None or lat is None:
            lon, lat = _position(attributes, source)
            notes.append(f"position {lat:.3f} N, {lon:.3f} E is the middle of the file's box, read in {BOX_CRS}")
        start = pl.Series(days.astype("datetime64[us]"))
        place = {"site": chosen["site"], "lon": pl.Series([lon] * days.size), "lat": pl.Series([lat] * days.size)}
        parts = [pl.Series(name, values) for name, values in fields.items()]
        records = together(parts, source, **place, time_start=start, time_end=start.dt.offset_by("1d"))
        return finish(info, records, [], [], notes)


READER = DaymetHdf5Reader()

Series = dict[str, tuple[np.ndarray, str]]


def _series(path: Path, where: str) -> tuple[Series, dict[str, Any]]:
    """Return all series with their units, and the attributes of the file."""
    if not path.is_file():
        raise SourceError("the file does not exist", where=where, found=path.name)
    series: Series = {}
    try:
        with h5py.File(path, "r") as file:
            for name, dataset in file.items():
                match = _UNIT.fullmatch(name)
                if match is not None:
                    series[match["what"]] = (np.asarray(dataset[()], dtype=float), match["unit"])
            attributes = dict(file.attrs)
    except OSError as error:
        raise SourceError("not an HDF5 file, or a truncated one", where=where, found=str(error)) from error
    _get(series, _TIME, where)
    lengths = {name: values.size for name, (values, _) in series.items()}
    if len(set(lengths.values())) != 1:
        raise SourceError("series of different length", where=where, found=str(lengths))
    return series, attributes


def _get(series: Series, name: str, where: str) -> tuple[np.ndarray, str]:
    if name not in series:
        raise SourceError(f"series '{name}' is absent", where=where, next_step=nearest(name, series))
    return series[name]


def _canonical(values: np.ndarray, unit: str, house: str, where: str) -> np.ndarray:
    if not np.isfinite(values).all():
        raise SourceError("values are missing in a series that should be complete", where=f"{where}, {house}")
    meant = variable(house)
    clean = unit.replace("SWE ", "").replace("^", "")
    canonical: np.ndarray = to_canonical(values, clean, house, positive=meant.positive)
    remedy = "correct the unit in the name of the series"
    check_unit_by_range(canonical, meant, where=where, unit=unit, remedy=remedy)
    low, high = meant.valid
    if canonical.min() < low or canonical.max() > high:
        found = f"{canonical.min():g} to {canonical.max():g} {meant.unit}"
        raise SourceError("impossible values", where=f"{where}, {house}", found=found, expected=f"{low:g} to {high:g}")
    return canonical


def _dates(seconds: np.ndarray, attributes: Mapping[str, Any], where: str) -> np.ndarray:
    """Return the date of each record: day 1 to 365 of each year of the real calendar."""
    origin = str(attributes.get("origin date", ""))
    try:
        first = parse_date(origin)
    except CalendarError as error:
        raise SourceError(
            "no date of origin", where=where, found=f"'{origin}'", expected="attribute 'origin date'"
        ) from error
    count = seconds.size
    if not np.array_equal(seconds, np.arange(count) * convert(1.0, "day", "s")):
        raise SourceError("the time axis is not daily from the date of origin", where=f"{where}, time")
    year = int(first.astype("datetime64[Y]").astype(int)) + 1970
    if str(first) != f"{year}-01-01" or count % 365:
        raise SourceError("not whole years of 365 days", where=where, found=f"{count} days from {first}")
    return day_of_year(year + np.arange(count) // 365, np.arange(count) % 365 + 1)


def _position(attributes: Mapping[str, Any], where: str) -> tuple[float, float]:
    try:
        x, y = (np.mean([float(attributes[f"DayMet {axis} {end}"]) for end in ("min", "max")]) for axis in "xy")
    except KeyError as error:
        raise SourceError(
            "the file has no position", where=where, found=f"no attribute {error}", next_step="Declare lon and lat."
        ) from error
    lon, lat = transformer(BOX_CRS, LONLAT).transform(x, y)
    return float(lon), float(lat)
