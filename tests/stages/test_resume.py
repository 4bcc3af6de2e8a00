"""A run taken up again: what is done stays, what was damaged or made from other inputs is made again."""

from __future__ import annotations

import fcntl
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from geocryoai.core.errors import RunError
from geocryoai.core.files import file_hash, list_files
from geocryoai.core.run_folder import STAGES, RunFolder
from geocryoai.core.study import Study, study_from_dict
from geocryoai.stages.run import run_study


@pytest.fixture
def run(tiny_run: Path, tmp_path: Path) -> Path:
    """A finished run, free to be changed."""
    return Path(shutil.copytree(tiny_run, tmp_path / "run"))


@pytest.fixture
def study(tiny_tree: dict[str, Any]) -> Study:
    return study_from_dict(tiny_tree)


def again(run: Path, study: Study, *, until: str = "train", data: Path | None = None) -> list[str]:
    """Run once more; return the stages that were done anew."""
    before = len((run / "log.jsonl").read_text().splitlines())
    run_study(study, data=data, out=run, until=until, quiet=True)
    lines = [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()[before:]]
    return [line["stage"] for line in lines if line["event"] == "stage complete"]


def artefacts(run: Path) -> dict[str, str]:
    return {name: file_hash(run / name) for name in list_files(run) if name != "log.jsonl"}


def test_a_finished_run_is_left_as_it_is(run: Path, study: Study):
    before = artefacts(run)
    assert again(run, study, until="predict") == []
    assert artefacts(run) == before


@pytest.mark.parametrize(
    "artefact",
    ["ingest/towers/observations.parquet", "harmonize/nee.parquet", "harmonize/cube.json", "train/alt/model.json"],
)
def test_a_damaged_artefact_is_made_again_and_nothing_else(run: Path, study: Study, artefact: str):
    before = artefacts(run)
    (run / artefact).write_bytes((run / artefact).read_bytes()[:-3])
    assert again(run, study) == [artefact.partition("/")[0]]
    assert artefacts(run) == before


def test_a_damaged_cube_is_made_again(run: Path, study: Study):
    before = artefacts(run)
    shard = max(
        (run / "harmonize" / "cube.zarr" / "tas").rglob("*"), key=lambda path: path.is_file() and path.stat().st_size
    )
    shard.write_bytes(b"")
    assert again(run, study) == ["harmonize"]
    assert artefacts(run) == before


@pytest.mark.parametrize("text", ["", "{", "[]", '{"key": 1}', "\x00\xff"])
def test_a_damaged_note_of_a_stage_is_no_note(run: Path, study: Study, text: str):
    before = artefacts(run)
    (run / "stages" / "simulate.json").write_text(text, encoding="utf-8")
    assert again(run, study) == ["simulate"]
    assert artefacts(run) == before


def test_what_was_left_half_written_is_taken_away(run: Path, study: Study):
    (run / "stages" / "simulate.json").unlink()
    (run / "simulate" / ".nee.parquet.part").write_bytes(b"half")
    (run / "simulate" / ".folder.part" / ".inner.part").mkdir(parents=True)
    again(run, study)
    assert not list(run.rglob("*.part"))


def test_other_code_makes_all_stages_again(run: Path, study: Study, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("geocryoai.core.run_folder.code_hash", lambda: "another")
    assert again(run, study, until="simulate") == ["ingest", "harmonize", "simulate"]
    assert json.loads((run / "run.json").read_text())["code"] == "another"
    assert not (run / "stages" / "train.json").exists()
    with pytest.raises(RunError, match="the run has not finished: train"):
        RunFolder.open(run).require(["simulate", "train"])


def test_a_run_killed_before_it_wrote_its_study_is_taken_up(tmp_path: Path, study: Study):
    run = tmp_path / "run"
    run.mkdir()
    (run / ".study.yml.part").write_text("name: ti", encoding="utf-8")
    assert RunFolder.create(run, study).study == study


def test_changed_data_are_read_again(tiny_run: Path, study: Study, tmp_path: Path):
    data, run = tmp_path / "data", tmp_path / "run"
    shutil.copytree(tiny_run / "ingest" / "twin", data)
    run_study(study, data=data, out=run, until="simulate", quiet=True)
    assert again(run, study, until="simulate", data=data) == []
    text = (data / "chambers.csv").read_text().splitlines()
    (data / "chambers.csv").write_text("\n".join(text[:-1]) + "\n")
    assert again(run, study, until="simulate", data=data) == ["ingest", "harmonize", "simulate"]
    inputs = json.loads((run / "stages" / "ingest.json").read_text())["inputs"]
    assert inputs["chambers"] == file_hash(data / "chambers.csv")


def test_a_folder_at_which_another_process_works_is_refused(
    run: Path, tiny_tree: dict[str, Any], write_study: Callable[..., Path], command: Callable[..., tuple]
):
    with (run / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        code, _, error = command("run", write_study(tiny_tree), "--out", run, "--quiet")
    assert code == 2
    assert "another process is at work in this run folder" in error


def test_stages_are_run_in_order_up_to_the_one_asked_for(tiny_run: Path, study: Study, tmp_path: Path):
    data, run = tiny_run / "ingest" / "twin", tmp_path / "run"
    run_study(study, data=data, out=run, until="ingest", quiet=True)
    assert [path.stem for path in (run / "stages").iterdir()] == ["ingest"]
    assert again(run, study, until="harmonize", data=data) == [STAGES[1]]
