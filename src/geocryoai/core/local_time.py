"""Local standard time to UTC by a declared offset, and a check of that offset against the sun."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from geocryoai.core.errors import CalendarError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

#: Offsets of local standard time that exist [h].
OFFSETS = (-12.0, 14.0)


def to_utc(local: ArrayLike, offset_hours: float) -> NDArray[np.datetime64]:
    """Return UTC from local standard time (no daylight saving), datetime64[us].

    Parameters
    ----------
    local : array_like of datetime64
    offset_hours : float
        Local time minus UTC [h], declared by the source: Alaska standard time is -9.

    Raises
    ------
    CalendarError
        No place on earth has that offset.
    """
    if not OFFSETS[0] <= offset_hours <= OFFSETS[1]:
        raise CalendarError("no local time has that offset from UTC", found=f"{offset_hours} h", expected="-12 to 14 h")
    shift = np.timedelta64(round(offset_hours * 3_600_000_000), "us")
    times: NDArray[np.datetime64] = np.asarray(local, dtype="datetime64[us]")
    return np.subtract(times, shift)


def estimate_utc_offset(local: ArrayLike, shortwave: ArrayLike, longitude: float) -> float:
    """Return the offset from UTC that puts the sun's highest point at solar noon.

    A sanity check of a declared offset, good to about a quarter of an hour with some weeks of data: each hour is
    compared with the solar noon of its longitude and date (equation of time after Spencer 1971, as given by Iqbal 1983,
    doi:10.1016/B978-0-12-373750-2.X5001-0) and the differences are averaged on the circle, weighted by radiation.

    Parameters
    ----------
    local : array_like of datetime64
        Middle of each averaging interval, in the clock to be checked.
    shortwave : array_like of float
        Downwelling shortwave radiation [W m-2]; NaN and negative values count as none.
    longitude : float
        Degrees east.

    Returns
    -------
    float
        Local time minus UTC [h], in [-12, 12).

    Raises
    ------
    CalendarError
        There is no daily course of radiation to be judged.
    """
    times = np.asarray(local, dtype="datetime64[s]")
    weight = np.clip(np.nan_to_num(np.asarray(shortwave, dtype=np.float64)), 0.0, None)
    days = times.astype("datetime64[D]")
    hour = (times - days).astype(np.float64) / 3600.0
    day_angle = 2 * np.pi * (days - days.astype("datetime64[Y]")).astype(np.float64) / 365.25
    noon_utc = 12.0 - longitude / 15.0 - _equation_of_time(day_angle) / 60.0
    phase = np.exp(2j * np.pi * (hour - noon_utc) / 24.0)
    mean = np.sum(weight * phase)
    if abs(mean) <= 0.05 * weight.sum():
        raise CalendarError(
            "shortwave radiation has no daily course, so the time offset cannot be checked",
            expected="hourly values of at least some sunlit days",
        )
    return float((np.angle(mean) * 24.0 / (2 * np.pi) + 12.0) % 24.0 - 12.0)


def _equation_of_time(day_angle: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return apparent minus mean solar time [min] for the day angle [rad] from 1 January."""
    harmonics = (
        0.000075
        + 0.001868 * np.cos(day_angle)
        - 0.032077 * np.sin(day_angle)
        - 0.014615 * np.cos(2 * day_angle)
        - 0.040849 * np.sin(2 * day_angle)
    )
    minutes: NDArray[np.float64] = 229.18 * harmonics
    return minutes
