"""Fields gathered into cells, as a dataset whose maps are made when they are asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from geocryoai.core.calendar import month_bounds

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray

    from geocryoai.core.grid import Grid


def lazy_maps(make: Callable[..., NDArray[np.float32]], shape: tuple[int, ...], *given: Any) -> Any:
    """Return the array of `shape` that ``make(*given)`` returns, as a Dask array of one block."""
    import dask
    import dask.array

    made = dask.delayed(make)(*given)  # type: ignore[attr-defined]  # Dask does not type what it exports
    return dask.array.from_delayed(made, shape, dtype=np.float32)  # type: ignore[no-untyped-call]


def stacked(maps: list[Any]) -> Any:
    """Return Dask arrays one after the other along a new first axis."""
    import dask.array

    return dask.array.stack(maps)  # type: ignore[no-untyped-call]


def gathered_dataset(
    grid: Grid, months: NDArray[np.datetime64] | None, fields: Mapping[str, tuple[Any, str, str]]
) -> xr.Dataset:
    """Return fields on a grid.

    Parameters
    ----------
    grid : Grid
    months : array of datetime64[M] or None
        That the fields stand for; None for fields without time.
    fields : dict of str to (array, unit, long name)
        Of shape (months, y, x), or (y, x) without time.
    """
    import xarray as xr

    dims = ("y", "x") if months is None else ("time", "y", "x")
    variables: dict[str, Any] = {
        name: (dims, values, {"units": unit, "long_name": text, "grid_mapping": "crs"})
        for name, (values, unit, text) in fields.items()
    }
    coords: dict[str, Any] = {"y": grid.y, "x": grid.x}
    if months is not None:
        bounds = month_bounds(months).astype("datetime64[us]")
        coords["time"] = ("time", bounds[:, 0], {"standard_name": "time", "bounds": "time_bnds"})
        variables["time_bnds"] = (("time", "bnds"), bounds)
    return xr.Dataset(variables, coords=coords)
