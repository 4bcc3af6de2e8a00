"""Where the cells of a product lie: exact grids, axes of the file, and the part of it that a domain needs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr

from geocryoai.core.errors import GeoCryoAIError, SourceError
from geocryoai.core.projection import LONLAT, read_crs, transformer
from geocryoai.sources._grid_axes import axis_values, find_axis, find_crs
from geocryoai.sources._hdf5 import hdf5_value
from geocryoai.sources._layout import KnownGrid, Layout
from geocryoai.sources._layout_files import OpenFile

Box = tuple[float, float, float, float]

#: Part of a cell by which positions may differ and still be the same.
_SAME = 1e-3
#: Cells read beyond the domain on each side.
_MARGIN = 2
#: Points along a side of the net by which a box is found in another projection.
_NET = 60


@dataclass(frozen=True)
class Place:
    """The cells of a layer: names of its dimensions, centres along each, and the CRS."""

    y_name: str
    x_name: str
    y: np.ndarray
    x: np.ndarray
    crs: str

    def same(self, other: Place) -> bool:
        """Return whether two layers lie on the same cells."""
        if self.y.shape != other.y.shape or self.x.shape != other.x.shape:
            return False
        cell = float(np.abs(np.diff(self.x)).mean()) if self.x.size > 1 else 1.0
        return bool(max(np.abs(self.y - other.y).max(), np.abs(self.x - other.x).max()) < 0.01 * cell)


def place_of(file: OpenFile, array: xr.DataArray, layout: Layout, notes: list[str]) -> Place:
    """Return where the cells of a variable lie.

    Raises
    ------
    SourceError
        No CRS, no axes, or a grid that the product does not come on.
    """
    if file.dataset is None:
        place = _positional(file, array, layout)
    else:
        place = _by_axes(file, file.dataset, array, layout, notes)
    return _snapped(place, layout, file.where, notes) if layout.grids else place


def _positional(file: OpenFile, array: xr.DataArray, layout: Layout) -> Place:
    height, width = array.sizes["y"], array.sizes["x"]
    if layout.y is not None and layout.x is not None:
        y, x = file.vector(layout.y).astype(float).ravel(), file.vector(layout.x).astype(float).ravel()
        crs = layout.crs or (_stated(file, layout) if layout.crs_path else None)
        if crs is None:
            raise SourceError("the grid has no CRS", where=file.where, next_step="Declare crs.")
        if (y.size, x.size) != (height, width):
            raise SourceError(
                "the axes do not fit the variable", where=f"{file.where}, {array.name}",
                found=f"{height} x {width} cells", expected=f"{y.size} x {x.size}",
            )  # fmt: skip
        return Place("y", "x", y, x, crs)
    for grid in layout.grids:
        if (grid.height, grid.width) == (height, width):
            return Place("y", "x", *_centres(grid), grid.crs)
    raise SourceError(
        "the grid has another size", where=f"{file.where}, {array.name}", found=f"{height} x {width} cells",
        expected=_sizes(layout.grids) or "x and y declared",
        next_step="Is the file of another product or version?" if layout.grids else "Declare x, y and crs, or grids.",
    )  # fmt: skip


def _stated(file: OpenFile, layout: Layout) -> str:
    """Return the CRS that a variable of an HDF5 file, or an attribute of it, states."""
    where = f"{file.where}, {layout.crs_path}"
    if layout.crs_path not in file.names:
        raise SourceError("the variable that states the CRS is absent", where=where, next_step="Declare crs.")
    value = hdf5_value(file.path, layout.crs_path, layout.crs_attribute, file.where)
    if value is None:
        raise SourceError("the CRS is not stated", where=where, expected=f"attribute {layout.crs_attribute}")
    text = f"EPSG:{int(value)}" if isinstance(value, int | float | np.number) or str(value).isdigit() else str(value)
    try:
        read_crs(text)
    except GeoCryoAIError as error:
        raise SourceError("the CRS that the file states cannot be used", where=where, found=text[:80]) from error
    return text


def _by_axes(file: OpenFile, dataset: xr.Dataset, array: xr.DataArray, layout: Layout, notes: list[str]) -> Place:
    y = find_axis(dataset, array, "y", layout.y, file.where)
    x = find_axis(dataset, array, "x", layout.x, file.where)
    if y is None or x is None:
        raise SourceError(
            "the horizontal axes are not recognised", where=f"{file.where}, {array.name}",
            found=", ".join(map(str, array.dims)), next_step="Declare x and y.",
        )  # fmt: skip
    stated, implied = (file.crs, None) if file.container == "geotiff" else find_crs(dataset, array, (y, x), file.where)
    crs = layout.crs or stated
    if crs is None:
        raise SourceError("the grid has no CRS", where=file.where, next_step="Declare crs, for example 'EPSG:3338'.")
    if implied and not layout.crs and implied not in notes:
        notes.append(implied)
    if layout.crs and stated and not read_crs(layout.crs).equals(read_crs(stated), ignore_axis_order=True):
        note = f"the file states {read_crs(stated).name}; the declared {read_crs(layout.crs).name} is taken"
        if note not in notes:
            notes.append(note)
    return Place(y, x, axis_values(dataset, y, crs, file.where), axis_values(dataset, x, crs, file.where), crs)


def _snapped(place: Place, layout: Layout, where: str, notes: list[str]) -> Place:
    """Return the place with the exact centres of the known grid that it is, or is a part of."""
    cell = float(np.abs(np.diff(place.x)).mean()) if place.x.size > 1 else float("nan")
    for grid in layout.grids:
        if abs(cell / grid.cell - 1.0) > _SAME or read_crs(grid.crs).is_geographic != read_crs(place.crs).is_geographic:
            continue
        y, x = _centres(grid)
        columns, rows = (place.x - x[0]) / grid.cell, (y[0] - place.y) / grid.cell
        drift = max(np.abs(columns - np.rint(columns)).max(), np.abs(rows - np.rint(rows)).max())
        column, row = np.rint(columns).astype(int), np.rint(rows).astype(int)
        inside = column.min() >= 0 and row.min() >= 0 and column.max() < grid.width and row.max() < grid.height
        if inside and drift <= max(layout.snap, _SAME):
            if not read_crs(grid.crs).equals(read_crs(place.crs), ignore_axis_order=True):
                note = f"the grid is that of {grid.crs}, which is taken; the file states {read_crs(place.crs).name}"
                notes += [note] if note not in notes else []
            return Place(place.y_name, place.x_name, y[row], x[column], grid.crs)
    raise SourceError(
        "the grid is none that the product comes on", where=where,
        found=f"{place.y.size} x {place.x.size} cells of {cell:g}, first centre ({place.x[0]:.3f}, {place.y[0]:.3f})",
        expected=_sizes(layout.grids),
    )  # fmt: skip


def cut(place: Place, box: Box, where: str) -> tuple[Place, np.ndarray, np.ndarray]:
    """Return the part of a place that holds a box of longitudes and latitudes, and the rows and columns taken.

    Parameters
    ----------
    place : Place
    box : tuple of float
        West, south, east, north [degree]; west > east crosses the antimeridian.
    where : str

    Raises
    ------
    SourceError
        Nothing of the file lies in the box.
    """
    west, south, east, north = box
    width = (east - west) % 360.0 or 360.0
    if read_crs(place.crs).is_geographic:
        step = float(np.abs(np.diff(place.x)).mean()) if place.x.size > 1 else 0.0
        along = (place.x - (west - _MARGIN * step)) % 360.0
        columns = np.flatnonzero(along <= width + 2 * _MARGIN * step)
        columns = columns[np.argsort(along[columns], kind="stable")]
        if place.x.size > 1 and place.x[-1] < place.x[0]:
            columns = np.sort(columns)
        low, high = south, north
    else:
        lon, lat = np.meshgrid(west + np.linspace(0, width, _NET), np.linspace(south, north, _NET))
        x, y = transformer(LONLAT, place.crs).transform((lon + 180.0) % 360.0 - 180.0, lat)
        good = np.isfinite(x) & np.isfinite(y)
        columns = _within(place.x, float(x[good].min()), float(x[good].max()))
        low, high = float(y[good].min()), float(y[good].max())
    rows = _within(place.y, low, high)
    if not rows.size or not columns.size:
        raise SourceError(
            "nothing of the file lies in the domain", where=where, found=f"x {place.x.min():g} to {place.x.max():g}, "
            f"y {place.y.min():g} to {place.y.max():g} in {read_crs(place.crs).name}",
            expected=f"{west:g} to {east:g} E, {south:g} to {north:g} N",
        )  # fmt: skip
    part = Place(place.y_name, place.x_name, place.y[rows], place.x[columns], place.crs)
    return part, rows, columns


def taken(array: xr.DataArray, dim: str, positions: np.ndarray) -> xr.DataArray:
    """Return entries of a dimension as whole runs, which a lazy array does without touching each of them."""
    breaks = np.flatnonzero(np.diff(positions) != 1) + 1
    runs = [slice(int(run[0]), int(run[-1]) + 1) for run in np.split(positions, breaks)]
    parts = [array.isel({dim: run}) for run in runs]
    return parts[0] if len(parts) == 1 else xr.concat(parts, dim, combine_attrs="override")


def _within(axis: np.ndarray, low: float, high: float) -> np.ndarray:
    margin = (_MARGIN + 0.5) * float(np.abs(np.diff(axis)).mean()) if axis.size > 1 else 0.0
    return np.flatnonzero((axis >= low - margin) & (axis <= high + margin))


def _centres(grid: KnownGrid) -> tuple[np.ndarray, np.ndarray]:
    y = grid.top - grid.cell * (np.arange(grid.height) + 0.5)
    return y, grid.left + grid.cell * (np.arange(grid.width) + 0.5)


def _sizes(grids: Sequence[KnownGrid]) -> str:
    return " or ".join(f"{grid.height} x {grid.width} cells of {grid.cell:.10g} in {grid.crs}" for grid in grids)
