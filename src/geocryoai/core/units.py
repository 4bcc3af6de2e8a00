"""Unit conversion that knows molecules (g C is not g CO2) and calendars (a month has days)."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar, cast

from geocryoai.core.errors import UnitError
from geocryoai.core.variables import Direction, Variable, variable

if TYPE_CHECKING:
    import pint

Number = TypeVar("Number", bound=Any)

#: Molar masses [g mol-1] (IUPAC 2021 abridged standard atomic weights).
MOLAR_MASS = {"C": 12.011, "CO2": 44.009, "CH4": 16.043}

#: Days of a mean month (365.25 / 12), for a monthly total that carries no date.
MEAN_MONTH_DAYS = 30.4375

#: Density of liquid water [kg m-3], by which a water mass per area is a depth.
WATER_DENSITY = 1000.0

#: Photons in the photosynthetic band of sunlight [umol J-1] (Thimijan and Heins 1983, HortScience 18, 818-822).
PHOTONS_PER_JOULE = 4.57

#: Spelling of a whole unit -> the spelling used here.
_WHOLE = {
    **dict.fromkeys(("c", "celsius"), "degC"),
    **dict.fromkeys(("f", "fahrenheit"), "degF"),
    **dict.fromkeys(("ppm", "ppmv"), "umol mol-1"),
    **dict.fromkeys(("ppb", "ppbv"), "nmol mol-1"),
    "%": "percent",
}
#: Whole units that say that there is none.
_PURE = frozenset({"1", "-", "fraction", "unitless", "dimensionless", "wfv"})
#: Spelling of one symbol inside a unit -> its name in pint.
_SYMBOLS = {
    **dict.fromkeys(("month", "months", "mon", "mo"), "calendar_month"),
    **dict.fromkeys(("a", "y", "yr", "yrs"), "year"),
    **dict.fromkeys(("h", "hr", "hrs"), "hour"),
    **dict.fromkeys(("sec", "secs"), "second"),
    "d": "day",
    "K": "kelvin",
    "deg": "degree",
    "Deg": "degree",
    "mb": "millibar",
    "micromol": "umol",
}
_TEMPERATURES = {"degC": "delta_degC", "degF": "delta_degF"}
#: Micro signs, minus signs, raised dots, super- and subscript digits -> ASCII.
_GLYPHS = str.maketrans(
    "\u00b5\u03bc\u2212\u207b\u00b7\u22c5\u2070\u00b9\u00b2\u00b3\u2074\u2082\u2084", "uu--  0123424"
)
_DEGREES = re.compile(r"(?:°|\bdeg(?:rees?)?)[\s_]?(?P<scale>[cf])(?:elsius|ahrenheit)?\b", re.IGNORECASE)
_FACTOR = re.compile(
    r"\s*(?P<divide>/|\bper\b)?[\s*.]*"
    r"(?:(?P<amount>(?:micro|[kmunpMGTP])?(?:mol|g|t))[\s_-]?"
    r"(?P<what>CO2-C|CH4-C|C-CO2|C-CH4|CO2|CH4|H2O|C|photons?)(?![A-Za-z0-9])"
    r"|(?P<symbol>[A-Za-z_]+))"
    r"(?:(?:\^|\*\*)?\{?(?P<power>[+-]?\d+)\}?)?"
)


class _Factor(NamedTuple):
    symbol: str
    what: str
    power: int


class _Reading(NamedTuple):
    unit: pint.Unit
    molecule: str | None


@cache
def _registry() -> pint.UnitRegistry[Any]:
    import pint

    registry: pint.UnitRegistry[Any] = pint.UnitRegistry(cache_folder=None)
    registry.define("molC = [carbon]")
    for name, mass in MOLAR_MASS.items():
        registry.define(f"g{name} = molC / {mass}")
        registry.define(f"t{name} = 1e6 * g{name}")
        if name != "C":
            registry.define(f"mol{name} = molC")
    registry.define(f"gH2O = {1e-3 / WATER_DENSITY} m**3")
    registry.define(f"molphoton = {1e6 / PHOTONS_PER_JOULE} J")
    registry.define("calendar_month = [calendar_month]")
    return registry


def _not_understood(unit: object) -> UnitError:
    return UnitError(
        "the unit is not understood", found=f"'{unit}'", expected="a unit such as 'W m-2', 'degC' or 'g C m-2 d-1'"
    )


def _factors(unit: str) -> list[_Factor]:
    """Return the factors of a unit, each a symbol, the substance it is of, and its power."""
    text = unit.strip().translate(_GLYPHS)
    text = _WHOLE.get(text.lower(), text).replace("w.e.", "")
    text = _DEGREES.sub(lambda match: "deg" + match["scale"].upper(), text)
    text = re.sub(r"/\s*\(([^()]*)\)", lambda match: "/" + "/".join(re.split(r"[\s*.]+", match[1].strip())), text)
    factors: list[_Factor] = []
    position = 0
    while position < len(text.rstrip()):
        match = _FACTOR.match(text, position)
        if match is None:
            raise _not_understood(unit)
        position = match.end()
        power = int(match["power"] or 1) * (-1 if match["divide"] else 1)
        symbol = (match["amount"] or match["symbol"]).replace("micro", "u")
        factors.append(_Factor(_SYMBOLS.get(symbol, symbol), (match["what"] or "").removesuffix("s"), power))
    return factors


@cache
def _read(unit: str, water: bool = False) -> _Reading:
    """Return the pint unit and the molecule that it names; `water` says that a bare mass is of water."""
    registry = _registry()
    if unit.strip() in _PURE:
        return _Reading(registry.Unit(""), None)
    factors = _factors(unit)
    if water:
        factors = [f._replace(what="H2O") if f.symbol in {"g", "kg"} and not f.what else f for f in factors]
    mole_fraction = any(factor.symbol == "mol" and not factor.what for factor in factors)
    product = registry.Unit("")
    for symbol, what, power in factors:
        name = symbol
        if what and not (mole_fraction and symbol.endswith("mol")):
            name += "C" if "-" in what else what
        if len(factors) > 1 or power != 1:
            name = _TEMPERATURES.get(name, name)
        try:
            product = product * registry.Unit(name) ** power
        except Exception as error:
            raise _not_understood(unit) from error
    if {"[mass]", "[substance]"} & set(product.dimensionality) and product.dimensionality.get("[length]", 0) == -2:
        raise UnitError(
            "the unit does not say of what substance the amount is",
            found=f"'{unit}'",
            expected="for example 'g C m-2 d-1' or 'umol CO2 m-2 s-1'",
        )
    named = (molecule for _, what, _ in factors for molecule in ("CO2", "CH4", "H2O") if molecule in what)
    return _Reading(product, next(named, None))


def parse(unit: str, *, water: bool = False) -> pint.Unit:
    """Return the pint unit meant by a string in any common spelling.

    Parameters
    ----------
    unit : str
        For example ``"umol CO2 m-2 s-1"``, ``"umolCO2 m-2 s-1"``, ``"gC/m^2/day"``, ``"W/m^2"``, ``"°C"``; ``"1"`` for
        a pure number.
    water : bool
        Whether a bare mass is of water, as in ``"kg m-2 s-1"`` of precipitation.

    Raises
    ------
    UnitError
        There is no unit, it is unknown, or it is an amount per area that does not say of which substance.
    """
    return _read(_spelled(unit), water).unit


def _spelled(unit: object) -> str:
    if not isinstance(unit, str) or not unit.strip():
        raise UnitError("a value came without a unit", found=repr(unit), expected="a unit, or '1' for a pure number")
    return unit


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
        Dimensions or molecules differ, the sign of a flux is not declared, or a month's length is needed and not given.

    Examples
    --------
    >>> round(convert(1.0, "umol CO2 m-2 s-1", "g C m-2 d-1"), 5)
    1.03775
    >>> round(convert(1.0, "nmol CH4 m-2 s-1", "mg CH4 m-2 d-1"), 5)
    1.38612
    """
    about = to if isinstance(to, Variable) else None
    target_unit = about.unit if about else _spelled(to)
    molecule = about.molecule if about else None
    water = molecule == "H2O"
    source, target = _read(_spelled(unit), water), _read(target_unit, water)
    where = about.name if about else None
    mismatch = UnitError(
        "the units measure different things", where=where, found=f"'{unit}'", expected=f"like '{target_unit}'"
    )
    if source.molecule and (molecule or target.molecule) not in (None, source.molecule):
        raise mismatch
    source_unit, month = _without_months(source.unit, target.unit, mismatch, days_in_month)
    if source_unit.dimensionality != target.unit.dimensionality:
        raise mismatch
    quantity = _registry().Quantity
    zero = float(quantity(0.0, source_unit).to(target.unit).magnitude)
    slope = float(quantity(1.0, source_unit).to(target.unit).magnitude) - zero
    converted: Any = values * (slope * _sign(about, positive) * month)
    return cast("Number", converted + zero if zero else converted)


