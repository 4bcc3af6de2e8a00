"""Named families of components (readers, learners, metrics, ...), extended by decorator or entry point."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib import import_module
from importlib.metadata import entry_points
from typing import Generic, TypeVar

from geocryoai.core.errors import GeoCryoAIError, nearest

T = TypeVar("T")


class Registry(Generic[T]):
    """A family of components by name.

    Built-in members are declared as ``name -> "module:attribute"`` so that listing names imports nothing; other
    packages add theirs through the entry-point group ``geocryoai.<family>`` or at run time with `register`.

    Parameters
    ----------
    family : str
        Plural name of the family, as it stands in messages and in the entry-point group.
    builtin : dict of str to str
        Name of each built-in member and where it is defined.
    """

    def __init__(self, family: str, builtin: dict[str, str] | None = None) -> None:
        self.family = family
        self._targets: dict[str, str] = dict(builtin or {})
        self._members: dict[str, T] = {}
        self._entry_points_read = False

    def register(self, name: str) -> Callable[[T], T]:
        """Return a decorator that adds a member under `name`; a name taken already is an error."""

        def add(member: T) -> T:
            if name in self._members or name in self._targets:
                raise GeoCryoAIError(f"the name '{name}' is taken already", where=self.family)
            self._members[name] = member
            return member

        return add

    def names(self) -> list[str]:
        """Return all known names, sorted; imports no member."""
        self._read_entry_points()
        return sorted({*self._targets, *self._members})

    def __contains__(self, name: str) -> bool:
        return name in self.names()

    def __iter__(self) -> Iterator[str]:
        return iter(self.names())

    def get(self, name: str) -> T:
        """Return the member called `name`, importing its module when first asked for.

        Raises
        ------
        GeoCryoAIError
            Nothing has that name; the message names the nearest one.
        """
        if name in self._members:
            return self._members[name]
        self._read_entry_points()
        if name not in self._targets:
            raise GeoCryoAIError(f"no {self.family} member is called '{name}'", next_step=nearest(name, self.names()))
        module, _, attribute = self._targets[name].partition(":")
        member: T = getattr(import_module(module), attribute)
        self._members[name] = member
        return member

    def _read_entry_points(self) -> None:
        if self._entry_points_read:
            return
        self._entry_points_read = True
        for point in entry_points(group=f"geocryoai.{self.family}"):
            self._targets.setdefault(point.name, point.value)
