from __future__ import annotations

import datetime as dt

import numpy as np
import polars as pl
import pytest

from geocryoai.core.calendar import month_axis
from geocryoai.core.errors import CubeError
from geocryoai.cube.site_series import SiteSeries, monthly_mean

MONTHS = month_axis("2000", "2002")


def make_series(values: np.ndarray | None = None) -> SiteSeries:
    array = np.arange(72.0).reshape(2, 36) if values is None else values
    return SiteSeries(np.array(["a", "b"]), MONTHS, {"tas": array})


def records(site, start, days, values) -> pl.DataFrame:
    first = [dt.datetime.fromisoformat(start) + dt.timedelta(days=days * i) for i in range(len(values))]
    last = [time + dt.timedelta(days=days) for time in first]
    return pl.DataFrame({"site": [site] * len(values), "time_start": first, "time_end": last, "lst": values})


def test_daily_records_become_monthly_means():
    table = records("a", "2000-01-01", 1, [float(i) for i in range(60)])
    months = monthly_mean(table, ["lst"], min_count=20)
    assert months["lst"].to_list() == [15.0, pytest.approx(np.arange(31, 60).mean())]
    assert months["time_start"].to_list() == [dt.datetime(2000, 1, 1), dt.datetime(2000, 2, 1)]


def test_eight_day_records_count_with_their_share():
    table = records("a", "2000-01-01", 8, [1.0, 2.0, 3.0, 4.0, 5.0])
    months = monthly_mean(table, ["lst"], min_count=1)
    assert months["lst"][0] == pytest.approx((1 + 2 + 3 + 4 * 7 / 8) / (3 + 7 / 8))
    assert months["lst"][1] == pytest.approx((4 / 8 + 5) / (1 + 1 / 8))
    assert monthly_mean(table, ["lst"], min_count=2)["lst"][1] is None


def test_missing_records_do_not_count():
    table = records("a", "2000-01-01", 1, [1.0, None, float("nan"), 5.0])
    assert monthly_mean(table, ["lst"], min_count=2)["lst"].to_list() == [3.0]
    assert monthly_mean(table, ["lst"], min_count=3)["lst"].to_list() == [None]


def test_instants_and_rows_without_place_or_date():
    table = pl.concat([records("a", "2000-01-01", 1, [1.0, 3.0]), records(None, "2000-01-01", 1, [99.0])])
    undated = table.head(1).with_columns(pl.lit(None, pl.Datetime("us")).alias("time_start"))
    table = pl.concat([table, undated]).with_columns(pl.lit(None, pl.Datetime("us")).alias("time_end"))
    assert monthly_mean(table, ["lst"], min_count=2)["lst"].to_list() == [2.0]


def test_series_from_a_table_keep_gaps():
    table = pl.DataFrame(
        {
            "site": ["b", "a", "b", None],
            "time_start": [dt.datetime(2000, month, day) for month, day in ((3, 1), (1, 1), (1, 15), (12, 1))],
            "tas": [3.0, 1.0, None, 9.0],
            "snd": [1, 2, 3, 4],
        }
    )
    series = SiteSeries.from_table(table, ["tas", "snd"])
    assert series.sites.tolist() == ["a", "b"]
    assert [str(month) for month in series.months] == ["2000-01", "2000-02", "2000-03"]
    assert np.array_equal(series.get("tas"), [[1, np.nan, np.nan], [np.nan, np.nan, 3]], equal_nan=True)
    assert series.get("snd")[1].tolist()[::2] == [3.0, 1.0]
    assert series.array(["snd", "tas"]).shape == (2, 3, 2)
    short = SiteSeries.from_table(table, ["tas"], months=month_axis("2000-02", "2000-04"))
    assert np.array_equal(short.get("tas")[1], [np.nan, 3, np.nan], equal_nan=True)


def test_two_rows_in_a_month_are_refused():
    table = pl.DataFrame(
        {"site": ["a", "a"], "time_start": [dt.datetime(2000, 1, 1), dt.datetime(2000, 1, 9)], "tas": [1.0, 2.0]}
    )
    with pytest.raises(CubeError, match="a, 2000-01: a site has two rows in one month"):
        SiteSeries.from_table(table, ["tas"])


