"""Drivers of processes from a table: the months of one station, held over the whole map."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import numpy as np

from geocryoai.core.errors import CubeError, nearest
from geocryoai.core.files import read_json
from geocryoai.core.observations import RECORD_COLUMNS
from geocryoai.stages.harmonize import read_table, study_months
from geocryoai.stages.workspace import Workspace

if TYPE_CHECKING:
    import xarray as xr

    from geocryoai.core.study import RunSection, Study


def station_columns(study: Study, runs: Mapping[str, RunSection]) -> Iterator[tuple[str, str]]:
    """Yield source and column of each driver that is ``SOURCE.COLUMN``; a run of that name comes first."""
    for section in runs.values():
        for given in section.drivers.values():
            source, dot, column = str(given).partition(".")
            if isinstance(given, str) and dot and source in study.sources and source not in study.simulate:
                yield source, column


def with_stations(work: Workspace, runs: Mapping[str, RunSection], fields: xr.Dataset) -> xr.Dataset:
    """Return the fields with the stations' months as further ones, under the names by which the runs call them.

    Raises
    ------
    CubeError
        The table has no such column, several sites, or a month of the period without value.
    """
    import xarray as xr

    added = {}
    wide = {axis: fields.sizes[axis] for axis in ("y", "x")}
    for source, column in dict.fromkeys(station_columns(work.study, runs)):
        values = xr.DataArray(_months(work, source, column), dims="time").chunk()
        unit = read_json(work.folder("ingest") / source / "source.json")["info"]["covariates"].get(column, "")
        held = values.expand_dims(wide).transpose("time", "y", "x")
        added[f"{source}.{column}"] = held.assign_attrs(units=unit)
    return fields.assign(added)


def _months(work: Workspace, source: str, column: str) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Return the value of each month of the study."""
    from geocryoai.cube.site_series import monthly_mean

    where, table = f"sources.{source}, {column}", read_table(work, source, "records")
    known = [name for name in table.columns if name not in RECORD_COLUMNS]
    if column not in known:
        raise CubeError(f"the table has no column '{column}'", where=where, next_step=nearest(column, known))
    if table["site"].n_unique() != 1:
        raise CubeError(
            "drivers of a map come from one station", where=where, found=f"{table['site'].n_unique()} sites",
            next_step="Take the rows of one (the option `rows`), or a grid.",
        )  # fmt: skip
    means = monthly_mean(table, [column], min_count=0.0)
    given = dict(zip(means["time_start"].to_numpy().astype("datetime64[M]"), means[column].to_list(), strict=True))
    months = study_months(work.study).astype("datetime64[M]")
    values = np.array([np.nan if given.get(month) is None else given[month] for month in months], dtype=np.float64)
    missing = np.isnan(values)
    if missing.any():
        raise CubeError("the station has no value in a month of the period", where=where,
                        found=f"{months[missing][0]} ({int(missing.sum())} such months)")  # fmt: skip
    return values
