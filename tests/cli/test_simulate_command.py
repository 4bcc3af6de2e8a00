"""`geocryoai simulate`: a point and a map, from a run folder and from a study, as CF NetCDF with a summary."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr

from geocryoai.cube.store import grid_of, open_cube

Command = Callable[..., Any]


@pytest.fixture
def place(tiny_run: Path) -> tuple[int, int, str]:
    """Return row, column and position of a cell of the tiny study that is land."""
    cube = open_cube(tiny_run / "simulate" / "cube.zarr")
    row, col = (int(i) for i in np.argwhere(cube["simulated_alt_coverage"][0].to_numpy() > 0)[5])
    lon, lat = grid_of(cube).lonlat()
    return row, col, f"{lon[row, col]:.5f},{lat[row, col]:.5f}"


def test_a_point_of_a_run_is_the_cell_of_its_map(
    command: Command, tiny_run: Path, place: tuple[int, int, str], tmp_path: Path
):
    row, col, at = place
    said = command("simulate", tiny_run, f"--at={at}", "--out", tmp_path / "point.nc", "--quiet")
    assert said.code == 0, said.err
    assert "ground: ALT 0." in said.out
    assert " m (years 0." in said.out
    assert "ground: MAGT -" in said.out
    assert "carbon: NEE " in said.out
    assert "g C m-2 yr-1" in said.out
    cube = open_cube(tiny_run / "simulate" / "cube.zarr")
    with xr.open_dataset(tmp_path / "point.nc", decode_coords="all", decode_timedelta=False) as point:
        assert dict(point.sizes) == {"year": 4, "time": 48, "y": 1, "x": 1, "bounds": 2}
        expected = cube["simulated_nee"][:, row, col].to_numpy()
        assert np.allclose(point["simulated_nee"][:, 0, 0], expected, atol=1e-4)
        assert point["simulated_alt"].attrs["units"] == "m"
        assert point["simulated_nee"].attrs["ancillary_variables"] == "carbon_coverage"
        assert point.attrs["Conventions"] == "CF-1.8"


def test_a_map_of_one_run_of_a_study(
    command: Command, tiny_tree: dict[str, Any], write_study: Callable[..., Path], tiny_run: Path, tmp_path: Path
):
    file = write_study(tiny_tree)
    said = command("simulate", file, "--run", "ground", "--grid", "--out", tmp_path / "map.nc", "--quiet")
    assert said.code == 0, said.err
    assert "carbon" not in said.out
    cube = open_cube(tiny_run / "simulate" / "cube.zarr")
    with xr.open_dataset(tmp_path / "map.nc", decode_timedelta=False) as written:
        assert np.array_equal(written["simulated_alt"], cube["simulated_alt"][::12].to_numpy(), equal_nan=True)
        assert "crs_wkt" in written["crs"].attrs


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--at=-150"], "not a place; found '-150'"),
        (["--at=-150,96"], "not a place"),
        (["--at=10,50"], "outside the grid of the study; found 10,50"),
        (["--at=-150,68", "--grid"], "a point or the grid, not both"),
        (["--run", "grund"], "no run 'grund' in simulate; did you mean 'ground'"),
        (["--set", "seed=4"], "a run folder has its own study and fields"),
    ],
)
def test_what_is_refused(command: Command, tiny_run: Path, tmp_path: Path, arguments: list[str], said: str):
    answer = command("simulate", tiny_run, *arguments, "--out", tmp_path / "no.nc", "--quiet")
    assert answer.code == 2
    assert said in answer.err
    assert not list(tmp_path.iterdir())


def test_a_masked_cell_is_said(command: Command, tiny_run: Path, tmp_path: Path):
    cube = open_cube(tiny_run / "simulate" / "cube.zarr")
    row, col = np.argwhere(cube["simulated_alt_coverage"][0].to_numpy() == 0)[0]
    lon, lat = grid_of(cube).lonlat()
    at = f"--at={lon[row, col]:.5f},{lat[row, col]:.5f}"
    answer = command("simulate", tiny_run, at, "--out", tmp_path / "no.nc", "--quiet")
    assert answer.code == 2
    assert "every cell is masked" in answer.err
    assert not list(tmp_path.iterdir())


def test_a_study_without_runs_is_refused(
    command: Command, tiny_tree: dict[str, Any], write_study: Callable[..., Path], tmp_path: Path
):
    tiny_tree["simulate"] = {}
    for target in tiny_tree["targets"].values():
        target["anchors"] = [a for a in target.get("anchors", []) if a["process"] != "simulated"]
    answer = command("simulate", write_study(tiny_tree), "--out", tmp_path / "no.nc")
    assert answer.code == 2
    assert "names no process to run" in answer.err
