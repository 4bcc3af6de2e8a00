from datetime import datetime

import numpy as np
import polars as pl

from geocryoai.core.observations import OBSERVATION_COLUMNS, RECORD_COLUMNS, conform
from geocryoai.core.study import SelectSection
from geocryoai.cube.records import groups_within, inside_box, require_drivers, select, target_table

PERIOD = (np.datetime64("2000-01-01"), np.datetime64("2011-01-01"))
BOX = (-170.0, -140.0, 55.0, 72.0)


def records(source: str, **columns) -> pl.DataFrame:
    rows = len(next(iter(columns.values())))
    base = {"source": [source] * rows, "source_row": list(range(rows)), **columns}
    return conform(pl.DataFrame(base), RECORD_COLUMNS, where="test", extra=True)


def observed(of: pl.DataFrame, row: list[int], value: list[float], quality: list[str] | None = None) -> pl.DataFrame:
    key = of.select("source", "source_row", "site", "time_start")[row]
    table = key.with_columns(
        pl.lit("alt").alias("variable"),
        pl.Series("value", value),
        pl.Series("quality", quality or ["measured"] * len(row)),
    )
    return conform(table, OBSERVATION_COLUMNS, where="test")


def test_every_record_stays_and_wanted_values_are_averaged():
    rows = records("a", site=["x", "y", "z"])
    values = observed(rows, [0, 0, 0, 2], [0.4, 0.6, 9.0, 1.0], ["measured", "measured", "filled", "filled"])
    table = target_table({"a": (rows, values)}, "alt", ["measured"])
    assert table["value"].to_list() == [0.5, None, 1.0]
    assert table["quality"].to_list() == ["measured", None, "filled"]


def test_one_row_of_a_wide_file_holds_several_years():
    rows = records("a", site=["x", "x"], time_start=[datetime(2005, 1, 1), datetime(2006, 1, 1)])
    rows = rows.with_columns(pl.lit(7, pl.Int64).alias("source_row"))
    table = target_table({"a": (rows, observed(rows, [0, 1], [0.4, 0.6]))}, "alt", ["measured"])
    assert table["value"].to_list() == [0.4, 0.6]


def test_each_rule_says_why():
    when = [datetime(2005, 1, 1)] * 5 + [datetime(2015, 1, 1), None]
    rows = records("a", time_start=when, lon=[-150.0] * 4 + [10.0, -150.0, -150.0], lat=[65.0] * 7)
    values = observed(rows, [0, 1, 2, 4, 5, 6], [0.5, 0.5, 9.0, 0.5, 0.5, 0.5],
                      ["measured", "filled", *["measured"] * 4])  # fmt: skip
    judged = select(
        target_table({"a": (rows, values)}, "alt", ["measured"]),
        SelectSection(maximum=3.0),
        period=PERIOD,
        inside=inside_box(rows["lon"].to_numpy(), rows["lat"].to_numpy(), BOX),
        step="year",
    )
    assert judged["why_not"].to_list() == [None, "quality", "range", "no_value", "domain", "period", "no_time"]
    assert judged["learn"].sum() == 1


def test_a_repeated_record_of_a_later_source_is_left_out():
    when = [datetime(2005, 8, 1), datetime(2006, 8, 1)]
    first = records("b", time_start=when, lon=[-150.0, -150.0], lat=[65.0, 65.0])
    second = records("a", time_start=[datetime(2005, 9, 1)], lon=[-150.001], lat=[65.0])
    table = target_table(
        {"b": (first, observed(first, [0, 1], [0.5, 0.6])), "a": (second, observed(second, [0], [0.5]))},
        "alt",
        ["measured"],
    )
    judged = select(table, SelectSection(merge_within_km=1.0), period=PERIOD, inside=None, step="year")
    assert judged["why_not"].to_list() == [None, None, "duplicate"]


def test_sites_close_together_share_a_group():
    group = groups_within(
        np.array([-150.0, -150.001, -140.0, np.nan]), np.array([65.0, 65.0, 65.0, np.nan]),
        np.array(["a", "b", "c", "c"]), 1.0,
    )  # fmt: skip
    assert group[0] == group[1]
    assert group[2] == group[3]
    assert group[0] != group[2]


def test_a_box_may_cross_the_antimeridian():
    lon, lat = np.array([179.0, -179.0, 0.0, np.nan]), np.array([66.0, 66.0, 66.0, 66.0])
    assert inside_box(lon, lat, (170.0, -170.0, 60.0, 70.0)).tolist() == [True, True, False, False]


def test_a_record_without_any_driver_is_not_learnt():
    table = pl.DataFrame(
        {"tas": [1.0, float("nan"), None], "pr": [float("nan")] * 3, "learn": [True] * 3, "why_not": [None] * 3},
        schema_overrides={"why_not": pl.String},
    )
    judged = require_drivers(table, ["tas", "pr"])
    assert judged["learn"].to_list() == [True, False, False]
    assert judged["why_not"].to_list() == [None, "no_drivers", "no_drivers"]
    assert require_drivers(table, [])["learn"].all()
