"""A run that is killed at any moment and started again ends in the same bytes as one that nobody disturbed."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from geocryoai.core.files import file_hash, list_files
from geocryoai.core.run_folder import STAGES

#: Stage in whose middle each kill falls; the first comes before anything is written.
KILLED_IN = (None, "ingest", "harmonize", "simulate", "evaluate", "predict")
LONGEST_S = 120.0


def events(run: Path) -> list[dict[str, str]]:
    log = run / "log.jsonl"
    return [json.loads(line) for line in log.read_text().splitlines() if line.endswith("}")] if log.exists() else []


def started(run: Path, stage: str) -> int:
    return count(run, "stage started", stage)


def count(run: Path, event: str, stage: str | None) -> int:
    return sum(line["event"] == event and line.get("stage") == stage for line in events(run))


def wait_for_stage(running: subprocess.Popen[str], run: Path, stage: str, times: int) -> None:
    end = time.monotonic() + LONGEST_S
    while started(run, stage) < times:
        assert running.poll() is None, running.communicate()[1]
        assert time.monotonic() < end, f"{stage} was not reached"
        time.sleep(0.01)


def artefacts(run: Path) -> dict[str, str]:
    return {name: file_hash(run / name) for name in list_files(run) if name != "log.jsonl"}


@pytest.mark.slow
def test_six_kills_leave_no_trace(
    tiny_run: Path,
    tiny_tree: dict[str, object],
    write_study: Callable[..., Path],
    process: Callable[..., subprocess.Popen[str]],
    tmp_path: Path,
):
    file, run = write_study(tiny_tree), tmp_path / "run"
    took = {line["stage"]: float(line["seconds"]) for line in events(tiny_run) if "seconds" in line}
    moments = random.Random(20)
    order = ("run", file, "--out", run, "--until", max(done(tiny_run), key=STAGES.index), "--quiet")
    for stage in KILLED_IN:
        running = process(*order)
        if stage is not None:
            wait_for_stage(running, run, stage, started(run, stage) + 1)
        moment = time.monotonic() + moments.uniform(0.0, 0.8) * took.get(stage or "", 1.0)
        complete = count(run, "stage complete", stage)
        while time.monotonic() < moment and count(run, "stage complete", stage) == complete:
            time.sleep(0.005)  # what took long when it was first compiled can be short now
        running.send_signal(signal.SIGKILL)
        running.communicate()
        assert running.returncode == -signal.SIGKILL
    last = process(*order)
    _, error = last.communicate(timeout=LONGEST_S)
    assert last.returncode == 0, error
    assert artefacts(run) == artefacts(tiny_run)
    assert not [path for path in run.rglob(".*") if path.name.endswith(".part")]


def done(run: Path) -> list[str]:
    return [path.stem for path in (run / "stages").glob("*.json")]
