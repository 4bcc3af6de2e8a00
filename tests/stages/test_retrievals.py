"""Retrievals of a study on the flights of a tiny twin: fields, failures, resuming, and the truth."""

from __future__ import annotations

import errno
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import xarray as xr

from geocryoai.core.errors import SourceError, StudyError
from geocryoai.core.files import file_hash, list_files
from geocryoai.core.study import Study, study_from_dict
from geocryoai.report.retrieval_part import retrieval_part
from geocryoai.report.retrieval_truth import layer_scores, plume_scores
from geocryoai.report.run_files import RunFiles
from geocryoai.stages.check import check_study
from geocryoai.stages.run import run_study
from geocryoai.twin.generate import generate
from geocryoai.twin.options import TwinOptions
from geocryoai.twin.study import study_sources

Tree = dict[str, Any]

WORLD = {"resolution": 48_000.0, "left": -30_000.0, "top": 2_340_000.0, "width": 6, "height": 8}
FLIGHTS = {"radar_pairs": 2, "radar_pixel": 1000.0, "reflectance_lines": 1, "radiance_lines": 1}


def make_tree() -> Tree:
    named = study_sources()
    return {
        "name": "flown",
        "seed": 3,
        "period": {"start": 2014, "end": 2015},
        "domain": {"crs": "EPSG:3338", **WORLD},
        "sources": {name: named[name] for name in ("landscape", "probe_sites")},
        "retrievals": {
            "radar": {
                "kind": "alt",
                "scenes": "airborne/radar/*.ann",
                "per_scene": "airborne/radar_scenes.csv",
                "options": {"saturation": 0.9, "common_sigma": 0.002},
            },
            "spectra": {"kind": "indices", "scenes": ["airborne/reflectance/*_img.hdr"], "time": "month"},
            "methane": {
                "kind": "ch4",
                "scenes": "airborne/radiance/*_img.hdr",
                "per_scene": "airborne/radiance_scenes.csv",
                "options": {"target": "airborne/methane_target.txt", "group": 48},
            },
        },
        "targets": {
            "alt": {
                "records": ["probe_sites"],
                "step": "year",
                "join": [{"source": "cube", "by": "cell", "columns": ["elevation", "radar_alt"]}],
            }
        },
        "learners": {"ridge": {"model": "ridge"}},
        "predict": {"learner": "ridge"},
    }


@pytest.fixture
def tree() -> Tree:
    return make_tree()


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Files of the tiny twin with flights; not to be changed."""
    folder = tmp_path_factory.mktemp("flown")
    world = {**WORLD, "seed": 3, "first_year": 2014, "last_year": 2015, "airborne": FLIGHTS, "coarse": {"factor": 4}}
    generate(folder, TwinOptions.model_validate({**world, "network": {"probe_sites": 10, "boreholes": 0}}))
    return folder


@pytest.fixture(scope="module")
def run(files: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Run up to the cube; not to be changed."""
    out = tmp_path_factory.mktemp("runs") / "run"
    return run_study(study_from_dict(make_tree()), data=files, out=out, until="harmonize", quiet=True)


def scenes_of(run: Path, name: str) -> list[dict[str, Any]]:
    return list(json.loads((run / "ingest" / name / "scenes.json").read_text())["scenes"])


def test_fields_reach_the_cube_and_the_records(run: Path):
    cube = xr.open_zarr(run / "harmonize" / "cube.zarr", consolidated=False)
    for field in ("radar_alt", "radar_alt_sigma", "radar_alt_count", "methane_enhancement", "methane_plume_share"):
        assert cube[field].dims == ("y", "x")
        assert np.isfinite(cube[field]).any()
    assert cube["spectra_ndvi"].dims == ("time", "y", "x")
    seen = np.isfinite(cube["spectra_ndvi"]).any(("y", "x"))
    (scene,) = scenes_of(run, "spectra")
    assert [str(m)[:7] for m in cube["time"].to_numpy()[seen]] == [scene["last_pass"][:7]]
    assert float(abs(cube["spectra_ndvi"]).max()) <= 1.0
    records = pl.read_parquet(run / "harmonize" / "alt.parquet")
    assert "radar_alt" in records.columns
    given = xr.open_zarr(run / "ingest" / "radar" / "fields.zarr", consolidated=False)
    np.testing.assert_array_equal(cube["radar_alt"], given["radar_alt"])


