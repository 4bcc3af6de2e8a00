"""Maps of a target: a learner applied to every cell of a grid, written as CF NetCDF."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from geocryoai.core.calendar import parse_period
from geocryoai.core.observations import RECORD_COLUMNS, conform
from geocryoai.core.variables import variable
from geocryoai.models.contract import QUANTILES

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray

    from geocryoai.core.grid import Grid
    from geocryoai.models.contract import Prediction


def cell_records(grid: Grid, period: str, rows: slice) -> pl.DataFrame:
    """Return one record per cell of some rows of a grid, for one month or year, in row-major order."""
    first, last, _ = rows.indices(grid.height)
    part = replace(grid, top=grid.top - first * grid.resolution, height=last - first)
    lon, lat = part.lonlat()
    start, end = (moment.astype("datetime64[us]").astype(datetime) for moment in parse_period(period))
    count = lon.size
    cells = np.arange(first * grid.width, last * grid.width)
    table = {
        "source": ["grid"] * count,
        "source_row": cells,
        "site": [f"cell {i}" for i in cells],
        "lon": lon.ravel(),
        "lat": lat.ravel(),
        "time_start": [start] * count,
        "time_end": [end] * count,
    }
    return conform(pl.DataFrame(table), RECORD_COLUMNS, where="grid")


def map_dataset(target: str, grid: Grid, periods: Sequence[str], layers: Sequence[Prediction | None],
                cells: Sequence[NDArray[np.bool_]]) -> xr.Dataset:  # fmt: skip
    """Return mean, standard deviation and quantiles of a target on a grid.

    Parameters
    ----------
    target : str
    grid : Grid
    periods : sequence of str
        Months (``YYYY-MM``) or years, one per layer.
    layers : sequence of Prediction
        Predictions of the cells that are predicted, in row-major order; None where there is none.
    cells : sequence of array of bool, shape (height, width)
        Which cells these are.
    """
    import xarray as xr

    about = variable(target)
    names = {"mean": target, "sd": f"{target}_sd", "q05": f"{target}_q05", "q95": f"{target}_q95"}
    values = {part: np.full((len(periods), *grid.shape), np.nan, np.float32) for part in names}
    for k, (prediction, where) in enumerate(zip(layers, cells, strict=True)):
        if prediction is None:
            continue
        values["mean"][k][where] = prediction.mean
        values["sd"][k][where] = prediction.sd
        values["q05"][k][where] = prediction.quantiles[:, QUANTILES.index(0.05)]
        values["q95"][k][where] = prediction.quantiles[:, QUANTILES.index(0.95)]
    bounds = np.array([parse_period(period) for period in periods]).astype("datetime64[ns]")
    dataset = xr.Dataset(
        {
            name: (("time", "y", "x"), values[part], {**_attributes(part, about.unit, about.long_name)})
            for part, name in names.items()
        },
        coords={
            "time": ("time", bounds[:, 0], {"standard_name": "time", "bounds": "time_bnds"}),
            "y": ("y", grid.y, {"standard_name": "projection_y_coordinate", "units": "m"}),
            "x": ("x", grid.x, {"standard_name": "projection_x_coordinate", "units": "m"}),
            "crs": ((), 0, grid.cf_attributes()),
        },
        attrs={"Conventions": "CF-1.8", "title": f"{about.long_name}, predicted"},
    )
    if about.cf:
        dataset[target].attrs["standard_name"] = about.cf
    if about.positive:
        dataset[target].attrs["positive"] = about.positive
    dataset["time_bnds"] = (("time", "bnds"), bounds)
    dataset["time"].encoding = {"units": "days since 1970-01-01", "calendar": "standard"}
    dataset[target].attrs["ancillary_variables"] = " ".join(names[p] for p in ("sd", "q05", "q95"))
    return dataset


def _attributes(part: str, unit: str, long_name: str) -> dict[str, str]:
    label = {"mean": "", "sd": ", standard deviation", "q05": ", 5 % quantile", "q95": ", 95 % quantile"}[part]
    return {"units": unit, "long_name": long_name + label, "grid_mapping": "crs"}
