"""Local standard time: the declared offset, and what the sun says of it."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest

from geocryoai.core.errors import CalendarError
from geocryoai.core.local_time import estimate_utc_offset, to_utc


def sunshine(utc: np.ndarray, lon: float, lat: float) -> np.ndarray:
    """Shortwave [W m-2] of a clear sky, with the sun's place from its orbit (low-order series)."""
    days = (utc - np.datetime64("2000-01-01T12:00")) / np.timedelta64(1, "D")
    anomaly = np.radians(357.529 + 0.98560028 * days)
    mean_lon = 280.459 + 0.98564736 * days
    ecliptic = np.radians(mean_lon + 1.915 * np.sin(anomaly) + 0.020 * np.sin(2 * anomaly))
    tilt = np.radians(23.439 - 3.6e-7 * days)
    ascension = np.degrees(np.arctan2(np.cos(tilt) * np.sin(ecliptic), np.cos(ecliptic)))
    declination = np.arcsin(np.sin(tilt) * np.sin(ecliptic))
    sidereal = 280.46061837 + 360.98564736629 * days
    hour_angle = np.radians(sidereal + lon - ascension)
    phi = np.radians(lat)
    elevation = np.sin(phi) * np.sin(declination) + np.cos(phi) * np.cos(declination) * np.cos(hour_angle)
    return 1000 * np.clip(elevation, 0, None)


def test_offsets_are_added_the_right_way() -> None:
    local = np.array(["2003-06-01T12:00", "NaT"], dtype="datetime64[s]")
    assert to_utc(local, -9).astype(str).tolist() == ["2003-06-01T21:00:00.000000", "NaT"]
    assert to_utc("2003-06-01T12:00", 5.5) == np.datetime64("2003-06-01T06:30", "us")


@pytest.mark.parametrize("offset", [-13, 15, -900, float("nan")])
def test_offsets_that_no_place_has_are_refused(offset: float) -> None:
    with pytest.raises(
        CalendarError, match=r"no local time has that offset from UTC; found .* h; expected -12 to 14 h"
    ):
        to_utc("2003-06-01T12:00", offset)


@pytest.mark.physics
@pytest.mark.parametrize(
    ("lon", "lat", "offset"), [(-149.6, 68.6, -9.0), (-149.6, 68.6, 0.0), (129.5, 62.0, 9.0), (179.0, 65.0, -11.0)]
)
@pytest.mark.parametrize("start", ["2010-02-15", "2010-06-01", "2010-10-20"])
def test_the_sun_tells_the_offset(lon: float, lat: float, offset: float, start: str) -> None:
    local = np.datetime64(start) + np.arange(0, 20 * 24 * 60, 60).astype("timedelta64[m]") + np.timedelta64(30, "m")
    utc = local - np.timedelta64(int(offset * 60), "m")
    shortwave = sunshine(utc, lon, lat)
    shortwave[::17] = np.nan
    estimate = estimate_utc_offset(local, shortwave, lon)
    assert (estimate - offset + 12) % 24 - 12 == pytest.approx(0.0, abs=0.1)


@pytest.mark.real
def test_reanalysis_hours_end_at_their_stamp_and_are_utc(real_data: Path) -> None:
    with h5py.File(real_data / "drivers" / "era5land_toolik" / "ERA5_FSDS_2022-2024_z1.nc") as file:
        end = np.datetime64("2022-01-01") + file["DTIME"][:].astype("timedelta64[h]")
        shortwave = file["surface_solar_radiation_downwards_hourly"][0]
        lon = float(file["LONGXY"][0])
    assert estimate_utc_offset(end - np.timedelta64(30, "m"), shortwave, lon) == pytest.approx(0.0, abs=0.15)


def test_night_and_constant_radiation_tell_nothing() -> None:
    local = np.datetime64("2010-12-20T00:30") + np.arange(240).astype("timedelta64[h]")
    for shortwave in (np.zeros(240), np.full(240, 50.0), np.full(240, np.nan)):
        with pytest.raises(CalendarError, match="shortwave radiation has no daily course"):
            estimate_utc_offset(local, shortwave, -149.6)
