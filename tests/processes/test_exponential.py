from __future__ import annotations

import numpy as np
import pytest
from numba import njit

from geocryoai.processes.exponential import exponential_parts

pytestmark = pytest.mark.physics


@njit
def compiled(x):
    power, part = np.empty(x.size), np.empty(x.size)
    for j in range(x.size):
        power[j], part[j] = exponential_parts(x[j])
    return power, part


def test_exponential_is_exact_to_round_off_and_near_nought_too():
    x = np.concatenate([np.linspace(-699, 699, 4001), np.linspace(-1, 1, 1001), [0.0], -np.geomspace(1e-18, 1, 200)])
    power, part = compiled(x)
    np.testing.assert_allclose(power + power * part, np.exp(x), rtol=4e-15)
    np.testing.assert_allclose((power - 1.0) + power * part, np.expm1(x), rtol=2e-15, atol=0)


def test_exponential_stops_where_a_power_of_two_would_leave_the_range():
    power, part = compiled(np.array([-1e6, 1e6]))
    np.testing.assert_allclose(power + power * part, np.exp([-700.0, 700.0]), rtol=4e-15)
