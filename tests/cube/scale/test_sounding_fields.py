"""Soundings into cells: known means, shares by area, errors, months, the antimeridian, and the pole side of it."""

from __future__ import annotations

import numpy as np
import pytest

from geocryoai.core.errors import CubeError
from geocryoai.core.grid import Grid
from geocryoai.core.projection import LONLAT, transformer
from geocryoai.cube.scale.scene_fields import LayerInfo
from geocryoai.cube.scale.sounding_fields import SoundingFields

GAS = (LayerInfo("gas", "umol mol-1", "gas"),)
#: Cells of one degree from 10 E, 62 N.
SQUARE = Grid(LONLAT, 10.0, 62.0, 1.0, 3, 2)
MAY = np.datetime64("2021-05-10", "us")


def months(n: int, when: np.datetime64 = MAY) -> np.ndarray:
    return np.full(n, when)


def pixel(lon: float, lat: float, wide: float, high: float) -> np.ndarray:
    around = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]])
    return np.array([lon, lat]) + around * np.array([wide, high]) / 2


@pytest.mark.physics
def test_centres_count_alike_and_errors_follow_the_formula() -> None:
    gather = SoundingFields(SQUARE, GAS)
    lon, lat = np.array([10.2, 10.8, 10.5, 12.5, 20.0]), np.array([61.5, 61.2, 61.9, 60.5, 61.0])
    values = {"gas": np.array([1.0, 3.0, 5.0, 7.0, 9.0])}
    counts = gather.add(lon, lat, months(5), values, {"gas": np.full(5, 0.3)})
    assert counts == {"used": 4, "cells": 2}
    fields = gather.dataset("s", static=True)
    assert float(fields["s_gas"][0, 0]) == pytest.approx(3.0)
    assert float(fields["s_gas_count"][0, 0]) == 3
    assert float(fields["s_gas_spread"][0, 0]) == pytest.approx(np.sqrt(8 / 3), rel=1e-6)
    assert float(fields["s_gas_sigma"][0, 0]) == pytest.approx(np.sqrt(8 / 9), rel=1e-6)
    assert float(fields["s_gas_sigma"][1, 2]) == pytest.approx(0.3, rel=1e-6)
    assert bool(np.isnan(fields["s_gas"][1, 0]))
    assert fields["s_gas_spread"].attrs["units"] == "umol mol-1"


@pytest.mark.physics
def test_a_pixel_is_shared_out_by_the_area_it_covers() -> None:
    gather = SoundingFields(SQUARE, GAS)
    corners = np.stack([pixel(11.0, 61.5, 0.8, 0.4), pixel(11.5, 61.5, 0.4, 0.4)])
    lon, lat = corners[:, :, 0].mean(1), corners[:, :, 1].mean(1)
    gather.add(lon, lat, months(2), {"gas": np.array([10.0, 40.0])}, corners=corners)
    fields = gather.dataset("s", static=True)
    assert fields["s_gas"].to_numpy()[0, :2] == pytest.approx([10.0, (0.5 * 10 + 40) / 1.5])
    assert fields["s_gas_count"].to_numpy()[0, :2].tolist() == [1, 2]
    effective = 1.5**2 / (0.5**2 + 1)
    spread = float(fields["s_gas_spread"][0, 1])
    assert float(fields["s_gas_sigma"][0, 1]) == pytest.approx(spread / np.sqrt(effective), rel=1e-5)


@pytest.mark.physics
def test_a_pixel_larger_than_cells_fills_them_all() -> None:
    fine = Grid(LONLAT, 10.0, 62.0, 0.05, 40, 40)
    gather = SoundingFields(fine, GAS)
    corners = pixel(11.0, 61.0, 1.0, 1.0)[None]
    gather.add(np.array([11.0]), np.array([61.0]), months(1), {"gas": np.array([5.0])}, corners=corners)
    values = gather.dataset("s", static=True)["s_gas"].to_numpy()
    assert np.isfinite(values).sum() == 20 * 20
    assert np.nanmin(values) == np.nanmax(values) == 5.0


def test_months_stay_apart_and_granules_in_any_order_agree() -> None:
    rng = np.random.default_rng(1)
    lon, lat = 10 + 3 * rng.random(60), 60 + 2 * rng.random(60)
    time = np.where(rng.random(60) < 0.5, MAY, np.datetime64("2021-06-01", "us")).astype("datetime64[us]")
    values = {"gas": rng.random(60)}
    whole, parts = SoundingFields(SQUARE, GAS), SoundingFields(SQUARE, GAS)
    whole.add(lon, lat, time, values)
    for cut in (slice(30, 60), slice(0, 30)):
        parts.add(lon[cut], lat[cut], time[cut], {"gas": values["gas"][cut]})
    one, two = whole.dataset("s", static=False), parts.dataset("s", static=False)
    assert [str(t)[:7] for t in one["time"].values] == ["2021-05", "2021-06"]
    assert float(one["s_gas_count"].sum()) == 60
    for name in ("s_gas", "s_gas_sigma", "s_gas_spread", "s_gas_count"):
        assert np.allclose(one[name], two[name], equal_nan=True, rtol=1e-5, atol=1e-6)


@pytest.mark.physics
@pytest.mark.parametrize("crs", ["EPSG:3338", "EPSG:6931"])
def test_a_swath_across_the_antimeridian_is_whole(crs: str) -> None:
    x, y = transformer(LONLAT, crs).transform(180.0, 65.0)
    grid = Grid(crs, float(x) - 100_000, float(y) + 100_000, 20_000.0, 10, 10)
    east, north = np.meshgrid(grid.x, grid.y)
    lon, lat = (np.asarray(part).ravel() for part in transformer(crs, LONLAT).transform(east, north))
    assert (lon > 0).any()
    assert (lon < 0).any()
    value = 400 + 1e-5 * (east - grid.x.mean()).ravel()
    corners = np.stack([pixel(a, b, 0.5, 0.2) for a, b in zip(lon, lat, strict=True)])
    gather = SoundingFields(grid, GAS)
    assert gather.add(lon, lat, months(100), {"gas": value}, corners=corners)["used"] == 100
    found = gather.dataset("s", static=True)["s_gas"].to_numpy()
    assert np.isfinite(found).all()
    assert np.abs(found - value.reshape(10, 10)).max() < 0.3


def test_nothing_in_the_grid_is_said() -> None:
    gather = SoundingFields(SQUARE, GAS)
    assert gather.add(np.array([100.0]), np.array([10.0]), months(1), {"gas": np.array([1.0])})["used"] == 0
    with pytest.raises(CubeError, match="no sounding lies within the grid"):
        gather.dataset("s", static=True)
