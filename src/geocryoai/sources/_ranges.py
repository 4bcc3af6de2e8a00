"""Values that are mostly implausible: a wrong unit or sign."""

from __future__ import annotations

import numpy as np

from geocryoai.core.errors import SourceError
from geocryoai.core.variables import Variable


def check_unit_by_range(values: np.ndarray, meant: Variable, *, where: str, unit: str, remedy: str) -> None:
    """Raise when most values lie outside the plausible range, which a wrong unit or sign does.

    Parameters
    ----------
    values : array
        In the canonical unit of `meant`; NaN where missing.
    where : str
        File and column, for the message.
    unit : str
        Declared unit.
    remedy : str
        What to set when the values are right all the same.
    """
    given = values[np.isfinite(values)]
    low, high = meant.plausible
    outside = int(((given < low) | (given > high)).sum())
    if outside * 2 <= given.size:
        return
    raise SourceError(
        f"{outside} of {given.size} values of {meant.name} are implausible: is the unit or the sign wrong?",
        where=where,
        found=f"median {float(np.median(given)):.4g} {meant.unit} with the declared unit '{unit}'",
        expected=f"mostly {low:g} to {high:g} {meant.unit}",
        next_step=f"Declare the right unit; if the values are right, {remedy}.",
    )
