"""Options and behaviour that the commands share."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from geocryoai.core.errors import GeoCryoAIError

if TYPE_CHECKING:
    from geocryoai.core.study import Study

#: Environment variable that names the data folder of studies on files.
DATA_VARIABLE = "GEOCRYOAI_DATA"


def _debug(asked: bool) -> None:
    if asked:
        os.environ["GEOCRYOAI_DEBUG"] = "1"


StudyArgument = Annotated[str, typer.Argument(help="a study file, or the name of a bundled study", metavar="STUDY")]
DataOption = Annotated[
    Path | None,
    typer.Option(
        "--data",
        help=f"folder that the study's paths are relative to (default: ${DATA_VARIABLE}, or the study file's folder)",
    ),
]
SetOption = Annotated[list[str] | None, typer.Option("--set", help="override one key: a.b=value; repeatable")]
QuietOption = Annotated[bool, typer.Option("--quiet", help="no progress bars")]
DebugOption = Annotated[bool, typer.Option("--debug", help="show the trace of an error", callback=_debug)]


class _InterruptedError(GeoCryoAIError):
    """The user pressed Ctrl-C."""

    exit_code = 130


@contextmanager
def stoppable(next_step: str) -> Iterator[None]:
    """Say on Ctrl-C what became of the work."""
    try:
        yield
    except KeyboardInterrupt:
        raise _InterruptedError("interrupted", next_step=next_step) from None


def data_folder(given: Path | None, named: str, study: Study) -> Path | None:
    """Return the folder that a study's paths are relative to; None for a twin without one, and where none is known."""
    from geocryoai.stages.check import study_file

    if given is not None or study.twin is not None:
        return given
    if from_environment := os.environ.get(DATA_VARIABLE):
        return Path(from_environment)
    file = study_file(named)
    return None if file is None else file.parent
