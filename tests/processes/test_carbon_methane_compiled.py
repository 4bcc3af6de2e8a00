"""The compiled models are the equations of the public functions, taken step by step in numpy."""

from __future__ import annotations

from dataclasses import replace
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import numpy as np
import pytest

from geocryoai.core.errors import ModelError
from geocryoai.processes.carbon import CLASSES, simulate_carbon
from geocryoai.processes.methane import MethaneParameters, simulate_methane

pytestmark = pytest.mark.physics


@pytest.fixture(scope="module")
def bench():
    path = Path(__file__).parents[2] / "benchmarks" / "carbon_methane.py"
    spec = spec_from_file_location("carbon_methane", path)
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(("years", "cells"), [(3, 1), (12, 128), (13, 301)])
def test_compiled_and_numpy_agree_to_a_millionth_of_a_millionth(bench, years, cells):
    world = bench.World.of(years, cells, seed=cells)
    ours, theirs = bench.compiled(world), bench.in_numpy(world)
    for name, values in ours.items():
        assert np.abs(values - theirs[name]).max() <= 1e-12 * np.abs(theirs[name]).max(), name


def test_parameters_that_do_not_fit_the_cells_are_refused(bench):
    world = bench.World.of(1, 4)
    with pytest.raises(ModelError, match=r"optimal_rate: the parameters do not fit the cells; found shape \(3,\)"):
        simulate_carbon(**world.carbon, params=replace(CLASSES["SHR"], optimal_rate=np.full(3, 0.02)))
    common = {"labile": world.wet, "ts": world.carbon["ts"], "anaerobic_fraction": world.wet,
              "liquid_fraction": world.liquid, "days": world.carbon["days"]}  # fmt: skip
    with pytest.raises(ModelError, match=r"soil_depth: the shape does not fit the forcing; found \(3,\)"):
        simulate_methane(**common, params=MethaneParameters(soil_depth=np.full(3, 0.3)))


def test_results_repeat_bit_by_bit_and_cells_do_not_know_of_each_other(bench):
    world = bench.World.of(2, 200)
    first, second = bench.compiled(world), bench.compiled(world)
    part = world._replace(carbon={k: v if v.ndim == 1 else v[:, 130:140] for k, v in world.carbon.items()},
                          wet=world.wet[:, 130:140], liquid=world.liquid[:, 130:140],
                          classes=world.classes[130:140])  # fmt: skip
    alone = bench.compiled(part)
    for name, values in first.items():
        assert values.tobytes() == second[name].tobytes()
        np.testing.assert_allclose(alone[name], values[:, 130:140], rtol=1e-12, atol=1e-13)
