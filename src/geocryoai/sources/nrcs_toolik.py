"""NRCS Toolik soil-climate station: daily air and soil temperature and liquid water, 1998-2011.

Options
-------
years : list of int
    Years in which the depths of the multi-sensor rod are true; other years of the rod are given as ``doubtful``.
lon, lat : float
    Position [degree]; the file has none.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from geocryoai.core.calendar import day_of_year
from geocryoai.core.errors import SourceError
from geocryoai.core.variables import variable
from geocryoai.sources._columns import together
from geocryoai.sources._declared import Taken, TextTable
from geocryoai.sources._tabular import check_options, exclude, finish, numbers, observe, read_csv, rows_of
from geocryoai.sources.base import SourceData, SourceInfo

#: Lowest temperature that a Hydra probe reports [degC].
HYDRA_FLOOR = -13.92

#: Years in which the rod stood at its nominal depths; later it heaved and sank back.
TRUE_YEARS = (1999, 2000, 2001, 2005, 2006)

_ROD = re.compile(r"temp\.soil\.(\d+)mm\.C")
_CAMPBELL = re.compile(r"temp\.soil\.(\d+)mm\.campbell\.C")
_HYDRA_DEPTHS = ("120mm", "90mm", "280mm.r1", "280mm.r2", "390mm", "680mm")
_UNIT_ROW, _HEADER_ROW = 2, 3

INFO = SourceInfo(
    name="nrcs_toolik",
    title="NRCS soil-climate station Toolik, daily 1998-2011",
    kind="observations",
    licence="Public domain (United States Department of Agriculture), redistributable with attribution",
    citation="USDA Natural Resources Conservation Service, soil climate research station Toolik, Alaska",
    formats=("csv", "csv.gz"),
    measures=("tg", "sm"),
    covariates={"tas": "degC"},
    url="https://www.nrcs.usda.gov",
    quirks=(
        "Four header lines (what, depth, unit, name); the names are in the fourth.",
        "The multi-sensor rod heaves: only 1999-2001 and 2005-2006 are true to depth, other years are doubtful.",
        "Hydra probes report no temperature below -13.92 degC; values at that floor are taken out.",
        "In 2004 the columns of the Hydra probes are shifted; those rows of the probes are taken out.",
        "Water content is liquid water, near zero in frozen ground.",
        "15 August 2004 is absent, and five days are means of fewer than 24 hours.",
        "Precipitation is the mean of hourly amounts of an unheated gauge with gaps; it is not read.",
        "Dates are the station's calendar days; the file has no time zone and no position.",
    ),
)


class NrcsToolikReader:
    """Reader of the daily table; see the module's text for the options."""

    info = INFO

    def read(self, path: Path, *, source: str, options: Mapping[str, Any], targets: bool = True) -> SourceData:
        """Read the station; see `Reader.read`."""
        defaults = {"years": list(TRUE_YEARS), "lon": -149.6, "lat": 68.62}
        chosen = check_options(options, defaults, "nrcs_toolik")
        basic = ["site.ID", "year", "DOY", "n.avg", "temp.air.C"]
        cells = read_csv(path, where=source, before=_HEADER_ROW, columns=basic)
        _check_units(path, source)
        taken = Taken()
        start = _dates(cells, source)
        rows = pl.Series(range(cells.height), dtype=pl.Int64)
        table = TextTable(cells, rows, source, start.to_numpy().astype("datetime64[M]"))
        air = table.canonical("temp.air.C", variable("tas"), "degC", None, trust=False, taken=taken, name="tas")
        station = {"site": "NRCS Toolik", "lon": chosen["lon"], "lat": chosen["lat"]}
        records = together([air], source, **station, time_start=start, time_end=start.dt.offset_by("1d"))
        notes = [f"rod temperatures outside {', '.join(map(str, chosen['years']))} are doubtful (the rod heaves)"]
        if not targets:
            return finish(INFO, records, [], taken.exclusions, notes)
        quality = pl.select(
            pl.when(start.dt.year().is_in(chosen["years"])).then(pl.lit("measured")).otherwise(pl.lit("doubtful"))
        )
        observations = [
            *_temperatures(table, records, _ROD, "rod thermistor", quality.to_series(), taken),
            *_temperatures(table, records, _CAMPBELL, "Campbell probe", "measured", taken),
            *_hydra(table, records, taken),
        ]
        return finish(INFO, records, observations, taken.exclusions, notes)


