"""Fitted learners on disk: what they are and what they were fitted on, beside what they learnt; no pickle."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from geocryoai import __version__
from geocryoai.core.errors import ModelError
from geocryoai.core.files import complete_or_absent, read_json, write_json
from geocryoai.models import LEARNERS, Learner

#: Layout of a model folder; raised when an older one can no longer be read.
FORMAT = 1


def save_model(folder: Path, name: str, learner: Learner, about: Mapping[str, Any]) -> None:
    """Write a fitted learner, complete or absent.

    Parameters
    ----------
    folder : Path
    name : str
        Of the learner in the registry.
    learner : Learner
    about : dict
        What a reader should know: target, study, rows.
    """
    with complete_or_absent(folder) as temporary:
        temporary.mkdir()
        learner.save(temporary / "state")
        model = {
            "format": FORMAT,
            "geocryoai": __version__,
            "learner": name,
            "options": learner.options,
            "seed": learner.seed,
            "about": dict(about),
        }
        write_json(temporary / "model.json", model)


def load_model(folder: Path) -> Learner:
    """Return the learner that `save_model` wrote.

    Raises
    ------
    ModelError
        There is no model, or it was written in a layout that this version does not read.
    """
    if not (folder / "model.json").exists():
        raise ModelError("no model is stored here", where=str(folder))
    model = read_json(folder / "model.json")
    if model.get("format") != FORMAT:
        raise ModelError(
            "the model was stored in another layout",
            where=str(folder),
            found=f"format {model.get('format')} of geocryoai {model.get('geocryoai')}",
            expected=f"format {FORMAT}",
            next_step="Run the study again with this version.",
        )
    return LEARNERS.get(model["learner"]).load(folder / "state")
