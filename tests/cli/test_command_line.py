"""The command line: what it prints, where, and with which exit code."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from geocryoai import __version__
from geocryoai.core.study import load_study

Command = Callable[..., tuple[int, str, str]]
Write = Callable[..., Path]

COMMANDS = ("run", "validate", "predict", "sources", "studies")


@pytest.mark.parametrize("arguments", [(), *[(name,) for name in COMMANDS]])
def test_every_command_has_help(command: Command, arguments: tuple[str, ...]):
    code, out, _ = command(*arguments, "--help")
    assert code == 0
    assert "Usage: geocryoai" in out
    for name in COMMANDS if not arguments else ():
        assert name in out


def test_version(command: Command):
    assert command("--version") == (0, f"geocryoai {__version__}\n", "")


def test_the_package_runs_as_a_module():
    done = subprocess.run([sys.executable, "-m", "geocryoai", "--version"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, f"geocryoai {__version__}\n", "")


@pytest.mark.parametrize(
    "arguments", [("--nonsense",), ("run", "--nonsense"), ("nonsense",), ("validate",), ("predict",)]
)
def test_wrong_usage_ends_with_code_2(command: Command, arguments: tuple[str, ...]):
    code, out, error = command(*arguments)
    assert (code, out) == (2, "")
    assert "Usage" in error


def test_bundled_studies_are_listed_and_valid(command: Command):
    code, out, _ = command("studies")
    assert code == 0
    names = [line.split()[0] for line in out.splitlines()]
    assert "twin" in names
    for name in names:
        assert command("validate", name)[0] == 0


def test_the_resolved_study_is_printed_and_reads_back_to_itself(command: Command, tmp_path: Path):
    code, out, _ = command("run", "twin", "--print-config", "--set", "seed=9", "--set", "compute.memory_mb=2048")
    assert code == 0
    (tmp_path / "printed.yml").write_text(out, encoding="utf-8")
    study = load_study(tmp_path / "printed.yml")
    assert (study.seed, study.compute.memory_mb, study.targets["alt"].step) == (9, 2048, "year")
    assert command("run", tmp_path / "printed.yml", "--print-config")[1] == out


def test_an_unknown_study_is_met_with_the_nearest_name(command: Command):
    code, out, error = command("run", "twim")
    assert (code, out) == (2, "")
    assert "no file and no bundled study is called 'twim'; did you mean 'twin'?" in error


def test_an_absent_file_is_named(command: Command, tmp_path: Path):
    code, _, error = command("validate", tmp_path / "none.yml")
    assert code == 2
    assert "cannot be read" in error
    assert "none.yml" in error


def test_six_mistakes_are_told_at_once(command: Command, tiny_tree: dict[str, Any], write_study: Write):
    tiny_tree["targets"]["alt"]["records"] = ["probes"]
    tiny_tree["targets"]["fch4"]["anchors"][0]["process"] = "ch4_q11"
    tiny_tree["learners"]["ridge"]["model"] = "rigde"
    tiny_tree["evaluate"]["protocols"]["blocks"]["protocol"] = "spatial_block"
    tiny_tree["sources"]["towers"]["reader"] = "tabel"
    tiny_tree["predict"]["months"] = ["2031-07"]
    code, _, error = command("validate", write_study(tiny_tree))
    assert code == 2
    for text in (
        "6 problems in the study",
        "targets.alt.records: 'probes' is not in the study; did you mean 'probe_sites'?",
        "no process 'ch4_q11'; did you mean 'ch4_q10'?",
        "no learner 'rigde'; did you mean 'ridge'?",
        "no protocol 'spatial_block'; did you mean 'spatial_blocks'?",
        "no reader 'tabel'; did you mean 'table'?",
        "predict.months: 2031-07 outside the period",
    ):
        assert text in error


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("seed", "--set seed: expected KEY.KEY=VALUE"),
        ("=3", "--set =3: expected KEY.KEY=VALUE"),
        ("targets.alt.records.7=x", "--set targets.alt.records.7: '7' is not a position in a list of 1"),
        ("name.first=x", "--set name.first: 'name' is not a section"),
        ("seed=[1", "--set seed=[1: the value is not valid YAML"),
        ("sead=1", "sead: unknown key 'sead'; did you mean 'seed'?"),
        ("seed=one", "seed: expected a whole number; found 'one'"),
        ("twin.widht=9", "widht: unknown key 'widht'; did you mean 'width'?"),
    ],
)
def test_wrong_overrides_are_named(command: Command, override: str, message: str):
    code, out, error = command("validate", "twin", "--set", override)
    assert (code, out) == (2, "")
    assert message in error


def test_an_error_is_one_paragraph_and_the_trace_comes_with_debug_alone(command: Command):
    plain = command("run", "twin", "--until", "tain")
    assert plain[0] == 2
    assert plain[2].startswith("geocryoai: ")
    assert "--until: no stage 'tain'; did you mean 'train'?" in plain[2]
    assert "Traceback" not in plain[2]
    for arguments in (("--debug", "run", "twin", "--until", "tain"), ("run", "twin", "--until", "tain", "--debug")):
        code, _, error = command(*arguments)
        assert code == 2
        assert "Traceback" in error


def test_a_fault_of_ours_ends_with_code_1(command: Command, monkeypatch: pytest.MonkeyPatch):
    def broken(*_: object) -> None:
        raise KeyError("lost")

    monkeypatch.setattr("geocryoai.stages.check.check_study", broken)
    code, out, error = command("validate", "twin")
    assert (code, out) == (1, "")
    assert "internal error (KeyError: 'lost')" in error
    assert "--debug" in error
    assert "Traceback" not in error


def test_a_folder_of_something_else_is_not_touched(command: Command, tmp_path: Path):
    (tmp_path / "thesis.tex").write_text("precious", encoding="utf-8")
    code, _, error = command("run", "twin", "--out", tmp_path)
    assert code == 2
    assert "not a run folder, and not empty" in error
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_a_place_where_nothing_can_be_written_is_named(
    command: Command, tiny_run: Path, tiny_tree: dict[str, Any], write_study: Write, tmp_path: Path
):
    (tmp_path / "file").write_text("", encoding="utf-8")
    code, _, error = command("run", write_study(tiny_tree), "--out", tmp_path / "file" / "run", "--quiet")
    assert code == 2
    assert str(tmp_path / "file") in error
    assert "Not a directory" in error
    code, _, error = command("predict", tiny_run, "--out", tmp_path / "file" / "out.parquet", "--quiet")
    assert code == 2
    assert str(tmp_path / "file") in error


def test_a_folder_is_never_replaced_by_a_file(command: Command, tiny_run: Path, tmp_path: Path):
    (tmp_path / "results").mkdir()
    (tmp_path / "results" / "precious.txt").write_text("", encoding="utf-8")
    for more in ((), ("--grid", "--month", "2013-07")):
        code, _, error = command("predict", tiny_run, "--out", tmp_path / "results", *more, "--quiet")
        assert code == 2
        assert "a folder stands where the file is to be written" in error
    assert (tmp_path / "results" / "precious.txt").exists()


def test_a_run_of_another_study_is_not_overwritten(
    command: Command, tiny_run: Path, tiny_tree: dict[str, Any], write_study: Write
):
    before = (tiny_run / "study.yml").read_text(encoding="utf-8")
    code, _, error = command("run", write_study({**tiny_tree, "seed": 4}), "--out", tiny_run, "--quiet")
    assert code == 2
    assert "a run of another study" in error
    assert (tiny_run / "study.yml").read_text(encoding="utf-8") == before


def test_a_study_on_files_without_data_says_what_to_name(
    command: Command, tiny_tree: dict[str, Any], write_study: Write, tmp_path: Path
):
    del tiny_tree["twin"]
    study = write_study(tiny_tree)
    code, _, error = command("run", study, "--out", tmp_path / "run")
    assert code == 2
    assert "5 problems in the study" in error
    assert "sources.towers.path: no towers.csv in the data folder" in error
    assert not (tmp_path / "run").exists()


def test_the_data_folder_of_a_study_file_is_where_the_file_is_or_as_named(
    command: Command,
    tiny_run: Path,
    tiny_tree: dict[str, Any],
    write_study: Write,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
):
    del tiny_tree["twin"]
    study, twin = write_study(tiny_tree), tiny_run / "ingest" / "twin"
    assert command("validate", study)[0] == 2
    assert command("validate", study, "--data", twin)[0] == 0
    monkeypatch.setenv("GEOCRYOAI_DATA", str(twin))
    assert command("validate", study)[0] == 0
    assert command("validate", study, "--data", tmp_path)[0] == 2
    assert command("validate", "twin")[0] == 0
    monkeypatch.delenv("GEOCRYOAI_DATA")
    for source in tiny_tree["sources"].values():
        (tmp_path / source["path"]).symlink_to(twin / source["path"])
    assert command("validate", study)[0] == 0
    monkeypatch.chdir(tmp_path)
    assert command("validate", study.name)[0] == 0


def test_a_relative_study_with_relative_data_in_a_folder_of_odd_name_runs(
    command: Command,
    tiny_run: Path,
    tiny_tree: dict[str, Any],
    tmp_path: Path,
    write_study: Write,
    monkeypatch: pytest.MonkeyPatch,
):
    del tiny_tree["twin"]
    place = tmp_path / "Ærøs daten (2)"
    place.mkdir()
    study = write_study(tiny_tree).rename(place / "eigene.yml")
    (place / "in").symlink_to(tiny_run / "ingest" / "twin", target_is_directory=True)
    monkeypatch.chdir(place)
    order = ("run", study.name, "--data", "in", "--out", "läufe/a b", "--until", "ingest")
    code, out, error = command(*order)
    assert code == 0, error
    assert out == "done: läufe/a b\n"
    assert (place / "läufe" / "a b" / "ingest" / "towers" / "records.parquet").exists()


def test_ctrl_c_ends_with_code_130_and_says_how_to_go_on(
    process: Callable[..., subprocess.Popen[str]], tiny_tree: dict[str, Any], write_study: Write, tmp_path: Path
):
    run = tmp_path / "run"
    running = process("run", write_study(tiny_tree), "--out", run, "--until", "predict")
    end = time.monotonic() + 120
    while not (run / "log.jsonl").exists() and time.monotonic() < end:
        time.sleep(0.02)
    running.send_signal(signal.SIGINT)
    _, error = running.communicate(timeout=120)
    assert running.returncode == 130
    assert "geocryoai: interrupted. The same command goes on where it stopped." in error
    assert "Traceback" not in error


def test_progress_is_told_on_standard_error_unless_quiet(
    command: Command, tiny_tree: dict[str, Any], write_study: Write, tiny_run: Path, tmp_path: Path
):
    study, data = write_study(tiny_tree), tiny_run / "ingest" / "twin"
    order = ("run", study, "--data", data, "--until", "ingest")
    assert "ingest" in command(*order, "--out", tmp_path / "loud")[2]
    assert command(*order, "--out", tmp_path / "quiet", "--quiet") == (0, f"done: {tmp_path / 'quiet'}\n", "")


@pytest.mark.parametrize(
    ("arguments", "unit"),
    [
        (("retrieve", "ch4"), "[m s-1]"),
        (("retrieve", "displacement"), "[m, up positive]"),
        (("retrieve", "alt"), "[degC d]"),
        (("retrieve", "polsar"), "[pixels]"),
        (("fetch",), "[s]"),
    ],
)
def test_help_states_units(command: Command, arguments: tuple[str, ...], unit: str):
    code, out, _ = command(*arguments, "--help")
    assert code == 0
    assert unit in " ".join(out.split())
