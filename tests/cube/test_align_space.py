from __future__ import annotations

import numpy as np
import pytest
from pyproj import CRS

from geocryoai.core.errors import CubeError
from geocryoai.core.grid import Grid
from geocryoai.cube.align import AlignOptions, FieldAligner
from geocryoai.cube.harmonise import align

ALASKA = {"left": -200_000.0, "top": 2_200_000.0}


def test_equal_grids_give_the_same_bits(made):
    grid = made.grid()
    values = made.noise(24, *grid.shape)
    values[3, 4, 5] = np.nan
    aligned = align(made.projected(grid, values), grid, made.months)
    assert aligned.tas.dtype == np.float32
    assert np.array_equal(aligned.tas.values, values, equal_nan=True)
    assert np.array_equal(aligned.tas_coverage.values, np.isfinite(values).astype(float))


@pytest.mark.parametrize("flip", ["y", "x"])
def test_flipped_axes_are_put_right(made, flip):
    grid = made.grid()
    values = made.noise(*grid.shape)
    aligned = align(made.projected(grid, values).isel({flip: slice(None, None, -1)}), grid, made.months)
    assert np.array_equal(aligned.tas.values, values)


def test_a_shifted_grid_is_not_taken_as_equal(made):
    grid = made.grid()
    values = made.noise(*grid.shape)
    shifted = Grid(grid.crs, grid.left + 300.0, grid.top, grid.resolution, grid.width, grid.height)
    aligned = align(made.projected(shifted, values), grid, made.months)
    assert np.allclose(aligned.tas.values[:, 1:], 0.3 * values[:, :-1] + 0.7 * values[:, 1:], atol=1e-6)
    assert np.allclose(aligned.tas_coverage.values[:, 0], 0.7)


def test_nested_grids_conserve_the_area_mean(made):
    coarse = made.grid(1000.0)
    values = made.noise(24, *coarse.refine(5).shape).astype(np.float64)
    aligned = align(made.projected(coarse.refine(5), values), coarse, made.months)
    expected = values.reshape(24, coarse.height, 5, coarse.width, 5).mean(axis=(2, 4))
    assert np.abs(aligned.tas.values - expected).max() < 1e-12
    assert np.abs(aligned.tas.values.mean(axis=(1, 2)) - values.mean(axis=(1, 2))).max() < 1e-12


def test_fractional_overlaps_conserve_the_area_mean(made):
    target = made.grid(1000.0, width=9, height=6)
    source = Grid(target.crs, target.left, target.top, 900.0, 10, 7)
    values = made.noise(*source.shape).astype(np.float64)
    aligned = align(made.projected(source, values), target, made.months)
    rows = np.minimum(900.0, 6000.0 - 900.0 * np.arange(7))
    expected = np.average(values, weights=np.repeat(rows[:, None], 10, axis=1))
    assert aligned.tas.values.mean() == pytest.approx(expected, abs=1e-12)


def test_missing_stays_missing_below_half_of_the_cell(made):
    coarse = made.grid(1000.0, width=3, height=1)
    values = np.ones((2, 6))
    values[:, 2], values[0, 4], values[:, 5] = np.nan, np.nan, np.nan
    fields = made.projected(coarse.refine(2), values)
    aligned = align(fields, coarse, made.months)
    assert np.array_equal(aligned.tas.values, [[1.0, 1.0, np.nan]], equal_nan=True)
    assert np.allclose(aligned.tas_coverage.values, [[1.0, 0.5, 0.25]])
    tolerant = align(fields, coarse, made.months, AlignOptions(min_area_share=0.2))
    assert np.isfinite(tolerant.tas.values).all()


def test_a_coarser_source_is_interpolated_but_never_beyond_its_edge(made):
    source = made.grid(4000.0, width=6, height=5)
    x, y = np.meshgrid(source.x, source.y)
    plane = 1e-3 * (x - source.left) + 2e-3 * (source.top - y)
    target = Grid(source.crs, source.left - 2000, source.top + 2000, 1000.0, 28, 24)
    aligner = FieldAligner(made.projected(source, plane), "tas", target, made.months)
    assert aligner.regridder.method == "bilinear"
    values, share = (part[0] for part in aligner.block(slice(0, 24), slice(0, 28)))
    tx, ty = np.meshgrid(target.x, target.y)
    expected = 1e-3 * (tx - source.left) + 2e-3 * (source.top - ty)
    interior = (tx > source.x[0]) & (tx < source.x[-1]) & (ty < source.y[0]) & (ty > source.y[-1])
    assert np.allclose(values[interior], expected[interior], atol=1e-9)
    left, bottom, right, top = source.bounds
    inside = (tx > left) & (tx < right) & (ty > bottom) & (ty < top)
    assert np.array_equal(np.isfinite(values), inside)
    assert np.array_equal(share > 0, inside)
    assert np.nanmax(values) <= plane.max()