def to_canonical(
    values: Number, unit: str, name: str, *, positive: Direction | None = None, days_in_month: Any = None
) -> Number:
    """Convert values to the canonical unit and sign of the variable called `name`; see `convert`."""
    return convert(values, unit, variable(name), positive=positive, days_in_month=days_in_month)


def _sign(about: Variable | None, positive: Direction | None) -> float:
    """Return 1, or -1 where the declared direction is against the variable's own."""
    if about is None or about.positive is None:
        return 1.0
    if positive not in ("up", "down"):
        raise UnitError(
            "the direction of a flux must be declared, it is never guessed",
            where=about.name,
            found=None if positive is None else f"'{positive}'",
            expected="positive='up' or positive='down'",
        )
    return 1.0 if positive == about.positive else -1.0


def _without_months(source: pint.Unit, target: pint.Unit, mismatch: UnitError, days: Any) -> tuple[pint.Unit, Any]:
    """Return the source unit with months as the target has them, and the factor for the values."""
    has: Any = source.dimensionality
    wants: Any = target.dimensionality
    power = has.get("[calendar_month]", 0) - wants.get("[calendar_month]", 0)
    if power == 0:
        return source, 1.0
    if abs(power) != 1:
        raise mismatch
    if days is None:
        raise UnitError(
            "a conversion between months and days needs the length of the month",
            where=mismatch.where,
            found=f"{mismatch.found} to {mismatch.expected}",
            next_step="Give days_in_month (30.4375 d where the month is unknown).",
        )
    registry = _registry()
    return source * (registry.day / registry.calendar_month) ** power, days if power > 0 else 1.0 / days
