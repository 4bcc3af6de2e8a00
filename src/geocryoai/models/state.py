"""What a learner writes and reads: one JSON file and one npz file without objects."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from zipfile import BadZipFile

import numpy as np

from geocryoai.core.errors import ModelError

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

JSON_NAME = "learner.json"
ARRAYS_NAME = "learner.npz"


def write_state(folder: Path, facts: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> None:
    """Write facts and arrays into `folder`, making it; the same state gives the same bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    np.savez(folder / ARRAYS_NAME, allow_pickle=False, **{name: arrays[name] for name in sorted(arrays)})
    text = json.dumps(dict(facts), indent=1, sort_keys=True, allow_nan=False)
    (folder / JSON_NAME).write_text(text + "\n", encoding="utf-8")


def read_state(folder: Path) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """Return the facts and arrays that `write_state` wrote.

    Raises
    ------
    ModelError
        A file is missing or damaged.
    """
    for name in (JSON_NAME, ARRAYS_NAME):
        if not (folder / name).is_file():
            raise ModelError(
                "a saved learner lacks a file",
                where=str(folder / name),
                expected=f"{JSON_NAME} and {ARRAYS_NAME}",
                next_step="Train and save the learner again.",
            )
    try:
        facts = json.loads((folder / JSON_NAME).read_text(encoding="utf-8"))
        with np.load(folder / ARRAYS_NAME, allow_pickle=False) as stored:
            return facts, {name: stored[name] for name in stored.files}
    except (ValueError, OSError, BadZipFile) as error:
        raise ModelError(
            "a saved learner is damaged",
            where=str(folder),
            found=str(error),
            next_step="Train and save the learner again.",
        ) from error