def test_the_truth_is_found_within_the_stated_errors(run: Path, files: Path):
    truth = pl.read_csv(files / "airborne" / "truth_airborne.csv")
    for name, layer, error in (("radar", "alt", 0.2), ("spectra", "ndvi", 0.03)):
        fields = xr.open_zarr(run / "ingest" / name / "fields.zarr", consolidated=False)
        score = {s.layer: s for s in layer_scores(name, fields, scenes_of(run, name), truth)}[layer]
        assert score.n > 0
        assert score.rmse < error
        assert score.within_two >= 0.5


def test_scores_of_saved_components_become_fields(files: Path, tree: Tree, tmp_path: Path):
    from geocryoai.retrievals.spectroscopy.components import learn_components, save_components
    from geocryoai.sources.spectroscopy import open_scene

    data = Path(shutil.copytree(files, tmp_path / "data"))
    (image,) = (data / "airborne" / "reflectance").glob("*_img.hdr")
    save_components(data / "tundra.npz", learn_components(open_scene(image), 3))
    tree["retrievals"] = {
        "spectra": {
            "kind": "components",
            "scenes": "airborne/reflectance/*_img.hdr",
            "options": {"loadings": "tundra.npz", "count": 2},
        }
    }
    tree["targets"]["alt"]["join"] = []
    study = study_from_dict(tree)
    run = run_study(study, data=data, out=tmp_path / "run", until="ingest", quiet=True)
    fields = xr.open_zarr(run / "ingest" / "spectra" / "fields.zarr", consolidated=False)
    assert {f"spectra_component_{n}{end}" for n in (1, 2) for end in ("", "_sigma", "_count")} == set(fields.data_vars)
    assert np.isfinite(fields["spectra_component_1"]).any()
    (data / "tundra.npz").unlink()
    with pytest.raises(StudyError, match=r"retrievals\.spectra\.options\.loadings: no tundra\.npz in the data folder"):
        check_study(study, data)


def test_a_scene_is_found_once_whatever_the_pattern(files: Path, tmp_path: Path):
    from geocryoai.core.study import RetrievalSection
    from geocryoai.stages.retrieval_inputs import find_scenes

    data = Path(shutil.copytree(files / "airborne", tmp_path / "data"))
    (data / "again").symlink_to(data / "radar")
    radar = find_scenes(data, RetrievalSection(kind="alt", scenes=("*/*.ann", "radar/*.grd")))
    assert [path.suffix for path in radar] == [".ann", ".ann"]
    lines = find_scenes(data, RetrievalSection(kind="indices", scenes=("reflectance/*_img*",)))
    assert [path.suffix for path in lines] == [".hdr"]


def test_a_planted_plume_is_found(run: Path, files: Path):
    planted = pl.read_csv(files / "airborne" / "truth_plumes.csv")
    (score,) = plume_scores(scenes_of(run, "methane"), planted)
    assert score.planted > 0
    assert abs(score.found - score.planted) < 3 * score.sigma


