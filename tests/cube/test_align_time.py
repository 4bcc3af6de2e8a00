from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from geocryoai.core.calendar import decode_time, month_axis
from geocryoai.core.errors import CubeError
from geocryoai.cube.align import AlignOptions
from geocryoai.cube.harmonise import align

MONTHS = month_axis("2000-01", "2000-03")
DAYS = np.arange("2000-01-01", "2000-04-01", dtype="datetime64[D]")
MONTH_OF_DAY = (DAYS.astype("datetime64[M]") - MONTHS[0]).astype(int)


def one_cell(made, values, times, **attrs):
    """Return a field of 2 x 2 equal cells, whose aligned series is read back from one of them."""
    grid = made.grid(width=2, height=2)
    block = np.repeat(np.asarray(values, float), 4).reshape(-1, 2, 2)
    return made.projected(grid, block, times=times, **attrs), grid


def series(fields, grid, months=MONTHS, options=None):
    return align(fields, grid, months, options).tas.values[:, 0, 0]


@pytest.mark.parametrize("hour", [0, 12])
def test_daily_means(made, hour):
    values = np.arange(len(DAYS), dtype=float)
    fields, grid = one_cell(made, values, DAYS + np.timedelta64(hour, "h"))
    expected = [values[month == MONTH_OF_DAY].mean() for month in range(3)]
    assert np.allclose(series(fields, grid), expected, atol=1e-12)


def test_daily_sums(made):
    fields, grid = one_cell(made, np.ones(len(DAYS)), DAYS, cell_methods="time: sum")
    assert series(fields, grid).tolist() == [31.0, 29.0, 31.0]
    assert align(fields, grid, MONTHS).tas.attrs["cell_methods"] == "area: mean time: sum"


def test_hourly_means(made):
    hours = np.arange("2000-01-01T00", "2000-04-01T00", dtype="datetime64[h]")
    month = (hours.astype("datetime64[M]") - MONTHS[0]).astype(int)
    values = np.sin(np.arange(len(hours)) / 50)
    fields, grid = one_cell(made, values, hours)
    expected = [values[month == step].mean() for step in range(3)]
    assert np.allclose(series(fields, grid), expected, atol=1e-9)
    small = AlignOptions(memory_mb=0.05)
    assert np.allclose(series(fields, grid, options=small), expected, atol=1e-9)


def test_missing_days_up_to_a_share(made):
    values = np.ones(len(DAYS))
    values[5:11] = np.nan
    values[31:41] = np.nan
    fields, grid = one_cell(made, values, DAYS)
    assert np.array_equal(series(fields, grid), [1.0, np.nan, 1.0], equal_nan=True)
    assert np.isfinite(series(fields, grid, options=AlignOptions(max_missing_days=0.5))).all()
    absent = fields.isel(time=np.isfinite(values))
    assert np.array_equal(series(absent, grid), [1.0, np.nan, 1.0], equal_nan=True)


def test_a_sum_stands_for_its_whole_month(made):
    values = np.where(np.arange(len(DAYS)) == 3, np.nan, 2.0)
    fields, grid = one_cell(made, values, DAYS, cell_methods="time: sum")
    assert series(fields, grid)[0] == pytest.approx(62.0)


def test_eight_day_records_are_split_between_months(made):
    starts = np.arange("2000-01-01", "2000-04-06", 8, dtype="datetime64[D]")
    fields, grid = one_cell(made, np.arange(len(starts)), starts)
    daily = np.repeat(np.arange(len(starts)), 8)[: len(DAYS)]
    expected = [daily[month == MONTH_OF_DAY].mean() for month in range(3)]
    assert np.allclose(series(fields, grid), expected, atol=1e-12)


@pytest.mark.parametrize("day", [0, 14, 27])
def test_monthly_records_pass_through_wherever_their_stamp_lies(made, day):
    values = np.array([1.1, np.nan, 3.3])
    fields, grid = one_cell(made, values, MONTHS.astype("datetime64[D]") + day, cell_methods="time: maximum")
    assert np.array_equal(series(fields, grid), values, equal_nan=True)
    assert "time: maximum" in align(fields, grid, MONTHS).tas.attrs["cell_methods"]


def test_months_without_record_stay_missing(made):
    fields, grid = one_cell(made, [1.0, 2.0, 3.0], MONTHS)
    longer = month_axis("1999-12", "2000-05")
    assert np.array_equal(series(fields, grid, longer), [np.nan, 1, 2, 3, np.nan, np.nan], equal_nan=True)


def test_yearly_records_stand_for_their_months(made):
    years = np.array(["1999-01-01", "2000-01-01", "2001-01-01"], dtype="datetime64[D]")
    fields, grid = one_cell(made, [5.0, 6.0, 7.0], years)
    out = series(fields, grid, month_axis("1999-11", "2001-02"))
    assert out.tolist() == [5.0] * 2 + [6.0] * 12 + [7.0] * 2


def test_time_bounds_decide(made):
    fields, grid = one_cell(made, [1.0, 2.0, 3.0], MONTHS + 1)
    bounds = np.stack([MONTHS, MONTHS + 1], axis=1).astype("datetime64[ns]")
    fields["time"].attrs["bounds"] = "time_bnds"
    fields["time_bnds"] = (("time", "bounds"), bounds)
    assert series(fields, grid).tolist() == [1.0, 2.0, 3.0]


def test_a_365_day_calendar_gives_whole_months(made):
    times = decode_time(np.arange(90), "days since 2000-01-01", "noleap")
    fields, grid = one_cell(made, np.arange(90.0), times)
    assert series(fields, grid)[2] == pytest.approx(np.arange(59, 90).mean())
    assert series(fields, grid)[1] == pytest.approx(np.arange(31, 59).mean())


def test_a_360_day_calendar_gives_whole_months(made):
    times = decode_time(np.arange(90), "days since 2000-01-01", "360_day")
    fields, grid = one_cell(made, np.repeat([1.0, 2.0, 3.0], 30), times)
    assert np.allclose(series(fields, grid), [1, 2, 3], atol=0.02)


def test_what_has_no_monthly_value_is_refused(made):
    cases = [
        ("cannot be brought to months", np.ones(91), DAYS, {"cell_methods": "time: variance"}),
        ("cannot be brought to months", np.ones(2), DAYS[[0, 0]] + [0, 366], {"cell_methods": "time: sum"}),
        ("classes and directions cannot be averaged", np.ones(91), DAYS, {"categorical": 1}),
        ("not in ascending order", np.ones(91), DAYS[::-1], {}),
        ("single record without time bounds", np.ones(1), DAYS[:1], {}),
        ("need time bounds", np.ones(2), DAYS[[0, 90]], {}),
        ("two monthly records lie in one month", np.ones(3), DAYS[[0, 30, 60]], {}),
        ("no field has data in the months", np.ones(3), MONTHS + 120, {}),
    ]
    for message, values, times, attrs in cases:
        fields, grid = one_cell(made, values, times, **attrs)
        with pytest.raises(CubeError, match=message):
            series(fields, grid)


def test_undecoded_times_and_gaps_in_the_axis_are_refused(made):
    fields, grid = one_cell(made, [1.0, 2.0, 3.0], MONTHS)
    with pytest.raises(CubeError, match="times are not decoded"):
        align(fields.assign_coords(time=xr.DataArray([0.0, 31.0, 60.0], dims="time")), grid, MONTHS)
    with pytest.raises(CubeError, match="months are not consecutive"):
        align(fields, grid, MONTHS[[0, 2]])
