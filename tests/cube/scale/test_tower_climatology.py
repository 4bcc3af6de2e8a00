"""Footprints and circles straight onto a grid: against the fine raster, exact areas, wind from true north."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from geocryoai.core.errors import CubeError
from geocryoai.core.grid import Grid
from geocryoai.cube.scale import tower_footprint
from geocryoai.cube.scale.circle import circle_weights
from geocryoai.cube.scale.tower_climatology import Turbulence, tower_weights

GRID = Grid("EPSG:3338", 0.0, 4000.0, 100.0, 40, 40)
HEIGHT, ROUGHNESS = 3.0, 0.03


def turbulence(direction: np.ndarray, length: float) -> Turbulence:
    """Half hours whose wind speed is that of the roughness length, so that both forms of the model are the same."""
    n = len(direction)
    psi = -5.3 * HEIGHT / length
    if length < 0:
        x = (1 - 19 * HEIGHT / length) ** 0.25
        psi = np.log((1 + x**2) / 2) + 2 * np.log((1 + x) / 2) - 2 * np.arctan(x) + np.pi / 2
    wind = 0.3 / 0.4 * (np.log(HEIGHT / ROUGHNESS) - psi)
    columns = {"friction_velocity": 0.3, "wind_speed": wind, "sigma_v": 0.45, "obukhov_length": length,
               "boundary_layer_height": 1000.0, "height": HEIGHT}  # fmt: skip
    return Turbulence(wind_direction=direction, **{name: np.full(n, value) for name, value in columns.items()})


def on_grid(cells, weights) -> np.ndarray:
    field = np.zeros(GRID.height * GRID.width)
    field[cells] = weights
    return field.reshape(GRID.shape)


@pytest.mark.physics
@pytest.mark.parametrize("length", [-30.0, -500.0, 60.0])
def test_points_of_equal_weight_agree_with_the_fine_raster(length):
    direction = np.linspace(200.0, 290.0, 19)
    cells, weights, used = tower_weights(GRID, (2000.0, 2000.0), turbulence(direction, length))
    assert used == 19
    fine = tower_footprint(direction, length, 0.45, 0.3, height=HEIGHT, roughness=ROUGHNESS, resolution=5.0)
    expected = fine.weight.reshape(20, 20, 20, 20).sum((1, 3))
    got = on_grid(cells, weights)[10:30, 10:30]
    assert got.sum() == pytest.approx(fine.inside, abs=0.02)
    assert np.abs(got - expected).max() < 0.02
    assert np.abs(got - expected).sum() < 0.12


@pytest.mark.physics
def test_the_footprint_lies_upwind_and_turns_with_north():
    wind = turbulence(np.array([270.0]), -100.0)
    cells, weights, _ = tower_weights(GRID, (2000.0, 2000.0), wind)
    assert on_grid(cells, weights)[:, 20:].sum() == 0.0
    turned = tower_weights(GRID, (2000.0, 2000.0), wind, north=90.0)
    same = tower_weights(GRID, (2000.0, 2000.0), replace(wind, wind_direction=np.array([360.0])))
    np.testing.assert_array_equal(turned[0], same[0])
    np.testing.assert_allclose(turned[1], same[1])


def test_a_cell_larger_than_the_footprint_holds_all_of_it():
    large = Grid("EPSG:3338", 0.0, 40_000.0, 10_000.0, 4, 4)
    cells, weights, _ = tower_weights(large, (15_000.0, 15_000.0), turbulence(np.arange(0.0, 360.0, 10), -50.0))
    assert cells.tolist() == [2 * 4 + 1]
    assert 0.85 < weights[0] <= 1.0


def test_half_hours_that_the_model_does_not_hold_for_are_left_out():
    wind = turbulence(np.arange(0.0, 60.0, 10.0), -50.0)
    bad = replace(
        wind,
        friction_velocity=np.array([0.05, 0.3, 0.3, 0.3, 0.3, 0.3]),
        sigma_v=np.array([0.4, np.nan, 0.4, 0.4, 0.4, 0.4]),
        obukhov_length=np.array([-50.0, -50.0, -0.1, -50.0, np.inf, -50.0]),
        boundary_layer_height=np.array([1e3, 1e3, 1e3, 2.0, 1e3, 1e3]),
    )
    assert bad.usable().tolist() == [False, False, False, False, True, True]
    with pytest.raises(CubeError, match="no half hour can be used"):
        tower_weights(GRID, (2000.0, 2000.0), replace(bad, sigma_v=np.zeros(6)))


@pytest.mark.physics
@pytest.mark.parametrize("radius", [30.0, 99.0, 450.0, 1234.5])
def test_a_circle_keeps_its_area_and_its_centre(radius):
    at = (2013.0, 1987.0)
    cells, weights = circle_weights(GRID, at, radius)
    assert weights.sum() == pytest.approx(1.0, abs=1e-9)
    x, y = GRID.x[cells % 40], GRID.y[cells // 40]
    if radius > 400:
        assert float(weights @ x) == pytest.approx(at[0], abs=1.0)
        assert float(weights @ y) == pytest.approx(at[1], abs=1.0)
        inner = np.hypot(x - at[0], y - at[1]) < radius - 80
        np.testing.assert_allclose(weights[inner], 100.0**2 / (np.pi * radius**2), rtol=1e-9)


@pytest.mark.physics
def test_a_circle_over_the_edge_counts_what_lies_inside():
    assert circle_weights(GRID, (0.0, 2000.0), 500.0)[1].sum() == pytest.approx(0.5)
    assert circle_weights(GRID, (4000.0, 0.0), 500.0)[1].sum() == pytest.approx(0.25)
    assert len(circle_weights(GRID, (-600.0, 2000.0), 500.0)[0]) == 0
    with pytest.raises(CubeError, match="no area"):
        circle_weights(GRID, (0.0, 0.0), -1.0)


@pytest.mark.real
def test_a_real_year_of_half_hours_is_seen_where_the_wind_comes_from(real_data: Path):
    names = {"u.": "friction_velocity", "wind_speed": "wind_speed", "wind_dir": "wind_direction", "L": "obukhov_length"}
    path = real_data / "in_situ/co2/ykd_tower/eddy_cov_C_fluxes_nofilter_YKD.csv.gz"
    table = pl.read_csv(path, null_values=["NA"], columns=[*names, "v_var"], infer_schema=False)
    values = {name: table[name].cast(pl.Float64, strict=False).fill_null(np.nan).to_numpy() for name in table.columns}
    n = table.height
    wind = Turbulence(
        sigma_v=np.sqrt(np.where(values["v_var"] > 0, values["v_var"], np.nan)), height=np.full(n, 3.0),
        boundary_layer_height=np.full(n, 800.0), **{house: values[own] for own, house in names.items()},
    )  # fmt: skip
    usable = wind.usable()
    assert 0.4 < usable.mean() < 0.6
    cells, weights, used = tower_weights(GRID, (2000.0, 2000.0), wind)
    assert used == usable.sum()
    assert 0.9 < weights.sum() <= 1.0
    angle = np.radians(wind.wind_direction[usable])
    upwind = np.array([np.sin(angle).mean(), np.cos(angle).mean()])
    centre = weights @ np.column_stack([GRID.x[cells % 40] - 2000.0, GRID.y[cells // 40] - 2000.0]) / weights.sum()
    assert centre @ upwind / np.linalg.norm(centre) / np.linalg.norm(upwind) > 0.9
