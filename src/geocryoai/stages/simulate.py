"""Simulate: process models over the cube's grid, and at every record of each target, from drivers alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from geocryoai.core.errors import CubeError
from geocryoai.core.files import remove
from geocryoai.core.study import AnchorSection, TargetSection
from geocryoai.models.anchors import ANCHORS, compute_anchor
from geocryoai.models.anchors.simulated import SIMULATED
from geocryoai.stages.harmonize import feature_names
from geocryoai.stages.map_runs import fields_to_run_over, run_outputs, run_over_fields, written_outputs
from geocryoai.stages.supports import read_supports
from geocryoai.stages.workspace import Workspace

if TYPE_CHECKING:
    from pathlib import Path

    import polars as pl
    import xarray as xr
    from numpy.typing import NDArray

    from geocryoai.cube.layers import Layer
    from geocryoai.processes.maps import Output


def simulate(work: Workspace) -> None:
    """Write the cube of the study's runs, and one table of anchors per target, row for row as harmonised."""
    simulate_cube(work)
    for name, section in work.study.targets.items():
        table = work.table("harmonize", name)
        anchors = anchor_table(work, section, table, feature_names(work, name)["features"])
        anchors.write_parquet(work.folder("simulate") / f"{name}.parquet")


def simulated_path(work: Workspace) -> Path:
    """Return where the cube of the runs stands, if the study has any."""
    return work.folder("simulate") / "cube.zarr"


def simulate_cube(work: Workspace) -> None:
    """Run the study's processes over the cube and write what they give into a cube of its own, on the same grid.

    Yearly outputs stand on each month of their year.
    """
    from geocryoai.cube.store import create_cube, grid_of

    study, path = work.study, simulated_path(work)
    if not study.simulate or path.exists():
        return
    cube = fields_to_run_over(work, study.simulate)
    if cube is None:
        raise CubeError("processes run over the fields of a cube, and no source has any", where="simulate")
    scratch = work.folder("simulate") / ".runs.part"
    remove(scratch)
    memory_mb = float(study.compute.memory_mb)
    answers = run_over_fields(study.simulate, cube, scratch, memory_mb=memory_mb, progress=work.progress)
    layers = {layer.name: (run, output, layer) for run, output, layer in _layers(work)}
    months = cube["time"].to_numpy().astype("datetime64[M]")
    attributes = {"title": f"{study.title or study.name}: process models", "study": study.name}
    with create_cube(path, grid_of(cube), months, [each[2] for each in layers.values()], attributes=attributes) as out:
        for name, (run, output, _) in layers.items():
            for block in out.blocks(name):
                values, share = _block(answers[run], output, block, len(months))
                out.write_block(name, block, values, share)
    remove(scratch)


def _layers(work: Workspace) -> Iterator[tuple[str, Output, Layer]]:
    """Yield run, output and layer of all that is written."""
    from geocryoai.cube.layers import Layer

    for run, section in work.study.simulate.items():
        for name, output in written_outputs(section).items():
            comment = f"process {section.process}, run {run}"
            if output.step == "year":
                comment += "; one value a calendar year, on each of its months"
            if output.gaps:
                comment += f"; missing where {output.gaps}"
            yield run, output, Layer(
                name, output.unit, f"{output.long_name}, simulated", output.standard_name, output.positive, True,
                output.cell_methods, {"comment": comment},
            )  # fmt: skip


def _block(
    answer: xr.Dataset, output: Output, block: tuple[slice | None, slice, slice], months: int
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return values and coverage of a block of a layer."""
    steps, rows, cols = block
    assert steps is not None
    at = np.arange(months)[steps]
    part = answer[output.name][:, rows, cols]
    if output.step == "year":
        first, last = int(at[0]) // 12, int(at[-1]) // 12
        values = part[first : last + 1].to_numpy()[at // 12 - first]
    else:
        values = part[steps].to_numpy()
    covered = answer["coverage"][rows, cols].to_numpy() > 0
    return values, np.broadcast_to(covered, values.shape).astype(np.float32)


def anchor_table(
    work: Workspace,
    section: TargetSection,
    table: pl.DataFrame,
    features: list[str],
    *,
    known_until: np.datetime64 | None = None,
) -> pl.DataFrame:
    """Return one column per anchor of the target, in the order of the study.

    Parameters
    ----------
    work : Workspace
        Whose runs of process models are asked where an anchor is one of their outputs.
    section : TargetSection
    table : polars.DataFrame
        Records with features.
    features : list of str
    known_until : datetime64, optional
        A forecaster knows drivers up to this month: outputs of runs for later months are the climatology of earlier
        ones. Other anchors follow from the features, which hold the same already.
    """
    import polars as pl

    columns = {name: table[name].to_numpy().astype(np.float64) for name in features}
    values = {}
    for anchor in section.anchors:
        given = columns
        if anchor.process == SIMULATED:
            given = {**columns, SIMULATED: _of_run(work, section, anchor, table, known_until)}
        values[anchor.process] = compute_anchor(ANCHORS.get(anchor.process), anchor.options, given)
    return pl.DataFrame(values, schema=[anchor.process for anchor in section.anchors])


def _of_run(
    work: Workspace,
    section: TargetSection,
    anchor: AnchorSection,
    table: pl.DataFrame,
    known_until: np.datetime64 | None,
) -> NDArray[np.float64]:
    """Return an output of a run at records."""
    from geocryoai.cube.store import open_cube
    from geocryoai.cube.target import cell_values

    run = work.study.simulate[str(anchor.options["run"])]
    output = run_outputs(run)[str(anchor.options["output"])]
    within_km = max((join.within_km for join in section.join if join.by == "cell"), default=0.0)
    until = known_until
    if until is not None and output.step == "year":
        month = np.timedelta64(1, "M")
        until = (until + month).astype("datetime64[Y]").astype("datetime64[M]") - month
    cube = open_cube(simulated_path(work))
    name, supports = run.prefix + output.name, read_supports(work)
    return cell_values(table, cube, name, within_km=within_km, known_until=until, supports=supports)
