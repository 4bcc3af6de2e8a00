"""What area the records of each source stand for, worked out once in harmonise and kept in the run folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from geocryoai.core.calendar import parse_period
from geocryoai.core.errors import CubeError, nearest
from geocryoai.stages.workspace import Workspace

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geocryoai.core.grid import Grid
    from geocryoai.core.study import Study, SupportSection
    from geocryoai.cube.scale.tower_climatology import Turbulence
    from geocryoai.cube.supports import Supports

    Seen = tuple[str, NDArray[np.int64], NDArray[np.float64], int | None]

#: Step north by which the direction of north on the grid is found [degree].
_STEP = 0.01


def supported_sources(study: Study) -> list[str]:
    """Return the sources of records that stand for something else than the cell they lie in."""
    used = {source for target in study.targets.values() for source in target.records}
    return [name for name, section in study.sources.items() if name in used and section.support.kind != "cell"]


def supports_path(work: Workspace) -> Path:
    """Return where the table of places stands, if the study has any."""
    return work.folder("harmonize") / "supports.parquet"


def read_supports(work: Workspace) -> Supports | None:
    """Return the supports of a harmonised run, or None where all records stand for their cells."""
    import polars as pl

    from geocryoai.cube.supports import Supports

    path = supports_path(work)
    return Supports(pl.read_parquet(path)) if path.exists() else None


def write_supports(work: Workspace, grid: Grid | None) -> None:
    """Work out and write the supports of all places of the study."""
    import polars as pl

    from geocryoai.cube.supports import COLUMNS, PLACE

    names = supported_sources(work.study)
    if grid is None or not names:
        return
    rows: list[dict[str, Any]] = []
    with work.progress.task("supports") as tick:
        for done, name in enumerate(names):
            tick(done, len(names))
            records = work.table("ingest", f"{name}/records").select(PLACE).drop_nulls(["lon", "lat"])
            places = records.filter(pl.col("lon").is_finite() & pl.col("lat").is_finite()).unique(maintain_order=True)
            rows += _places(work, name, grid, places.to_dicts())
        tick(len(names), len(names))
    table = pl.DataFrame(rows, schema=COLUMNS).unique(PLACE, keep="first", maintain_order=True)
    table.write_parquet(supports_path(work))


def _places(work: Workspace, name: str, grid: Grid, places: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    from geocryoai.cube.supports import place_row

    section = work.study.sources[name].support
    sites = [str(place["site"]) for place in places]
    for site in section.sides:
        if site not in sites:
            raise CubeError("no record is of this site", where=f"sources.{name}.support.sides", found=f"'{site}'",
                            next_step=nearest(site, sites))  # fmt: skip
    meteorology = _meteorology(work, name) if section.meteorology is not None else {}
    for place in places:
        support, cells, weights, used = _seen(section, grid, place, meteorology, f"sources.{name}.support")
        yield place_row(place, support, cells.tolist(), weights.tolist(), section.minimum, used)


def _seen(
    section: SupportSection, grid: Grid, place: dict[str, Any], meteorology: dict[str, Turbulence], where: str
) -> Seen:
    """Return what a place sees: the kind of support, cells, weights, and half hours of a footprint."""
    from geocryoai.core.projection import LONLAT, transformer
    from geocryoai.cube.scale.circle import circle_weights
    from geocryoai.cube.scale.observation import square_weights
    from geocryoai.cube.scale.tower_climatology import tower_weights

    site = str(place["site"])
    project = transformer(LONLAT, grid.crs).transform
    x, y = (float(part) for part in project(place["lon"], place["lat"]))
    if section.kind in ("chamber", "probe_grid"):
        side = 0.0 if section.kind == "chamber" else section.sides.get(site, section.side)
        return section.kind, *square_weights(grid, (x, y), side), None
    turbulence = meteorology.get(_key(site))
    if turbulence is not None and turbulence.usable().any():
        above, right = project(place["lon"], place["lat"] + _STEP)[::-1]
        north = float(np.degrees(np.arctan2(right - x, above - y)))
        cells, weights, used = tower_weights(grid, (x, y), turbulence, north=north, reach=section.reach)
        return "footprint", cells, weights, used
    if section.radius is None:
        raise CubeError(
            "the tower has no turbulence from which a footprint could be made",
            where=f"{where}.meteorology, site {site}",
            found="no row within the period of the study" if turbulence is None else "no row that the model holds for",
            next_step="Add its rows, or give a radius [m] for a plain circle instead.",
        )
    return "circle", *circle_weights(grid, (x, y), section.radius), None


def _meteorology(work: Workspace, name: str) -> dict[str, Turbulence]:
    """Return the turbulence of each site within the period of the study."""
    import polars as pl

    from geocryoai.cube.scale.tower_climatology import Turbulence
    from geocryoai.sources.tower_meteorology import OBUKHOV

    period = work.study.period
    first, last = parse_period(period.start)[0], parse_period(period.end)[1]
    table = work.table("ingest", f"{name}/meteorology")
    within = table.filter((pl.col("time") >= pl.lit(first)) & (pl.col("time") < pl.lit(last)))
    if within.is_empty():
        raise CubeError(
            "no row lies within the period of the study", where=f"sources.{name}.support.meteorology",
            found=f"{table['time'].min()!s} to {table['time'].max()!s}", expected=f"{period.start} to {period.end}",
        )  # fmt: skip
    found = {}
    for rows in within.drop_nulls("site").partition_by("site", maintain_order=True):
        values = {c: rows[c].fill_null(float("nan")).to_numpy() for c in rows.columns if c not in ("site", "time")}
        height = values.pop("measurement_height") - values.pop("displacement_height")
        length = values.pop(OBUKHOV) if OBUKHOV in values else _obukhov(values)
        rest = {key: values[key] for key in Turbulence.__dataclass_fields__ if key in values}
        found[_key(str(rows["site"][0]))] = Turbulence(obukhov_length=length, height=height, **rest)
    return found


def _obukhov(values: dict[str, NDArray[np.float64]]) -> NDArray[np.float64]:
    from geocryoai.processes.obukhov import obukhov_length

    parts = [values[name] for name in ("friction_velocity", "sensible_heat_flux", "air_temperature", "air_pressure")]
    known = np.isfinite(parts).all(axis=0) & (parts[0] > 0)
    length = np.full(len(known), np.nan)
    length[known] = obukhov_length(*(part[known] for part in parts))
    return length


def _key(site: str) -> str:
    """Return the name of a site as different files agree on it."""
    return site.strip().lower()
