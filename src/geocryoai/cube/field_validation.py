"""A coarse field, its interpolation and its refinement against stations, over the same months."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np

from geocryoai.core.errors import CubeError, GeoCryoAIError
from geocryoai.core.projection import LONLAT, transformer
from geocryoai.core.variables import variable, variables
from geocryoai.cube.field_scores import correlation, score_series
from geocryoai.cube.station_series import StationSeries, station_series

if TYPE_CHECKING:
    from pathlib import Path

    import polars as pl
    from numpy.typing import NDArray

    from geocryoai.core.study import ValidateSection
    from geocryoai.cube.align import FieldAligner

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

#: What is held against stations: the value of the coarse cell, interpolated to the grid, refined.
PRODUCTS = ("coarse", "bilinear", "refined")

#: Columns of the table of scores, a row for each station and product.
COLUMNS = (
    "variable", "source", "stations", "station", "lon", "lat", "product", "months", "rmse", "bias", "ubrmse", "r",
    "observed", "mean",
)  # fmt: skip


def validate_field(
    aligner: FieldAligner,
    attributes: Mapping[str, Any],
    refined: Path,
    source: str,
    section: ValidateSection,
    observations: pl.DataFrame,
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Return the scores of each station and product, and their summary for a listing.

    Parameters
    ----------
    aligner : FieldAligner
        Of the coarse field, which has a time.
    attributes : mapping
        Of the coarse field.
    refined : Path
        Store of the refined field.
    source : str
        Of the coarse field.
    section : ValidateSection
    observations : polars.DataFrame
        Of the stations.

    Raises
    ------
    CubeError
        A field without time or of no known variable, or no station and month to compare.
    """
    where = f"refine.{aligner.name}.validate_with"
    if aligner.monthly is None:
        raise CubeError("a field without time cannot be held against stations", where=where)
    name = _variable_of(aligner.name, attributes, section, where)
    stations = station_series(observations, name, aligner.months, depth=section.depth, where=section.source)
    if section.months:
        of_year = np.asarray(aligner.months).astype("datetime64[M]").astype(np.int64) % 12 + 1
        stations.values[:, ~np.isin(of_year, section.months)] = np.nan
    rows = list(_rows(aligner, refined, source, section.source, stations))
    if not rows:
        raise CubeError(
            "no station has a month in common with the field", where=where,
            found=f"{len(stations.site)} stations, {int(np.isfinite(stations.values).any(1).sum())} with months",
            next_step="Look at the period, the domain, depth and months of validate_with.",
        )  # fmt: skip
    return rows, _summary(rows, name, section)


def _variable_of(field: str, attributes: Mapping[str, Any], section: ValidateSection, where: str) -> str:
    known = section.variable or (field if field in variables() else str(attributes.get("standard_name", "")))
    try:
        return variable(known).name
    except GeoCryoAIError as error:
        raise CubeError("what the field is of is not known", where=where, found=known or field,
                        next_step="Name it: validate_with: {source: ..., variable: sm}.") from error  # fmt: skip


def _rows(
    aligner: FieldAligner, refined: Path, source: str, network: str, stations: StationSeries
) -> Iterator[dict[str, Any]]:
    row, column = aligner.grid.cell_of(stations.lon, stations.lat)
    inside = np.flatnonzero((row >= 0) & np.isfinite(stations.values).any(axis=1))
    if inside.size == 0:
        return
    given = {
        "coarse": _own_values(aligner, stations.lon[inside], stations.lat[inside]),
        "bilinear": _interpolated(aligner, row[inside], column[inside]),
        "refined": _refined(refined, aligner, row[inside], column[inside]),
    }
    for number, index in enumerate(inside):
        scores = score_series(stations.values[index], {name: given[name][number] for name in PRODUCTS})
        for product, score in (scores or {}).items():
            found = asdict(score)
            found["mean"] = found.pop("product")
            yield {
                "variable": aligner.name, "source": source, "stations": network, "station": stations.site[index],
                "lon": float(stations.lon[index]), "lat": float(stations.lat[index]), "product": product, **found,
            }  # fmt: skip


