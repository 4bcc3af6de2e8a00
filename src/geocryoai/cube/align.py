"""Bring a reader's fields to the study grid and month axis, block by block."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from geocryoai.core.errors import CubeError, nearest
from geocryoai.cube.axes import SourceAxes
from geocryoai.cube.regrid import Regridder, TileWeights
from geocryoai.cube.temporal import MonthlyWeights, as_months, monthly_weights

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray

    from geocryoai.core.grid import Grid

    Floats = NDArray[np.floating]
    Months = NDArray[np.datetime64]

#: Memory for each value of a source window while it is averaged: value, mask, and their float64 copies [B].
_BYTES_PER_VALUE = 48

#: Memory for each weight while a tile's matrix is built [B].
_BYTES_PER_WEIGHT = 64


@dataclass(frozen=True)
class AlignOptions:
    """When a cell or month has enough data, and how much memory may be used.

    Attributes
    ----------
    min_area_share : float
        Least share of a cell's area with valid source data [1].
    max_missing_days : float
        Largest share of a month's days without valid records [1].
    memory_mb : float
        Memory for intermediate arrays [MB].
    """

    min_area_share: float = 0.5
    max_missing_days: float = 0.2
    memory_mb: float = 512.0


class FieldAligner:
    """One field on its way to a grid and month axis; the source is read only in `block`, one window at a time.

    Parameters
    ----------
    fields : xarray.Dataset
        A reader's fields, lazy or in memory.
    name : str
        The variable of `fields` to align. One that has only a time holds on all cells of `fields`.
    grid : Grid
    months : array of datetime64
        First day of each month, consecutive.
    options : AlignOptions

    Attributes
    ----------
    categorical : bool
        The values are classes: attribute ``categorical`` is 1, or ``flag_values`` are given.
    circular : bool
        The values are directions [degree]: `aspect`, or attribute ``circular`` is 1.
    monthly : MonthlyWeights or None
        Weights along time; None for a field without time.
    regridder : Regridder
    """

    def __init__(
        self, fields: xr.Dataset, name: str, grid: Grid, months: Months, options: AlignOptions | None = None
    ) -> None:
        if name not in fields.data_vars:
            hint = nearest(name, map(str, fields.data_vars))
            raise CubeError(f"the fields have no variable '{name}'", next_step=hint)
        self.name = name
        self.grid = grid
        self.months = as_months(months)
        self.options = options or AlignOptions()
        axes = SourceAxes.of(fields, name)
        self._array = _ordered(fields[name], axes)
        attributes = self._array.attrs
        self.categorical = bool(attributes.get("categorical", 0)) or "flag_values" in attributes
        self.circular = name == "aspect" or bool(attributes.get("circular", 0))
        self.monthly = self._monthly_weights(fields)
        self.regridder = Regridder(axes, grid, categorical=self.categorical)

    @property
    def dtype(self) -> np.dtype[np.floating]:
        """Return the floating type that holds the source's values."""
        return np.result_type(self._array.dtype, np.float32)

    @property
    def cell_methods(self) -> str:
        """Return the CF cell methods of the aligned values."""
        area = "area: mode" if self.categorical else "area: mean"
        return area if self.monthly is None else f"{area} {self.monthly.cell_methods}"

    def block(self, rows: slice, cols: slice, steps: slice | None = None) -> tuple[Floats, Floats]:
        """Return the values of some cells and months, and the share of each cell's area with valid source data.

        Parameters
        ----------
        rows, cols : slice
            Of the grid, with start and stop.
        steps : slice, optional
            Months, with start and stop; default: all. Ignored for a field without time.

        Returns
        -------
        values, share : array of float, shape (months, rows, columns); (1, rows, columns) for a field without time
            `values` is NaN where missing.
        """
        steps = steps or slice(0, len(self.months))
        n = 1 if self.monthly is None else steps.stop - steps.start
        shape = (n, rows.stop - rows.start, cols.stop - cols.start)
        values, share = np.full(shape, np.nan, self.dtype), np.zeros(shape, np.float32)
        self._fill(values, share, rows, cols, steps)
        return values, share

    def own_cells(self, rows: NDArray[np.integer], cols: NDArray[np.integer], steps: slice) -> Floats:
        """Return monthly values on some of the source's own cells, before they are brought to the grid.

        Parameters
        ----------
        rows, cols : array of int
            Of the source, in file order.
        steps : slice
            Months, with start and stop; ignored for a field without time.

        Returns
        -------
        array of float, shape (months, rows, columns); (1, rows, columns) for a field without time
        """
        space = self._array[..., rows, cols]
        at_once = max(1, int(self.options.memory_mb * 1e6 / 2 / (_BYTES_PER_VALUE * len(rows) * len(cols))))
        return self._reduced(space, steps, (len(rows), len(cols)), at_once)

    def _fill(self, values: Floats, share: Floats, rows: slice, cols: slice, steps: slice) -> None:
        budget = self.options.memory_mb * 1e6 / 2
        cells = values.shape[1] * values.shape[2]
        fits = cells * self.regridder.subpoints**2 * _BYTES_PER_WEIGHT <= budget
        tile = self.regridder.tile(rows, cols) if fits or cells == 1 else None
        if tile is None or tile.source_cells * _BYTES_PER_VALUE > budget:
            self._fill_halves(values, share, rows, cols, steps)
            return
        if tile.source_cells == 0:
            return
        at_once = max(1, int(budget / (_BYTES_PER_VALUE * max(tile.source_cells, cells))))
        for first in range(0, len(values), at_once):
            part = slice(first, min(first + at_once, len(values)))
            months = slice(steps.start + part.start, steps.start + part.stop)
            window = self._window(tile, months, at_once)
            reduce = tile.majority if self.categorical else tile.direction if self.circular else tile.mean
            values[part], share[part] = reduce(window, self.options.min_area_share)

    def _fill_halves(self, values: Floats, share: Floats, rows: slice, cols: slice, steps: slice) -> None:
        height, width = values.shape[1:]
        if height == width == 1:
            raise CubeError(
                "one cell of the grid holds more source data than fits the memory budget", where=self.name,
                found=f"memory_mb = {self.options.memory_mb:g}", next_step="Raise memory_mb or refine the grid.",
            )  # fmt: skip
        if height >= width:
            half = height // 2
            for part in (slice(0, half), slice(half, height)):
                inner = slice(rows.start + part.start, rows.start + part.stop)
                self._fill(values[:, part], share[:, part], inner, cols, steps)
            return
        half = width // 2
        for part in (slice(0, half), slice(half, width)):
            inner = slice(cols.start + part.start, cols.start + part.stop)
            self._fill(values[:, :, part], share[:, :, part], rows, inner, steps)

    def _window(self, tile: TileWeights, months: slice, at_once: int) -> Floats:
        shape = (tile.rows.stop - tile.rows.start, tile.cols.stop - tile.cols.start)
        return self._reduced(self._array[..., tile.rows, tile.cols], months, shape, at_once)

    def _reduced(self, space: xr.DataArray, months: slice, shape: tuple[int, int], at_once: int) -> Floats:
        if self.monthly is None:
            return np.asarray(space.values)[None]
        return self.monthly.reduce(
            lambda records: space[records].values, months, shape,
            min_share=1 - self.options.max_missing_days, at_once=at_once,
        )  # fmt: skip

    def _monthly_weights(self, fields: xr.Dataset) -> MonthlyWeights | None:
        if "time" not in self._array.dims:
            return None
        bounds = str(fields["time"].attrs.get("bounds", "time_bnds"))
        weights = monthly_weights(self._array, self.months, fields[bounds] if bounds in fields.variables else None)
        if (self.categorical or self.circular) and weights.statistic != "copy":
            raise CubeError("classes and directions cannot be averaged over a month", where=self.name)
        return weights


def _ordered(array: xr.DataArray, axes: SourceAxes) -> xr.DataArray:
    expected = ("time", axes.y_name, axes.x_name)
    if array.dims == ("time",):
        array = array.expand_dims({axes.y_name: len(axes.y), axes.x_name: len(axes.x)})
    if not set(array.dims) <= set(expected) or not set(expected[1:]) <= set(array.dims):
        raise CubeError(
            "the dimensions cannot be aligned", where=str(array.name), found=", ".join(map(str, array.dims)),
            expected=f"time (or none), {axes.y_name}, {axes.x_name}",
        )  # fmt: skip
    return array.transpose("time", axes.y_name, axes.x_name, missing_dims="ignore")
