from __future__ import annotations

import numpy as np
import pytest

from geocryoai.core.calendar import month_axis
from geocryoai.core.errors import CubeError
from geocryoai.core.grid import Grid
from geocryoai.cube.binding import bind, by_cell_month, combined_sigma, month_shares

MONTHS = month_axis("2000-01", "2000-12")


def at_centres(grid, rows, cols):
    lon, lat = grid.lonlat()
    return lon[rows, cols], lat[rows, cols]


def test_points_find_cell_and_month(made):
    grid = made.grid()
    lon, lat = at_centres(grid, [0, 9, 4], [0, 11, 7])
    time = np.array(["2000-01-31T23:59", "2000-12-31", "1999-12-31"], dtype="datetime64[m]")
    binding = bind(lon, lat, time, 100.0, grid, MONTHS)
    assert binding.row.tolist() == [0, 9, 4]
    assert binding.col.tolist() == [0, 11, 7]
    assert binding.step.tolist() == [0, 11, -1]
    assert binding.inside.tolist() == [True, True, False]
    assert np.allclose(binding.share, 0.01)


def test_what_is_unknown_or_outside_is_not_bound(made):
    grid = made.grid()
    lon, lat = at_centres(grid, [3], [3])
    binding = bind(
        [np.nan, 10.0, lon[0]], [70.0, 10.0, lat[0]], np.array(["2000-01", "2000-01", "NaT"], "M8[M]"),
        [1.0, 1.0, np.nan], grid, MONTHS,
    )  # fmt: skip
    assert binding.row.tolist() == [-1, -1, 3]
    assert binding.step.tolist() == [0, 0, -1]
    assert not binding.inside.any()
    assert np.isnan(binding.share[:2]).all()
    assert binding.share[2] == 0.0


def test_cells_across_the_antimeridian():
    grid = Grid.from_lonlat_box("EPSG:6931", 175, 64, -175, 70, 25_000.0)
    binding = bind([179.99, -179.99, 180.0], [66.0, 66.0, 66.0], MONTHS[:3], 0.0, grid, MONTHS)
    assert binding.inside.all()
    assert np.ptp(binding.row) <= 1
    assert np.ptp(binding.col) <= 1


def test_representativeness_falls_with_support_to_nothing(made):
    grid = made.grid()
    lon, lat = at_centres(grid, [0] * 4, [0] * 4)
    binding = bind(lon, lat, MONTHS[[0] * 4], [0.0, 500.0, 1000.0, 5000.0], grid, MONTHS)
    assert np.allclose(binding.share, [0, 0.25, 1, 1])
    assert np.allclose(combined_sigma([3.0] * 4, binding.share, 4.0), [5, np.sqrt(21), 3, 3])


def test_sampling_a_finite_cell_gives_the_stated_variance():
    rng = np.random.default_rng(0)
    cell = rng.normal(size=(20_000, 16))
    drawn = cell[:, :4].mean(axis=1) - cell.mean(axis=1)
    assert np.var(drawn) == pytest.approx((1 - 4 / 16) / 4, rel=0.04)


def test_observations_are_gathered_by_cell_and_month(made):
    grid = made.grid()
    lon, lat = at_centres(grid, [1, 1, 1, 5, 1], [2, 2, 2, 6, 2])
    binding = bind(lon, lat, MONTHS[[3, 3, 3, 3, 4]], 500.0, grid, MONTHS)
    gathered = by_cell_month(binding, [1.0, 3.0, np.nan, 7.0, 9.0], [0.2, 0.2, 0.2, 0.5, np.nan], 2.0)
    assert gathered.step.tolist() == [3, 3, 4]
    assert gathered.row.tolist() == [1, 5, 1]
    assert gathered.col.tolist() == [2, 6, 2]
    assert gathered.n.tolist() == [2, 1, 1]
    assert gathered.mean.tolist() == [2.0, 7.0, 9.0]
    assert np.allclose(gathered.within_sd, [np.sqrt(2), np.nan, np.nan], equal_nan=True)
    expected = [np.sqrt(0.02 + 4 * 0.5 / 2), np.sqrt(0.25 + 4 * 0.75), np.nan]
    assert np.allclose(gathered.sigma, expected, equal_nan=True)


def test_nothing_inside_gathers_nothing(made):
    binding = bind([np.nan], [np.nan], MONTHS[:1], 1.0, made.grid(), MONTHS)
    assert by_cell_month(binding, [1.0], [1.0], 1.0).mean.shape == (0,)


def test_records_that_span_months_are_shared_out():
    start = np.array(["2000-01-22", "2000-12-22", "NaT"], dtype="datetime64[D]")
    end = np.array(["2000-02-11", "2001-01-11", "NaT"], dtype="datetime64[D]")
    record, step, share = month_shares(start, end, MONTHS)
    assert record.tolist() == [0, 0, 1]
    assert step.tolist() == [0, 1, 11]
    assert np.allclose(share, 0.5)


def test_bad_supports_and_deviations_are_refused(made):
    with pytest.raises(CubeError, match="support_m: a support is negative"):
        bind([0.0], [0.0], MONTHS[:1], -1.0, made.grid(), MONTHS)
    with pytest.raises(CubeError, match="within_cell_sd: the variability within a cell"):
        combined_sigma([1.0], [0.0], np.nan)
