"""Ingest: every source read once by its reader, into canonical tables and fields."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from geocryoai.core.files import complete_or_absent, file_hash, text_hash, write_json
from geocryoai.core.study import Study
from geocryoai.cube.average import averaged
from geocryoai.sources import READERS
from geocryoai.sources.tower_meteorology import read_tower_meteorology
from geocryoai.sources.window import for_domain
from geocryoai.stages.harmonize import study_grid
from geocryoai.stages.workspace import Workspace

if TYPE_CHECKING:
    import polars as pl
    import xarray as xr

    from geocryoai.sources.base import SourceData


def input_hashes(study: Study, data: Path | None) -> dict[str, str]:
    """Return the hash of every input file, by source; for a twin, of what it is made from."""
    if data is None:
        return {"twin": text_hash(repr(sorted((study.twin or {}).items())))}
    hashes = {name: file_hash(data / source.path) for name, source in study.sources.items()}
    hashes |= {f"{name}.support": file_hash(data / path) for name, path in meteorology_files(study).items()}
    if study.retrievals:
        from geocryoai.stages.retrieval_inputs import retrieval_hashes

        hashes |= retrieval_hashes(study, data)
    return hashes


def ingest(work: Workspace) -> None:
    """Read every source of the study and retrieve its scenes; a twin is generated first."""
    out = work.folder("ingest")
    data = work.data
    if data is None:
        data = _generate_twin(work, out)
    grid = study_grid(work.study)
    with work.progress.task("ingest") as tick:
        for done, (name, section) in enumerate(work.study.sources.items()):
            tick(done, len(work.study.sources))
            reader = READERS.get(section.reader)
            options = for_domain(reader, section.options, grid)
            read = reader.read(data / section.path, source=section.path, options=options, targets=work.targets)
            if section.average is not None:
                read = averaged(read, section.average, where=f"sources.{name}.average")
            meteorology = section.support.meteorology
            turbulence = read_tower_meteorology(data / meteorology, source=meteorology) if meteorology else None
            _write(read, out / name, section.path, turbulence)
        tick(len(work.study.sources), len(work.study.sources))
    if work.study.retrievals:
        from geocryoai.stages.retrieve_fields import retrieve_all

        retrieve_all(work, data, out)


def _generate_twin(work: Workspace, out: Path) -> Path:
    from geocryoai.twin.generate import generate
    from geocryoai.twin.options import read_options

    folder = out / "twin"
    if not folder.exists():
        with work.progress.task("simulated Alaska"), complete_or_absent(folder) as temporary:
            generate(temporary, read_options({"seed": work.study.seed, **(work.study.twin or {})}))
    return folder


def meteorology_files(study: Study) -> dict[str, str]:
    """Return the tables of turbulence that footprints are made from, by source, relative to the data folder."""
    given = {name: section.support.meteorology for name, section in study.sources.items()}
    return {name: path for name, path in given.items() if path is not None}


def _write(read: SourceData, folder: Path, path: str, turbulence: pl.DataFrame | None) -> None:
    with complete_or_absent(folder) as temporary:
        temporary.mkdir()
        for name in ("records", "observations", "exclusions"):
            getattr(read, name).write_parquet(temporary / f"{name}.parquet")
        if turbulence is not None:
            turbulence.write_parquet(temporary / "meteorology.parquet")
        if read.fields is not None:
            _storable(read.fields).to_zarr(temporary / "fields.zarr", zarr_format=3, consolidated=False)
        summary: Mapping[str, object] = {
            "info": {**asdict(read.info), "covariates": dict(read.info.covariates)},
            "path": path,
            "records": read.records.height,
            "observations": read.observations.height,
            "exclusions": read.exclusions.height,
            "fields": sorted(map(str, read.fields.data_vars)) if read.fields is not None else [],
            "notes": list(read.notes),
        }
        write_json(temporary / "source.json", summary)


def _storable(fields: xr.Dataset) -> xr.Dataset:
    """Return the fields with the CRS as an attribute of a number: Zarr has no lasting type for text."""
    if "crs" not in fields.coords:
        return fields
    return fields.assign_coords(crs=((), 0, {**fields["crs"].attrs, "crs_wkt": str(fields["crs"].values.item())}))
