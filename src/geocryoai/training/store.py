"""Fitted learners on disk: a model card beside what the learner itself writes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import geocryoai
from geocryoai.core.errors import ModelError
from geocryoai.models import LEARNERS, Learner
from geocryoai.models.features import Inputs

if TYPE_CHECKING:
    from pathlib import Path

    from geocryoai.cube.samples import Samples

CARD_NAME = "model.json"
LEARNER_FOLDER = "learner"
#: Raised when a folder of an older version can no longer be read.
FORMAT = 1


def save_model(
    folder: Path, learner: Learner, trained_on: Samples, metadata: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Write a fitted learner and its card into `folder`, the card last; return the card.

    Parameters
    ----------
    folder : Path
        Made where it does not exist; a card that is there already is removed first, so that a folder with a card is
        complete.
    learner : Learner
    trained_on : Samples
        Gives the names that later samples must carry, and the number of rows and sites.
    metadata : dict, optional
        Anything that JSON can hold: split hash, scores, study.
    """
    card_file = folder / CARD_NAME
    card_file.unlink(missing_ok=True)
    learner.save(folder / LEARNER_FOLDER)
    card: dict[str, Any] = {
        "format": FORMAT,
        "geocryoai": geocryoai.__version__,
        "name": learner.name,
        "seed": learner.seed,
        "options": learner.options,
        "inputs": asdict(Inputs.of(trained_on)),
        "rows": len(trained_on),
        "sites": len(set(trained_on.site.tolist())),
        "metadata": dict(metadata or {}),
    }
    card_file.write_text(json.dumps(card, indent=1, sort_keys=True, allow_nan=False) + "\n", encoding="utf-8")
    return card


def read_card(folder: Path) -> dict[str, Any]:
    """Return the card of a saved model; ModelError where it is missing, damaged or of another format."""
    card_file = folder / CARD_NAME
    again = "Train and save the model again."
    if not card_file.is_file():
        raise ModelError("no model is saved here", where=str(folder), expected=CARD_NAME, next_step=again)
    try:
        card: dict[str, Any] = json.loads(card_file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ModelError("a model card is damaged", where=str(card_file), found=str(error), next_step=again) from error
    if card.get("format") != FORMAT:
        raise ModelError(
            "a model card has another format",
            where=str(card_file),
            found=card.get("format"),
            expected=FORMAT,
            next_step=again,
        )
    return card


def load_model(folder: Path) -> Learner:
    """Return the learner that `save_model` wrote into `folder`."""
    return LEARNERS.get(read_card(folder)["name"]).load(folder / LEARNER_FOLDER)


def check_inputs(card: Mapping[str, Any], samples: Samples) -> None:
    """Raise ModelError where `samples` lack what the model of `card` was trained on; the nearest names are given."""
    Inputs.from_facts(card["inputs"]).check(samples, where=str(card["name"]))
