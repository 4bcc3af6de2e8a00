from __future__ import annotations

import numpy as np
import pytest

from geocryoai.core.errors import ModelError
from geocryoai.processes.ground import Ground
from geocryoai.processes.kudryavtsev import Wave, top_temperature
from geocryoai.processes.template import frost_number
from geocryoai.processes.ttop import ttop

pytestmark = pytest.mark.physics


def test_equals_the_mean_of_k_times_t_as_kudryavtsev_does():
    share = np.linspace(0, 1, 100_000, endpoint=False)
    for mean, amplitude in ((-6.0, 15.0), (3.0, 14.0)):
        surface = mean + amplitude * np.sin(2 * np.pi * share)
        tdd, fdd = (np.maximum(s * surface, 0).mean() * 365.25 for s in (1, -1))
        wave = Wave(np.asarray(mean), np.asarray(amplitude))
        offset = top_temperature(wave, Ground(0.9, 1.8, 2.8e6, 2e6, 0.4))
        assert ttop(tdd, fdd, 1.0, 1.0, 0.5) == pytest.approx(float(offset), abs=1e-6)


def test_without_offset_it_is_the_surface_mean_and_is_continuous_at_zero():
    assert ttop(1000.0, 3000.0, 0.9, 0.5, 1.0) == pytest.approx((900 - 1500) / 365.25)
    near = ttop(1000.0, np.array([499.99, 500.01]), 1.0, 1.0, 0.5)
    assert near[0] > 0 > near[1]
    np.testing.assert_allclose(near, 0.0, atol=1e-4)


def test_snow_warms_and_frozen_conductivity_cools():
    assert ttop(1000, 4000, 0.9, 0.3, 0.6) > ttop(1000, 4000, 0.9, 0.6, 0.6)
    assert ttop(1000, 2000, 0.9, 0.6, 0.5) < ttop(1000, 2000, 0.9, 0.6, 0.9)


@pytest.mark.parametrize(
    ("args", "text"),
    [((-1, 1, 1, 1, 1), "tdd"), ((1, 1, 1, 1, 0), "conductivity_ratio"), ((1, np.nan, 1, 1, 1), "fdd")],
)
def test_bad_input_is_refused(args, text):
    with pytest.raises(ModelError, match=text):
        ttop(*args)


def test_frost_number_of_the_template():
    assert frost_number(1000.0, 1000.0) == 0.5
    assert frost_number([0.0, 500.0], [100.0, 0.0]).tolist() == [1.0, 0.0]
    with pytest.raises(ModelError, match="neither thaw nor frost"):
        frost_number(0.0, 0.0)
