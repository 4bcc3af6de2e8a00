"""A test of the study on one target: its samples, its folds and, for forecasts, drivers as a forecaster has them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from geocryoai.core.errors import ProtocolError
from geocryoai.core.study import LearnerSection
from geocryoai.cube.records import groups_within
from geocryoai.evaluation.folds import make_split
from geocryoai.stages.options import colocated_km, future_drivers, protocol_options
from geocryoai.stages.samples import forecast_samples, load_samples
from geocryoai.stages.workspace import Workspace
from geocryoai.training.fit import fit_learner

if TYPE_CHECKING:
    from geocryoai.cube.samples import Samples
    from geocryoai.evaluation.folds import Split
    from geocryoai.evaluation.out_of_fold import Fit
    from geocryoai.models.contract import Learner


@dataclass(frozen=True)
class Trial:
    """What learners are judged on.

    Attributes
    ----------
    samples : Samples
    split : Split
    future : Samples or None
        The same rows with the drivers that a forecaster has; None where measured drivers count.
    """

    samples: Samples
    split: Split
    future: Samples | None = None

    def without_windows(self) -> Trial:
        """Return the trial as the ablation has it, without what a network sees."""
        return replace(self, samples=replace(self.samples, windows=None, window_index=None))


def open_trial(work: Workspace, label: str, target: str) -> Trial:
    """Return the test `label` of the study on a target.

    Raises
    ------
    ProtocolError
        The folds cannot be made.
    """
    section = work.study.evaluate.protocols[label]
    samples = load_samples(work, target, section.task)
    km = colocated_km(section)
    groups = groups_within(samples.lon, samples.lat, samples.site, km) if km > 0 else None
    options = protocol_options(section)
    try:
        split = make_split(samples, section.protocol, seed=work.study.seed, groups=groups, **options)
    except (TypeError, ValueError, OverflowError) as error:
        raise ProtocolError(
            f"the folds cannot be made with these options ({error})",
            where=f"evaluate.protocols.{label}, {target}",
            found=", ".join(f"{name}={value!r}" for name, value in options.items()) or "no options",
        ) from error
    origins = [fold.origin for fold in split.folds if fold.origin is not None]
    if origins and section.task == "forecast" and future_drivers(section) == "climatology":
        return Trial(samples, split, forecast_samples(work, target, min(origins)))
    return Trial(samples, split)


def fit_by(learners: Mapping[str, LearnerSection]) -> Fit:
    """Return how evaluation fits a learner by its name in the study."""

    def fit(name: str, samples: Samples, options: dict[str, Any], seed: int) -> Learner:
        return fit_learner(learners[name].model, samples, options, seed)

    return fit
