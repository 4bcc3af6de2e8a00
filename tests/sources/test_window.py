"""The part of a source that a study's domain needs."""

from __future__ import annotations

import numpy as np
import pytest

from geocryoai.core.errors import SourceError
from geocryoai.core.grid import Grid
from geocryoai.core.named_grids import alaska, ease2_north
from geocryoai.sources import READERS
from geocryoai.sources._layout_place import Place, cut
from geocryoai.sources.window import box_of, for_domain


def test_the_box_of_a_grid_across_the_antimeridian() -> None:
    west, south, east, north = box_of(alaska(100_000.0))
    assert 140 < west < 180
    assert -130 < east < -100
    assert 40 < south < 52
    assert north > 71


def test_a_grid_that_holds_the_pole_takes_all_longitudes() -> None:
    assert box_of(ease2_north(25.0))[::2] == (-180.0, 180.0)
    assert box_of(ease2_north(25.0))[3] == 90.0


def test_only_readers_that_take_a_box_get_one() -> None:
    grid = Grid("EPSG:3338", 0.0, 2_100_000.0, 10_000.0, 10, 10)
    assert "box" in for_domain(READERS.get("era5"), {}, grid)
    assert for_domain(READERS.get("grid"), {}, grid) == {}
    assert for_domain(READERS.get("era5"), {"box": [1, 2, 3, 4]}, grid)["box"] == [1, 2, 3, 4]
    assert for_domain(READERS.get("era5"), {}, None) == {}


@pytest.mark.parametrize("start", [-180.0, 0.0])
def test_a_box_across_the_cut_of_a_ring_is_taken_in_one_piece(start: float) -> None:
    lon = start + np.arange(0.0, 360.0, 1.0)
    place = Place("lat", "lon", np.arange(80.0, 40.0, -1.0), lon, "EPSG:4326")
    part, rows, columns = cut(place, (170.0, 60.0, -170.0, 65.0), "here")
    assert np.diff(np.unwrap(part.x, period=360.0)) == pytest.approx(1.0)
    assert {170.0, 180.0 % 360, 190.0} <= {float(value) % 360 for value in part.x}
    assert part.x.size == columns.size <= 26
    assert (part.y.min(), part.y.max()) == (58.0, 67.0)
    assert rows.size == 10


def test_a_projected_file_is_cut_to_the_box() -> None:
    x, y = np.arange(-2e6, 2e6, 1e4), np.arange(3e6, -1e6, -1e4)
    part, _, _ = cut(Place("y", "x", y, x, "EPSG:3338"), (-150.0, 68.0, -149.0, 69.0), "here")
    assert 8 < part.x.size < 20
    assert 12 < part.y.size < 24
    with pytest.raises(SourceError, match="nothing of the file lies in the domain"):
        cut(Place("y", "x", y, x, "EPSG:3338"), (10.0, 50.0, 11.0, 51.0), "here")
