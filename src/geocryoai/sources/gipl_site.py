"""GIPL text inputs of one cold site, with 757 days of measured ground temperature at 12 depths.

Options
-------
start : str
    ISO date of the first day; without it the records carry day numbers and no date (the site's files have none).
site : str
lon, lat : float
    Name and position of the site, which is not stated.
depths : list of float
    Depths of the columns of ``mesres.txt`` [m].
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from geocryoai.core.calendar import parse_date
from geocryoai.core.errors import SourceError
from geocryoai.core.variables import variable
from geocryoai.sources._columns import together
from geocryoai.sources._declared import Taken, TextTable
from geocryoai.sources._ranges import check_unit_by_range
from geocryoai.sources._tabular import BLANKS, check_options, finish, observe, read_text
from geocryoai.sources.base import SourceData, SourceInfo
from geocryoai.sources.gipl_inputs import GiplInputs, read_gipl_inputs

#: Depths of the measured temperatures [m].
DEPTHS = (0.0, 0.087, 0.137, 0.213, 0.289, 0.363, 0.441, 0.517, 0.594, 0.745, 0.899, 1.114)

#: The initial profile repeats the first measured day, rounded; it may differ by this much [m], [K].
_DEPTH_TOLERANCE, _TEMPERATURE_TOLERANCE = 0.015, 0.06

INFO = SourceInfo(
    name="gipl_site",
    title="GIPL inputs of a cold site with measured ground temperature at 12 depths, 757 days",
    kind="observations",
    licence="MIT",
    citation="GIPL model inputs and measured ground temperatures, permamodel project",
    formats=("folder of txt",),
    measures=("tg",),
    covariates={"day": "d", "tas": "degC", "snd": "m", "snow_conductivity": "W m-1 K-1"},
    url="https://github.com/permamodel/gipl",
    quirks=(
        "The site, its position and the dates are not stated; the first day is in summer.",
        "Depths stand in no file but, rounded, in the initial profile, which repeats the first measured day.",
        "Grid depths are negative above the ground.",
        "rsnow.txt holds the thermal conductivity of snow, not its density.",
    ),
)


class GiplSiteReader:
    """Reader of the folder of text files; see the module's text for the options."""

    info = INFO

    def read(self, path: Path, *, source: str, options: Mapping[str, Any], targets: bool = True) -> SourceData:
        """Read the site; see `Reader.read`."""
        defaults = {"start": None, "site": "GIPL site", "lon": None, "lat": None, "depths": list(DEPTHS)}
        chosen = check_options(options, defaults, "gipl_site")
        inputs = read_gipl_inputs(path, source)
        notes = [] if chosen["start"] else ["the days have no date: declare the option start to place them in time"]
        records = _records(inputs, chosen, source)
        taken = Taken()
        observations = (
            _measured(path / "mesres.txt", inputs, chosen["depths"], records, source, taken) if targets else []
        )
        return finish(INFO, records, observations, taken.exclusions, notes)


READER = GiplSiteReader()


def _records(inputs: GiplInputs, chosen: Mapping[str, Any], source: str) -> pl.DataFrame:
    count = inputs.air_temperature.size
    start = pl.Series([None] * count, dtype=pl.Datetime("us"))
    if chosen["start"]:
        first = parse_date(chosen["start"])
        start = pl.Series((first + np.arange(count)).astype("datetime64[us]"))
    forcing = {"tas": inputs.air_temperature, "snd": inputs.snow_depth}
    for name, values in forcing.items():
        unit = variable(name).unit
        check_unit_by_range(values, variable(name), where=f"{source}, {name}", unit=unit, remedy="convert the file")
    day = pl.Series("day", range(1, count + 1), dtype=pl.Float64)
    parts = [day, *(pl.Series(name, values) for name, values in forcing.items())]
    parts.append(pl.Series("snow_conductivity", inputs.snow_conductivity))
    position = {name: pl.Series([chosen[name]] * count, dtype=pl.Float64) for name in ("lon", "lat")}
    return together(parts, source, site=chosen["site"], **position, time_start=start, time_end=start.dt.offset_by("1d"))


def _measured(
    path: Path, inputs: GiplInputs, depths: list[float], records: pl.DataFrame, source: str, taken: Taken
) -> list[pl.DataFrame]:
    """Return the measured temperatures, one column for each depth; row k is day k + 1."""
    where = f"{source}/{path.name}"
    lines = [line.split("\t") for line in read_text(path, where).rstrip().splitlines()]
    widths = {len(line) for line in lines}
    if widths != {len(depths)} or len(lines) != records.height:
        raise SourceError(
            "the measured temperatures do not fit the site", where=where,
            found=f"{len(lines)} rows of {sorted(widths)} values",
            expected=f"{records.height} days at {len(depths)} depths",
        )  # fmt: skip
    names = [f"{depth:g} m" for depth in depths]
    cells = pl.DataFrame(
        [[_cell(c) for c in line] for line in lines], schema=dict.fromkeys(names, pl.String), orient="row"
    )
    table = TextTable(cells, records["source_row"], source, np.full(len(lines), np.datetime64("NaT", "M")))
    parts = []
    first_day = []
    for name, depth in zip(names, depths, strict=True):
        values = table.canonical(name, variable("tg"), "degC", None, trust=False, taken=taken, name="tg")
        first_day.append(values[0])
        parts.append(observe(records, values, variable="tg", method="thermistor", depth=float(depth)))
    _compare_with_initial(inputs, depths, first_day, where)
    return parts


def _compare_with_initial(inputs: GiplInputs, depths: list[float], first_day: list[float | None], where: str) -> None:
    below = inputs.initial_depth >= 0
    depth, temperature = inputs.initial_depth[below], inputs.initial_temperature[below]
    measured = np.array([np.nan if value is None else value for value in first_day])
    same = depth.size == len(depths) and np.abs(depth - np.array(depths)).max() <= _DEPTH_TOLERANCE
    if not same or np.nanmax(np.abs(temperature - measured)) > _TEMPERATURE_TOLERANCE:
        raise SourceError(
            "the first measured day is not the initial profile, so the depths are in doubt", where=where,
            found=f"{np.round(measured, 2).tolist()} at {depths} m",
            expected=f"{temperature.tolist()} at {depth.tolist()} m",
            next_step="Declare the option depths.",
        )  # fmt: skip


def _cell(text: str) -> str | None:
    cell = text.strip()
    return None if cell in BLANKS else cell
