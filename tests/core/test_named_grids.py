"""Named grids against the published corners and tile names."""

from __future__ import annotations

import numpy as np
import pytest

from geocryoai.core.errors import GridError
from geocryoai.core.named_grids import EASE2_KM, above_tile, above_tile_of, alaska, ease2_north, named_grid


@pytest.mark.parametrize(
    ("km", "cells"), [(36, 500), (25, 720), (12.5, 1440), (9, 2000), (6.25, 2880), (3.125, 5760), (3, 6000), (1, 18000)]
)
def test_ease_grid_has_its_published_size(km: float, cells: int) -> None:
    grid = ease2_north(km)
    assert grid.shape == (cells, cells)
    assert grid.bounds == (-9e6, -9e6, 9e6, 9e6)
    assert km in EASE2_KM


def test_ease_grids_nest_in_their_families() -> None:
    assert ease2_north(12.5).nests_in(ease2_north(25))
    for fine, coarse in ((1, 3), (3, 9), (9, 36), (1, 36)):
        assert ease2_north(fine).nests_in(ease2_north(coarse))
    assert not ease2_north(9).nests_in(ease2_north(25))


def test_the_pole_is_the_middle_of_ease_grid_north() -> None:
    row, column = ease2_north(36).cell_of([0.0, 180.0, 90.0, -90.0], [89.9] * 4)
    np.testing.assert_array_equal(row, [250, 249, 250, 250])
    np.testing.assert_array_equal(column, [250, 250, 250, 249])


@pytest.mark.parametrize(
    ("place", "lon", "lat", "tile"),
    [
        ("Utqiagvik", -156.79, 71.29, "Bh008v001"),
        ("Toolik", -149.60, 68.63, "Bh008v003"),
        ("Fairbanks", -147.72, 64.84, "Bh006v005"),
    ],
)
def test_places_fall_in_their_above_tiles(place: str, lon: float, lat: float, tile: str) -> None:
    assert above_tile_of(lon, lat) == tile, place
    row, column = above_tile(tile).cell_of(lon, lat)
    assert row >= 0
    assert column >= 0


def test_above_tiles_nest_and_abut() -> None:
    a, b, c = above_tile("Ah001v000"), above_tile("Bh008v001"), above_tile("Ch048v006")
    assert (a.shape, b.shape, c.shape) == ((4500, 4500), (6000, 6000), (6000, 6000))
    assert above_tile("Bh006v000").bounds[0] == a.bounds[0] == -2_320_020.0
    assert above_tile("Ch048v006").bounds[0] == b.bounds[0]
    assert b.nests_in(above_tile("Ah001v000", resolution=30.0))
    assert above_tile("Bh09v001").bounds[0] == b.bounds[2]
    assert above_tile("Bh008v003", resolution=1000.0).shape == (180, 180)


def test_a_point_outside_has_no_tile() -> None:
    assert above_tile_of([10.0, -149.6], [50.0, 68.63], "A").tolist() == ["", "Ah001v000"]


def test_alaska_reaches_both_sides_of_the_antimeridian() -> None:
    grid = alaska(4000)
    assert grid.crs == "EPSG:3338"
    row, _ = grid.cell_of([173.2, -156.8, -131.6, -168.0], [52.9, 71.3, 55.3, 65.6])
    assert (row >= 0).all()
    assert 500_000 < grid.width * grid.height < 800_000


def test_grids_by_name() -> None:
    assert named_grid("ease2-north-12.5km") == ease2_north(12.5)
    assert named_grid("above-Bh008v003") == above_tile("Bh008v003")
    assert named_grid("alaska-10km") == alaska(10_000)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("nowhere", "no grid has that name; found 'nowhere'; expected 'alaska-4km'"),
        ("ease2-north-10km", "no such cell size; found 10 km; expected 1, 3, "),
        ("above-Dh001v001", "not a tile of the ABoVE grid; found 'Dh001v001'"),
        ("above-Ah006v000", "the ABoVE grid has no such tile; found 'Ah006v000'; expected h 0 to 5 and v 0 to 3"),
        ("alaska-0km", "the resolution must be positive"),
    ],
)
def test_names_of_no_grid(name: str, message: str) -> None:
    with pytest.raises(GridError, match=message):
        named_grid(name)


def test_cells_must_fill_the_tile() -> None:
    with pytest.raises(GridError, match="the cells do not fill the tile; found 7 m; expected a divisor of 180000 m"):
        above_tile("Bh008v003", resolution=7.0)
