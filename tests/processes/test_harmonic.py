from __future__ import annotations

import numpy as np
import pytest

from geocryoai.core.errors import ModelError
from geocryoai.processes.harmonic import damping_depth, harmonic_temperature

pytestmark = pytest.mark.physics


def test_damping_depth_scales_with_the_root_of_period_and_diffusivity():
    assert damping_depth(1e-6) == pytest.approx(3.1694, abs=1e-3)
    assert damping_depth(4e-6) == pytest.approx(2 * damping_depth(1e-6))
    assert damping_depth(1e-6, 1.0) == pytest.approx(damping_depth(1e-6) / np.sqrt(365.25))


def test_wave_falls_to_a_third_and_lags_58_days_at_the_damping_depth():
    d = float(damping_depth(8e-7))
    t = np.linspace(0, 365.25, 36526)
    below = harmonic_temperature(d, t, -5.0, 12.0, 8e-7)
    assert below.max() == pytest.approx(-5 + 12 / np.e, abs=1e-3)
    assert t[below.argmax()] - 365.25 / 4 == pytest.approx(365.25 / (2 * np.pi), abs=0.05)
    assert below[:-1].mean() == pytest.approx(-5.0, abs=1e-6)


def test_obeys_the_heat_equation():
    z, t, dz, dt, alpha = 1.3, 200.0, 1e-3, 1e-3, 7e-7
    left, mid, right = harmonic_temperature([z - dz, z, z + dz], t, -5, 12, alpha)
    rate = np.diff(harmonic_temperature(z, [t - dt, t + dt], -5, 12, alpha))[0] / (2 * dt * 86400)
    assert rate == pytest.approx(alpha * (left - 2 * mid + right) / dz**2, rel=1e-4)


@pytest.mark.parametrize(("depth", "alpha", "text"), [(-1, 1e-6, "depth"), (1, 0, "diffusivity"), (np.nan, 1, "depth")])
def test_bad_input_is_refused(depth, alpha, text):
    with pytest.raises(ModelError, match=text):
        harmonic_temperature(depth, 0.0, 0.0, 1.0, alpha)
