"""Scenes streamed into cells: pixels fall where a projection of every pixel puts them; rotated scenes too."""

from __future__ import annotations

import numpy as np
import pytest

from geocryoai.core.errors import CubeError
from geocryoai.core.grid import Grid
from geocryoai.core.projection import transformer
from geocryoai.cube.scale import PixelCells, gather_scene

GRID = Grid("EPSG:3338", -400_000.0, 2_330_000.0, 1000.0, 500, 400)
ROTATED = (3.864, 3.479, 581226.67, 3.479, -3.864, 7716192.56)


@pytest.mark.physics
@pytest.mark.parametrize(
    ("affine", "crs"),
    [(ROTATED, "EPSG:32604"), ((0.00016667, 0.0, -158.4, 0.0, -0.00005556, 69.6), "EPSG:4326")],
)
def test_cells_are_those_of_every_pixel_projected(affine, crs):
    cells = PixelCells(affine, crs, 700, GRID)
    got = cells.lines(64, 64 + 300)
    column, row = np.meshgrid(np.arange(700) + 0.5, np.arange(64, 364) + 0.5)
    a, b, c, d, e, f = affine
    x, y = transformer(crs, GRID.crs).transform(a * column + b * row + c, d * column + e * row + f)
    down, right = (GRID.top - y) / GRID.resolution, (x - GRID.left) / GRID.resolution
    inside = (down >= 0) & (down < GRID.height) & (right >= 0) & (right < GRID.width)
    expected = np.where(inside, np.floor(down) * GRID.width + np.floor(right), -1).astype(int)
    assert (expected >= 0).all()
    edge = np.minimum(np.abs(down - np.round(down)), np.abs(right - np.round(right))) < 1e-6
    np.testing.assert_array_equal(got[~edge], expected[~edge])


def test_a_scene_is_the_mean_of_its_pixels_for_any_number_of_threads():
    rng = np.random.default_rng(2)
    cells = PixelCells(ROTATED, "EPSG:32604", 210, GRID)
    radiance = rng.normal(5.0, 1.0, (333, 4, 210)).astype(np.float32)
    radiance[rng.uniform(size=radiance.shape) < 0.05] = -9999.0
    height = rng.normal(300.0, 20.0, (333, 1, 210)).astype(np.float32)
    touched, one = gather_scene([radiance, height], cells, missing=-9999.0, workers=1)
    again, many = gather_scene([radiance, height], cells, missing=-9999.0, workers=3)
    np.testing.assert_array_equal(touched, again)
    np.testing.assert_allclose(one.mean, many.mean, rtol=1e-12)
    where = cells.lines(0, 333)
    for number, cell in enumerate(touched):
        pixels = radiance[:, 2][where == cell]
        assert one.mean[2, number] == pytest.approx(pixels[pixels > -9999].mean(dtype=float), rel=1e-9)
        assert one.count[2, number] == (pixels > -9999).sum()
        assert one.mean[4, number] == pytest.approx(height[:, 0][where == cell].mean(dtype=float), rel=1e-9)


def test_scenes_that_cannot_be_gathered_are_refused():
    with pytest.raises(CubeError, match="no place on a map"):
        PixelCells((1.0, 1.0, 0.0, 1.0, 1.0, 0.0), "EPSG:32604", 5, GRID)
    away = PixelCells((5.0, 0.0, 0.0, 0.0, -5.0, 0.0), "EPSG:3338", 5, GRID)
    with pytest.raises(CubeError, match="outside the grid"):
        gather_scene([np.zeros((5, 1, 5), np.float32)], away)
    with pytest.raises(CubeError, match="differ in size"):
        gather_scene([np.zeros((5, 1, 5)), np.zeros((6, 1, 5))], away)