def test_reprojection_of_a_fine_field_follows_the_ground(made):
    grid = Grid("EPSG:3338", **ALASKA, resolution=20_000.0, width=20, height=15)
    lon, lat = np.arange(-165.0, -135.0, 0.05), np.arange(75.0, 60.0, -0.05)
    fields = made.geographic(lat, lon, lat[:, None] + 0.1 * lon[None, :])
    aligner = FieldAligner(fields, "tas", grid, made.months)
    assert aligner.regridder.method == "sample"
    values, share = (part[0] for part in aligner.block(slice(0, 15), slice(0, 20)))
    grid_lon, grid_lat = grid.lonlat()
    assert np.abs(values - (grid_lat + 0.1 * grid_lon)).max() < 0.02
    assert np.allclose(share, 1)


def test_interpolation_of_a_coarse_geographic_field_follows_the_ground(made):
    grid = Grid("EPSG:3338", **ALASKA, resolution=20_000.0, width=20, height=15)
    lon, lat = np.arange(-165.0, -130.0, 1.5), np.arange(60.0, 75.0, 0.75)
    fields = made.geographic(lat, lon, lat[:, None] + 0.1 * lon[None, :])
    aligned = align(fields, grid, made.months)
    grid_lon, grid_lat = grid.lonlat()
    assert np.abs(aligned.tas.values - (grid_lat + 0.1 * grid_lon)).max() < 1e-9


@pytest.mark.parametrize("step", [0.1, 1.0])
@pytest.mark.parametrize("west", [-180.0, 0.0])
def test_a_grid_across_the_antimeridian(made, step, west):
    grid = Grid.from_lonlat_box("EPSG:6931", 170, 64, -170, 70, 25_000.0)
    lat, lon = np.arange(60 + step / 2, 75, step), west + np.arange(step / 2, 360, step)
    wave = np.cos(np.radians(lon))[None, :] * np.ones((len(lat), 1))
    aligner = FieldAligner(made.geographic(lat, lon, wave), "tas", grid, made.months)
    assert aligner.regridder.method == ("sample" if step == 0.1 else "bilinear")
    values, _ = aligner.block(slice(0, grid.height), slice(0, grid.width))
    grid_lon, grid_lat = grid.lonlat()
    known = (grid_lat > 61) & (grid_lat < 74)
    assert (np.abs(grid_lon[known]) > 179.5).any()
    assert np.isfinite(values[0][known]).all()
    assert np.abs(values[0] - np.cos(np.radians(grid_lon)))[known].max() < 0.005


def test_longitudes_that_jump_at_the_antimeridian(made):
    grid = Grid.from_lonlat_box("EPSG:6931", 178, 65, -178, 67, 25_000.0)
    lon = np.concatenate([np.arange(170.0, 180.0, 1.0), np.arange(-180.0, -170.0, 1.0)])
    lat = np.arange(60.0, 72.0, 0.5)
    aligned = align(made.geographic(lat, lon, np.ones((len(lat), len(lon)))), grid, made.months)
    assert np.allclose(aligned.tas.values, 1)


def test_geographic_target_weighs_by_true_area(made):
    target = Grid("EPSG:4326", left=178.0, top=70.0, resolution=2.0, width=2, height=2)
    lat, lon = np.arange(-89.5, 90, 1.0), np.arange(-179.5, 180, 1.0)
    field = np.repeat(lat[:, None], 360, axis=1)
    aligned = align(made.geographic(lat, lon, field), target, made.months)
    weights = -np.diff(np.sin(np.radians([70.0, 69.0, 68.0])))
    expected = np.average([69.5, 68.5], weights=weights)
    assert np.allclose(aligned.tas.values[0], expected, atol=1e-9)
    assert aligned.y.attrs["units"] == "degrees_north"


def test_classes_go_by_the_largest_area(made):
    coarse = made.grid(1000.0, width=2, height=1)
    values = np.array([[3.0, 3.0, 7.0, 2.0], [5.0, 5.0, 7.0, np.nan]])
    fields = made.projected(coarse.refine(2), values, name="vegetation_class", units="1", categorical=1)
    aligned = align(fields, coarse, made.months)
    assert aligned.vegetation_class.values.tolist() == [[3.0, 7.0]]
    assert np.allclose(aligned.vegetation_class_coverage.values, [[1.0, 0.75]])
    assert aligned.vegetation_class.attrs["cell_methods"] == "area: mode"


