"""Kudryavtsev's closed form, and Stefan's, against the column on a sweep of climates and soils."""

from __future__ import annotations

from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import numpy as np
import pytest

from geocryoai.processes.column import Forcing, Material, Options, Soil, column_grid, simulate_column, spin_up
from geocryoai.processes.ground import Ground
from geocryoai.processes.kudryavtsev import kudryavtsev
from geocryoai.processes.stefan import stefan_depth

pytestmark = pytest.mark.physics


def sweep():
    """Return mean, amplitude, Ground and the column's active layer and top temperature for 36 columns."""
    mean, amplitude, water = (a.ravel() for a in np.meshgrid([-12.0, -8.0, -5.0], [10.0, 14.0, 18.0],
                                                             [0.2, 0.3, 0.45, 0.6]))  # fmt: skip
    keep = mean + amplitude > 2.0
    mean, amplitude, water = mean[keep], amplitude[keep], water[keep]
    thawed, frozen = 1.4 - 0.9 * (water - 0.2), 2.2 - 0.5 * (water - 0.2)
    ground = Ground(thawed, frozen, 1.5e6 + 4.19e6 * water, 1.5e6 + 2.0e6 * water, water)
    material = Material(water, thawed, frozen, np.asarray(ground.capacity_thawed), np.asarray(ground.capacity_frozen))
    grid = column_grid(60, 0.03, 40.0, 0.9)
    soil = Soil(grid, [material], np.broadcast_to(np.arange(mean.size), (60, mean.size)), 0.0)
    day = np.arange(365)[:, None]
    forcing = Forcing(np.ones(365), temperature=mean - amplitude * np.cos(2 * np.pi * (day + 0.5) / 365))
    state = spin_up(forcing, soil, accelerated=5).state
    result = simulate_column(forcing, soil, state, Options(profile=False))
    return mean, amplitude, ground, result


def test_bias_and_spread_of_the_closed_forms():
    mean, amplitude, ground, result = sweep()
    alt = result.yearly.alt_phase[0]
    closed = kudryavtsev(mean, amplitude, ground)
    off = closed.depth / alt - 1.0
    assert closed.permafrost.all()
    assert -0.25 < off.mean() < -0.08
    assert off.std() < 0.08
    day = np.arange(365)[:, None]
    tdd = np.clip(mean - amplitude * np.cos(2 * np.pi * (day + 0.5) / 365), 0, None).sum(axis=0)
    stefan = stefan_depth(tdd, ground.conductivity_thawed, ground.water_content) / alt - 1.0
    assert 0.1 < stefan.mean() < 0.4
    deep = np.array([np.interp(25.0, result.soil.grid.depth, t) for t in result.yearly.mean[0].T])
    assert np.abs(closed.top_temperature - deep).max() < 0.1


@pytest.fixture(scope="module")
def bench():
    path = Path(__file__).parents[3] / "benchmarks" / "closed_forms.py"
    spec = spec_from_file_location("closed_forms", path)
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_bias_by_snow_and_organic_layer_in_a_small_sweep(bench):
    case = bench.sweep((-13.0, -11.0), (15.0, 18.0), (0.0, 0.25), (0.0, 0.2), (0.3,))
    assert case.settled.all()
    depth, top = bench.kudryavtsev_of(case)
    off, cold = depth / case.result.yearly.alt_phase[0] - 1.0, top - bench.deep(case)
    bare, snow = (case.snow == 0) & (case.organic == 0), (case.snow > 0) & (case.organic == 0)
    peat = (case.snow == 0) & (case.organic > 0)
    assert np.abs(cold[bare]).max() < 0.05
    assert -0.25 < off[bare].min() < off[bare].max() < -0.03
    assert (cold[snow] < -2.0).all()  # the form lets too much of the winter through
    assert (off[peat] > 0.05).all()  # its cover holds no latent heat
    assert np.abs(bench.ttop_of(case) - bench.deep(case))[bare | snow].max() < 0.2
    stefan = bench.stefan_of(case) / case.result.yearly.alt_phase[0] - 1.0
    assert (stefan[bare] > 0.1).all()
