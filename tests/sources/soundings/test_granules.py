"""Granules of soundings: layout, packing, quality, time and positions, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from pydantic import ValidationError

from geocryoai.core.errors import SourceError
from geocryoai.sources.soundings import SoundingOptions
from geocryoai.sources.soundings.granule import Granule, read_granule

Writer = Callable[..., Path]

LON, LAT = np.meshgrid(np.array([-150.0, -149.9, -149.8]), np.array([68.0, 68.1]))
CH4 = np.array([[1900.0, np.nan, 1880.0], [1910.0, 1870.0, 1890.0]])


def read(path: Path, **options: Any) -> Granule:
    return read_granule(path, SoundingOptions.model_validate(options), path.name)


def test_the_methane_of_sentinel_5p(tmp_path: Path, tropomi: Writer) -> None:
    qa = np.array([[1.0, 1.0, 0.5], [0.8, 0.4, 0.51]])
    times = ["2021-07-31T23:59:59.500000Z", "2021-08-01T00:00:00.340000Z"]
    found = read(tropomi(tmp_path / "s5p.nc", LON, LAT, CH4, qa=qa, times=times), preset="sentinel-5p-ch4")
    assert found.total == 6
    assert found.values["xch4"].tolist() == pytest.approx([1900.0, np.nan, 1910.0, 1890.0], nan_ok=True)
    assert found.sigma["xch4"].tolist() == pytest.approx([2.0] * 4)
    assert found.lat == pytest.approx([68.0, 68.0, 68.1, 68.1], abs=1e-4)
    assert [str(t)[:7] for t in found.time] == ["2021-07", "2021-07", "2021-08", "2021-08"]
    assert found.corners is not None
    assert found.corners[0, 0] == pytest.approx([-150.025, 67.975], abs=1e-4)


def test_the_soundings_of_oco(tmp_path: Path, lite: Writer) -> None:
    flag = np.array([0, 1, 0])
    xco2 = np.array([415.0, 400.0, -999999.0])
    found = read(lite(tmp_path / "o.nc4", LON[0], LAT[0], xco2, flag, 1_600_000_000.0), preset="oco-lite")
    assert found.values["xco2"] == pytest.approx([415.0, np.nan], nan_ok=True)
    assert str(found.time[0])[:10] == "2020-09-13"


def declared(**more: Any) -> dict[str, Any]:
    layer = {"path": "gas", "name": "gas", "unit": "umol mol-1", "unit_from": "either"}
    return {"layers": {"gas": layer}, "time": {"pattern": r"_(?P<date>\d{8})"}, "quality": [], **more}


def plain(path: Path, **variables: Any) -> Path:
    given = {"latitude": LAT, "longitude": LON, "gas": np.full(LON.shape, 2.0)} | variables
    with h5py.File(path, "w") as file:
        for name, values in given.items():
            file[name] = values
    return path


def test_a_granule_is_declared_without_code(tmp_path: Path) -> None:
    flags = np.array([[0b000, 0b100, 0b001], [0b101, 0b010, 0b110]], "u2")
    path = plain(tmp_path / "L2_20210704T1200.h5", flags=flags, lines=np.array([0.0, 3600.0]))
    quality = [{"path": "flags", "bits": [{"first": 2, "accept": [0]}]}, {"path": "gas", "at_least": 2.0}]
    found = read(path, **declared(quality=quality))
    assert len(found.lat) == 3
    assert {str(t)[:10] for t in found.time} == {"2021-07-04"}
    time = {"path": "lines", "units": "milliseconds since 2021-12-31 23:59:58"}
    later = read(path, **declared(time=time))
    assert [str(t)[:19] for t in later.time] == ["2021-12-31T23:59:58"] * 3 + ["2022-01-01T00:00:01"] * 3


@pytest.mark.parametrize(
    ("change", "options", "said"),
    [
        ({}, {"latitude": "longitude", "longitude": "latitude"}, "exchanged: declare them the other way round"),
        ({"latitude": LAT + 1000}, {}, "latitudes beyond the poles"),
        ({"longitude": LON - 900}, {}, "longitudes beyond a full circle"),
        ({"gas": np.ones(4)}, {}, "no value for each sounding"),
        ({}, {"latitude": "Latitude"}, "'Latitude' is absent.*Did you mean 'latitude'"),
        ({"b": np.ones((2, 3, 3))}, {"latitude_bounds": "b", "longitude_bounds": "b"}, "corners do not fit"),
        ({"t": np.zeros(3)}, {"time": {"path": "t", "units": "seconds since 2000-01-01"}}, "neither one of each"),
        ({"t": np.zeros(2)}, {"time": {"path": "t"}}, "time has no reference"),
        ({"t": np.zeros(2)}, {"time": {"path": "t", "units": "moons since 2000-01-01"}}, "unit is not understood"),
        ({"t": np.array([b"soon", b"late"])}, {"time": {"path": "t"}}, "a time is no ISO date"),
        ({}, {"time": {"pattern": r"L(?P<date>\d)_"}}, "is impossible"),
        ({}, {"time": {"pattern": r"X(?P<date>\d{8})"}}, "holds no date"),
        ({"gas": np.full(LON.shape, -9999.0)}, {}, "sentinel stands among the values"),
        ({"gas": np.array([[b"a"] * 3] * 2)}, {}, "holds no numbers"),
    ],
)
def test_a_wrong_granule_is_refused(tmp_path: Path, change: dict[str, Any], options: dict[str, Any], said: str) -> None:
    path = plain(tmp_path / "L2_20210704T1200.h5", **change)
    with pytest.raises(SourceError, match=f"(?s){said}"):
        read(path, **declared(**options))


def test_a_truncated_granule_and_a_login_page(tmp_path: Path) -> None:
    path = plain(tmp_path / "L2_20210704.h5")
    path.write_bytes(path.read_bytes()[:900])
    with pytest.raises(SourceError, match="truncated"):
        read(path, **declared())
    path.write_text("<html>login</html>")
    with pytest.raises(SourceError, match="not a file of soundings"):
        read(path, **declared())


def test_another_unit_is_refused_or_converted(tmp_path: Path, tropomi: Writer) -> None:
    ppm = read(tropomi(tmp_path / "p.nc", LON, LAT, CH4 / 1000, unit="ppm", precision=0.002), preset="sentinel-5p-ch4")
    assert np.nanmax(ppm.values["xch4"]) == pytest.approx(1910.0)
    assert ppm.sigma["xch4"][0] == pytest.approx(2.0)
    with pytest.raises(SourceError, match="units measure different things"):
        read(tropomi(tmp_path / "k.nc", LON, LAT, CH4, unit="K"), preset="sentinel-5p-ch4")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"preset": "sentinel-5p"}, "Did you mean 'sentinel-5p-ch4'"),
        ({"preset": "oco-lite", "layers": {"xco2": {"variable": "nee"}}}, "units measure different things"),
        ({"preset": "oco-lite", "latitude_bounds": ""}, "belong together"),
        ({"preset": "oco-lite", "quality": [{"path": "warn"}]}, "which soundings are good"),
        ({"preset": "oco-lite", "layers": {"xco2": {"take": [0]}}}, "no meaning for soundings"),
        ({"preset": "oco-lite", "time": {"path": "time", "pattern": "x"}}, "either path or pattern"),
    ],
)
def test_a_wrong_declaration_is_refused_and_a_column_is_no_flux(options: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        SoundingOptions.model_validate(options)
