from __future__ import annotations

import pytest

from geocryoai.core.errors import ModelError
from geocryoai.processes.ground import Ground, volumetric_capacity


def test_latent_heat_and_diffusivity():
    ground = Ground(1.2, 2.0, 2.8e6, 2.0e6, 0.4)
    assert ground.latent_heat == pytest.approx(1.336e8)
    assert ground.diffusivity_frozen == pytest.approx(1e-6)


def test_trap_water_adds_its_capacity_per_volume_not_per_mass():
    # 4190 J kg-1 K-1 x theta would add 1.7 kJ m-3 K-1 instead of 1.7 MJ m-3 K-1
    assert volumetric_capacity(1.2e6, 0.4, frozen=False) == pytest.approx(1.2e6 + 4.19e6 * 0.4)
    assert volumetric_capacity(1.2e6, 0.4, frozen=True) == pytest.approx(1.2e6 + 2.025e6 * 0.4)


def test_a_capacity_per_mass_is_refused():
    with pytest.raises(ModelError, match=r"too small to be per volume.*Multiply"):
        Ground(1.2, 2.0, 840.0, 2.0e6, 0.4)


@pytest.mark.parametrize(
    ("args", "text"),
    [
        ((0.0, 2.0, 2.8e6, 2.0e6, 0.4), "conductivity_thawed"),
        ((1.2, -2.0, 2.8e6, 2.0e6, 0.4), "conductivity_frozen"),
        ((1.2, 2.0, 2.8e6, 2.0e6, 1.4), "water_content"),
        ((1.2, 2.0, 2.8e6, float("nan"), 0.4), "capacity_frozen"),
    ],
)
def test_unphysical_ground_is_refused(args, text):
    with pytest.raises(ModelError, match=text):
        Ground(*args)
