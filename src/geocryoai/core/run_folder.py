"""The run folder: what a study was, what it read, what each stage made; every stage resumable."""

from __future__ import annotations

import fcntl
import json
import logging
import platform
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from geocryoai import __version__
from geocryoai.core.code import code_hash
from geocryoai.core.errors import RunError
from geocryoai.core.files import (
    file_hash,
    is_partial,
    list_files,
    read_json,
    remove,
    remove_partial,
    text_hash,
    write_json,
    write_text,
)
from geocryoai.core.study import Study, load_study, to_yaml

STAGES = ("ingest", "harmonize", "simulate", "train", "evaluate", "predict", "report")

_PACKAGES = ("numpy", "scipy", "polars", "xarray", "zarr", "scikit-learn", "lightgbm", "torch", "numba", "pyproj")


class RunFolder:
    """A run folder on disk.

    ``study.yml`` is the resolved study, ``run.json`` seed, versions and hash of the code, ``stages/STAGE.json`` says
    that a stage is complete, from what it was made and the hash of each artefact; ``log.jsonl`` holds times. Only the
    log differs between two runs of the same study on the same data.
    """

    def __init__(self, path: Path, study: Study) -> None:
        self.path = path
        self.study = study

    @classmethod
    def create(cls, path: Path, study: Study) -> RunFolder:
        """Return the run folder at `path`, made new, or taken up again when it is of the same study.

        Raises
        ------
        RunError
            The folder holds a run of another study, or something that is no run.
        """
        text = to_yaml(study)
        marker = path / "study.yml"
        if marker.exists():
            if marker.read_text(encoding="utf-8") != text:
                raise RunError(
                    "the folder holds a run of another study or of another version of this one",
                    where=str(path),
                    next_step="Choose another --out, or remove the folder.",
                )
        elif path.exists() and (not path.is_dir() or any(p for p in path.iterdir() if not _own(p))):
            raise RunError("not a run folder, and not empty", where=str(path), next_step="Choose another --out.")
        else:
            write_text(marker, text)
        about = {"geocryoai": __version__, "code": code_hash(), "seed": study.seed, "versions": _versions()}
        write_json(path / "run.json", about)
        return cls(path, study)

    @classmethod
    def open(cls, path: Path) -> RunFolder:
        """Return an existing run folder.

        Raises
        ------
        RunError
            There is no run at `path`.
        """
        if not (path / "study.yml").exists():
            raise RunError("not a run folder (it has no study.yml)", where=str(path))
        return cls(path, load_study(path / "study.yml"))

    def folder(self, stage: str) -> Path:
        """Return the folder of a stage's artefacts."""
        return self.path / stage

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the run folder for this process alone.

        Raises
        ------
        RunError
            Another process is at work in it.
        """
        self.path.mkdir(parents=True, exist_ok=True)
        with (self.path / ".lock").open("w") as stream:
            try:
                fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                raise RunError("another process is at work in this run folder", where=str(self.path)) from error
            yield

    def key(self, stage: str, inputs: Mapping[str, str]) -> str:
        """Return the hash of all that a stage is made from: study, code, input files, stages before it."""
        before = STAGES[: STAGES.index(stage)]
        earlier = {name: self._marker(name).get("key") for name in before}
        return text_hash(json.dumps([to_yaml(self.study), code_hash(), dict(inputs), earlier], sort_keys=True))

    def is_done(self, stage: str, key: str) -> bool:
        """Return whether a stage was completed from the same inputs and its artefacts are all there, unchanged."""
        return self._marker(stage).get("key") == key and self._changed(stage) is None

    def begin(self, stage: str, key: str) -> Path:
        """Return the stage's folder, emptied unless it holds unfinished work made from the same inputs.

        Later stages count as not done when this one is made from other inputs than before.
        """
        folder = self.folder(stage)
        started = folder / ".key"
        before = self._marker(stage).get("key") or (started.read_text(encoding="utf-8") if started.exists() else None)
        if self._marker_path(stage).exists() or before != key:
            remove(folder)
            folder.mkdir(parents=True)
            write_text(started, key)
        stale = (stage,) if before == key else STAGES[STAGES.index(stage) :]
        for name in reversed(stale):
            self._marker_path(name).unlink(missing_ok=True)
        return folder

    def finish(self, stage: str, key: str, inputs: Mapping[str, str]) -> None:
        """Write down that a stage is complete, with the hash of each artefact; half-written files are removed."""
        folder = self.folder(stage)
        remove_partial(folder)
        artefacts = {name: file_hash(folder / name) for name in list_files(folder)}
        marker = {"stage": stage, "key": key, "inputs": dict(inputs), "artefacts": artefacts}
        write_json(self._marker_path(stage), marker)

    def log(self, event: str, **details: Any) -> None:
        """Append one line to ``log.jsonl``."""
        line = {"time": datetime.now(UTC).isoformat(timespec="seconds"), "event": event, **details}
        with (self.path / "log.jsonl").open("a", encoding="utf-8") as stream:
            stream.write(json.dumps(line, sort_keys=True, default=str) + "\n")
        logging.getLogger("geocryoai").info("%s %s", event, details)

    def require(self, stages: Sequence[str]) -> None:
        """Raise RunError unless the given stages are complete and their artefacts unchanged."""
        go_on = "Run `geocryoai run` on the same study and folder to go on."
        missing = [stage for stage in stages if not self._marker(stage)]
        if missing:
            raise RunError(f"the run has not finished: {', '.join(missing)}", where=str(self.path), next_step=go_on)
        for stage in stages:
            changed = self._changed(stage)
            if changed is not None:
                raise RunError("an artefact is missing or was changed", where=str(changed), next_step=go_on)

    def _marker_path(self, stage: str) -> Path:
        return self.path / "stages" / f"{stage}.json"

    def _marker(self, stage: str) -> dict[str, Any]:
        """Return what was written down about a stage; nothing where it is absent or cannot be read."""
        try:
            marker = dict(read_json(self._marker_path(stage)))
        except (FileNotFoundError, ValueError, TypeError):
            return {}
        return marker if {"key", "artefacts"} <= set(marker) else {}

    def _changed(self, stage: str) -> Path | None:
        """Return the first artefact of a finished stage that is missing or not as it was made."""
        folder = self.folder(stage)
        for name, digest in self._marker(stage)["artefacts"].items():
            artefact = folder / str(name)
            if not artefact.is_file() or file_hash(artefact) != digest:
                return artefact
        return None


def _own(path: Path) -> bool:
    """Return whether a path in a new run folder is what a run that was killed at once leaves."""
    return path.name == ".lock" or is_partial(path)


def _versions() -> dict[str, str]:
    found = {"python": platform.python_version()}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found
