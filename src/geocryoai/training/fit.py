"""Fitting one learner by name."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from geocryoai.core.errors import ModelError
from geocryoai.models import LEARNERS, Learner

if TYPE_CHECKING:
    from geocryoai.cube.samples import Samples

log = logging.getLogger(__name__)


def fit_learner(name: str, samples: Samples, options: Mapping[str, Any] | None = None, seed: int = 0) -> Learner:
    """Return the learner called `name`, fitted to the rows of `samples` that have a measured value.

    Parameters
    ----------
    name : str
        A name in `LEARNERS`.
    samples : Samples
        Rows without a finite `y` are left out, and their number logged.
    options : dict, optional
        The learner's own options.
    seed : int

    Raises
    ------
    GeoCryoAIError
        No learner has that name, it does not do this task or has no such option, or no row has a measured value.
    """
    kind = LEARNERS.get(name)
    if samples.task not in kind.tasks:
        raise ModelError(
            f"'{name}' does not do this task",
            where="task",
            found=f"'{samples.task}'",
            expected=" or ".join(f"'{task}'" for task in kind.tasks),
        )
    measured = np.isfinite(samples.y)
    if not measured.any():
        raise ModelError(
            "nothing can be learnt, no row has a measured value",
            where=f"{name}, target '{samples.target}'",
            found=f"{len(samples)} rows",
            next_step="Check that the observations fall in the study's region and time.",
        )
    if not measured.all():
        log.info("%s: %d of %d rows have no measured value and are left out", name, (~measured).sum(), len(samples))
    try:
        return kind(seed=seed, **(options or {})).fit(samples.take(measured))
    except (TypeError, ValueError, OverflowError) as error:
        raise ModelError(
            f"the learner failed ({type(error).__name__}: {error})",
            where=f"{name}, target '{samples.target}'",
            found=", ".join(f"{key}={value!r}" for key, value in (options or {}).items()) or "no options",
            next_step="Look at its options in the study.",
        ) from error
