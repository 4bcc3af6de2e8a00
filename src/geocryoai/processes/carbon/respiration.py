"""Respiration of plants, and how fast soil carbon decays at a temperature and moisture."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from geocryoai.processes.carbon.parameters import CarbonParameters
from geocryoai.processes.carbon.production import ramp
from geocryoai.processes.checks import Array, at_least, between, common_shape, finite
from geocryoai.processes.constants import ZERO_CELSIUS

# Lloyd and Taylor (1994): the rate vanishes at 227.13 K and is 1 at 227.13 + 66.02 = 293.15 K (20 degC).
_VANISHING = 227.13
_SPAN = 66.02


def autotrophic_respiration(gpp: ArrayLike, params: CarbonParameters) -> Array:
    """Return what plants respire [g C m-2 d-1], a fixed share of their production [g C m-2 d-1]."""
    return at_least("gpp [g C m-2 d-1]", gpp) * params.autotrophic_fraction


def lloyd_taylor(ts: ArrayLike, sensitivity: ArrayLike) -> Array:
    """Return the temperature multiplier of decomposition, 1 at and above 20 degC.

    Parameters
    ----------
    ts : array_like
        Soil temperature [degC].
    sensitivity : array_like
        Exponent b0 of exp(b0 (1/66.02 - 1/(T - 227.13))) with T in kelvin [K].

    Returns
    -------
    array
        Multiplier [1] in [0, 1]; 0 at and below -46.02 degC.

    References
    ----------
    Lloyd, J. and Taylor, J. A. (1994), Funct. Ecol. 8, 315-323, doi:10.2307/2389824.

    Examples
    --------
    >>> q10 = lloyd_taylor(10.0, 266.053672) / lloyd_taylor(0.0, 266.053672)
    >>> round(float(q10), 2)
    2.81
    """
    above = finite("ts [degC]", ts) + (ZERO_CELSIUS - _VANISHING)
    b0 = at_least("sensitivity [K]", sensitivity)
    exponent = b0 * (1.0 / _SPAN - 1.0 / np.where(above > 0, above, 1.0))
    return np.where(above > 0, np.exp(np.clip(exponent, -700.0, 0.0)), 0.0)


def decomposition_multiplier(ts: ArrayLike, soil_moisture: ArrayLike, params: CarbonParameters) -> Array:
    """Return the share of the optimal decay rate that temperature and moisture allow.

    Parameters
    ----------
    ts : array_like
        Temperature of the top soil [degC].
    soil_moisture : array_like
        Degree of saturation of the top soil [1], 0 to 1.
    params : CarbonParameters

    Returns
    -------
    array
        Multiplier [1] in [0, 1].
    """
    moisture = between("soil_moisture [1]", soil_moisture, 0, 1)
    warmth = lloyd_taylor(ts, params.lloyd_taylor)
    common_shape(ts=warmth, soil_moisture=moisture)
    return np.asarray(warmth * ramp(moisture, params.top_moisture_low, params.top_moisture_high))
