"""Area-true averages: integrals kept, variance and counts, observation operators and footprints."""

from __future__ import annotations

import numpy as np
import pytest

from geocryoai.core.errors import CubeError
from geocryoai.core.grid import Grid
from geocryoai.cube.scale import aggregate, block_mean, observation_operator, spread, tower_footprint
from geocryoai.cube.scale.footprint import crosswind_integrated

FINE = Grid("EPSG:3338", 0.0, 1_500_000.0, 1000.0, 12, 10)
RNG = np.random.default_rng(1)


@pytest.mark.physics
@pytest.mark.parametrize("resolution", [1000.0, 1500.0, 2000.0, 2700.0, 5000.0])
def test_the_integral_is_kept_with_fractional_cells(resolution):
    coarse = Grid("EPSG:3338", -300.0, 1_500_400.0, resolution, 20, 18)
    field = RNG.normal(size=(3, *FINE.shape))
    got = aggregate(field, FINE, coarse, min_share=0.0)
    integral = np.nansum(got.mean * got.share, axis=(1, 2)) * resolution**2
    np.testing.assert_allclose(integral, field.sum((1, 2)) * 1000.0**2, rtol=1e-9)


def test_equal_grids_give_the_identity():
    field = RNG.normal(size=FINE.shape)
    got = aggregate(field, FINE, FINE)
    np.testing.assert_array_equal(got.mean, field)
    np.testing.assert_allclose(got.variance, 0.0, atol=1e-12)
    np.testing.assert_allclose(got.count, 1.0)


def test_variance_and_count_are_those_of_the_cells_inside():
    field = RNG.normal(5.0, 2.0, FINE.shape)
    field[0, 0] = np.nan
    got = aggregate(field, FINE, FINE.coarsen(2), min_share=0.5)
    inside = field[:2, :2].ravel()[1:]
    assert got.mean[0, 0] == pytest.approx(inside.mean())
    assert got.variance[0, 0] == pytest.approx(inside.var())
    assert (got.count[0, 0], got.share[0, 0]) == (pytest.approx(3.0), pytest.approx(0.75))
    np.testing.assert_allclose(got.mean, block_mean(field, 2))


def test_a_cell_with_too_little_is_missing():
    field = np.full(FINE.shape, np.nan)
    field[0, 0] = 1.0
    got = aggregate(field, FINE, FINE.coarsen(2))
    assert np.isnan(got.mean[0, 0])
    assert got.share[0, 0] == pytest.approx(0.25)


def test_grids_and_shapes_that_do_not_fit_are_refused():
    with pytest.raises(CubeError, match="projections of the two grids differ"):
        aggregate(np.zeros(FINE.shape), FINE, Grid("ESRI:102001", 0.0, 0.0, 1000.0, 2, 2))
    with pytest.raises(CubeError, match="does not fit its grid"):
        aggregate(np.zeros((3, 3)), FINE, FINE)
    with pytest.raises(CubeError, match="do not fill whole coarse cells"):
        block_mean(np.zeros((5, 5)), 2)
    with pytest.raises(CubeError, match="negative or missing"):
        block_mean(np.zeros((4, 4)), 2, -np.ones((4, 4)))


def test_spread_and_mean_are_inverse():
    coarse = RNG.normal(size=(2, 3, 4))
    np.testing.assert_allclose(block_mean(spread(coarse, 3), 3), coarse, rtol=1e-14)


def _lonlat(x: float, y: float):
    from geocryoai.core.projection import LONLAT, transformer

    return transformer("EPSG:3338", LONLAT).transform(x, y)


def test_a_point_sees_its_cell_and_a_square_its_exact_fractions():
    lon, lat = _lonlat(3000.0, 1_496_500.0)
    operator = observation_operator(FINE, [lon, lon], [lat, lat], [0.0, 1000.0])
    rows = operator.toarray()
    np.testing.assert_allclose(rows.sum(1), 1.0)
    assert rows[0].max() == 1.0
    expected = np.zeros(FINE.shape)
    expected[3, 2:4] = 0.5
    np.testing.assert_allclose(rows[1].reshape(FINE.shape), expected, atol=1e-6)


def test_a_support_over_the_edge_sums_to_what_lies_inside():
    lon, lat = _lonlat(0.0, 1_495_000.0)
    operator = observation_operator(FINE, [lon, np.nan], [lat, 65.0], 2000.0)
    np.testing.assert_allclose(operator.sum(1), [0.5, 0.0], atol=1e-6)


@pytest.mark.physics
@pytest.mark.parametrize("obukhov", [-20.0, -200.0, 1e9, 100.0])
def test_the_crosswind_integral_of_a_footprint_is_one(obukhov):
    x = np.geomspace(0.1, 3e6, 400_000)
    f = crosswind_integrated(x, height=3.0, roughness=0.03, boundary_layer=1000.0, obukhov=obukhov)
    assert float(np.trapezoid(f, x)) == pytest.approx(1.0, abs=5e-3)


@pytest.mark.physics
def test_a_neutral_footprint_peaks_where_the_paper_says():
    x = np.linspace(1.0, 400.0, 100_000)
    f = crosswind_integrated(x, height=20.0, roughness=0.01, boundary_layer=750.0, obukhov=-1e9)
    scale = 20.0 * np.log(20.0 / 0.01) / (1 - 20.0 / 750.0)
    assert x[f.argmax()] / scale == pytest.approx(0.87, abs=0.01)


def test_a_footprint_lies_upwind_and_mixes_the_field():
    wind = np.full(50, 270.0)
    print_ = tower_footprint(wind, -100.0, 0.4, 0.3, height=3.0, roughness=0.03, reach=800.0, resolution=10.0)
    assert 0.8 < print_.inside <= 1.0
    west = print_.weight[:, print_.east < 0].sum() / print_.inside
    assert west > 0.999
    np.testing.assert_allclose(print_.weight, print_.weight[::-1], atol=1e-12)
    grid = Grid("EPSG:3338", 0.0, 1_500_000.0, 100.0, 40, 40)
    lon, lat = _lonlat(2000.0, 1_498_000.0)
    operator = observation_operator(grid, [lon], [lat], footprints=[print_])
    assert operator.sum() == pytest.approx(print_.inside, rel=1e-9)
    field = np.where(np.arange(40) < 20, 1.0, 0.0) * np.ones((40, 1))
    assert float((operator @ field.ravel())[0]) == pytest.approx(print_.inside, abs=2e-3)


def test_impossible_towers_are_refused():
    with pytest.raises(CubeError, match="does not hold"):
        tower_footprint([0.0], [-50.0], [0.4], [0.3], height=0.5, roughness=0.1)
    with pytest.raises(CubeError, match="no half hour"):
        tower_footprint([0.0], [-50.0], [0.4], [0.01], height=3.0, roughness=0.03)
    with pytest.raises(CubeError, match="projected grid"):
        observation_operator(Grid("EPSG:4326", -150.0, 70.0, 1.0, 3, 3), [0.0], [0.0])
    with pytest.raises(CubeError, match="support is negative"):
        observation_operator(FINE, [-154.0], [63.0], -1.0)
    with pytest.raises(CubeError, match="one footprint"):
        observation_operator(FINE, [-154.0], [63.0], footprints=[])
