"""What the documentation claims of the repository."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest
import typer
import yaml

from geocryoai import __version__
from geocryoai.cli.main import app
from geocryoai.core.variables import variables
from geocryoai.evaluation import METRICS, PROTOCOLS
from geocryoai.models import LEARNERS
from geocryoai.models.anchors import ANCHORS
from geocryoai.sources import READERS

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def hooks() -> ModuleType:
    """The hooks of the documentation build."""
    pytest.importorskip("mkdocs")
    spec = importlib.util.spec_from_file_location("docs_hooks", ROOT / "scripts" / "docs_hooks.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def read(path: str) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


def test_capabilities_are_84_and_what_proves_them_exists() -> None:
    lines = read("docs/capabilities.md").splitlines()
    rows = [line.strip("| ").split(" | ") for line in lines if line.startswith("| ") and line[2].isdigit()]
    assert [int(row[0]) for row in rows] == list(range(1, 85))
    assert {row[2].rstrip(" |") for row in rows} == {"here", "partly", "not yet"}
    proven = [row for row in rows if row[2] in ("here", "partly")]
    assert all(len(row) == 4 and row[3] for row in proven)
    named = {path for row in rows for path in re.findall(r"`((?:tests|src)/[^`]+)`", " ".join(row))}
    assert len(named) > 30
    assert [path for path in sorted(named) if not (ROOT / path).exists()] == []


def test_benchmarks_that_pages_name_exist() -> None:
    pages = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")]
    named = {name for page in pages for name in re.findall(r"make bench NAME=(\w+)", page.read_text(encoding="utf-8"))}
    assert len(named) > 5
    assert [name for name in sorted(named) if not (ROOT / "benchmarks" / f"{name}.py").is_file()] == []


@pytest.mark.parametrize("page", ["README.md", "CHANGELOG.md", "docs/capabilities.md", "docs/alternatives.md"])
def test_commands_and_targets_that_a_page_names_exist(page: str) -> None:
    text = read(page)
    group = typer.main.get_command(app)
    assert isinstance(group, typer.core.TyperGroup)
    for command, below in re.findall(r"`geocryoai ([a-z]+)(?: ([a-z0-9-]+))?", text):
        assert command in group.commands, command
        inner = group.commands[command]
        if isinstance(inner, typer.core.TyperGroup) and below:
            assert below in inner.commands, f"{command} {below}"
    targets = set(re.findall(r"^([a-z]+):", read("Makefile"), re.MULTILINE))
    assert set(re.findall(r"`make ([a-z]+)", text)) <= targets


def test_contributing_is_short_and_its_templates_exist() -> None:
    text = read("CONTRIBUTING.md")
    assert len(text.splitlines()) < 100
    templates = re.findall(r"\]\((src/[^)]+template\.py)\)", text)
    assert [Path(path).parent.name for path in templates] == ["sources", "processes", "models", "evaluation"]
    assert all((ROOT / path).is_file() for path in templates)


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md"])
def test_links_between_files_of_the_repository_lead_somewhere(page: str) -> None:
    links = [link for link in re.findall(r"\]\(([^)#]+)[^)]*\)", read(page)) if "://" not in link]
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_one_version_everywhere() -> None:
    assert f"\n## {__version__}\n" in read("CHANGELOG.md")
    assert yaml.safe_load(read("CITATION.cff"))["version"] == __version__


def test_decisions_are_short_and_listed() -> None:
    listed = read("docs/decisions/index.md")
    for path in sorted((ROOT / "docs" / "decisions").glob("[0-9]*.md")):
        assert path.name in listed
        assert len([line for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]) <= 16


def test_every_page_is_in_the_navigation() -> None:
    navigation = read("mkdocs.yml").partition("\nnav:\n")[2]
    folder = ROOT / "docs"
    absent = [path for path in folder.rglob("*.md") if path.relative_to(folder).as_posix() not in navigation]
    assert absent == []


def test_generated_tables_hold_all_that_is_registered(hooks: ModuleType) -> None:
    components, sources = hooks.components(), hooks.sources_table()
    for registry in (LEARNERS, ANCHORS, PROTOCOLS, METRICS):
        assert [name for name in registry if f"| `{name}` |" not in components] == []
    assert [name for name in READERS if f"### `{name}`" not in sources] == []
    assert [name for name in variables() if f"| `{name}` |" not in hooks.variables_table()] == []


@pytest.mark.parametrize(
    "name", ["study-keys", "table-options", "grid-options", "product-options", "mission-options", "twin-options"]
)
def test_every_key_has_a_meaning(name: str, hooks: ModuleType) -> None:
    rows = [line for line in hooks.GENERATED[name]().splitlines() if line.startswith("| `")]
    assert len(rows) > 10
    assert [row for row in rows if row.endswith("|  |")] == []


def test_pages_ask_only_for_tables_that_exist(hooks: ModuleType) -> None:
    asked = {name for path in (ROOT / "docs").rglob("*.md") for name in hooks._MARKER.findall(path.read_text())}
    assert asked == set(hooks.GENERATED)


@pytest.mark.parametrize(
    ("page", "fetches"),
    [
        ('<script src="https://elsewhere.org/a.js">', True),
        ('<link rel="stylesheet" href="//elsewhere.org/a.css">', True),
        ("@import 'https://elsewhere.org/a.css'", True),
        ('<a href="https://doi.org/10.5/x">', False),
        ('<script src="assets/a.js">', False),
        ('<link rel="canonical" href="quickstart/">', False),
    ],
)
def test_a_page_that_would_fetch_from_elsewhere_is_found(page: str, fetches: bool, hooks: ModuleType) -> None:
    assert bool(hooks._FETCHED.search(page)) is fetches


def page_of(*blocks: str) -> str:
    return "\n".join(f"```python\n{block}\n```\n" for block in blocks)


def test_figures_stand_below_the_code_that_draws_them(hooks: ModuleType) -> None:
    figures = hooks.Figures("processes/snow.md")
    draw = "# figure: a-line\nfrom matplotlib.figure import Figure\nfigure = Figure()\nfigure.subplots().plot(x)"
    shown = hooks._PYTHON.sub(figures.run, page_of("x = [1, 2, 4]", draw))
    assert shown.count("```python") == 2
    assert shown.rstrip().endswith("![a line](snow-a-line.svg)")
    assert list(figures.drawn) == ["processes/snow-a-line.svg"]
    assert "<svg" in figures.drawn["processes/snow-a-line.svg"]
    again = hooks.Figures("processes/snow.md")
    hooks._PYTHON.sub(again.run, page_of("x = [1, 2, 4]", draw))
    assert again.drawn == figures.drawn


@pytest.mark.parametrize(
    ("code", "text"),
    [("1 / 0", "snow.md, line 1: a block of Python failed: ZeroDivisionError"),
     ("# figure: none\nx = 1", "snow.md, line 1: no matplotlib Figure is left in `figure`")],
)  # fmt: skip
def test_a_block_that_fails_fails_the_build(code: str, text: str, hooks: ModuleType) -> None:
    with pytest.raises(hooks.PluginError, match=text):
        hooks._PYTHON.sub(hooks.Figures("snow.md").run, page_of(code))
