"""Processes on maps: the same pure functions, over every cell of fields with time, y and x, in parallel blocks.

A process is driven by a dataset on ``(time, y, x)``, monthly, of whole calendar years, and by statics on ``(y, x)``.
Units are read from attributes and converted; a cell in which a driver is missing altogether is masked, a gap in a cell
that is not masked is an error that names variable, month and cell. The answer is a dataset with CF attributes. Blocks
are whole rows of the map, as many as fit a stated memory; the answer does not depend on how the input is chunked.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from geocryoai.core.registry import Registry
from geocryoai.processes.maps.contract import Cells, Driver, MapProcess, Output

if TYPE_CHECKING:
    import xarray as xr

#: Processes that run over maps; a new one is one line here (or the entry-point group ``geocryoai.map processes``).
MAP_PROCESSES: Registry[MapProcess] = Registry(
    "map processes",
    {
        "ground": "geocryoai.processes.maps.ground:GROUND",
        "carbon": "geocryoai.processes.maps.carbon:CARBON",
        "methane": "geocryoai.processes.maps.methane:METHANE",
        "forest": "geocryoai.processes.maps.forest:FOREST",
        "stefan": "geocryoai.processes.maps.closed_forms:STEFAN",
        "kudryavtsev": "geocryoai.processes.maps.closed_forms:KUDRYAVTSEV",
        "ttop": "geocryoai.processes.maps.closed_forms:TTOP",
    },
)


def simulate_map(
    process: str,
    fields: xr.Dataset,
    *,
    drivers: Mapping[str, str | float] | None = None,
    fill: Mapping[str, float] | None = None,
    mask: xr.DataArray | None = None,
    memory_mb: float = 512.0,
    **options: Any,
) -> xr.Dataset:
    """Run a process over a map.

    Parameters
    ----------
    process : str
        Name in `MAP_PROCESSES`.
    fields : xarray.Dataset
        Monthly fields on (time, y, x), or (time, lat, lon), of whole calendar years, and statics without time; each
        with the attribute ``units``. In memory or in dask chunks.
    drivers : dict of str to str or float, optional
        Driver -> variable of `fields`, or a constant in the driver's unit. Default: every driver that has a variable
        of its name.
    fill : dict of str to float, optional
        Driver -> what a month without value takes, in the driver's unit: a vegetation index of 0 in the polar night,
        say. Without it a gap is an error.
    mask : xarray.DataArray of bool, optional
        Cells to simulate, (y, x). Cells in which a driver has no value at all are left out in any case.
    memory_mb : float, default 512
        For the blocks that are computed at once [MB]; input and output in memory come on top.
    **options
        Of the process.

    Returns
    -------
    xarray.Dataset
        Monthly outputs on (time, y, x), yearly ones on (year, y, x), and ``coverage`` (1 where simulated). In memory
        where `fields` is; otherwise nothing is computed yet.

    Raises
    ------
    ModelError
        A driver is missing, of another unit, has a gap or an unphysical value; an option is unknown.
    """
    from geocryoai.processes.maps.blocks import run_blocks

    return run_blocks(MAP_PROCESSES.get(process), fields, drivers, fill or {}, mask, memory_mb, options)


def simulate_ground_map(fields: xr.Dataset, **options: Any) -> xr.Dataset:
    """Run the ground column over a map; see `simulate_map`, and `ground.GroundOptions` for its options."""
    return simulate_map("ground", fields, **options)


def simulate_carbon_map(fields: xr.Dataset, **options: Any) -> xr.Dataset:
    """Run the carbon model over a map; see `simulate_map`, and `carbon.CarbonOptions` for its options."""
    return simulate_map("carbon", fields, **options)


def simulate_methane_map(fields: xr.Dataset, **options: Any) -> xr.Dataset:
    """Run the methane model over a map; see `simulate_map`, and `methane.MethaneOptions` for its options."""
    return simulate_map("methane", fields, **options)


__all__ = [
    "MAP_PROCESSES",
    "Cells",
    "Driver",
    "MapProcess",
    "Output",
    "simulate_carbon_map",
    "simulate_ground_map",
    "simulate_map",
    "simulate_methane_map",
]
