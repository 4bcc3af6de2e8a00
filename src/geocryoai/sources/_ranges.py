"""Values that cannot be: taken out one by one, or, where they are the rule, taken as a wrong unit."""

from __future__ import annotations

import numpy as np
import polars as pl

from geocryoai.core.errors import SourceError
from geocryoai.core.variables import Variable
from geocryoai.sources._tabular import exclude, rows_of


def drop_invalid(
    values: pl.Series, raw: pl.Series, rows: pl.Series, meant: Variable, *, source: str, name: str | None = None
) -> tuple[pl.Series, pl.DataFrame]:
    """Return the values with those outside the valid range set to null, and the exclusions.

    Parameters
    ----------
    values : polars.Series
        In the canonical unit of `meant`.
    raw, rows : polars.Series
        What stood in the file, and its data row, for the exclusion table.
    name : str, optional
        Name in the exclusion table; default the variable's.
    """
    low, high = meant.valid
    outside = ((values < low) | (values > high)).fill_null(False)
    reason = f"outside the valid range {low:g} to {high:g} {meant.unit}"
    index = rows_of(outside)
    taken = exclude(raw.gather(index), rows.gather(index), source=source, variable=name or meant.name, reason=reason)
    return values.set(outside, None), taken


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
