"""Which code made an artefact: a hash of the package's own files, so that changed code is never taken for the same."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

from geocryoai.core.files import list_files

#: Files of the package that decide what a run makes: code, and tables and studies that come with it.
SUFFIXES = frozenset({".py", ".yml", ".json", ".csv"})


@cache
def code_hash() -> str:
    """Return the SHA-256 of the names and contents of the installed package's files, read once per process."""
    return tree_hash(Path(__file__).parents[1])


def tree_hash(folder: Path) -> str:
    """Return the SHA-256 of the names and contents of all files in a folder that have one of the `SUFFIXES`."""
    digest = hashlib.sha256()
    for name in list_files(folder):
        if Path(name).suffix in SUFFIXES:
            content = (folder / name).read_bytes()
            digest.update(f"{name}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()
