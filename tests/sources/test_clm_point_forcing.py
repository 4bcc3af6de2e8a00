"""CLM point forcing: months put together, units, places, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr

from geocryoai.core.errors import SourceError
from geocryoai.sources import READERS
from geocryoai.sources.base import SourceData


def month(folder: Path, name: str, steps: int = 8, *, lon: float = 210.4, **units: str | None) -> Path:
    values = {"TBOT": (280.15, "K"), "FSDS": (150.0, "W/m2"), "RH": (70.0, "%"), "PRECTmms": (1e-5, "mm/s")}
    data: dict[str, Any] = {}
    for key, (value, unit) in values.items():
        given = units.get(key, unit)
        data[key] = (("time", "lat", "lon"), np.full((steps, 1, 1), value), {} if given is None else {"units": given})
    data["LATIXY"], data["LONGXY"] = (("lat", "lon"), [[68.6]]), (("lat", "lon"), [[lon]])
    time = ("time", np.arange(steps) / 4, {"units": f"days since {name}-01 00:00:00", "calendar": "noleap"})
    folder.mkdir(parents=True, exist_ok=True)
    xr.Dataset(data, {"time": time}).to_netcdf(folder / f"{name}.nc", engine="h5netcdf")
    return folder / f"{name}.nc"


def read(path: Path, **options: Any) -> SourceData:
    return READERS.get("clm_point_forcing").read(path, source=path.name, options=options)


def test_months_become_one_series(tmp_path: Path) -> None:
    folder = tmp_path / "Toolik"
    month(folder, "2015-02"), month(folder, "2015-01")
    data = read(folder)
    row = data.records.row(0, named=True)
    assert data.records.height == 16
    assert (row["site"], row["lat"]) == ("Toolik", 68.6)
    assert row["lon"] == pytest.approx(-149.6)
    assert (row["tas"], row["rsds"], row["hurs"]) == pytest.approx((7.0, 150.0, 0.7))
    assert row["pr"] == pytest.approx(0.864)
    assert row["wind"] is None
    assert str(data.records["time_start"][8]) == "2015-02-01 00:00:00"
    assert str(data.records["time_end"][7]) == "2015-01-03 00:00:00"
    assert any("rlds" in note for note in data.notes)


@pytest.mark.parametrize(
    ("units", "message"),
    [
        ({"TBOT": None}, "TBOT, attribute units: the variable has no unit"),
        ({"TBOT": "degC"}, "values of tas are implausible"),
        ({"FSDS": "K"}, "measure different things"),
    ],
)
def test_wrong_units(units: dict[str, str | None], message: str, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=message):
        read(month(tmp_path, "2015-01", **units))


def test_files_of_two_places_and_truncated_ones(tmp_path: Path) -> None:
    month(tmp_path, "2015-01")
    path = month(tmp_path, "2015-02", lon=200.0)
    with pytest.raises(SourceError, match="of different places"):
        read(tmp_path)
    path.write_bytes(path.read_bytes()[:2000])
    with pytest.raises(SourceError, match="truncated"):
        read(tmp_path)
    path.unlink()
    xr.Dataset({"T": ("time", [1.0])}, {"time": ("time", [0.0], {"units": "days since 2015-02-01"})}).to_netcdf(
        path, engine="h5netcdf"
    )
    with pytest.raises(SourceError, match="the file holds no forcing"):
        read(tmp_path)
