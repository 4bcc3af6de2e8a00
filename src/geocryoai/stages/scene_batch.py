"""Many scenes by one command: each on its own, so that a bad one does not stop the others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from geocryoai.core.errors import GeoCryoAIError, SourceError


def each_scene(scenes: Sequence[Path], retrieve: Callable[[Path], Path], tell: Callable[[str], None]) -> list[Path]:
    """Retrieve every scene and return what was written.

    Parameters
    ----------
    scenes : sequence of Path
    retrieve : callable
        Retrieves one scene and returns its summary.
    tell : callable
        Takes lines for the user.

    Raises
    ------
    SourceError
        At the end, naming every scene that could not be retrieved; the others are written. The error of an only scene
        is raised as it is.
    """
    written, failed = [], []
    for scene in scenes:
        try:
            written.append(retrieve(scene))
        except GeoCryoAIError as error:
            if len(scenes) == 1:
                raise
            failed.append(str(error))
            tell(f"failed: {scene}")
    if failed:
        listed = "\n".join(f"  {number}. {text}" for number, text in enumerate(failed, 1))
        raise SourceError(f"{len(failed)} of {len(scenes)} scenes could not be retrieved, the others were\n{listed}")
    return written
