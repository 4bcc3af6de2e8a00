"""The catalogue of sources as text for the command line."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from geocryoai.core.errors import GeoCryoAIError, nearest
from geocryoai.sources.base import SourceInfo
from geocryoai.sources.catalogue import fetch_hint

_WIDTH = 100
_INDENT = 14


def describe_sources(infos: list[SourceInfo], name: str | None) -> str:
    """Return all sources as a listing, or one of them in full.

    Parameters
    ----------
    infos : list of SourceInfo
    name : str or None
        Name of the source to be told in full.

    Raises
    ------
    GeoCryoAIError
        No source has that name.
    """
    if name is None:
        return _listing(infos)
    for info in infos:
        if info.name == name:
            return _entry(info)
    raise GeoCryoAIError(
        f"no source is called '{name}'", where="sources", next_step=nearest(name, [info.name for info in infos])
    )


def _listing(infos: Sequence[SourceInfo]) -> str:
    rows = [("name", "kind", "measures", "licence")]
    rows += [
        (info.name, info.kind, textwrap.shorten(", ".join(info.measures) or "-", 34, placeholder=" ..."), info.licence)
        for info in sorted(infos, key=lambda info: info.name)
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    lines = [
        "  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[3]]) for row in rows
    ]
    return "\n".join([*lines, "", "In full, with citation and traps: geocryoai sources NAME"])


def _entry(info: SourceInfo) -> str:
    covariates = [f"{name} [{unit}]" for name, unit in info.covariates.items()]
    parts = [
        f"{info.name}: {info.title}",
        "",
        _field("kind", info.kind),
        _field("formats", ", ".join(info.formats)),
        _field("measures", ", ".join(info.measures) or "nothing that is learnt"),
        _field("covariates", ", ".join(covariates) or "none, or as declared in the study"),
        _field("licence", info.licence),
        _field("citation", info.citation),
        _field("DOI", info.doi or "none"),
        _field("url", info.url or "none"),
        _field("files", fetch_hint(info)),
    ]
    if info.quirks:
        parts += ["", "The reader takes care of:"]
        parts += [_wrapped(quirk, "  - ", "    ") for quirk in info.quirks]
    return "\n".join(parts)


def _field(label: str, text: str) -> str:
    return _wrapped(text, label.ljust(_INDENT), " " * _INDENT)


def _wrapped(text: str, first: str, later: str) -> str:
    return textwrap.fill(
        text, _WIDTH, initial_indent=first, subsequent_indent=later, break_long_words=False, break_on_hyphens=False
    )
