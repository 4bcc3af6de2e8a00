"""Daymet driver file: units in names, 365-day years, place, constant wind."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from geocryoai.core.errors import SourceError
from geocryoai.sources import READERS
from geocryoai.sources.base import SourceData

DAYS = 2 * 365


def write(path: Path, **changes: Any) -> Path:
    series: dict[str, Any] = {
        "air temperature [K]": np.full(DAYS, 263.15),
        "incoming shortwave radiation [W m^-2]": np.full(DAYS, 100.0),
        "precipitation rain [m s^-1]": np.full(DAYS, 1e-3 / 86400),
        "precipitation snow [m SWE s^-1]": np.full(DAYS, 2e-3 / 86400),
        "vapor pressure air [Pa]": np.full(DAYS, 200.0),
        "vp_orig": np.full(DAYS, 190.0),
        "wind speed [m s^-1]": np.ones(DAYS),
        "time [s]": np.arange(DAYS) * 86400,
    }
    attributes = {"origin date": "2003-01-01", "DayMet x min": 173460.0, "DayMet x max": 176520.0,
                  "DayMet y min": 2023500.0, "DayMet y max": 2025180.0}  # fmt: skip
    attributes.update(changes.pop("attributes", {}))
    with h5py.File(path, "w") as file:
        for name, values in {**series, **changes}.items():
            if values is not None:
                file[name] = values
        file.attrs.update({name: value for name, value in attributes.items() if value is not None})
    return path


def read(path: Path, **options: Any) -> SourceData:
    return READERS.get("daymet_hdf5").read(path, source="drivers/d.h5", options=options)


def test_units_dates_and_place(tmp_path: Path) -> None:
    data = read(write(tmp_path / "d.h5"))
    first = data.records.row(0, named=True)
    assert first["tas"] == pytest.approx(-10.0)
    assert first["pr"] == pytest.approx(3.0)
    assert first["snowfall"] == pytest.approx(2.0)
    assert (first["lat"], first["lon"]) == (pytest.approx(68.13, abs=0.01), pytest.approx(-149.82, abs=0.01))
    assert data.records["time_start"].to_list()[-1] == datetime(2004, 12, 30)
    assert data.records["time_start"].to_list()[365 + 59] == datetime(2004, 2, 29)
    assert any("wind is the constant 1" in note for note in data.notes)
    assert "wind" not in data.records.columns


def test_wind_that_varies_is_read(tmp_path: Path) -> None:
    data = read(write(tmp_path / "d.h5", **{"wind speed [m s^-1]": np.linspace(1, 5, DAYS)}))
    assert data.records["wind"].to_list()[-1] == pytest.approx(5.0)
    assert data.info.covariates["wind"] == "m s-1"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"air temperature [K]": None}, "series 'air temperature' is absent"),
        (
            {"air temperature [K]": None, "air temperature [degC]": np.full(DAYS, 263.15)},
            "is the unit or the sign wrong",
        ),
        ({"air temperature [K]": np.full(DAYS - 1, 263.0)}, "series of different length"),
        ({"air temperature [K]": np.full(DAYS, np.nan)}, "values are missing"),
        ({"time [s]": np.arange(DAYS) * 3600}, "not daily"),
        ({"attributes": {"origin date": "2003-02-01"}}, "not whole years of 365 days"),
        ({"attributes": {"origin date": None}}, "no date of origin"),
        ({"attributes": {"DayMet x min": None}}, "no position.*Declare lon and lat"),
    ],
)
def test_wrong_files(tmp_path: Path, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(SourceError, match=message):
        read(write(tmp_path / "d.h5", **changes))


def test_a_truncated_file(tmp_path: Path) -> None:
    path = write(tmp_path / "d.h5")
    path.write_bytes(path.read_bytes()[:2000])
    with pytest.raises(SourceError, match="not an HDF5 file, or a truncated one"):
        read(path)


def test_declared_position(tmp_path: Path) -> None:
    data = read(write(tmp_path / "d.h5", attributes={"DayMet x min": None}), lon=-149.0, lat=68.0)
    assert data.records["lon"].unique().to_list() == [-149.0]


@pytest.mark.real
def test_real_file_keeps_29_february(real_data: Path) -> None:
    """After 29 February of leap years the days agree with the station as well as in other years, not one day off."""
    import polars as pl

    data = READERS.get("daymet_hdf5").read(real_data / "drivers/daymet_toolik_hillslope.h5", source="x", options={})
    assert data.records.height == 43 * 365
    station = pl.read_csv(real_data / "drivers/toolik_weather/TFS-EDC_1988-2016_Daily.csv", null_values=["NA", ""])
    station = station.select(pl.col("date").str.to_datetime(time_unit="us"), pl.col("Tair.C.mean").alias("seen"))
    late = data.records.filter(
        (pl.col("time_start").dt.year() % 4 == 0) & (pl.col("time_start").dt.ordinal_day() > 60)
    ).select("time_start", "tas")
    scores = []
    for shift in ("0d", "1d"):
        both = late.with_columns(pl.col("time_start").dt.offset_by(shift)).join(
            station, left_on="time_start", right_on="date"
        )
        both = both.drop_nulls()
        scores.append(float(np.corrcoef(both["tas"], both["seen"])[0, 1]))
    assert scores[0] > scores[1]
    assert scores[0] > 0.87
