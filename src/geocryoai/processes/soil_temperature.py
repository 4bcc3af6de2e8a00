"""Monthly soil temperature at a shallow depth, for models of carbon and methane where none was measured.

The ground surface is as warm as air times a thawing n-factor in summer and times a freezing n-factor in winter, which
falls with snow depth (`geocryoai.processes.snow.freezing_n_factor`). From there to depth the monthly series is
carried by the exact solution of heat conduction in a half-space for a surface that steps from month to month
(Duhamel), which damps and delays it. Latent heat is left out, so the autumn plateau at 0 degC (zero curtain) is
missing and freeze-up comes weeks too early at depth; use the column model where that matters.

References
----------
Lunardini, V. J. (1978), Proc. 3rd Int. Conf. Permafrost, Edmonton, 40-46 (n-factors).
Carslaw, H. S. and Jaeger, J. C. (1959), Conduction of Heat in Solids, 2nd ed., Oxford, sections 2.4 and 2.5.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import erfc

from geocryoai.core.errors import ModelError
from geocryoai.core.units import MEAN_MONTH_DAYS
from geocryoai.processes.checks import Array, above, at_least, between
from geocryoai.processes.constants import DAY
from geocryoai.processes.ground import Ground
from geocryoai.processes.snow import freezing_n_factor

# Months that the ground remembers; what is older enters as their mean.
_MEMORY = 24

#: Moist organic soil over silt; the yearly wave falls to 1/e at 2.1 m.
SHALLOW_GROUND = Ground(0.8, 1.5, 3.0e6, 2.0e6, 0.5)


def surface_temperature(
    tas: ArrayLike,
    snd: ArrayLike,
    *,
    n_thaw: ArrayLike = 0.9,
    snow_density: ArrayLike = 300.0,
    ground: Ground = SHALLOW_GROUND,
) -> Array:
    """Return the temperature of the ground surface below plants and snow.

    Parameters
    ----------
    tas : array_like
        Monthly mean air temperature [degC].
    snd : array_like
        Snow depth [m], >= 0.
    n_thaw : array_like, default 0.9
        Thawing n-factor [1]; 0.8 to 1.1 in tundra, 0.6 to 0.9 in forest by canopy.
    snow_density : array_like, default 300
        [kg m-3].
    ground : Ground
        Its frozen properties set how much cold snow keeps out.

    Returns
    -------
    array
        Temperature [degC].
    """
    air = between("tas [degC]", tas, -90.0, 60.0)
    n_freeze = freezing_n_factor(snd, snow_density, ground.conductivity_frozen, ground.capacity_frozen)
    return air * np.where(air > 0, at_least("n_thaw [1]", n_thaw), n_freeze)


def soil_temperature_monthly(
    tas: ArrayLike,
    snd: ArrayLike,
    *,
    depth: float = 0.1,
    n_thaw: ArrayLike = 0.9,
    snow_density: ArrayLike = 300.0,
    ground: Ground = SHALLOW_GROUND,
) -> Array:
    """Return monthly soil temperature.

    Parameters
    ----------
    tas : array_like, shape (time, ...)
        Monthly mean air temperature, months in a row, at least twelve [degC].
    snd : array_like, shape (time, ...)
        Monthly mean snow depth [m].
    depth : float, default 0.1
        Depth below the surface [m], >= 0.
    n_thaw, snow_density
        As in `surface_temperature`.
    ground : Ground
        Of single numbers; its mean diffusivity carries the wave.

    Returns
    -------
    array, shape (time, ...)
        Soil temperature [degC].
    """
    surface = surface_temperature(tas, snd, n_thaw=n_thaw, snow_density=snow_density, ground=ground)
    mean_conductivity = 0.5 * (np.asarray(ground.conductivity_thawed) + np.asarray(ground.conductivity_frozen))
    mean_capacity = 0.5 * (np.asarray(ground.capacity_thawed) + np.asarray(ground.capacity_frozen))
    return conducted_series(surface, depth, float(mean_conductivity / mean_capacity))


def conducted_series(surface: ArrayLike, depth: float, diffusivity: float) -> Array:
    """Carry a monthly surface temperature to depth.

    Parameters
    ----------
    surface : array_like, shape (time, ...)
        Monthly mean surface temperature, at least twelve months in a row [degC]; the first year stands for the two
        before the start.
    depth : float
        [m], >= 0.
    diffusivity : float
        [m2 s-1], > 0.

    Returns
    -------
    array, shape (time, ...)
        Monthly mean temperature at depth [degC].
    """
    series = between("surface [degC]", surface, -90.0, 90.0)
    if series.ndim == 0 or series.shape[0] < 12:
        raise ModelError("the series is shorter than one year", where="time", found=f"shape {series.shape}",
                         expected="at least 12 months on the first axis")  # fmt: skip
    weights = month_weights(float(at_least("depth [m]", depth)), float(above("diffusivity [m2 s-1]", diffusivity)))
    before = np.concatenate([series[:12]] * (_MEMORY // 12))
    padded = np.concatenate([before, series])
    months = series.shape[0]
    below = np.zeros_like(series)
    for lag, weight in enumerate(weights):
        below += weight * padded[_MEMORY - lag : _MEMORY - lag + months]
    return below


def month_weights(depth: float, diffusivity: float) -> Array:
    """Return the weights of this and earlier months in the temperature at depth [1], this month first; they sum to 1.

    The answer to a step at the surface is erfc(z / (2 sqrt(alpha t))); its double integral over months, differenced
    twice, is the response of monthly means to monthly means.
    """
    month = MEAN_MONTH_DAYS * DAY
    t = month * np.arange(_MEMORY + 1.0)
    x = np.where(t > 0, depth / (2.0 * np.sqrt(diffusivity * np.where(t > 0, t, 1.0))), 0.0)
    ierfc = np.exp(-np.square(x)) / np.sqrt(np.pi) - x * erfc(x)
    integral = np.where(t > 0, t * (erfc(x) - 2.0 * x * ierfc), 0.0) / month
    response = np.diff(integral)
    weights = np.diff(response, prepend=0.0)
    return np.asarray(weights + (1.0 - weights.sum()) / weights.size)
