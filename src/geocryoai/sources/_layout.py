"""The declared layout of a gridded product: where each variable stands, how it is packed, placed and dated.

One description serves the built-in products (`geocryoai.sources.gridded`) and a mission that a user declares in a study
(`geocryoai.sources.mission`): a layout is data, not code.
"""

from __future__ import annotations

import re
from typing import Literal, Self

from pydantic import Field, field_validator, model_validator

from geocryoai.core.calendar import parse_period
from geocryoai.core.errors import GeoCryoAIError
from geocryoai.core.projection import read_crs
from geocryoai.core.study.model import Section
from geocryoai.sources._grid_options import GridVariable
from geocryoai.sources._intervals import Interval

Container = Literal["netcdf", "hdf5", "geotiff"]
Accumulation = Literal["record", "hour", "day"]

#: What a pattern for file names may call its groups.
DATE_GROUPS = frozenset({"date", "year", "month", "day", "doy", "hour", "minute"})


class BitField(Section):
    """Some bits of a quality word, counted from the least significant: which of their values are accepted."""

    first: int = Field(ge=0, le=31, description="lowest bit, 0 is the least significant")
    count: int = Field(1, ge=1, le=32, description="number of bits")
    accept: tuple[int, ...] = Field(min_length=1, description="values of these bits that are accepted")


class Quality(Section):
    """Which cells count: whole ``values`` of a quality variable, or fields of ``bits``; all conditions must hold.

    The variable is ``path`` in the same file; where that is absent and each band is a file, it stands in the file whose
    name has ``replace`` replaced by ``by``.
    """

    path: str = Field("", description="variable of the file that holds the flags")
    pattern: bool = Field(False, description="path is a regular expression that one name must match")
    replace: str = Field("", description="part of the file name to replace, where flags have a file of their own")
    by: str = Field("", description="what takes its place")
    accept: tuple[int, ...] = Field((), description="whole values that are accepted")
    bits: tuple[BitField, ...] = Field((), description="fields of bits")

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if not self.path and not self.replace:
            raise ValueError("declare path (a variable) or replace and by (a file of its own)")
        if not self.accept and not self.bits:
            raise ValueError("declare accept or bits: which flags are good")
        return self


class LayerLayout(GridVariable):
    """One variable of a product: a grid's variable, and where it stands and how it is packed.

    A scale in the file wins over a declared one, and must be equal to it where the layout says ``exact_scale``.
    """

    path: str = Field("", description="name or path in the file; GeoTIFF: band_1, or the band's description")
    pattern: bool = Field(False, description="path is a regular expression that one name must match")
    file: str = Field("", description="regular expression for the names of the files that hold it")
    unit_from: Literal["declared", "either", "file"] = Field(
        "declared", description="which unit counts: the declared one, the file's or else that, or only the file's"
    )
    file_unit: str = Field("", description="unit in the file, whatever it states, where `unit` is that of the field")
    spellings: dict[str, tuple[str, float]] = Field(
        default_factory=dict, description="unit as the file spells it -> unit and factor"
    )
    scale: float | None = Field(None, description="factor of stored numbers, where the file states none")
    offset: float | None = Field(None, description="added after the scale, where the file states none")
    exact_scale: bool = Field(False, description="a file that states another scale is refused")
    packed: bool = Field(False, description="stored as scaled numbers: a file without any scale is refused")
    stored: tuple[float, float] | None = Field(None, description="range of stored numbers; others are missing")
    empty: float | None = Field(None, description="what a missing cell stands for, where it is no gap")
    presence: str | None = Field(None, description="name of a further field: 1 where there is a value, else 0")
    quality: Quality | None = Field(None, description="which cells count")
    take: tuple[int, ...] = Field((), description="entries of the leading dimensions of an HDF5 variable")
    accumulated: Accumulation | None = Field(None, description="a sum over its record, over an hour, or since midnight")
    statistic: str = Field("", description="CF cell_methods, where the file states none")
    optional: bool = Field(False, description="left out where the file has none")

    @field_validator("file")
    @classmethod
    def _expression(cls, value: str) -> str:
        return compiled(value)

    @model_validator(mode="after")
    def _path(self) -> Self:
        if self.pattern:
            compiled(self.path)
        return self


