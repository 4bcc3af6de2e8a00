"""Scenes gathered into fields: means, standard errors, counts, months."""

from __future__ import annotations

import numpy as np
import pytest

from geocryoai.core.errors import CubeError
from geocryoai.core.grid import Grid
from geocryoai.cube.scale.pixels import PixelCells
from geocryoai.cube.scale.scene_fields import LayerInfo, SceneFields, Tile

GRID = Grid("EPSG:3338", 0.0, 2000.0, 1000.0, 3, 2)
LAYER = LayerInfo("alt", "m", "thickness")
JUNE, JULY = np.datetime64("2020-06"), np.datetime64("2020-07")


def cells(columns: int = 20) -> PixelCells:
    """Pixels of 100 m from the grid's corner."""
    return PixelCells((100.0, 0.0, 0.0, 0.0, -100.0, 2000.0), "EPSG:3338", columns, GRID)


def tile(values: np.ndarray, random: float | None = None, common: float | None = None) -> Tile:
    rows, columns = values.shape
    errors = [None if sd is None else np.full((1, rows, columns), sd) for sd in (random, common)]
    return Tile(slice(0, rows), slice(0, columns), values[None], *errors)


def test_mean_error_and_count_of_a_cell():
    rng = np.random.default_rng(0)
    values = rng.normal(0.5, 0.1, (10, 20))
    values[0, :5] = np.nan
    gathered = SceneFields(GRID, (LAYER,))
    counts = gathered.add([tile(values, 0.01, 0.03)], cells(), 10, JUNE)
    assert counts == {"pixels": 200, "used": 195, "cells": 2}
    fields = gathered.dataset("radar", static=True).compute()
    seen = values[:, :10][np.isfinite(values[:, :10])]
    assert float(fields["radar_alt"][0, 0]) == pytest.approx(seen.mean(), abs=1e-6)
    assert float(fields["radar_alt_count"][0, 0]) == 95
    expected = np.sqrt(seen.var() / 95 + 0.03**2)
    assert float(fields["radar_alt_sigma"][0, 0]) == pytest.approx(expected, rel=1e-5)
    assert np.isnan(fields["radar_alt"][1]).all()
    assert np.isnan(fields["radar_alt_sigma"][0, 2])


def test_a_stated_error_larger_than_the_spread_counts():
    gathered = SceneFields(GRID, (LAYER,))
    gathered.add([tile(np.full((10, 20), 0.5), 0.2)], cells(), 10, JUNE)
    sigma = gathered.dataset("radar", static=True)["radar_alt_sigma"][0, 0]
    assert float(sigma) == pytest.approx(0.2 / 10.0, rel=1e-5)


def test_tiles_give_what_the_whole_scene_gives():
    values = np.random.default_rng(1).normal(size=(20, 20))
    whole, parts = SceneFields(GRID, (LAYER,)), SceneFields(GRID, (LAYER,))
    whole.add([tile(values)], cells(), 20, JUNE)
    cut = [
        Tile(slice(top, top + 10), slice(left, left + 7 if left == 0 else 20), values[None, top : top + 10, left:end])
        for top in (0, 10)
        for left, end in ((0, 7), (7, 20))
    ]
    parts.add(cut, cells(), 20, JUNE)
    one, other = (gathered.dataset("a", static=True).compute() for gathered in (whole, parts))
    np.testing.assert_allclose(one["a_alt"], other["a_alt"], rtol=1e-6)
    np.testing.assert_array_equal(one["a_alt_count"], other["a_alt_count"])


def test_months_stand_alone_and_the_static_field_is_the_mean_of_all_pixels():
    gathered = SceneFields(GRID, (LAYER,))
    gathered.add([tile(np.full((10, 10), 1.0))], cells(10), 10, JULY)
    gathered.add([tile(np.full((10, 20), 4.0))], cells(), 10, JUNE)
    monthly = gathered.dataset("a", static=False).compute()
    assert [str(m)[:7] for m in monthly["time"].to_numpy()] == ["2020-06", "2020-07"]
    assert monthly["a_alt"][:, 0, 0].to_numpy().tolist() == [4.0, 1.0]
    assert str(monthly["time_bnds"].to_numpy()[1, 1])[:10] == "2020-08-01"
    static = gathered.dataset("a", static=True).compute()
    assert static["a_alt"][0, :2].to_numpy().tolist() == [2.5, 4.0]


def test_a_scene_outside_or_without_values_is_refused():
    gathered = SceneFields(GRID, (LAYER,))
    far = PixelCells((100.0, 0.0, 9e5, 0.0, -100.0, 2000.0), "EPSG:3338", 20, GRID)
    with pytest.raises(CubeError, match="outside the grid"):
        gathered.add([tile(np.ones((10, 20)))], far, 10, JUNE)
    with pytest.raises(CubeError, match="no value within the grid"):
        gathered.add([tile(np.full((10, 20), np.nan))], cells(), 10, JUNE)
    with pytest.raises(CubeError, match="no scene"):
        gathered.dataset("a", static=True)
