"""The process models of a study over the fields of a cube: one run after the other, later ones on earlier ones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from geocryoai.core.errors import ModelError, nearest
from geocryoai.core.study import RunSection, Study
from geocryoai.stages.harmonize import open_study_cube, study_grid, study_months
from geocryoai.stages.stations import station_columns, with_stations

if TYPE_CHECKING:
    import xarray as xr

    from geocryoai.processes.maps import Output
    from geocryoai.stages.progress import Progress
    from geocryoai.stages.workspace import Workspace


def needed_runs(study: Study, wanted: str | None = None) -> dict[str, RunSection]:
    """Return the runs of a study in their order, or those that one of them needs, itself last."""
    if wanted is None:
        return dict(study.simulate)
    needed = {wanted}
    for name in reversed(study.simulate):
        if name in needed:
            needed |= {run for run, _ in earlier_outputs(study.simulate[name])}
    return {name: section for name, section in study.simulate.items() if name in needed}


def earlier_outputs(section: RunSection) -> Iterator[tuple[str, str]]:
    """Yield run and output of each driver that is an output of an earlier run (or source and column of a station)."""
    for source in section.drivers.values():
        run, dot, output = str(source).partition(".")
        if isinstance(source, str) and dot:
            yield run, output


def fields_to_run_over(work: Workspace, runs: Mapping[str, RunSection]) -> xr.Dataset | None:
    """Return the study's cube with the drivers from stations; bare axes where it has no fields and needs none."""
    from geocryoai.cube.store import bare_cube
    from geocryoai.processes.maps import MAP_PROCESSES

    cube, grid = open_study_cube(work), study_grid(work.study)
    if cube is None and grid is not None:
        stations = any(station_columns(work.study, runs))
        if stations or all(MAP_PROCESSES.get(section.process).prepare is not None for section in runs.values()):
            cube = bare_cube(grid, study_months(work.study))
    return None if cube is None else with_stations(work, runs, cube)


def prepared(runs: Mapping[str, RunSection], fields: xr.Dataset) -> xr.Dataset:
    """Return the fields with what processes take from the map as a whole, so that a part of it may be run alone."""
    from geocryoai.processes.maps import MAP_PROCESSES

    for name, section in runs.items():
        prepare = MAP_PROCESSES.get(section.process).prepare
        if prepare is not None:
            with _named(name):
                fields, _ = prepare(fields, section.drivers or None)
    return fields


def run_outputs(section: RunSection) -> dict[str, Output]:
    """Return all outputs of a run, by name."""
    from geocryoai.processes.maps import MAP_PROCESSES

    process = MAP_PROCESSES.get(section.process)
    return {output.name: output for output in process.outputs(process.read_options(section.options))}


def written_outputs(section: RunSection) -> dict[str, Output]:
    """Return the outputs of a run that are written, by the name that they get."""
    outputs = run_outputs(section)
    return {section.prefix + name: outputs[name] for name in section.outputs or tuple(outputs)}


def run_over_fields(
    runs: Mapping[str, RunSection],
    fields: xr.Dataset,
    scratch: Path,
    *,
    memory_mb: float,
    progress: Progress,
) -> dict[str, xr.Dataset]:
    """Run processes over fields and return what each gives, read lazily from a folder.

    Parameters
    ----------
    runs : dict of str to RunSection
        In their order.
    fields : xarray.Dataset
        Fields of a cube.
    scratch : Path
        Folder for the results; they are needed as long as the answer is.
    memory_mb : float
        For the blocks that are computed at once [MB].
    """
    done: dict[str, xr.Dataset] = {}
    fields = prepared(runs, fields)
    for name, section in runs.items():
        with progress.task(f"simulate {name}"), _named(name):
            done[name] = _stored(section, _with_earlier(section, fields, done), scratch / f"{name}.zarr", memory_mb)
    return done


def _stored(section: RunSection, fields: xr.Dataset, store: Path, memory_mb: float) -> xr.Dataset:
    """Return the answer of one run, read lazily from where it was written."""
    import xarray as xr

    from geocryoai.processes.maps import simulate_map

    options: dict[str, Any] = dict(section.options)
    answer = simulate_map(
        section.process,
        fields.chunk(),
        drivers=section.drivers or None,
        fill=section.fill,
        memory_mb=memory_mb,
        **options,
    )
    values = answer.drop_vars(list(answer.coords)).astype(np.float32)
    values.to_zarr(store, zarr_format=3, consolidated=False, mode="w")
    kept: xr.Dataset = xr.open_zarr(store, consolidated=False, chunks={})
    return kept.assign_coords(answer.coords)


@contextmanager
def _named(run: str) -> Iterator[None]:
    """Put the name of the run before what is wrong in it."""
    try:
        yield
    except ModelError as error:
        raise ModelError(
            error.what, where=f"simulate.{run}, {error.where}", found=error.found, expected=error.expected,
            next_step=error.next_step,
        ) from error  # fmt: skip


def _with_earlier(section: RunSection, fields: xr.Dataset, done: Mapping[str, xr.Dataset]) -> xr.Dataset:
    """Return the fields with the outputs of earlier runs under the names by which a run calls them."""
    earlier = {}
    for run, output in earlier_outputs(section):
        if f"{run}.{output}" in fields:
            continue
        if run not in done or output not in done[run]:
            known = [f"{r}.{o}" for r, answer in done.items() for o in answer.data_vars if o != "coverage"]
            raise ModelError(f"no earlier run gives '{run}.{output}'", where=f"process {section.process}",
                             next_step=nearest(f"{run}.{output}", known))  # fmt: skip
        earlier[f"{run}.{output}"] = done[run][output]
    return fields.assign(earlier)
