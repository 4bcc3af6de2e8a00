"""Options of learners, protocols and anchors, checked before any work; what they belong to is imported for it."""

from __future__ import annotations

import inspect
from collections.abc import Iterator

from geocryoai.core.errors import GeoCryoAIError, nearest
from geocryoai.core.study import ProtocolSection, Study

#: Options of every test of a study, whatever its protocol, and their defaults: sites closer than `colocated_km` [km]
#: never stand on both sides of a fold; `future_drivers` are what a forecaster knows of later months.
COLOCATED_KM = 1.0
FUTURE_DRIVERS = ("climatology", "measured")

_GIVEN_BY_THE_STAGE = ("samples", "seed", "groups")


def option_problems(study: Study) -> Iterator[str]:
    """Yield every wrong option of a learner, protocol or anchor of the study; names that are not known are left out."""
    yield from _learners(study)
    yield from _protocols(study)
    yield from _anchors(study)


def colocated_km(section: ProtocolSection) -> float:
    """Return the distance [km] below which sites are never parted; 0 parts them freely."""
    return float(section.options.get("colocated_km", COLOCATED_KM))


def future_drivers(section: ProtocolSection) -> str:
    """Return what a forecaster of this test knows of later drivers."""
    return str(section.options.get("future_drivers", FUTURE_DRIVERS[0]))


def protocol_options(section: ProtocolSection) -> dict[str, object]:
    """Return the options that are the protocol's own."""
    return {name: value for name, value in section.options.items() if name not in ("colocated_km", "future_drivers")}


def _learners(study: Study) -> Iterator[str]:
    from geocryoai.models import LEARNERS

    for name, section in study.learners.items():
        if "seed" in section.options:
            yield f"learners.{name}.options.seed: the seed is that of the study"
            continue
        if section.model not in LEARNERS:
            continue
        kind = LEARNERS.get(section.model)
        try:
            kind(seed=study.seed, **section.options)
        except (GeoCryoAIError, TypeError, ValueError) as error:
            yield f"learners.{name}.options: {error}"
        if name == study.predict.learner and "map" not in kind.tasks:
            yield f"predict.learner: '{name}' ({section.model}) does the task {', '.join(kind.tasks)} only, not map"


def _protocols(study: Study) -> Iterator[str]:
    from geocryoai.evaluation import PROTOCOLS

    for name, section in study.evaluate.protocols.items():
        if section.protocol not in PROTOCOLS:
            continue
        where = f"evaluate.protocols.{name}.options"
        own = list(inspect.signature(PROTOCOLS.get(section.protocol)).parameters)
        known = [key for key in own if key not in _GIVEN_BY_THE_STAGE] + ["colocated_km", "future_drivers"]
        for key in section.options:
            if key not in known:
                yield f"{where}: unknown option '{key}'; {nearest(str(key), known)}"
        distance = section.options.get("colocated_km", COLOCATED_KM)
        if isinstance(distance, bool) or not isinstance(distance, int | float) or not 0 <= distance < 20_000:
            yield f"{where}.colocated_km: expected a distance in km, 0 or more; found {distance!r}"
        if future_drivers(section) not in FUTURE_DRIVERS:
            hint = nearest(future_drivers(section), FUTURE_DRIVERS)
            yield f"{where}.future_drivers: found '{future_drivers(section)}'; {hint}"


def _anchors(study: Study) -> Iterator[str]:
    from geocryoai.models.anchors import ANCHORS

    for name, target in study.targets.items():
        for anchor in target.anchors:
            if anchor.process not in ANCHORS:
                continue
            known = list(inspect.signature(ANCHORS.get(anchor.process)).parameters)
            for key in anchor.options:
                if key not in known:
                    hint = nearest(str(key), known)
                    yield f"targets.{name}.anchors, {anchor.process}: unknown option '{key}'; {hint}"
