from __future__ import annotations

import numpy as np
import pytest

from geocryoai.core.errors import CubeError
from geocryoai.cube.harmonise import write_fields
from geocryoai.cube.layers import Layer, cf_dataset
from geocryoai.cube.windows import GridWindows, StaticWindows, TableWindows


@pytest.fixture
def cube(made):
    """A dataset of 24 months, 80 rows and 70 columns, larger than one block along every axis."""
    grid = made.grid(width=70, height=80)
    tas = made.noise(24, *grid.shape)
    tas[:, 10, 10] = np.nan
    layers = [(Layer.of("tas"), tas), (Layer.of("elevation", monthly=False), made.noise(*grid.shape, seed=1))]
    return cf_dataset(grid, made.months, layers)


def expected_window(cube, row, col, step, history, size):
    """Return what a window holds, by loops over its months and cells."""
    half = size // 2
    out = np.full((history, 2, size, size), np.nan)
    for t in range(history):
        for i in range(size):
            for j in range(size):
                time, y, x = step - history + 1 + t, row - half + i, col - half + j
                if time >= 0 and 0 <= y < 80 and 0 <= x < 70:
                    out[t, 0, i, j] = cube.tas.values[time, y, x]
                    out[t, 1, i, j] = cube.elevation.values[y, x]
    return out


@pytest.mark.parametrize("cache_mb", [0.0, 256.0])
def test_grid_windows_hold_the_past_of_their_cells(cube, cache_mb):
    rng = np.random.default_rng(2)
    row, col, step = rng.integers(0, 80, 40), rng.integers(0, 70, 40), rng.integers(0, 24, 40)
    row[:4], col[:4], step[:4] = [0, 79, 63, 10], [0, 69, 64, 11], [0, 23, 12, 5]
    windows = GridWindows(cube, ["tas", "elevation"], row, col, step, history=5, size=3, cache_mb=cache_mb)
    assert windows.shape == (5, 2, 3, 3)
    assert windows.channels == ("tas", "elevation")
    index = rng.permutation(40)
    values, mask = windows.get(index)
    expected = np.stack([expected_window(cube, row[i], col[i], step[i], 5, 3) for i in index])
    assert values.dtype == np.float32
    assert np.array_equal(mask, np.isfinite(expected))
    assert np.array_equal(values, np.nan_to_num(expected).astype(np.float32))


def test_grid_windows_from_disk_equal_those_in_memory(cube, made, tmp_path):
    grid = made.grid(width=70, height=80)
    fields = [
        made.projected(grid, cube.tas.values),
        made.projected(grid, cube.elevation.values, "elevation", units="m"),
    ]
    write_fields(tmp_path / "cube.zarr", fields, grid, made.months)
    where = np.array([0, 40, 79]), np.array([0, 65, 69]), np.array([3, 13, 23])
    options = {"history": 6, "size": 5}
    index = np.array([2, 0, 1])
    disk = GridWindows(tmp_path / "cube.zarr", ["tas", "elevation"], *where, **options).get(index)
    memory = GridWindows(cube, ["tas", "elevation"], *where, **options).get(index)
    assert np.array_equal(disk[0], memory[0])
    assert np.array_equal(disk[1], memory[1])


def test_blocks_are_read_once(cube):
    row, col, step = np.arange(60), np.full(60, 5), np.full(60, 8)
    windows = GridWindows(cube, ["tas"], row, col, step, history=4, size=1)
    reads = []
    read = windows._arrays[0].__class__.__getitem__
    windows._arrays = [_Watched(windows._arrays[0], reads, read)]
    windows.get(np.arange(60))
    windows.get(np.arange(60))
    assert len(reads) == 1


class _Watched:
    ndim = 3

    def __init__(self, array, reads, read):
        self._array, self._reads, self._read = array, reads, read

    def __getitem__(self, key):
        self._reads.append(key)
        return self._read(self._array, key)


def test_a_planted_future_spike_is_never_seen(cube):
    cube.tas.values[13:] = 1e9
    count = 300
    rng = np.random.default_rng(3)
    row, col, step = rng.integers(0, 80, count), rng.integers(0, 70, count), rng.integers(0, 13, count)
    values, _ = GridWindows(cube, ["tas"], row, col, step, history=14, size=3).get(np.arange(count))
    assert np.abs(values).max() < 100
    table = np.zeros((4, 24, 1))
    table[:, 13:] = 1e9
    values, _ = TableWindows(row % 4, step, table, ("tas",), history=14).get(np.arange(count))
    assert np.abs(values).max() < 100


def test_table_windows(made):
    table = made.noise(3, 24, 2).astype(float)
    table[1, 4, 0] = np.nan
    windows = TableWindows(np.array([1, 2, -1, 0]), np.array([5, 1, 7, -1]), table, ("tas", "snd"), history=3)
    assert windows.shape == (3, 2, 1, 1)
    values, mask = windows.get(np.array([1, 0, 2, 3]))
    assert values.shape == mask.shape == (4, 3, 2, 1, 1)
    assert mask[0, :, 0, 0, 0].tolist() == [False, True, True]
    assert np.allclose(values[0, 1:, :, 0, 0], table[2, 0:2])
    assert mask[1, :, 0, 0, 0].tolist() == [True, False, True]
    assert values[1, 1, 0, 0, 0] == 0
    assert not mask[2:].any()
    assert not values[2:].any()


def test_static_windows():
    windows = StaticWindows(np.array([[1.0, np.nan], [3.0, 4.0]]), ("a", "b"))
    values, mask = windows.get(np.array([1, 0]))
    assert windows.shape == (1, 2, 1, 1)
    assert values[:, 0, :, 0, 0].tolist() == [[3.0, 4.0], [1.0, 0.0]]
    assert mask[:, 0, :, 0, 0].tolist() == [[True, True], [True, False]]


def test_samples_take_windows_along(made):
    windows = StaticWindows(np.arange(6.0).reshape(6, 1), ("a",))
    values, _ = windows.get(np.array([4, 4, 1]))
    assert values.ravel().tolist() == [4.0, 4.0, 1.0]


def test_bad_windows_are_refused(cube):
    one = np.array([0])
    with pytest.raises(CubeError, match=r"no variable 'tsa'.*[Dd]id you mean 'tas'"):
        GridWindows(cube, ["tsa"], one, one, one, history=1, size=1)
    with pytest.raises(CubeError, match="size: a window has no centre cell; found 4"):
        GridWindows(cube, ["tas"], one, one, one, history=1, size=4)
    with pytest.raises(CubeError, match="step: a window lies outside its table; found 24 to 24; expected -1 to 23"):
        GridWindows(cube, ["tas"], one, one, one + 24, history=1, size=1)
    with pytest.raises(CubeError, match="history: a window has no months"):
        TableWindows(one, one, np.zeros((1, 1, 1)), ("tas",), history=0)
    with pytest.raises(CubeError, match="different length"):
        TableWindows(one, np.array([0, 0]), np.zeros((1, 1, 1)), ("tas",), history=1)
    with pytest.raises(CubeError, match="channel names do not match"):
        TableWindows(one, one, np.zeros((1, 1, 2)), ("tas",), history=1)
    with pytest.raises(CubeError, match="channel names do not match"):
        StaticWindows(np.zeros((3, 2)), ("a",))
