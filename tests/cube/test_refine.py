"""Coarse fields refined to a study grid: means kept on grids that nest and that do not, and where a field lies."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from pydantic import ValidationError
from scipy.ndimage import gaussian_filter

from geocryoai.core.errors import CubeError
from geocryoai.core.grid import Grid
from geocryoai.core.study import RefineSection
from geocryoai.cube.align import AlignOptions, FieldAligner
from geocryoai.cube.axes import SourceAxes
from geocryoai.cube.refine import FieldRefiner
from geocryoai.cube.registered import registration_note
from geocryoai.cube.scale import block_mean
from geocryoai.cube.scale.nested import NestedCells

FACTOR = 4


def smooth(seed: int, *shape: int, width: float = 3.0) -> np.ndarray:
    field = gaussian_filter(np.random.default_rng(seed).normal(size=shape), width, mode="wrap")
    return (field - field.mean()) / field.std()


def refined(tmp_path, fields: xr.Dataset, grid: Grid, months, statics=None, name="tas", **section):
    """Return the refiner, the refined fields and what was noted."""
    aligner = FieldAligner(fields, name, grid, months)
    refiner = FieldRefiner(aligner, fields[name].attrs, RefineSection(**section), statics or {})
    noted = refiner.write(tmp_path / "fields.zarr")
    return refiner, xr.open_zarr(tmp_path / "fields.zarr", consolidated=False).load(), noted


@pytest.fixture(scope="module")
def scene(made):
    """A fine grid, relief, 24 true months that follow it, and their exact means on cells four times as large."""
    grid = made.grid(1000.0, width=48, height=40)
    relief = smooth(0, *grid.shape)
    level = -10 * np.cos(2 * np.pi * np.arange(24) / 12)
    truth = np.stack([level[k] - 2.0 * relief + smooth(k + 1, *grid.shape, width=8.0) for k in range(24)])
    return grid, relief, truth, made.projected(grid.coarsen(FACTOR), block_mean(truth, FACTOR))


@pytest.mark.physics
@pytest.mark.parametrize(
    "section",
    [
        {"covariates": ["elevation"]},
        {"covariates": ["elevation"], "slopes": {"elevation": -2.0}, "groups": "all"},
        {"method": "pycnophylactic"},
    ],
)
def test_the_mean_of_each_coarse_cell_is_kept_and_the_inside_is_better_than_interpolation(
    tmp_path, made, scene, section
):
    grid, relief, truth, fields = scene
    _, found, noted = refined(tmp_path, fields, grid, made.months, {"elevation": relief}, **section)
    assert noted.nested
    assert noted.parts == FACTOR
    assert noted.cells_kept == 12 * 10
    assert noted.largest_misfit < 1e-6
    coarse = block_mean(truth, FACTOR)
    assert np.abs(block_mean(found["tas"].values, FACTOR) - coarse).max() < 1e-6 * np.abs(coarse).max()
    interpolated = FieldAligner(fields, "tas", grid, made.months).block(slice(0, grid.height), slice(0, grid.width))[0]
    error, naive = (float(np.sqrt(np.mean((values - truth) ** 2))) for values in (found["tas"].values, interpolated))
    assert error < (0.3 if "covariates" in section else 1.0) * naive
    if "covariates" in section:
        assert np.allclose(np.mean(noted.slopes), -2.0, atol=0.1)
        assert len(noted.slopes) == (1 if section.get("groups") == "all" else 12)
        assert found["tas_sigma"].attrs["units"] == "degC"
        assert float(found["tas_sigma"].min()) > 0
    else:
        assert "tas_sigma" not in found


@pytest.mark.physics
@pytest.mark.parametrize("resolution", [2500.0, 3700.0])
def test_a_grid_that_does_not_nest_keeps_the_means_too(tmp_path, made, scene, resolution):
    grid, relief, _, _ = scene
    own = Grid(grid.crs, grid.left - 900.0, grid.top + 700.0, resolution, 16, 14)
    fields = made.projected(own, 5.0 + made.noise(24, *own.shape))
    _, found, noted = refined(tmp_path, fields, grid, made.months, {"elevation": relief}, covariates=["elevation"])
    assert not noted.nested
    assert noted.cells_kept > 50
    assert noted.largest_misfit < 1e-6
    inner = own.y_edges[2], own.x_edges[2]
    rows = np.clip((inner[0] - grid.y_edges[1:]) / 1000, 0, 1) - np.clip(
        (inner[0] - resolution - grid.y_edges[1:]) / 1000, 0, 1
    )
    cols = np.clip((inner[1] + resolution - grid.x_edges[:-1]) / 1000, 0, 1) - np.clip(
        (inner[1] - grid.x_edges[:-1]) / 1000, 0, 1
    )
    weight = np.outer(rows, cols)
    mean = np.where(weight > 0, found["tas"].values * weight, 0.0).sum((1, 2)) / weight.sum()
    assert np.allclose(mean, fields["tas"].values[:, 2, 2], rtol=1e-5)


def test_latitude_and_longitude_are_refined_on_their_own_cells(tmp_path, made):
    grid = made.grid(5000.0, width=60, height=50)
    lon, lat = grid.lonlat()
    axis_lat = np.arange(np.floor(lat.min()) - 1, lat.max() + 1, 0.5)
    axis_lon = np.arange(np.floor(lon.min()) - 1, lon.max() + 1, 0.5)
    values = 250 + 3 * axis_lat[:, None] + np.sin(axis_lon)[None, :]
    fields = made.geographic(axis_lat, axis_lon + 360.0, values.astype(np.float32))
    for section in ({}, {"method": "pycnophylactic", "non_negative": True}):
        refiner, found, noted = refined(tmp_path / str(len(section)), fields, grid, made.months, **section)
        assert not noted.nested
        assert noted.cells_kept > 20
        assert noted.largest_misfit < 1e-6
        assert refiner.cells.area is not None
        assert np.abs(found["tas"].values - (250 + 3 * lat + np.sin(lon))).max() < 1.0
        assert found["tas"].dims == ("y", "x")


def test_a_carrier_shares_out_and_non_negative_values_stay_so(tmp_path, made, scene):
    grid, relief, _, _ = scene
    share = np.clip(relief, 0, 1)
    share[:6, :9] = np.nan
    own = Grid(grid.crs, grid.left - 300.0, grid.top + 300.0, 4200.0, 12, 10)
    values = np.abs(made.noise(24, *own.shape))
    values[3] = 0.0
    fields = made.projected(own, values, name="runoff", units="mm d-1")
    _, found, noted = refined(
        tmp_path, fields, grid, made.months, {"wet": share}, name="runoff", method="dasymetric", share="wet",
        non_negative=True,
    )  # fmt: skip
    assert float(found["runoff"].min()) >= 0
    assert float(np.nanmax(np.abs(found["runoff"][3]))) == 0
    assert noted.largest_misfit < 1e-6
    assert np.isnan(found["runoff"].values[:, 0, 0]).all()


def test_the_bytes_do_not_depend_on_the_memory_budget(tmp_path, made, scene):
    grid, relief, _, fields = scene
    found = []
    for budget in (64.0, 2000.0):
        aligner = FieldAligner(fields, "tas", grid, made.months, AlignOptions(memory_mb=budget))
        refiner = FieldRefiner(aligner, fields["tas"].attrs, RefineSection(covariates=["dem"]), {"dem": relief})
        refiner.write(tmp_path / f"{budget}.zarr")
        found.append(xr.open_zarr(tmp_path / f"{budget}.zarr", consolidated=False)["tas"].values.tobytes())
    assert found[0] == found[1]


def test_months_without_records_are_left_to_other_sources(tmp_path, made, scene):
    grid, relief, _, fields = scene
    _, found, _ = refined(
        tmp_path, fields.isel(time=slice(3, 20)), grid, made.months, {"dem": relief}, covariates=["dem"]
    )
    assert np.array_equal(found["time"].values.astype("datetime64[M]"), made.months[3:20].astype("datetime64[M]"))


def test_what_cannot_be_refined_is_refused(tmp_path, made, scene):
    grid, relief, _, fields = scene
    classes = made.projected(grid.coarsen(4), made.noise(10, 12), categorical=1)
    with pytest.raises(CubeError, match=r"refine\.tas: classes and directions cannot be refined"):
        refined(tmp_path, classes, grid, made.months)
    with pytest.raises(CubeError, match="too few coarse cells to tell the covariates from position"):
        refined(
            tmp_path, fields.isel(y=slice(0, 3), x=slice(0, 3)), grid, made.months, {"dem": relief}, covariates=["dem"]
        )
    uneven = fields.assign_coords(y=fields.y.values + np.linspace(0, 300, 10) ** 1.2)
    with pytest.raises(CubeError, match="not all of one size"):
        refined(tmp_path, uneven, grid, made.months)
    small = FieldAligner(fields, "tas", grid, made.months, AlignOptions(memory_mb=0.5))
    with pytest.raises(CubeError, match=r"Raise compute\.memory_mb"):
        FieldRefiner(small, {}, RefineSection(), {})
    wide = made.projected(grid.coarsen(40), made.noise(24, 1, 2))
    with pytest.raises(CubeError, match="an axis with one cell"):
        refined(tmp_path, wide, grid, made.months)
    far = made.projected(Grid(grid.crs, grid.left + 1e6, grid.top, 4000.0, 12, 10), made.noise(24, 10, 12))
    with pytest.raises(CubeError, match="no cell within the study grid"):
        refined(tmp_path, far, grid, made.months)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("section", "said"),
    [
        ({"method": "dasymetric"}, "share names the carrier"),
        ({"share": "wet"}, "share names the carrier"),
        ({"method": "pycnophylactic", "covariates": ["dem"]}, "belong to the method area_to_point"),
        ({"covariates": ["dem"], "slopes": {"slope": 1.0}}, "for all covariates or for none"),
        ({"method": "nearest"}, "Input should be"),
    ],
)
def test_a_section_that_contradicts_itself_is_refused(section, said):
    with pytest.raises(ValidationError, match=said):
        RefineSection(**section)


def test_exact_means_may_need_negative_values(made):
    grid = made.grid(1000.0, width=9, height=9)
    axes = SourceAxes.of(
        made.projected(Grid(grid.crs, grid.left - 2200, grid.top + 2200, 1500.0, 9, 9), np.zeros((9, 9)))
    )
    cells = NestedCells(axes, grid)
    coarse = np.zeros(cells.shape)
    coarse[4, 4] = 1.0
    coarse[3, 4] = coarse[5, 4] = coarse[4, 3] = coarse[4, 5] = 0.0
    moved = cells.exact(np.ones(grid.shape), coarse)
    assert moved.min() < 0
    assert cells.misfit(moved, coarse) < 1e-6


@pytest.mark.parametrize("shift", [0, 1])
def test_a_shifted_field_is_found(made, scene, shift):
    grid, relief, truth, _ = scene
    own = grid.coarsen(FACTOR)
    told = Grid(own.crs, own.left + shift * own.resolution, own.top, own.resolution, own.width, own.height)
    note = registration_note(
        FieldAligner(made.projected(told, block_mean(truth, FACTOR)), "tas", grid, made.months), "elevation", relief
    )
    assert note["reference"] == "elevation"
    assert note["shifted"] == bool(shift)
    if shift:
        assert note["down"] == pytest.approx(0.0, abs=0.26)
        assert note["right"] == pytest.approx(-1.0, abs=0.26)
        assert note["best"] > note["correlation"] + 0.1
        assert "tas fits elevation clearly better" in note["warning"]
    else:
        assert "warning" not in note


def test_a_field_too_small_to_be_checked_says_so(made, scene):
    grid, relief, truth, _ = scene
    few = made.projected(grid.coarsen(8), block_mean(truth, 8))
    note = registration_note(FieldAligner(few, "tas", grid, made.months), "elevation", relief)
    assert "too small" in note["not_checked"]
    assert set(note) == {"reference", "not_checked"}
