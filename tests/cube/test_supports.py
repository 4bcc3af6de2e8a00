"""Averages over supports: missing cells, the least share, and cube anchors averaged after the process."""

from __future__ import annotations

import json
from datetime import datetime

import numpy as np
import polars as pl
import pytest
import xarray as xr

from geocryoai.core.grid import Grid
from geocryoai.core.observations import RECORD_COLUMNS, conform
from geocryoai.core.projection import LONLAT, transformer
from geocryoai.cube.store import GRID_ATTRIBUTE
from geocryoai.cube.supports import COLUMNS, Supports, place_row, weighted_mean
from geocryoai.cube.target import cell_values

GRID = Grid("EPSG:3338", 0.0, 1_900_000.0, 100.0, 4, 3)
LON, LAT = (float(part) for part in transformer("EPSG:3338", LONLAT).transform(150.0, 1_899_850.0))


def records(*sites: str) -> pl.DataFrame:
    rows = {
        "source": ["flux.csv"] * len(sites),
        "site": list(sites),
        "lon": [LON] * len(sites),
        "lat": [LAT] * len(sites),
    }
    moment = [datetime(2020, 6, 1)] * len(sites)
    return conform(pl.DataFrame(rows | {"time_start": moment, "time_end": moment}), RECORD_COLUMNS, where="test")


def supports(cells: list[int], weights: list[float], minimum: float = 0.7) -> Supports:
    place = {"source": "flux.csv", "site": "tower", "lon": LON, "lat": LAT}
    return Supports(pl.DataFrame([place_row(place, "footprint", cells, weights, minimum)], schema=COLUMNS))


def cube(values: np.ndarray) -> xr.Dataset:
    coords = {"time": np.array(["2020-06-01"], "datetime64[ns]"), "y": GRID.y, "x": GRID.x}
    return xr.Dataset({"f": (("time", "y", "x"), values[None])}, coords, {GRID_ATTRIBUTE: json.dumps(GRID.to_dict())})


def test_one_cell_keeps_its_value_to_the_bit_whatever_its_weight():
    values = np.random.default_rng(0).normal(size=(1000, 1))
    for weight in (1.0, 0.83, 1 / 3):
        np.testing.assert_array_equal(weighted_mean(values, np.array([weight]), 0.3), values[:, 0])


def test_missing_cells_are_left_out_down_to_the_least_share():
    weights = np.array([0.5, 0.3, 0.1])
    full, some, few = np.array([[2.0, 4.0, 6.0], [2.0, 4.0, np.nan], [np.nan, 4.0, 6.0]])
    assert weighted_mean(full, weights, 0.7) == pytest.approx((1.0 + 1.2 + 0.6) / 0.9)
    assert weighted_mean(some, weights, 0.8) == pytest.approx((1.0 + 1.2) / 0.8)
    assert np.isnan(weighted_mean(some, weights, 0.81))
    assert np.isnan(weighted_mean(few, weights, 0.7))


def test_only_the_place_itself_has_the_support():
    mine = supports([0, 1], [0.5, 0.5])
    assert mine.find(records("tower", "other")).tolist() == [0, -1]
    elsewhere = records("tower").with_columns(source=pl.lit("chamber.csv"))
    assert mine.find(elsewhere).tolist() == [-1]
    assert supports([0], [0.5]).refused(records("tower", "other")).tolist() == [True, False]


@pytest.mark.physics
def test_an_anchor_of_the_cube_is_simulated_first_and_averaged_then():
    drivers = np.arange(12.0).reshape(GRID.shape)
    seen = supports([4, 5, 6], [0.2, 0.5, 0.2])
    shares = np.array([2, 5, 2]) / 9
    at = cell_values(records("tower", "other"), cube(drivers**2), "f", supports=seen)
    assert at[0] == pytest.approx(float(shares @ np.array([4.0, 5.0, 6.0]) ** 2))
    assert at[0] > float(shares @ np.array([4.0, 5.0, 6.0])) ** 2
    assert at[1] == 25.0
