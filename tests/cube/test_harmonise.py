from __future__ import annotations

import hashlib

import numpy as np
import pytest
import xarray as xr
from xarray.backends import BackendArray
from xarray.core import indexing

from geocryoai.core.calendar import month_axis
from geocryoai.core.errors import CubeError
from geocryoai.core.grid import Grid
from geocryoai.cube.align import AlignOptions
from geocryoai.cube.harmonise import align, write_fields
from geocryoai.cube.store import open_cube, verify_cube


class Counting(BackendArray):
    """A lazy array that remembers the largest part that was asked for; the value of a cell is its row."""

    def __init__(self, shape):
        self.shape, self.dtype, self.largest = shape, np.dtype("float32"), 0

    def __getitem__(self, key):
        return indexing.explicit_indexing_adapter(key, self.shape, indexing.IndexingSupport.BASIC, self._part)

    def _part(self, key):
        rows = np.arange(self.shape[1], dtype=np.float32)[None, :, None]
        part = np.broadcast_to(rows, self.shape)[key]
        self.largest = max(self.largest, part.nbytes)
        return part.copy()


@pytest.mark.parametrize("memory_mb", [4.0, 16.0])
def test_no_more_is_read_at_once_than_the_budget(tmp_path, made, memory_mb):
    grid = made.grid(4000.0, width=30, height=20)
    fine = grid.refine(8)
    days = np.arange("2000-01-01", "2000-07-01", dtype="datetime64[D]")
    source = Counting((len(days), *fine.shape))
    coords = {"y": fine.y, "x": fine.x, "time": days.astype("datetime64[ns]"), "crs": fine.crs}
    variable = xr.Variable(("time", "y", "x"), indexing.LazilyIndexedArray(source), {"units": "degC"})
    fields = xr.Dataset({"tas": variable}, coords)
    options = AlignOptions(memory_mb=memory_mb)
    write_fields(tmp_path / "cube.zarr", [fields], grid, month_axis("2000-01", "2000-06"), options=options)
    whole = 4 * np.prod(source.shape)
    assert 0 < source.largest <= memory_mb * 1e6 / 8 < whole / 10
    expected = np.arange(fine.height, dtype=float).reshape(grid.height, 8).mean(axis=1)
    cube = open_cube(tmp_path / "cube.zarr")
    assert np.allclose(cube.tas.values, expected[None, :, None])


def test_a_budget_below_one_block_is_an_error(tmp_path, made):
    grid = made.grid()
    fields = made.projected(grid, made.noise(24, *grid.shape))
    with pytest.raises(CubeError, match=r"memory_mb: the memory budget is too small.*expected at least"):
        write_fields(tmp_path / "c.zarr", [fields], grid, made.months, options=AlignOptions(memory_mb=0.01))


def test_the_cube_equals_what_is_aligned_in_memory_whatever_the_budget(tmp_path, made):
    coarse = made.grid(1000.0, width=40, height=30)
    fields = made.projected(coarse.refine(3), made.noise(24, *coarse.refine(3).shape))
    expected = align(fields, coarse, made.months)
    found = set()
    for memory_mb in (3.0, 500.0):
        path = tmp_path / f"{memory_mb}.zarr"
        write_fields(path, [fields], coarse, made.months, options=AlignOptions(memory_mb=memory_mb))
        verify_cube(path)
        cube = open_cube(path)
        assert np.array_equal(cube.tas.values, expected.tas.values.astype(np.float32))
        assert np.array_equal(cube.tas_coverage.values, expected.tas_coverage.values)
        content = b"".join(file.read_bytes() for file in sorted(path.rglob("*")) if file.is_file())
        found.add(hashlib.sha256(content).hexdigest())
    assert len(found) == 1


def test_the_first_field_that_covers_a_month_gives_it(tmp_path, made):
    grid = made.grid()
    past = made.projected(grid, np.full((24, *grid.shape), 1.0))
    later = made.projected(grid, np.full((24, *grid.shape), 2.0), times=made.months + 12)
    months = month_axis("1999-07", "2003-06")
    used = write_fields(tmp_path / "cube.zarr", [past, later], grid, months)
    series = open_cube(tmp_path / "cube.zarr").tas.values[:, 0, 0]
    assert np.array_equal(series, [np.nan] * 6 + [1.0] * 24 + [2.0] * 12 + [np.nan] * 6, equal_nan=True)
    assert [(part.position, part.first, part.last, part.months) for part in used] == [
        (0, "2000-01", "2001-12", 24),
        (1, "2002-01", "2002-12", 12),
    ]


def test_conflicts_between_fields_are_refused(tmp_path, made):
    grid = made.grid()
    relief = made.projected(grid, made.noise(*grid.shape), name="elevation", units="m")
    with pytest.raises(CubeError, match="elevation: a variable without time is given by several fields"):
        write_fields(tmp_path / "c.zarr", [relief, relief], grid, made.months)
    mean = made.projected(grid, made.noise(24, *grid.shape), name="pr", units="mm d-1")
    other = made.projected(grid, made.noise(24, *grid.shape), name="pr", units="mm d-1", cell_methods="time: maximum")
    with pytest.raises(CubeError, match="pr: the fields of one variable do not agree"):
        write_fields(tmp_path / "c.zarr", [mean, other], grid, made.months)
    assert list(tmp_path.iterdir()) == []


def test_a_field_that_misses_the_grid_stops_the_run(tmp_path, made):
    grid = made.grid()
    far = Grid(grid.crs, grid.left + 1e6, grid.top, grid.resolution, grid.width, grid.height)
    fields = made.projected(far, made.noise(24, *grid.shape))
    with pytest.raises(CubeError, match="tas: the field has no data within the study grid"):
        write_fields(tmp_path / "c.zarr", [fields], grid, made.months)
    assert list(tmp_path.iterdir()) == []
