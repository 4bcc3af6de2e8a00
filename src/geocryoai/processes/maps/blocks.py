"""A process over blocks of a map: read, checked, run, and put back with CF attributes."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from geocryoai.core.errors import ModelError
from geocryoai.processes.checks import Array
from geocryoai.processes.maps.contract import Cells, MapProcess, Output
from geocryoai.processes.maps.inputs import Given, find_drivers, horizontal_axes, month_lengths

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray


@dataclass(frozen=True)
class _Plan:
    """What every block needs to know."""

    process: MapProcess
    options: Any
    given: tuple[Given, ...]
    outputs: tuple[Output, ...]
    axes: tuple[str, str]
    days: Array
    years: NDArray[np.int64]

    @property
    def variables(self) -> list[str]:
        """Return the fields that drive the process."""
        return list(dict.fromkeys(g.variable for g in self.given if g.variable is not None))


def run_blocks(
    process: MapProcess,
    fields: xr.Dataset,
    drivers: Mapping[str, str | float] | None,
    fill: Mapping[str, float],
    mask: xr.DataArray | None,
    memory_mb: float,
    options: Mapping[str, Any],
) -> xr.Dataset:
    """Run a process over a map; see `geocryoai.processes.maps.simulate_map`."""
    fields, plan = _planned(process, fields, drivers, fill, options)
    axes = plan.axes
    variables = plan.variables
    if not variables:
        raise ModelError("every driver is a constant", where=f"process {process.name}",
                         next_step="Name a field for one of them; it gives the map its cells.")  # fmt: skip
    inside = _inside(fields, mask, axes)
    part = fields[variables].drop_vars([n for n in fields.coords if n not in {"time", *axes}], errors="ignore")
    part = part.assign({_MASK: inside}).assign_coords(time=fields["time"])
    lazy = any(part[name].chunks is not None for name in variables)
    rows = _rows(plan, part.sizes[axes[1]], memory_mb)
    part = part.chunk({"time": -1, axes[0]: rows, axes[1]: -1})
    out = part.map_blocks(_block, args=[plan], template=_template(part, plan))
    out = _described(out, fields, plan)
    return out if lazy else out.compute(scheduler="threads")


def whole_map(
    process: MapProcess,
    fields: xr.Dataset,
    drivers: Mapping[str, str | float] | None,
    fill: Mapping[str, float],
    options: Mapping[str, Any],
) -> tuple[Cells, NDArray[np.bool_]]:
    """Return the cells of a whole map in memory, and which those are, shape (y, x); for what no block can give."""
    fields, plan = _planned(process, fields, drivers, fill, options)
    part = fields[plan.variables].compute()
    shape = tuple(fields.sizes[name] for name in plan.axes)
    values, inside = _read(part, np.ones(shape, dtype=bool), plan)
    return _cells(values, inside, plan), inside


def _planned(
    process: MapProcess,
    fields: xr.Dataset,
    drivers: Mapping[str, str | float] | None,
    fill: Mapping[str, float],
    options: Mapping[str, Any],
) -> tuple[xr.Dataset, _Plan]:
    """Return the fields with what the process adds to them, and what every block needs to know."""
    chosen = process.read_options(options)
    axes = horizontal_axes(fields)
    if process.prepare is not None:
        fields, drivers = process.prepare(fields, drivers)
    days, years = month_lengths(fields)
    given = tuple(find_drivers(process, fields, drivers, fill, axes))
    return fields, _Plan(process, chosen, given, process.outputs(chosen), axes, days, years)


#: Name of the mask among the variables of a block.
_MASK = "inside_of_the_map"


def _inside(fields: xr.Dataset, mask: xr.DataArray | None, axes: tuple[str, str]) -> xr.DataArray:
    import xarray as xr

    shape = tuple(fields.sizes[name] for name in axes)
    if mask is None:
        return xr.DataArray(np.ones(shape, dtype=bool), dims=axes)
    if tuple(mask.dims) != axes or mask.shape != shape:
        raise ModelError("the mask is not on the grid of the fields", where="mask",
                         found=f"({', '.join(map(str, mask.dims))}) of shape {mask.shape}",
                         expected=f"({', '.join(axes)}) of shape {shape}")  # fmt: skip
    for name in axes:
        if name in mask.coords and not np.array_equal(mask[name].to_numpy(), fields[name].to_numpy()):
            raise ModelError("the mask is not on the grid of the fields", where=f"mask, axis {name}",
                             expected="the coordinates of the fields")  # fmt: skip
    return xr.DataArray(mask.data.astype(bool), dims=axes)


def _rows(plan: _Plan, width: int, memory_mb: float) -> int:
    """Return how many rows of the map a block holds."""
    months = plan.days.size
    stored = 8.0 * months * (len(plan.given) + 2 * len(plan.outputs))
    row = width * (plan.process.bytes_per_cell(months, plan.options) + stored)
    at_once = memory_mb * 1e6 / max(1, os.cpu_count() or 1)
    if row > memory_mb * 1e6:
        raise ModelError("the memory does not hold one row of the map", where="memory_mb", found=f"{memory_mb:g}",
                         expected=f"at least {row / 1e6:.0f}")  # fmt: skip
    return max(1, int(at_once // row))


def _template(part: xr.Dataset, plan: _Plan) -> xr.Dataset:
    import dask.array as da
    import xarray as xr

    y, x = plan.axes
    sizes = {"time": plan.days.size, "year": plan.years.size, y: part.sizes[y], x: part.sizes[x]}
    chunks = {"time": -1, "year": -1, y: part.chunks[y], x: -1}
    variables = {
        output.name: (dims, da.empty([sizes[d] for d in dims], chunks=tuple(chunks[d] for d in dims), dtype="float64"))
        for output in plan.outputs
        for dims in [(_time(output), y, x)]
    }
    coverage = da.empty([sizes[y], sizes[x]], chunks=(chunks[y], -1), dtype="int8")
    return xr.Dataset({**variables, "coverage": ((y, x), coverage)}, {**part.coords, "year": plan.years})


def _time(output: Output) -> str:
    return "time" if output.step == "month" else "year"


def _block(part: xr.Dataset, plan: _Plan) -> xr.Dataset:
    """Run one block, all in memory."""
    import xarray as xr

    y, x = plan.axes
    shape = (part.sizes[y], part.sizes[x])
    values, inside = _read(part, part[_MASK].to_numpy(), plan)
    answers = _run(_cells(values, inside, plan), plan) if inside.any() else {}
    out = {}
    for output in plan.outputs:
        length = plan.days.size if output.step == "month" else plan.years.size
        full = np.full((length, *shape), np.nan)
        if answers:
            _require_answer(output, answers[output.name], inside, part, plan)
            full[:, inside] = answers[output.name]
        out[output.name] = ((_time(output), y, x), full)
    return xr.Dataset({**out, "coverage": ((y, x), inside.astype(np.int8))}, {**part.coords, "year": plan.years})


def _read(part: xr.Dataset, inside: NDArray[np.bool_], plan: _Plan) -> tuple[dict[str, Array], NDArray[np.bool_]]:
    """Return the drivers that are fields, checked, and the cells of `inside` in which none of them is missing."""
    values = {
        g.driver.name: g.read(part[g.variable].to_numpy(), plan.days)
        for g in plan.given
        if g.variable is not None
    }  # fmt: skip
    inside = inside & np.logical_and.reduce(
        [np.isfinite(a).any(axis=0) if a.ndim == 3 else np.isfinite(a) for a in values.values()]
    )
    if inside.any():
        for given in plan.given:
            if given.variable is not None:
                _require_values(given, values[given.driver.name], inside, part, plan)
    return values, inside


def _run(cells: Cells, plan: _Plan) -> dict[str, Array]:
    """Run the cells; one that is alone is run twice, so that its sums are taken in the order of many."""
    if cells.count > 1:
        return plan.process.run(cells, plan.options)
    twice = {name: np.repeat(values, 2, axis=-1) for name, values in cells.values.items()}
    answers = plan.process.run(Cells(cells.days, np.repeat(cells.row, 2), twice, cells.first_year), plan.options)
    return {name: values[:, :1] for name, values in answers.items()}


def _cells(values: Mapping[str, Array], inside: NDArray[np.bool_], plan: _Plan) -> Cells:
    """Return the cells inside; what has no time but may have is held through all months."""
    count, months = int(inside.sum()), plan.days.size
    held: dict[str, Array] = {}
    for given in plan.given:
        if given.variable is None:
            here: Array = np.full(count, given.constant)
        else:
            here = values[given.driver.name][..., inside]
        wide = here.ndim == 1 and not given.driver.static
        held[given.driver.name] = np.ascontiguousarray(np.broadcast_to(here, (months, count)) if wide else here)
    return Cells(plan.days, np.nonzero(inside)[0], held, int(plan.years[0]))


def _require_values(given: Given, values: Array, inside: NDArray[np.bool_], part: xr.Dataset, plan: _Plan) -> None:
    """Raise ModelError where a cell that is simulated lacks a value or has an unphysical one."""
    low, high = given.driver.low, given.driver.high
    bad = ~((values >= low) & (values <= high)) & inside
    if not bad.any():
        return
    at = tuple(int(i) for i in np.argwhere(bad)[0])
    value = values[at]
    missing = bool(np.isnan(value))
    raise ModelError(
        "a value is missing in a cell that is not masked" if missing else "a value is out of range",
        where=f"process {plan.process.name}, {given.variable}{_place(part, plan, at)}",
        found=f"{value:g} ({int(bad.sum())} such values in the block)",
        expected=f"{low:g} to {high:g} {given.driver.unit}",
        next_step="Fill the gap before the run, or mask the cell." if missing else "Check the unit of the field.",
    )


def _require_answer(output: Output, values: Array, inside: NDArray[np.bool_], part: xr.Dataset, plan: _Plan) -> None:
    """Raise ModelError where a process left a value out that it may not leave out."""
    bad = ~np.isfinite(values)
    if output.gaps:
        bad &= ~np.isnan(values)
    if not bad.any():
        return
    step, cell = (int(i) for i in np.argwhere(bad)[0])
    row, column = (int(axis[cell]) for axis in np.nonzero(inside))
    at = (step, row, column) if output.step == "month" else (12 * step, row, column)
    raise ModelError("the process gave no number", where=f"process {plan.process.name}, {output.name}"
                     f"{_place(part, plan, at)}", found=f"{values[step, cell]:g}")  # fmt: skip


def _place(part: xr.Dataset, plan: _Plan, at: tuple[int, ...]) -> str:
    """Return month and cell of a position, (month, row, column) or (row, column), in words."""
    y, x = plan.axes
    row, column = at[-2:]
    month = ""
    if len(at) == 3:
        month = f", {plan.years[at[0] // 12]}-{at[0] % 12 + 1:02d}"
    here = [f"{name} {float(part[name][i]):g}" if name in part.coords else f"{name} number {i}"
            for name, i in ((y, row), (x, column))]  # fmt: skip
    return f"{month}, cell at {', '.join(here)}"


def _described(out: xr.Dataset, fields: xr.Dataset, plan: _Plan) -> xr.Dataset:
    """Return the dataset with CF attributes and the coordinates of the fields."""
    mapping = next((str(n) for n in fields.coords if "crs_wkt" in fields[n].attrs or n == "crs"), None)
    for output in plan.outputs:
        attributes = {
            "units": output.unit, "long_name": output.long_name, "standard_name": output.standard_name,
            "positive": output.positive, "cell_methods": output.cell_methods, "grid_mapping": mapping,
            "ancillary_variables": "coverage",
            "comment": f"missing where {output.gaps}" if output.gaps else None,
        }  # fmt: skip
        out[output.name].attrs = {key: value for key, value in attributes.items() if value}
    out["coverage"].attrs = {
        "units": "1", "long_name": "1 where the cell is simulated, 0 where it is masked",
        "flag_values": np.array([0, 1], np.int8), "flag_meanings": "masked simulated",
        **({"grid_mapping": mapping} if mapping else {}),
    }  # fmt: skip
    out["year"].attrs = {"units": "1", "long_name": "calendar year"}
    kept = {
        n: fields.coords[n].compute()
        for n in fields.coords
        if set(fields.coords[n].dims) <= {"time", "bounds", *plan.axes}
    }
    out = out.assign_coords(kept)
    return out.assign_attrs({"Conventions": "CF-1.8", "title": plan.process.about, "source": "geocryoai"})
