"""Physical range of each target: a hard constraint on every answer."""

from __future__ import annotations

from geocryoai.core.variables import variable

#: Measurements of these scatter below zero (noise, partitioning), what they measure does not.
NON_NEGATIVE = frozenset({"gpp", "reco", "rsoil"})


def physical_range(target: str) -> tuple[float, float]:
    """Return the lowest and highest value that an answer may have, in the target's canonical unit.

    >>> physical_range("alt"), physical_range("gpp")
    ((0.0, 20.0), (0.0, 60.0))
    """
    low, high = variable(target).valid
    return (max(low, 0.0) if target in NON_NEGATIVE else low, high)
