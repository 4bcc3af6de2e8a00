"""From phase to displacement, with the geometry of each pixel and the sign of the phase as a stated option.

Motion towards the radar is d_LOS = -lambda phi / (4 pi) where the phase grows with the distance to the ground. It is
made of vertical motion d_v (up positive) and horizontal motion d_n towards the radar, d_LOS = d_v cos theta + d_n
sin theta, with theta the angle between line of sight and vertical at the ground. So

    d_v = (-lambda phi / (4 pi) - d_n sin theta) / cos theta

The sign of a product's phase is a convention of its processor and is not stated for UAVSAR; it has to be checked on
ground whose motion is known, and is an argument here.

References
----------
Rosen, P. A. et al. (2000), Proc. IEEE 88, 333-382, doi:10.1109/5.838084.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from geocryoai.core.errors import ModelError, nearest
from geocryoai.retrievals.radar.checks import Array, in_range_or_missing, number_between

#: What makes the phase grow: the ground moving away from the radar, or towards it.
PhaseGrows = Literal["away", "towards"]
_SIGNS = {"away": -1.0, "towards": 1.0}

#: Incidence beyond which the vertical is not seen [degree].
_STEEPEST = 85.0


def line_of_sight_motion(phase: ArrayLike, wavelength: float, phase_grows: PhaseGrows = "away") -> Array:
    """Return the motion towards the radar [m].

    Parameters
    ----------
    phase : array_like
        Unwrapped phase [rad]; NaN is missing.
    wavelength : float
        [m]; 0.2384 for UAVSAR's L band, of which a fringe of 2 pi is 0.1192 m.
    phase_grows : {"away", "towards"}
        Whether the phase grows where the ground moves away from the radar (range grows) or towards it.
    """
    if phase_grows not in _SIGNS:
        raise ModelError("unknown sign convention", where="phase_grows", found=f"'{phase_grows}'",
                         next_step=nearest(str(phase_grows), _SIGNS))  # fmt: skip
    number_between("wavelength [m]", wavelength, 0.001, 10.0)
    return _SIGNS[phase_grows] * wavelength / (4.0 * np.pi) * np.asarray(phase, dtype=np.float64)


def vertical_displacement(
    phase: ArrayLike,
    incidence: ArrayLike,
    wavelength: float,
    *,
    phase_grows: PhaseGrows = "away",
    horizontal: ArrayLike = 0.0,
) -> Array:
    """Return the vertical displacement of the ground, up positive [m].

    Parameters
    ----------
    phase : array_like
        Unwrapped phase [rad]; NaN is missing.
    incidence : array_like
        Angle between line of sight and vertical at each pixel [rad], below 85 degree.
    wavelength : float
        [m].
    phase_grows : {"away", "towards"}
        See `line_of_sight_motion`.
    horizontal : array_like
        Known horizontal motion towards the radar [m].

    Examples
    --------
    >>> round(float(vertical_displacement(2 * np.pi, np.radians(40.0), 0.238403545)), 4)
    -0.1556
    """
    theta = in_range_or_missing("incidence [rad]", incidence, 0.0, np.radians(_STEEPEST))
    towards = line_of_sight_motion(phase, wavelength, phase_grows)
    return np.asarray((towards - np.asarray(horizontal) * np.sin(theta)) / np.cos(theta))


def phase_of_displacement(
    displacement: ArrayLike, incidence: ArrayLike, wavelength: float, *, phase_grows: PhaseGrows = "away"
) -> Array:
    """Return the phase [rad] of a purely vertical displacement [m, up positive]: the inverse of the above."""
    theta = in_range_or_missing("incidence [rad]", incidence, 0.0, np.radians(_STEEPEST))
    per_metre = line_of_sight_motion(1.0, wavelength, phase_grows)
    return np.asarray(np.asarray(displacement, np.float64) * np.cos(theta) / per_metre)