@pytest.mark.physics
def test_subsiding_ground_sinks_and_with_the_wrong_sign_rises(files: Path, tree: Tree, tmp_path: Path):
    truth = pl.read_csv(files / "airborne" / "truth_airborne.csv").filter(pl.col("layer") == "displacement")
    assert truth["truth"].max() <= 0.0
    table = pl.read_csv(files / "airborne" / "radar_scenes.csv", comment_prefix="#")
    data = Path(shutil.copytree(files, tmp_path / "data"))
    keep = ["scene", "reference_lat", "reference_lon", "reference_radius"]
    table.select(keep).write_csv(data / "places.csv")
    radar = {"kind": "displacement", "scenes": "airborne/radar/*.ann", "per_scene": "places.csv"}
    tree["retrievals"] = {
        "right": {**radar, "options": {"phase_grows": "away"}},
        "wrong": {**radar, "options": {"phase_grows": "towards"}},
    }
    tree["targets"]["alt"]["join"] = []
    run = run_study(study_from_dict(tree), data=data, out=tmp_path / "run", until="ingest", quiet=True)
    right, wrong = (
        xr.open_zarr(run / "ingest" / name / "fields.zarr", consolidated=False)[f"{name}_displacement"]
        for name in ("right", "wrong")
    )
    np.testing.assert_allclose(right, -wrong, atol=1e-6)
    fields = xr.open_zarr(run / "ingest" / "right" / "fields.zarr", consolidated=False)
    (score,) = layer_scores("right", fields, scenes_of(run, "right"), truth)
    assert float(right.min()) < -0.003
    assert score.rmse < 0.004


def test_one_corrupt_scene_is_listed_and_the_others_go_on(files: Path, tree: Tree, tmp_path: Path):
    data = Path(shutil.copytree(files, tmp_path / "data"))
    image = sorted((data / "airborne" / "radar").glob("*.unw.grd"))[0]
    image.write_bytes(image.read_bytes()[:-100])
    study = study_from_dict(tree)
    run = run_study(study, data=data, out=tmp_path / "run", until="harmonize", quiet=True)
    bad, good = scenes_of(run, "radar")
    assert "unw.grd" in bad["failed"]
    assert good["used"] > 0
    page = str(retrieval_part(RunFiles(run, study)))
    assert "Scenes that failed" in page


def test_a_run_that_left_a_scene_out_says_so_each_time(
    files: Path, tree: Tree, tmp_path: Path, command: Any, write_study: Any
):
    data = Path(shutil.copytree(files, tmp_path / "data"))
    image = sorted((data / "airborne" / "radar").glob("*.unw.grd"))[0]
    whole = image.read_bytes()
    image.write_bytes(whole[:-100])
    tree["retrievals"] = {"radar": tree["retrievals"]["radar"]}
    words = ("run", write_study(tree), "--data", data, "--out", tmp_path / "run", "--until", "ingest", "--quiet")
    for _ in range(2):
        code, out, error = command(*words)
        assert code == 3
        assert out == f"done: {tmp_path / 'run'}\n"
        assert "the run is complete, but without 1 of 2 scenes, which could not be retrieved" in error
        assert f"1. radar, airborne/radar/{image.name.replace('.unw.grd', '.ann')}: " in error
        assert "the file is truncated" in error
    log = (tmp_path / "run" / "log.jsonl").read_text()
    assert log.count("stage already complete") == 1
    image.write_bytes(whole)
    assert command(*words).code == 0


