from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from geocryoai.core.errors import ModelError
from geocryoai.processes.ground import Ground
from geocryoai.processes.lunardini import interfrost_t1, lunardini_constants, lunardini_fronts, lunardini_temperature
from geocryoai.processes.neumann import neumann_depth

pytestmark = pytest.mark.physics


@pytest.mark.parametrize(("frozen_below", "psi", "gamma"), [(-4.0, 0.0617, 1.397), (-1.0, 0.1374, 2.060)])
def test_benchmark_constants(frozen_below, psi, gamma):
    found = lunardini_constants(interfrost_t1(frozen_below))
    assert found.psi == pytest.approx(psi, abs=5e-5)
    assert found.gamma == pytest.approx(gamma, abs=5e-4)


@pytest.mark.parametrize("frozen_below", [-4.0, -1.0])
def test_temperature_and_heat_flux_are_continuous_at_both_fronts(frozen_below):
    problem, eps = interfrost_t1(frozen_below), 1e-6
    k = (problem.conductivity_frozen, problem.conductivity_mushy, problem.conductivity_thawed)
    for i, (front, value) in enumerate(zip(lunardini_fronts(problem, 3.0), (frozen_below, 0.0), strict=True)):
        left, at, right = lunardini_temperature([front - eps, front, front + eps], 3.0, problem)
        assert at == pytest.approx(value, abs=1e-9)
        assert k[i] * (at - left) == pytest.approx(k[i + 1] * (right - at), rel=1e-4)


def test_ends_hold_their_temperatures_and_it_cools_downwards():
    problem = interfrost_t1(-4.0)
    t = lunardini_temperature(np.linspace(0, 10, 400), 2.0, problem)
    assert t[0] == pytest.approx(-6.0)
    assert t[-1] == pytest.approx(4.0, abs=1e-6)
    assert (np.diff(t) >= 0).all()


def test_a_narrow_freezing_range_approaches_neumann():
    # freezing of ground at +4 from -6 is thawing of ground at -4 from +6 with the phases swapped
    sharp = replace(interfrost_t1(-1.0), frozen_below=-0.01)
    ground = Ground(
        sharp.conductivity_frozen, sharp.conductivity_thawed, sharp.capacity, sharp.capacity, sharp.latent / 334e6
    )
    assert lunardini_fronts(sharp, 5.0)[1] == pytest.approx(float(neumann_depth(ground, 6.0, -4.0, 5.0)), rel=0.005)


def test_temperatures_out_of_order_are_refused():
    with pytest.raises(ModelError, match="out of order"):
        interfrost_t1(-7.0)
    with pytest.raises(ModelError, match="latent"):
        replace(interfrost_t1(-4.0), latent=0.0)
