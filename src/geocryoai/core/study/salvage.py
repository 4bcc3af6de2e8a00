"""What is left of a study with mistakes: its sound parts as a study, so that they can be checked in the same pass."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from geocryoai.core.study.model import Study

#: Passes in which mistakes are taken out; each can bring others to light.
_PASSES = 12

#: Sections on which others rest: without them, what is said of those is no news.
_BASES = ("period", "domain")


@dataclass(frozen=True)
class Salvaged:
    """The sound parts of a study.

    Attributes
    ----------
    study : Study
    removed : tuple of str
        Places that were taken out or filled with a stand-in, such as ``sources.probes.optins``.
    """

    study: Study
    removed: tuple[str, ...]

    def is_news(self, problem: str) -> bool:
        """Return whether a problem of the sound parts is one of the user's, not one of what was taken out."""
        said_of = problem.partition(":")[0]
        for place in self.removed:
            parts = place.split(".")
            if place.startswith(f"{said_of}."):
                return False
            if problem.startswith(place) or f"'{parts[-1]}'" in problem or (parts[0] in _BASES and parts[0] in problem):
                return False
        return True


def salvage(tree: dict[str, Any]) -> Salvaged | None:
    """Return the sound parts of a study; None where nothing is left that can be checked.

    A wrong value makes way for its default; a section that is not complete without it goes as a whole.

    Parameters
    ----------
    tree : dict
        The study as nested dictionaries; left as it is.
    """
    left, removed = copy.deepcopy(tree), list[str]()
    for _ in range(_PASSES):
        try:
            return Salvaged(Study.model_validate(left), tuple(removed))
        except ValidationError as error:
            places = {tuple(_existing(left, item["loc"])) for item in error.errors()}
        for place in sorted(places, key=_order, reverse=True):
            removed.append(".".join(map(str, place)))
            _take_out(left, place)
        removed += list(_fill(left))
    return None


def _existing(tree: Any, location: Sequence[Any]) -> Iterator[Any]:
    """Yield the part of a place that is in the tree; parts that only pydantic knows are passed over."""
    node = tree
    for part in location:
        there = part in node if isinstance(node, dict) else _is_position(node, part)
        if not there:
            continue
        node = node[part]
        yield part


def _order(place: tuple[Any, ...]) -> list[str]:
    """Return a key by which places stand in their order, those within a place behind it."""
    return [f"{part:09d}" if isinstance(part, int) else str(part) for part in place]


def _is_position(node: Any, part: Any) -> bool:
    return isinstance(node, list) and isinstance(part, int) and part < len(node)


def _take_out(tree: Any, place: Sequence[Any]) -> None:
    if not place:
        return
    node = tree
    for part in place[:-1]:
        node = node[part]
    del node[place[-1]]


def _fill(tree: dict[str, Any]) -> Iterator[str]:
    """Put stand-ins where a study must have something, and yield where."""
    learners = tree.get("learners")
    learner = next(iter(learners), "") if isinstance(learners, dict) else ""
    stand_ins = {"name": "unnamed", "period": {"start": "1990-01", "end": "2000-12"}, "predict": {"learner": learner}}
    for key, value in stand_ins.items():
        if tree.get(key) is None:
            tree[key] = value
            yield key
