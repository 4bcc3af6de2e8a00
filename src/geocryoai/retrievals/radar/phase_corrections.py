"""What is done to an unwrapped phase before it becomes displacement: mask, reference, ramp.

A masked pixel is missing, never zero: zero would be a measurement of no motion.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from geocryoai.core.errors import ModelError
from geocryoai.retrievals.radar.checks import Array, number_between, same_shape, some_valid

#: Constant of Huber's weights in units of the robust standard deviation.
_HUBER = 1.345


def mask_by_coherence(phase: Array, coherence: Array, least: float) -> Array:
    """Return the phase, NaN where the coherence is missing or below `least`.

    Raises
    ------
    ModelError
        Shapes differ, or no pixel is left.
    """
    same_shape(phase=phase, coherence=coherence)
    number_between("least coherence", least, 0.0, 1.0)
    masked = np.where(np.nan_to_num(coherence, nan=-1.0) >= least, phase, np.nan)
    some_valid("phase", masked, f"No pixel has a coherence of {least:g}; lower the threshold if that is wanted.")
    return masked


def reference_phase(phase: Array, area: NDArray[np.bool_]) -> float:
    """Return the median phase [rad] of an area that is taken not to move.

    Raises
    ------
    ModelError
        The area has no valid pixel.
    """
    same_shape(phase=phase, area=area)
    inside = phase[area]
    if not np.isfinite(inside).any():
        raise ModelError(
            "the reference area has no valid pixel", where="area", found=f"{int(area.sum())} pixels, all missing",
            next_step="Choose another area, or lower the least coherence.",
        )  # fmt: skip
    return float(np.nanmedian(inside))


def fit_ramp(phase: Array, rows: Array, columns: Array, *, iterations: int = 20) -> tuple[float, float, float]:
    """Return offset and slopes of a plane, fitted robustly (iteratively reweighted, Huber's weights).

    Parameters
    ----------
    phase, rows, columns : array, shape (n,)
        Phase [rad] and position of each pixel; NaN phases are left out.
    iterations : int

    Returns
    -------
    offset, per_row, per_column : float
        The plane is ``offset + per_row * row + per_column * column`` [rad].

    Raises
    ------
    ModelError
        Fewer than three pixels, or all on one line.
    """
    valid = np.isfinite(phase)
    y = phase[valid].astype(np.float64)
    r, c = rows[valid].astype(np.float64), columns[valid].astype(np.float64)
    if y.size < 3 or np.ptp(r) == 0 or np.ptp(c) == 0:
        raise ModelError("too few pixels for a plane", where="phase", found=f"{y.size} valid pixels")
    middle, scale = np.array([r.mean(), c.mean()]), np.array([np.ptp(r), np.ptp(c)])
    design = np.stack([np.ones_like(y), (r - middle[0]) / scale[0], (c - middle[1]) / scale[1]], axis=1)
    weight = np.ones_like(y)
    found: Array = np.zeros(3)
    for _ in range(iterations):
        root = np.sqrt(weight)
        new: Array = np.asarray(np.linalg.lstsq(design * root[:, None], y * root, rcond=None)[0])
        residual = np.abs(y - design @ new)
        spread = 1.4826 * np.median(residual)
        weight = np.minimum(1.0, _HUBER * spread / np.maximum(residual, 1e-300)) if spread > 0 else weight
        settled = np.abs(new - found).max() < 1e-10
        found = new
        if settled:
            break
    slopes: Array = np.divide(found[1:], scale)
    return float(found[0] - slopes.dot(middle)), float(slopes[0]), float(slopes[1])


def remove_ramp(phase: Array, area: NDArray[np.bool_] | None = None) -> Array:
    """Return the phase less a robust plane (residual baseline), fitted where `area` is true, default everywhere.

    A ramp of the motion itself goes too: exclude ground that moves, or leave the ramp in.
    """
    place = np.indices(phase.shape, dtype=np.float64)
    rows: Array = place[0]
    columns: Array = place[1]
    finite = np.asarray(np.isfinite(phase))
    chosen = finite if area is None else area & finite
    offset, per_row, per_column = fit_ramp(phase[chosen], rows[chosen], columns[chosen])
    return phase - (offset + per_row * rows + per_column * columns)
