"""Predict: the trained models at every record of the inputs and, where asked for, on the study's grid."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from geocryoai.core.errors import RunError, StudyError
from geocryoai.core.study import Study
from geocryoai.cube.store import grid_of
from geocryoai.models.contract import Learner, Prediction
from geocryoai.products.maps import cell_records, empty_layers, fill_layers, map_dataset
from geocryoai.products.records import prediction_table
from geocryoai.stages.harmonize import features_of, open_study_cube, study_grid, study_months
from geocryoai.stages.samples import load_samples, samples_of
from geocryoai.stages.train import trained
from geocryoai.stages.workspace import Workspace

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray

#: Cells predicted at once.
BLOCK_CELLS = 100_000

#: A feature that this share of the learnt records has is required of a cell.
COMPLETE = 0.99


def predict(work: Workspace) -> None:
    """Write predictions at all records and, if the study asks for them, maps."""
    out = work.folder("predict")
    models = trained(work, work.study)
    predictions_at_records(work, models).write_parquet(out / "predictions.parquet")
    if work.study.predict.maps:
        periods = map_months(work.study)
        for target, learner in models.items():
            write_map(predicted_map(work, target, learner, periods), out / f"{target}.nc")


def map_months(study: Study) -> tuple[str, ...]:
    """Return the months that maps are made for: those asked for, or the last of the period."""
    if study.predict.months == "all":
        return tuple(str(month) for month in study_months(study))
    return study.predict.months or (study.period.end,)


def predictions_at_records(work: Workspace, models: Mapping[str, Learner]) -> pl.DataFrame:
    """Return predictions of every target at all records of its sources."""
    tables = []
    with work.progress.task("predict") as tick:
        for done, (target, learner) in enumerate(models.items()):
            tick(done, len(models))
            samples = load_samples(work, target, "map").without_target()
            records = work.table("harmonize", f"{target}.records")
            tables.append(prediction_table(target, records, learner.predict(samples)))
        tick(len(models), len(models))
    return pl.concat(tables)


def predicted_map(work: Workspace, target: str, learner: Learner, months: Sequence[str]) -> xr.Dataset:
    """Return the map of a target for some months, or for the years they lie in where the target is annual.

    A cell is predicted where all features that the learnt records have are there; elsewhere it is missing.
    """
    section = work.study.targets[target]
    by_site = [join.source for join in section.join if join.by in ("site", "site_month")]
    cube = open_study_cube(work)
    grid = grid_of(cube) if cube is not None else study_grid(work.study)
    if grid is None or by_site:
        reason = f"drivers of {', '.join(by_site)} are bound to sites" if by_site else "the study has no domain"
        raise StudyError([f"{target}: no map can be made, since {reason}"], where=work.study.name)
    periods = list(dict.fromkeys(month[:4] if section.step == "year" else month for month in months))
    needed = _needed(work, target)
    values = empty_layers(grid, len(periods))
    rows_at_once = max(1, min(grid.height, BLOCK_CELLS // grid.width))
    periods_at_once = max(1, BLOCK_CELLS // (rows_at_once * grid.width))
    blocks = [
        (slice(first, first + periods_at_once), slice(top, top + rows_at_once))
        for top in range(0, grid.height, rows_at_once)
        for first in range(0, len(periods), periods_at_once)
    ]
    with work.progress.task(f"map {target}") as tick:
        for done, (steps, rows) in enumerate(blocks):
            tick(done, len(blocks))
            records = pl.concat([cell_records(grid, period, rows) for period in periods[steps]])
            prediction, where = _predict_cells(work, target, learner, records, needed)
            if prediction is not None:
                fill_layers(values, steps, rows, prediction, where)
        tick(len(blocks), len(blocks))
    if not np.isfinite(values["mean"]).any():
        raise RunError(
            "no cell has all the features that the learner needs",
            where=f"{work.study.name}, {target}",
            expected=", ".join(needed),
        )
    return map_dataset(target, grid, periods, values)


def write_map(dataset: xr.Dataset, path: Path) -> None:
    """Write a map as CF NetCDF, checked on the way back."""
    from geocryoai.cube.netcdf import write_netcdf

    write_netcdf(dataset, path)


def _predict_cells(
    work: Workspace, target: str, learner: Learner, records: pl.DataFrame, needed: Sequence[str]
) -> tuple[Prediction | None, NDArray[np.bool_]]:
    built = features_of(work, work.study.targets[target], records, strict=False)
    samples = samples_of(work, target, built, "map")
    where = np.logical_and.reduce(
        [np.isfinite(samples.features[name]) for name in needed if name in samples.features]
        or [np.ones(len(samples), dtype=bool)]
    )
    return (learner.predict(samples.take(where)) if where.any() else None), where


def _needed(work: Workspace, target: str) -> list[str]:
    """Return the features that practically all learnt records have."""
    from geocryoai.stages.harmonize import feature_names

    table = work.table("harmonize", target).filter(pl.col("learn"))
    names = feature_names(work, target)["features"]
    return [name for name in names if np.isfinite(table[name].to_numpy()).mean() >= COMPLETE]
