import numpy as np
import pytest

from geocryoai.core.errors import ModelError
from geocryoai.processes.sunlight import SOLAR_CONSTANT, top_of_atmosphere_radiation

pytestmark = pytest.mark.physics


def test_polar_night_and_midnight_sun():
    assert float(top_of_atmosphere_radiation(71.3, 355)) == 0.0
    pole = float(top_of_atmosphere_radiation(90.0, 172))
    assert pole > float(top_of_atmosphere_radiation(65.0, 172)) > 450.0
    # No sunset at the pole: the height of the sun is the declination, all day.
    near = 1 + 0.033 * np.cos(2 * np.pi * 172 / 365)
    assert pole == pytest.approx(SOLAR_CONSTANT * near * np.sin(np.radians(23.45)), rel=1e-3)


def test_the_year_over_the_globe_is_a_quarter_of_the_solar_constant():
    lat = np.linspace(-89.5, 89.5, 180)
    daily = top_of_atmosphere_radiation(lat[:, None], np.arange(1, 366)[None])
    assert np.average(daily.mean(axis=1), weights=np.cos(np.radians(lat))) == pytest.approx(
        SOLAR_CONSTANT / 4, rel=2e-3
    )


def test_impossible_places_and_days_are_refused():
    with pytest.raises(ModelError, match="lat"):
        top_of_atmosphere_radiation(91.0, 10)
    with pytest.raises(ModelError, match="day_of_year"):
        top_of_atmosphere_radiation(60.0, 0)
