"""Late-season probing of thaw depth, as the CALM network does it: few sites, gaps of years, many probings a visit."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from geocryoai.twin.fields import stream

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geocryoai.twin.network import Sites
    from geocryoai.twin.options import TwinOptions

    Floats = NDArray[np.float64]

#: What stands in a file where a value is missing.
SENTINEL = -9999.0
#: Reading error of a site's mean [cm].
_READING = 0.5
#: Probability that a visit came before the thaw had ended, and the share of the final depth found then [1].
_EARLY, _EARLY_SHARE = 0.05, 0.82
#: Probability that a visit is in the file without a value.
_LOST = 0.03
#: Length of the probe [cm]: where the thaw is deeper, or there is no permafrost, the visit brings no value.
PROBE = 150.0


def probe_table(options: TwinOptions, sites: Sites, alt: Floats) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the probe file and the true site factors.

    Parameters
    ----------
    options : TwinOptions
    sites : Sites
    alt : array of float, shape (years, cells)
        True active-layer thickness of the cells [m]; NaN where there is none.

    Returns
    -------
    visits : polars.DataFrame
        Site, position, year, date, mean thaw depth and its standard error [cm], number of probings, flag.
    truth : polars.DataFrame
        For each site the factor between its own mean and that of its cell [1].
    """
    network = options.network
    rng = stream(options.seed, "probes")
    factor = np.exp(network.site_spread * rng.standard_normal(len(sites)) - 0.5 * network.site_spread**2)
    points = np.maximum(2, np.rint(network.probe_points * rng.uniform(0.1, 1.0, len(sites)))).astype(int)
    rows = []
    for i in range(len(sites)):
        for index in _visited_years(options, rng):
            depth = 100 * alt[index, sites.cell[i]] * factor[i]
            rows.append(_visit(options, sites, i, options.years[index], depth, int(points[i]), rng))
    visits = pl.DataFrame(rows, orient="row", schema=_SCHEMA)
    truth = pl.DataFrame({"site": sites.name, "cell": sites.cell, "factor": factor, "clustered": sites.clustered})
    return visits, truth


_SCHEMA = {
    "site": pl.String,
    "latitude": pl.Float64,
    "longitude": pl.Float64,
    "year": pl.Int64,
    "date": pl.String,
    "alt_cm": pl.Float64,
    "se_cm": pl.Float64,
    "n_points": pl.Int64,
    "flag": pl.String,
}


def _visited_years(options: TwinOptions, rng: np.random.Generator) -> NDArray[np.int64]:
    """Return the indices of the visited years: one stretch of the period, with gaps; at least one year."""
    count = len(options.years)
    first = int(rng.integers(0, max(1, int(0.7 * count))))
    last = int(rng.integers(first, count)) if rng.random() < 0.4 else count - 1
    stretch = np.arange(first, last + 1)
    kept = stretch[rng.random(len(stretch)) >= options.network.year_gap]
    return kept if len(kept) else stretch[:1]


def _visit(
    options: TwinOptions, sites: Sites, i: int, year: int, depth: float, points: int, rng: np.random.Generator
) -> tuple[object, ...]:
    early = bool(rng.random() < _EARLY)
    lost = bool(rng.random() < _LOST) or not depth <= PROBE
    depth = PROBE if lost else depth
    error = float(np.hypot(options.network.probe_spread * depth / np.sqrt(points), _READING))
    found = max(0.0, depth * (_EARLY_SHARE if early else 1.0) + error * rng.standard_normal())
    start = date(year, 7, 22) if early else date(year, 8, 15)
    day = start + timedelta(days=int(rng.integers(0, 12 if early else 30)))
    values = (SENTINEL, SENTINEL, 0) if lost else (round(found, 1), round(error, 2), points)
    flag = "early" if early else "end_of_season"
    return (str(sites.name[i]), float(sites.lat[i]), float(sites.lon[i]), year, day.isoformat(), *values, flag)
