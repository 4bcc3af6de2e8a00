"""The command ``geocryoai simulate``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from geocryoai.cli.shared import DataOption, DebugOption, QuietOption, SetOption, data_folder, stoppable
from geocryoai.core.errors import GeoCryoAIError


def simulate(
    study: Annotated[
        str, typer.Argument(help="a study file, the name of a bundled study, or a run folder", metavar="STUDY")
    ],
    run: Annotated[str | None, typer.Option("--run", help="only this run of the study, and what it needs")] = None,
    at: Annotated[str | None, typer.Option("--at", help="only the cell at LON,LAT in degrees")] = None,
    grid: Annotated[bool, typer.Option("--grid", help="the whole grid (the default)")] = False,
    out: Annotated[Path | None, typer.Option("--out", help="file to write (default: NAME-simulated.nc)")] = None,
    trees: Annotated[
        Path | None, typer.Option("--trees", help="also write the single trees of a forest, HDF5 as SIBBORK has it")
    ] = None,
    data: DataOption = None,
    set_: SetOption = None,
    quiet: QuietOption = False,
    debug: DebugOption = False,
) -> None:
    """Run a study's process models without training, at a point or on its grid (CF NetCDF), and sum up the result."""
    from geocryoai.stages.simulate_alone import simulate_run, simulate_study

    if at is not None and grid:
        raise GeoCryoAIError("a point or the grid, not both", where="--at, --grid")
    place = None if at is None else _place(at)
    folder = Path(study)
    with stoppable("Nothing was written."):
        if (folder / "study.yml").is_file():
            if data is not None or set_:
                raise GeoCryoAIError("a run folder has its own study and fields", where="--data, --set",
                                     next_step="Name the study to change it.")  # fmt: skip
            file = out or Path(f"{folder.resolve().name}-simulated.nc")
            lines = simulate_run(folder, out=file, run=run, at=place, trees=trees, quiet=quiet)
        else:
            from geocryoai.stages.check import find_study

            resolved = find_study(study, set_ or [], learnt=False)
            file = out or Path(f"{resolved.name}-simulated.nc")
            lines = simulate_study(
                resolved, data=data_folder(data, study, resolved), out=file, run=run, at=place, trees=trees,
                quiet=quiet,
            )  # fmt: skip
    for line in lines:
        typer.echo(line)
    typer.echo(f"written: {file}")
    if trees is not None:
        typer.echo(f"written: {trees}")


def _place(text: str) -> tuple[float, float]:
    """Return longitude and latitude [degree]."""
    try:
        lon, lat = (float(part) for part in text.split(","))
    except ValueError:
        raise _misplaced(text) from None
    if not (-180.0 <= lon <= 360.0 and -90.0 <= lat <= 90.0):
        raise _misplaced(text)
    return lon, lat


def _misplaced(text: str) -> GeoCryoAIError:
    return GeoCryoAIError("not a place", where="--at", found=f"'{text}'",
                          expected="longitude and latitude in degrees, such as -149.6,68.6")  # fmt: skip
