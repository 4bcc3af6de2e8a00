"""How much of its optimal growth a tree has left, factor by factor; 1 is unstressed, 0 none.

Elementwise on numbers and arrays. The growth of a tree is its optimal increment times

    f_permafrost f_flood min(f_degree_days, f_drought, f_light, f_nitrogen).

References
----------
Botkin, D. B., Janak, J. F. and Wallis, J. R. (1972), J. Ecol. 60, 849-872, doi:10.2307/2258570 (light).
Pastor, J. and Post, W. M. (1985), Development of a linked forest productivity-soil process model, ORNL/TM-9519.
Bonan, G. B. (1989), A computer model of the solar radiation, soil moisture, and soil thermal regimes in boreal
forests, Ecological Modelling 45, 275-306 (permafrost).
Foster, A. C. et al. (2019), Ecological Modelling 409, 108765 (curves by class of tolerance, interior Alaska).
"""

from __future__ import annotations

import numpy as np

from geocryoai.processes.forest.allometry import Number
from geocryoai.processes.forest.compilable import compilable


@compilable
def degree_day_multiplier(degree_days: Number, lowest: Number, optimum: Number, highest: Number) -> Number:
    """Return the multiplier of growing degree days: 0 up to `lowest`, a beta curve up to `optimum`, 1 beyond it.

    Parameters
    ----------
    degree_days : float or array
        Growing degree days above 5 degC [degC d].
    lowest, optimum, highest : float or array
        Of the species [degC d]; `highest` shapes the curve, warmth beyond the optimum does no harm.
    """
    span = highest - lowest
    x = np.minimum(np.maximum(degree_days, lowest), optimum)
    rise = ((x - lowest) / (optimum - lowest)) ** ((optimum - lowest) / span)
    multiplier: Number = rise * ((highest - x) / (highest - optimum)) ** ((highest - optimum) / span)
    return multiplier


@compilable
def tolerance_multiplier(index: Number, limit: Number) -> Number:
    """Return sqrt(1 - index / limit), 0 beyond the limit: the multiplier of drought and of flooding.

    Parameters
    ----------
    index : float or array
        Share of the growing season that is dry, or flooded [1].
    limit : float or array
        What the species endures [1], > 0.
    """
    multiplier: Number = np.sqrt(np.maximum(limit - index, 0.0) / limit)
    return multiplier


@compilable
def light_multiplier(light: Number, scale: Number, rate: Number, compensation: Number) -> Number:
    """Return scale (1 - exp(-rate (light - compensation))), kept within 0 to 1; light as a share of that above [1]."""
    multiplier: Number = np.minimum(np.maximum(scale * (1.0 - np.exp(-rate * (light - compensation))), 0.0), 1.0)
    return multiplier


@compilable
def nitrogen_multiplier(supply: Number, constant: Number, linear: Number, square: Number) -> Number:
    """Return the multiplier of nitrogen; `supply` is the available share of the demand [1], at most 1 counts.

    A species that fixes nitrogen has (1, 0, 0) and the multiplier 1; with others the quadratic, kept within 0 to 1, is
    reduced by the supply itself, which all trees of a plot share.
    """
    share = np.minimum(supply, 1.0)
    curve = np.minimum(np.maximum(constant + linear * share + square * share * share, 0.0), 1.0)
    fixes = (linear == 0.0) * (square == 0.0)
    multiplier: Number = curve * (fixes + (1.0 - fixes) * share)
    return multiplier


@compilable
def permafrost_multiplier(thaw_depth: Number, shallow: Number, middle: Number, middle_slope: Number) -> Number:
    """Return the multiplier of thin thawed ground.

    Parameters
    ----------
    thaw_depth : float or array
        Largest of the year [m].
    shallow : float or array
        Multiplier per metre where at most 0.6 m thaw [m-1].
    middle, middle_slope : float or array
        Multiplier at 0 m [1] and its slope [m-1] where 0.6 to 1 m thaw; beyond 1 m the multiplier is 1.
    """
    between = (thaw_depth > 0.6) * (thaw_depth <= 1.0) * (middle + middle_slope * thaw_depth)
    value = (thaw_depth <= 0.6) * shallow * thaw_depth + between + (thaw_depth > 1.0) * 1.0
    multiplier: Number = np.minimum(np.maximum(value, 0.0), 1.0)
    return multiplier


@compilable
def growth_multiplier(
    degree_days: Number, drought: Number, light: Number, nitrogen: Number, permafrost: Number, flood: Number
) -> Number:
    """Return the product of the scarcest of warmth, water, light and nitrogen with permafrost and flooding [1]."""
    scarcest = np.minimum(np.minimum(degree_days, drought), np.minimum(light, nitrogen))
    multiplier: Number = scarcest * permafrost * flood
    return multiplier
