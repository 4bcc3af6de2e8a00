"""Pixels gathered into cells: the same as a plain mean whatever the memory order, the blocks and the threads."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from geocryoai.core.errors import CubeError
from geocryoai.cube.scale import CellAccumulator

LINES, BANDS, SAMPLES, CELLS = 30, 7, 40, 12
RNG = np.random.default_rng(3)
CELL = np.sort(RNG.integers(-1, CELLS, (LINES, SAMPLES)), axis=1)


def pixels(dtype: str = "float32") -> np.ndarray:
    values = RNG.normal(280.0, 3.0, (LINES, BANDS, SAMPLES)).astype(dtype)
    values[RNG.uniform(size=values.shape) < 0.1] = -9999.0
    values[0, 0, :5] = np.nan
    values[1, 1, :5] = np.inf
    return values


def plain(values: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    mean, variance = np.full((BANDS, CELLS), np.nan), np.full((BANDS, CELLS), np.nan)
    count = np.zeros((BANDS, CELLS), int)
    for band in range(BANDS):
        for cell in range(CELLS):
            found = values[:, band][cell == CELL].astype(float)
            found = found[np.isfinite(found) & (found != -9999)]
            count[band, cell] = len(found)
            if len(found):
                mean[band, cell], variance[band, cell] = found.mean(), found.var()
    return mean, variance, count


@pytest.mark.parametrize("order", ["lbs", "lsb", "bls"])
@pytest.mark.parametrize("dtype", ["float32", "float64", ">f4"])
def test_means_variances_and_counts_in_any_memory_order(order, dtype):
    values = pixels(dtype)
    axes = ["lbs".index(letter) for letter in order]
    view = np.ascontiguousarray(values.transpose(axes)).transpose(np.argsort(axes))
    gather = CellAccumulator(BANDS, CELLS, missing=-9999.0, about=280.0)
    gather.add(view[:13], CELL[:13])
    gather.add(view[13:], CELL[13:])
    mean, variance, count = plain(values)
    got = gather.result()
    np.testing.assert_array_equal(got.count, count)
    np.testing.assert_allclose(got.mean, mean, rtol=1e-12)
    np.testing.assert_allclose(got.variance, variance, rtol=1e-9)


def test_parts_of_several_threads_add_up():
    values = pixels()
    parts = [CellAccumulator(BANDS, CELLS, missing=-9999.0) for _ in range(3)]

    def work(number: int) -> None:
        rows = slice(number * 10, number * 10 + 10)
        parts[number].add(values[rows], CELL[rows])

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(work, range(3)))
    for part in parts[1:]:
        parts[0].merge(part)
    mean, _, count = plain(values)
    np.testing.assert_array_equal(parts[0].result().count, count)
    np.testing.assert_allclose(parts[0].result().mean, mean, rtol=1e-12)


def test_what_does_not_fit_is_refused():
    gather = CellAccumulator(BANDS, CELLS)
    with pytest.raises(CubeError, match="pixels do not fit"):
        gather.add(np.zeros((2, BANDS, 3)), np.zeros((2, 4), int))
    with pytest.raises(CubeError, match="not there"):
        gather.add(np.zeros((1, BANDS, 1)), np.array([[CELLS]]))
    with pytest.raises(CubeError, match="does not fit together"):
        gather.merge(CellAccumulator(BANDS, CELLS + 1))
    with pytest.raises(CubeError, match="nothing to gather"):
        CellAccumulator(0, 1)
