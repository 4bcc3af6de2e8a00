"""Files that are complete or absent: written under a temporary name, then renamed; and their hashes."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

from geocryoai.core.errors import GeoCryoAIError

#: End of the name of a file that is not complete; a dot goes before it.
_PARTIAL = ".part"


@contextmanager
def complete_or_absent(path: Path) -> Iterator[Path]:
    """Yield a temporary path (file or folder) that takes the name `path` only if the block ends without error.

    Raises
    ------
    IsADirectoryError
        A folder stands where a file is to be written; it is left as it is.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}{_PARTIAL}")
    remove(temporary)
    try:
        yield temporary
    except BaseException:
        remove(temporary)
        raise
    if path.is_dir() and not temporary.is_dir():
        remove(temporary)
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    remove(path)
    temporary.replace(path)


def require_folder(path: Path, option: str = "--out") -> None:
    """Make a folder if it is absent, and raise unless files can be written into it; before long work.

    Parameters
    ----------
    path : Path
    option : str
        Named in the message.

    Raises
    ------
    GeoCryoAIError
        A file stands there, or the folder cannot be made or written to.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=path):
            pass
    except OSError as error:
        raise GeoCryoAIError("nothing can be written there", where=option, found=f"{path}: {error.strerror}",
                             expected="a folder that can be written to, or made") from error  # fmt: skip


def remove(path: Path) -> None:
    """Remove a file or a folder; absent is fine."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def is_partial(path: Path) -> bool:
    """Return whether a path is what `complete_or_absent` leaves when its process is killed."""
    return path.name.startswith(".") and path.name.endswith(_PARTIAL)


def remove_partial(folder: Path) -> None:
    """Remove everything in a folder that was left half written."""
    for path in [path for path in folder.rglob(f".*{_PARTIAL}") if is_partial(path)]:
        remove(path)


def write_text(path: Path, text: str) -> None:
    """Write a text file, complete or absent, synced to disk."""
    with complete_or_absent(path) as temporary, temporary.open("w", encoding="utf-8", newline="\n") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())


def write_json(path: Path, value: Any) -> None:
    """Write JSON with sorted keys; NaN is refused, since JSON has none."""
    write_text(path, json.dumps(value, indent=1, sort_keys=True, allow_nan=False) + "\n")


def read_json(path: Path) -> Any:
    """Read a JSON file."""
    return json.loads(path.read_text(encoding="utf-8"))


def file_hash(path: Path) -> str:
    """Return the SHA-256 of a file, or of the names and contents of all files in a folder."""
    digest = hashlib.sha256()
    if path.is_dir():
        for name in list_files(path):
            digest.update(name.encode() + b"\0" + file_hash(path / name).encode() + b"\0")
    else:
        with path.open("rb") as stream:
            while block := stream.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()


def list_files(folder: Path) -> list[str]:
    """Return the relative names of all files in a folder, sorted; hidden ones left out."""
    return sorted(
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    )


def text_hash(text: str) -> str:
    """Return the SHA-256 of a text."""
    return hashlib.sha256(text.encode()).hexdigest()
