"""Harmonise: fields into one cube; for each target a table of records with features and what was measured."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from geocryoai.core.calendar import month_axis, parse_period
from geocryoai.core.errors import CubeError
from geocryoai.core.files import read_json, remove, write_json, write_text
from geocryoai.core.study import Study, TargetSection
from geocryoai.stages.supports import read_supports, write_supports
from geocryoai.stages.workspace import Workspace

if TYPE_CHECKING:
    import polars as pl
    import xarray as xr
    from numpy.typing import NDArray

    from geocryoai.core.grid import Grid
    from geocryoai.cube.target import TargetTable

#: Columns of a target's table that are no features.
MEASURED = ("value", "sigma", "quality", "support_m", "why_not", "learn")

#: Scores of refined fields at stations, beside the cube.
VALIDATION = "validation.csv"


def study_months(study: Study) -> NDArray[np.datetime64]:
    """Return the months of the study's period."""
    return month_axis(study.period.start, study.period.end)


def study_grid(study: Study) -> Grid | None:
    """Return the grid of the study's domain."""
    from geocryoai.core.grid import Grid

    if study.domain is None:
        return None
    domain = study.domain
    if domain.extent is not None:
        left, top, width, height = domain.extent
        return Grid(domain.crs, left, top, domain.resolution, width, height)
    assert domain.box is not None
    west, east, south, north = domain.box
    return Grid.from_lonlat_box(domain.crs, west, south, east, north, domain.resolution)


def in_domain(study: Study, lon: NDArray[np.float64], lat: NDArray[np.float64]) -> NDArray[np.bool_] | None:
    """Return which positions lie in the study's domain: its box, or a cell of its exact extent."""
    from geocryoai.cube.records import inside_box

    grid = study_grid(study)
    if study.domain is None or grid is None:
        return None
    if study.domain.box is not None:
        return inside_box(lon, lat, study.domain.box)
    return grid.cell_of(lon, lat)[0] >= 0


def harmonize(work: Workspace) -> None:
    """Write the cube, and one table per target."""
    from geocryoai.cube.records import require_drivers, require_support, select, target_table

    study, out = work.study, work.folder("harmonize")
    write_cube(work)
    write_supports(work, study_grid(study))
    supports = read_supports(work)
    period = (parse_period(study.period.start)[0], parse_period(study.period.end)[1])
    for name, section in study.targets.items():
        sources = {s: (read_table(work, s, "records"), read_table(work, s, "observations")) for s in section.records}
        table = target_table(sources, name, section.select.quality)
        inside = in_domain(study, table["lon"].to_numpy(), table["lat"].to_numpy())
        table = select(table, section.select, period=period, inside=inside, step=section.step)
        if supports is not None:
            table = require_support(table, supports.refused(table))
        built = features_of(work, section, table)
        joined = [feature for feature in built.features if not feature.startswith("at_")]
        complete = require_drivers(built.table, joined)
        table = table.with_columns(complete["learn"], complete["why_not"])
        if work.targets:
            _require_learnt(name, section, table)
        table.write_parquet(out / f"{name}.records.parquet")
        complete.write_parquet(out / f"{name}.parquet")
        summary = {
            "features": list(built.features),
            "statics": list(built.statics),
            "records": table.height,
            "learnt": int(table["learn"].sum()),
            "left_out": {key: count for key, count in table["why_not"].value_counts(sort=True).rows() if key},
        }
        write_json(out / f"{name}.json", summary)


def _require_learnt(name: str, section: TargetSection, table: pl.DataFrame) -> None:
    """Raise CubeError where no record of a target can be learnt from, with what became of them all."""
    from geocryoai.cube.records import REASONS

    if table["learn"].any():
        return
    counts = table["why_not"].value_counts(sort=True).rows()
    raise CubeError(
        "no record can be learnt from",
        where=f"targets.{name}, records of {', '.join(section.records)}",
        found=", ".join(f"{count} {REASONS[reason]}" for reason, count in counts) or "no records",
        next_step=f"Look at the period, the domain and targets.{name}.select, and at what the sources measure.",
    )


def write_cube(work: Workspace) -> None:
    """Align the fields of all sources to the study's grid and months, if there is a domain and are fields."""
    from geocryoai.cube.align import AlignOptions
    from geocryoai.cube.harmonise import write_stores
    from geocryoai.stages.refine import refined_stores

    path, grid = cube_path(work), study_grid(work.study)
    stores = [work.folder("ingest") / name / "fields.zarr" for name in (*work.study.sources, *work.study.retrievals)]
    stores = [store for store in stores if store.exists()]
    lines_path = path.with_suffix(".json")
    if grid is None or not stores or lines_path.exists():
        return
    options = AlignOptions(memory_mb=work.study.compute.memory_mb)
    scratch = work.folder("harmonize") / ".refined.part"
    plan = refined_stores(work, stores, grid, study_months(work.study), options, scratch)
    with work.progress.task("cube"):
        used = write_stores(
            path,
            plan.stores,
            grid,
            study_months(work.study),
            scheduler=work.study.compute.scheduler,
            options=options,
            attributes={"title": work.study.title, "study": work.study.name},
            overwrite=True,
            without=plan.without,
        )
    remove(scratch)
    if plan.scores:
        _write_scores(path.with_name(VALIDATION), plan.scores)
    lines = [
        {"variable": u.name, "source": plan.stores[u.position].parent.name, "method": u.method, "months": u.months,
         "first": u.first, "last": u.last}
        for u in used
    ]  # fmt: skip
    write_json(lines_path, [plan.noted(line) for line in lines])


def _write_scores(path: Path, scores: list[dict[str, Any]]) -> None:
    import polars as pl

    from geocryoai.cube.field_validation import COLUMNS

    write_text(path, pl.DataFrame(scores).select(COLUMNS).write_csv(float_precision=6))


def cube_path(work: Workspace) -> Path:
    """Return where the cube stands, if there is one."""
    return work.folder("harmonize") / "cube.zarr"


def open_study_cube(work: Workspace) -> xr.Dataset | None:
    """Return the cube, or None where the study has no fields."""
    from geocryoai.cube.store import open_cube

    return open_cube(cube_path(work)) if cube_path(work).exists() else None


def features_of(
    work: Workspace,
    section: TargetSection,
    table: pl.DataFrame,
    *,
    known_until: np.datetime64 | None = None,
    strict: bool = True,
) -> TargetTable:
    """Return a target's records with joined covariates and derived features; see `build_target`."""
    from geocryoai.cube.target import build_target

    covariates = {join.source: read_table(work, join.source, "records") for join in section.join if join.by != "cell"}
    return build_target(
        table, section, covariates, open_study_cube(work), study_months(work.study), plain=MEASURED,
        known_until=known_until,
        strict=strict,
        supports=read_supports(work),
    )  # fmt: skip


def read_table(work: Workspace, source: str, name: str) -> pl.DataFrame:
    """Return one table of an ingested source."""
    return work.table("ingest", f"{source}/{name}")


def feature_names(work: Workspace, target: str) -> Mapping[str, list[str]]:
    """Return the `features` and `statics` of a harmonised target."""
    summary = read_json(work.folder("harmonize") / f"{target}.json")
    return {"features": summary["features"], "statics": summary["statics"]}
