"""What a process that runs over maps says of itself: drivers, options, outputs, and the function that runs it."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from geocryoai.core.errors import ModelError, nearest
from geocryoai.processes.checks import Array

if TYPE_CHECKING:
    import xarray as xr

#: Driver -> variable of the fields, or a constant in the driver's unit.
GivenDrivers = Mapping[str, "str | float"]


@dataclass(frozen=True)
class Driver:
    """What drives a process.

    Attributes
    ----------
    name : str
    unit : str
        Canonical unit; others are converted.
    about : str
    static : bool
        Whether it has no time axis; other drivers may be constant, and are then held.
    required : bool
    positive : {"up", "down"} or None
        Direction that counts as positive, for fluxes.
    low, high : float
        Values beyond are refused.
    """

    name: str
    unit: str
    about: str
    static: bool = False
    required: bool = False
    positive: Literal["up", "down"] | None = None
    low: float = -np.inf
    high: float = np.inf


@dataclass(frozen=True)
class Output:
    """What a process gives.

    Attributes
    ----------
    name, unit, long_name : str
    step : {"month", "year"}
    cell_methods : str
    standard_name : str or None
    positive : {"up", "down"} or None
    gaps : str
        Why a value may be missing in a cell that is simulated; empty: it never may.
    """

    name: str
    unit: str
    long_name: str
    step: Literal["month", "year"] = "month"
    cell_methods: str = "time: mean"
    standard_name: str | None = None
    positive: Literal["up", "down"] | None = None
    gaps: str = ""


@dataclass(frozen=True)
class Cells:
    """Cells of one block, masked ones left out.

    Attributes
    ----------
    days : array, shape (months,)
        Length of each month [d]; the months are whole calendar years.
    row : array of int, shape (cells,)
        Row of the block that each cell lies in, ascending.
    values : dict of str to array
        Drivers in their canonical units, shape (months, cells), or (cells,) for those without time.
    first_year : int
        Calendar year of the first month.
    """

    days: Array
    row: NDArray[np.int64]
    values: Mapping[str, Array]
    first_year: int = 0

    @property
    def count(self) -> int:
        """Return the number of cells."""
        return int(self.row.size)

    @property
    def years(self) -> int:
        """Return the number of years."""
        return int(self.days.size) // 12

    def get(self, name: str) -> Array | None:
        """Return a driver, or None where it is not given."""
        return self.values.get(name)

    def by_year(self, values: Array) -> Array:
        """Return monthly values (months, cells) as (years, 12, cells)."""
        return values.reshape(self.years, 12, -1)


@dataclass(frozen=True)
class MapProcess:
    """A process that runs over maps.

    Attributes
    ----------
    name, about : str
    drivers : tuple of Driver
    options : type
        Frozen dataclass that checks itself.
    outputs : callable
        Options -> outputs.
    run : callable
        Cells and options -> arrays by name of output, (months, cells) or (years, cells).
    bytes_per_cell : callable
        Number of months and options -> memory that a cell needs while it runs [B].
    prepare : callable or None
        Fields and drivers -> the same with what follows from the map as a whole (slope from height, say), before it
        is divided into blocks; asked again of what it gave, it changes nothing.
    """

    name: str
    about: str
    drivers: tuple[Driver, ...]
    options: type[Any]
    outputs: Callable[[Any], tuple[Output, ...]]
    run: Callable[[Cells, Any], dict[str, Array]]
    bytes_per_cell: Callable[[int, Any], float]
    prepare: Callable[[xr.Dataset, GivenDrivers | None], tuple[xr.Dataset, GivenDrivers]] | None = None

    def read_options(self, given: Mapping[str, Any]) -> Any:
        """Return the options, or raise ModelError naming the unknown one and the nearest."""
        known = list(inspect.signature(self.options).parameters)
        for key in given:
            if key not in known:
                raise ModelError(f"unknown option '{key}'", where=f"process {self.name}", next_step=nearest(key, known))
        try:
            return self.options(**{k: tuple(v) if isinstance(v, list) else v for k, v in given.items()})
        except (TypeError, ValueError) as error:
            raise ModelError("an option has the wrong kind", where=f"process {self.name}", found=str(error)) from error

    def driver(self, name: str) -> Driver:
        """Return a driver by name, or raise ModelError naming the nearest."""
        for driver in self.drivers:
            if driver.name == name:
                return driver
        known = [driver.name for driver in self.drivers]
        raise ModelError(f"no driver is called '{name}'", where=f"process {self.name}", next_step=nearest(name, known))
