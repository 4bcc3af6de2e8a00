"""What can be wrong with the supports of a study, before any work."""

from __future__ import annotations

from collections.abc import Iterator

from geocryoai.core.study import Study, TargetSection
from geocryoai.models.anchors.simulated import SIMULATED


def support_problems(study: Study) -> Iterator[str]:
    """Yield supports that could not be worked out, or would change nothing."""
    by_path: dict[str, tuple[str, object]] = {}
    for name, source in study.sources.items():
        first, support = by_path.setdefault(source.path, (name, source.support))
        if support != source.support:
            yield f"sources.{name}.support: {source.path} is also read by '{first}', which has another support"
        if source.support.kind == "cell":
            continue
        if study.domain is None:
            yield f"domain: missing, but sources.{name}.support averages over its cells"
        targets = [target for target in study.targets.values() if name in target.records]
        if not any(_sees_cube(target) for target in targets):
            yield (
                f"sources.{name}.support: no target with its records takes anything from the cube (a join by cell or a "
                "simulated anchor): nothing would be averaged"
            )


def _sees_cube(target: TargetSection) -> bool:
    return any(join.by == "cell" for join in target.join) or any(a.process == SIMULATED for a in target.anchors)
