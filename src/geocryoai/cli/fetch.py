"""The command ``geocryoai fetch``."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from geocryoai.cli.shared import DebugOption, QuietOption, stoppable
from geocryoai.core.errors import GeoCryoAIError, PartlyDoneError

if TYPE_CHECKING:
    from geocryoai.sources.fetch import FetchReport
    from geocryoai.sources.fetch.routes import Box

_NUMBER = r"[-+]?\d+(?:\.\d+)?"
_BOX = re.compile(rf"\s*({_NUMBER})\s*,\s*({_NUMBER})\s*,\s*({_NUMBER})\s*,\s*({_NUMBER})\s*")
_YEARS = re.compile(r"(\d{4})(?:-(\d{4}))?")

#: Places that have a name: west, south, east, north [degree].
PLACES: dict[str, Box] = {
    "alaska": (172.0, 51.0, -129.5, 71.5),
    "north-slope": (-166.5, 68.0, -141.0, 71.5),
    "toolik": (-150.0, 68.4, -149.0, 68.9),
    "arctic": (-180.0, 60.0, 180.0, 90.0),
}


def fetch(
    source: Annotated[str, typer.Argument(help="a source, as `geocryoai sources` lists them", metavar="SOURCE")],
    domain: Annotated[
        str,
        typer.Option("--domain", help="west,south,east,north in degrees; alaska, north-slope, toolik, arctic; a study"),
    ] = "alaska",
    years: Annotated[str | None, typer.Option("--years", help="one year, or FIRST-LAST")] = None,
    out: Annotated[Path | None, typer.Option("--out", help="folder that gets the files (default: data/SOURCE)")] = None,
    url: Annotated[
        list[str] | None, typer.Option("--url", help="address instead of the source's own, may hold {year}; repeatable")
    ] = None,
    offline: Annotated[bool, typer.Option("--offline", help="ask nothing of the network; say what is missing")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="say what would be fetched")] = False,
    tries: Annotated[
        int, typer.Option("--tries", min=1, help="requests without progress before a file is given up")
    ] = 5,
    timeout: Annotated[float, typer.Option("--timeout", min=0.1, max=86_400, help="longest silence [s]")] = 60.0,
    quiet: QuietOption = False,
    debug: DebugOption = False,
) -> None:
    """Fetch the files of a source from their provider: complete or absent, resumed, checked, listed."""
    from geocryoai.sources.fetch import fetch as fetch_files
    from geocryoai.sources.fetch.download import Patience

    folder = out or Path("data") / source
    box, period = box_of_domain(domain), read_years(years)
    with stoppable("The same command goes on where it stopped."):
        report = fetch_files(
            source, folder, box=box, years=period, urls=url or [], offline=offline, dry_run=dry_run,
            patience=Patience(tries=tries, wait=min(2.0, timeout / 10), timeout=timeout),
            told=(lambda line: None) if quiet else lambda line: typer.echo(line, err=True),
        )  # fmt: skip
    if dry_run:
        for remote in report.wanted:
            typer.echo(f"{'here' if remote.name in report.here else 'would fetch'}: {remote.url}")
        return
    if offline:
        _tell_offline(report, source, folder)
        return
    typer.echo(f"{folder}: {len(report.came)} fetched, {len(report.here)} there before, {len(report.failures)} failed")
    if report.failures:
        listed = "\n".join(f"  {i}. {name}: {why}" for i, (name, why) in enumerate(report.failures.items(), 1))
        some = report.came or report.here
        raise (PartlyDoneError if some else GeoCryoAIError)(
            f"{len(report.failures)} of {len(report.wanted)} files could not be fetched\n{listed}", where=source,
            next_step="The same command tries them again.",
        )  # fmt: skip


def box_of_domain(text: str) -> Box:
    """Return the box [degree] that is meant: four numbers, a place, a named grid, or the domain of a study.

    Raises
    ------
    GeoCryoAIError
        It is none of these, or a box that cannot be.
    """
    match = _BOX.fullmatch(text)
    if match is not None:
        west, south, east, north = (float(part) for part in match.groups())
        if not (-180 <= west <= 180 and -180 <= east <= 180 and -90 <= south < north <= 90):
            raise GeoCryoAIError(
                "the box cannot be",
                where="--domain",
                found=text,
                expected="west,south,east,north in degrees, south < north",
            )
        return west, south, east, north
    if text in PLACES:
        return PLACES[text]
    from geocryoai.core.named_grids import named_grid
    from geocryoai.sources.window import box_of

    if re.match(r"(above|alaska|ease2-north)-", text):
        return box_of(named_grid(text))
    from geocryoai.stages.check import bundled_studies, find_study
    from geocryoai.stages.harmonize import study_grid

    if not Path(text).is_file() and text not in bundled_studies():
        known = ", ".join([*PLACES, *bundled_studies()])
        raise GeoCryoAIError(
            "the place is not known", where="--domain", found=f"'{text}'", expected=f"west,south,east,north, or {known}"
        )
    grid = study_grid(find_study(text, []))
    if grid is None:
        raise GeoCryoAIError("the study has no domain", where=text, next_step="Give west,south,east,north.")
    return box_of(grid)


def read_years(text: str | None) -> tuple[int, int] | None:
    """Return first and last year.

    Raises
    ------
    GeoCryoAIError
        Neither a year nor two.
    """
    if text is None:
        return None
    match = _YEARS.fullmatch(text.strip())
    if match is None or int(match[1]) > int(match[2] or match[1]):
        raise GeoCryoAIError(
            "the years are not understood", where="--years", found=f"'{text}'", expected="2015 or 2015-2020"
        )
    return int(match[1]), int(match[2] or match[1])


def _tell_offline(report: FetchReport, source: str, folder: Path) -> None:
    if not report.wanted:
        raise GeoCryoAIError(
            "which files there are is known only to the provider's catalogue", where=source,
            next_step="Run once with a connection: with --dry-run nothing is fetched.",
        )  # fmt: skip
    if report.absent:
        listed = "\n".join(f"  {i}. {remote.name} from {remote.url}" for i, remote in enumerate(report.absent, 1))
        raise GeoCryoAIError(
            f"{len(report.absent)} of {len(report.wanted)} files are missing\n{listed}", where=str(folder),
            next_step="Fetch them on a machine with a connection and copy the folder.",
        )  # fmt: skip
    typer.echo(f"{folder}: all {len(report.wanted)} files are there")
