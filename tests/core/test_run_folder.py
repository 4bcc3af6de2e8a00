from pathlib import Path

import pytest

from geocryoai.core.errors import RunError
from geocryoai.core.run_folder import RunFolder
from geocryoai.core.study import study_from_dict


def study(**changes):
    return study_from_dict(
        {
            "name": "small",
            "period": {"start": 1990, "end": 2000},
            "sources": {"probes": {"reader": "table", "path": "probes.csv"}},
            "targets": {"alt": {"records": ["probes"]}},
            "learners": {"ridge": {"model": "ridge"}},
            "predict": {"learner": "ridge"},
            **changes,
        }
    )


def complete(run: RunFolder, stage: str, text: str = "made") -> str:
    key = run.key(stage, {"probes": "abc"})
    (run.begin(stage, key) / "artefact.txt").write_text(text, encoding="utf-8")
    run.finish(stage, key, {"probes": "abc"})
    return key


def test_a_finished_stage_is_done_until_an_artefact_changes(tmp_path: Path):
    run = RunFolder.create(tmp_path / "run", study())
    key = complete(run, "ingest")
    assert run.is_done("ingest", key)
    (run.folder("ingest") / "artefact.txt").write_text("tampered", encoding="utf-8")
    assert not run.is_done("ingest", key)


def test_a_stage_depends_on_inputs_and_on_the_stages_before_it(tmp_path: Path):
    run = RunFolder.create(tmp_path / "run", study())
    complete(run, "ingest")
    key = run.key("harmonize", {"probes": "abc"})
    assert key != run.key("harmonize", {"probes": "other"})
    changed = run.key("ingest", {"probes": "other"})
    run.begin("ingest", changed)
    run.finish("ingest", changed, {"probes": "other"})
    assert run.key("harmonize", {"probes": "abc"}) != key


def test_unfinished_work_from_the_same_inputs_is_kept_and_other_work_is_not(tmp_path: Path):
    run = RunFolder.create(tmp_path / "run", study())
    folder = run.begin("evaluate", "key one")
    (folder / "fold.parquet").write_text("half", encoding="utf-8")
    assert (run.begin("evaluate", "key one") / "fold.parquet").exists()
    assert not (run.begin("evaluate", "key two") / "fold.parquet").exists()


def test_a_folder_of_another_study_is_refused(tmp_path: Path):
    RunFolder.create(tmp_path / "run", study())
    with pytest.raises(RunError, match="another study"):
        RunFolder.create(tmp_path / "run", study(seed=1))


def test_a_folder_with_other_things_is_refused(tmp_path: Path):
    (tmp_path / "thesis.doc").write_text("precious", encoding="utf-8")
    with pytest.raises(RunError, match="not a run folder, and not empty"):
        RunFolder.create(tmp_path, study())
    assert (tmp_path / "thesis.doc").exists()


def test_two_processes_cannot_work_in_one_folder(tmp_path: Path):
    run = RunFolder.create(tmp_path / "run", study())
    with run.lock(), pytest.raises(RunError, match="another process"), RunFolder(run.path, run.study).lock():
        pass


def test_an_unfinished_run_says_what_is_missing(tmp_path: Path):
    run = RunFolder.create(tmp_path / "run", study())
    complete(run, "ingest")
    with pytest.raises(RunError, match="train, evaluate"):
        run.require(["ingest", "train", "evaluate"])
    with pytest.raises(RunError, match="not a run folder"):
        RunFolder.open(tmp_path)
