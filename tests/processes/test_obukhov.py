"""The Obukhov length: sign, neutral limit, cube of the friction velocity."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from geocryoai.core.errors import ModelError
from geocryoai.processes.obukhov import obukhov_length


@pytest.mark.physics
def test_the_sign_is_that_of_stability_and_no_flux_is_neutral():
    length = obukhov_length(0.3, [100.0, -20.0, 0.0], 10.0, 101_325.0)
    assert length[0] < 0 < length[1]
    assert np.isposinf(length[2]) or np.isneginf(length[2])
    density = 101_325.0 / (287.05 * 283.15)
    assert length[0] == pytest.approx(-density * 1004.7 * 283.15 * 0.3**3 / (0.4 * 9.80665 * 100.0))


@pytest.mark.physics
def test_it_grows_with_the_cube_of_the_friction_velocity_and_inversely_with_the_flux():
    one, two = obukhov_length([0.2, 0.4], 50.0, -5.0, 98_000.0)
    assert two / one == pytest.approx(8.0)
    assert obukhov_length(0.2, 100.0, -5.0, 98_000.0) == pytest.approx(one / 2)


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ((0.0, 10.0, 0.0, 1e5), "friction_velocity"),
        ((0.2, np.nan, 0.0, 1e5), "sensible_heat_flux"),
        ((0.2, 10.0, 283.15, 1e5), "air_temperature"),
        ((0.2, 10.0, 0.0, 1013.0), "air_pressure"),
    ],
)
def test_impossible_air_is_refused(given, text):
    with pytest.raises(ModelError, match=text):
        obukhov_length(*given)


@pytest.mark.real
def test_it_is_what_a_tower_reports(real_data: Path):
    import polars as pl

    path = real_data / "in_situ/co2/ykd_tower/eddy_cov_C_fluxes_nofilter_YKD.csv.gz"
    names = ("u.", "H", "air_temperature", "air_pressure", "L")
    table = pl.read_csv(path, null_values=["NA"], columns=names, infer_schema=False).cast(pl.Float64, strict=False)
    friction, heat, kelvin, pressure, reported = (table[name].to_numpy() for name in names)
    used = (friction > 0.1) & (np.abs(heat) > 10) & (np.abs(heat) < 500) & (kelvin > 220) & (kelvin < 310)
    used &= (pressure > 9e4) & (pressure < 1.1e5) & np.isfinite(reported)
    ratio = obukhov_length(friction[used], heat[used], kelvin[used] - 273.15, pressure[used]) / reported[used]
    assert used.sum() > 10_000
    assert (ratio > 0).all()
    assert np.median(ratio) == pytest.approx(0.41 / 0.40, abs=0.01)
    assert np.quantile(np.abs(ratio - np.median(ratio)), 0.9) < 0.01
