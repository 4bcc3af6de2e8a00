"""A field of a file in the house's unit and sign."""

from __future__ import annotations

import numpy as np
import xarray as xr

from geocryoai.core.errors import GeoCryoAIError, SourceError
from geocryoai.core.units import to_canonical
from geocryoai.sources._declared import needs_month
from geocryoai.sources._fields import house_attributes
from geocryoai.sources._grid_axes import attributes_of
from geocryoai.sources._grid_options import GridVariable
from geocryoai.sources._grid_sample import check_sample


def canonical(
    array: xr.DataArray, declared: GridVariable, days: xr.DataArray | None, where: str, notes: list[str]
) -> xr.DataArray:
    """Return a field in canonical unit and sign, lazily; values beyond the valid range become missing.

    Parameters
    ----------
    array : xarray.DataArray
        Numbers of the file, NaN where missing; its attribute ``units`` counts where `declared` has none.
    declared : GridVariable
    days : xarray.DataArray or None
        Length of the month of each record [d], for monthly amounts.
    where : str
        File and variable, for messages.
    notes : list of str
        What was decided on the way is added.

    Raises
    ------
    SourceError
        No unit, a unit of another kind, or values that show that the unit, sign or a sentinel is not as declared.
    """
    meant = declared.meant
    attribute = str(array.attrs.get("units", ""))
    unit = declared.unit or attribute
    if not unit:
        raise SourceError("the variable has no unit", where=f"{where}, attribute units", next_step="Declare its unit.")
    if declared.unit and attribute and declared.unit != attribute:
        notes.append(f"{where}: the file says '{attribute}'; the declared unit '{declared.unit}' is taken")
    kept = attributes_of(array)
    kind = np.float64 if array.dtype == np.float64 else np.float32
    values = array.astype(kind)
    for sentinel in declared.missing:
        values = values.where(values != kind(sentinel))
    if meant is None:
        check_sample(values, None, unit, where, trust=declared.trust_range)
        return values.assign_attrs({"long_name": declared.house.replace("_", " "), "units": unit, **kept})
    try:
        length = days if needs_month(unit, meant) else None
        canonical = to_canonical(values, unit, meant.name, positive=declared.positive, days_in_month=length).astype(
            kind
        )
    except GeoCryoAIError as error:
        raise SourceError(error.what, where=where, found=error.found, expected=error.expected) from error
    check_sample(canonical, meant, unit, where, trust=declared.trust_range, raw=values)
    low, high = meant.valid
    canonical = canonical.where((canonical >= low) & (canonical <= high))
    canonical.attrs = {**house_attributes(meant), **kept}
    return canonical
