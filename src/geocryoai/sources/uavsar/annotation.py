"""The annotation file of a UAVSAR product: ``key (unit) = value ; comment``, in all its versions.

Version 1 has no unit on some keys; versions 2 and 2.2 write ``(&)`` for text and ``(-)`` for pure numbers; stacks
have a version of their own. A value may be a list, ``N/A`` or empty; a comment may state the size of the named file.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from geocryoai.core.errors import SourceError, nearest
from geocryoai.core.units import convert

_UNIT = re.compile(r"\(([^()]*)\)\s*$")
_SIZE = re.compile(r"File Size\s+(\d+)\s+bytes", re.IGNORECASE)
_DATE = re.compile(r"(\d{1,2})-([A-Za-z]{3})-(\d{4})\s+(\d{2}):(\d{2}):(\d{2})(?:\s+UTC)?$")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_ABSENT = frozenset({"", "N/A", "n/a", "NA"})
_NO_UNIT = frozenset({"", "&", "-", "pixels"})


@dataclass(frozen=True)
class Entry:
    """One line of an annotation.

    Attributes
    ----------
    text : str
        The value as it stands, without comment.
    unit : str
        As it stands between the brackets; empty where there is none.
    comment : str
    """

    text: str
    unit: str
    comment: str


@dataclass(frozen=True)
class Annotation:
    """What an annotation says, by key.

    Attributes
    ----------
    entries : mapping
        Key -> entry, in the order of the file.
    where : str
        The file, for messages.
    """

    entries: Mapping[str, Entry]
    where: str

    @property
    def version(self) -> str:
        """Version of the annotation's grammar; ``1`` where the file states none."""
        found = [entry.text for key, entry in self.entries.items() if key.endswith("Annotation File Version Number")]
        return found[0] if found else "1"

    @property
    def kind(self) -> str:
        """``RPI`` (a repeat-pass pair), ``Stack`` or ``PolSAR``."""
        if "Stack Name" in self.entries:
            return "Stack"
        return "RPI" if self.optional("Processing Mode") == "RPI" else "PolSAR"

    @cached_property
    def files(self) -> dict[str, tuple[str, int]]:
        """Name of each file of the product -> the key that names it, and its stated size [bytes]."""
        sizes = {}
        for key, entry in self.entries.items():
            match = _SIZE.search(entry.comment)
            if match is not None:
                sizes[entry.text] = (key, int(match[1]))
        return sizes

    def optional(self, *keys: str) -> str | None:
        """Return the value of the first key that is there and has one."""
        for key in keys:
            entry = self.entries.get(key)
            if entry is not None and entry.text not in _ABSENT:
                return entry.text
        return None

    def text(self, *keys: str) -> str:
        """Return the value of the first key that has one.

        Raises
        ------
        SourceError
            None of the keys is there, or all are empty or N/A.
        """
        found = self.optional(*keys)
        if found is None:
            there = [key for key in keys if key in self.entries]
            what = f"the key '{there[0]}' has no value" if there else f"the key '{keys[0]}' is absent"
            raise SourceError(what, where=self.where, next_step=None if there else nearest(keys[0], self.entries))
        return found

    def numbers(self, *keys: str) -> tuple[float, ...]:
        """Return the numbers of a value, which blanks or commas part."""
        text = self.text(*keys)
        try:
            return tuple(float(part) for part in re.split(r"[,\s]+", text.strip()))
        except ValueError as error:
            raise SourceError(
                "the value is not a number", where=f"{self.where}, {keys[0]}", found=f"'{text}'"
            ) from error

    def number(self, *keys: str) -> float:
        """Return the one number of a value, in the unit of the file."""
        found = self.numbers(*keys)
        if len(found) != 1:
            raise SourceError("several numbers where one should be", where=f"{self.where}, {keys[0]}", found=str(found))
        return found[0]

    def whole(self, *keys: str) -> int:
        """Return the one whole, positive number of a value (lines, samples, bytes, looks)."""
        found = self.number(*keys)
        if found != int(found) or found < 1:
            raise SourceError("not a whole, positive number", where=f"{self.where}, {keys[0]}", found=f"{found:g}")
        return int(found)

    def quantity(self, *keys: str, unit: str, usual: str) -> float:
        """Return a number in `unit`; `usual` is what version 1 means where it states none."""
        value = self.number(*keys)
        key = next(key for key in keys if self.optional(key) is not None)
        stated = self.entries[key].unit
        return float(convert(value, usual if stated in _NO_UNIT else stated, unit))

    def time(self, *keys: str) -> np.datetime64:
        """Return a time of acquisition [UTC] (``31-Aug-2017 17:55:51 UTC``)."""
        text = self.text(*keys)
        match = _DATE.match(text.strip())
        month = match[2].lower() if match else ""
        if match is None or month not in _MONTHS:
            raise SourceError(
                "not a time", where=f"{self.where}, {keys[0]}", found=f"'{text}'", expected="31-Aug-2017 17:55:51 UTC"
            )
        number = _MONTHS.index(month) + 1
        return np.datetime64(f"{match[3]}-{number:02d}-{int(match[1]):02d}T{match[4]}:{match[5]}:{match[6]}", "us")


def parse_annotation(text: str, where: str) -> Annotation:
    """Return the entries of an annotation.

    Parameters
    ----------
    text : str
    where : str
        The file, for messages.

    Raises
    ------
    SourceError
        A line that is not of the grammar, a key that is given two values, or no key at all.
    """
    entries: dict[str, Entry] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.lstrip().startswith(";"):
            continue
        key, entry = _parse_line(line, f"{where}, line {number}")
        if key in entries and entries[key].text != entry.text:
            raise SourceError(
                f"the key '{key}' has two values", where=f"{where}, line {number}",
                found=f"'{entries[key].text}' and '{entry.text}'",
            )  # fmt: skip
        entries[key] = entry
    if not entries:
        raise SourceError("the annotation is empty", where=where)
    return Annotation(entries, where)


def read_annotation(path: Path, where: str | None = None) -> Annotation:
    """Return the annotation in a file; see `parse_annotation`."""
    name = where or path.name
    if not path.is_file():
        beside = [p.name for p in path.parent.glob("*.ann")] if path.parent.is_dir() else []
        raise SourceError("the annotation does not exist", where=name, next_step=nearest(path.name, beside))
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise SourceError("not an annotation: the file is not text", where=name) from error
    return parse_annotation(text, name)


def _parse_line(line: str, where: str) -> tuple[str, Entry]:
    left, equals, right = line.partition("=")
    if not equals or not left.strip():
        raise SourceError("not a line of an annotation", where=where, found=f"'{line.strip()[:60]}'",
                          expected="key (unit) = value ; comment")  # fmt: skip
    value, _, comment = right.partition(";")
    if not comment:
        value, _, comment = value.partition(" ! ")
    unit = _UNIT.search(left)
    key = left[: unit.start()] if unit else left
    return " ".join(key.split()), Entry(value.strip().strip('"'), unit[1].strip() if unit else "", comment.strip())
