"""The Obukhov length: the height at which buoyancy and shear make as much turbulence, with its sign.

L = - rho c_p T u*^3 / (k g H): negative where the surface heats the air (H > 0, unstable), positive where it cools it
(stable), infinite where no heat flows (neutral). Moisture adds to buoyancy; it is left out here, so that the virtual
heat flux is replaced by the sensible one.

References
----------
Foken, T. (2006), 50 years of the Monin-Obukhov similarity theory, Boundary-Layer Meteorology 119, 431-447,
doi:10.1007/s10546-006-9048-6.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from geocryoai.processes.checks import Array, above, between, finite

#: Von Karman's constant [1], acceleration of gravity [m s-2].
KARMAN, GRAVITY = 0.4, 9.80665

#: Specific heat of dry air at constant pressure and its gas constant [J kg-1 K-1].
HEAT_CAPACITY, GAS_CONSTANT = 1004.7, 287.05


def obukhov_length(
    friction_velocity: ArrayLike, sensible_heat_flux: ArrayLike, air_temperature: ArrayLike, air_pressure: ArrayLike
) -> Array:
    """Return the Obukhov length.

    Parameters
    ----------
    friction_velocity : array_like
        u* [m s-1], above 0.
    sensible_heat_flux : array_like
        H, positive upward [W m-2].
    air_temperature : array_like
        [degC].
    air_pressure : array_like
        [Pa].

    Returns
    -------
    array
        [m]; negative: unstable, positive: stable, infinite: neutral. Inputs are broadcast.

    Raises
    ------
    ModelError
        A value that is missing or impossible.

    Examples
    --------
    >>> round(float(obukhov_length(0.3, 100.0, 10.0, 101325.0)), 1)
    -24.4
    """
    friction = above("friction_velocity [m s-1]", friction_velocity, 0.0)
    heat = finite("sensible_heat_flux [W m-2]", sensible_heat_flux)
    kelvin = between("air_temperature [degC]", air_temperature, -90.0, 60.0) + 273.15
    density = between("air_pressure [Pa]", air_pressure, 3e4, 1.2e5) / (GAS_CONSTANT * kelvin)
    shear = density * HEAT_CAPACITY * kelvin * friction**3
    shear, buoyancy = np.broadcast_arrays(shear, KARMAN * GRAVITY * heat)
    return np.asarray(-np.divide(shear, buoyancy, out=np.full(shear.shape, -np.inf), where=buoyancy != 0))
