"""Gross primary production from absorbed light."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from geocryoai.processes.carbon.parameters import CarbonParameters
from geocryoai.processes.checks import Array, at_least, between, common_shape, finite

#: [MJ m-2 d-1] per [W m-2].
_MEGAJOULES_PER_WATT_DAY = 0.0864


def par_from_shortwave(rsds: ArrayLike, *, share: float = 0.45) -> Array:
    """Return photosynthetically active radiation [MJ m-2 d-1] from shortwave radiation [W m-2].

    Parameters
    ----------
    rsds : array_like
        Mean downwelling shortwave radiation [W m-2], >= 0.
    share : float, default 0.45
        Share of the shortwave energy in 400-700 nm [1]; 0.45 is the value of the TCF family (Jones et al. 2017).
    """
    return at_least("rsds [W m-2]", rsds) * (share * _MEGAJOULES_PER_WATT_DAY)


def ramp(values: ArrayLike, low: float | Array, high: float | Array) -> Array:
    """Return a linear ramp, 0 at or below `low` and 1 at or above `high`; units as in `values`."""
    x = np.asarray(values, dtype=np.float64)
    return np.clip((x - low) / (np.asarray(high) - low), 0.0, 1.0)


def gpp_lue(
    par: ArrayLike,
    fpar: ArrayLike,
    tmin: ArrayLike,
    vpd: ArrayLike,
    soil_moisture: ArrayLike,
    frozen: ArrayLike,
    params: CarbonParameters,
) -> Array:
    """Return gross primary production.

    Parameters
    ----------
    par : array_like
        Photosynthetically active radiation [MJ m-2 d-1], >= 0; see `par_from_shortwave`.
    fpar : array_like
        Share of it absorbed by plants [1], 0 to 1.
    tmin : array_like
        Mean daily minimum air temperature [degC].
    vpd : array_like
        Vapour pressure deficit [Pa], >= 0.
    soil_moisture : array_like
        Root-zone degree of saturation [1], 0 to 1 (not the volumetric content).
    frozen : array_like
        Share of the time the ground surface is frozen [1], 0 to 1.
    params : CarbonParameters

    Returns
    -------
    array
        Gross primary production [g C m-2 d-1], >= 0 (uptake). Shapes broadcast.

    Examples
    --------
    >>> from geocryoai.processes.carbon import carbon_parameters
    >>> round(float(gpp_lue(8.0, 0.5, 20.0, 0.0, 1.0, 0.0, carbon_parameters("SHR"))), 3)
    3.8
    """
    light = at_least("par [MJ m-2 d-1]", par)
    absorbed = between("fpar [1]", fpar, 0, 1)
    cold = finite("tmin [degC]", tmin)
    dry_air = at_least("vpd [Pa]", vpd)
    moisture = between("soil_moisture [1]", soil_moisture, 0, 1)
    ice = between("frozen [1]", frozen, 0, 1)
    common_shape(par=light, fpar=absorbed, tmin=cold, vpd=dry_air, soil_moisture=moisture, frozen=ice,
                 params=np.asarray(params.light_use_efficiency))  # fmt: skip
    stress = ramp(cold, params.tmin_low, params.tmin_high) * (1.0 - ramp(dry_air, params.vpd_low, params.vpd_high))
    stress = stress * ramp(moisture, params.root_moisture_low, params.root_moisture_high)
    stress = stress * (1.0 - ice * (1.0 - params.frozen_multiplier))
    return np.asarray(params.light_use_efficiency * light * absorbed * stress)
