"""Refinement as part of a study: the cube and its listing, resume, the report, what is refused, and how good it is."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr

from geocryoai.core.errors import CubeError, StudyError
from geocryoai.core.files import file_hash, list_files
from geocryoai.core.study import study_from_dict
from geocryoai.cube.align import FieldAligner
from geocryoai.cube.scale import area_to_point, block_mean, dasymetric
from geocryoai.cube.store import grid_of, open_cube, verify_cube
from geocryoai.report.run_files import RunFiles
from geocryoai.report.scale_table import scale_table
from geocryoai.stages.check import check_study
from geocryoai.stages.run import run_study
from geocryoai.twin.study import study_sources

Tree = dict[str, Any]

#: Cells of the tiny twin along a cell of its coarse model.
FACTOR = 4
REFINE = {
    "nee_model": {"covariates": ["wetland_fraction"], "slopes": {"wetland_fraction": 0.4}},
    "fch4_model": {"method": "dasymetric", "share": "wetland_fraction", "non_negative": True},
}


def small(tree: Tree, **refine: Any) -> Tree:
    """Return the tiny study with its coarse model and landscape alone, on files that are there."""
    every = study_sources(flights=False, boreholes=False)
    names = ("landscape", "coarse_model", "probe_sites")
    tree |= {"twin": None, "sources": {name: every[name] for name in names}, "simulate": {}, "evaluate": {}}
    tree["targets"] = {"alt": {"records": ["probe_sites"], "step": "year", "join": [{"source": "cube", "by": "cell"}]}}
    tree["predict"] = {"learner": "ridge"}
    tree["learners"] = {"ridge": {"model": "ridge"}}
    tree["refine"] = refine
    return tree


@pytest.fixture
def refined(tiny_tree: Tree, tiny_run: Path, tmp_path: Path) -> Callable[..., Path]:
    """Run the small study until its cube stands, and return the run folder."""

    def run(name: str = "run", **refine: Any) -> Path:
        study = study_from_dict(small(tiny_tree, **refine))
        data = tiny_run / "ingest" / "twin"
        return run_study(study, data=data, out=tmp_path / name, until="harmonize", quiet=True)

    return run


@pytest.mark.physics
def test_a_study_refines_its_coarse_model(refined: Callable[..., Path], tiny_tree: Tree):
    run = refined(**REFINE)
    verify_cube(run / "harmonize" / "cube.zarr")
    assert not (run / "harmonize" / ".refined.part").exists()
    cube = open_cube(run / "harmonize" / "cube.zarr")
    given = xr.open_zarr(run / "ingest" / "coarse_model" / "fields.zarr", consolidated=False)
    wet = cube["wetland_fraction"].to_numpy()
    for name in REFINE:
        coarse, fine = given[name].to_numpy()[:, :3], cube[name].to_numpy()[:, :12]
        means = block_mean(fine, FACTOR)
        held = np.isfinite(means) & np.isfinite(coarse)
        assert held.sum() > 48 * 3
        assert np.abs(means - coarse)[held].max() < 1e-6 * np.abs(coarse[held]).max()
        assert np.array_equal(
            np.isfinite(fine[6]), np.isfinite(wet[:12]) & np.isfinite(np.kron(coarse[6], np.ones((4, 4))))
        )
    assert cube["nee_model"].attrs["positive"] == "up"
    assert cube["nee_model_sigma"].attrs["units"] == cube["nee_model"].attrs["units"]
    assert float(cube["fch4_model"].min()) >= 0
    lines = {line["variable"]: line for line in json.loads((run / "harmonize" / "cube.json").read_text())}
    assert lines["nee_model"]["method"] == "area_to_point"
    assert lines["nee_model"]["source"] == "coarse_model"
    noted = lines["nee_model"]["refined"]
    assert noted["nested"]
    assert noted["known_slopes"]
    assert noted["slopes"] == [[0.4]] * 12
    assert noted["length"] > 0
    assert noted["largest_misfit"] < 1e-6
    assert lines["alt_model"]["method"] == "bilinear"
    assert "too small" in lines["alt_model"]["registration"]["not_checked"]
    assert "refined" not in lines["elevation"]
    assert "registration" not in lines["elevation"]
    features = json.loads((run / "harmonize" / "alt.json").read_text())["features"]
    assert "nee_model_year" in features
    assert not [name for name in features if "sigma" in name]
    page = str(scale_table(RunFiles(run, study_from_dict(tiny_tree))))
    assert "area_to_point, 4 x 4 parts, covariates wetland_fraction (slopes given)" in page
    assert "bilinear interpolation" in page


def test_the_same_bytes_again_and_a_damaged_cube_is_made_again(
    refined: Callable[..., Path], tiny_tree: Tree, tiny_run: Path
):
    run = refined(**REFINE)
    before = {name: file_hash(run / name) for name in list_files(run) if name != "log.jsonl"}
    shard = max(
        (run / "harmonize" / "cube.zarr" / "nee_model").rglob("*"),
        key=lambda path: path.stat().st_size * path.is_file(),
    )
    shard.write_bytes(b"")
    (run / "harmonize" / ".refined.part").mkdir()
    study = study_from_dict(small(tiny_tree, **REFINE))
    run_study(study, data=tiny_run / "ingest" / "twin", out=run, until="harmonize", quiet=True)
    assert {name: file_hash(run / name) for name in list_files(run) if name != "log.jsonl"} == before


def test_without_the_section_nothing_is_refined(refined: Callable[..., Path]):
    run = refined()
    lines = json.loads((run / "harmonize" / "cube.json").read_text())
    assert {line["method"] for line in lines if line["source"] == "coarse_model"} == {"bilinear"}
    assert not any("refined" in line for line in lines)


@pytest.mark.parametrize(
    ("refine", "said"),
    [
        ({"nee_modell": {}}, r"refine\.nee_modell: no source has the field 'nee_modell'.*Did you mean 'nee_model'"),
        ({"elevation": {}}, r"refine\.elevation: there is nothing to refine"),
        ({"nee_model": {"covariates": ["wetland"]}}, "no field without time, as fine as the grid, is called 'wetland'"),
        ({"nee_model": {"reference": "relief_m"}}, "is called 'relief_m'"),
        ({"nee_model": {"covariates": ["wetland_fraction"]}}, "too few coarse cells.*Give known slopes"),
        ({"nee_model": {"non_negative": True, "method": "pycnophylactic"}}, "Leave non_negative out"),
    ],
)
def test_what_cannot_be_refined_stops_the_stage(refined: Callable[..., Path], refine: Tree, said: str):
    with pytest.raises(CubeError, match=f"(?s){said}"):
        refined(**refine)


def test_a_wrong_section_is_refused_before_any_work(tiny_tree: Tree):
    tree = small(tiny_tree, tas={"covariates": ["elevation"]}, elevation={})
    del tree["domain"]
    with pytest.raises(StudyError) as refused:
        check_study(study_from_dict(tree), None)
    assert "domain: missing, but refine brings fields to its grid" in str(refused.value)
    assert "refine.tas: 'elevation' is refined itself" in str(refused.value)


@pytest.mark.physics
@pytest.mark.parametrize(("name", "factor", "gain"), [("fch4", FACTOR, 0.75), ("nee", 2, 0.95)])
def test_degrade_and_recover_on_the_twin(tiny_run: Path, name: str, factor: int, gain: float):
    cube = open_cube(tiny_run / "harmonize" / "cube.zarr")
    grid, wet = grid_of(cube), cube["wetland_fraction"].to_numpy().astype(float)[:12]
    with xr.open_dataset(tiny_run / "ingest" / "twin" / "truth.nc", engine="h5netcdf") as dataset:
        truth = np.where(np.isfinite(wet), dataset[name].to_numpy()[:, :12].astype(float), np.nan)
    coarse = block_mean(truth, factor)
    own = grid.coarsen(factor)
    coords = {"time": cube["time"].values, "y": own.y[: coarse.shape[1]], "x": own.x, "crs": own.crs}
    fields = xr.Dataset({name: (("time", "y", "x"), coarse)}, coords)
    interpolated = FieldAligner(fields, name, grid, cube["time"].values).block(slice(0, 12), slice(0, 8))[0]
    if name == "fch4":
        found = dasymetric(coarse, np.where(np.isfinite(truth[0]), wet, np.nan), factor)
    else:
        found = area_to_point(coarse, factor, wet[None], groups=np.arange(len(coarse)) % 12).mean
    seen = np.isfinite(truth) & np.isfinite(found) & np.isfinite(interpolated)
    error, naive = (np.sqrt(np.mean((values - truth)[seen] ** 2)) for values in (found, interpolated))
    assert seen.sum() > 1000
    assert error < gain * naive