def test_a_scene_that_the_system_refuses_is_one_that_failed(
    files: Path, tree: Tree, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    from geocryoai.stages import retrieve_fields

    retrieve, calls = retrieve_fields.retrieve_one, []

    def refused(path: Path, *rest: Any) -> Any:
        calls.append(path)
        if len(calls) == 1:
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return retrieve(path, *rest)

    monkeypatch.setattr(retrieve_fields, "retrieve_one", refused)
    tree["retrievals"] = {"radar": tree["retrievals"]["radar"]}
    tree["targets"]["alt"]["join"] = []
    run = run_study(study_from_dict(tree), data=files, out=tmp_path / "run", until="ingest", quiet=True)
    bad, good = scenes_of(run, "radar")
    assert bad["failed"].endswith(".ann: Permission denied")
    assert good["used"] > 0


def test_without_any_good_scene_the_run_stops(files: Path, tree: Tree, tmp_path: Path):
    data = Path(shutil.copytree(files, tmp_path / "data"))
    for image in (data / "airborne" / "reflectance").glob("*_img"):
        image.write_bytes(b"")
    tree["retrievals"] = {"spectra": tree["retrievals"]["spectra"]}
    with pytest.raises(SourceError, match="no scene could be retrieved"):
        run_study(study_from_dict(tree), data=data, out=tmp_path / "run", until="ingest", quiet=True)
    assert not (tmp_path / "run" / "ingest" / "spectra").exists()


def test_a_run_taken_up_again_gives_the_same_bytes(
    run: Path, files: Path, tree: Tree, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    from geocryoai.stages import retrieve_fields

    study, out = study_from_dict(tree), tmp_path / "run"
    whole = retrieve_fields.retrieve_one

    def killed(path: Path, *rest: Any) -> Any:
        if "radiance" in str(path):
            raise KeyboardInterrupt
        return whole(path, *rest)

    monkeypatch.setattr(retrieve_fields, "retrieve_one", killed)
    with pytest.raises(KeyboardInterrupt):
        run_study(study, data=files, out=out, until="harmonize", quiet=True)
    assert (out / "ingest" / "radar").is_dir()
    assert not (out / "ingest" / "methane").exists()
    monkeypatch.setattr(retrieve_fields, "retrieve_one", whole)
    run_study(study, data=files, out=out, until="harmonize", quiet=True)
    names = [name for name in list_files(run) if name != "log.jsonl"]
    assert {n: file_hash(out / n) for n in names} == {n: file_hash(run / n) for n in names}


def test_a_changed_image_is_an_other_input(run: Path, files: Path, tree: Tree, tmp_path: Path):
    from geocryoai.stages.ingest import input_hashes

    data = Path(shutil.copytree(files, tmp_path / "data"))
    before = input_hashes(study_from_dict(tree), data)
    assert before == input_hashes(study_from_dict(tree), files)
    image = sorted((data / "airborne" / "radar").glob("*.cor.grd"))[0]
    image.write_bytes(image.read_bytes()[:-4] + b"abcd")
    after = input_hashes(study_from_dict(tree), data)
    assert [name for name in before if before[name] != after[name]] == [f"radar/airborne/radar/{image.name}"]


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("options", {"saturtion": 0.9}, "options.saturtion: unknown key 'saturtion'; did you mean 'saturation'"),
        ("options", {"saturation": 2.0}, "retrievals.radar.options.saturation: must be less than or equal to 1"),
        ("per_scene", None, "retrievals.radar.options.thaw_first: missing"),
        ("per_scene", "none.csv", "retrievals.radar.per_scene: no none.csv in the data folder"),
        ("scenes", ["airborne/*.ann"], "retrievals.radar.scenes: nothing in the data folder fits airborne/[*].ann"),
        ("kind", "atl", "retrievals.radar.kind: found 'atl'; did you mean 'alt'"),
    ],
)  # fmt: skip
def test_a_mistake_in_the_section_is_named(files: Path, tree: Tree, key: str, value: Any, said: str):
    tree["retrievals"]["radar"][key] = value
    with pytest.raises(StudyError, match=said):
        check_study(study_from_dict(tree), files)


def test_a_table_by_scene_names_unknown_options(files: Path, tree: Tree, tmp_path: Path):
    from geocryoai.core.study import RetrievalSection
    from geocryoai.stages.retrieve_fields import scene_table

    (tmp_path / "table.csv").write_text("scene,thaw_frist\na,1\n")
    section = RetrievalSection(kind="alt", scenes=("x",), per_scene="table.csv")
    with pytest.raises(StudyError, match="no option 'thaw_frist'; did you mean 'thaw_first'"):
        scene_table(tmp_path, section, "radar")


def test_the_report_says_how_well_the_truth_was_found(files: Path, run: Path, tmp_path: Path, tree: Tree):
    copied = Path(shutil.copytree(run, tmp_path / "run"))
    shutil.copytree(files, copied / "ingest" / "twin")
    study: Study = study_from_dict({**tree, "twin": {}})
    page = str(retrieval_part(RunFiles(copied, study)))
    assert "How well each retrieval recovers the truth" in page
    assert "1 of 1 planted plume found" in page
    assert str(retrieval_part(RunFiles(copied, study_from_dict({**tree, "retrievals": {}})))) == ""
