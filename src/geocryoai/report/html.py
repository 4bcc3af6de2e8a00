"""A few helpers that build HTML: whatever is not `Html` already is escaped."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Sequence
from html import escape
from importlib.resources import files

_VOID = frozenset({"br", "hr", "img", "meta"})


class Html(str):
    """Text that is HTML already and must not be escaped again."""

    __slots__ = ()


def html(part: object) -> Html:
    """Return a part as HTML; plain text is escaped, None is nothing.

    Examples
    --------
    >>> html("a < b")
    'a &lt; b'
    """
    if part is None:
        return Html("")
    return part if isinstance(part, Html) else Html(escape(str(part), quote=True))


def join(parts: Iterable[object], between: str = "") -> Html:
    """Return parts one after the other."""
    return Html(between.join(html(part) for part in parts))


def tag(name: str, /, *parts: object, **attributes: object) -> Html:
    """Return an element; a trailing underscore of an attribute's name is dropped, None leaves the attribute out.

    Examples
    --------
    >>> tag("p", "n > 3", class_="note")
    '<p class="note">n &gt; 3</p>'
    """
    shown = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(str(value), quote=True)}"'
        for key, value in attributes.items()
        if value is not None
    )
    if name in _VOID:
        return Html(f"<{name}{shown}>")
    return Html(f"<{name}{shown}>{join(parts)}</{name}>")


def paragraphs(*texts: object) -> Html:
    """Return one paragraph per text that is not empty."""
    return join(tag("p", text) for text in texts if text)


def listing(items: Iterable[object]) -> Html:
    """Return a list; nothing where it would be empty."""
    points = [tag("li", item) for item in items]
    return tag("ul", *points) if points else Html("")


def table(
    head: Sequence[object],
    rows: Sequence[Sequence[object]],
    *,
    caption: object,
    classes: Sequence[str | None] | None = None,
    text_columns: Sequence[int] = (0,),
) -> Html:
    """Return a table whose first column names its rows.

    Parameters
    ----------
    head, rows : sequence
    caption : object
    classes : sequence of str or None, optional
        Class of each row.
    text_columns : sequence of int
        Columns set flush left; the others hold numbers.
    """
    kinds = ["text" if i in text_columns else None for i in range(len(head))]
    top = tag("tr", *[tag("th", cell, scope="col", class_=kind) for cell, kind in zip(head, kinds, strict=True)])
    lines = []
    for i, row in enumerate(rows):
        first, *others = row
        cells = [tag("th", first, scope="row")]
        cells += [tag("td", cell, class_=kind) for cell, kind in zip(others, kinds[1:], strict=True)]
        lines.append(tag("tr", *cells, class_=classes[i] if classes else None))
    content = [tag("caption", caption), tag("thead", top), tag("tbody", *lines)]
    return tag("div", tag("table", *content), class_="wide")


def image(png: bytes, *, width: int, alt: str, caption: object) -> Html:
    """Return a figure with its picture inside the page, shown at some width [px] or what fits."""
    source = "data:image/png;base64," + b64encode(png).decode("ascii")
    return tag("figure", tag("img", src=source, alt=alt, width=width), tag("figcaption", caption))


def section(anchor: str, title: object, *parts: object, level: int = 2) -> Html:
    """Return a section with a heading that can be linked to."""
    return tag("section", tag(f"h{level}", title), *parts, id=anchor)


def page(title: str, *parts: object) -> str:
    """Return a whole page that asks nothing of the network."""
    style = files("geocryoai.report").joinpath("report.css").read_text(encoding="utf-8")
    head = [
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("title", title),
        tag("style", Html(style)),
    ]
    return "<!DOCTYPE html>\n" + tag("html", tag("head", *head), tag("body", *parts), lang="en") + "\n"
