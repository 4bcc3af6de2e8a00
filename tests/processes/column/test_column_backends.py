"""Both back ends solve the same equations, and torch gives their derivatives."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest
import torch

from geocryoai.processes.column import (
    Forcing,
    Material,
    Options,
    PowerCurve,
    VanGenuchtenCurve,
    column_grid,
    layered_soil,
    simulate_column,
)
from geocryoai.processes.column.batched import simulate_tensors
from geocryoai.processes.column.tables import enthalpy_tables
from geocryoai.processes.column.tensors import TensorForcing, TensorSoil, TensorTables, power_tables
from geocryoai.processes.column.thaw_depth import isotherm_depth
from geocryoai.processes.column.tridiagonal import solve_tridiagonal


def problem(columns: int = 18, days: int = 240, **more):
    rng = np.random.default_rng(3)
    peat, silt = Material(0.6, 0.5, 1.5, 3.4e6, 2.0e6), Material(0.4, 1.2, 2.1, 2.8e6, 2.0e6, PowerCurve(0.05, -0.5))
    clay = Material(0.3, 1.1, 1.8, 2.6e6, 2.1e6, VanGenuchtenCurve(1.5, 1.6, 0.05, 0.4))
    soil = layered_soil(column_grid(24, 0.03, 12.0), [peat, silt, clay],
                        np.stack([rng.uniform(0, 0.3, columns), np.full(columns, 2.0), np.ones(columns)]),
                        rng.uniform(0.03, 0.08, columns))  # fmt: skip
    day = np.arange(days)[:, None]
    air = rng.uniform(-10, 0, columns) - 17 * np.cos(2 * np.pi * (day - 15) / 365) + rng.normal(0, 3, (days, columns))
    depth = np.clip(0.4 - day / 300, 0, None) * rng.uniform(0.2, 1, columns)
    return Forcing(np.ones(days), temperature=air, snow_depth=depth, **more), soil, np.full((1, columns), -4.0)


@pytest.mark.parametrize("kind", ["snow", "exchange", "flux", "bare"])
def test_back_ends_agree_within_a_millionth_of_a_degree(kind):
    forcing, soil, start = problem(**({"exchange": 15.0} if kind == "exchange" else {}))
    if kind == "flux":
        forcing = Forcing(forcing.days, heat_flux=2.0 * forcing.temperature, snow_depth=forcing.snow_depth)
    if kind == "bare":
        forcing = Forcing(forcing.days, temperature=forcing.temperature, n_thaw=0.9, n_freeze=0.5)
    compiled = simulate_column(forcing, soil, start)
    batched = simulate_column(forcing, soil, start, Options(backend="torch"))
    assert np.abs(compiled.temperature - batched.temperature).max() < 1e-6
    assert np.abs(compiled.liquid_share - batched.liquid_share).max() < 1e-6
    for field in fields(compiled.series):
        a, b = getattr(compiled.series, field.name), getattr(batched.series, field.name)
        assert b == pytest.approx(a, abs=1e-6 * max(1.0, np.abs(a).max())), field.name
    for name in ("alt_isotherm", "alt_phase", "mean", "low", "high"):
        assert getattr(batched.yearly, name) == pytest.approx(getattr(compiled.yearly, name), abs=1e-6)


def test_columns_do_not_know_of_each_other_and_results_repeat():
    forcing, soil, start = problem()
    whole = simulate_column(forcing, soil, start)
    again = simulate_column(forcing, soil, start)
    assert whole.temperature.tobytes() == again.temperature.tobytes()
    one = layered_soil(soil.grid, soil.materials, np.zeros((3, 1)), soil.geothermal[5:6])
    object.__setattr__(one, "index", soil.index[:, 5:6])
    alone = simulate_column(Forcing(forcing.days, temperature=forcing.temperature[:, 5:6],
                                    snow_depth=forcing.snow_depth[:, 5:6]), one, -4.0)  # fmt: skip
    assert np.abs(alone.temperature[:, :, 0] - whole.temperature[:, :, 5]).max() < 1e-6


def test_a_run_in_two_parts_is_the_run():
    forcing, soil, start = problem()
    cut = [Forcing(forcing.days[s], temperature=forcing.temperature[s], snow_depth=forcing.snow_depth[s])
           for s in (slice(0, 100), slice(100, None))]  # fmt: skip
    first = simulate_column(cut[0], soil, start)
    second = simulate_column(cut[1], soil, first.state)
    whole = simulate_column(forcing, soil, start)
    assert np.abs(second.temperature - whole.temperature[100:]).max() < 1e-6


def test_tridiagonal_systems_and_their_derivatives():
    torch.manual_seed(0)
    lower, upper, right = (torch.randn(6, 3, dtype=torch.float64) for _ in range(3))
    diagonal = 4 + torch.rand(6, 3, dtype=torch.float64)
    for t in (lower, diagonal, upper, right):
        t.requires_grad_()
    x = solve_tridiagonal(lower, diagonal, upper, right)
    for c in range(3):
        matrix = torch.diag(diagonal[:, c]) + torch.diag(lower[1:, c], -1) + torch.diag(upper[:-1, c], 1)
        assert torch.allclose(matrix @ x[:, c], right[:, c])
    assert torch.autograd.gradcheck(solve_tridiagonal, (lower, diagonal, upper, right))


def silt_tables(values: torch.Tensor) -> TensorTables:
    water, thawed, frozen, a, b = (values[i : i + 1] for i in range(5))
    capacity = tuple(torch.full_like(water, c) for c in (2.8e6, 2.0e6))
    return power_tables(water, (thawed, frozen), (capacity[0], capacity[1]), a, b)


VALUES = torch.tensor([0.4, 1.2, 2.1, 0.05, -0.5], dtype=torch.float64)


def test_tensor_tables_are_the_tables():
    mine = silt_tables(VALUES)
    theirs = TensorTables.of(enthalpy_tables([Material(0.4, 1.2, 2.1, 2.8e6, 2.0e6, PowerCurve(0.05, -0.5))]))
    for field in fields(mine):
        a, b = getattr(mine, field.name), getattr(theirs, field.name)
        assert torch.allclose(a, b, rtol=1e-9, atol=1e-9), field.name


def thaw_after_summer(values: torch.Tensor, warmer: torch.Tensor) -> torch.Tensor:
    grid = column_grid(24, 0.03, 12.0)
    index = torch.zeros((24, 1), dtype=torch.long)
    soil = TensorSoil(silt_tables(values), index, torch.as_tensor(grid.thickness)[:, None])
    time = torch.arange(60, dtype=torch.float64)[:, None]
    none = torch.zeros((1, 1), dtype=torch.float64)
    forcing = TensorForcing(torch.full((60,), 86400.0, dtype=torch.float64), 6.0 + 0.05 * time + warmer, none,
                            none + 0.2, none + 5e5, none[0])  # fmt: skip
    tables = enthalpy_tables([Material(0.4, 1.2, 2.1, 2.8e6, 2.0e6, PowerCurve(0.05, -0.5))])
    start = torch.as_tensor(tables.enthalpy(np.full((24, 1), -4.0), index.numpy()))
    run = simulate_tensors(forcing, soil, start, torch.zeros((0, 1), dtype=torch.float64), Options())
    return isotherm_depth(run.temperature[-1], run.series[-1, 2], soil.thickness).sum()


def test_gradient_of_thaw_depth_is_its_slope():
    values, warmer = VALUES.clone().requires_grad_(), torch.zeros(1, dtype=torch.float64, requires_grad=True)
    thaw_after_summer(values, warmer).backward()
    for i, step in enumerate((1e-5, 1e-5, 1e-5, 1e-6, 1e-5)):
        shift = torch.zeros_like(VALUES)
        shift[i] = step
        with torch.no_grad():
            slope = (thaw_after_summer(VALUES + shift, warmer) - thaw_after_summer(VALUES - shift, warmer)) / (2 * step)
        assert float(values.grad[i]) == pytest.approx(float(slope), rel=0.02, abs=2e-3), i
    with torch.no_grad():
        slope = (thaw_after_summer(VALUES, warmer + 1e-5) - thaw_after_summer(VALUES, warmer - 1e-5)) / 2e-5
    assert float(warmer.grad) == pytest.approx(float(slope), rel=0.01)
    assert float(values.grad[0]) < 0 < float(warmer.grad)
