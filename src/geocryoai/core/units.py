"""Unit conversion that knows molecules (g C is not g CO2) and calendars (a month has days)."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

from geocryoai.core.errors import UnitError
from geocryoai.core.variables import Direction, Variable, variable

if TYPE_CHECKING:
    import pint

Number = TypeVar("Number", bound=Any)

#: Molar masses [g mol-1] (IUPAC 2021 abridged standard atomic weights).
MOLAR_MASS = {"C": 12.011, "CO2": 44.009, "CH4": 16.043}

#: Days of a mean month (365.25 / 12), for a monthly total that carries no date.
MEAN_MONTH_DAYS = 30.4375

_CARBON = "|".join(sorted(MOLAR_MASS, key=len, reverse=True))
_AMOUNT = re.compile(rf"\b(?P<prefix>[kmunpMGTP]?|micro|µ|μ)(?P<base>mol|g)[ _]?(?:-?)(?P<what>{_CARBON})\b")
_AMBIGUOUS = re.compile(r"(?<![A-Za-z_])(?:[kmunpMGTP]|µ|μ)?(?:g|mol) ?m(?:\^|\*\*)?-2")
_GLYPHS = str.maketrans({"\u00b5": "u", "\u03bc": "u", "\u2212": "-", "\u00b7": " "})
_SPELLING = {
    "°c": "degC", "deg c": "degC", "celsius": "degC", "c": "degC", "degrees celsius": "degC", "degree_celsius": "degC",
    "k": "kelvin", "kelvin": "kelvin", "%": "percent", "fraction": "1", "-": "1", "": "1", "unitless": "1",
    "ppm": "umol mol-1", "ppb": "nmol mol-1", "degrees": "degree", "deg": "degree", "wfv": "1",
    "degc": "degC", "m3 m-3": "1", "m3/m3": "1", "m2 m-2": "1",
}  # fmt: skip


@cache
def _registry() -> pint.UnitRegistry[Any]:
    import pint

    registry: pint.UnitRegistry[Any] = pint.UnitRegistry(cache_folder=None)
    registry.define("molC = [carbon_amount] = molC")
    for name, mass in MOLAR_MASS.items():
        registry.define(f"g{name} = molC / {mass}")
        if name != "C":
            registry.define(f"mol{name} = molC")
    registry.define("ymonth = [calendar_month]")
    return registry


def _normalise(unit: str) -> str:
    text = unit.strip()
    text = _SPELLING.get(text.lower(), text)
    text = text.translate(_GLYPHS)
    text = _AMOUNT.sub(lambda m: f"{'u' if m['prefix'] == 'micro' else m['prefix']}{m['base']}{m['what']}", text)
    text = re.sub(r"(?<=[A-Za-z0-9])\s*(?:\^|\*\*)\s*\{?(-?\d+)\}?", r"**\1", text)
    text = re.sub(r"([A-Za-z]+)(-?\d+)(?![\w*])", _exponent, text)
    text = re.sub(r"\b(?:months?|mo|mon)\b", "ymonth", text)
    text = re.sub(r"\b(?:yr|years?|a)\b", "year", text)
    text = re.sub(r"\bd\b", "day", text)
    return re.sub(r"(?<=[\w)])\s+(?=[A-Za-z(])", " * ", text)


def _exponent(match: re.Match[str]) -> str:
    name, power = match.group(1), match.group(2)
    if name.endswith(("CO", "CH")) or f"{name}{power}".endswith(("CO2", "CH4")):
        return match.group(0)
    return f"{name}**{power}"


def parse(unit: str) -> pint.Unit:
    """Return the pint unit meant by a string in any common spelling.

    Parameters
    ----------
    unit : str
        For example ``"umol CO2 m-2 s-1"``, ``"umolCO2 m-2 s-1"``, ``"gC/m^2/day"``, ``"W/m^2"``, ``"°C"``.

    Raises
    ------
    UnitError
        The unit is unknown, or an amount per area that does not say which substance.
    """
    text = _normalise(unit)
    if _AMBIGUOUS.search(unit) and not re.search(_CARBON, unit):
        raise UnitError(
            "the unit does not say of what substance the amount is",
            found=f"'{unit}'",
            expected="for example 'g C m-2 d-1' or 'umol CO2 m-2 s-1'",
        )
    try:
        return _registry().parse_units(text)
    except Exception as error:
        raise UnitError("the unit is not understood", found=f"'{unit}'", expected="a UDUNITS-like unit") from error


def convert(
    values: Number,
    unit: str,
    to: str | Variable,
    *,
    positive: Direction | None = None,
    days_in_month: Any = None,
) -> Number:
    """Convert values to another unit, or to a variable's canonical unit and sign.

    Parameters
    ----------
    values : float or array
        Values in `unit`.
    unit : str
        Unit of `values`.
    to : str or Variable
        Target unit, or a variable, whose canonical unit and sign are then taken.
    positive : {"up", "down"}, optional
        Direction that counts as positive in `values`; required when `to` is a flux variable with a direction.
    days_in_month : float or array, optional
        Days of the month each value stands for; required when just one of the two units is per month.

    Returns
    -------
    float or array
        Values in the target unit and sign.

    Raises
    ------
    UnitError
        Dimensions differ, the sign of a flux is not declared, or a month's length is needed and not given.

    Examples
    --------
    >>> round(convert(1.0, "umol CO2 m-2 s-1", "g C m-2 d-1"), 5)
    1.03775
    >>> round(convert(1.0, "nmol CH4 m-2 s-1", "mg CH4 m-2 d-1"), 5)
    1.38612
    """
    target_unit = to.unit if isinstance(to, Variable) else to
    scale = 1.0
    if isinstance(to, Variable) and to.positive is not None:
        if positive is None:
            raise UnitError(
                "the direction of a flux must be declared, it is never guessed",
                where=to.name,
                expected="positive='up' or positive='down'",
            )
        scale = 1.0 if positive == to.positive else -1.0
    source, target = parse(unit), parse(target_unit)
    source, target, month = _resolve_month(source, target, unit, target_unit, days_in_month)
    registry = _registry()
    if source.dimensionality != target.dimensionality:
        where = to.name if isinstance(to, Variable) else None
        raise UnitError(
            "the units measure different things", where=where, found=f"'{unit}'", expected=f"like '{target_unit}'"
        )
    if source == target:
        return values * (scale * month)
    if _is_offset(source) or _is_offset(target):
        zero = registry.Quantity(0.0, source).to(target).magnitude
        one = registry.Quantity(1.0, source).to(target).magnitude
        return values * (one - zero) + zero
    factor = registry.Quantity(1.0, source).to(target).magnitude
    return values * (factor * scale * month)


def to_canonical(
    values: Number, unit: str, name: str, *, positive: Direction | None = None, days_in_month: Any = None
) -> Number:
    """Convert values to the canonical unit and sign of the variable called `name`; see `convert`."""
    return convert(values, unit, variable(name), positive=positive, days_in_month=days_in_month)


def _is_offset(unit: pint.Unit) -> bool:
    return str(unit) in {"degree_Celsius", "degree_Fahrenheit"}


def _resolve_month(
    source: pint.Unit, target: pint.Unit, unit: str, target_unit: str, days: Any
) -> tuple[pint.Unit, pint.Unit, Any]:
    registry = _registry()
    power = source.dimensionality.get("[calendar_month]", 0) - target.dimensionality.get("[calendar_month]", 0)
    if power == 0:
        return source, target, 1.0
    if days is None:
        raise UnitError(
            "a conversion between months and days needs the length of the month",
            found=f"'{unit}' to '{target_unit}'",
            next_step="Give days_in_month (30.4375 d where the month is unknown).",
        )
    per_day = registry.day**power
    if "[calendar_month]" in source.dimensionality:
        return source / registry.ymonth**power * per_day, target, days**power
    return source, target * registry.ymonth**power / registry.day ** (power), days**power
