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
    return _within(name, values)[0]


def at_least(name: str, values: ArrayLike, low: float = 0.0) -> Array:
    """Return `values` as float64, all finite and >= `low`, or raise ModelError."""
    array, least, _ = _within(name, values)
    if least < low:
        _refuse(name, "a value is too small", array, array < low, f">= {low:g}")
    return array


def above(name: str, values: ArrayLike, low: float = 0.0) -> Array:
    """Return `values` as float64, all finite and > `low`, or raise ModelError."""
    array, least, _ = _within(name, values)
    if least <= low:
        _refuse(name, "a value is too small", array, array <= low, f"> {low:g}")
    return array


def between(name: str, values: ArrayLike, low: float, high: float) -> Array:
    """Return `values` as float64, all finite and within [`low`, `high`], or raise ModelError."""
    array, least, largest = _within(name, values)
    if least < low or largest > high:
        bad = (array < low) | (array > high)
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


def _within(name: str, values: ArrayLike) -> tuple[Array, float, float]:
    """Return `values` as float64 with their extremes, which a NaN or an infinity reaches, or raise ModelError."""
    array = np.asarray(values, dtype=np.float64)
    if array.size == 0:
        return array, np.inf, -np.inf
    least, largest = float(array.min()), float(array.max())
    if not (np.isfinite(least) and np.isfinite(largest)):
        _refuse(name, "a value is missing or infinite", array, ~np.isfinite(array),
                "finite numbers; leave masked cells out")  # fmt: skip
    return array, least, largest


def _refuse(name: str, what: str, array: Array, bad: NDArray[np.bool_], expected: str) -> None:
    place = tuple(int(i) for i in np.argwhere(bad)[0])
    at = f" at index {place}" if place else ""
    count = int(bad.sum())
    more = f" ({count} such values)" if count > 1 else ""
    raise ModelError(what, where=name, found=f"{array[place]:g}{at}{more}", expected=expected)
