"""Fixtures shared by all tests."""

from __future__ import annotations

import copy
import fcntl
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml
from hypothesis import settings

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("NUMBA_NUM_THREADS", "2")
os.environ.setdefault("MPLBACKEND", "Agg")

# No time limits in tests, and the same cases in every run.
settings.register_profile("house", deadline=None, derandomize=True)
settings.load_profile("house")

#: Last stage of the runs that tests make.
LAST = "report"


class Answer(NamedTuple):
    """What a command said."""

    code: int
    out: str
    err: str


Command = Callable[..., Answer]
Tree = dict[str, Any]


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Folder of real measurements; a test that needs it is skipped, visibly, where it is absent."""
    folder = Path(os.environ.get("GEOCRYOAI_DATA", Path(__file__).parents[1] / ".." / "shared" / "data")).resolve()
    if not (folder / "in_situ").is_dir():
        pytest.skip(f"real data not found at {folder}")
    return folder


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """Run ``geocryoai ARGUMENTS`` in this process; return exit code, standard output and standard error."""
    from geocryoai.cli.main import main

    monkeypatch.delenv("GEOCRYOAI_DATA", raising=False)
    monkeypatch.setenv("GEOCRYOAI_DEBUG", "0")
    monkeypatch.setenv("COLUMNS", "200")

    def call(*arguments: object) -> Answer:
        monkeypatch.setattr(sys, "argv", ["geocryoai", *map(str, arguments)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        return Answer(int(ended.value.code or 0), said.out, said.err)

    return call


@pytest.fixture(scope="session")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Environment of a process that runs the package; they share their bytecode, so that they start soon."""
    kept = {k: v for k, v in os.environ.items() if k not in ("GEOCRYOAI_DATA", "PYTHONDONTWRITEBYTECODE")}
    bytecode = shared_folder(tmp_path_factory) / "bytecode"
    source = str(Path(__file__).parents[1] / "src")
    return {**kept, "PYTHONPYCACHEPREFIX": str(bytecode), "PYTHONPATH": source, "COLUMNS": "200"}


@pytest.fixture(scope="session")
def process(environment: dict[str, str]) -> Callable[..., subprocess.Popen[str]]:
    """Start ``geocryoai ARGUMENTS`` in a process of its own."""

    def start(*arguments: object) -> subprocess.Popen[str]:
        code = "from geocryoai.cli.main import main; main()"
        return subprocess.Popen(
            [sys.executable, "-c", code, *map(str, arguments)],
            env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip

    return start


@pytest.fixture(scope="session")
def _tiny_tree() -> Tree:
    from geocryoai.twin.study import study_sources

    sources = study_sources(flights=False, boreholes=False)
    del sources["coarse_model"]
    world = {"resolution": 48_000.0, "left": -30_000.0, "top": 2_340_000.0, "width": 8, "height": 14}
    monthly = {"join": [{"source": "cube", "by": "cell", "columns": ["tas", "rsds", "ndvi", "wetland_fraction"]}]}
    return {
        "name": "tiny",
        "title": "A very small Alaska",
        "seed": 3,
        "period": {"start": 2012, "end": 2015},
        "domain": {"crs": "EPSG:3338", **world},
        "twin": {
            **world,
            "first_year": 2012,
            "last_year": 2015,
            "network": {"probe_sites": 14, "towers": 8, "chambers": 6, "flights": 0, "boreholes": 0, "year_gap": 0.1},
            "coarse": {"factor": 4},
        },
        "sources": sources,
        "targets": {
            "alt": {
                "records": ["probe_sites"],
                "step": "year",
                "join": [{"source": "cube", "by": "cell", "columns": ["tas", "snd", "elevation", "organic_depth"]}],
                "anchors": [
                    {"process": "layered_stefan"},
                    {"process": "simulated", "options": {"run": "ground", "output": "alt"}},
                ],
            },
            "fch4": {
                "records": ["towers", "chambers"],
                **monthly,
                "anchors": [{"process": "ch4_q10", "options": {"ts": "tas"}}],
            },
            "nee": {
                "records": ["towers"],
                **copy.deepcopy(monthly),
                "lags": [1],
                "anchors": [{"process": "simulated", "options": {"run": "carbon", "output": "nee"}}],
            },
        },
        "simulate": {
            "ground": {
                "process": "ground",
                "drivers": {"tas": "tas", "snd": "snd", "organic_depth": "organic_depth"},
                "options": {"depths": [0.1], "layers": 24, "bottom": 15.0, "step_days": 10},
            },
            "carbon": {
                "process": "carbon",
                "drivers": {"tas": "tas", "rsds": "rsds", "lai": "lai", "ts": "ground.tg_10cm"},
                "outputs": ["nee", "gpp"],
            },
        },
        "learners": {
            "site_climatology": {"model": "site_climatology"},
            "seasonal": {"model": "seasonal_persistence", "tasks": ["forecast"]},
            "ridge": {"model": "ridge", "options": {"folds": 3}},
            "corrected": {"model": "anchor_ridge", "targets": ["alt", "fch4"], "options": {"folds": 3}},
        },
        "evaluate": {
            "replicates": 100,
            "protocols": {
                "blocks": {"protocol": "spatial_blocks", "options": {"size": 0.5, "folds": 2}},
                "later": {
                    "protocol": "rolling_origin",
                    "task": "forecast",
                    "targets": ["nee"],
                    "options": {"first": "2015-01", "horizon_months": 6, "step_months": 12},
                },
            },
            "ablation": {
                "protocol": "blocks",
                "learner": "ridge",
                "targets": ["alt"],
                "modalities": {"anchors": ["anchor_*"], "snow": ["snd*"], "radar": ["thaw_seen_by_radar"]},
            },
        },
        "predict": {"learner": "ridge", "maps": True, "months": ["2014-07"]},
    }


@pytest.fixture
def tiny_tree(_tiny_tree: Tree) -> Tree:
    """Study of a twin so small that it runs in seconds, as nested dictionaries, free to be changed."""
    return copy.deepcopy(_tiny_tree)


@pytest.fixture
def write_study(tmp_path: Path) -> Callable[..., Path]:
    """Write a study file, its keys in their order, and return its path."""

    def write(tree: Any, name: str = "study.yml") -> Path:
        path = tmp_path / name
        path.write_text(yaml.safe_dump(tree, sort_keys=False, allow_unicode=True), encoding="utf-8")
        return path

    return write


@pytest.fixture(scope="session")
def tiny_run(_tiny_tree: Tree, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Finished run of the tiny study, made once for all tests and workers; not to be changed."""
    from geocryoai.core.study import study_from_dict
    from geocryoai.stages.run import run_study

    folder = shared_folder(tmp_path_factory)
    run = folder / "tiny run"
    with (folder / "tiny.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "tiny.done").exists():
            run_study(study_from_dict(copy.deepcopy(_tiny_tree)), data=None, out=run, until=LAST, quiet=True)
            (folder / "tiny.done").touch()
    return run


def shared_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder that the workers of one test session share."""
    own = tmp_path_factory.getbasetemp()
    folder = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "shared"
    folder.mkdir(exist_ok=True)
    return folder
