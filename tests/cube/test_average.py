"""Half-hourly records to months and days: local time, quality, covariates, refusals, and the way into the samples."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest

from geocryoai.core.errors import CubeError
from geocryoai.core.observations import OBSERVATION_COLUMNS, RECORD_COLUMNS, conform
from geocryoai.core.study import AverageSection
from geocryoai.cube.average import averaged
from geocryoai.cube.records import RECORD_KEY, target_table
from geocryoai.sources.base import SourceData
from geocryoai.sources.table import INFO

START = datetime(2020, 6, 1, 9, 0)
HALF = timedelta(minutes=30)


def source(days: int = 61, minutes: int = 30, **changed: Any) -> SourceData:
    """Two towers, half hours from 1 June local time (UTC-9): a course, noise, and a covariate."""
    count = days * 1440 // minutes
    start = [START + i * timedelta(minutes=minutes) for i in range(count)]
    tables = []
    for number, site in enumerate(("north", "south")):
        hour = (np.arange(count) * minutes / 60) % 24
        value = (
            number
            - 3 * np.maximum(0, np.sin(np.pi * (hour - 5) / 14))
            + np.random.default_rng(number).normal(0, 0.5, count)
        )
        end = [moment + timedelta(minutes=minutes) for moment in start]
        place = {"source": "t.csv", "source_row": np.arange(count) + number * count, "site": site, "lon": -150.0}
        rest = {"lat": 68.0, "time_start": start, "time_end": end, "tas": hour, "value": value}
        tables.append(pl.DataFrame(place | rest))
    rows = pl.concat(tables).with_columns(quality=pl.lit("measured"), variable=pl.lit("nee"), method=pl.lit("eddy"))
    rows = rows.with_columns(**changed)
    records = conform(rows.select(*RECORD_COLUMNS, "tas"), RECORD_COLUMNS, where="t", extra=True)
    known = rows.filter(pl.col("value").is_finite())
    columns = [name for name in OBSERVATION_COLUMNS if name in known.columns]
    observations = conform(known.select(columns), OBSERVATION_COLUMNS, where="t")
    empty = pl.DataFrame(schema={"source": pl.String, "source_row": pl.Int64, "variable": pl.String, "raw": pl.String,
                                 "reason": pl.String})  # fmt: skip
    return SourceData(INFO, records, observations, empty)


def section(**keys: Any) -> AverageSection:
    return AverageSection.model_validate({"to": "month", "utc_offset_hours": -9, **keys})


def test_months_are_local_and_bring_value_error_and_covariates():
    given = source()
    made = averaged(given, section(), where="flux")
    assert made.records["time_start"].to_list() == [datetime(2020, 6, 1), datetime(2020, 7, 1)] * 2
    assert made.records["time_end"].to_list()[:2] == [datetime(2020, 7, 1), datetime(2020, 8, 1)]
    assert made.records["site"].to_list() == ["north", "north", "south", "south"]
    np.testing.assert_allclose(made.records["tas"], 11.75)
    north = given.observations.filter((pl.col("site") == "north") & (pl.col("source_row") < 30 * 48))
    first = made.observations.row(0, named=True)
    assert first["value"] == pytest.approx(north["value"].mean(), rel=1e-9)
    assert first["sigma"] == pytest.approx(0.5 / np.sqrt(30 * 48), rel=0.1)
    assert (first["method"], first["quality"]) == ("eddy, monthly mean", "measured")
    assert made.notes[0].startswith("nee: 4 monthly means, 100% of the time measured; standard error 0.013")
    again = averaged(source(), section(), where="flux")
    assert again.observations.equals(made.observations)


def test_the_standard_error_reaches_the_table_of_the_target():
    made = averaged(source(), section(), where="flux")
    table = target_table({"flux": (made.records, made.observations)}, "nee", ["measured"])
    assert table.height == 4
    assert table.select(RECORD_KEY).is_unique().all()
    assert (table["sigma"] > 0).all()
    assert table["sigma"].to_list() == made.observations["sigma"].to_list()


def test_filled_values_are_gaps_and_too_many_gaps_are_refused():
    early = (pl.col("site") == "north") & (pl.col("time_start") < datetime(2020, 6, 26, 9))
    filled = source(quality=pl.when(early).then(pl.lit("filled")).otherwise(pl.lit("measured")))
    made = averaged(filled, section(), where="flux")
    assert made.records.height == 4
    assert made.observations.height == 3
    (gone,) = made.exclusions.to_dicts()
    assert (gone["source_row"], gone["raw"]) == (0, "share 0.167")
    assert "too little of the month was measured" in gone["reason"]
    assert any("1200 values that are filled" in note for note in made.notes)
    kept = averaged(filled, section(minimum=0.1), where="flux").observations
    assert kept["sigma"][0] > 2 * kept["sigma"][1]


def test_declared_errors_win_over_the_scale_and_the_scale_over_none():
    plain = averaged(source(), section(random_error="scaling", offset=0.2, slope=0.1), where="flux").observations
    declared = averaged(
        source(sigma=pl.lit(2.0)), section(random_error="scaling", offset=0.2), where="flux"
    ).observations
    assert declared["sigma"][0] == pytest.approx(2.0 / np.sqrt(30 * 48), rel=1e-6)
    course = np.array([source().observations["value"].to_numpy()[t : 30 * 48 : 48].mean() for t in range(48)])
    expected = np.sqrt(np.mean((0.2 + 0.1 * np.abs(course)) ** 2) / (30 * 48))
    assert plain["sigma"][0] == pytest.approx(expected, rel=1e-6)


def test_days_and_hours_and_sampled_instants():
    hourly = averaged(source(minutes=60, days=31), section(to="day"), where="flux")
    assert hourly.records.height == hourly.observations.height == 2 * 31
    values = source(minutes=60, days=31).observations["value"].to_numpy()[:24]
    assert hourly.observations["value"][0] == pytest.approx(values.mean(), rel=1e-9)
    sampled = source(days=30, time_start=pl.col("time_end"))
    made = averaged(sampled, section(), where="flux")
    assert made.records["time_start"].to_list() == [datetime(2020, 6, 1)] * 2


def test_without_targets_the_records_are_the_same():
    given = source()
    bare = SourceData(given.info, given.records, given.observations.clear(), given.exclusions)
    made, whole = averaged(bare, section(), where="flux"), averaged(given, section(), where="flux")
    assert made.records.equals(whole.records)
    assert made.observations.is_empty()


@pytest.mark.parametrize("minutes", [1440, 70])
def test_records_that_do_not_divide_a_day_are_refused(minutes: int):
    with pytest.raises(CubeError, match="cannot be averaged by the time of day"):
        averaged(source(minutes=minutes), section(), where="flux")


def test_records_without_time_are_refused():
    with pytest.raises(CubeError, match="no record has a time"):
        averaged(source(time_start=pl.lit(None, pl.Datetime("us"))), section(), where="flux")


@pytest.mark.parametrize(
    ("keys", "text"),
    [
        ({"to": "week"}, "day"),
        ({"utc_offset_hours": -20}, "greater than or equal to -14"),
        ({"random_error": "scaling"}, "offset and slope belong"),
        ({"slope": 0.1}, "offset and slope belong"),
        ({"minimum": 0.0}, "greater than 0"),
    ],
)
def test_impossible_sections_are_refused(keys: dict[str, Any], text: str):
    with pytest.raises(ValueError, match=text):
        section(**keys)
