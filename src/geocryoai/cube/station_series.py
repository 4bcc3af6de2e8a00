"""Monthly means of what stations measured, one series for each site, to hold fields against."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from geocryoai.core.calendar import days_in_month, month_overlap
from geocryoai.core.errors import CubeError, nearest
from geocryoai.cube.binding import step_of

if TYPE_CHECKING:
    import polars as pl
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

#: Least share of a month's time with values for a mean [1].
LEAST_SHARE = 0.8


@dataclass(frozen=True)
class StationSeries:
    """Monthly series of stations.

    Attributes
    ----------
    site : list of str
        Each once, in alphabetical order.
    lon, lat : array of float, shape (sites,)
        [degree].
    values : array of float, shape (sites, months)
        NaN where less than `LEAST_SHARE` of the month has values.
    """

    site: list[str]
    lon: Floats
    lat: Floats
    values: Floats


def station_series(
    observations: pl.DataFrame,
    variable: str,
    months: NDArray[np.datetime64],
    *,
    depth: tuple[float, float] | None = None,
    where: str = "stations",
) -> StationSeries:
    """Return monthly means at each site, of measured values alone.

    Sensors of a site (depths, methods) are averaged over the month first and then with equal weight. A record without
    an end stands for no time, so that the month is not covered by it.

    Parameters
    ----------
    observations : polars.DataFrame
        `OBSERVATION_COLUMNS`.
    variable : str
        House name of what is compared.
    months : array of datetime64
        Consecutive.
    depth : tuple of float, optional
        Shallowest and deepest sensor that counts [m]; default: all.
    where : str
        The source, for messages.

    Raises
    ------
    CubeError
        Nothing of the variable was measured at such a depth, no site has a position, or one has several.
    """
    import polars as pl

    table = observations.filter(
        (pl.col("variable") == variable) & (pl.col("quality") == "measured") & pl.col("value").is_not_null()
    )
    if table.is_empty():
        raise CubeError(
            f"the source did not measure '{variable}'", where=where,
            next_step=nearest(variable, observations["variable"].unique().to_list()),
        )  # fmt: skip
    if depth is not None:
        found = sorted(table["depth"].drop_nulls().unique().to_list())
        table = table.filter(pl.col("depth").is_between(*depth))
        if table.is_empty():
            raise CubeError(
                "no sensor lies at the depth asked for", where=where, expected=f"{depth[0]:g} to {depth[1]:g} m",
                found=", ".join(f"{d:g}" for d in found[:12]) or "no depths",
            )  # fmt: skip
    table = table.filter(pl.all_horizontal(pl.col("site", "lon", "lat", "time_start").is_not_null()))
    together = pl.struct("lon", "lat").n_unique()
    places = table.group_by("site").agg(pl.col("lon", "lat").min(), n=together).sort("site")
    if places.is_empty():
        raise CubeError("no station has a name, a position and a date", where=where)
    moved = places.filter(pl.col("n") > 1)["site"].to_list()
    if moved:
        raise CubeError("a station stands at several places", where=where, found=", ".join(moved[:5]),
                        next_step="Give each place a name of its own.")  # fmt: skip
    return StationSeries(
        places["site"].to_list(), places["lon"].to_numpy(), places["lat"].to_numpy(),
        _monthly(table, places["site"].to_list(), months),
    )  # fmt: skip


def _monthly(table: pl.DataFrame, sites: list[str], months: NDArray[np.datetime64]) -> Floats:
    """Return the mean over sensors of their monthly means, shape (sites, months)."""
    import polars as pl

    start = table["time_start"].to_numpy().astype("datetime64[us]")
    end = table["time_end"].fill_null(table["time_start"]).to_numpy().astype("datetime64[us]")
    overlap = month_overlap(start, end)
    step = step_of(overlap.month, months)
    kept = step >= 0
    parts = table.select("site", "depth", "method", "value")[overlap.record[kept].tolist()].with_columns(
        step=pl.Series(step[kept]), days=pl.Series(overlap.days[kept])
    )
    sensors = parts.group_by("site", "depth", "method", "step").agg(
        mean=(pl.col("value") * pl.col("days")).sum() / pl.col("days").sum(), days=pl.col("days").sum()
    )
    whole = days_in_month(np.asarray(months).astype("datetime64[M]"))[sensors["step"].to_numpy()]
    means = sensors.filter(pl.Series(sensors["days"].to_numpy() >= LEAST_SHARE * whole - 1e-9))
    means = means.group_by("site", "step").agg(pl.col("mean").mean())
    values = np.full((len(sites), len(months)), np.nan)
    row = {site: index for index, site in enumerate(sites)}
    values[[row[site] for site in means["site"]], means["step"].to_numpy()] = means["mean"].to_numpy()
    return values
