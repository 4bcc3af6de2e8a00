from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geocryoai.core.errors import ModelError
from geocryoai.processes.stefan import edaphic_factor, edaphic_stefan, layered_stefan, stefan_depth

pytestmark = pytest.mark.physics


@pytest.mark.parametrize(("k", "n", "theta", "metres"), [(0.5, 0.9, 0.6, 0.591), (1.2, 1.0, 0.4, 1.182)])
def test_reference_depths_at_900_degree_days(k, n, theta, metres):
    assert stefan_depth(900.0, k, theta, n) == pytest.approx(metres, abs=5e-4)


def test_edaphic_form_is_the_same_law():
    tdd = np.array([0.0, 300.0, 1200.0])
    np.testing.assert_allclose(edaphic_stefan(tdd, edaphic_factor(0.8, 0.5, 0.9)), stefan_depth(tdd, 0.8, 0.5, 0.9))


def test_layers_alike_are_one_ground():
    tdd = np.linspace(0, 3000, 13)
    layered = layered_stefan(tdd, [0.1, 0.2, 0.3, 1.0], [0.9] * 4, [0.45] * 4, 0.8)
    np.testing.assert_allclose(layered, stefan_depth(tdd, 0.9, 0.45, 0.8), rtol=1e-12)


def test_two_layers_take_the_degree_days_of_their_formula():
    d, k, theta = np.array([0.2, 1.0]), np.array([0.3, 1.5]), np.array([0.7, 0.4])
    z = 0.35
    first = 334e6 * theta[0] * d[0] ** 2 / (2 * k[0])
    second = 334e6 * theta[1] * (z * d[0] / k[0] + z**2 / (2 * k[1]))
    assert layered_stefan((first + second) / 86400, d, k, theta) == pytest.approx(0.2 + z, rel=1e-12)
    assert layered_stefan(first / 86400, d, k, theta) == pytest.approx(0.2, rel=1e-9)


def test_thaw_inside_the_first_layer_does_not_see_the_second():
    tdd = 100.0
    assert layered_stefan(tdd, [0.5, 9], [0.3, 5.0], [0.7, 0.1]) == pytest.approx(stefan_depth(tdd, 0.3, 0.7))


def test_absent_layer_and_unbounded_last_layer():
    many = layered_stefan([900.0, 900.0], [[0.0, 0.01], [0.2, 0.01]], [[0.3, 1.2]] * 2, [[0.7, 0.4]] * 2)
    assert many[0] == pytest.approx(stefan_depth(900.0, 1.2, 0.4))
    assert many[1] < many[0]
    assert layered_stefan(900.0, [0.2, np.inf], [0.3, 1.2], [0.7, 0.4]) == pytest.approx(many[1])


@given(st.floats(0, 4000), st.floats(1, 500), st.floats(0.05, 0.9), st.floats(0.05, 2.5), st.floats(0, 1))
def test_deeper_with_warmth_shallower_with_water_and_peat(tdd, more, theta, k, organic):
    water, cond = [0.8, theta], [0.25, k]
    base = layered_stefan(tdd, [organic, 1], cond, water)
    assert layered_stefan(tdd + more, [organic, 1], cond, water) > base
    assert stefan_depth(tdd + 1, k, theta) > stefan_depth(tdd + 1, k, theta * 1.1)
    assert np.isfinite(base)
    assert base >= 0


def test_broadcasting_over_cells_and_years():
    tdd = np.random.default_rng(0).uniform(100, 2000, (33, 7))
    z = layered_stefan(tdd, np.full((7, 3), 0.2), np.full((7, 3), 1.0), np.full((7, 3), 0.4))
    assert z.shape == (33, 7)
    assert stefan_depth(0.0, 1.0, 0.4) == 0.0
    assert layered_stefan(0.0, [0.1, 1], [0.3, 1], [0.5, 0.5]) == 0.0


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: stefan_depth(-1.0, 1, 0.4), r"tdd \[degC d\].*-1"),
        (lambda: stefan_depth([100, np.nan], 1, 0.4), r"tdd \[degC d\].*missing"),
        (lambda: stefan_depth(100, 0.0, 0.4), "conductivity"),
        (lambda: stefan_depth(100, 1, 0.0), "water_content"),
        (lambda: stefan_depth(100, 1, 40.0), r"water_content.*expected 0 to 1"),
        (lambda: stefan_depth(100, 1, 0.4, -0.2), "n_factor"),
        (lambda: stefan_depth(np.ones(3), np.ones(2), 0.4), "broadcast"),
        (lambda: edaphic_stefan(100, -1), "edaphic"),
        (lambda: layered_stefan(100, [0.1, 1], [1, 1, 1], [0.4, 0.4]), "number of layers"),
        (lambda: layered_stefan(100, 0.1, 1.0, 0.4), "number of layers"),
        (lambda: layered_stefan(100, [-0.1, 1], [1, 1], [0.4, 0.4]), "thickness"),
        (lambda: layered_stefan(100, [np.nan, 1], [1, 1], [0.4, 0.4]), "thickness"),
        (lambda: layered_stefan(100, [0.1, 1], [1, 1], [0.0, 0.4]), "water_content"),
    ],
)
def test_unphysical_ground_is_refused(call, text):
    with pytest.raises(ModelError, match=text):
        call()
