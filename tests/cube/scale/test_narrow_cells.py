"""Coarse cells that are narrower on the ground than the cells of the grid: SMAP's in the north."""

from __future__ import annotations

import numpy as np
import pytest

from geocryoai.core.grid import Grid
from geocryoai.core.projection import LONLAT, transformer
from geocryoai.cube.axes import SourceAxes
from geocryoai.cube.regrid import Regridder
from geocryoai.cube.scale.nested import NestedCells, ground_spacing

#: Global EASE-Grid 2.0: side of a cell, and centres around 68 N, 150 W.
SIDE = 9008.055210146
X0, Y0 = (float(part) for part in transformer(LONLAT, "EPSG:6933").transform(-150.0, 68.0))
SMAP = SourceAxes("EPSG:6933", "y", "x", Y0 - SIDE * np.arange(-8, 9), X0 + SIDE * np.arange(-30, 31))
LEFT, TOP = (float(part) for part in transformer(LONLAT, "EPSG:3338").transform(-150.0, 68.0))


def grid(resolution: float, cells: int) -> Grid:
    half = resolution * cells / 2
    return Grid("EPSG:3338", LEFT - half, TOP + half, resolution, cells, cells)


@pytest.mark.physics
def test_the_size_of_a_cell_on_the_ground() -> None:
    high, wide = ground_spacing(Regridder(SMAP, grid(5000.0, 20)))
    stretch = np.cos(np.radians(30.0)) / np.cos(np.radians(68.0))
    assert (high, wide) == pytest.approx((SIDE * stretch, SIDE / stretch), rel=0.03)
    assert high * wide == pytest.approx(SIDE**2, rel=0.01)


@pytest.mark.physics
@pytest.mark.parametrize(("resolution", "together"), [(5000.0, (1, 2)), (8000.0, (1, 3)), (3000.0, (1, 1))])
def test_means_of_neighbours_are_kept_together(resolution: float, together: tuple[int, int]) -> None:
    cells = NestedCells(SMAP, grid(resolution, round(100_000 / resolution)))
    assert cells.together == together
    assert cells.factor * resolution >= 0.98 * SIDE * np.cos(np.radians(30.0)) / np.cos(np.radians(68.0))
    rng = np.random.default_rng(2)
    coarse = 0.3 + 0.1 * rng.random(cells.shape)
    start = cells.to_grid(np.kron(coarse, np.ones((cells.factor, cells.factor)))[None])[0]
    exact = cells.exact(start, coarse)
    assert cells.held(exact, coarse) >= 10
    assert cells.misfit(start, coarse) > 1e-3
    assert cells.misfit(exact, coarse) < 1e-9
    assert np.abs(exact - start).max() < 0.2
