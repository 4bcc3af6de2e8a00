"""The table of one target: every record that can be asked about, what was measured there, whether to learn it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np
import polars as pl

from geocryoai.core.sphere import EARTH_RADIUS_KM, unit_vectors

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geocryoai.core.study import SelectSection

#: What tells one record from another; in wide tables one row of the file holds several sites or years.
RECORD_KEY = ("source", "source_row", "site", "time_start")

#: Why a measured record is not learnt from, in the order in which the rules are tried.
REASONS = {
    "no_value": "nothing was measured",
    "quality": "quality not selected",
    "no_time": "no date, though another record of the source has one",
    "period": "outside the period",
    "domain": "outside the domain",
    "range": "outside the selected range",
    "duplicate": "same place and time in a source before it",
    "support": "too little of the area that it stands for lies on the grid",
    "no_drivers": "none of the joined features is known there",
}


def target_table(
    sources: Mapping[str, tuple[pl.DataFrame, pl.DataFrame]], target: str, qualities: Sequence[str]
) -> pl.DataFrame:
    """Return all records of the given sources in order, with value, sigma, quality and support of the target.

    Parameters
    ----------
    sources : dict of str to (records, observations)
        In order of preference.
    target : str
    qualities : sequence of str
        Wanted qualities; where a record has several values of the target, the wanted ones are averaged.

    Returns
    -------
    polars.DataFrame
        Record columns, covariates, then `value`, `sigma`, `quality`, `support_m` (null where nothing was measured).
    """
    tables = []
    for records, observations in sources.values():
        mine = observations.filter(pl.col("variable") == target)
        wanted = mine.with_columns(pl.col("quality").is_in(list(qualities)).alias("_wanted"))
        best = wanted.filter(pl.col("_wanted") == pl.col("_wanted").max().over(*RECORD_KEY))
        values = best.group_by(*RECORD_KEY, maintain_order=True).agg(
            pl.col("value").mean(), pl.col("sigma").mean(), pl.col("quality").first(), pl.col("support_m").first()
        )
        joined = records.join(values, on=RECORD_KEY, how="left", nulls_equal=True, maintain_order="left")
        tables.append(joined)
    return pl.concat(tables, how="diagonal_relaxed")


def select(
    table: pl.DataFrame,
    rules: SelectSection,
    *,
    period: tuple[np.datetime64, np.datetime64],
    inside: NDArray[np.bool_] | None,
    step: Literal["month", "year"],
) -> pl.DataFrame:
    """Return the table with `learn` (bool) and `why_not` (key of `REASONS`, null where learnt).

    Parameters
    ----------
    table : polars.DataFrame
        Of `target_table`.
    rules : SelectSection
    period : tuple of datetime64
        First day, and first day after.
    inside : array of bool, shape (n,), or None
        Whether a record lies in the domain; None where there is none.
    step : {"month", "year"}
        Time step within which two records of one place are the same.
    """
    tests = {
        "no_value": pl.col("value").is_null() | pl.col("value").is_nan(),
        "quality": ~pl.col("quality").is_in(list(rules.quality)),
        "no_time": pl.col("time_start").is_null() & pl.col("time_start").is_not_null().any().over("source"),
        "period": (pl.col("time_start") < pl.lit(period[0]).cast(pl.Datetime("us")))
        | (pl.col("time_start") >= pl.lit(period[1]).cast(pl.Datetime("us"))),
        "domain": ~pl.lit(pl.Series(inside)) if rules.inside_domain and inside is not None else pl.lit(False),
        "range": (pl.col("value") < (rules.minimum if rules.minimum is not None else -np.inf))
        | (pl.col("value") > (rules.maximum if rules.maximum is not None else np.inf)),
    }
    why = pl.lit(None, dtype=pl.String())
    for reason in reversed(tests):
        why = pl.when(tests[reason].fill_null(False)).then(pl.lit(reason)).otherwise(why)
    judged = table.with_columns(why.alias("why_not"))
    if rules.merge_within_km is not None:
        judged = _mark_duplicates(judged, rules.merge_within_km, step)
    return judged.with_columns(pl.col("why_not").is_null().alias("learn"))


def require_drivers(table: pl.DataFrame, features: Sequence[str]) -> pl.DataFrame:
    """Return the table in which a record that has none of the features is not learnt."""
    if not features:
        return table
    none = pl.all_horizontal(pl.col(name).is_null() | pl.col(name).is_nan() for name in features)
    return table.with_columns(
        pl.when(none & pl.col("learn")).then(pl.lit("no_drivers")).otherwise(pl.col("why_not")).alias("why_not"),
        (pl.col("learn") & ~none).alias("learn"),
    )


def require_support(table: pl.DataFrame, refused: NDArray[np.bool_]) -> pl.DataFrame:
    """Return the table in which the records refused for their support are not learnt."""
    out = pl.lit(pl.Series(refused, dtype=pl.Boolean)) & pl.col("learn")
    return table.with_columns(
        pl.when(out).then(pl.lit("support")).otherwise(pl.col("why_not")).alias("why_not"),
        (pl.col("learn") & ~out).alias("learn"),
    )


def inside_box(
    lon: NDArray[np.float64], lat: NDArray[np.float64], box: tuple[float, float, float, float]
) -> NDArray[np.bool_]:
    """Return which positions lie in a box of west, east, south, north [degree]; west > east crosses 180 degrees."""
    west, east, south, north = box
    between = (lon >= west) & (lon <= east) if west <= east else (lon >= west) | (lon <= east)
    return between & (lat >= south) & (lat <= north)


def _mark_duplicates(table: pl.DataFrame, within_km: float, step: str) -> pl.DataFrame:
    """Mark the records of a later source that repeat a learnt one of an earlier source."""
    from scipy.spatial import cKDTree

    kept = table["why_not"].is_null().to_numpy()
    lon, lat = table["lon"].to_numpy(), table["lat"].to_numpy()
    rows = np.flatnonzero(kept & np.isfinite(lon) & np.isfinite(lat))
    if len(rows) == 0:
        return table
    unit = "M" if step == "month" else "Y"
    when = table["time_start"].to_numpy().astype(f"datetime64[{unit}]").astype("int64")[rows]
    order = {source: i for i, source in enumerate(table["source"].unique(maintain_order=True))}
    rank = np.array([order[source] for source in table["source"].to_list()])[rows]
    tree = cKDTree(unit_vectors(lon[rows], lat[rows]))
    repeated = np.zeros(table.height, dtype=bool)
    for first, second in tree.query_pairs(2.0 * np.sin(within_km / EARTH_RADIUS_KM / 2.0)):
        if when[first] == when[second] and rank[first] != rank[second]:
            repeated[rows[first if rank[first] > rank[second] else second]] = True
    return table.with_columns(
        pl.when(pl.Series(repeated)).then(pl.lit("duplicate")).otherwise(pl.col("why_not")).alias("why_not")
    )


def groups_within(lon: NDArray[np.float64], lat: NDArray[np.float64], site: NDArray[np.str_], km: float) -> np.ndarray:
    """Return a group number per row such that one site, and sites closer than `km` [km], share a group."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components
    from scipy.spatial import cKDTree

    _, member = np.unique(site, return_inverse=True)
    count = int(member.max()) + 1 if len(member) else 0
    known = np.flatnonzero(np.isfinite(lon) & np.isfinite(lat))
    pairs = np.empty((0, 2), dtype=int)
    if len(known):
        tree = cKDTree(unit_vectors(lon[known], lat[known]))
        close = tree.query_pairs(2.0 * np.sin(km / EARTH_RADIUS_KM / 2.0), output_type="ndarray")
        pairs = member[known[close]]
    links = coo_array((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(count, count))
    _, component = connected_components(links, directed=False)
    return np.asarray(component[member])
