"""Many scenes by one command: each on its own, so that a bad one does not stop the others."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Sequence
from pathlib import Path

from geocryoai.core.errors import GeoCryoAIError, PartlyDoneError, SourceError

#: What a disk says that can take no more: no other scene would fare better.
_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS})


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
    PartlyDoneError
        At the end, naming every scene that could not be retrieved; the others are written.
    SourceError
        No scene could be retrieved. The error of an only scene is raised as it is.
    """
    written, failed = [], []
    for scene in scenes:
        try:
            written.append(retrieve(scene))
        except Exception as error:
            if len(scenes) == 1 or not is_of_the_scene(error):
                raise
            failed.append(reason(error))
            tell(f"failed: {scene}")
    listed = "\n".join(f"  {number}. {text}" for number, text in enumerate(failed, 1))
    if failed and not written:
        raise SourceError(f"none of {len(scenes)} scenes could be retrieved\n{listed}")
    if failed:
        count = f"{len(failed)} of {len(scenes)}"
        raise PartlyDoneError(f"{count} scenes could not be retrieved, the others were\n{listed}")
    return written


def each_once(scenes: Sequence[Path], stem: Callable[[Path], str], kind: str) -> list[Path]:
    """Return scenes without those named again, in their order.

    Parameters
    ----------
    scenes : sequence of Path
    stem : callable
        Gives the first part of the names of a scene's products.
    kind : str
        What they are called in the message.

    Raises
    ------
    SourceError
        Two scenes whose products would have the same name.
    """
    found = list({os.path.realpath(path): path for path in reversed(scenes)}.values())[::-1]
    by_name: dict[str, list[Path]] = {}
    for path in found:
        by_name.setdefault(stem(path).casefold(), []).append(path)
    twice = [path for paths in by_name.values() if len(paths) > 1 for path in paths]
    if twice:
        raise SourceError(
            f"two {kind} have one name", found=", ".join(map(str, twice)),
            next_step=f"Name each once; {kind} of one name need a folder --out each.",
        )  # fmt: skip
    return found


def is_of_the_scene(error: Exception) -> bool:
    """Return whether an error is one of the scene at hand; no memory or a full disk are troubles of all."""
    return not (isinstance(error, MemoryError) or (isinstance(error, OSError) and error.errno in _NO_ROOM))


def reason(error: Exception) -> str:
    """Return why a scene failed, in one line."""
    if isinstance(error, GeoCryoAIError):
        return " ".join(str(error).split())
    if isinstance(error, OSError):
        return f"{error.filename or 'a file'}: {error.strerror or error}"
    return f"internal error ({type(error).__name__}: {' '.join(str(error).split())})"