READER = NrcsToolikReader()


def _check_units(path: Path, where: str) -> None:
    """Raise where the unit above a column is not the one expected for its name."""
    top = read_csv(path, where=where, number_repeats=True).head(_HEADER_ROW)
    units, names = (list(top.row(i)) for i in (_UNIT_ROW - 1, _HEADER_ROW - 1))
    for name, unit in zip(names, units, strict=True):
        expected = (
            "deg C"
            if str(name).startswith(("temp.air", "temp.soil"))
            else "wfv"
            if str(name).startswith("VWC")
            else unit
        )
        if unit != expected:
            raise SourceError(
                "the unit has changed", where=f"{where}, column '{name}'", found=f"'{unit}'", expected=f"'{expected}'"
            )


def _dates(cells: pl.DataFrame, source: str) -> pl.Series:
    year, _ = numbers(cells, "year", source=source)
    day, _ = numbers(cells, "DOY", source=source)
    if year.has_nulls() or day.has_nulls():
        raise SourceError("a row has no year or no day of the year", where=source)
    dates = day_of_year(year.to_numpy().astype(np.int64), day.to_numpy().astype(np.int64)).astype("datetime64[us]")
    repeated = pl.Series(dates).is_duplicated()
    if repeated.any():
        raise SourceError("a day is given twice", where=source, found=f"data rows {rows_of(repeated).to_list()}")
    return pl.Series("time_start", dates)


def _temperatures(
    table: TextTable,
    records: pl.DataFrame,
    pattern: re.Pattern[str],
    method: str,
    quality: str | pl.Series,
    taken: Taken,
) -> list[pl.DataFrame]:
    """Return the temperatures of all columns whose name fits, the depth taken from the name."""
    hydra = {f"temp.soil.{probe.split('.')[0]}.C" for probe in _HYDRA_DEPTHS if "." not in probe}
    found = [(name, match) for name in table.cells.columns if (match := pattern.fullmatch(name)) and name not in hydra]
    if not found:
        raise SourceError(
            f"no column of the {method} is left", where=table.source, expected=f"names like {pattern.pattern}"
        )
    parts = []
    for name, match in found:
        values = table.canonical(name, variable("tg"), "degC", None, trust=False, taken=taken, name="tg")
        depth = int(match[1]) / 1000
        parts.append(observe(records, values, variable="tg", method=method, depth=depth, quality=quality))
    return parts


def _hydra(table: TextTable, records: pl.DataFrame, taken: Taken) -> list[pl.DataFrame]:
    """Return temperature and liquid water of the Hydra probes, without shifted rows and floored temperatures."""
    water = {probe: numbers(table.cells, f"VWC.{probe}", source=table.source)[0] for probe in _HYDRA_DEPTHS}
    shifted = pl.DataFrame(water).select(pl.any_horizontal(pl.all() > 1.0).fill_null(False).alias("s"))["s"]
    parts = []
    for probe in _HYDRA_DEPTHS:
        depth = int(probe.split("mm")[0]) / 1000
        method = "Hydra probe" + (f" {probe[-1]}" if "." in probe else "")
        for name, house, unit in ((f"temp.soil.{_suffixed(probe)}", "tg", "degC"), (f"VWC.{probe}", "sm", "1")):
            text = table.cells[name]
            clean = TextTable(table.cells.with_columns(text.set(shifted, None)), table.rows, table.source, table.months)
            values = clean.canonical(name, variable(house), unit, None, trust=False, taken=taken, name=house)
            floor = (
                (values <= HYDRA_FLOOR + 1e-6).fill_null(False) if house == "tg" else pl.Series([False] * len(values))
            )
            for mask, reason in (
                (shifted, "columns of the probes are shifted"),
                (floor, "at the floor of the probe, -13.92 degC"),
            ):
                rows = rows_of(mask & text.is_not_null())
                taken.exclusions.append(
                    exclude(text.gather(rows), rows, source=table.source, variable=house, reason=reason)
                )
            parts.append(observe(records, values.set(floor, None), variable=house, method=method, depth=depth))
    return parts


def _suffixed(probe: str) -> str:
    """Return the ending of a probe's temperature column: ``120mm.C``, ``280mm.C.r1``."""
    depth, _, replicate = probe.partition(".")
    return f"{depth}.C.{replicate}" if replicate else f"{depth}.C"
