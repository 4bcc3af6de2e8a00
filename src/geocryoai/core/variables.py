"""Typed access to `variables.yml`, the nomenclature of geocryoai."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal

import yaml

from geocryoai.core.errors import GeoCryoAIError, nearest

Direction = Literal["up", "down"]


@dataclass(frozen=True)
class Variable:
    """One variable: canonical unit, sign and ranges.

    Attributes
    ----------
    name : str
        House name, used in every table, field and score.
    unit : str
        Canonical unit; `valid` and `plausible` are in it.
    positive : {"up", "down"} or None
        Direction that counts as positive, for fluxes.
    valid, plausible : tuple of float
        Values outside `valid` are excluded, values outside `plausible` reported.
    cf : str or None
        CF standard name where one exists.
    molecule : {"CO2", "CH4", "H2O"} or None
        Molecule that the variable is about: a unit of another one is refused. A mass of water may be a depth of it.
    """

    name: str
    long_name: str
    unit: str
    field_unit: str
    valid: tuple[float, float]
    plausible: tuple[float, float]
    cf: str | None = None
    positive: Direction | None = None
    molecule: str | None = None
    aliases: tuple[str, ...] = ()


@cache
def variables() -> dict[str, Variable]:
    """Return all variables by house name."""
    text = files("geocryoai.core").joinpath("variables.yml").read_text(encoding="utf-8")
    table: dict[str, Variable] = {}
    for name, entry in yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)).items():
        low, high = entry["valid"]
        usual_low, usual_high = entry["plausible"]
        table[name] = Variable(
            name=name,
            long_name=entry["long_name"],
            unit=entry["unit"],
            field_unit=entry.get("field", entry["unit"]),
            valid=(float(low), float(high)),
            plausible=(float(usual_low), float(usual_high)),
            cf=entry.get("cf"),
            positive=entry.get("positive"),
            molecule=entry.get("molecule"),
            aliases=tuple(entry.get("aliases", ())),
        )
    return table


@cache
def _by_any_name() -> dict[str, str]:
    names = {name: name for name in variables()}
    for variable in variables().values():
        for alias in (*variable.aliases, *([variable.cf] if variable.cf else [])):
            names.setdefault(alias, variable.name)
    return names


def variable(name: str) -> Variable:
    """Return the variable called `name` (house name, alias or CF standard name).

    Raises
    ------
    GeoCryoAIError
        No variable has that name.

    Examples
    --------
    >>> variable("ald").unit
    'm'
    """
    known = _by_any_name()
    if name not in known:
        raise GeoCryoAIError(f"no variable is called '{name}'", next_step=nearest(name, known))
    return variables()[known[name]]
