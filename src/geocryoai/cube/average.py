"""Short records of a source to daily or monthly ones: measured values with a standard error, covariates as means."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from geocryoai.core.errors import CubeError
from geocryoai.core.observations import EXCLUSION_COLUMNS, OBSERVATION_COLUMNS, RECORD_COLUMNS, conform
from geocryoai.cube.period_means import PeriodMean, day_means, mean_course, month_mean

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from geocryoai.core.study import AverageSection
    from geocryoai.sources.base import SourceData

    Floats = NDArray[np.float64]

#: What a series is: values of one thing at one place.
_SERIES = ("source", "site", "variable", "depth", "method", "support_m")

_DAY = 1440
_TRUNCATE = {"day": "1d", "month": "1mo"}
_WORDS = {"day": "daily mean", "month": "monthly mean"}


@dataclass(frozen=True)
class _Series:
    """One series: its values, and where in the days and months they stand."""

    values: Floats
    sigma: Floats
    day: NDArray[np.int64]
    time: NDArray[np.int64]
    month: NDArray[np.datetime64]
    times: int


def averaged(read: SourceData, section: AverageSection, *, where: str) -> SourceData:
    """Return a source with its records averaged to days or months.

    Parameters
    ----------
    read : SourceData
        Records shorter than a day and of one length; those without a time are left out.
    section : AverageSection
    where : str
        The source, for messages.

    Returns
    -------
    SourceData
        A record stands at the local day or month, as a table of days or months does. Only measured values are averaged;
        what is filled or doubtful counts as not measured. Covariates are means over the times of day.

    Raises
    ------
    CubeError
        Records of a day or longer, or whose length does not divide a day.
    """
    dated = read.records.filter(pl.col("time_start").is_not_null())
    if dated.is_empty():
        raise CubeError("no record has a time, so none can be averaged", where=where)
    length = _length(dated, where)
    local = dated.with_columns(_start=_local(section, length)).with_columns(
        _period=pl.col("_start").dt.truncate(_TRUNCATE[section.to]),
        _time=(pl.col("_start").dt.hour().cast(pl.Int64) * 60 + pl.col("_start").dt.minute()) // length,
    )
    records = _records(local, section)
    measured = read.observations.filter((pl.col("quality") == "measured") & pl.col("time_start").is_not_null())
    observations, refused, notes = _observations(measured, records, section, length)
    left = read.observations.height - measured.height
    said = [f"{left} values that are filled, doubtful or undated count as not measured"] if left else []
    gone = read.records.height - dated.height
    said += [f"{gone} records without a time were left out"] if gone else []
    return replace(
        read,
        records=conform(records.drop("_period"), RECORD_COLUMNS, where=where, extra=True),
        observations=observations,
        exclusions=pl.concat([read.exclusions, refused]),
        notes=(*read.notes, *notes, *said),
    )


def _length(records: pl.DataFrame, where: str) -> int:
    """Return the length of the records [min]: that of most, or the most frequent step where they are instants."""
    minutes = (records["time_end"] - records["time_start"]).dt.total_minutes().drop_nulls()
    minutes = minutes.filter(minutes > 0)
    if minutes.is_empty():
        steps = records.sort("site", "time_start").select(pl.col("time_start").diff().over("site"))
        minutes = steps["time_start"].dt.total_minutes().drop_nulls()
        minutes = minutes.filter(minutes > 0)
    length = int(minutes.mode().sort()[0]) if minutes.len() else 0
    if not 0 < length <= _DAY // 2 or _DAY % length:
        raise CubeError(
            "the records cannot be averaged by the time of day", where=where, found=f"records of {length} min",
            expected="records of one length that divides a day, for example half-hour or hour",
        )  # fmt: skip
    return length


def _local(section: AverageSection, length: int) -> pl.Expr:
    """Return the local start of each record; an instant stands for the record that ends with it."""
    end = pl.coalesce("time_end", "time_start")
    instant = end == pl.col("time_start")
    start = pl.when(instant).then(end - pl.duration(minutes=length)).otherwise(pl.col("time_start"))
    return start + pl.duration(minutes=round(section.utc_offset_hours * 60))


def _records(local: pl.DataFrame, section: AverageSection) -> pl.DataFrame:
    """Return one record for each site and period that any record lies in."""
    others = [name for name in local.columns if name not in RECORD_COLUMNS and not name.startswith("_")]
    numeric = [name for name in others if local[name].dtype.is_numeric()]
    keys = ["source", "site", "_period"]
    first = [pl.col(name).first() for name in ("source_row", "lon", "lat", *(n for n in others if n not in numeric))]
    records = local.group_by(keys, maintain_order=True).agg(first)
    means = [pl.col(name).cast(pl.Float64).fill_nan(None).mean() for name in numeric]
    courses = local.group_by([*keys, "_time"], maintain_order=True).agg(means)
    records = records.join(
        courses.group_by(keys, maintain_order=True).agg(pl.col(name).mean() for name in numeric),
        on=keys, how="left", nulls_equal=True, maintain_order="left",
    )  # fmt: skip
    start = pl.col("_period").dt.cast_time_unit("us")
    end = start.dt.offset_by(_TRUNCATE[section.to])
    return records.with_columns(time_start=start, time_end=end).select(*RECORD_COLUMNS, *others, "_period")


def _observations(
    measured: pl.DataFrame, records: pl.DataFrame, section: AverageSection, length: int
) -> tuple[pl.DataFrame, pl.DataFrame, list[str]]:
    """Return the observations, what was measured too seldom, and notes."""
    local = measured.with_columns(_start=_local(section, length))
    rows, sigmas = [], dict[str, list[tuple[float, float, float]]]()
    for part in local.partition_by(_SERIES, maintain_order=True) if local.height else []:
        key = part.select(_SERIES).row(0, named=True)
        for period, found in _means(_series(part, length), section):
            rows.append({**key, "_period": period, "value": found.mean, "sigma": found.sigma, "share": found.share})
            sigmas.setdefault(key["variable"], []).append((found.random, found.gap, found.share))
    kinds: dict[str, pl.DataType | type[pl.DataType]] = {name: measured.schema[name] for name in _SERIES}
    kinds |= {"_period": pl.Datetime("us"), "value": pl.Float64, "sigma": pl.Float64, "share": pl.Float64}
    table = pl.DataFrame(rows, schema=kinds).with_columns(pl.selectors.float().fill_nan(None))
    place = records.select("source", "site", "_period", "source_row", "lon", "lat", "time_start", "time_end")
    table = table.join(place, on=["source", "site", "_period"], how="left", nulls_equal=True, maintain_order="left")
    method = pl.concat_str(pl.col("method"), pl.lit(_WORDS[section.to]), separator=", ", ignore_nulls=True)
    table = table.with_columns(method=method, quality=pl.lit("measured"))
    enough = pl.col("value").is_not_null() & (pl.col("share") >= section.minimum)
    reason = f"too little of the {section.to} was measured for a mean"
    refused = table.filter(~enough).with_columns(
        raw=pl.format("share {}", pl.col("share").round(3)), reason=pl.lit(reason)
    )
    kept = table.filter(enough).select(*OBSERVATION_COLUMNS)
    notes = [_note(name, section, np.array(found)) for name, found in sigmas.items()]
    return (
        conform(kept, OBSERVATION_COLUMNS, where="means"),
        conform(refused.select(*EXCLUSION_COLUMNS), EXCLUSION_COLUMNS, where="means"),
        notes,
    )


def _note(name: str, section: AverageSection, found: Floats) -> str:
    known = found[np.isfinite(found[:, 0])]
    errors = np.median(known[:, :2], axis=0) if len(known) else np.full(2, np.nan)
    return (
        f"{name}: {len(found)} {_WORDS[section.to]}s, {np.median(found[:, 2]):.0%} of the time measured; "
        f"standard error {errors[0]:.3g} random, {errors[1]:.3g} from gaps (medians)"
    )


def _series(part: pl.DataFrame, length: int) -> _Series:
    start = part["_start"].to_numpy().astype("datetime64[m]")
    day = start.astype("datetime64[D]")
    sigma = part["sigma"].fill_null(float("nan")).to_numpy()
    time = (start - day).astype(np.int64) // length
    return _Series(
        part["value"].to_numpy(), sigma, day.astype(np.int64), time, start.astype("datetime64[M]"), _DAY // length
    )


def _means(series: _Series, section: AverageSection) -> Iterator[tuple[object, PeriodMean]]:
    """Yield the start of each period with a value, and its mean."""
    for month in np.unique(series.month):
        mine = series.month == month
        first, last = (int(m.astype("datetime64[D]").astype(np.int64)) for m in (month, month + 1))
        where = (series.day[mine] - first, series.time[mine])
        shape = (last - first, series.times)
        values, sigma = _mean_of(series.values[mine], where, shape), _mean_of(series.sigma[mine], where, shape)
        if section.random_error == "scaling":
            scaled = np.broadcast_to(section.offset + section.slope * np.abs(mean_course(values)), shape)
            sigma = np.where(np.isfinite(sigma), sigma, scaled)
        if section.to == "month":
            yield month.astype("datetime64[us]").item(), month_mean(values, sigma)
            continue
        for day, found in enumerate(day_means(values, sigma)):
            if found.share > 0:
                yield (month.astype("datetime64[D]") + day).astype("datetime64[us]").item(), found


def _mean_of(values: Floats, where: tuple[NDArray[np.int64], NDArray[np.int64]], shape: tuple[int, int]) -> Floats:
    """Return values by day and time of day; several in one place are averaged, NaN where there is none."""
    total, count = np.zeros(shape), np.zeros(shape)
    known = np.isfinite(values)
    place = (where[0][known], where[1][known])
    np.add.at(total, place, values[known])
    np.add.at(count, place, 1.0)
    return np.asarray(np.divide(total, count, out=np.full(shape, np.nan), where=count > 0))
