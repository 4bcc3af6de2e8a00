"""Refuse unphysical input before any step is taken, and name the argument, the place and the value."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geocryoai.core.errors import ModelError

Array = NDArray[np.float64]


def finite(name: str, values: ArrayLike) -> Array:
    """Return `values` as float64; a NaN or an infinity is an error that names the first one.

    Parameters
    ----------
    name : str
        Name of the argument, as it stands in the message; add the unit in brackets.
    values : array_like

    Raises
    ------
    ModelError
    """
    array = np.asarray(values, dtype=np.float64)
    bad = ~np.isfinite(array)
    if bad.any():
        _refuse(name, "a value is missing or infinite", array, bad, "finite numbers; leave masked cells out")
    return array


def at_least(name: str, values: ArrayLike, low: float = 0.0) -> Array:
    """Return `values` as float64, all finite and >= `low`, or raise ModelError."""
    array = finite(name, values)
    bad = array < low
    if bad.any():
        _refuse(name, "a value is too small", array, bad, f">= {low:g}")
    return array


def above(name: str, values: ArrayLike, low: float = 0.0) -> Array:
    """Return `values` as float64, all finite and > `low`, or raise ModelError."""
    array = finite(name, values)
    bad = array <= low
    if bad.any():
        _refuse(name, "a value is too small", array, bad, f"> {low:g}")
    return array


def between(name: str, values: ArrayLike, low: float, high: float) -> Array:
    """Return `values` as float64, all finite and within [`low`, `high`], or raise ModelError."""
    array = finite(name, values)
    bad = (array < low) | (array > high)
    if bad.any():
        _refuse(name, "a value is out of range", array, bad, f"{low:g} to {high:g}")
    return array


def common_shape(**arrays: Array) -> tuple[int, ...]:
    """Return the shape to which all arrays broadcast, or raise ModelError naming their shapes."""
    try:
        return np.broadcast_shapes(*(a.shape for a in arrays.values()))
    except ValueError as error:
        raise ModelError(
            "the shapes do not fit together",
            where=", ".join(arrays),
            found=", ".join(f"{name} {a.shape}" for name, a in arrays.items()),
            expected="shapes that broadcast",
        ) from error


def _refuse(name: str, what: str, array: Array, bad: NDArray[np.bool_], expected: str) -> None:
    place = tuple(int(i) for i in np.argwhere(bad)[0])
    at = f" at index {place}" if place else ""
    count = int(bad.sum())
    more = f" ({count} such values)" if count > 1 else ""
    raise ModelError(what, where=name, found=f"{array[place]:g}{at}{more}", expected=expected)
