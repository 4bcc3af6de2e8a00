"""Typed options of the readers that a user configures: which column holds what, in which unit and sign."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, Self, TypeVar

from pydantic import Field, ValidationError, model_validator

from geocryoai.core.errors import GeoCryoAIError, SourceError
from geocryoai.core.study.load import problems_of
from geocryoai.core.study.model import Section
from geocryoai.core.units import convert, parse
from geocryoai.core.variables import Direction, Variable, variable, variables

Options = TypeVar("Options", bound=Section)

Quality = Literal["measured", "filled", "doubtful"]


class MeasuredColumn(Section):
    """A column of measured values, which become observations.

    ``unit`` is that of the file; ``positive`` the direction that counts as positive there (fluxes only); ``quality``
    says what each value of ``quality_column`` means; ``trust_range`` accepts values beyond the plausible range.
    """

    variable: str = Field(description="house name, alias or CF standard name")
    unit: str = Field("", description="unit in the file; `1` where it has none")
    positive: Direction | None = Field(None, description="for fluxes: what counts as positive in the file")
    sigma_column: str | None = Field(None, description="column of standard errors, in the same unit")
    quality_column: str | None = Field(None, description="column of flags")
    quality: dict[str, Quality] = Field(default_factory=dict, description="what each flag means")
    depth: float | None = Field(None, ge=0, description="depth below the surface [m]")
    depth_column: str | None = Field(None, description="column of depths below the surface")
    depth_unit: str = Field("m", description="of `depth_column`")
    method: str = Field("", description="how it was measured")
    trust_range: bool = Field(False, description="accept a column that is mostly implausible")

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        meant = known_variable(self.variable)
        if self.unit:
            check_unit(self.unit, meant, self.positive)
        if self.depth is not None and self.depth_column is not None:
            raise ValueError("declare depth or depth_column, not both")
        if bool(self.quality_column) != bool(self.quality):
            raise ValueError("quality_column and quality (flag -> measured, filled or doubtful) go together")
        return self

    @property
    def meant(self) -> Variable:
        """The variable that the column holds."""
        return variable(self.variable)


class CovariateColumn(Section):
    """A column that goes with the records.

    ``name`` is a house name, or a name of its own; with ``variable`` a column of any name is brought to that
    variable's unit and range (``{name: ts_10cm, variable: ts, unit: degC}``). ``text`` marks a column of words.
    """

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$", description="house name, or a name of its own")
    unit: str = Field("", description="unit in the file; `1` where it has none")
    variable: str | None = Field(None, description="variable whose unit and range a name of its own takes")
    positive: Direction | None = Field(None, description="for fluxes: what counts as positive in the file")
    text: bool = Field(False, description="a column of words")
    trust_range: bool = Field(False, description="accept a column that is mostly implausible")

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.text and self.variable:
            raise ValueError("a column of words stands for no variable")
        if self.unit and self.meant is not None:
            check_unit(self.unit, self.meant, self.positive)
        elif self.unit and not self.text:
            _understood(self.unit)
        return self

    @property
    def meant(self) -> Variable | None:
        """The variable that the column holds, if it is one of the house."""
        if self.text:
            return None
        if self.variable is not None:
            return known_variable(self.variable)
        return variables().get(self.name)

    @property
    def canonical_unit(self) -> str:
        """Unit in the record table."""
        if self.text:
            return "category"
        return self.unit if self.meant is None else self.meant.unit


def known_variable(name: str) -> Variable:
    """Return a variable, or raise a ValueError as pydantic wants it."""
    try:
        return variable(name)
    except GeoCryoAIError as error:
        raise ValueError(str(error)) from error


def check_unit(unit: str, meant: Variable, positive: Direction | None) -> None:
    """Raise a ValueError where `unit` and `positive` cannot be brought to the variable's own."""
    if positive is not None and meant.positive is None:
        raise ValueError(f"'positive' is for fluxes; {meant.name} has no direction")
    try:
        convert(1.0, unit, meant, positive=positive, days_in_month=30.0)
    except GeoCryoAIError as error:
        raise ValueError(str(error)) from error


def validated(model: type[Options], options: Mapping[str, Any], where: str) -> Options:
    """Return the typed options of a reader.

    Raises
    ------
    SourceError
        With every problem found, unknown keys with the nearest known one.
    """
    try:
        return model.model_validate(dict(options))
    except ValidationError as error:
        problems = problems_of(error, model)
        listed = "\n".join(f"  {i}. {problem}" for i, problem in enumerate(problems, 1))
        noun = "problem" if len(problems) == 1 else "problems"
        raise SourceError(f"{len(problems)} {noun} in the options\n{listed}", where=where) from error


def _understood(unit: str) -> None:
    try:
        parse(unit)
    except GeoCryoAIError as error:
        raise ValueError(str(error)) from error
