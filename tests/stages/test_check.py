"""What is wrong with a study is said before any work, all of it at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from geocryoai.core.errors import StudyError
from geocryoai.core.study import study_from_dict
from geocryoai.stages.check import bundled_studies, check_study, find_study
from geocryoai.stages.run import run_study

Tree = dict[str, Any]


def problems(tree: Tree, data: Path | None = None) -> list[str]:
    try:
        check_study(study_from_dict(tree), data)
    except StudyError as error:
        return error.problems
    return []


def option_problems(tree: Tree) -> str:
    return "\n".join(problems(tree))


def test_the_tiny_study_has_no_problems(tiny_tree: Tree):
    assert problems(tiny_tree) == []


@pytest.mark.parametrize("name", sorted(bundled_studies()))
def test_bundled_studies_have_no_problems(name: str):
    study = find_study(name)
    assert study.name == name
    assert study.title
    check_study(study, None)


def test_a_target_has_its_house_name(tiny_tree: Tree):
    tiny_tree["targets"]["active_layer_thickness"] = tiny_tree["targets"].pop("alt")
    (problem, *_) = problems(tiny_tree)
    assert "targets.active_layer_thickness" in problem
    assert "alt" in problem


def test_a_process_stands_once(tiny_tree: Tree):
    tiny_tree["targets"]["alt"]["anchors"] = 2 * tiny_tree["targets"]["alt"]["anchors"][:1]
    assert problems(tiny_tree) == ["targets.alt.anchors: 'layered_stefan' stands twice"]


def test_a_join_by_cell_needs_a_domain(tiny_tree: Tree):
    del tiny_tree["domain"]
    text = "\n".join(problems(tiny_tree))
    assert "domain: missing, but targets alt, fch4, nee are joined by cell" in text
    assert "domain: missing, but predict.maps is on" in text


@pytest.mark.parametrize(
    ("domain", "message"),
    [
        ({"crs": "EPSG:3338", "resolution": 1, "west": -168, "east": -141, "south": 58, "north": 71}, "too many cells"),
        ({"crs": "EPSG:3338", "resolution": 1e3, "left": 0, "top": 0, "width": 10**6, "height": 10**6}, "are too many"),
        ({"crs": "EPSG:3413", "resolution": 1e3, "left": 0, "top": 0, "width": 9, "height": 9}, "does not keep area"),
        ({"crs": "EPSG:99999", "resolution": 1e3, "left": 0, "top": 0, "width": 9, "height": 9}, "EPSG:99999"),
        ({"crs": "EPSG:3338", "resolution": 1e-320, "west": 10, "east": 11, "south": 68, "north": 69}, "domain"),
        ({"crs": "EPSG:3338", "resolution": float("inf"), "left": 0, "top": 0, "width": 9, "height": 9}, "domain"),
        ({"crs": "EPSG:3338", "resolution": 1e3, "left": float("nan"), "top": 0, "width": 9, "height": 9}, "domain"),
        ({"crs": "EPSG:3338", "resolution": 1e3, "west": 10, "east": 10, "south": 68, "north": 69}, "longitudes"),
    ],
)
def test_a_grid_that_cannot_be_is_refused_before_memory_is_spent(tiny_tree: Tree, domain: Tree, message: str):
    tiny_tree["domain"] = domain
    assert any(message in problem for problem in problems(tiny_tree)), problems(tiny_tree)


def test_maps_that_would_not_fit_the_memory_are_refused(tiny_tree: Tree):
    tiny_tree["domain"] |= {"resolution": 100.0, "width": 3000, "height": 4000}
    tiny_tree["predict"]["months"] = "all"
    (problem,) = problems(tiny_tree)
    assert "predict.months: maps of 48 months x 12,000,000 cells need 9,216 MB, compute.memory_mb is 1,024" in problem
    tiny_tree["predict"]["months"] = ["2014-07"]
    assert problems(tiny_tree) == []


def test_a_test_without_learners_and_a_learner_without_use_are_named(tiny_tree: Tree):
    tiny_tree["evaluate"]["protocols"]["later"] |= {"targets": ["alt"], "learners": ["site_climatology"]}
    tiny_tree["learners"]["site_climatology"]["tasks"] = ["map"]
    tiny_tree["predict"]["learner"] = "corrected"
    tiny_tree["learners"]["corrected"]["tasks"] = ["forecast"]
    text = "\n".join(problems(tiny_tree))
    assert "evaluate.protocols.later: no learner takes part for alt in the task forecast" in text
    assert "predict.learner: 'corrected' is not meant for nee" in text
    assert "predict.learner: 'corrected' is not meant for the task map" in text


def test_windows_of_several_cells_need_a_join_by_cell(tiny_tree: Tree):
    tiny_tree["targets"]["nee"]["join"] = [{"source": "towers", "by": "site_month"}]
    tiny_tree["targets"]["nee"]["windows"] = {"size": 3}
    assert problems(tiny_tree) == ["targets.nee.windows.size: 3 cells need a join by cell"]


def test_missing_files_are_named_with_the_nearest_present(tiny_tree: Tree, tmp_path: Path):
    (tmp_path / "tower.csv").write_text("", encoding="utf-8")
    text = "\n".join(problems(tiny_tree, tmp_path))
    assert "sources.towers.path: no towers.csv in the data folder; did you mean 'tower.csv'?" in text
    assert text.count("in the data folder") == 5
    assert problems(tiny_tree, tmp_path / "none") == [f"--data: no folder at {tmp_path / 'none'}"]


def test_wrong_options_of_learners_protocols_and_anchors_are_told_together(tiny_tree: Tree):
    tiny_tree["learners"]["ridge"]["options"] = {"foldes": 3}
    tiny_tree["learners"]["corrected"]["options"] = {"seed": 3}
    tiny_tree["evaluate"]["protocols"]["blocks"]["options"] = {"sise": 3, "colocated_km": "far"}
    tiny_tree["evaluate"]["protocols"]["later"]["options"]["future_drivers"] = "oracle"
    tiny_tree["targets"]["fch4"]["anchors"][0]["options"] = {"soil": "tas"}
    text = option_problems(tiny_tree)
    assert "no option is called 'foldes'. Did you mean 'folds'?" in text
    assert "learners.corrected.options.seed: the seed is that of the study" in text
    assert "evaluate.protocols.blocks.options: unknown option 'sise'; did you mean 'size'?" in text
    assert "colocated_km: expected a distance in km, 0 or more; found 'far'" in text
    assert "future_drivers: found 'oracle'; known: climatology, measured" in text
    assert "targets.fch4.anchors, ch4_q10: unknown option 'soil'" in text


def test_a_learner_that_only_forecasts_cannot_predict_maps(tiny_tree: Tree):
    tiny_tree["learners"]["seasonal"]["tasks"] = ["map", "forecast"]
    tiny_tree["predict"]["learner"] = "seasonal"
    assert "predict.learner: 'seasonal' (seasonal_persistence) does the task forecast only" in option_problems(
        tiny_tree
    )


def test_no_folder_is_made_for_a_wrong_study(tiny_tree: Tree, tmp_path: Path):
    tiny_tree["learners"]["ridge"]["options"] = {"foldes": 3}
    with pytest.raises(StudyError, match="foldes"):
        run_study(study_from_dict(tiny_tree), data=None, out=tmp_path / "run")
    del tiny_tree["twin"]
    with pytest.raises(StudyError, match="--data: missing"):
        run_study(study_from_dict(tiny_tree), data=None, out=tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_wrong_keys_names_options_and_files_are_told_in_one_go(tmp_path: Path):
    (tmp_path / "study.yml").write_text(
        """
