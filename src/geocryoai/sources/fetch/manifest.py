"""What was fetched into a folder: ``fetched.json``, address, size, checksum and time of every file."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from geocryoai.core.errors import GeoCryoAIError
from geocryoai.core.files import read_json, write_json
from geocryoai.sources.fetch.download import Fetched, Remote, hash_of

NAME = "fetched.json"


class Manifest:
    """The manifest of a folder; every change is written at once.

    Parameters
    ----------
    folder : Path

    Raises
    ------
    GeoCryoAIError
        The manifest that is there cannot be read.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / NAME
        self._tree: dict[str, Any] = {"files": {}, "failures": {}}
        if self.path.exists():
            try:
                tree = read_json(self.path)
                self._tree = {"files": dict(tree["files"]), "failures": dict(tree["failures"])}
            except (OSError, ValueError, KeyError, TypeError) as error:
                raise GeoCryoAIError(
                    "the list of what was fetched is damaged", where=str(self.path), found=str(error),
                    next_step="Remove it; files that are there are checked by what the server says.",
                ) from error  # fmt: skip

    @property
    def files(self) -> dict[str, dict[str, Any]]:
        """Return name -> url, size, sha256, source, time of each file that came."""
        files: dict[str, dict[str, Any]] = self._tree["files"]
        return files

    @property
    def failures(self) -> dict[str, dict[str, Any]]:
        """Return name -> url, reason and time of each file that did not come."""
        failures: dict[str, dict[str, Any]] = self._tree["failures"]
        return failures

    def holds(self, remote: Remote) -> bool:
        """Return whether a file is there, whole and from the same address."""
        entry, path = self.files.get(remote.name), self.folder / remote.name
        if entry is None or entry["url"] != remote.url or not path.is_file():
            return False
        return bool(path.stat().st_size == entry["size"] and hash_of(path) == entry["sha256"])

    def came(self, remote: Remote, fetched: Fetched, source: str) -> None:
        """Write down a file that came."""
        self.failures.pop(remote.name, None)
        self.files[remote.name] = {
            "url": remote.url, "size": fetched.size, "sha256": fetched.sha256, "source": source, "time": _now(),
            "tries": fetched.tries,
        }  # fmt: skip
        write_json(self.path, self._tree)

    def failed(self, remote: Remote, reason: str) -> None:
        """Write down a file that did not come."""
        self.failures[remote.name] = {"url": remote.url, "reason": reason, "time": _now()}
        write_json(self.path, self._tree)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