def _own_values(aligner: FieldAligner, lon: Floats, lat: Floats) -> Floats:
    """Return the values of the coarse cells in which positions lie, shape (positions, months); NaN where in none."""
    axes = aligner.regridder.source
    x, y = (np.asarray(part, float) for part in transformer(LONLAT, axes.crs).transform(lon, lat))
    if axes.is_geographic:
        x = axes.x_edges.min() + (x - axes.x_edges.min()) % 360.0
    rows, columns = _within(axes.y_edges, y), _within(axes.x_edges, x)
    values = np.full((len(x), len(aligner.months)), np.nan)
    there = np.flatnonzero((rows >= 0) & (columns >= 0))
    if there.size == 0:
        return values
    some_rows, some_columns = np.unique(rows[there]), np.unique(columns[there])
    read = aligner.own_cells(some_rows, some_columns, slice(0, len(aligner.months)))
    at = np.searchsorted(some_rows, rows[there]), np.searchsorted(some_columns, columns[there])
    values[there] = read[:, at[0], at[1]].T
    return values


def _within(edges: Floats, positions: Floats) -> Ints:
    """Return between which edges, ascending or descending, positions lie; -1 outside."""
    ascending = edges if edges[0] < edges[-1] else -edges
    found = np.searchsorted(ascending, positions if edges[0] < edges[-1] else -positions, side="right") - 1
    return np.asarray(np.where((found >= 0) & (found < len(edges) - 1), found, -1), np.int64)


def _interpolated(aligner: FieldAligner, rows: Ints, columns: Ints) -> Floats:
    values = np.empty((len(rows), len(aligner.months)))
    for number, (row, column) in enumerate(zip(rows.tolist(), columns.tolist(), strict=True)):
        values[number] = aligner.block(slice(row, row + 1), slice(column, column + 1))[0][:, 0, 0]
    return values


def _refined(path: Path, aligner: FieldAligner, rows: Ints, columns: Ints) -> Floats:
    import xarray as xr

    values = np.full((len(rows), len(aligner.months)), np.nan)
    with xr.open_zarr(path, consolidated=False, chunks={}) as fields:
        pick = {"y": xr.DataArray(rows, dims="station"), "x": xr.DataArray(columns, dims="station")}
        series = fields[aligner.name].isel(pick).transpose("station", "time").to_numpy()
        months = fields["time"].to_numpy().astype("datetime64[M]")
    values[:, (months - np.asarray(aligner.months).astype("datetime64[M]")[0]).astype(np.int64)] = series
    return values


def _summary(rows: Sequence[Mapping[str, Any]], name: str, section: ValidateSection) -> dict[str, Any]:
    """Return means over stations for each product, and how the stations' means go together in space."""
    found: dict[str, Any] = {
        "stations": section.source, "variable": name, "n": len({row["station"] for row in rows}),
        "station_months": sum(row["months"] for row in rows if row["product"] == PRODUCTS[0]),
    }  # fmt: skip
    for product in PRODUCTS:
        mine = [row for row in rows if row["product"] == product]
        observed, given = (np.array([row[key] for row in mine]) for key in ("observed", "mean"))
        in_time = np.array([row["r"] for row in mine])
        in_time = in_time[np.isfinite(in_time)]
        values = {key: float(np.mean([row[key] for row in mine])) for key in ("rmse", "bias", "ubrmse")}
        values["r"] = float(in_time.mean()) if in_time.size else float("nan")
        values["r_space"] = correlation(observed, given)
        found[product] = {key: float(f"{value:.6g}") if np.isfinite(value) else None for key, value in values.items()}
    for measure in ("rmse", "ubrmse"):
        pairs = [
            {row["product"]: row[measure] for row in rows if row["station"] == s} for s in {r["station"] for r in rows}
        ]
        found[f"{measure}_lower_than_bilinear"] = sum(pair["refined"] < pair["bilinear"] for pair in pairs)
    return found
