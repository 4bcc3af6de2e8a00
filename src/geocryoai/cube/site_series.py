"""Drivers as a site-by-month table: monthly means, antecedents that never look forward, climatology without leakage."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from geocryoai.core.calendar import month_overlap
from geocryoai.core.errors import CubeError, nearest
from geocryoai.cube.binding import step_of
from geocryoai.cube.temporal import as_months

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]
    Months = NDArray[np.datetime64]


def monthly_mean(table: pl.DataFrame, columns: Sequence[str], *, min_count: float) -> pl.DataFrame:
    """Return monthly means of daily, 8-day or other short records, one row for each site and month that has a record.

    Parameters
    ----------
    table : polars.DataFrame
        With `site`, `time_start`, `time_end` (null for an instant) and the columns to average. A row without site or
        time is in no month.
    columns : sequence of str
    min_count : float
        Least number of records with a value; a record that spans two months counts in each with its share. With fewer
        the mean is null.

    Returns
    -------
    polars.DataFrame
        `site`, `time_start` (first day of the month) and the columns, sorted.
    """
    _require(table, ["site", "time_start", "time_end", *columns])
    dated = table.filter(pl.col("site").is_not_null() & pl.col("time_start").is_not_null())
    start = dated["time_start"].to_numpy().astype("datetime64[us]")
    end = dated["time_end"].fill_null(dated["time_start"]).to_numpy().astype("datetime64[us]")
    overlap = month_overlap(start, end)
    parts = dated.select("site", *columns)[overlap.record.tolist()].with_columns(
        pl.Series("time_start", overlap.month.astype("datetime64[us]")), pl.Series("share", overlap.share)
    )
    means = []
    for name in columns:
        value = pl.col(name).cast(pl.Float64).fill_nan(None)
        weight = pl.col("share").filter(value.is_not_null()).sum()
        mean = (value * pl.col("share")).sum() / weight
        means.append(pl.when((weight > 0) & (weight >= min_count - 1e-9)).then(mean).alias(name))
    monthly: pl.DataFrame = parts.group_by("site", "time_start").agg(means).sort("site", "time_start")
    return monthly


@dataclass(frozen=True)
class SiteSeries:
    """Monthly series of several variables at sites.

    Attributes
    ----------
    sites : array of str, shape (sites,)
        Each once.
    months : array of datetime64[M], shape (months,)
        Consecutive.
    values : dict of str to array of float, shape (sites, months)
        NaN where missing.
    """

    sites: NDArray[np.str_]
    months: Months
    values: Mapping[str, Floats]

    def __post_init__(self) -> None:
        """Check shapes."""
        shape = (len(self.sites), len(self.months))
        wrong = {name: array.shape for name, array in self.values.items() if array.shape != shape}
        if wrong:
            raise CubeError("series have the wrong shape", found=wrong, expected=f"{shape} (sites, months)")

    @classmethod
    def from_table(cls, table: pl.DataFrame, names: Sequence[str], *, months: Months | None = None) -> SiteSeries:
        """Return the series of a monthly table.

        Parameters
        ----------
        table : polars.DataFrame
            With `site`, `time_start` and the columns named; one row for each site and month. A row without site or time
            is in no series.
        names : sequence of str
        months : array of datetime64, optional
            Consecutive months; rows of others are left out. Default: from the first to the last month of the table.

        Raises
        ------
        CubeError
            A column is absent, no row has a date, or a site has two rows in one month.
        """
        _require(table, ["site", "time_start", *names])
        dated = table.filter(pl.col("site").is_not_null() & pl.col("time_start").is_not_null())
        if dated.is_empty():
            raise CubeError("no row has both a site and a date", where="site series")
        month = dated["time_start"].to_numpy().astype("datetime64[M]")
        axis = np.arange(month.min(), month.max() + 1) if months is None else as_months(months)
        sites, index = np.unique(dated["site"].to_numpy().astype(str), return_inverse=True)
        step = step_of(month, axis)
        on_axis = step >= 0
        cell = (index * len(axis) + step)[on_axis]
        present, count = np.unique(cell, return_counts=True)
        if (count > 1).any():
            site, at = divmod(int(present[count > 1][0]), len(axis))
            raise CubeError("a site has two rows in one month", where=f"{sites[site]}, {axis[at]}",
                            next_step="Average them first (monthly_mean).")  # fmt: skip
        values = {}
        for name in names:
            flat = np.full(len(sites) * len(axis), np.nan)
            flat[cell] = dated[name].cast(pl.Float64).fill_null(float("nan")).to_numpy()[on_axis]
            values[name] = flat.reshape(len(sites), len(axis))
        return cls(sites, axis, values)

    def get(self, name: str) -> Floats:
        """Return one variable, shape (sites, months); an unknown name is an error naming the nearest."""
        if name not in self.values:
            raise CubeError(f"the series have no '{name}'", next_step=nearest(name, self.values))
        return self.values[name]

    def array(self, names: Sequence[str]) -> Floats:
        """Return several variables, shape (sites, months, channels), as `TableWindows` takes them."""
        return np.stack([self.get(name) for name in names], axis=-1)

    def locate(self, site: ArrayLike, time: ArrayLike) -> tuple[Ints, Ints]:
        """Return site index and month of records; -1 where the site or the month is not in the series."""
        place = {name: index for index, name in enumerate(self.sites.tolist())}
        found = [place.get(name, -1) for name in np.asarray(site, dtype=str).tolist()]
        return np.array(found, np.int64), step_of(time, self.months)

    def at(self, name: str, site_index: Ints, step: Ints) -> Floats:
        """Return the values at sites and months, NaN where an index is -1."""
        known = (site_index >= 0) & (step >= 0)
        values = self.get(name)[np.where(known, site_index, 0), np.where(known, step, 0)]
        return np.where(known, values, np.nan)

    def with_values(self, values: Mapping[str, Floats]) -> SiteSeries:
        """Return the series with variables added or replaced."""
        return replace(self, values={**self.values, **values})

    def lagged(self, name: str, k: int) -> Floats:
        """Return a variable k >= 0 months earlier, NaN before the first month."""
        _check_lag(k)
        values = self.get(name)
        out = np.full_like(values, np.nan)
        out[:, k:] = values[:, : values.shape[1] - k]
        return out

    def running_mean(self, name: str, k: int, *, lag: int = 0, min_count: int = 1) -> Floats:
        """Return the mean of the k months up to and including the one `lag` months earlier.

        Parameters
        ----------
        name : str
        k : int
            Months, at least 1.
        lag : int
            0: the month itself belongs to the mean; 1: only earlier months do.
        min_count : int
            Least number of months with a value; NaN with fewer.
        """
        if k < 1:
            raise CubeError("a running mean needs at least one month", where=name, found=k)
        past = np.stack([self.lagged(name, lag + back) for back in range(min(k, len(self.months)))])
        present = np.isfinite(past)
        count = present.sum(axis=0)
        total = np.where(present, past, 0.0).sum(axis=0)
        enough = count >= max(min_count, 1)
        return _divide(total, count, enough)

    def climatology(self, name: str, mask: NDArray[np.bool_]) -> Floats:
        """Return the mean of each site and month of the year, from the months of a mask alone.

        Parameters
        ----------
        name : str
        mask : array of bool, shape (months,) or (sites, months)
            Months that may be used.

        Returns
        -------
        array of float, shape (sites, 12)
            January first; NaN where no month may be used or has a value.
        """
        values = self.get(name)
        usable = np.isfinite(values) & np.broadcast_to(mask, values.shape)
        of_year = (np.arange(12)[:, None] == self._month_of_year()).astype(float)
        count = usable.astype(float) @ of_year.T
        total = np.where(usable, values, 0.0) @ of_year.T
        return _divide(total, count, count > 0)

    def as_known_at(self, step: int, names: Sequence[str] | None = None) -> SiteSeries:
        """Return the series as a forecaster has them: months after `step` hold the climatology of those up to it.

        Parameters
        ----------
        step : int
            Last known month.
        names : sequence of str, optional
            Variables that are unknown later (default: all); the others, such as a declared scenario, stay.
        """
        if not 0 <= step < len(self.months):
            raise CubeError("the origin of a forecast is not in the series", found=step,
                            expected=f"0 to {len(self.months) - 1}")  # fmt: skip
        known = np.arange(len(self.months)) <= step
        replaced = {}
        for name in self.values if names is None else names:
            usual = self.climatology(name, known)[:, self._month_of_year()]
            replaced[name] = np.where(known, self.get(name), usual)
        return self.with_values(replaced)

    def _month_of_year(self) -> Ints:
        return self.months.astype("datetime64[M]").astype(np.int64) % 12


def _divide(total: Floats, count: Floats, enough: NDArray[np.bool_]) -> Floats:
    out = np.full_like(total, np.nan)
    np.divide(total, count, out=out, where=enough)
    return out


def _require(table: pl.DataFrame, columns: Sequence[str]) -> None:
    absent = [name for name in columns if name not in table.columns]
    if absent:
        hint = nearest(absent[0], table.columns)
        raise CubeError("a column is absent", where="site table", found=f"no '{absent[0]}'", next_step=hint)


def _check_lag(k: int) -> None:
    if k < 0:
        raise CubeError("a lag would look into the future", found=k, expected="0 or more months back")
