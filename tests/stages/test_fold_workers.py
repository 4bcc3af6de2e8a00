"""Folds fitted by the workers of a cluster: the same scores, and errors that tell the same."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from geocryoai.core.errors import ModelError, RunError
from geocryoai.core.files import file_hash, list_files
from geocryoai.core.study import load_study
from geocryoai.cube.cluster import connected
from geocryoai.evaluation.ablation import ALL
from geocryoai.evaluation.store import fingerprint
from geocryoai.stages import fold_workers
from geocryoai.stages.evaluate import evaluate
from geocryoai.stages.fold_workers import Task, fill_cache, fit_fold
from geocryoai.stages.trial import open_trial
from geocryoai.stages.workspace import Workspace

pytest.importorskip("distributed")


@pytest.fixture
def copied(tiny_run: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(tiny_run, tmp_path / "copied"))


@pytest.mark.slow
def test_scores_are_the_same_bytes_whoever_fits(tiny_run: Path, copied: Path, monkeypatch: pytest.MonkeyPatch):
    study = load_study(copied / "study.yml", ["compute.scheduler=local:2"])
    shutil.rmtree(copied / "evaluate")

    def refuse(*_: object) -> None:
        raise AssertionError("a fold was fitted at home")

    monkeypatch.setattr("geocryoai.stages.trial.fit_learner", refuse)
    monkeypatch.setattr("geocryoai.stages.evaluate.suspicion_tests", lambda *_, **__: [])
    evaluate(Workspace(study, copied, None))
    names = [name for name in list_files(tiny_run / "evaluate") if name != "suspicion.json"]
    assert [name for name in list_files(copied / "evaluate") if name != "suspicion.json"] == names
    for name in names:
        assert file_hash(copied / "evaluate" / name) == file_hash(tiny_run / "evaluate" / name), name
    assert "ablation.csv" in names


def task_of(run: Path, cache: Path) -> tuple[Workspace, Task]:
    work = Workspace(load_study(run / "study.yml"), run, None)
    label, target = next(iter(work.study.evaluate.protocols)), "alt"
    trial = open_trial(work, label, target)
    data = fingerprint(trial.samples, trial.future)
    return work, Task(str(run), label, target, str(cache), data, fold_workers.code_hash())


def test_a_worker_with_other_code_or_other_data_is_refused(copied: Path, tmp_path: Path):
    _, task = task_of(copied, tmp_path / "cache")
    with pytest.raises(RunError, match=r"other code.*same version"):
        fit_fold(replace(task, code="another"), "ridge", 0)
    with pytest.raises(RunError, match="other samples"):
        fit_fold(replace(task, data="another"), "ridge", 0)
    with pytest.raises(RunError, match="does not find the run folder"):
        fit_fold(replace(task, root=str(tmp_path / "elsewhere")), "ridge", 0)
    assert not (tmp_path / "cache").exists()


def test_a_fold_is_kept_under_the_key_that_evaluation_looks_for(copied: Path, tmp_path: Path):
    _, task = task_of(copied, tmp_path / "cache")
    fit_fold(task, "ridge", 0)
    first = list((tmp_path / "cache").glob("*.parquet"))
    assert len(first) == 1
    before = first[0].stat().st_mtime_ns
    fit_fold(task, "ridge", 0)
    assert first[0].stat().st_mtime_ns == before


@pytest.mark.slow
def test_a_learner_that_fails_on_a_worker_names_its_fold(copied: Path, tmp_path: Path):
    text = (copied / "study.yml").read_text()
    assert "folds: 3" in text
    (copied / "study.yml").write_text(text.replace("folds: 3", "folds: 0"))
    work, task = task_of(copied, tmp_path / "cache")
    trial = open_trial(work, task.label, task.target)
    with connected("local:1") as client, pytest.raises(ModelError, match=r"fold '.*', learner 'ridge'"):
        fill_cache(client, work, trial, task.label, task.target, ["ridge"], tmp_path / "cache", lambda *_: None)


def test_without_a_cluster_nothing_is_done_beforehand(copied: Path, tmp_path: Path):
    work, task = task_of(copied, tmp_path / "cache")
    trial = open_trial(work, task.label, task.target)
    fill_cache(None, work, trial, task.label, task.target, ["ridge"], tmp_path / "cache", pytest.fail, modality=ALL)
    assert not (tmp_path / "cache").exists()
