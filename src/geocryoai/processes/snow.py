"""Thermal properties of seasonal snow, and how much of the winter cold it lets through.

Conductivity follows bulk density, by one of two fits. That of Sturm et al. (1997) to needle probes (its quadratic has
its minimum at 156 kg m-3 and is continued below by a line) gives 0.09 W m-1 K-1 at 250 kg m-3; that of Calonne et al.
(2011) to heat flow computed through tomographs of snow gives 0.15. Needle probes read low (Riche and Schneebeli
2013), but depth hoar, which they met often, does conduct less than its density tells. The freezing n-factor is that
of a yearly wave that passes a snow layer without heat storage into a half-space: |Z_g / (Z_g + R)| with R = h /
k_snow and Z_g = 1 / sqrt(i omega k C) of the ground, which gives n_f = 1 / sqrt(1 + sqrt(2) x + x^2), x = R
sqrt(omega k C). Latent heat of the ground would lower it further.

References
----------
Sturm, M. et al. (1997), J. Glaciol. 43, 26-41, doi:10.3189/S0022143000002781.
Calonne, N. et al. (2011), Geophys. Res. Lett. 38, L23501, doi:10.1029/2011GL049234.
Riche, F. and Schneebeli, M. (2013), The Cryosphere 7, 217-227, doi:10.5194/tc-7-217-2013.
Carslaw, H. S. and Jaeger, J. C. (1959), Conduction of Heat in Solids, 2nd ed., Oxford, section 2.6 (impedance).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from geocryoai.processes.checks import Array, above, at_least, between, common_shape
from geocryoai.processes.constants import ICE_SPECIFIC_HEAT, YEAR

# Densities [kg m-3]: of the lightest snow, where the line and the parabola of Sturm et al. meet, and of their densest.
_LIGHTEST = 10.0
_MEETING = 156.0
_DENSEST = 600.0


def snow_conductivity(density: ArrayLike) -> Array:
    """Return the effective thermal conductivity of snow.

    Parameters
    ----------
    density : array_like
        Bulk density [kg m-3], 10 to 600 (the top of the range of the measurements).

    Returns
    -------
    array
        Conductivity [W m-1 K-1].

    Examples
    --------
    >>> round(float(snow_conductivity(300.0)), 3)
    0.126
    """
    rho = between("density [kg m-3]", density, _LIGHTEST, _DENSEST) / 1000.0
    dense = 0.138 - 1.01 * rho + 3.233 * np.square(rho)
    return np.where(rho < _MEETING / 1000.0, 0.023 + 0.234 * rho, dense)


def snow_conductivity_calonne(density: ArrayLike) -> Array:
    """Return the effective thermal conductivity of snow by the fit of Calonne et al. (2011).

    Parameters
    ----------
    density : array_like
        Bulk density [kg m-3], 10 to 600; the snow of the fit had 103 to 544.

    Returns
    -------
    array
        Conductivity [W m-1 K-1], at least that of air, 0.024.

    Examples
    --------
    >>> round(float(snow_conductivity_calonne(300.0)), 3)
    0.212
    """
    rho = between("density [kg m-3]", density, _LIGHTEST, _DENSEST)
    return np.asarray(np.maximum(2.5e-6 * np.square(rho) - 1.23e-4 * rho + 0.024, 0.024))


def snow_diffusivity(density: ArrayLike) -> Array:
    """Return the thermal diffusivity of snow [m2 s-1] of a bulk density [kg m-3]; its heat capacity is that of ice."""
    conductivity = snow_conductivity(density)
    return np.asarray(conductivity / (ICE_SPECIFIC_HEAT * np.asarray(density, dtype=np.float64)))


def freezing_n_factor(
    snd: ArrayLike, density: ArrayLike, conductivity: ArrayLike = 1.5, capacity: ArrayLike = 2.0e6
) -> Array:
    """Return the ratio of freezing degree days at the ground surface to those of air.

    Parameters
    ----------
    snd : array_like
        Snow depth [m], >= 0.
    density : array_like
        Bulk density of snow [kg m-3].
    conductivity : array_like, default 1.5
        Of the ground, frozen [W m-1 K-1].
    capacity : array_like, default 2.0e6
        Heat capacity of the ground, frozen [J m-3 K-1].

    Returns
    -------
    array
        n-factor [1] in (0, 1], 1 without snow. Shapes broadcast.
    """
    depth = at_least("snd [m]", snd)
    inertia = above("conductivity [W m-1 K-1]", conductivity) * above("capacity [J m-3 K-1]", capacity)
    conducting = snow_conductivity(density)
    common_shape(snd=depth, density=conducting, ground=inertia)
    x = depth / conducting * np.sqrt(2.0 * np.pi / YEAR * inertia)
    return np.asarray(1.0 / np.sqrt(1.0 + np.sqrt(2.0) * x + np.square(x)))
