from __future__ import annotations

import numpy as np
import pytest

from geocryoai.processes.exponential import exponential_parts

pytestmark = pytest.mark.physics


def test_exponential_is_exact_to_round_off_and_near_nought_too():
    x = np.concatenate([np.linspace(-699, 699, 4001), np.linspace(-1, 1, 1001), [0.0], -np.geomspace(1e-18, 1, 200)])
    bits, part = np.empty(x.size, np.int64), np.empty(x.size)
    exponential_parts(x, x.size, bits, part)
    power = bits.view(np.float64)
    np.testing.assert_allclose(power + power * part, np.exp(x), rtol=4e-15)
    np.testing.assert_allclose((power - 1.0) + power * part, np.expm1(x), rtol=2e-15, atol=0)
