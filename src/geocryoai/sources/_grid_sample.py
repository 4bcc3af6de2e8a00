"""A look at a few windows of a lazy field: undeclared sentinels, a wrong unit, nothing at all."""

from __future__ import annotations

import numpy as np
import polars as pl
import xarray as xr

from geocryoai.core.errors import SourceError
from geocryoai.core.variables import Variable
from geocryoai.sources._ranges import check_unit_by_range
from geocryoai.sources._tabular import sentinels

#: Side of a window [cells], and how many windows and times are looked at along each axis.
WINDOW, ALONG = 64, 3


def check_sample(
    values: xr.DataArray, meant: Variable | None, unit: str, where: str, *, trust: bool, raw: xr.DataArray | None = None
) -> None:
    """Raise when windows spread over a field show that it is not what was declared.

    Parameters
    ----------
    values : xarray.DataArray
        In the canonical unit of `meant`.
    meant : Variable or None
        None where the field is no variable of the house: then only sentinels and emptiness are looked for.
    unit : str
        Declared unit, for the message.
    trust : bool
        Accept values beyond the plausible range.
    raw : xarray.DataArray, optional
        In the unit of the file, in which sentinels are looked for; default `values`.

    Raises
    ------
    SourceError
        Mostly implausible values, a sentinel that was not declared, impossible values, or no value anywhere.
    """
    original = sample(values if raw is None else raw, where)
    found = pl.Series("value", np.unique(original[np.isfinite(original)]))
    odd = found.filter(sentinels(found))
    if odd.len():
        raise SourceError(
            "a sentinel stands among the values and is not declared", where=where, found=f"{odd[0]:g}",
            next_step=f"Declare missing: [{odd[0]:g}].",
        )  # fmt: skip
    if not np.isfinite(original).any() and not bool(xr.ufuncs.isfinite(values).any()):
        raise SourceError("the variable has no value anywhere", where=where)
    if meant is None:
        return
    looked_at = sample(values, where)
    if not trust:
        check_unit_by_range(looked_at, meant, where=where, unit=unit, remedy="set trust_range: true on that variable")


def sample(values: xr.DataArray, where: str) -> np.ndarray:
    """Return the values of windows spread over a field, as one flat array.

    Raises
    ------
    SourceError
        The file ends before its data do.
    """
    parts = []
    spots = {str(name): _spots(size, 1 if name == "time" else WINDOW) for name, size in values.sizes.items()}
    names = list(spots)
    for index in np.ndindex(*(len(spots[name]) for name in names)):
        window = values.isel({name: spots[name][i] for name, i in zip(names, index, strict=True)})
        try:
            parts.append(np.asarray(window.values, dtype=float).ravel())
        except (OSError, RuntimeError, ValueError) as error:
            raise SourceError(
                "the data cannot be read (is the file truncated?)",
                where=where,
                found=str(error),
                next_step="Fetch it again.",
            ) from error
    return np.concatenate(parts)


def _spots(size: int, width: int) -> list[slice]:
    if size <= width * ALONG:
        return [slice(0, size)] if width > 1 or size <= ALONG else [slice(i, i + 1) for i in (0, size // 2, size - 1)]
    return [slice(start, start + width) for start in np.linspace(0, size - width, ALONG).astype(int).tolist()]
