from __future__ import annotations

import numpy as np
import pytest

from geocryoai.core.errors import ModelError
from geocryoai.processes.ground import Ground
from geocryoai.processes.neumann import neumann_depth, neumann_lambda, neumann_stefan_ratio, neumann_temperature
from geocryoai.processes.stefan import stefan_depth

pytestmark = pytest.mark.physics
MINERAL = Ground(1.2, 2.0, 2.8e6, 2.0e6, 0.4)
PEAT = Ground(0.5, 1.7, 3.4e6, 1.9e6, 0.8)


@pytest.mark.parametrize(
    ("ground", "surface", "initial", "days", "front", "depth", "stefan", "ratio"),
    [
        (MINERAL, 10.0, -5.0, 90.0, 0.278651, 1.0174, 1.1819, 0.861),
        (MINERAL, 10.0, 0.0, 90.0, 0.313231, 1.1436, 1.1819, 0.968),
        (PEAT, 8.0, -6.0, 100.0, 0.192804, 0.4347, 0.5086, 0.855),
    ],
    ids=["A", "B", "C"],
)
def test_reference_cases(ground, surface, initial, days, front, depth, stefan, ratio):
    assert neumann_lambda(ground, surface, initial) == pytest.approx(front, abs=5e-7)
    assert neumann_depth(ground, surface, initial, days) == pytest.approx(depth, abs=1e-4)
    plain = stefan_depth(surface * days, ground.conductivity_thawed, ground.water_content)
    assert plain == pytest.approx(stefan, abs=1e-4)
    assert neumann_stefan_ratio(ground, surface, initial) == pytest.approx(ratio, abs=1e-3)


def test_temperature_meets_zero_at_the_front_and_balances_its_heat():
    days, eps = 60.0, 1e-5
    z = float(neumann_depth(PEAT, 8.0, -6.0, days))
    above, at, below = neumann_temperature([z - eps, z, z + eps], days, PEAT, 8.0, -6.0)
    assert abs(at) < 1e-9
    arriving, leaving = PEAT.conductivity_thawed * above / eps, PEAT.conductivity_frozen * -below / eps
    speed = z / (2 * days * 86400)
    assert arriving - leaving == pytest.approx(float(PEAT.latent_heat) * speed, rel=1e-3)
    assert neumann_temperature([0.0, 50.0], days, PEAT, 8.0, -6.0) == pytest.approx([8.0, -6.0])


def test_temperature_obeys_the_heat_equation_on_both_sides():
    t, dt, dz = 60.0, 0.01, 1e-3
    for z, alpha in ((0.15, PEAT.diffusivity_thawed), (0.9, PEAT.diffusivity_frozen)):
        left, mid, right = neumann_temperature([z - dz, z, z + dz], t, PEAT, 8.0, -6.0)
        later, earlier = (neumann_temperature(z, t + s, PEAT, 8.0, -6.0) for s in (dt, -dt))
        rate = (later - earlier) / (2 * dt * 86400)
        assert rate == pytest.approx(float(alpha) * (left - 2 * mid + right) / dz**2, rel=1e-3)


def test_colder_ground_thaws_less_and_stefan_is_the_limit():
    ratios = neumann_stefan_ratio(MINERAL, 10.0, np.array([0.0, -1.0, -5.0, -12.0]))
    assert (np.diff(ratios) < 0).all()
    assert (ratios < 1).all()
    assert neumann_stefan_ratio(MINERAL, 1e-3, 0.0) == pytest.approx(1.0, abs=1e-4)


@pytest.mark.parametrize(
    ("surface", "initial", "days", "text"),
    [(0.0, -5, 10, "surface"), (5, 1.0, 10, "not frozen"), (5, -1, -1, "days"), (np.nan, -1, 1, "surface")],
)
def test_bad_cases_are_refused(surface, initial, days, text):
    with pytest.raises(ModelError, match=text):
        neumann_depth(MINERAL, surface, initial, days)


def test_dry_ground_has_no_front():
    with pytest.raises(ModelError, match="water_content"):
        neumann_depth(Ground(1.2, 2.0, 2.8e6, 2.0e6, 0.0), 5, -1, 10)
