"""The catalogue of sources: what can be read, under which terms, how to cite and where to get it."""

from __future__ import annotations

from geocryoai.sources import READERS
from geocryoai.sources.base import SourceInfo


def catalogue() -> list[SourceInfo]:
    """Return what every registered reader says of itself, sorted by name; imports each reader."""
    return [READERS.get(name).info for name in READERS.names()]


def fetch_hint(info: SourceInfo) -> str:
    """Return one sentence on where the files of a source come from; nothing is downloaded unless a user asks for it.

    Examples
    --------
    >>> fetch_hint(SourceInfo("a", "A", "fields", "CC0", "A (2000)", ("nc",), doi="10.5/x"))
    'Get the files (nc) from https://doi.org/10.5/x and name their path in the study.'
    """
    from geocryoai.sources.fetch.routes import ROUTES, Order

    formats = ", ".join(info.formats)
    route = ROUTES.get(info.name)
    if isinstance(route, Order):
        return f"{route.how}."
    if route is not None:
        return f"Fetch the files ({formats}) with `geocryoai fetch {info.name}` and name their path in the study."
    places = [f"https://doi.org/{info.doi}"] if info.doi else []
    places += [info.url] if info.url else []
    if not places:
        return f"Your own files ({formats}): name their path in the study and declare what they hold."
    return f"Get the files ({formats}) from {' or '.join(places)} and name their path in the study."
