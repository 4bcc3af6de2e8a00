"""Depth of thaw after Neumann: the exact two-phase solution for a step in surface temperature.

Ground that is frozen at T_i is held at T_s > 0 degC at its surface from t = 0. The thaw front is at
z = 2 lambda sqrt(alpha_thawed t), where lambda balances the heat that arrives, the heat that goes on into the frozen
ground, and the latent heat. Where nothing but latent heat counts, lambda = sqrt(Ste / 2), which is Stefan's solution;
that is also the upper bound, so the ratio of the two corrects Stefan for heat that he leaves out.

References
----------
Carslaw, H. S. and Jaeger, J. C. (1959), Conduction of Heat in Solids, 2nd ed., Oxford, section 11.2.
Hu, H. and Argyropoulos, S. A. (1996), Model. Simul. Mater. Sci. Eng. 4, 371-396, doi:10.1088/0965-0393/4/4/004.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import erf, erfc, erfcx

from geocryoai.core.errors import ModelError
from geocryoai.processes.checks import Array, above, at_least, common_shape, finite
from geocryoai.processes.constants import DAY
from geocryoai.processes.ground import Ground

# Halvings of the bracket: enough for the last bit of a double.
_HALVINGS = 60


def neumann_lambda(ground: Ground, surface: ArrayLike, initial: ArrayLike) -> Array:
    """Return the front constant lambda [1].

    Parameters
    ----------
    ground : Ground
        With water that freezes (`water_content` > 0).
    surface : array_like
        Surface temperature from t = 0 on [degC], > 0.
    initial : array_like
        Temperature of the frozen ground at t = 0 [degC], <= 0.

    Returns
    -------
    array
        0 < lambda <= sqrt(Ste / 2), found by bisection.
    """
    warm = above("surface [degC]", surface)
    cold = finite("initial [degC]", initial)
    if (cold > 0).any():
        raise ModelError("the ground is not frozen at the start", where="initial [degC]", found=f"{cold.max():g}",
                         expected="<= 0")  # fmt: skip
    above("water_content [m3 m-3]", ground.water_content)
    latent = ground.latent_heat
    ratio = np.sqrt(ground.diffusivity_thawed / ground.diffusivity_frozen)
    shape = common_shape(surface=warm, initial=cold, ground=latent + ratio)
    stefan_thawed = np.asarray(ground.capacity_thawed) * warm / latent
    stefan_frozen = np.asarray(ground.capacity_frozen) * -cold / latent

    low = np.zeros(shape)
    high = np.broadcast_to(np.sqrt(0.5 * stefan_thawed), shape)
    for _ in range(_HALVINGS):
        middle = 0.5 * (low + high)
        arriving = stefan_thawed / (np.exp(np.square(middle)) * erf(middle))
        leaving = stefan_frozen / (ratio * erfcx(middle * ratio))
        too_low = arriving - leaving > middle * np.sqrt(np.pi)
        low, high = np.where(too_low, middle, low), np.where(too_low, high, middle)
    return np.asarray(0.5 * (low + high))


def neumann_depth(ground: Ground, surface: ArrayLike, initial: ArrayLike, days: ArrayLike) -> Array:
    """Return the depth of the thaw front.

    Parameters
    ----------
    ground, surface, initial
        As in `neumann_lambda`.
    days : array_like
        Time since the surface warmed [d], >= 0.

    Returns
    -------
    array
        Depth [m]. Shapes broadcast.

    Examples
    --------
    >>> ground = Ground(1.2, 2.0, 2.8e6, 2.0e6, 0.4)
    >>> round(float(neumann_depth(ground, 10.0, -5.0, 90.0)), 4)
    1.0174
    """
    seconds = at_least("days [d]", days) * DAY
    front = neumann_lambda(ground, surface, initial)
    return np.asarray(2.0 * front * np.sqrt(ground.diffusivity_thawed * seconds))


def neumann_stefan_ratio(ground: Ground, surface: ArrayLike, initial: ArrayLike) -> Array:
    """Return the factor by which Stefan's depth must be multiplied [1], 0 to 1; arguments as in `neumann_lambda`."""
    stefan = np.asarray(ground.capacity_thawed) * above("surface [degC]", surface) / ground.latent_heat
    return np.asarray(neumann_lambda(ground, surface, initial) / np.sqrt(0.5 * stefan))


def neumann_temperature(
    depth: ArrayLike, days: ArrayLike, ground: Ground, surface: ArrayLike, initial: ArrayLike
) -> Array:
    """Return the temperature of the ground.

    Parameters
    ----------
    depth : array_like
        Depth [m], >= 0.
    days : array_like
        Time since the surface warmed [d], > 0.
    ground, surface, initial
        As in `neumann_lambda`.

    Returns
    -------
    array
        Temperature [degC]. Shapes broadcast.
    """
    z, seconds = at_least("depth [m]", depth), above("days [d]", days) * DAY
    front = neumann_lambda(ground, surface, initial)
    warm, cold = np.asarray(surface, dtype=np.float64), np.asarray(initial, dtype=np.float64)
    x_thawed = z / (2.0 * np.sqrt(ground.diffusivity_thawed * seconds))
    x_frozen = z / (2.0 * np.sqrt(ground.diffusivity_frozen * seconds))
    ratio = np.sqrt(ground.diffusivity_thawed / ground.diffusivity_frozen)
    thawed = warm * (1.0 - erf(x_thawed) / erf(front))
    frozen = cold * (1.0 - erfc(x_frozen) / erfc(front * ratio))
    return np.asarray(np.where(x_thawed < front, thawed, frozen))
