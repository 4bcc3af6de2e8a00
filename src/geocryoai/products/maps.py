"""Maps of a target: a learner applied to every cell of a grid, written as CF NetCDF."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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


#: Part of a map -> suffix of its variable.
PARTS = {"mean": "", "sd": "_sd", "q05": "_q05", "q95": "_q95"}


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


def empty_layers(grid: Grid, periods: int) -> dict[str, NDArray[np.float32]]:
    """Return the parts of a map, each (periods, height, width), all missing."""
    return {part: np.full((periods, *grid.shape), np.nan, np.float32) for part in PARTS}


def fill_layers(
    layers: dict[str, NDArray[np.float32]],
    steps: slice,
    rows: slice,
    prediction: Prediction,
    where: NDArray[np.bool_],
) -> None:
    """Put predictions of the cells `where` (periods, rows and columns of a block, row-major) into a map."""
    answers = {
        "mean": prediction.mean,
        "sd": prediction.sd,
        "q05": prediction.quantiles[:, QUANTILES.index(0.05)],
        "q95": prediction.quantiles[:, QUANTILES.index(0.95)],
    }
    for part, values in answers.items():
        block = layers[part][steps, rows]
        block[where.reshape(block.shape)] = values


def map_dataset(
    target: str, grid: Grid, periods: Sequence[str], layers: Mapping[str, NDArray[np.float32]]
) -> xr.Dataset:
    """Return mean, standard deviation and quantiles of a target on a grid.

    Parameters
    ----------
    target : str
    grid : Grid
    periods : sequence of str
        Months (``YYYY-MM``) or years, one per layer.
    layers : dict of str to array, shape (periods, height, width)
        Of `empty_layers`.
    """
    import xarray as xr

    about = variable(target)
    names = {part: target + suffix for part, suffix in PARTS.items()}
    bounds = np.array([parse_period(period) for period in periods]).astype("datetime64[ns]")
    dataset = xr.Dataset(
        {
            name: (("time", "y", "x"), layers[part], {**_attributes(part, about.unit, about.long_name)})
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