class TimeLayout(Section):
    """When: an ``axis``, a ``pattern`` for the file name, an ``attribute`` of the file, one ``date``, or ``static``.

    Where a name does not fit the pattern and the file has a time axis, that is taken.

    ``interval`` or ``hours`` or ``days`` say how long a record lasts; ``stamp`` where in it the stamp stands.
    """

    axis: str | None = Field(None, description="time axis, where it is not recognised")
    pattern: str = Field("", description="regular expression with the groups year, month, day, doy, hour, minute")
    attribute: str = Field("", description="attribute of the file that holds an ISO date")
    date: str | None = Field(None, description="year, month or day that the files stand for")
    static: bool = Field(False, description="does not change in time")
    interval: Interval | None = Field(None, description="what a stamp stands for")
    hours: float | None = Field(None, gt=0, description="length of a record [h]")
    days: float | None = Field(None, gt=0, description="length of a record [d], at most to the next one")
    stamp: Literal["start", "middle", "end"] = Field("start", description="where in its record a stamp stands")

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        ways = [bool(self.pattern), bool(self.attribute), self.date is not None, self.static, self.axis is not None]
        if sum(ways) > 1:
            raise ValueError("declare one of axis, pattern, attribute, date, static")
        if sum(part is not None for part in (self.interval, self.hours, self.days)) > 1:
            raise ValueError("declare one of interval, hours, days")
        if (self.pattern or self.attribute) and self.interval is None and self.hours is None and self.days is None:
            raise ValueError("how long a record lasts is missing: interval, hours or days")
        if self.pattern:
            groups = set(re.compile(compiled(self.pattern)).groupindex)
            if not groups or groups - DATE_GROUPS or not groups & {"year", "date"}:
                known = ", ".join(sorted(DATE_GROUPS))
                raise ValueError(f"the pattern needs the group year or date; groups that are known: {known}")
        if self.date is not None:
            try:
                parse_period(self.date)
            except GeoCryoAIError as error:
                raise ValueError(str(error)) from error
        return self


class KnownGrid(Section):
    """A grid that is exactly known, where the file does not say it or says it with drift."""

    crs: str = Field(description="CRS")
    left: float = Field(description="left edge in the CRS")
    top: float = Field(description="upper edge in the CRS")
    cell: float = Field(gt=0, description="cell size in the unit of the CRS")
    width: int = Field(ge=1, description="number of columns")
    height: int = Field(ge=1, description="number of rows")

    @field_validator("crs")
    @classmethod
    def _known(cls, value: str) -> str:
        return _crs(value)


class Layout(Section):
    """How the files of a product are to be read."""

    container: Container | None = Field(None, description="netcdf, hdf5 or geotiff; default: by the files' first bytes")
    files: str = Field("", description="regular expression for the names of the files of a folder")
    layers: dict[str, LayerLayout] = Field(min_length=1, description="what is read, by any name")
    time: TimeLayout = Field(TimeLayout(), description="when")
    x: str | None = Field(None, description="horizontal axis, where it is not recognised")
    y: str | None = Field(None, description="horizontal axis, where it is not recognised")
    crs: str | None = Field(None, description="where the file states none")
    crs_path: str = Field("", description="HDF5: variable that holds the CRS")
    crs_attribute: str = Field("", description="HDF5: its attribute that holds the EPSG code, WKT or PROJ text")
    grids: tuple[KnownGrid, ...] = Field((), description="grids the product is known to come on")
    snap: float = Field(0.0, ge=0, description="drift of the corner that is put right, in parts of a cell")
    select: dict[str, float] = Field(default_factory=dict, description="further dimension -> coordinate to take")
    group: str = Field("", description="group of a NetCDF file that holds the variables")
    block: int = Field(512, ge=16, le=8192, description="cells along a side of a block that is read at once")

    @field_validator("files")
    @classmethod
    def _expression(cls, value: str) -> str:
        return compiled(value)

    @field_validator("crs")
    @classmethod
    def _known(cls, value: str | None) -> str | None:
        return None if value is None else _crs(value)

    @model_validator(mode="after")
    def _names_differ(self) -> Self:
        names = [layer.house for layer in self.layers.values()]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"two layers are given the name {', '.join(twice)}; tell them apart with name")
        return self


def compiled(value: str) -> str:
    """Return a regular expression; ValueError where it is none."""
    try:
        re.compile(value)
    except re.error as error:
        raise ValueError(f"'{value}' is not a regular expression: {error}") from error
    return value


def _crs(value: str) -> str:
    try:
        read_crs(value)
    except GeoCryoAIError as error:
        raise ValueError(str(error)) from error
    return value
