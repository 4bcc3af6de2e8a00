"""Covariates of one source brought to the records of another: by site, by site and month, or by position."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from geocryoai.core.errors import CubeError, nearest
from geocryoai.core.observations import RECORD_COLUMNS
from geocryoai.core.sphere import nearest_positions


def covariate_columns(table: pl.DataFrame, wanted: Sequence[str], *, where: str) -> list[str]:
    """Return the covariate columns of a record table, all of them or those wanted.

    Raises
    ------
    CubeError
        A wanted column is not there.
    """
    present = [name for name in table.columns if name not in RECORD_COLUMNS]
    for name in wanted:
        if name not in present:
            raise CubeError(f"no covariate is called '{name}'", where=where, next_step=nearest(name, present))
    return list(wanted) or present


def site_key(site: pl.Expr) -> pl.Expr:
    """Return site names in a form that different files agree on: no case, no outer blanks."""
    return site.str.strip_chars().str.to_lowercase()


def join_site(records: pl.DataFrame, other: pl.DataFrame, columns: Sequence[str], *, where: str) -> pl.DataFrame:
    """Add covariates that belong to a site, whatever the time; the first row of a site in `other` counts."""
    chosen = covariate_columns(other, columns, where=where)
    right = other.select(site_key(pl.col("site")).alias("_site"), *chosen)
    right = right.filter(pl.col("_site").is_not_null()).unique("_site", keep="first", maintain_order=True)
    left = records.with_columns(site_key(pl.col("site")).alias("_site"))
    return _coalesce(left.join(right, on="_site", how="left", suffix="_right", maintain_order="left"), chosen, "_site")


def join_position(
    records: pl.DataFrame, other: pl.DataFrame, columns: Sequence[str], within_km: float, *, where: str
) -> pl.DataFrame:
    """Add the covariates of the nearest position within a distance; farther away they stay missing.

    Parameters
    ----------
    records, other : polars.DataFrame
        Record tables with `lon`, `lat` [degree].
    within_km : float
        Largest great-circle distance [km].
    """
    chosen = covariate_columns(other, columns, where=where)
    placed = other.filter(pl.col("lon").is_not_null() & pl.col("lat").is_not_null())
    index, distance = nearest_positions(
        records["lon"].to_numpy(), records["lat"].to_numpy(), placed["lon"].to_numpy(), placed["lat"].to_numpy()
    )
    row = pl.Series("_row", np.where(distance <= within_km, index, -1))
    right = placed.select(*chosen).with_row_index("_row").with_columns(pl.col("_row").cast(pl.Int64))
    joined = records.with_columns(row.cast(pl.Int64)).join(
        right, on="_row", how="left", suffix="_right", maintain_order="left"
    )
    return _coalesce(joined, chosen, "_row")


def _coalesce(joined: pl.DataFrame, columns: Sequence[str], key: str) -> pl.DataFrame:
    """Fill what a record did not bring itself; its own values win."""
    double = [name for name in columns if f"{name}_right" in joined.columns]
    filled = joined.with_columns(pl.coalesce(pl.col(name), pl.col(f"{name}_right")).alias(name) for name in double)
    return filled.drop(key, *[f"{name}_right" for name in double])
