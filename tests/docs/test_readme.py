"""What the README and the documentation show is executed: commands, Python sessions, files, parts of studies."""

from __future__ import annotations

import contextlib
import doctest
import io
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import typer
import yaml

from geocryoai.cli.main import app, main
from geocryoai.core.study import Study, study_from_dict
from geocryoai.models import LEARNERS
from geocryoai.sources._grid_options import GridOptions
from geocryoai.sources._table_options import TableOptions
from geocryoai.stages.check import bundled_studies

ROOT = Path(__file__).parents[2]
FENCE = re.compile(r'^```(?P<kind>\w*)(?: title="(?P<title>[^"]+)")?\n(?P<text>.*?)^```$', re.MULTILINE | re.DOTALL)
MATCHING = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE

#: Pages that go on from each other share a folder, in this order; the README's study is that of the first page.
THAW = ("docs/how-to/own-table.md", "docs/how-to/own-grid.md", "docs/how-to/predict-at-new-sites.md", "README.md")
TWIN = (
    "docs/quickstart.md", "docs/concepts/run-folder.md", "docs/how-to/read-a-run-folder.md", "docs/how-to/resume.md"
)  # fmt: skip

#: A world small enough for a test, for every `geocryoai run twin`.
SMALL = (
    "twin.width=12", "twin.height=30", "domain.width=12", "domain.height=30", "twin.first_year=2013",
    "period.start=2013", "twin.network.probe_sites=30", "evaluate.replicates=100",
    "evaluate.protocols.spatial_blocks.options.folds=2", "evaluate.protocols.spatial_blocks.targets=[alt]",
    "evaluate.protocols.spatial_blocks.learners=[site_climatology, process, ridge]",
    "evaluate.protocols.rolling_origin.options.first=2018-01",
    "evaluate.protocols.rolling_origin.learners=[seasonal_persistence, ridge]", "predict.learner=ridge",
    "predict.months=[2022-07]",
)  # fmt: skip

#: What a block that is only shown may start with: it changes the machine, or stands for the reader's own names.
SHOWN_ONLY = {".", "cd", "git", "make", "pip", "python", "uv", "geocryoai"}


@dataclass(frozen=True)
class Block:
    """A fenced block of a page."""

    page: str
    line: int
    kind: str
    title: str | None
    text: str

    @property
    def where(self) -> str:
        return f"{self.page}, line {self.line}"


def blocks(page: str) -> Iterator[Block]:
    text = (ROOT / page).read_text(encoding="utf-8")
    for match in FENCE.finditer(text):
        yield Block(page, text[: match.start()].count("\n") + 1, match["kind"], match["title"], match["text"])


def pages() -> list[str]:
    found = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
    return [path.relative_to(ROOT).as_posix() for path in found]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to work in; what an example registers is forgotten afterwards."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GEOCRYOAI_DATA", raising=False)
    monkeypatch.delenv("GEOCRYOAI_DEBUG", raising=False)
    monkeypatch.setattr(LEARNERS, "_members", dict(LEARNERS._members))
    return tmp_path


def test_a_table_a_grid_and_new_sites(folder: Path) -> None:
    for page in THAW:
        follow(page)
    assert Path("runs/my-thaw/report/report.html").exists()


def test_the_bundled_study(folder: Path) -> None:
    for page in TWIN:
        follow(page)


@pytest.mark.parametrize("page", [page for page in pages() if page not in (*THAW, *TWIN)])
def test_page(page: str, folder: Path) -> None:
    follow(page)


def follow(page: str) -> None:
    """Do what a page shows, from top to bottom."""
    session: dict[str, object] = {}
    for block in blocks(page):
        if block.title is not None:
            target = Path(block.title)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(block.text, encoding="utf-8")
        elif block.kind == "console":
            run_commands(block)
        elif block.kind == "pycon":
            run_session(block, session)
        elif block.kind == "python":
            run_python(block, session)
        elif block.kind == "yaml":
            check_fragment(block)
        elif block.kind == "sh":
            check_shown(block)
        elif block.kind == "toml":
            assert tomllib.loads(block.text), block.where
        elif block.kind == "csv":
            assert block.text.strip() == Path("data/thaw.csv").read_text().splitlines()[0], block.where
        else:
            assert block.kind == "", f"{block.where}: neither run nor written; give it a title"


