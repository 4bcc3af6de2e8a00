from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geocryoai.core.errors import CubeError
from geocryoai.cube.overlap import edges_of, overlap_shares


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.floats(0.1, 10), min_size=2, max_size=12),
    st.lists(st.floats(0.1, 10), min_size=2, max_size=12),
    st.booleans(),
    st.booleans(),
)
def test_shares_conserve_length(source_steps, target_steps, flip_source, flip_target):
    source = np.concatenate([[0.0], np.cumsum(source_steps)])
    target = np.concatenate([[0.0], np.cumsum(target_steps)])
    target *= source[-1] / target[-1]
    source = source[::-1] if flip_source else source
    target = target[::-1] if flip_target else target
    shares = overlap_shares(source, target).toarray()
    assert np.allclose(shares.sum(axis=1), 1, atol=1e-12)
    lengths = shares.T @ np.abs(np.diff(target))
    smallest = min(np.abs(np.diff(source)).min(), np.abs(np.diff(target)).min())
    assert np.allclose(lengths, np.abs(np.diff(source)), atol=2.1e-3 * smallest)


def test_equal_partitions_overlap_one_to_one_despite_float32_edges():
    target = np.linspace(1_000_000.0, 1_050_000.0, 51)
    source = target.astype(np.float32).astype(float) + 0.4
    assert np.array_equal(overlap_shares(source, target).toarray(), np.eye(50))


def test_half_a_cell_is_not_snapped():
    target = np.arange(5.0)
    expected = [[0.5, 0, 0, 0], [0.5, 0.5, 0, 0], [0, 0.5, 0.5, 0], [0, 0, 0.5, 0.5]]
    assert np.allclose(overlap_shares(target + 0.5, target).toarray(), expected)


def test_no_overlap_is_empty():
    assert overlap_shares(np.array([10.0, 11.0, 12.0]), np.array([0.0, 1.0])).nnz == 0


def test_measure_weighs_latitudes_by_area():
    shares = overlap_shares(np.array([0.0, 30.0, 90.0]), np.array([0.0, 90.0]), lambda lat: np.sin(np.radians(lat)))
    assert np.allclose(shares.toarray(), [[0.5, 0.5]])


def test_edges_of_irregular_centres():
    assert edges_of(np.array([0.0, 1.0, 3.0]), "x").tolist() == [-0.5, 0.5, 2.0, 4.0]


@pytest.mark.parametrize(
    ("centres", "message"), [([1.0], "one cell has no known cell size"), ([0.0, 2.0, 1.0], "not strictly monotonic")]
)
def test_edges_refuse_what_has_no_cells(centres, message):
    with pytest.raises(CubeError, match=message):
        edges_of(np.array(centres), "x")
