"""Retrievals of a study: scenes become fields on its grid; a scene that fails is listed, the others go on."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from geocryoai.core.errors import SourceError, StudyError, nearest
from geocryoai.core.files import complete_or_absent, write_json
from geocryoai.core.study import RetrievalSection
from geocryoai.cube.scale.pixels import PixelCells
from geocryoai.cube.scale.scene_fields import SceneFields
from geocryoai.cube.scale.sounding_fields import SoundingFields
from geocryoai.sources._fields import crs_coordinate
from geocryoai.sources.soundings.options import SoundingOptions
from geocryoai.stages.gather_soundings import add_granule, sounding_fields
from geocryoai.stages.retrieval_inputs import find_scenes
from geocryoai.stages.retrieval_options import OPTIONS, read_choices
from geocryoai.stages.retrieval_scenes import RetrievedScene, retrieve_one
from geocryoai.stages.scene_batch import is_of_the_scene, reason

if TYPE_CHECKING:
    from geocryoai.core.grid import Grid
    from geocryoai.stages.workspace import Workspace


def retrieve_all(work: Workspace, data: Path, out: Path) -> None:
    """Write the fields of every retrieval that is not there yet, each complete or absent."""
    for name, section in work.study.retrievals.items():
        if not (out / name).exists():
            _retrieve(work, name, section, data, out / name)


def _retrieve(work: Workspace, name: str, section: RetrievalSection, data: Path, folder: Path) -> None:
    from geocryoai.stages.harmonize import study_grid

    grid = study_grid(work.study)
    assert grid is not None
    scenes = find_scenes(data, section)
    table = scene_table(data, section, name)
    gathered: SceneFields | SoundingFields | None = None
    listing: list[dict[str, Any]] = []
    with work.progress.task(f"retrieval {name}") as tick:
        for done, path in enumerate(scenes):
            tick(done, len(scenes))
            where = path.relative_to(data).as_posix()
            try:
                given = {**section.options, **_row(table, path, section, name)}
                choices = read_choices(section.kind, given, f"retrievals.{name}.options")
                if isinstance(choices, SoundingOptions):
                    gathered = gathered if isinstance(gathered, SoundingFields) else sounding_fields(grid, choices)
                    listing.append(add_granule(gathered, path, where, choices))
                    continue
                scene = retrieve_one(path, where, choices, data)
                gathered = gathered if isinstance(gathered, SceneFields) else SceneFields(grid, scene.layers)
                listing.append(_add(gathered, scene, grid, where))
            except Exception as error:
                if not is_of_the_scene(error):
                    raise
                listing.append({"scene": where, "failed": reason(error)})
        tick(len(scenes), len(scenes))
    if gathered is None or all("failed" in entry for entry in listing):
        first = listing[0]["failed"] if listing else f"nothing fits {', '.join(section.scenes)}"
        raise SourceError("no scene could be retrieved", where=f"retrievals.{name}", found=first)
    _write(gathered, name, section, listing, grid, folder)


def _add(gathered: SceneFields, scene: RetrievedScene, grid: Grid, where: str) -> dict[str, Any]:
    cells = PixelCells(scene.affine, scene.crs, scene.shape[1], grid)
    counts = gathered.add(scene.tiles(), cells, scene.shape[0], scene.last.astype("datetime64[M]"))
    passes = {"first_pass": str(scene.first), "last_pass": str(scene.last)}
    share = 1.0 - counts["used"] / counts["pixels"]
    return {"scene": where, **passes, **counts, "masked_share": share, **scene.facts}


def _write(
    gathered: SceneFields | SoundingFields,
    name: str,
    section: RetrievalSection,
    listing: list[dict[str, Any]],
    grid: Grid,
    folder: Path,
) -> None:
    dataset = gathered.dataset(name.replace("-", "_"), static=section.time == "static")
    crs = crs_coordinate(grid.crs)
    dataset = dataset.assign_coords(crs=((), 0, {**crs.attrs, "crs_wkt": str(crs.values.item())}))
    with complete_or_absent(folder) as temporary:
        temporary.mkdir()
        dataset.to_zarr(temporary / "fields.zarr", zarr_format=3, consolidated=False)
        summary: Mapping[str, Any] = {
            "kind": section.kind,
            "time": section.time,
            "fields": sorted(str(field) for field in dataset.data_vars if field != "time_bnds"),
            "scenes": listing,
        }
        write_json(temporary / "scenes.json", summary)


def scene_table(data: Path, section: RetrievalSection, name: str) -> dict[str, dict[str, Any]]:
    """Return the options of each scene from the table of a retrieval, by the name of the scene.

    Raises
    ------
    StudyError
        The table has no column `scene`, or a column that is no option.
    """
    import polars as pl

    if section.per_scene is None:
        return {}
    where = f"retrievals.{name}.per_scene"
    try:
        table = pl.read_csv(data / section.per_scene, comment_prefix="#")
    except (OSError, pl.exceptions.PolarsError) as error:
        raise StudyError([f"{where}: {section.per_scene} cannot be read ({error})"]) from error
    known = ["scene", *OPTIONS[section.kind].model_fields]
    problems = [f"{where}: no option '{c}'; {nearest(c, known)}" for c in table.columns if c not in known]
    if "scene" not in table.columns:
        problems.append(f"{where}: no column 'scene'; {nearest('scene', table.columns)}")
    if problems:
        raise StudyError(problems)
    rows = table.iter_rows(named=True)
    return {str(row["scene"]): {k: v for k, v in row.items() if k != "scene" and v is not None} for row in rows}


def _row(table: Mapping[str, dict[str, Any]], path: Path, section: RetrievalSection, name: str) -> Mapping[str, Any]:
    if section.per_scene is None:
        return {}
    key = path.name.partition(".")[0]
    if key not in table:
        raise SourceError(
            f"the table has no row for the scene '{key}'", where=f"retrievals.{name}.per_scene",
            next_step=nearest(key, table),
        )  # fmt: skip
    return table[key]
