"""Grids: coordinates, areas, points and cells, nesting, bounds, refusals."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyproj import CRS, Geod

from geocryoai.core.errors import GridError
from geocryoai.core.grid import Grid
from geocryoai.core.projection import LONLAT, transformer

ALBERS = "EPSG:3338"
WGS84 = Geod(ellps="WGS84")


def geodesic_area(grid: Grid, row: int, column: int, points: int = 60) -> float:
    """Area [m2] of one cell by a geodesic polygon that follows its edges closely."""
    left, right = grid.x_edges[column : column + 2]
    top, bottom = grid.y_edges[row : row + 2]
    forth, back = np.linspace(0, 1, points), np.linspace(1, 0, points)
    x = left + (right - left) * np.concatenate([forth, np.ones(points), back, np.zeros(points)])
    y = bottom + (top - bottom) * np.concatenate([np.zeros(points), forth, np.ones(points), back])
    return abs(WGS84.polygon_area_perimeter(*transformer(grid.crs, LONLAT).transform(x, y))[0])


def test_coordinates_and_bounds() -> None:
    grid = Grid(ALBERS, left=-1000.0, top=5000.0, resolution=500.0, width=4, height=3)
    assert grid.shape == (3, 4)
    assert grid.bounds == (-1000.0, 3500.0, 1000.0, 5000.0)
    np.testing.assert_array_equal(grid.x, [-750, -250, 250, 750])
    np.testing.assert_array_equal(grid.y, [4750, 4250, 3750])
    np.testing.assert_array_equal(grid.x_edges, [-1000, -500, 0, 500, 1000])
    np.testing.assert_array_equal(grid.y_edges, [5000, 4500, 4000, 3500])


@pytest.mark.parametrize(
    "grid",
    [
        Grid(ALBERS, 300_000.0, 2_200_000.0, 4000.0, 7, 5),
        Grid("ESRI:102001", -3_400_020.0, 4_640_000.0, 30_000.0, 9, 8),
        Grid("EPSG:6931", -9e6, 9e6, 1e6, 18, 18),
        Grid("EPSG:3413", -2e6, 2e6, 25_000.0, 6, 6),
        Grid(LONLAT, 175.0, 72.0, 0.5, 30, 12),
    ],
    ids=lambda grid: grid.crs,
)
def test_the_centre_of_every_cell_is_in_that_cell(grid: Grid) -> None:
    lon, lat = grid.lonlat()
    known = np.isfinite(lon)
    assert ((lon[known] >= -180) & (lon[known] < 180)).all()
    rows, columns = np.indices(grid.shape)
    row, column = grid.cell_of(lon, lat)
    np.testing.assert_array_equal(row[known], rows[known])
    np.testing.assert_array_equal(column[known], columns[known])


def test_points_outside_or_unknown_are_in_no_cell() -> None:
    grid = Grid.from_lonlat_box(ALBERS, -155, 65, -145, 70, 10_000)
    lon, lat = [-150.0, 20.0, np.nan, -150.0, -150.0, -110.0], [67.0, 67.0, 67.0, np.nan, -30.0, 67.0]
    row, column = grid.cell_of(lon, lat)
    np.testing.assert_array_equal(row >= 0, [True, False, False, False, False, False])
    np.testing.assert_array_equal(column >= 0, row >= 0)
    assert row.dtype == column.dtype == np.int64
    scalar_row, _ = grid.cell_of(-150.0, 67.0)
    assert scalar_row == row[0]


def test_a_point_on_an_edge_belongs_east_and_south() -> None:
    grid = Grid(LONLAT, 0.0, 10.0, 1.0, 3, 3)
    row, column = grid.cell_of([0.0, 1.0, 3.0, 0.5], [10.0, 9.0, 9.5, 7.0])
    np.testing.assert_array_equal(row, [0, 1, -1, -1])
    np.testing.assert_array_equal(column, [0, 1, -1, -1])


@pytest.mark.parametrize("lon", [181.0, -179.0])
def test_longitudes_of_either_range_find_the_cell(lon: float) -> None:
    for grid in (Grid(LONLAT, 178.0, 70.0, 1.0, 5, 5), Grid(LONLAT, -182.0, 70.0, 1.0, 5, 5)):
        assert grid.cell_of(lon, 68.5)[1] == 3


@pytest.mark.physics
def test_an_equal_area_grid_has_one_area_and_it_is_true() -> None:
    grid = Grid(ALBERS, -600_000.0, 2_300_000.0, 25_000.0, 50, 60)
    area = grid.cell_area()
    assert area.shape == grid.shape
    assert (area == 25_000.0**2).all()
    for row, column in ((0, 0), (59, 49), (30, 10)):
        assert geodesic_area(grid, row, column) == pytest.approx(area[row, column], rel=2e-5)


@pytest.mark.physics
@pytest.mark.parametrize(
    "grid",
    [
        Grid("EPSG:3413", -2_500_000.0, 1_000_000.0, 25_000.0, 80, 80),
        Grid("EPSG:32606", 200_000.0, 7_700_000.0, 10_000.0, 60, 60),
        Grid(LONLAT, -170.0, 75.0, 0.5, 60, 50),
    ],
    ids=lambda grid: grid.crs,
)
def test_areas_of_other_grids_match_geodesic_polygons(grid: Grid) -> None:
    area = grid.cell_area()
    for row, column in ((0, 0), (grid.height - 1, grid.width - 1), (grid.height // 2, 3)):
        assert area[row, column] == pytest.approx(geodesic_area(grid, row, column), rel=1e-5)


@pytest.mark.physics
def test_the_cells_of_the_globe_add_up_to_the_earth() -> None:
    area = Grid(LONLAT, -180.0, 90.0, 2.5, 144, 72).cell_area()
    assert area.sum() == pytest.approx(510_065_621_724_088.44, rel=1e-9)
    assert (area[0] < area[36]).all()


def test_bounds_snap_outward_to_multiples() -> None:
    grid = Grid.from_bounds(ALBERS, (-1499.0, 10.0, 1501.0, 2000.0), 1000)
    assert grid == Grid(ALBERS, -2000.0, 2000.0, 1000.0, 4, 2)
    assert Grid.from_bounds(LONLAT, (0.1, 0.3, 0.7, 0.6), 0.1).shape == (3, 6)
    assert json.loads(json.dumps(grid.to_dict())) == grid.to_dict()


@given(
    left=st.floats(-1e6, 1e6),
    bottom=st.floats(0, 1e6),
    size=st.floats(10, 1e5),
    resolution=st.sampled_from([30, 250.0, 1e4]),
)
def test_a_grid_from_bounds_covers_them_and_no_more(left: float, bottom: float, size: float, resolution: float) -> None:
    grid = Grid.from_bounds(ALBERS, (left, bottom, left + size, bottom + size), resolution)
    slack = 2e-6 * resolution
    low_x, low_y, high_x, high_y = grid.bounds
    assert low_x <= left + slack
    assert low_y <= bottom + slack
    assert high_x >= left + size - slack
    assert high_y >= bottom + size - slack
    assert left - low_x < resolution
    assert high_y - (bottom + size) < resolution


@pytest.mark.parametrize(
    ("crs", "box"),
    [
        (ALBERS, (172.0, 51.0, -129.5, 71.5)),
        ("ESRI:102001", (-170.0, 50.0, -100.0, 75.0)),
        ("EPSG:6931", (160.0, 45.0, -120.0, 80.0)),
        ("EPSG:6931", (-180.0, 60.0, 180.0, 90.0)),
        ("EPSG:3413", (150.0, 55.0, -130.0, 75.0)),
        (LONLAT, (170.0, 50.0, -130.0, 72.0)),
    ],
)
def test_a_box_is_covered_also_across_the_antimeridian(crs: str, box: tuple[float, float, float, float]) -> None:
    west, south, east, north = box
    grid = Grid.from_lonlat_box(crs, *box, 0.5 if crs == LONLAT else 20_000)
    random = np.random.default_rng(1)
    span = (east - west) % 360 or 360.0
    lon = (west + span * random.uniform(size=4000) + 180) % 360 - 180
    row, column = grid.cell_of(lon, random.uniform(south, north, 4000))
    assert (row >= 0).all()
    assert len(np.unique(column)) > 0.9 * grid.width
    assert len(np.unique(row)) > 0.9 * grid.height


def test_coarser_and_finer_grids_nest() -> None:
    grid = Grid(ALBERS, 1000.0, 9000.0, 1000.0, 5, 4)
    coarse, fine = grid.coarsen(2), grid.refine(4)
    assert (coarse.shape, coarse.resolution) == ((2, 3), 2000.0)
    assert (fine.shape, fine.resolution, fine.bounds) == ((16, 20), 250.0, grid.bounds)
    assert grid.nests_in(coarse)
    assert fine.nests_in(grid)
    assert fine.nests_in(coarse)
    assert grid.nests_in(grid)
    assert grid.refine(3).coarsen(3) == grid


@pytest.mark.parametrize(
    "other",
    [
        Grid(ALBERS, 0.0, 10_000.0, 1500.0, 9, 9),
        Grid(ALBERS, 500.0, 10_000.0, 2000.0, 9, 9),
        Grid(ALBERS, 1000.0, 9000.0, 2000.0, 2, 2),
        Grid(ALBERS, 1000.0, 9000.0, 500.0, 10, 8),
        Grid("ESRI:102001", 0.0, 10_000.0, 2000.0, 9, 9),
    ],
    ids=["ratio", "offset", "too small", "finer", "other crs"],
)
def test_what_does_not_nest(other: Grid) -> None:
    assert not Grid(ALBERS, 1000.0, 9000.0, 1000.0, 5, 4).nests_in(other)


def test_one_crs_may_be_spelled_in_two_ways() -> None:
    wkt = CRS.from_user_input(ALBERS).to_wkt()
    assert Grid(ALBERS, 0.0, 4.0, 1.0, 4, 4).nests_in(Grid(wkt, 0.0, 4.0, 2.0, 2, 2))


def test_dictionary_round_trip_and_refusals() -> None:
    grid = Grid(ALBERS, 0.5, 10.0, 2.5, 3, 2)
    assert Grid.from_dict(grid.to_dict()) == grid
    with pytest.raises(GridError, match=r"a grid has no 'widthh'. Did you mean 'width'\?"):
        Grid.from_dict({**grid.to_dict(), "widthh": 3})
    with pytest.raises(GridError, match="a grid is not fully described; found no top, height"):
        Grid.from_dict({"crs": ALBERS, "left": 0.0, "resolution": 1.0, "width": 2})


def test_cf_attributes_bring_the_crs_back() -> None:
    for code, name in ((ALBERS, "albers_conical_equal_area"), ("EPSG:6931", "lambert_azimuthal_equal_area")):
        attributes = Grid(code, 0.0, 10.0, 1.0, 3, 2).cf_attributes()
        assert attributes["grid_mapping_name"] == name
        assert CRS.from_wkt(attributes["crs_wkt"]) == CRS.from_user_input(code)
        assert json.dumps(attributes)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"crs": "EPSG:999999"}, "the CRS is not known; found 'EPSG:999999'; expected a code such as 'EPSG:3338'"),
        ({"crs": "EPSG:4978"}, "the CRS is neither geographic nor projected"),
        ({"crs": "EPSG:2225"}, "the CRS has axes in another unit; found US survey foot; expected metre"),
        ({"resolution": 0.0}, "the resolution must be positive; found 0.0"),
        ({"resolution": -1.0}, "the resolution must be positive"),
        ({"resolution": float("nan")}, "the resolution must be positive"),
        ({"left": float("inf")}, "the corner of a grid must be finite; found left inf"),
        ({"width": 0}, "the width must be a whole number of cells, at least 1; found 0"),
        ({"height": 2.5}, "the height must be a whole number of cells, at least 1; found 2.5"),
        ({"crs": LONLAT, "top": 91.0}, "the grid reaches beyond the globe; found latitude 89 to 91"),
        ({"crs": LONLAT, "width": 361}, "the grid reaches beyond the globe; .* 361 degrees of longitude"),
    ],
)
def test_grids_that_cannot_be(changes: dict[str, object], message: str) -> None:
    grid = {"crs": ALBERS, "left": 0.0, "top": 2.0, "resolution": 1.0, "width": 3, "height": 2}
    with pytest.raises(GridError, match=message):
        Grid(**{**grid, **changes})  # type: ignore[arg-type]


def test_bounds_that_cannot_be() -> None:
    with pytest.raises(GridError, match="the bounds are inverted or empty"):
        Grid.from_bounds(ALBERS, (10.0, 0.0, 0.0, 10.0), 1.0)
    with pytest.raises(GridError, match=r"the bounds are inverted or empty; found .*nan"):
        Grid.from_bounds(ALBERS, (0.0, 0.0, float("nan"), 10.0), 1.0)
    with pytest.raises(GridError, match="the resolution must be positive; found -5"):
        Grid.from_bounds(ALBERS, (0.0, 0.0, 10.0, 10.0), -5)
    with pytest.raises(GridError, match=r"too many cells; found 10 x 10 = 100; expected at most 99. Use a coarser"):
        Grid.from_bounds(ALBERS, (0.0, 0.0, 10.0, 10.0), 1.0, limit=99)
    with pytest.raises(GridError, match="the latitudes are inverted or impossible; found south 70, north 60"):
        Grid.from_lonlat_box(ALBERS, -160, 70, -140, 60, 1000)
    with pytest.raises(GridError, match="the longitudes are impossible; found west -200"):
        Grid.from_lonlat_box(ALBERS, -200, 60, -140, 70, 1000)
    with pytest.raises(GridError, match="the factor must be a whole number"):
        Grid(ALBERS, 0.0, 2.0, 1.0, 2, 2).coarsen(0)


@pytest.mark.parametrize("crs", ["EPSG:3413", "EPSG:32606", LONLAT, "EPSG:3857"])
def test_a_crs_that_does_not_keep_area_is_refused_where_area_matters(crs: str) -> None:
    with pytest.raises(
        GridError, match=r"the CRS does not keep area; found .* expected an equal-area CRS such as EPSG:3338"
    ):
        Grid.from_bounds(crs, (0.0, 0.0, 10.0, 10.0), 1.0, equal_area=True)


@pytest.mark.parametrize(
    "crs", [ALBERS, "ESRI:102001", "EPSG:6931", "EPSG:6933", "+proj=laea +lat_0=70 +lon_0=-150 +units=m +type=crs"]
)
def test_equal_area_crs_are_known_as_such(crs: str) -> None:
    assert Grid.from_bounds(crs, (0.0, 0.0, 10.0, 10.0), 1.0, equal_area=True).shape == (10, 10)