name: Toolik Lake
sead: 4
period: {start: 1990-13, end: 2000}
compute: {scheduler: dask}
sources:
  probes: {reader: calmm, path: probes.csv, optins: {}}
targets:
  alt: {records: [probs], step: mont}
learners:
  ridge: {model: rigde}
  other: {model: ridge, options: {foldes: 2}}
predict: {learner: rigde}
""",
        encoding="utf-8",
    )
    with pytest.raises(StudyError) as error:
        find_study(str(tmp_path / "study.yml"), data_of=lambda study: tmp_path)
    said = error.value.problems
    starts = [
        "name: 'Toolik Lake' is not a name", "period.start: '1990-13' is not", "sources.probes.optins: unknown key",
        "targets.alt.step: found 'mont'", "compute.scheduler: expected none, local:N", "sead: unknown key",
        "sources.probes.reader: no reader 'calmm'; did you mean 'calm'?", "learners.ridge.model: no learner 'rigde'",
        "targets.alt.records: 'probs' is not in the study", "predict.learner: 'rigde' is not in the study",
        "learners.other.options: ridge: no option is called 'foldes'", "sources.probes.path: no probes.csv",
    ]  # fmt: skip
    assert len(said) == len(starts)
    for start in starts:
        assert any(problem.startswith(start) for problem in said), start


def test_what_was_taken_out_is_not_missed(tiny_tree: Tree, write_study: Any):
    tiny_tree["sources"]["towers"] = {"reader": "table"}
    tiny_tree["period"]["start"] = "soon"
    with pytest.raises(StudyError) as error:
        find_study(str(write_study(tiny_tree)))
    assert [problem.split(":")[0] for problem in error.value.problems] == ["period.start", "sources.towers.path"]


@pytest.mark.parametrize("broken", [{"sources": 3}, {"targets": 7}, {"learners": ["ridge"]}])
def test_of_a_study_without_anything_sound_only_the_first_problems_are_told(
    tiny_tree: Tree, write_study: Any, broken: Tree
):
    with pytest.raises(StudyError) as error:
        find_study(str(write_study(tiny_tree | broken)))
    assert any(problem.startswith(next(iter(broken))) for problem in error.value.problems)


def test_a_study_that_learns_nothing_is_for_simulation_alone(tiny_tree: Tree, write_study: Any):
    for name in ("targets", "learners", "predict"):
        del tiny_tree[name]
    del tiny_tree["evaluate"]
    study = find_study(str(write_study(tiny_tree)), learnt=False)
    check_study(study, None, learnt=False)
    with pytest.raises(StudyError) as error:
        check_study(study, None)
    assert [problem.split(":")[0] for problem in error.value.problems] == ["targets", "learners", "predict.learner"]
