"""Yearly temperature wave in ground that does not freeze: damped and delayed with depth.

With a sine at the surface, T(z, t) = mean + A exp(-z/d) sin(2 pi t / P - z/d); the damping depth d = sqrt(alpha P / pi)
is where the amplitude has fallen to 37 % and the wave lags by P / 2 pi (58 d of a year).

References
----------
Carslaw, H. S. and Jaeger, J. C. (1959), Conduction of Heat in Solids, 2nd ed., Oxford, section 2.6.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from geocryoai.processes.checks import Array, above, at_least, common_shape, finite
from geocryoai.processes.constants import DAY, YEAR_DAYS


def damping_depth(diffusivity: ArrayLike, period: float = YEAR_DAYS) -> Array:
    """Return the depth at which a wave has fallen to 1/e.

    Parameters
    ----------
    diffusivity : array_like
        Thermal diffusivity [m2 s-1], > 0.
    period : float, default 365.25
        Period of the wave [d].

    Returns
    -------
    array
        Depth [m].

    Examples
    --------
    >>> round(float(damping_depth(1e-6)), 2)
    3.17
    """
    return np.sqrt(above("diffusivity [m2 s-1]", diffusivity) * (above("period [d]", period) * DAY / np.pi))


def harmonic_temperature(
    depth: ArrayLike,
    time: ArrayLike,
    mean: ArrayLike,
    amplitude: ArrayLike,
    diffusivity: ArrayLike,
    period: float = YEAR_DAYS,
) -> Array:
    """Return the temperature under a surface that follows mean + amplitude sin(2 pi time / period).

    Parameters
    ----------
    depth : array_like
        Depth below the surface [m], >= 0.
    time : array_like
        Time since the surface passed its mean, warming [d].
    mean, amplitude : array_like
        Mean and half range of the surface temperature [degC]; amplitude >= 0.
    diffusivity : array_like
        Thermal diffusivity [m2 s-1], > 0.
    period : float, default 365.25
        [d].

    Returns
    -------
    array
        Temperature [degC]. Shapes broadcast.
    """
    z, t = at_least("depth [m]", depth), finite("time [d]", time)
    centre, half_range = finite("mean [degC]", mean), at_least("amplitude [degC]", amplitude)
    d = damping_depth(diffusivity, period)
    common_shape(depth=z, time=t, mean=centre, amplitude=half_range, diffusivity=d)
    return np.asarray(centre + half_range * np.exp(-z / d) * np.sin(2.0 * np.pi * t / period - z / d))
