"""Radiation at the top of the atmosphere, where no measurement of radiation is at hand."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from geocryoai.processes.checks import Array, between

#: Total solar irradiance [W m-2]; Kopp and Lean (2011, doi:10.1029/2010GL045777).
SOLAR_CONSTANT = 1361.0


def top_of_atmosphere_radiation(lat: ArrayLike, day_of_year: ArrayLike) -> Array:
    """Return the daily mean radiation on a horizontal plane above the atmosphere [W m-2].

    Parameters
    ----------
    lat : array_like
        Latitude [degrees north], -90 to 90.
    day_of_year : array_like
        1 for 1 January, to 366.

    Notes
    -----
    Declination after Cooper (1969), distance of the sun to first order in eccentricity: Duffie and Beckman (2013,
    doi:10.1002/9781118671603), equations 1.4.1a, 1.6.1a and 1.10.3.

    Examples
    --------
    >>> top_of_atmosphere_radiation([0.0, 68.6, 68.6], [80, 172, 355]).round(0).tolist()
    [436.0, 488.0, 0.0]
    """
    phi = np.radians(between("lat [degrees]", lat, -90, 90))
    day = between("day_of_year", day_of_year, 1, 366)
    declination = np.radians(23.45) * np.sin(2 * np.pi * (284 + day) / 365)
    limit = np.clip(phi, -np.pi / 2 + 1e-9, np.pi / 2 - 1e-9)
    sunset = np.arccos(np.clip(-np.tan(limit) * np.tan(declination), -1.0, 1.0))
    height = sunset * np.sin(phi) * np.sin(declination) + np.cos(phi) * np.cos(declination) * np.sin(sunset)
    near = 1.0 + 0.033 * np.cos(2 * np.pi * day / 365)
    return np.asarray(np.maximum(SOLAR_CONSTANT * near * height / np.pi, 0.0))
