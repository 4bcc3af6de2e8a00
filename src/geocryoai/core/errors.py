"""Errors a user can act on: what happened, where, found, expected, next step."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from difflib import get_close_matches
from typing import Any

#: More known choices than this are not listed in a hint.
MANY = 30


class GeoCryoAIError(Exception):
    """Base of every error that geocryoai raises on purpose.

    Parameters
    ----------
    what : str
        What went wrong, one clause.
    where : str, optional
        File, variable or attribute concerned.
    found, expected : str, optional
        The offending value and what would have been right.
    next_step : str, optional
        What the user can do about it.
    """

    exit_code = 2

    def __init__(
        self,
        what: str,
        *,
        where: str | None = None,
        found: object = None,
        expected: object = None,
        next_step: str | None = None,
    ) -> None:
        self.what = what
        self.where = where
        self.found = found
        self.expected = expected
        self.next_step = next_step
        super().__init__(self.paragraph())

    def __reduce__(self) -> tuple[Callable[..., GeoCryoAIError], tuple[Any, ...]]:
        """Travel between processes whatever the arguments of a child's constructor are."""
        return _as_it_was, (type(self), self.args, dict(self.__dict__))

    def paragraph(self) -> str:
        """Return the whole message as one paragraph."""
        parts = [self.what if self.where is None else f"{self.where}: {self.what}"]
        if self.found is not None:
            parts.append(f"found {self.found}")
        if self.expected is not None:
            parts.append(f"expected {self.expected}")
        text = "; ".join(parts)
        text += "" if text.endswith((".", "?")) else "."
        if self.next_step is None:
            return text
        step = self.next_step[:1].upper() + self.next_step[1:]
        return f"{text} {step}" if step.endswith((".", "?")) else f"{text} {step}."


class StudyError(GeoCryoAIError):
    """The study file is wrong; carries every problem found, not only the first."""

    def __init__(self, problems: Sequence[str], *, where: str | None = None) -> None:
        self.problems = list(problems)
        count = len(self.problems)
        noun = "problem" if count == 1 else "problems"
        listed = "\n".join(f"  {i}. {p}" for i, p in enumerate(self.problems, 1))
        super().__init__(f"{count} {noun} in the study\n{listed}", where=where)


class SourceError(GeoCryoAIError):
    """A source file is missing, damaged or not what it was declared to be."""


class PartlyDoneError(SourceError):
    """Some of many inputs could not be used; the others were, and what was made of them is there."""

    exit_code = 3


class UnitError(GeoCryoAIError):
    """A unit is unknown, ambiguous or of the wrong dimension."""


class GridError(GeoCryoAIError):
    """A grid, CRS or position cannot be used."""


class CalendarError(GeoCryoAIError):
    """A date or calendar cannot be used."""


class CubeError(GeoCryoAIError):
    """Fields or observations cannot be brought together, or a gap is not an expected one."""


class ModelError(GeoCryoAIError):
    """A learner or process was given something it cannot work with."""


class ProtocolError(GeoCryoAIError):
    """A split cannot be made, or would leak."""


class RunError(GeoCryoAIError):
    """A run folder is missing, damaged or of another study."""


class MissingDependencyError(GeoCryoAIError):
    """An optional dependency is needed and not installed."""

    def __init__(self, package: str, *, extra: str, needed_for: str) -> None:
        super().__init__(
            f"{needed_for} needs the package '{package}', which is not installed",
            next_step=f"Install it with: pip install 'geocryoai[{extra}]'",
        )


def _as_it_was(kind: type[GeoCryoAIError], args: tuple[Any, ...], state: dict[str, Any]) -> GeoCryoAIError:
    error = kind.__new__(kind, *args)
    error.args = args
    error.__dict__.update(state)
    return error


def nearest(name: str, choices: Iterable[str]) -> str:
    """Return a hint naming the closest known choice; without a close one all of them, or some when they are many.

    >>> nearest("tagets", ["targets", "task"])
    "did you mean 'targets'?"
    """
    known = sorted(set(choices))
    close = get_close_matches(name, known, n=1, cutoff=0.6)
    if close:
        return f"did you mean '{close[0]}'?"
    if len(known) > MANY:
        some = get_close_matches(name, known, n=MANY // 2, cutoff=0.0)
        return f"the nearest of {len(known)}: {', '.join(some)}"
    listed = ", ".join(known) if known else "none"
    return f"known: {listed}"
