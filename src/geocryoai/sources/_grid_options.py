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
from geocryoai.sources._intervals import Interval
from geocryoai.sources._options import check_unit, known_variable


class GridVariable(Section):
    """A variable of the file: the house variable it is, or a name and unit of its own."""

    variable: str | None = Field(None, description="house name, alias or CF standard name")
    name: str | None = Field(None, pattern=r"^[a-z][a-z0-9_]*$", description="another name for the field")
    unit: str = Field("", description="unit in the file; empty: its attribute")
    positive: Direction | None = Field(None, description="for fluxes: what counts as positive in the file")
    missing: tuple[float, ...] = Field((), description="sentinels, beside the attribute's")
    trust_range: bool = Field(False, description="accept a field that is mostly implausible")

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

    name: str | None = Field(None, description="time axis, where it is not recognised")
    interval: Interval | None = Field(None, description="what a stamp without bounds stands for")
    date: str | None = Field(None, description="year, month or day of a file without time axis")
    static: bool = Field(False, description="the file does not change in time")

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

    variables: dict[str, GridVariable] = Field(min_length=1, description="what is read, by the name in the file")
    time: GridTime = Field(GridTime(), description="where the time stands")
    x: str | None = Field(None, description="horizontal axis, where it is not recognised")
    y: str | None = Field(None, description="horizontal axis, where it is not recognised")
    crs: str | None = Field(None, description="where the file states none, or a wrong one")
    select: dict[str, float] = Field(default_factory=dict, description="further dimension -> coordinate to take")
    block: int = Field(512, ge=16, le=8192, description="cells along a side of a block that is read at once")
    title: str = Field("", description="what the file is")
    licence: str = Field("", description="terms of use, repeated in the report")
    citation: str = Field("", description="how to cite it, repeated in the report")
    doi: str = Field("", description="without the address")
    url: str = Field("", description="where it is from")

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