def test_classes_of_a_coarser_field_are_never_mixed(made):
    grid = Grid("EPSG:3338", **ALASKA, resolution=10_000.0, width=30, height=30)
    lon, lat = np.arange(-165.0, -130.0, 1.5), np.arange(60.0, 75.0, 0.75)
    classes = np.random.default_rng(1).choice([1.0, 4.0, 9.0], size=(len(lat), len(lon)))
    fields = made.geographic(lat, lon, classes, name="vegetation_class", units="1", flag_values=[1, 4, 9])
    assert set(np.unique(align(fields, grid, made.months).vegetation_class.values)) == {1.0, 4.0, 9.0}


def test_directions_are_averaged_on_the_circle(made):
    coarse = made.grid(1000.0, width=4, height=1)
    values = np.array([[350.0, 10.0, 80.0, 100.0, 0.0, 180.0, -1.0, 45.0]]).repeat(2, axis=0)
    values[1, 7] = np.nan
    fields = made.projected(coarse.refine(2), values, name="aspect", units="degree")
    aspect = align(fields, coarse, made.months).aspect.values[0]
    assert np.minimum(aspect[0], 360 - aspect[0]) < 1e-9
    assert np.allclose(aspect[1:], [90.0, -1.0, 45.0])


def test_a_series_without_place_holds_on_all_cells_of_its_fields(made):
    grid = made.grid()
    fields = made.projected(grid, made.noise(24, *grid.shape))
    fields["co2_air"] = ("time", np.arange(370.0, 394.0), {"units": "umol mol-1"})
    aligned = align(fields, grid, made.months)
    assert np.array_equal(aligned.co2_air.values, np.arange(370.0, 394.0)[:, None, None] * np.ones(grid.shape))


def test_blocks_do_not_depend_on_the_memory_budget(made):
    coarse = made.grid(1000.0)
    fields = made.projected(coarse.refine(4), made.noise(24, *coarse.refine(4).shape))
    whole = FieldAligner(fields, "tas", coarse, made.months)
    small = FieldAligner(fields, "tas", coarse, made.months, AlignOptions(memory_mb=0.05))
    part = slice(2, 9), slice(1, 12), slice(5, 20)
    assert np.array_equal(whole.block(*part)[0], small.block(*part)[0])


def test_a_budget_below_one_cell_is_an_error(made):
    coarse = made.grid(1000.0)
    fields = made.projected(coarse.refine(4), made.noise(*coarse.refine(4).shape))
    tiny = FieldAligner(fields, "tas", coarse, made.months, AlignOptions(memory_mb=1e-4))
    with pytest.raises(CubeError, match="tas: one cell of the grid holds more source data than fits"):
        tiny.block(slice(0, 10), slice(0, 12))


def test_a_field_elsewhere_is_missing_everywhere(made):
    grid = made.grid()
    far = Grid(grid.crs, grid.left + 1e6, grid.top, grid.resolution, grid.width, grid.height)
    aligned = align(made.projected(far, made.noise(*grid.shape)), grid, made.months)
    assert aligned.tas.isnull().all()
    assert (aligned.tas_coverage == 0).all()


def test_crs_of_another_writer_is_recognised_as_the_same(made):
    grid = made.grid()
    values = made.noise(*grid.shape)
    proj = "+proj=aea +lat_0=50 +lon_0=-154 +lat_1=55 +lat_2=65 +x_0=0 +y_0=0 +datum=NAD83 +units=m +type=crs"
    fields = made.projected(grid, values).assign_coords(crs=CRS(proj).to_wkt())
    assert np.array_equal(align(fields, grid, made.months).tas.values, values)


def test_bad_fields_are_named(made):
    grid = made.grid()
    good = made.projected(grid, made.noise(*grid.shape))
    cases = {
        "no CRS": good.drop_vars("crs"),
        "CRS cannot be used": good.assign_coords(crs="nonsense"),
        "no horizontal axes": good.rename(y="row", x="column"),
        "axes do not fit the CRS": good.rename(y="lat", x="lon"),
        "dimensions cannot be aligned": good.expand_dims(depth=2),
        "not strictly monotonic": good.assign_coords(x=np.roll(grid.x, 3)),
    }
    for message, fields in cases.items():
        with pytest.raises(CubeError, match=message):
            align(fields, grid, made.months)
    with pytest.raises(CubeError, match=r"no variable 'tsa'.*[Dd]id you mean 'tas'"):
        FieldAligner(good, "tsa", grid, made.months)
