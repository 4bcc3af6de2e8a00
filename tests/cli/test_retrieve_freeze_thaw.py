"""``geocryoai retrieve freeze-thaw``: series whose seasons are known, from maps and tables."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import xarray as xr

Command = Callable[..., tuple[int, str, str]]

TIMES = np.arange("2015-01-01", "2017-01-01", 3, dtype="datetime64[D]")
DAY = ((TIMES - TIMES.astype("datetime64[Y]")) / np.timedelta64(1, "D") + 1).astype(int)
YEAR = TIMES.astype("datetime64[Y]").astype(int) + 1970
#: First and last thawed day of each year, by row of the map.
THAW, FREEZE = np.array([130, 140, 150, 160]), np.array([280, 270, 265, 260])
THAWED = (DAY[:, None] >= THAW) & (DAY[:, None] < FREEZE)


def cube(low: float, high: float, noise: float = 0.0) -> np.ndarray:
    rows = np.where(THAWED, high, low)
    values = np.repeat(rows[:, :, None], 3, axis=2)
    return values + np.random.default_rng(0).normal(0, noise, values.shape) if noise else values


def write_map(path: Path, variables: dict[str, tuple[np.ndarray, str]], times: np.ndarray = TIMES) -> Path:
    data = {name: (("time", "lat", "lon"), values, {"units": unit}) for name, (values, unit) in variables.items()}
    coords = {"time": times, "lat": 70.0 - 0.25 * np.arange(4), "lon": -150.0 + 0.5 * np.arange(3)}
    xr.Dataset(data, coords).to_netcdf(path, engine="h5netcdf")
    return path


def first_sampled(days: np.ndarray, year: int) -> np.ndarray:
    sampled = DAY[year == YEAR]
    return np.array([sampled[sampled >= day][0] for day in days])


@pytest.mark.physics
@pytest.mark.parametrize("method", ["backscatter", "microwave", "thermal"])
def test_the_days_are_those_that_were_put_in(command: Command, tmp_path: Path, method: str):
    if method == "backscatter":
        path = write_map(tmp_path / "s.nc", {"sigma0": (cube(-14.0, -9.0, 0.3), "dB")})
        words: tuple[str, ...] = ("--variable", "sigma0", "--least-contrast", "2")
    elif method == "microwave":
        path = write_map(tmp_path / "s.nc", {"tv": (cube(250.0, 270.0), "K"), "th": (cube(240.0, 240.0), "K")})
        words = ("--variable", "tv", "--horizontal", "th")
    else:
        path = write_map(tmp_path / "s.nc", {"lst": (cube(263.15, 278.15), "K"), "snow": (cube(5.0, 0.0), "%")})
        words = ("--variable", "lst", "--snow", "snow")
    code, out, error = command("retrieve", "freeze-thaw", path, *words, "--out", tmp_path / "o")
    assert (code, error) == (0, "")
    assert "note: what is seen is plants and the top few centimetres" in out
    with xr.open_dataset(tmp_path / "o" / "s_freeze-thaw.nc", engine="h5netcdf") as found:
        assert found["thaw_day"].dims == ("year", "lat", "lon")
        for number, year in enumerate((2015, 2016)):
            for name, days in (("thaw_day", THAW), ("freeze_day", FREEZE)):
                expected = np.repeat(first_sampled(days, year)[:, None], 3, axis=1)
                np.testing.assert_array_equal(found[name].values[number], expected)
        np.testing.assert_array_equal(found["thawed"].values[:, :, 1], THAWED)
        np.testing.assert_array_equal(found["thawed_days"], found["freeze_day"] - found["thaw_day"])
    summary = json.loads((tmp_path / "o" / "s_freeze-thaw.json").read_text())
    assert summary["method"] == method
    assert summary["layers"]["thaw_day_2015"]["missing_share"] == 0.0
    assert {Path(name).suffix for name in summary["files"]} >= {".nc", ".png"}
    rasterio = pytest.importorskip("rasterio")
    with rasterio.open(tmp_path / "o" / "s_freeze-thaw.tif") as file:
        assert file.descriptions == ("thaw_day_2015", "freeze_day_2015", "thaw_day_2016", "freeze_day_2016")
        assert file.xy(0, 0) == pytest.approx((-150.0, 70.0))
        assert file.read(1)[3, 0] == first_sampled(THAW, 2015)[3]


def test_a_map_of_a_projection_keeps_its_crs_and_blocks_do_not_show(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    from pyproj import CRS

    from geocryoai.stages import retrieve_freeze_thaw

    monkeypatch.setattr(retrieve_freeze_thaw, "_BLOCK", 3 * TIMES.size)
    values = cube(-14.0, -9.0, 0.3)
    values[:, 2, 1] = np.nan
    grid = {"y": 9000.0 * np.arange(4), "x": 9000.0 * np.arange(3), "time": TIMES}
    data = {"sigma0": (("time", "y", "x"), values, {"units": "dB", "grid_mapping": "crs"})}
    dataset = xr.Dataset(data, grid).assign(crs=((), 0, {"crs_wkt": CRS("EPSG:6931").to_wkt()}))
    dataset.to_netcdf(tmp_path / "s.nc", engine="h5netcdf")
    words = ("--variable", "sigma0", "--out", tmp_path / "o")
    assert command("retrieve", "freeze-thaw", tmp_path / "s.nc", *words)[0] == 0
    with xr.open_dataset(tmp_path / "o" / "s_freeze-thaw.nc", engine="h5netcdf") as found:
        assert "EASE-Grid 2.0 North" in found["crs"].attrs["crs_wkt"]
        assert found["y"].values[0] == 27_000.0
        thaw = found["thaw_day"].values[0]
    assert np.isnan(thaw[1, 1])
    assert np.isfinite(thaw).sum() == 11
    assert thaw[3, 0] == first_sampled(THAW, 2015)[0]


def test_sites_of_a_table(command: Command, tmp_path: Path):
    rows = [
        {"time": str(time), "site": site, "sigma0": -9.0 if thawed[n] else -14.0}
        for n, site in enumerate(("Barrow", "Toolik Lake"))
        for time, thawed in zip(TIMES, THAWED[:, [0, 3]], strict=True)
    ]
    pl.DataFrame(rows[:-40] + rows[-39:]).write_csv(tmp_path / "täglich 1.csv")
    code, out, error = command(
        "retrieve", "freeze-thaw", tmp_path / "täglich 1.csv", "--variable", "sigma0", "--out", tmp_path / "o"
    )
    assert (code, error) == (0, "")
    assert "täglich 1 2015: thaw from day" in out
    table = pl.read_csv(tmp_path / "o" / "täglich 1_freeze-thaw.csv")
    assert table["site"].to_list() == ["Barrow", "Barrow", "Toolik Lake", "Toolik Lake"]
    assert table["thaw_day"].to_list()[0] == first_sampled(THAW, 2015)[0]
    assert table["freeze_day"].to_list()[2] == first_sampled(FREEZE, 2015)[3]


def test_what_cannot_be_told(command: Command, tmp_path: Path):
    good = write_map(tmp_path / "s.nc", {"sigma0": (cube(-14.0, -9.0), "dB"), "flat": (cube(-9.0, -9.0), "dB")})
    summer = write_map(tmp_path / "summer.nc", {"sigma0": (cube(-14.0, -9.0)[60:70], "dB")}, TIMES[60:70])
    twice = write_map(tmp_path / "twice.nc", {"sigma0": (cube(-14.0, -9.0), "dB")}, np.sort(TIMES)[::-1])
    (tmp_path / "empty.nc").touch()
    (tmp_path / "a.csv").write_text("time,sigma0\n2015-01-01,1\n2015-01-01,2\n")
    (tmp_path / "b.csv").write_text("time,sigma0\nyesterday,1\n")
    cases = [
        ((good, "--variable", "sigma1"), "variable 'sigma1' is absent"),
        ((good, "--variable", "lat"), "the variable is no series of maps or sites"),
        ((good, "--variable", "flat"), "no state is known"),
        ((summer, "--variable", "sigma0"), "no time lies in the frozen months"),
        ((twice, "--variable", "sigma0"), "the time axis is out of order"),
        ((tmp_path / "empty.nc", "--variable", "sigma0"), "not a NetCDF file"),
        ((tmp_path / "none.nc", "--variable", "sigma0"), "the file does not exist"),
        ((tmp_path / "a.csv", "--variable", "sigma0"), "a site has two values at one time"),
        ((tmp_path / "a.csv", "--variable", "sigma"), "column 'sigma' is absent"),
        ((tmp_path / "b.csv", "--variable", "sigma0"), "a time or a number is not understood"),
        ((good, "--variable", "sigma0", "--frozen", "13"), "frozen and thawed months must be months"),
        ((good, "--variable", "sigma0", "--frozen", "7"), "each once"),
        ((good, "--variable", "sigma0", "--thawed", "July"), "--thawed: not a list of months"),
        ((good, "--variable", "sigma0", "--threshold", "nan"), "threshold: a number is out of range"),
        ((good, "--variable", "sigma0", "--snow", "flat", "--horizontal", "flat"), "one method at a time"),
    ]
    for words, said in cases:
        code, _, error = command("retrieve", "freeze-thaw", *words, "--out", tmp_path / "o")
        assert code == 2, (words, error)
        assert said in error, (words, error)
    assert not list((tmp_path / "o").glob("*"))
    code, _, error = command(
        "retrieve", "freeze-thaw", good, summer, "--variable", "sigma0", "--out", tmp_path / "o", "--quiet"
    )
    assert code == 3
    assert "1 of 2 scenes could not be retrieved, the others were" in error
    assert (tmp_path / "o" / "s_freeze-thaw.json").is_file()
