"""Options of the general grid reader."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from geocryoai.core.calendar import parse_period
from geocryoai.core.errors import GeoCryoAIError
from geocryoai.core.projection import read_crs
from geocryoai.core.study.model import Section
from geocryoai.core.units import parse
from geocryoai.core.variables import Direction, Variable
from geocryoai.sources._options import check_unit, known_variable
from geocryoai.sources._timestamps import Interval


class GridVariable(Section):
    """A variable of the file: the house variable it is, or a name and unit of its own."""

    variable: str | None = None
    name: str | None = Field(None, pattern=r"^[a-z][a-z0-9_]*$")
    unit: str = ""
    positive: Direction | None = None
    missing: tuple[float, ...] = ()
    trust_range: bool = False

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.variable is None and self.name is None:
            raise ValueError("declare variable (a house name), or name and unit")
        if self.meant is None:
            if not self.unit:
                raise ValueError("a name of its own needs a unit ('1' where it has none)")
            try:
                parse(self.unit)
            except GeoCryoAIError as error:
                raise ValueError(str(error)) from error
        elif self.unit:
            check_unit(self.unit, self.meant, self.positive)
        return self

    @property
    def meant(self) -> Variable | None:
        """The house variable, if it is one."""
        return None if self.variable is None else known_variable(self.variable)

    @property
    def house(self) -> str:
        """Name of the field."""
        return self.name or known_variable(str(self.variable)).name

    @property
    def canonical_unit(self) -> str:
        """Unit of the field."""
        return self.unit if self.meant is None else self.meant.unit


class GridTime(Section):
    """Time of a grid: ``name`` of its axis, ``interval`` of a stamp without bounds, or one ``date`` for the file."""

    name: str | None = None
    interval: Interval | None = None
    date: str | None = None
    static: bool = False

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.static and self.date is not None:
            raise ValueError("declare date or static, not both")
        if self.date is not None:
            try:
                parse_period(self.date)
            except GeoCryoAIError as error:
                raise ValueError(str(error)) from error
        return self


class GridOptions(Section):
    """How a gridded file is to be read; see `geocryoai.sources.grid`."""

    variables: dict[str, GridVariable] = Field(min_length=1)
    time: GridTime = GridTime()
    x: str | None = None
    y: str | None = None
    crs: str | None = None
    select: dict[str, float] = Field(default_factory=dict)
    block: int = Field(512, ge=16, le=8192, description="cells along a side of a block that is read at once")
    title: str = ""
    licence: str = ""
    citation: str = ""
    doi: str = ""
    url: str = ""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        names = [variable.house for variable in self.variables.values()]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"two variables are given the name {', '.join(twice)}; tell them apart with name")
        if self.crs is not None:
            try:
                read_crs(self.crs)
            except GeoCryoAIError as error:
                raise ValueError(str(error)) from error
        return self