def run_commands(block: Block) -> None:
    parts = re.split(r"^\$ ", block.text, flags=re.MULTILINE)
    assert parts[0] == "", f"{block.where}: a command starts with '$ '"
    for part in parts[1:]:
        line, _, expected = part.partition("\n")
        code, output = execute(shlex.split(line))
        partly = "the others were" in expected or "complete, but without" in expected
        wanted_code = 3 if partly else 2 if expected.startswith("geocryoai: ") else 0
        assert code == wanted_code, f"{block.where}: {line}\n{output}"
        if expected:
            matches = doctest.OutputChecker().check_output(expected, output, MATCHING)
            assert matches, f"{block.where}: {line}\nexpected:\n{expected}\nfound:\n{output}"


def execute(words: list[str]) -> tuple[int, str]:
    """Return exit code and output of a command; make only tells what it would do."""
    if words[0] == "geocryoai":
        return execute_here(words[1:])
    if words[0] == "make":
        words = ["make", "-n", "-C", str(ROOT), *words[1:]]
    elif words[0] == "python":
        words = [sys.executable, *words[1:]]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def execute_here(arguments: list[str]) -> tuple[int, str]:
    """Run geocryoai in this process: importing everything anew for each command would take minutes."""
    if arguments[:2] in (["run", "twin"], ["simulate", "twin"]):
        arguments = [*arguments[:2], *[word for each in SMALL for word in ("--set", each)], *arguments[2:]]
    if arguments[0] in ("run", "predict", "simulate"):
        arguments = [*arguments, "--quiet"]
    output = io.StringIO()
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(output), contextlib.redirect_stderr(output):
        patch.setattr(sys, "argv", ["geocryoai", *arguments])
        try:
            main()
            code = 0
        except SystemExit as leaving:
            code = int(leaving.code or 0)
    return code, output.getvalue()


def run_session(block: Block, session: dict[str, object]) -> None:
    parsed = doctest.DocTestParser().get_doctest(block.text, session, block.where, block.page, block.line)
    assert parsed.examples, f"{block.where}: nothing to run"
    told = io.StringIO()
    runner = doctest.DocTestRunner(optionflags=MATCHING, verbose=False)
    runner.run(parsed, out=told.write, clear_globs=False)
    session.update(parsed.globs)
    assert runner.failures == 0, told.getvalue()


def run_python(block: Block, session: dict[str, object]) -> None:
    """Execute a block; one that is to be shown as a figure leaves it in `figure`."""
    import matplotlib.figure

    matplotlib.use("Agg")
    exec(compile(block.text, block.where, "exec"), session)
    if block.text.startswith("# figure: "):
        figure = session.pop("figure", None)
        assert isinstance(figure, matplotlib.figure.Figure), block.where
        assert any(axes.has_data() for axes in figure.axes), block.where


def check_fragment(block: Block) -> None:
    """Check a part of a study, in the place of that part of the bundled one."""
    tree = yaml.safe_load(bundled_studies()["twin"].read_text(encoding="utf-8"))
    part = yaml.safe_load(block.text)
    assert set(part) <= set(Study.model_fields), block.where
    study = study_from_dict(tree | part, where=block.where)
    for source in study.sources.values():
        {"table": TableOptions, "grid": GridOptions}[source.reader].model_validate(source.options)


def check_shown(block: Block) -> None:
    """Check commands that are only shown: the programs are known, the options of geocryoai exist."""
    commands = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    for line in block.text.strip().splitlines():
        words = shlex.split(line)
        assert words[0] in SHOWN_ONLY, f"{block.where}: {line}"
        if words[0] == "geocryoai":
            known = {option for parameter in commands[words[1]].params for option in parameter.opts}
            assert {word for word in words if word.startswith("--")} <= known, f"{block.where}: {line}"
