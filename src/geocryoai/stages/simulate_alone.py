"""The process models of a study without training: at a point or on its grid, into a CF NetCDF file."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from geocryoai.core.errors import GridError, StudyError, nearest
from geocryoai.core.run_folder import RunFolder
from geocryoai.core.study import Study
from geocryoai.stages.harmonize import write_cube
from geocryoai.stages.map_runs import fields_to_run_over, needed_runs, prepared, run_over_fields
from geocryoai.stages.progress import Progress
from geocryoai.stages.workspace import Workspace

if TYPE_CHECKING:
    import xarray as xr

    from geocryoai.core.study import RunSection


def simulate_study(
    study: Study,
    *,
    data: Path | None,
    out: Path,
    run: str | None = None,
    at: tuple[float, float] | None = None,
    trees: Path | None = None,
    quiet: bool = False,
) -> list[str]:
    """Read a study's fields, run its processes over them, write what they give, and return a summary.

    Parameters
    ----------
    study : Study
    data : Path or None
        Folder that source paths are relative to; None for a twin, which makes its own.
    out : Path
        NetCDF file.
    run : str, optional
        Only this run, and those that it needs.
    at : (float, float), optional
        Longitude and latitude [degree]: only the cell there.
    trees : Path, optional
        HDF5 file for the single trees of a forest, in the layout of SIBBORK.

    Raises
    ------
    StudyError
        The study has no runs, or none of that name.
    GridError
        The place is outside the grid.
    """
    from geocryoai.stages.check import check_study
    from geocryoai.stages.ingest import ingest

    if data is None and study.twin is None and study.sources:
        raise StudyError(["--data: missing; name the folder that the study's paths are relative to"], where=study.name)
    check_study(study, data, learnt=False)
    runs = _runs(study, run)
    with TemporaryDirectory(prefix="geocryoai-") as scratch:
        work = Workspace(study, Path(scratch), data, targets=False, progress=Progress(quiet=quiet))
        for stage in ("ingest", "harmonize"):
            work.folder(stage).mkdir()
        if study.sources or study.twin is not None:
            ingest(work)
            write_cube(work)
        return _write(work, runs, out, at, trees)


def simulate_run(
    folder: Path,
    *,
    out: Path,
    run: str | None = None,
    at: tuple[float, float] | None = None,
    trees: Path | None = None,
    quiet: bool = False,
) -> list[str]:
    """Do the same with the fields of a run folder, whose harmonize stage is complete; see `simulate_study`."""
    opened = RunFolder.open(folder)
    opened.require(["ingest", "harmonize"])
    work = Workspace(opened.study, folder, None, progress=Progress(quiet=quiet))
    return _write(work, _runs(opened.study, run), out, at, trees)


def _runs(study: Study, run: str | None) -> dict[str, RunSection]:
    if not study.simulate:
        raise StudyError(["simulate: the study names no process to run"], where=study.name)
    if run is not None and run not in study.simulate:
        raise StudyError([f"--run: no run '{run}' in simulate; {nearest(run, study.simulate)}"], where=study.name)
    return needed_runs(study, run)


def _write(
    work: Workspace, runs: dict[str, RunSection], out: Path, at: tuple[float, float] | None, trees: Path | None
) -> list[str]:
    from geocryoai.cube.netcdf import write_netcdf
    from geocryoai.products.simulated import simulated_dataset, summary
    from geocryoai.stages.simulate_trees import write_trees

    cube = fields_to_run_over(work, runs)
    if cube is None:
        raise StudyError(["simulate: no source of the study has fields to run over"], where=work.study.name)
    cube = prepared(runs, cube)
    fields = cube if at is None else _cell(cube, at)
    if trees is not None:
        write_trees(runs, fields, trees, title=work.study.title or work.study.name)
    with TemporaryDirectory(prefix="geocryoai-") as scratch:
        memory_mb = float(work.study.compute.memory_mb)
        given = run_over_fields(runs, fields, Path(scratch), memory_mb=memory_mb, progress=work.progress)
        answers = {name: (runs[name].prefix, answer) for name, answer in given.items()}
        lines = list(summary(answers))
        title = work.study.title or work.study.name
        dataset = simulated_dataset(answers, title=f"{title}: process models")
        write_netcdf(dataset if at is None else dataset.load(), out)
    return lines


def _cell(cube: xr.Dataset, at: tuple[float, float]) -> xr.Dataset:
    """Return the one cell of a cube that holds a place."""
    from geocryoai.cube.store import grid_of

    lon, lat = at
    rows, cols = grid_of(cube).cell_of([lon], [lat])
    row, col = int(rows[0]), int(cols[0])
    if row < 0:
        raise GridError("the place is outside the grid of the study", where="--at", found=f"{lon:g},{lat:g}")
    return cube.isel(y=slice(row, row + 1), x=slice(col, col + 1))