def test_records_are_located():
    series = make_series()
    site, step = series.locate(["b", "zz", "a"], np.array(["2000-02-15", "2000-01-01", "2005-01-01"], "M8[D]"))
    assert site.tolist() == [1, -1, 0]
    assert step.tolist() == [1, 0, -1]
    assert np.array_equal(series.at("tas", site, step), [37.0, np.nan, np.nan], equal_nan=True)


def test_lags_and_running_means():
    series = make_series()
    assert np.array_equal(series.lagged("tas", 2)[0, :4], [np.nan, np.nan, 0, 1], equal_nan=True)
    assert np.array_equal(series.lagged("tas", 0), series.get("tas"))
    assert series.running_mean("tas", 3)[0, :5].tolist() == [0, 0.5, 1, 2, 3]
    assert np.array_equal(series.running_mean("tas", 3, min_count=3)[0, :3], [np.nan, np.nan, 1], equal_nan=True)
    assert np.array_equal(series.running_mean("tas", 2, lag=1)[0, :4], [np.nan, 0, 0.5, 1.5], equal_nan=True)
    assert np.isnan(series.lagged("tas", 99)).all()


def test_antecedents_never_look_forward():
    quiet = np.zeros((2, 36))
    spiked = quiet.copy()
    spiked[:, 20] = 1e9
    for make in (
        lambda s: s.lagged("tas", 1),
        lambda s: s.running_mean("tas", 6),
        lambda s: s.running_mean("tas", 6, lag=2),
        lambda s: s.as_known_at(19).get("tas"),
        lambda s: s.climatology("tas", np.arange(36) < 20),
    ):
        before, after = make(make_series(quiet)), make(make_series(spiked))
        assert np.array_equal(before[:, :20], after[:, :20], equal_nan=True)
    assert np.array_equal(make_series(spiked).as_known_at(19).get("tas"), quiet)


def test_climatology_uses_the_mask_alone():
    values = np.tile(np.arange(12.0), 3)[None].repeat(2, axis=0) + np.repeat([0.0, 10.0, 1000.0], 12)
    values[1, 0] = np.nan
    series = make_series(values)
    usual = series.climatology("tas", np.arange(36) < 24)
    assert np.allclose(usual[0], np.arange(12.0) + 5)
    assert usual[1, 0] == 10.0
    per_site = np.zeros((2, 36), bool)
    per_site[0, :6] = True
    assert np.array_equal(np.isfinite(series.climatology("tas", per_site)).sum(axis=1), [6, 0])


def test_forecaster_sees_climatology_except_of_a_declared_scenario():
    values = np.tile(np.arange(12.0), 3)[None].repeat(2, axis=0) + np.repeat([0.0, 10.0, 1000.0], 12)
    series = make_series(values).with_values({"co2": values})
    known = series.as_known_at(23, ["tas"])
    assert np.allclose(known.get("tas")[:, 24:], np.arange(12.0) + 5)
    assert np.array_equal(known.get("tas")[:, :24], values[:, :24])
    assert np.array_equal(known.get("co2"), values)


def test_bad_series_are_refused():
    series = make_series()
    with pytest.raises(CubeError, match=r"no 'tsa'.*[Dd]id you mean 'tas'"):
        series.get("tsa")
    with pytest.raises(CubeError, match="a lag would look into the future; found -1"):
        series.lagged("tas", -1)
    with pytest.raises(CubeError, match="at least one month"):
        series.running_mean("tas", 0)
    with pytest.raises(CubeError, match="origin of a forecast is not in the series"):
        series.as_known_at(36)
    with pytest.raises(CubeError, match="wrong shape"):
        make_series(np.zeros((2, 5)))
    with pytest.raises(CubeError, match=r"a column is absent; found no 'tass'.*[Dd]id you mean 'tas'"):
        SiteSeries.from_table(pl.DataFrame({"site": ["a"], "time_start": [None], "tas": [1.0]}), ["tass"])
    with pytest.raises(CubeError, match="no row has both a site and a date"):
        SiteSeries.from_table(pl.DataFrame({"site": ["a"], "time_start": [None], "tas": [1.0]}), ["tas"])
