"""Numbers, units and names as a reader of the report sees them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from math import floor, isfinite, log10

from geocryoai.core.variables import variable

_MINUS = "\u2212"
_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")

#: Stands where there is no number.
NOTHING = "\u2013"

#: What each protocol of the registry asks, in plain words.
PROTOCOLS = {
    "leave_site_out": "Each site is predicted by learners that never saw it.",
    "spatial_blocks": "Blocks of the map are left out whole, so that no near neighbour trains.",
    "region_out": "Whole regions are left out, so that the learner is judged where it has never been.",
    "rolling_origin": (
        "From each origin on, later periods are forecast from what was known before it; free running: each step is "
        "fed with the forecast's own earlier steps."
    ),
    "random_rows": (
        "Rows are drawn by lot, so a site is on both sides: this says nothing about new places or later times."
    ),
}


def decimals_for(values: Iterable[float | None], digits: int = 3) -> int:
    """Return how many decimals show the largest of some values with that many significant digits (0 to 6)."""
    sizes = [abs(value) for value in values if value is not None and isfinite(value) and value != 0]
    if not sizes:
        return digits - 1
    largest = float(f"{max(sizes):.{digits - 1}e}")
    return min(6, max(0, digits - 1 - floor(log10(largest))))


def number(value: float | None, decimals: int | None = None) -> str:
    """Return a number, three significant digits unless told otherwise; a dash where there is none.

    Examples
    --------
    >>> number(-0.01234), number(None), number(12345.6)
    ('\u22120.0123', '\u2013', '12,346')
    """
    if value is None or not isfinite(value):
        return NOTHING
    places = decimals_for([value]) if decimals is None else decimals
    text = f"{value:,.{places}f}"
    return (text[1:] if float(text.replace(",", "")) == 0 and text.startswith("-") else text).replace("-", _MINUS)


def interval(low: float | None, high: float | None, decimals: int | None = None) -> str:
    """Return an interval in words; nothing where it is not known."""
    if low is None or high is None or not (isfinite(low) and isfinite(high)):
        return ""
    places = decimals_for([low, high]) if decimals is None else decimals
    return f"{number(low, places)} to {number(high, places)}"


def percent(share: float | None, decimals: int = 0) -> str:
    """Return a share in per cent."""
    return NOTHING if share is None or not isfinite(share) else f"{number(100 * share, decimals)} %"


def count(n: int, one: str, several: str | None = None) -> str:
    """Return a number of things.

    Examples
    --------
    >>> count(1, "site"), count(1200, "site")
    ('1 site', '1,200 sites')
    """
    return f"{n:,} {one if n == 1 else several or one + 's'}"


def unit_text(unit: str) -> str:
    """Return a unit with raised exponents and lowered counts of atoms.

    Examples
    --------
    >>> unit_text("umol CO2 m-2 s-1")
    'µmol CO₂ m⁻² s⁻¹'
    """
    text = re.sub(r"(?<=[A-Za-z])-\d+", lambda match: match[0].translate(_SUPERSCRIPT), unit)
    text = text.replace("CO2", "CO₂").replace("CH4", "CH₄").replace("H2O", "H₂O").replace("degC", "°C")
    return re.sub(r"\bu(?=mol|m\b)", "µ", text)


def long_name_of(target: str) -> str:
    """Return the long name of a variable, formulas with lowered numbers."""
    return unit_text(variable(target).long_name)


def title_of(target: str) -> str:
    """Return the long name of a variable without what stands in brackets."""
    name = long_name_of(target).split(" (")[0]
    return name[0].upper() + name[1:]


def axis_of(target: str, part: str = "") -> str:
    """Return the label of an axis: the variable, what of it, and its unit."""
    unit = unit_text(variable(target).unit)
    return f"{part + ' ' if part else ''}{target} [{unit}]"


def plain(name: str) -> str:
    """Return a name of the study as words."""
    return name.replace("_", " ")


def shorten(text: str, most: int) -> str:
    """Return a text cut to some length, with an ellipsis where it was."""
    return text if len(text) <= most else text[: most - 1] + "…"


def enumerate_words(names: Sequence[str]) -> str:
    """Return names as 'a, b and c'."""
    return names[0] if len(names) == 1 else ", ".join(names[:-1]) + " and " + names[-1] if names else ""
