"""Observation checks: what is taken out, what is doubted, and that nothing goes silently."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geocryoai.core.errors import SourceError
from geocryoai.core.observation_checks import SENTINELS, check_observations
from geocryoai.core.observations import EXCLUSION_COLUMNS, OBSERVATION_COLUMNS, schema

GOOD: dict[str, Any] = {
    "variable": "alt",
    "value": 0.5,
    "time_start": datetime(2003, 8, 1),
    "time_end": datetime(2003, 9, 1),
    "lon": -149.6,
    "lat": 68.6,
    "site": "U11A",
    "source": "calm.xls",
    "quality": "measured",
}


def rows(*changes: dict[str, Any]) -> pl.DataFrame:
    entries = [{**GOOD, "site": f"site {i}", "source_row": i, **change} for i, change in enumerate(changes)]
    return pl.DataFrame(entries, schema=schema(OBSERVATION_COLUMNS))


def check(*changes: dict[str, Any], **options: Any) -> tuple[pl.DataFrame, pl.DataFrame]:
    return check_observations(rows(*changes), where="calm.xls", **options)


def test_a_good_table_comes_back_as_it_was() -> None:
    table = rows({}, {"value": 0.7}, {"lon": None, "lat": None}, {"time_start": None, "time_end": None})
    checked, exclusions = check_observations(table, where="calm.xls")
    assert checked.equals(table)
    assert exclusions.is_empty()
    assert dict(exclusions.schema) == schema(EXCLUSION_COLUMNS)


@pytest.mark.parametrize(
    ("change", "reason", "raw"),
    [
        ({"value": None}, "no value", None),
        ({"value": float("nan")}, "no value", None),
        ({"value": float("inf")}, "a sentinel, not a measurement", "inf"),
        ({"value": -9999.0}, "a sentinel, not a measurement", "-9999.0"),
        ({"variable": "tdd", "value": 9999.0}, "a sentinel, not a measurement", "9999.0"),
        ({"value": float("-inf")}, "a sentinel, not a measurement", "-inf"),
        ({"value": 50.0}, "outside the valid range", "50.0"),
        ({"value": -0.1}, "outside the valid range", "-0.1"),
        ({"lat": 95.0}, "no such latitude", "95.0"),
        ({"lat": -9999.0}, "no such latitude", "-9999.0"),
        ({"lon": 361.0}, "no such longitude", "361.0"),
        ({"lon": -181.0}, "no such longitude", "-181.0"),
        ({"lon": 0.0, "lat": 0.0}, "position 0, 0", "0.0"),
        ({"depth": -9999.0}, "the depth is a sentinel", "-9999.0"),
        ({"time_end": datetime(2003, 7, 1)}, "ends before it starts", "2003-07-01 00:00:00.000000"),
    ],
)
def test_what_cannot_be_right_is_taken_out_with_its_reason(
    change: dict[str, Any], reason: str, raw: str | None
) -> None:
    checked, exclusions = check({}, change, {})
    assert checked["source_row"].to_list() == [0, 2]
    assert exclusions.to_dicts() == [
        {"source": "calm.xls", "source_row": 1, "variable": change.get("variable", "alt"), "raw": raw, "reason": reason}
    ]


@pytest.mark.parametrize("sentinel", [*SENTINELS, 1e20, -1e20, 9.969209968386869e36])
def test_every_sentinel_is_found_in_a_variable_wide_enough_to_hold_it(sentinel: float) -> None:
    checked, exclusions = check({"variable": "ch4_enhancement", "value": sentinel})
    assert checked.is_empty()
    assert exclusions["reason"].to_list() == ["a sentinel, not a measurement"]


def test_longitudes_come_back_in_one_range() -> None:
    checked, _ = check({"lon": 210.0}, {"lon": -150.0}, {"lon": 180.0}, {"lon": 360.0}, {"lon": -180.0})
    assert checked["lon"].to_list() == [-150.0, -150.0, 180.0, 0.0, -180.0]


def test_implausible_values_are_doubted_not_dropped() -> None:
    checked, exclusions = check({"value": 8.0}, {"value": 8.0, "quality": "filled"}, {"value": 0.05})
    assert checked["quality"].to_list() == ["doubtful", "filled", "doubtful"]
    assert exclusions.is_empty()


def test_exact_repetition_is_taken_out_once() -> None:
    checked, exclusions = check({"site": "a"}, {"site": "a"}, {"site": "a", "lat": 68.7}, {"site": "b"})
    assert checked["source_row"].to_list() == [0, 2, 3]
    assert exclusions.select("source_row", "raw", "reason").rows() == [(1, "0.5", "exact repetition of another row")]
    assert checked["quality"].to_list() == ["measured"] * 3


def test_contradicting_measurements_are_both_doubted() -> None:
    checked, exclusions = check({"site": "a"}, {"site": "a", "value": 0.6}, {"site": "a", "depth": 0.1}, {"site": "b"})
    assert checked["quality"].to_list() == ["doubtful", "doubtful", "measured", "measured"]
    assert exclusions.is_empty()


def test_rows_of_unknown_site_or_time_are_not_called_repetitions() -> None:
    checked, exclusions = check(
        {"site": None}, {"site": None}, {"site": "a", "time_start": None}, {"site": "a", "time_start": None}
    )
    assert len(checked) == 4
    assert exclusions.is_empty()


def test_replicates_by_design_are_left_alone() -> None:
    checked, exclusions = check({"site": "a"}, {"site": "a"}, {"site": "a", "value": 0.6}, replicates=True)
    assert checked["quality"].to_list() == ["measured"] * 3
    assert exclusions.is_empty()


@pytest.mark.parametrize("sigma", [-0.1, -9999.0, float("inf")])
def test_an_impossible_standard_error_is_taken_off_its_value(sigma: float) -> None:
    checked, exclusions = check({"sigma": sigma}, {"sigma": 0.1})
    assert checked["sigma"].to_list() == [None, 0.1]
    assert checked["value"].to_list() == [0.5, 0.5]
    assert exclusions["reason"].to_list() == ["impossible standard error; the value is kept without it"]


def test_unknown_names_are_errors() -> None:
    with pytest.raises(SourceError, match=r"calm.xls: an observation has the variable 'atl'. Did you mean 'alt'\?"):
        check({"variable": "atl"})
    with pytest.raises(SourceError, match=r"an observation has the variable 'None'"):
        check({"variable": None})
    with pytest.raises(SourceError, match=r"has the quality 'good'. Known: doubtful, filled, measured"):
        check({"quality": "good"})


def test_an_empty_table_is_fine() -> None:
    checked, exclusions = check()
    assert checked.is_empty()
    assert exclusions.is_empty()


@given(st.lists(st.tuples(st.floats(), st.floats(), st.sampled_from(["a", "b", None])), max_size=20))
def test_every_row_is_either_kept_or_explained(entries: list[tuple[float, float, str | None]]) -> None:
    table = rows(*({"value": value, "lat": lat, "site": site} for value, lat, site in entries))
    checked, exclusions = check_observations(table, where="f")
    assert sorted([*checked["source_row"], *exclusions["source_row"]]) == list(range(len(entries)))
    assert checked["source_row"].is_sorted()
    values = checked["value"].to_numpy()
    assert np.isfinite(values).all()
    assert ((values >= 0) & (values <= 20)).all()
