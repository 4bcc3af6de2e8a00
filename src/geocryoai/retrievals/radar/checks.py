"""Checks that radar retrievals share: arrays of one shape, numbers in range, and not everything missing."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geocryoai.core.errors import ModelError

Array = NDArray[np.float64]
Complex = NDArray[np.complexfloating[Any, Any]]


def same_shape(**arrays: NDArray[Any]) -> tuple[int, ...]:
    """Return the shape that all arrays have, or raise ModelError naming their shapes."""
    shapes = {name: array.shape for name, array in arrays.items()}
    if len(set(shapes.values())) != 1:
        raise ModelError(
            "the images have different shapes", where=", ".join(shapes),
            found=", ".join(f"{name} {shape}" for name, shape in shapes.items()),
            next_step="Bring them to one grid (co-register them) first.",
        )  # fmt: skip
    return next(iter(shapes.values()))


def some_valid(name: str, values: NDArray[Any], why: str = "") -> None:
    """Raise ModelError when every value is missing."""
    if not np.isfinite(values).any():
        raise ModelError("every pixel is missing", where=name, found=f"{values.size} pixels", next_step=why or None)


def number_between(name: str, value: float, low: float, high: float) -> float:
    """Return a number in [low, high], or raise ModelError."""
    if not (np.isfinite(value) and low <= value <= high):
        raise ModelError("a number is out of range", where=name, found=f"{value:g}", expected=f"{low:g} to {high:g}")
    return float(value)


def in_range_or_missing(name: str, values: ArrayLike, low: float, high: float) -> Array:
    """Return values as float64, each NaN or in [low, high], or raise ModelError."""
    array = np.asarray(values, dtype=np.float64)
    bad = (array < low) | (array > high)
    if bad.any():
        raise ModelError(
            "a value is out of range", where=name, found=f"{array[bad].flat[0]:g} ({int(bad.sum())} such values)",
            expected=f"{low:g} to {high:g}, or NaN",
        )  # fmt: skip
    return array
