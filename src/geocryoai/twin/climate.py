"""Monthly climatology of the simulated Alaska, 1990-2022 mean, from latitude, elevation and distance to the coast."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geocryoai.twin.landscape import Landscape

    Floats = NDArray[np.float64]

#: Day of the year in the middle of each month.
MID_MONTH = np.array([16, 45, 75, 105, 136, 166, 197, 228, 258, 289, 319, 350], dtype=float)
#: Share of a year's precipitation in each month [1].
_WET_SEASON = np.array([0.05, 0.045, 0.04, 0.04, 0.055, 0.10, 0.16, 0.18, 0.13, 0.08, 0.065, 0.055])
#: Share of the radiation at the top of the atmosphere that reaches the surface in an average month [1].
_CLEARNESS = np.array([0.45, 0.52, 0.58, 0.58, 0.54, 0.50, 0.46, 0.41, 0.40, 0.40, 0.40, 0.42])
#: Relative humidity inland [1].
_HUMIDITY = np.array([0.74, 0.73, 0.72, 0.69, 0.64, 0.63, 0.68, 0.75, 0.77, 0.80, 0.78, 0.75])
_SOLAR_CONSTANT = 1361.0


@dataclass(frozen=True)
class Climate:
    """Mean year of every land cell, arrays of shape (12, cells).

    Attributes
    ----------
    tas : array of float
        Air temperature [degC].
    pr : array of float
        Precipitation [mm d-1].
    toa : array of float
        Radiation at the top of the atmosphere on a level surface [W m-2], positive downward.
    clearness : array of float
        Share of `toa` that reaches the surface [1].
    humidity : array of float
        Relative humidity [1].
    maritime : array of float, shape (cells,)
        1 at the coast, 0 far inland.
    """

    tas: Floats
    pr: Floats
    toa: Floats
    clearness: Floats
    humidity: Floats
    maritime: Floats


def make_climate(landscape: Landscape) -> Climate:
    """Return the mean year of every land cell."""
    lat = landscape.flat(landscape.lat)
    elevation = landscape.flat(landscape.elevation) / 1000
    maritime = np.exp(-landscape.flat(landscape.coast_distance) / 80_000)
    month = MID_MONTH[:, None]

    mean = -2.3 - 1.25 * (lat - 64.8) - 1.2 * maritime
    half_range = 19.8 - 4.3 * maritime
    season = np.cos(2 * np.pi * (month - 197 - 8 * maritime) / 365.25)
    lapse = 3.0 - 1.8 * np.cos(2 * np.pi * (month - 15) / 365.25)
    tas = mean + half_range * season - lapse * elevation

    annual = 190 + 110 * (1 - maritime) + 230 * elevation
    days = np.diff([*MID_MONTH, MID_MONTH[0] + 365.25])[:, None]
    pr = annual * _WET_SEASON[:, None] / days
    ones = np.ones_like(maritime)
    return Climate(
        tas=tas,
        pr=pr,
        toa=top_of_atmosphere(lat[None, :], month),
        clearness=_CLEARNESS[:, None] * (ones - 0.12 * maritime),
        humidity=np.minimum(0.97, _HUMIDITY[:, None] + 0.12 * maritime),
        maritime=maritime,
    )


def top_of_atmosphere(lat: Floats, day: Floats) -> Floats:
    """Return the daily mean radiation on a level surface at the top of the atmosphere [W m-2].

    Parameters
    ----------
    lat : array of float
        Latitude [degree].
    day : array of float
        Day of the year.

    Notes
    -----
    Duffie and Beckman (2013, doi:10.1002/9781118671603), equations 1.4.1b, 1.6.1a (Spencer's declination replaced by
    Cooper's), 1.6.10 and 1.10.3.

    Examples
    --------
    >>> float(top_of_atmosphere(np.array(75.0), np.array(355.0)))
    0.0
    """
    declination = np.radians(23.45) * np.sin(2 * np.pi * (284 + day) / 365)
    phi = np.radians(lat)
    sunset = np.arccos(np.clip(-np.tan(phi) * np.tan(declination), -1, 1))
    distance = 1 + 0.033 * np.cos(2 * np.pi * day / 365)
    height = sunset * np.sin(phi) * np.sin(declination) + np.cos(phi) * np.cos(declination) * np.sin(sunset)
    mean: Floats = np.maximum(0.0, _SOLAR_CONSTANT * distance * height / np.pi)
    return mean


def saturation_pressure(tas: Floats) -> Floats:
    """Return saturation vapour pressure over water [Pa].

    References
    ----------
    Alduchov and Eskridge (1996), J. Appl. Meteorol. 35, 601-609,
    doi:10.1175/1520-0450(1996)035<0601:IMFAOS>2.0.CO;2.

    Examples
    --------
    >>> round(float(saturation_pressure(np.array(0.0))), 1)
    610.9
    """
    pressure: Floats = 610.94 * np.exp(17.625 * tas / (tas + 243.04))
    return pressure
