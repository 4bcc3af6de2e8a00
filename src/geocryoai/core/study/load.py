"""Read a study: YAML, overrides, defaults; every problem at once, each with the nearest known key."""

from __future__ import annotations

import math
import types
import typing
from collections.abc import Hashable, Iterator, Sequence
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ValidationError

from geocryoai.core.errors import StudyError, nearest
from geocryoai.core.study.model import Study

_SECTION = "expected a section of keys and values"

#: What a user is told where a value has the wrong type, by pydantic's name of the problem.
_EXPECTED = {
    "model_type": _SECTION,
    "dict_type": _SECTION,
    "tuple_type": "expected a list",
    "string_type": "expected a text",
    "int_type": "expected a whole number",
    "int_parsing": "expected a whole number",
    "int_from_float": "expected a whole number",
    "float_type": "expected a number",
    "float_parsing": "expected a number",
    "bool_type": "expected true or false",
    "bool_parsing": "expected true or false",
}


class _Loader(yaml.SafeLoader):
    """Safe YAML in which a key given twice is an error."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[object] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if isinstance(key, Hashable) and key in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key '{key}' stands twice", key_node.start_mark
                )
            seen.add(key)
        return super().construct_mapping(node, deep=deep)


def load_study(path: Path, overrides: Sequence[str] = ()) -> Study:
    """Return the study in a YAML file, with ``a.b=value`` overrides applied.

    Raises
    ------
    StudyError
        With all problems found: syntax, unknown keys, wrong types, contradictions.
    """
    return study_from_dict(read_tree(path), overrides, where=str(path))


def read_tree(path: Path) -> Any:
    """Return what stands in a YAML file, unchecked.

    Raises
    ------
    StudyError
        The file cannot be read, or is not YAML.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise StudyError([f"the file cannot be read ({error})"], where=str(path)) from error
    try:
        return yaml.load(text, Loader=_Loader)
    except yaml.YAMLError as error:
        said = " ".join(str(error).split()).replace('"<unicode string>"', path.name)
        raise StudyError([f"not valid YAML: {said}"], where=str(path)) from error


def study_from_dict(tree: Any, overrides: Sequence[str] = (), *, where: str = "study") -> Study:
    """Return a study from nested dictionaries; see `load_study`."""
    if not isinstance(tree, dict):
        raise StudyError([f"a study is a mapping of keys, found {type(tree).__name__}"], where=where)
    problems: list[str] = []
    for override in overrides:
        problem = _apply(tree, override)
        if problem:
            problems.append(problem)
    problems += [f"{key}: expected a finite number; found {value}" for key, value in _endless(tree)]
    try:
        study = Study.model_validate(tree)
    except ValidationError as error:
        problems += problems_of(error, Study)
        raise StudyError(problems, where=where) from error
    if problems:
        raise StudyError(problems, where=where)
    return study


def to_yaml(study: Study) -> str:
    """Return the resolved study, defaults included, as YAML that `load_study` reads back to the same study."""
    return yaml.safe_dump(study.model_dump(mode="json"), sort_keys=False, allow_unicode=True, width=110)


def _apply(tree: dict[str, Any], override: str) -> str | None:
    path, equals, text = override.partition("=")
    if not equals or not path:
        return f"--set {override}: expected KEY.KEY=VALUE"
    try:
        value = yaml.load(text, Loader=_Loader)
    except yaml.YAMLError:
        return f"--set {override}: the value is not valid YAML"
    *parents, last = path.split(".")
    node: Any = tree
    for key in parents:
        if isinstance(node, dict) and node.get(key) is None:
            node[key] = {}
        node = _child(node, key)
        if not isinstance(node, dict | list):
            return f"--set {path}: '{key}' is not a section"
    if isinstance(node, list):
        if not last.isdigit() or int(last) >= len(node):
            return f"--set {path}: '{last}' is not a position in a list of {len(node)}"
        node[int(last)] = value
    else:
        node[last] = value
    return None


def _child(node: Any, key: str) -> Any:
    if isinstance(node, list):
        return node[int(key)] if key.isdigit() and int(key) < len(node) else None
    return node.get(key)


def _endless(node: Any, where: str = "") -> Iterator[tuple[str, float]]:
    """Yield the numbers of a tree that are infinite or no numbers, and where they stand."""
    if isinstance(node, float) and not math.isfinite(node):
        yield where, node
    items = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, value in items:
        yield from _endless(value, f"{where}.{key}" if where else str(key))


def problems_of(error: ValidationError, model: type[BaseModel]) -> list[str]:
    """Return one sentence for each problem that `model` found, unknown keys with the nearest known one."""
    return [_message(item, model) for item in error.errors()]


def _message(item: Any, model: type[BaseModel]) -> str:
    location = [part for part in item["loc"] if isinstance(part, str | int)]
    shown = ".".join(str(part) for part in location) or model.__name__.lower()
    if item["type"] == "extra_forbidden":
        known = _known_keys(model, location[:-1])
        return f"{shown}: unknown key '{location[-1]}'; {nearest(str(location[-1]), known)}"
    if item["type"] == "missing":
        return f"{shown}: missing; it has no default"
    if item["type"] == "literal_error":
        given = _short(str(item["input"]))
        choices = [part.strip("' ") for part in item["ctx"]["expected"].replace(" or ", ", ").split(",")]
        return f"{shown}: found '{given}'; {nearest(given, choices)} (one of {', '.join(choices)})"
    text = _EXPECTED.get(item["type"]) or str(item["msg"]).removeprefix("Value error, ")
    text = text.replace("Input should be", "must be")
    found = item["input"]
    return f"{shown}: {text}" + ("" if isinstance(found, dict | list) else f"; found {_short(repr(found))}")


def _short(text: str, longest: int = 80) -> str:
    return text if len(text) <= longest else f"{text[:longest]}... ({len(text)} characters)"


def _known_keys(model: Any, location: Sequence[str | int]) -> list[str]:
    """Return the keys known at a place in the study, walking the typed sections."""
    kind: Any = model
    for part in location:
        kind = _section_of(kind)
        if isinstance(kind, type) and issubclass(kind, BaseModel) and part in kind.model_fields:
            kind = kind.model_fields[str(part)].annotation
        else:
            arguments = [a for a in typing.get_args(kind) if a is not Ellipsis]
            kind = arguments[-1] if arguments else kind
    kind = _section_of(kind)
    return list(kind.model_fields) if isinstance(kind, type) and issubclass(kind, BaseModel) else []


def _section_of(kind: Any) -> Any:
    """Return the section inside ``X | None`` and the like."""
    if typing.get_origin(kind) in (types.UnionType, typing.Union):
        return next(a for a in typing.get_args(kind) if a is not type(None))
    return kind
