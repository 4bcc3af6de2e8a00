from __future__ import annotations

import numpy as np

from geocryoai.twin.fields import GaussianField, block_mean, stream


def test_streams_are_repeatable_and_independent() -> None:
    first = stream(1, "weather").standard_normal(5)
    np.testing.assert_array_equal(first, stream(1, "weather").standard_normal(5))
    assert not np.allclose(first, stream(1, "network").standard_normal(5))
    assert not np.allclose(first, stream(2, "weather").standard_normal(5))


def test_fields_have_unit_variance_and_the_matern_correlation() -> None:
    length = 4.0
    field = GaussianField((48, 48), length, smoothness=1.5)
    rng = stream(3, "test")
    draws = np.array([field.draw(rng) for _ in range(400)])
    assert abs(draws.mean()) < 0.05
    assert abs(draws.std() - 1) < 0.03
    for lag in (4, 8):
        found = (draws[:, :, :-lag] * draws[:, :, lag:]).mean()
        expected = (1 + lag / length) * np.exp(-lag / length)
        assert abs(found - expected) < 0.05


def test_opposite_edges_are_not_related() -> None:
    field = GaussianField((40, 40), 6.0)
    rng = stream(4, "test")
    draws = np.array([field.draw(rng) for _ in range(400)])
    wrapped = np.corrcoef(draws[:, :, 0].ravel(), draws[:, :, -1].ravel())[0, 1]
    assert abs(wrapped) < 0.1


def test_block_mean_leaves_missing_cells_out_and_keeps_partial_blocks() -> None:
    values = np.array([[1.0, 3.0, 5.0], [np.nan, 2.0, np.nan], [np.nan, np.nan, 7.0]])
    np.testing.assert_allclose(block_mean(values, 2), [[2.0, 5.0], [np.nan, 7.0]])
    np.testing.assert_allclose(block_mean(np.stack([values, 2 * values]), 2)[1], [[4.0, 10.0], [np.nan, 14.0]])
