"""Ground temperature in boreholes: daily, at a few depths, with sensor offsets, noise, failed sensors and gaps.

A borehole has a column of its own, under the weather of its cell: its organic layer and its snow differ from those of
the cell. In autumn its sensors wait near 0 degC while the water around them freezes.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from geocryoai.twin.fields import stream
from geocryoai.twin.freeze_up import freeze_up
from geocryoai.twin.ground import groups, of_cells, run_columns, temperature_at
from geocryoai.twin.parameters import clipped
from geocryoai.twin.probes import SENTINEL
from geocryoai.twin.study import SENSORS
from geocryoai.twin.surface import Intervals

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geocryoai.twin.network import Sites
    from geocryoai.twin.options import TwinOptions
    from geocryoai.twin.truth import Truth

    Floats = NDArray[np.float64]

#: Standard deviation of a sensor's offset and of its daily noise, and step of the logger [degC].
_OFFSET, _NOISE, _STEP = 0.12, 0.03, 0.01
#: Longest operation [years], gaps a year without any row, their longest length [d].
_LONGEST, _GAPS, _GAP_DAYS = 8, 0.7, 60
#: Probability that a sensor fails for good during the operation, and that one day's value is lost.
_FAILURE, _LOST = 0.12, 0.005
#: Standard deviation of the logarithm of a site's snow conductivity over that of its cell [1].
_SNOW_SPREAD = 0.15


def borehole_tables(options: TwinOptions, sites: Sites, truth: Truth) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the borehole file and its truth.

    Returns
    -------
    days : polars.DataFrame
        A row for each site and day of operation; temperature at each depth [degC], `SENTINEL` where lost.
    truth : polars.DataFrame
        A row for each site, depth and year of operation: offset of the sensor [degC], start and end of freeze-up as
        days since 1 January of the year, by the phase of the water [d]; null where it did not thaw or the series ends.
    """
    rng = stream(options.seed, "boreholes")
    count = len(sites)
    organic = np.exp(options.network.site_spread * rng.standard_normal(count))
    snow = np.exp(_SNOW_SPREAD * rng.standard_normal(count))
    offset = _OFFSET * rng.standard_normal((count, len(SENSORS)))
    days, curtains = [], []
    for columns in groups(count):
        cells = sites.cell[columns]
        own = of_cells(truth.parameters, cells)
        own = clipped(replace(own, snow_conductivity=own.snow_conductivity * snow[columns]))
        depth = truth.cover.organic_depth[cells] * organic[columns]
        result = run_columns(own, depth, truth.weather, cells, truth.systems, truth.days, Intervals.daily(truth.days))
        t = np.stack([temperature_at(result, sensor / 100) for sensor in SENSORS], axis=-1)
        start, end = freeze_up(result, [sensor / 100 for sensor in SENSORS])
        for column, site in enumerate(columns):
            years = _operation(options, rng)
            days.append(_readings(options, sites, int(site), t[:, column] + offset[site], years, rng))
            curtains.append(
                _curtains(options, str(sites.name[site]), offset[site], start[:, :, column], end[:, :, column], years)
            )
    return pl.concat(days), pl.concat(curtains)


def _operation(options: TwinOptions, rng: np.random.Generator) -> NDArray[np.int64]:
    """Return the indices of the years of operation."""
    total = len(options.years)
    count = min(total, int(rng.integers(2, _LONGEST + 1)))
    first = int(rng.integers(0, total - count + 1))
    return np.arange(first, first + count)


def _readings(
    options: TwinOptions, sites: Sites, site: int, t: Floats, years: NDArray[np.int64], rng: np.random.Generator
) -> pl.DataFrame:
    """Return the rows of one borehole; `t` is the temperature of the whole period with the offsets, (days, sensors)."""
    begin = np.datetime64(f"{options.first_year}-01-01")
    dates = np.arange(begin, begin + len(t))
    year = dates.astype("datetime64[Y]").astype(int) + 1970
    kept = np.isin(year - options.first_year, years)
    for _ in range(int(rng.poisson(_GAPS * len(years)))):
        gap = int(rng.choice(np.flatnonzero(np.isin(year - options.first_year, years))))
        kept[gap : gap + int(rng.integers(2, _GAP_DAYS + 1))] = False
    seen = t + _NOISE * rng.standard_normal(t.shape)
    lost = rng.random(t.shape) < _LOST
    running = np.flatnonzero(kept)
    for sensor in range(t.shape[1]):
        if rng.random() < _FAILURE:
            lost[running[int(rng.integers(len(running)))] :, sensor] = True
    values = np.where(lost, SENTINEL, np.round(np.round(seen / _STEP) * _STEP, 2))[kept]
    rows = int(kept.sum())
    return pl.DataFrame(
        {
            "site": [str(sites.name[site])] * rows,
            "latitude": np.full(rows, sites.lat[site]),
            "longitude": np.full(rows, sites.lon[site]),
            "date": dates[kept].astype(str),
            **{f"T_{depth}CM": values[:, i] for i, depth in enumerate(SENSORS)},
        }
    )


def _curtains(
    options: TwinOptions, name: str, offset: Floats, start: Floats, end: Floats, years: NDArray[np.int64]
) -> pl.DataFrame:
    rows = [
        (name, depth, options.years[int(y)], offset[i], start[y, i], end[y, i])
        for i, depth in enumerate(SENSORS)
        for y in years
    ]
    schema = {"site": pl.String, "depth_cm": pl.Int64, "year": pl.Int64, "offset_degc": pl.Float64,
              "curtain_start_day": pl.Float64, "curtain_end_day": pl.Float64}  # fmt: skip
    return pl.DataFrame(rows, schema=schema, orient="row").fill_nan(None)
