"""Snow as the ground feels it: density of the season, wet snow, litter; and what it does to a column."""

from __future__ import annotations

import numpy as np
import pytest

from geocryoai.core.errors import ModelError
from geocryoai.processes.column import (
    Forcing,
    Material,
    Options,
    PowerCurve,
    column_grid,
    layered_soil,
    simulate_column,
)  # fmt: skip
from geocryoai.processes.snow import snow_conductivity_calonne
from geocryoai.processes.snow_cover import (
    WET_CONDUCTIVITY,
    SnowCoverParameters,
    snow_cover,
    tundra_snow_density,
)  # fmt: skip


@pytest.mark.physics
def test_density_is_that_of_the_tundra_class():
    # Sturm et al. (2010), their equation with days from 1 January: 1 January and 1 May, 20 and 40 cm.
    day, depth = np.array([1.0, 121.0]), np.array([0.2, 0.4])
    expected = 1000.0 * (0.2425 + (0.3630 - 0.2425) * (1.0 - np.exp(-0.0029 * 100 * depth - 0.0049 * day)))
    np.testing.assert_allclose(tundra_snow_density(day + 92.0, depth), expected, rtol=0.01)


def test_density_starts_anew_with_a_season_and_not_with_a_short_gap():
    snd = np.full(120, 0.2)
    snd[30:40] = 0.0
    snd[70:100] = 0.0
    density = snow_cover(np.full(120, -10.0), snd).density
    assert density[40] > density[29] > density[0]
    assert density[100] == density[0]


def test_melt_wets_the_snow_and_frost_dries_it():
    air = np.concatenate([np.full(5, -10.0), [2.0], np.full(40, -10.0)])
    cover = snow_cover(air, np.full(46, 0.3))
    assert not cover.wet[:5].any()
    assert cover.wet[5]
    # 8 mm of water come, and at most a tenth of 55 mm of snow is held; 2 mm a day freeze again.
    assert cover.wet[5:8].all()
    assert not cover.wet[8:].any()
    assert (cover.conductivity[cover.wet] == WET_CONDUCTIVITY).all()
    dry = ~cover.wet
    np.testing.assert_array_equal(cover.conductivity[dry], snow_conductivity_calonne(cover.density[dry]))


def test_litter_covers_in_frost_and_under_snow_only():
    params = SnowCoverParameters(least_depth=0.02, litter=0.03)
    cover = snow_cover([-1.0, 1.0, 1.0, -1.0], [0.01, 0.01, 0.1, 0.1], params)
    np.testing.assert_allclose(cover.depth, [0.03, 0.0, 0.13, 0.13])
    bare = snow_cover([[-1.0], [1.0]], [[0.0], [0.0]], SnowCoverParameters(litter=0.0))
    assert (bare.depth == 0.0).all()
    assert not bare.wet.any()


@pytest.mark.physics
def test_wet_snow_warms_the_ground_faster_and_both_back_ends_agree():
    air = np.concatenate([np.full(15, -15.0), np.full(5, 3.0)])
    cover = snow_cover(air, np.full(20, 0.3))
    silt = Material(0.4, 1.2, 2.1, 2.8e6, 2.0e6, PowerCurve(0.05, -0.5))
    soil = layered_soil(column_grid(20, 0.03, 10.0, 0.3), [silt], [1.0])
    forcing = Forcing(np.ones(20), temperature=air, snow_depth=cover.depth, snow_density=cover.density,
                      snow_conductivity=cover.conductivity)  # fmt: skip
    run = simulate_column(forcing, soil, -5.0)
    dry = Forcing(np.ones(20), temperature=air, snow_depth=cover.depth, snow_density=cover.density,
                  snow_conductivity=snow_conductivity_calonne(cover.density))  # fmt: skip
    surface = run.series.surface_temperature[-1, 0]
    assert surface <= 0.0
    # What is left is the heat that the frozen ground draws through wet snow.
    assert surface > 0.5 * simulate_column(dry, soil, -5.0).series.surface_temperature[-1, 0]
    other = simulate_column(forcing, soil, -5.0, Options(backend="torch"))
    np.testing.assert_allclose(other.temperature, run.temperature, atol=1e-6)


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: snow_cover(np.zeros(3), np.zeros(4)), "does not fit the air temperature"),
        (lambda: snow_cover([np.nan, 0.0], [0.1, 0.1]), r"tas \[degC\].*missing"),
        (lambda: snow_cover([0.0, 0.0], [0.1, -0.1]), r"snd \[m\]"),
        (lambda: snow_cover([280.0, 280.0], [0.1, 0.1]), r"tas \[degC\]"),
        (lambda: SnowCoverParameters(litter=-0.01), "litter"),
        (lambda: SnowCoverParameters(least_depth=2.0), "least_depth"),
        (lambda: SnowCoverParameters(melt_factor=-1.0), "melt_factor"),
        (lambda: tundra_snow_density(-1.0, 0.1), "day"),
    ],
)
def test_bad_input_is_refused(call, text):
    with pytest.raises(ModelError, match=text):
        call()
