from __future__ import annotations

import numpy as np
import pytest

from geocryoai.core.errors import ModelError
from geocryoai.processes import checks


def test_a_nan_is_named_with_its_place_and_count():
    with pytest.raises(ModelError) as caught:
        checks.finite("ts [degC]", [[1.0, 2.0], [np.nan, np.inf]])
    text = str(caught.value)
    assert "ts [degC]" in text
    assert "(1, 0)" in text
    assert "2 such values" in text


@pytest.mark.parametrize(
    ("check", "value"),
    [
        (lambda v: checks.at_least("x", v), -0.1),
        (lambda v: checks.above("x", v), 0.0),
        (lambda v: checks.between("x", v, 0, 1), 1.1),
    ],
)
def test_values_out_of_bounds_are_refused(check, value):
    with pytest.raises(ModelError, match=f"x: .*found {value:g}"):
        check(value)


def test_values_at_the_bounds_pass_as_float64():
    assert checks.at_least("x", 0).dtype == np.float64
    assert checks.between("x", [0, 1], 0, 1).tolist() == [0.0, 1.0]


def test_shapes_that_do_not_broadcast_are_named():
    with pytest.raises(ModelError, match=r"tdd \(2,\), k \(3,\)"):
        checks.common_shape(tdd=np.zeros(2), k=np.zeros(3))
