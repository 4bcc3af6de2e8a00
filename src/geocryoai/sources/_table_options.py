"""Options of the general table reader."""

from __future__ import annotations

from collections import Counter
from typing import Literal, Self

from pydantic import Field, model_validator

from geocryoai.core.study.model import Section
from geocryoai.sources._options import CovariateColumn, MeasuredColumn
from geocryoai.sources._timestamps import TimeSection


class TableOptions(Section):
    """How a user's table is to be read; see `geocryoai.sources.table`."""

    columns: dict[str, MeasuredColumn] = Field(default_factory=dict, description="what was measured, by file column")
    covariates: dict[str, CovariateColumn] = Field(
        default_factory=dict, description="what goes with the records, by file column"
    )
    time: TimeSection | None = Field(None, description="where the time of a row stands")
    site: str | None = Field(None, description="column of names of sites")
    site_name: str | None = Field(None, description="one site for the whole file")
    lon: str | float | None = Field(None, description="column, or one longitude [degree east]")
    lat: str | float | None = Field(None, description="column, or one latitude [degree north]")
    x: str | None = Field(None, description="column of projected coordinates, with `crs`")
    y: str | None = Field(None, description="column of projected coordinates, with `crs`")
    crs: str | None = Field(None, description="CRS of `x` and `y`")
    missing: tuple[float, ...] = Field((), description="sentinels of this file, beside the usual ones")
    rows: dict[str, tuple[str, ...]] = Field(default_factory=dict, description="column -> values: only such rows")
    duplicates: Literal["error", "first", "keep"] = Field(
        "error", description="two values of a variable at one place, time and depth"
    )
    support_m: float | None = Field(None, gt=0, description="size of what a measurement stands for [m]")
    separator: str = Field(",", description="between cells of a CSV")
    encoding: str = Field("utf-8", description="of a CSV")
    lines_before_header: int = Field(0, ge=0, description="lines to skip")
    rows_after_header: int = Field(0, ge=0, description="rows to skip, for example one of units")
    sheet: str | None = Field(None, description="of an Excel file; none: the first")
    title: str = Field("", description="what the file is")
    licence: str = Field("", description="terms of use, repeated in the report")
    citation: str = Field("", description="how to cite it, repeated in the report")
    doi: str = Field("", description="without the address")
    url: str = Field("", description="where it is from")

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        problems = [*self._column_problems(), *self._place_problems()]
        if problems:
            raise ValueError("; ".join(problems))
        return self

    def _column_problems(self) -> list[str]:
        problems = []
        if not self.columns and not self.covariates:
            problems.append("declare at least one of columns and covariates")
        bare = [name for name, column in self.columns.items() if not column.unit]
        bare += [name for name, column in self.covariates.items() if not column.unit and not column.text]
        problems += [f"'{name}' needs a unit ('1' where it has none)" for name in bare]
        names = Counter(column.name for column in self.covariates.values())
        problems += [f"two columns are given the name '{name}'" for name, count in names.items() if count > 1]
        for name in sorted(self.hidden_columns() & set(self.open_columns())):
            problems.append(f"column '{name}' is measured, so it cannot also be a covariate, place, time or row filter")
        return problems

    def _place_problems(self) -> list[str]:
        problems = []
        if (self.lon is None) != (self.lat is None):
            problems.append("lon and lat go together")
        given = [value is not None for value in (self.x, self.y, self.crs)]
        if any(given) and not all(given):
            problems.append("x, y and crs go together: coordinates without their CRS mean nothing")
        if self.lon is not None and self.x is not None:
            problems.append("declare lon and lat, or x, y and crs, not both")
        if self.site is not None and self.site_name is not None:
            problems.append("declare site (a column) or site_name (one name for all rows), not both")
        return problems

    def hidden_columns(self) -> set[str]:
        """Columns that hold measurements or go with them, and are not looked at when targets are not to be read."""
        hidden = set(self.columns)
        for column in self.columns.values():
            hidden |= {name for name in (column.sigma_column, column.quality_column, column.depth_column) if name}
        return hidden

    def open_columns(self) -> list[str]:
        """Columns that the records are made of."""
        places = (self.site, self.lon, self.lat, self.x, self.y)
        times = self.time.columns if self.time is not None else []
        named = [*self.rows, *(place for place in places if isinstance(place, str)), *times, *self.covariates]
        return list(dict.fromkeys(named))
