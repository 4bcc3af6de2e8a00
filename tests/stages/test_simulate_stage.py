"""The simulate stage: the cube of the runs, anchors from it, no later drivers in a forecast, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from geocryoai.core.errors import CubeError, ModelError, StudyError
from geocryoai.core.study import study_from_dict
from geocryoai.cube.store import grid_of, open_cube, verify_cube
from geocryoai.processes.maps import simulate_carbon_map, simulate_ground_map
from geocryoai.stages.check import check_study
from geocryoai.stages.map_runs import needed_runs
from geocryoai.stages.samples import forecast_samples, load_samples
from geocryoai.stages.simulate import simulate, simulate_cube
from geocryoai.stages.workspace import Workspace

Tree = dict[str, Any]


def opened(tree: Tree, run: Path) -> Workspace:
    return Workspace(study_from_dict(tree), run, None)


def test_the_cube_is_what_the_processes_answer(tiny_tree: Tree, tiny_run: Path):
    verify_cube(tiny_run / "simulate" / "cube.zarr")
    cube, drivers = open_cube(tiny_run / "simulate" / "cube.zarr"), open_cube(tiny_run / "harmonize" / "cube.zarr")
    assert grid_of(cube) == grid_of(drivers)
    section = tiny_tree["simulate"]["ground"]
    answer = simulate_ground_map(drivers, drivers=section["drivers"], **section["options"]).compute()
    for month in (0, 11, 12, 47):
        alt = cube["simulated_alt"][month].to_numpy()
        assert np.array_equal(alt, answer["alt"][month // 12].to_numpy().astype(np.float32), equal_nan=True)
    assert np.array_equal(cube["simulated_tg_10cm"], answer["tg_10cm"].astype(np.float32), equal_nan=True)
    given = drivers.assign(ts=answer["tg_10cm"].astype(np.float32))
    named = {"tas": "tas", "rsds": "rsds", "lai": "lai", "ts": "ts"}
    carbon = simulate_carbon_map(given, drivers=named)["nee"].astype(np.float32)
    assert np.array_equal(cube["simulated_nee"], carbon, equal_nan=True)
    assert "simulated_reco" not in cube
    assert cube["simulated_nee"].attrs["positive"] == "up"
    assert "one value a calendar year" in cube["simulated_alt"].attrs["comment"]
    covered = cube["simulated_alt_coverage"].to_numpy()
    assert np.array_equal(covered > 0, np.isfinite(cube["simulated_alt"].to_numpy()))


def test_anchors_are_the_value_of_the_cell(tiny_run: Path):
    cube = open_cube(tiny_run / "simulate" / "cube.zarr")
    for target, layer in (("alt", "simulated_alt"), ("nee", "simulated_nee")):
        records = pl.read_parquet(tiny_run / "harmonize" / f"{target}.parquet")
        anchor = pl.read_parquet(tiny_run / "simulate" / f"{target}.parquet")["simulated"].to_numpy()
        row, col = grid_of(cube).cell_of(records["lon"].to_numpy(), records["lat"].to_numpy())
        middle = records["time_start"] + (records["time_end"] - records["time_start"]) / 2
        step = 12 * (middle.dt.year().to_numpy() - 2012) + middle.dt.month().to_numpy() - 1
        inside = (row >= 0) & (step >= 0) & (step < 48)
        expected = cube[layer].to_numpy()[step[inside], row[inside], col[inside]]
        assert np.array_equal(anchor[inside], expected.astype(float), equal_nan=True)
        assert np.isfinite(anchor).sum() > 10


def test_a_forecast_sees_no_later_drivers(tiny_tree: Tree, tiny_run: Path):
    work = opened(tiny_tree, tiny_run)
    origin = np.datetime64("2015-01")
    seen, all_known = (
        forecast_samples(work, "nee", origin).anchors["simulated"],
        load_samples(work, "nee", "forecast").anchors["simulated"],
    )
    later = load_samples(work, "nee", "forecast").time >= np.datetime64("2015-01-01")
    assert later.any()
    assert np.array_equal(seen[~later], all_known[~later], equal_nan=True)
    assert not np.allclose(seen[later], all_known[later], equal_nan=True)
    cube = open_cube(tiny_run / "simulate" / "cube.zarr")["simulated_nee"].to_numpy()[:36]
    usual = {f"{v:.6g}" for v in cube.reshape(3, 12, -1).astype(float).mean(axis=0).ravel()}
    known = seen[later][np.isfinite(seen[later])]
    assert known.size
    assert {f"{v:.6g}" for v in known} <= usual


def test_annual_outputs_of_an_unfinished_year_are_not_known(tiny_tree: Tree, tiny_run: Path):
    work = opened(tiny_tree, tiny_run)
    in_year = forecast_samples(work, "alt", np.datetime64("2015-07")).anchors["simulated"]
    at_start = forecast_samples(work, "alt", np.datetime64("2015-01")).anchors["simulated"]
    assert np.array_equal(in_year, at_start, equal_nan=True)


def test_a_finished_cube_is_not_made_again(tiny_tree: Tree, tiny_run: Path, tmp_path: Path):
    work = opened(tiny_tree, tmp_path)
    work.folder("simulate").mkdir()
    (work.folder("simulate") / "cube.zarr").symlink_to(tiny_run / "simulate" / "cube.zarr")
    simulate_cube(work)
    assert sorted(p.name for p in work.folder("simulate").iterdir()) == ["cube.zarr"]


def test_a_study_without_fields_cannot_run_processes(tiny_tree: Tree, tmp_path: Path):
    with pytest.raises(CubeError, match="no source has any"):
        simulate(opened(tiny_tree, tmp_path))


def test_what_is_wrong_in_a_run_names_it(tiny_tree: Tree, tiny_run: Path, tmp_path: Path):
    tiny_tree["simulate"]["carbon"]["drivers"]["lai"] = "wetness"
    work = opened(tiny_tree, tmp_path)
    work.folder("harmonize").symlink_to(tiny_run / "harmonize")
    work.folder("simulate").mkdir()
    with pytest.raises(ModelError, match=r"simulate\.carbon, process carbon, driver lai: no field is called 'wetness'"):
        simulate_cube(work)
    assert not (work.folder("simulate") / "cube.zarr").exists()


def set_run(name: str, **keys: Any) -> Callable[[Tree], None]:
    return lambda tree: tree["simulate"][name].update(keys)


def set_anchor(**options: Any) -> Callable[[Tree], None]:
    return lambda tree: tree["targets"]["nee"].update(anchors=[{"process": "simulated", "options": options}])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (set_run("ground", process="grund"), "simulate.ground.process: no process 'grund'; did you mean 'ground'"),
        (set_run("ground", drivers={"tass": "tas"}), "simulate.ground.drivers: no driver 'tass'; did you mean 'tas'"),
        (set_run("ground", drivers={"snd": "snd"}), "simulate.ground.drivers: tas missing"),
        (set_run("ground", options={"depth": [1]}), "unknown option 'depth'. Did you mean 'depths'"),
        (set_run("carbon", outputs=["gp"]), "simulate.carbon.outputs: no output 'gp'; did you mean 'gpp'"),
        (set_run("carbon", fill={"lay": 0}), "simulate.carbon.fill: no driver 'lay'; did you mean 'lai'"),
        (
            set_run("carbon", drivers={"tas": "tas", "rsds": "rsds", "ts": "ground.tg_5cm"}),
            "run 'ground' has no output 'tg_5cm'; did you mean 'tg_10cm'",
        ),
        (
            set_run("carbon", drivers={"tas": "tas", "rsds": "rsds", "ts": "ground.magt"}),
            "'ground.magt' is yearly, drivers are monthly",
        ),
        (
            set_run("ground", drivers={"tas": "carbon.nee"}),
            "'carbon.nee' is of no sound run before this one",
        ),
        (set_run("carbon", prefix="simulated_", process="stefan", outputs=[], drivers={}), "give it another prefix"),
        (set_anchor(run="carbon"), "options.run and options.output say which output"),
        (set_anchor(run="carbom", output="nee"), "no run 'carbom' in simulate; did you mean 'carbon'"),
        (set_anchor(run="carbon", output="reco"), "the run 'carbon' writes no 'reco'"),
        (lambda tree: tree["period"].update(start="2012-03"), "the period is 2012-03 to 2015-12"),
        (
            lambda tree: tree["targets"]["alt"]["anchors"][1]["options"].update(output="thaw_depth"),
            "'ground.thaw_depth' is monthly, the target is annual",
        ),
    ],
)
def test_a_wrong_section_is_refused_before_any_work(tiny_tree: Tree, change: Callable[[Tree], None], said: str):
    check_study(study_from_dict(tiny_tree), None)
    change(tiny_tree)
    with pytest.raises(StudyError) as refused:
        check_study(study_from_dict(tiny_tree), None)
    assert said in str(refused.value)


def test_a_run_brings_those_it_needs(tiny_tree: Tree):
    study = study_from_dict(tiny_tree)
    assert list(needed_runs(study)) == ["ground", "carbon"]
    assert list(needed_runs(study, "carbon")) == ["ground", "carbon"]
    assert list(needed_runs(study, "ground")) == ["ground"]
