"""The command ``geocryoai``."""

from __future__ import annotations

import errno
import os
import sys
import traceback
from pathlib import Path
from typing import Annotated

import typer

from geocryoai import __version__
from geocryoai.cli import retrieve
from geocryoai.cli.fetch import fetch
from geocryoai.cli.shared import DataOption, DebugOption, QuietOption, SetOption, StudyArgument, data_folder, stoppable
from geocryoai.cli.simulate import simulate
from geocryoai.core.errors import GeoCryoAIError

#: What the operating system refuses because of what the user named, not because of a fault of ours.
_REFUSED = frozenset(
    {errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOSPC, errno.EDQUOT, errno.ENAMETOOLONG}
    | {errno.ENOTDIR, errno.EISDIR, errno.EEXIST, errno.ELOOP}
)

app = typer.Typer(
    name="geocryoai",
    help="Reconcile permafrost field data, remote sensing and process models; simulate ALT, CO2 and CH4.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    rich_markup_mode=None,
)


app.add_typer(retrieve.app, name="retrieve", no_args_is_help=True)
app.command()(simulate)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"geocryoai {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    debug: DebugOption = False,
    version: Annotated[
        bool, typer.Option("--version", help="print the version", callback=_version, is_eager=True)
    ] = False,
) -> None: ...


@app.command()
def run(
    study: StudyArgument = "twin",
    data: DataOption = None,
    out: Annotated[Path | None, typer.Option("--out", help="run folder (default: runs/NAME)")] = None,
    until: Annotated[str | None, typer.Option("--until", help="stop after this stage")] = None,
    set_: SetOption = None,
    print_config: Annotated[bool, typer.Option("--print-config", help="print the resolved study and stop")] = False,
    quiet: QuietOption = False,
    debug: DebugOption = False,
) -> None:
    """Run a study from its data to its report; started again, it goes on where it stopped."""
    from geocryoai.core.study import to_yaml
    from geocryoai.stages.check import find_study

    resolved = find_study(study, set_ or [], data_of=lambda sound: data_folder(data, study, sound))
    if print_config:
        typer.echo(to_yaml(resolved), nl=False)
        return
    from geocryoai.stages.run import run_study

    place = out or Path("runs") / resolved.name
    with stoppable("The same command goes on where it stopped."):
        folder = run_study(resolved, data=data_folder(data, study, resolved), out=place, until=until, quiet=quiet)
    typer.echo(f"done: {folder}")
    from geocryoai.stages.failed_scenes import require_all_scenes

    require_all_scenes(resolved, folder, where=str(folder), made="the run is complete")


@app.command()
def validate(study: StudyArgument, data: DataOption = None, set_: SetOption = None, debug: DebugOption = False) -> None:
    """Check a study, and that its files are there: every problem at once, before any work."""
    from geocryoai.stages.check import check_study, find_study, only_simulated

    resolved = find_study(study, set_ or [], data_of=lambda sound: data_folder(data, study, sound))
    check_study(resolved, data_folder(data, study, resolved), learnt=not only_simulated(resolved))
    typer.echo(f"{resolved.name}: no problems found")


@app.command()
def predict(
    run_folder: Annotated[Path, typer.Argument(help="a finished run", metavar="RUN")],
    data: Annotated[
        Path | None, typer.Option("--data", help="a copy of the run's inputs (default: the run's own)")
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", help="file to write (.parquet, or .nc with --grid)")] = None,
    grid: Annotated[bool, typer.Option("--grid", help="a map (CF NetCDF) instead of records")] = False,
    months: Annotated[list[str] | None, typer.Option("--month", help="with --grid: YYYY-MM; repeatable")] = None,
    quiet: QuietOption = False,
    debug: DebugOption = False,
) -> None:
    """Apply a finished run to a copy of its inputs (other sites or times); their target values are not read."""
    from geocryoai.stages.apply import predict_map, predict_records

    if months and not grid:
        raise GeoCryoAIError("months are for maps", where="--month", next_step="Add --grid, or leave --month out.")
    with stoppable("Nothing was written."):
        if grid:
            written = predict_map(run_folder, data=data, out=out or Path("map.nc"), months=months or [], quiet=quiet)
        else:
            written = [predict_records(run_folder, data=data, out=out or Path("predictions.parquet"), quiet=quiet)]
    for path in written:
        typer.echo(f"written: {path}")


@app.command()
def sources(
    name: Annotated[str | None, typer.Argument(help="one source in full")] = None, debug: DebugOption = False
) -> None:
    """List what can be read, under which licence, and how to cite it."""
    from geocryoai.sources.catalogue import catalogue
    from geocryoai.stages.describe import describe_sources

    typer.echo(describe_sources(catalogue(), name))


@app.command()
def studies(debug: DebugOption = False) -> None:
    """List the bundled studies."""
    from geocryoai.core.study import load_study
    from geocryoai.stages.check import bundled_studies

    for name, path in bundled_studies().items():
        typer.echo(f"{name:<12} {load_study(path).title}")


app.command()(fetch)


def main() -> None:
    """Run the command line; a user's mistake is one clear paragraph and exit code 2, ours exit code 1.

    Where some of many inputs could not be used and the others were, it is 3; after Ctrl-C 130.
    """
    try:
        app(prog_name="geocryoai")
    except GeoCryoAIError as error:
        _fail(str(error), error.exit_code)
    except MemoryError:
        _fail("the memory does not suffice; take a smaller area, or fewer workers", 2)
    except Exception as error:
        if isinstance(error, OSError) and error.errno in _REFUSED:
            _fail(f"{error.filename or 'a file'}: {error.strerror}", 2)
        _fail(f"internal error ({type(error).__name__}: {error}); run again with --debug for the trace", 1)


def _fail(message: str, code: int) -> None:
    if os.environ.get("GEOCRYOAI_DEBUG") == "1":
        traceback.print_exc()
    typer.echo(f"geocryoai: {message}", err=True)
    sys.exit(code)
