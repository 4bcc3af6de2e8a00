"""The script that makes the coastline from TopoJSON."""

from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import numpy as np
import pytest

SCRIPT = Path(__file__).parents[2] / "scripts" / "make_coastline.py"


@pytest.fixture(scope="module")
def script():
    spec = spec_from_file_location("make_coastline", SCRIPT)
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


TOPOLOGY = {
    "transform": {"scale": [0.5, 0.5], "translate": [-10.0, 50.0]},
    "arcs": [[[0, 0], [40, 0], [0, 40]], [[0, 0], [0, 40], [40, 0]]],
    "objects": {"land": {"geometries": [{"type": "Polygon", "arcs": [[0, -2]]}]}},
}


def test_arcs_are_undone_and_joined(script):
    (ring,) = script.rings_of(TOPOLOGY)
    assert ring.tolist() == [[-10, 50], [10, 50], [10, 70], [-10, 70], [-10, 50]]


def test_the_south_is_pressed_onto_the_edge_in_small_steps(script):
    lon = np.arange(0.0, 61.0)
    ring = np.vstack([np.column_stack([lon, np.full(61, 30.0)]), [[60.0, 60.0], [0.0, 60.0], [0.0, 30.0]]])
    cut = script.cut_south(ring)
    assert cut[:, 1].min() == 45.0
    along = cut[cut[:, 1] == 45.0, 0]
    assert len(along) < 20
    assert np.abs(np.diff(along[:-1])).max() <= 5.0


def test_simplifying_keeps_corners_and_drops_what_lies_on_the_line(script):
    points = np.array([[0, 0], [50_000, 10], [100_000, 0], [100_000, 100_000], [0, 100_000], [0, 0]], float)
    assert script.simplified(points).tolist() == [True, False, True, True, True, True]


def test_the_made_file_can_be_read_back(script):
    made = script.make_coastline(TOPOLOGY)
    (steps,) = made["rings"]
    places = np.cumsum(np.array(steps).reshape(-1, 2), axis=0) / made["scale"]
    assert places[0].tolist() == places[-1].tolist() == [-10.0, 50.0]
    assert places.max() == 70.0
