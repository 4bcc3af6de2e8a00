"""The drivers of a map process as they are given: found, of the right shape and unit, on whole years."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from geocryoai.core.errors import ModelError, UnitError, nearest
from geocryoai.core.units import convert
from geocryoai.processes.checks import Array
from geocryoai.processes.maps.contract import Driver, MapProcess

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray

AXES = (("y", "x"), ("lat", "lon"), ("latitude", "longitude"))


@dataclass(frozen=True)
class Given:
    """A driver as a variable of the fields, or a constant.

    Attributes
    ----------
    driver : Driver
    variable : str or None
        None for a constant.
    constant : float
        In the driver's unit.
    unit : str
        Of the variable.
    sign : float
        By which its values are multiplied.
    fill : float or None
        What a month without value takes, in the driver's unit; None: a gap is an error.
    """

    driver: Driver
    variable: str | None
    constant: float = float("nan")
    unit: str = ""
    sign: float = 1.0
    fill: float | None = None

    def read(self, values: NDArray[np.floating], days: Array) -> Array:
        """Return values (months, ...) or (...) in the driver's unit and sign."""
        length = days.reshape(-1, *(1,) * (values.ndim - 1)) if values.ndim == 3 else None
        number = np.asarray(values, dtype=np.float64)
        converted: Array = np.asarray(convert(number, self.unit, self.driver.unit, days_in_month=length))
        converted = converted if self.sign > 0 else -converted
        if self.fill is None or converted.ndim < 3:
            return converted
        known = np.isfinite(converted)
        return np.where(known.any(axis=0) & ~known, self.fill, converted)


def find_drivers(
    process: MapProcess,
    fields: xr.Dataset,
    drivers: Mapping[str, str | float] | None,
    fill: Mapping[str, float],
    axes: tuple[str, str],
) -> list[Given]:
    """Return the drivers that are given, or raise ModelError with the first that is not as it should be."""
    present = [str(name) for name in fields.data_vars]
    wanted: Mapping[str, str | float]
    if drivers is None:
        wanted = {driver.name: driver.name for driver in process.drivers if driver.name in present}
    else:
        wanted = drivers
    for driver in process.drivers:
        if driver.required and driver.name not in wanted:
            raise ModelError(
                f"the driver '{driver.name}' ({driver.about}) is missing", where=f"process {process.name}",
                next_step=nearest(driver.name, present),
            )  # fmt: skip
    for name, value in fill.items():
        where = f"process {process.name}, fill"
        if name not in wanted:
            raise ModelError(f"no driver '{name}' is given", where=where, next_step=nearest(name, wanted))
        _require_range(process.driver(name), np.asarray(float(value)), f"{where}, {name}")
    given = [_given(process, fields, process.driver(name), source, axes) for name, source in wanted.items()]
    return [replace(each, fill=fill.get(each.driver.name)) for each in given]


def _given(
    process: MapProcess, fields: xr.Dataset, driver: Driver, source: str | float, axes: tuple[str, str]
) -> Given:
    where = f"process {process.name}, driver {driver.name}"
    if not isinstance(source, str):
        _require_range(driver, np.asarray(float(source)), where)
        return Given(driver, None, float(source))
    if source not in fields.data_vars:
        raise ModelError(f"no field is called '{source}'", where=where,
                         next_step=nearest(source, map(str, fields.data_vars)))  # fmt: skip
    field = fields[source]
    if tuple(field.dims) not in {axes, ("time", *axes)} or (driver.static and "time" in field.dims):
        expected = ", ".join(axes if driver.static else ("time", *axes))
        raise ModelError("the field has other dimensions", where=f"{where}, {source}",
                         found=f"({', '.join(map(str, field.dims))})", expected=f"({expected})")  # fmt: skip
    unit = field.attrs.get("units")
    try:
        convert(1.0, str(unit or ""), driver.unit, days_in_month=30.0)
    except UnitError as error:
        raise ModelError("the unit does not fit", where=f"{where}, {source}", found=f"'{unit}'" if unit else "no units",
                         expected=f"'{driver.unit}', or a unit that converts to it") from error  # fmt: skip
    return Given(driver, source, unit=str(unit), sign=_sign(driver, field.attrs.get("positive"), f"{where}, {source}"))


def _sign(driver: Driver, positive: Literal["up", "down"] | None, where: str) -> float:
    if driver.positive is None:
        return 1.0
    if positive not in ("up", "down"):
        raise ModelError("the direction of a flux must be declared, it is never guessed", where=where,
                         expected=f"the attribute positive: up or down (here {driver.positive})")  # fmt: skip
    return 1.0 if positive == driver.positive else -1.0


def horizontal_axes(fields: xr.Dataset) -> tuple[str, str]:
    """Return the names of the vertical and horizontal axis of a map."""
    for axes in AXES:
        if set(axes) <= set(fields.dims):
            return axes
    raise ModelError("the fields have no horizontal axes", found=", ".join(map(str, fields.dims)),
                     expected="y and x, or lat and lon")  # fmt: skip


def month_lengths(fields: xr.Dataset) -> tuple[Array, NDArray[np.int64]]:
    """Return the length of each month [d] in its calendar, and the years; the months are whole years in a row."""
    if "time" not in fields.coords:
        raise ModelError("the fields have no time axis", expected="a coordinate 'time' of months")
    time = fields["time"]
    try:
        year, month = time.dt.year.to_numpy(), time.dt.month.to_numpy()
        days = time.dt.days_in_month.to_numpy().astype(np.float64)
    except (AttributeError, TypeError) as error:
        raise ModelError("the time axis has no dates", where="time", found=str(time.dtype),
                         expected="dates, as xarray decodes them from CF units") from error  # fmt: skip
    number = 12 * year.astype(np.int64) + month
    wrong = np.flatnonzero(np.diff(number) != 1)
    if wrong.size:
        at = int(wrong[0]) + 1
        raise ModelError("the months do not follow each other", where=f"time, position {at}",
                         found=f"{year[at]}-{month[at]:02d} after {year[at - 1]}-{month[at - 1]:02d}")  # fmt: skip
    if month.size == 0 or month[0] != 1 or month[-1] != 12:
        found = "no month" if month.size == 0 else f"{year[0]}-{month[0]:02d} to {year[-1]}-{month[-1]:02d}"
        raise ModelError("the months are not whole calendar years", where="time", found=found,
                         expected="January of the first year to December of the last")  # fmt: skip
    return days, year[::12].astype(np.int64)


def _require_range(driver: Driver, values: Array, where: str) -> None:
    if not ((values >= driver.low) & (values <= driver.high)).all():
        raise ModelError("the constant is out of range", where=where, found=f"{float(values):g}",
                         expected=f"{driver.low:g} to {driver.high:g} {driver.unit}")  # fmt: skip
