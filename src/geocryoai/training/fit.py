"""Fit a learner of the registry: checked, on measured rows only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from geocryoai.core.errors import ModelError
from geocryoai.models import LEARNERS, Learner

if TYPE_CHECKING:
    from geocryoai.cube.samples import Samples


def fit_learner(name: str, samples: Samples, options: Mapping[str, Any], seed: int = 0) -> Learner:
    """Return the learner called `name`, fitted on the rows of `samples` that have a measured target.

    Raises
    ------
    ModelError
        No row has a target, the learner does not do this task, or it cannot learn from these samples.
    """
    kind = LEARNERS.get(name)
    if samples.task not in kind.tasks:
        raise ModelError(
            f"the learner does not do the task '{samples.task}'", where=name, expected=" or ".join(kind.tasks)
        )
    measured = np.isfinite(samples.y)
    if not measured.any():
        raise ModelError("there is nothing to learn from: no row has a measured target", where=samples.target)
    try:
        return kind(seed=seed, **options).fit(samples.take(measured))
    except (TypeError, ValueError, OverflowError) as error:
        raise ModelError(
            f"the learner failed ({type(error).__name__}: {error})",
            where=f"{name}, {samples.target}",
            found=", ".join(f"{key}={value!r}" for key, value in options.items()) or "no options",
            next_step="Look at its options in the study.",
        ) from error
