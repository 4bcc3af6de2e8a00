"""The command ``geocryoai retrieve freeze-thaw``: when the surface thaws and freezes, from series."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

import typer

from geocryoai.cli.shared import DebugOption, QuietOption, stoppable
from geocryoai.core.errors import GeoCryoAIError


def retrieve_freeze_thaw(
    files: Annotated[
        list[Path], typer.Argument(help="NetCDF with time, or tables with time and site", metavar="FILE...")
    ],
    variable: Annotated[
        str,
        typer.Option(
            "--variable", help="backscatter [dB], vertical brightness temperature [K], or temperature at night [degC]"
        ),
    ],
    horizontal: Annotated[
        str | None, typer.Option("--horizontal", help="horizontal brightness temperature [K]: polarisation ratio")
    ] = None,
    snow: Annotated[str | None, typer.Option("--snow", help="snow cover [1]: thermal imagery")] = None,
    frozen: Annotated[str, typer.Option("--frozen", help="months that are surely frozen")] = "1,2",
    thawed: Annotated[str, typer.Option("--thawed", help="months that are surely thawed")] = "7,8",
    threshold: Annotated[
        float, typer.Option("--threshold", help="place between the references above which it is thawed [1]")
    ] = 0.5,
    least_contrast: Annotated[
        float, typer.Option("--least-contrast", help="references that differ by less tell nothing")
    ] = 0.0,
    least: Annotated[int, typer.Option("--run", help="states in a row that make a season begin")] = 3,
    most_snow: Annotated[float, typer.Option("--most-snow", help="snow that still lets the ground be seen [1]")] = 0.1,
    out: Annotated[Path, typer.Option("--out", help="folder to write to")] = Path("retrieved"),
    quiet: QuietOption = False,
    debug: DebugOption = False,
) -> None:
    """Frozen or thawed at each time, and the days on which thaw and freezing begin, year by year."""
    from geocryoai.retrievals.radar.freeze_thaw_seasons import FreezeThawOptions
    from geocryoai.stages.retrieve_freeze_thaw import freeze_thaw_request
    from geocryoai.stages.retrieve_freeze_thaw import retrieve_freeze_thaw as retrieve

    months = _months("--frozen", frozen), _months("--thawed", thawed)
    options = FreezeThawOptions(*months, threshold, least_contrast, least, most_snow)
    request = freeze_thaw_request(out, variable, horizontal, snow, options)
    with stoppable("Files that were finished are complete."):
        retrieve(files, request, tell=(lambda _: None) if quiet else typer.echo)


def _months(option: str, text: str) -> tuple[int, ...]:
    if re.fullmatch(r"\s*\d{1,2}(\s*,\s*\d{1,2})*\s*", text) is None:
        raise GeoCryoAIError("not a list of months", where=option, found=f"'{text}'", expected="such as 1,2")
    return tuple(int(part) for part in text.split(","))
