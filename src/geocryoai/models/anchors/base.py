"""How an anchor is called: roles of columns, parameters, rows with missing inputs."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from geocryoai.core.errors import ModelError, nearest

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


class Anchor(Protocol):
    """A function of arrays (roles, positional) and parameters (keyword only) to the target in its canonical unit.

    The default of a role is None where the role is optional: it is then left out when no column has its name.
    """

    def __call__(self, *roles: Any, **parameters: Any) -> Floats:
        """Return the target, shape (n,)."""
        ...


def anchor_inputs(anchor: Anchor, options: Mapping[str, Any], columns: Mapping[str, Any]) -> dict[str, str]:
    """Return which column plays which role.

    Raises
    ------
    ModelError
        An option is unknown, or a role has no column.
    """
    signature = inspect.signature(anchor).parameters
    name = getattr(anchor, "__name__", "anchor")
    for key in options:
        if key not in signature:
            raise ModelError(f"unknown option '{key}'", where=f"anchor {name}", next_step=nearest(key, signature))
    chosen: dict[str, str] = {}
    for role, parameter in signature.items():
        if parameter.kind is inspect.Parameter.KEYWORD_ONLY:
            continue
        column = str(options.get(role, role))
        if column in columns:
            chosen[role] = column
        elif role in options or parameter.default is inspect.Parameter.empty:
            raise ModelError(
                f"no column is called '{column}'",
                where=f"anchor {name}, role '{role}'",
                next_step=nearest(column, columns),
            )
    return chosen


def compute_anchor(anchor: Anchor, options: Mapping[str, Any], columns: Mapping[str, Floats]) -> Floats:
    """Return the anchor for every row; NaN where an input is missing.

    Parameters
    ----------
    anchor : Anchor
    options : mapping
        Role -> column name, and parameters.
    columns : mapping of str to array of float, shape (n,)
    """
    inputs = anchor_inputs(anchor, options, columns)
    if not inputs:
        raise ModelError("an anchor needs at least one column", where=getattr(anchor, "__name__", "anchor"))
    arrays = {role: np.asarray(columns[column], dtype=np.float64) for role, column in inputs.items()}
    complete = np.logical_and.reduce([np.isfinite(values) for values in arrays.values()])
    out = np.full(len(complete), np.nan)
    if complete.any():
        parameters = {key: value for key, value in options.items() if key not in inputs}
        out[complete] = anchor(**{role: values[complete] for role, values in arrays.items()}, **parameters)
    return out
