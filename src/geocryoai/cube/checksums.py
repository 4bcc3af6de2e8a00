"""SHA-256 of every file of a Zarr group, so that a missing shard is not read as missing data."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import zarr

from geocryoai.core.errors import CubeError
from geocryoai.core.files import file_hash, list_files

#: Group whose attribute ``files`` holds path -> SHA-256; its own file is the only one not listed.
CHECKSUMS = "checksums"


def write_checksums(folder: Path) -> None:
    """Write the checksums of all files of a Zarr group into it."""
    group = zarr.open_group(folder, mode="r+", zarr_format=3)
    group.create_group(CHECKSUMS, attributes={"files": _digests(folder)})


def check_files(folder: Path) -> None:
    """Compare all files of a Zarr group with its checksums.

    Raises
    ------
    CubeError
        A file is missing, changed or new; the message names the first.
    """
    try:
        attributes: dict[str, Any] = dict(zarr.open_group(folder, path=CHECKSUMS, mode="r", zarr_format=3).attrs)
        recorded: dict[str, str] = attributes["files"]
    except (FileNotFoundError, KeyError, ValueError) as error:
        raise CubeError("there are no checksums", where=str(folder), next_step="Write the cube again.") from error
    present = _digests(folder)
    for path in sorted({*recorded, *present}):
        state = _state(recorded.get(path), present.get(path))
        if state is not None:
            raise CubeError(f"a file is {state}", where=f"{folder}/{path}", next_step="Write the cube again.")


def _state(recorded: str | None, present: str | None) -> str | None:
    if recorded == present:
        return None
    if present is None:
        return "missing"
    return "not part of the cube" if recorded is None else "damaged"


def _digests(folder: Path) -> dict[str, str]:
    return {name: file_hash(folder / name) for name in list_files(folder) if not name.startswith(f"{CHECKSUMS}/")}
