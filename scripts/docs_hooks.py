"""Hooks of the documentation build: tables and figures made by the code; the site asks nothing of the network.

A page asks for a table by a line ``<!-- generated: NAME -->``; what is in the code is then never told twice. The
``python`` blocks of a page are executed from top to bottom. One whose first line is ``# figure: NAME`` leaves a
matplotlib Figure in the variable ``figure``, which is shown below it. A block that fails, fails the build.
"""

from __future__ import annotations

import inspect
import io
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, get_args, get_origin

from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files
from pydantic import BaseModel
from pydantic_core import PydanticUndefined

_MARKER = re.compile(r"^<!-- generated: ([a-z-]+) -->$", re.MULTILINE)

_PYTHON = re.compile(r"^```python\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
_FIGURE = re.compile(r"# figure: ([a-z0-9-]+)\n")

#: What a browser would fetch while showing a page; links that a reader may follow are not among it.
_FETCHED = re.compile(
    r"<(?:script|img|iframe|source|video|audio|embed)\b[^>]*?\bsrc=[\"']?(?:https?:)?//[^\"' >]+"
    r"|<link\b[^>]*?\bhref=[\"']?(?:https?:)?//[^\"' >]+"
    r"|url\(\s*[\"']?(?:https?:)?//[^\"')]+"
    r"|@import\s+[\"'](?:https?:)?//[^\"']+"
)


def on_page_markdown(markdown: str, page: Any, config: Any, files: Files, **_: Any) -> str:
    """Put generated tables where a page asks for them, and figures below the code that draws them."""
    figures = Figures(page.file.src_uri)
    drawn = _PYTHON.sub(figures.run, markdown)
    for name, svg in figures.drawn.items():
        files.append(File.generated(config, name, content=svg))
    return _MARKER.sub(lambda match: GENERATED[match[1]](), drawn)


class Figures:
    """The blocks of one page, executed in turn in one namespace."""

    def __init__(self, page: str) -> None:
        self.page, self.namespace, self.drawn = page, {"__name__": page}, dict[str, str]()

    def run(self, block: re.Match[str]) -> str:
        """Execute a block; return it, with its figure below if it has one."""
        import matplotlib

        matplotlib.use("Agg")
        matplotlib.rcParams.update({"svg.hashsalt": "geocryoai", "font.size": 9, "axes.spines.top": False,
                                    "axes.spines.right": False})  # fmt: skip
        line = block.string.count("\n", 0, block.start()) + 1
        try:
            exec(compile(block["text"], f"{self.page}, line {line}", "exec"), self.namespace)
        except Exception as error:
            raise PluginError(f"{self.page}, line {line}: a block of Python failed: {error!r}") from error
        asked = _FIGURE.match(block["text"])
        return block[0] if asked is None else f"{block[0]}\n\n{self.draw(asked[1], line)}"

    def draw(self, name: str, line: int) -> str:
        """Keep the figure that a block left behind; return the Markdown that shows it."""
        from matplotlib import pyplot
        from matplotlib.figure import Figure

        figure = self.namespace.pop("figure", None)
        if not isinstance(figure, Figure):
            raise PluginError(f"{self.page}, line {line}: no matplotlib Figure is left in `figure`")
        file = io.StringIO()
        figure.savefig(file, format="svg", facecolor="white", bbox_inches="tight", metadata={"Date": None})
        pyplot.close("all")
        path = Path(self.page)
        self.drawn[path.with_name(f"{path.stem}-{name}.svg").as_posix()] = file.getvalue()
        return f"![{name.replace('-', ' ')}]({path.stem}-{name}.svg)"


def on_post_build(config: Any, **_: Any) -> None:
    """Fail where a page would fetch something from elsewhere."""
    for path in sorted(Path(config["site_dir"]).rglob("*")):
        if path.suffix in {".html", ".css"}:
            found = _FETCHED.search(path.read_text(encoding="utf-8"))
            if found:
                raise PluginError(f"{path}: the page would fetch from elsewhere: {found[0][:200]}")


def table(head: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    """Return a Markdown table; a vertical bar inside a cell is escaped."""
    names = list(head)
    lines = [names, ["---"] * len(names), *rows]
    return "\n".join("| " + " | ".join(str(cell).replace("|", "\\|") for cell in line) + " |" for line in lines)


def variables_table() -> str:
    """Return all variables with unit, sign and ranges, and the other names by which each is known."""
    from geocryoai.core.variables import variable, variables

    rows = []
    for v in variables().values():
        names = [f"CF `{v.cf}`"] if v.cf else []
        aliases = [name for name in v.aliases if name != v.cf and variable(name) == v]
        names += [f"also {_codes(aliases)}"] if aliases else []
        meaning = v.long_name + (f"<br>{'; '.join(names)}" if names else "")
        rows.append([f"`{v.name}`", f"`{v.unit}`", v.positive or "", _range(v.valid), _range(v.plausible), meaning])
    return table(["Name", "Unit", "Positive", "Valid", "Plausible", "Meaning"], rows)


def study_keys() -> str:
    """Return one table per section of a study."""
    from geocryoai.core.study.model import Study

    return "\n\n".join(_section(model, place) for place, model in _sections(Study, ""))


def table_options() -> str:
    """Return the options of the general table reader."""
    from geocryoai.sources._options import CovariateColumn, MeasuredColumn
    from geocryoai.sources._table_options import TableOptions
    from geocryoai.sources._timestamps import TimeSection

    parts = [("", TableOptions), ("columns.COLUMN", MeasuredColumn), ("covariates.COLUMN", CovariateColumn)]
    return "\n\n".join(_section(model, place) for place, model in [*parts, ("time", TimeSection)])


def grid_options() -> str:
    """Return the options of the general grid reader."""
    from geocryoai.sources._grid_options import GridOptions, GridTime, GridVariable

    parts = [("", GridOptions), ("variables.NAME", GridVariable), ("time", GridTime)]
    return "\n\n".join(_section(model, place) for place, model in parts)


def product_options() -> str:
    """Return the options of every gridded product."""
    from geocryoai.sources._product import LayerChange, ProductOptions

    return "\n\n".join(_section(model, place) for place, model in [("", ProductOptions), ("layers.NAME", LayerChange)])


def mission_options() -> str:
    """Return the options of the reader of declared missions."""
    from geocryoai.sources._layout import BitField, KnownGrid, LayerLayout, Quality, TimeLayout
    from geocryoai.sources.mission import MissionOptions

    parts: list[tuple[str, type[BaseModel]]] = [
        ("", MissionOptions), ("layers.NAME", LayerLayout), ("layers.NAME.quality", Quality),
        ("layers.NAME.quality.bits[]", BitField), ("time", TimeLayout), ("grids[]", KnownGrid),
    ]  # fmt: skip
    return "\n\n".join(_section(model, place) for place, model in parts)


def mission_presets() -> str:
    """Return every preset of a mission, what must be declared, and what to mind."""
    from geocryoai.sources.mission import presets

    return _presets(presets().values())


def sounding_presets() -> str:
    """Return every preset of soundings."""
    from geocryoai.sources.mission import presets
    from geocryoai.sources.soundings.options import PRESETS

    return _presets(presets(PRESETS).values())


def _presets(found: Iterable[Any]) -> str:
    rows = [
        [f"`{p.name}`", p.title, _codes(p.declare) or "nothing", " ".join(f"{note}" for note in p.notes)] for p in found
    ]
    return table(["Preset", "Mission", "You declare", "Mind"], rows)


def retrieval_options() -> str:
    """Return the options of every kind of retrieval."""
    from geocryoai.sources.soundings.options import SoundingLayer, SoundingQuality, SoundingTime
    from geocryoai.stages.retrieval_options import OPTIONS

    parts: list[tuple[str, type[BaseModel]]] = [(f"kind {kind}", model) for kind, model in OPTIONS.items()]
    parts += [("layers.NAME", SoundingLayer), ("quality[]", SoundingQuality), ("time", SoundingTime)]
    return "\n\n".join(_section(model, place) for place, model in parts)


def twin_options() -> str:
    """Return the options of the simulated Alaska."""
    from geocryoai.twin.options import TwinOptions

    return "\n\n".join(_section(model, place) for place, model in _sections(TwinOptions, "twin"))


def sources_table() -> str:
    """Return every reader with what it reads and under which terms."""
    from geocryoai.sources.catalogue import catalogue

    return "\n\n".join(
        "\n".join(
            [
                f"### `{info.name}`",
                "",
                f"{info.title} ({', '.join(info.formats)}). Licence: {info.licence}.",
                "",
                f"- Measures: {_codes(info.measures) or 'nothing; it brings covariates or fields'}",
                f"- Covariates: {_codes(info.covariates) or 'none, or as declared'}",
                f"- Cite: {info.citation}" + (f", [doi:{info.doi}](https://doi.org/{info.doi})" if info.doi else ""),
                *[f"- {quirk}" for quirk in info.quirks],
            ]
        )
        for info in catalogue()
    )


def components() -> str:
    """Return the members of each registry with their first sentence."""
    from geocryoai.evaluation import METRICS, PROTOCOLS
    from geocryoai.models import LEARNERS
    from geocryoai.models.anchors import ANCHORS

    parts = []
    for title, registry in (("Learners", LEARNERS), ("Processes", ANCHORS), ("Protocols", PROTOCOLS)):
        rows = [
            [f"`{name}`", _first_sentence(registry.get(name)), _parameters(registry.get(name))] for name in registry
        ]
        parts.append(f"## {title}\n\n" + table(["Name", "What it is", "Options and defaults"], rows))
    parts.append("## Processes over maps\n\nFor the section `simulate` of a study.\n\n" + map_processes())
    metrics = [[f"`{name}`", METRICS.get(name).unit] for name in METRICS]
    parts.append("## Metrics\n\n" + table(["Name", "Unit (`target`: that of the target)"], metrics))
    return "\n\n".join(parts)


def map_processes() -> str:
    """Return the processes that run over maps, with drivers, options and outputs."""
    from geocryoai.processes.maps import MAP_PROCESSES

    parts = []
    for name in MAP_PROCESSES:
        process = MAP_PROCESSES.get(name)
        chosen = process.read_options({})
        drivers = [
            [
                f"`{d.name}`",
                f"`{d.unit}`",
                "(y, x)" if d.static else "(time, y, x)",
                "yes" if d.required else "",
                d.about,
            ]
            for d in process.drivers
        ]
        outputs = [
            [f"`{o.name}`", f"`{o.unit}`", o.step, o.positive or "", o.long_name] for o in process.outputs(chosen)
        ]
        options = ", ".join(f"`{key}` {_default(value)}" for key, value in vars(chosen).items())
        about = process.about[:1].upper() + process.about[1:]
        parts.append(
            f"### `{name}`\n\n{about}. Options: {options or 'none'}.\n\n"
            + table(["Driver", "Unit", "Each", "Needed", "What it is"], drivers)
            + "\n\n"
            + table(["Output", "Unit", "Each", "Positive", "What it is"], outputs)
        )
    return "\n\n".join(parts)


def commands() -> str:
    """Return every command with its arguments and options."""
    import typer

    from geocryoai.cli.main import app

    group: Any = typer.main.get_command(app)
    parts = []
    for name, command in _flat(group, ""):
        rows = []
        for parameter in command.params:
            shown = ", ".join(f"`{opt}`" for opt in parameter.opts) if parameter.opts[0].startswith("-") else ""
            shown = shown or f"`{parameter.metavar or parameter.name.upper()}`"
            meaning = getattr(parameter, "help", None) or ""
            default = "" if parameter.default in (None, False) else f"`{parameter.default}`"
            rows.append([shown, meaning, default])
        parts.append(f"## `geocryoai {name}`\n\n{command.help}\n\n" + table(["Argument", "Meaning", "Default"], rows))
    return "\n\n".join(parts)


def _flat(group: Any, before: str) -> Iterator[tuple[str, Any]]:
    """Yield every command of a group and of the groups inside it, with its whole name."""
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from _flat(command, f"{before}{name} ")
        else:
            yield f"{before}{name}", command


GENERATED: dict[str, Callable[[], str]] = {
    "variables": variables_table,
    "study-keys": study_keys,
    "table-options": table_options,
    "grid-options": grid_options,
    "product-options": product_options,
    "mission-options": mission_options,
    "mission-presets": mission_presets,
    "sounding-presets": sounding_presets,
    "retrieval-options": retrieval_options,
    "twin-options": twin_options,
    "sources": sources_table,
    "components": components,
    "commands": commands,
}


def _range(bounds: tuple[float, float]) -> str:
    return f"{bounds[0]:g} to {bounds[1]:g}"


def _codes(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _first_sentence(thing: Any) -> str:
    text = " ".join((inspect.getdoc(thing) or "").split("\n\n")[0].split())
    return text.replace("``", "`")


def _parameters(member: Any) -> str:
    """Return the options of a learner, or the parameters of a function, with their defaults."""
    if isinstance(member, type):
        options = {**getattr(member, "common", {}), **getattr(member, "defaults", {})}
        return ", ".join(f"`{name}` {_default(value)}" for name, value in options.items())
    given = {"samples", "groups", "seed"}
    signature = inspect.signature(member).parameters.values()
    return ", ".join(
        f"`{p.name}`" + ("" if p.default is inspect.Parameter.empty else f" {_default(p.default)}")
        for p in signature
        if p.name not in given
    )


def _sections(model: type[BaseModel], place: str) -> Iterator[tuple[str, type[BaseModel]]]:
    """Yield a section and all sections inside it, each with the place of its keys."""
    yield place, model
    for name, info in model.model_fields.items():
        inner, many = _inner(info.annotation)
        if inner is not None:
            below = f"{place}.{name}" if place else name
            yield from _sections(inner, f"{below}{many}")


def _inner(kind: Any) -> tuple[type[BaseModel] | None, str]:
    """Return the section that an annotation holds, and how its place is spelled: by name, by position or itself."""
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return kind, ""
    spelled = {dict: ".NAME", tuple: "[]"}.get(get_origin(kind), "")
    for part in get_args(kind):
        found, deeper = _inner(part)
        if found is not None:
            return found, spelled + deeper
    return None, ""


def _section(model: type[BaseModel], place: str) -> str:
    rows = [
        [f"`{name}`", _kind(info.annotation), _default(info.default, info.default_factory), _meaning(model, name)]
        for name, info in model.model_fields.items()
    ]
    about = _prose(model)
    title = f"### `{place}`\n\n" if place else ""
    return f"{title}{about}\n\n" + table(["Key", "Kind", "Default", "Meaning"], rows)


def _prose(model: type[BaseModel]) -> str:
    """Return a section's docstring without its list of attributes, which is in the table."""
    text = inspect.getdoc(model) or ""
    return text.split("\n\nAttributes\n")[0].replace("``", "`")


def _meaning(model: type[BaseModel], name: str) -> str:
    """Return what a key means: its description, or its entry in the docstring's list of attributes."""
    described = model.model_fields[name].description
    if described:
        return described
    listed = (inspect.getdoc(model) or "").partition("Attributes\n----------\n")[2]
    for entry in re.findall(r"^(\S[^\n]*) : [^\n]*\n((?: +[^\n]*\n?)+)", listed, re.MULTILINE):
        if name in [part.strip() for part in entry[0].split(",")]:
            return " ".join(entry[1].split()).replace("``", "`")
    inner, _ = _inner(model.model_fields[name].annotation)
    return _first_sentence(inner) if inner is not None else ""


def _default(value: Any, factory: Any = None) -> str:
    if factory is not None:
        value = factory()
    if value is PydanticUndefined:
        return "required"
    if value is None:
        return "none"
    if isinstance(value, BaseModel):
        return "see below"
    if isinstance(value, str | dict | list | tuple) and not value:
        return "empty"
    return f"`{', '.join(map(str, value)) if isinstance(value, tuple | list) else value}`"


def _kind(kind: Any) -> str:
    """Return an annotation in words."""
    origin, inside = get_origin(kind), get_args(kind)
    if kind is type(None):
        return ""
    if str(origin) == "typing.Literal":
        return " or ".join(f"`{value}`" for value in inside)
    if str(origin) == "<class 'typing.Annotated'>" or (origin is None and hasattr(kind, "__metadata__")):
        return _kind(inside[0])
    if origin is dict:
        return f"mapping of name to {_kind(inside[1])}"
    if origin in (tuple, list):
        return f"list of {_kind(inside[0])}"
    if inside:
        return " or ".join(part for part in map(_kind, inside) if part)
    names = {str: "text", int: "whole number", float: "number", bool: "true or false", Any: "anything"}
    return names.get(kind, "section")
