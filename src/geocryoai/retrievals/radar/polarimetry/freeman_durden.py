"""Three-component decomposition: volume, double bounce and surface scattering.

The volume of randomly oriented thin cylinders has |HV|^2 = f_v / 3 and |HH|^2 = |VV|^2 = f_v, HH VV* = f_v / 3. What is
left of HH, VV and HH VV* is surface scattering (parameter beta, real) and double bounce (parameter alpha); the sign of
the real part of the rest decides which dominates, and fixes the other's parameter at -1 or 1. Where the volume alone
takes more than HH or VV has, all is volume.

References
----------
Freeman, A. and Durden, S. L. (1998), A three-component scattering model for polarimetric SAR data, IEEE Trans. Geosci.
Remote Sens. 36, 963-973, doi:10.1109/36.673687.
"""

from __future__ import annotations

import numpy as np

from geocryoai.retrievals.radar.checks import Array, Complex
from geocryoai.retrievals.radar.polarimetry.covariance import powers


def freeman_durden(matrix: Complex) -> dict[str, Array]:
    """Return the powers of the three mechanisms of C3.

    Parameters
    ----------
    matrix : array of complex, shape (..., 3, 3)
        NaN where missing.

    Returns
    -------
    dict of array
        ``surface``, ``double_bounce``, ``volume``: linear power, not negative; their sum is the span.
    """
    hh, hv, vv = powers(matrix)
    cross = np.asarray(matrix[..., 0, 2], np.complex128)
    valid = np.isfinite(hh) & np.isfinite(hv) & np.isfinite(vv) & np.isfinite(cross)
    span = hh + 2.0 * hv + vv
    filler = np.where(valid, 0.0, np.nan)
    volume_strength = 3.0 * hv
    rest_hh, rest_vv = hh - volume_strength, vv - volume_strength
    rest = cross - hv
    only_volume = (rest_hh <= 0) | (rest_vv <= 0)
    rest_hh, rest_vv = np.where(only_volume, 1.0, rest_hh), np.where(only_volume, 1.0, rest_vv)
    limit = np.sqrt(rest_hh * rest_vv)
    size = np.abs(rest)
    rest = np.where(size > limit, rest * limit / np.where(size > 0, size, 1.0), rest)
    surface_rules = rest.real >= 0
    sign = np.where(surface_rules, -1.0, 1.0)
    lesser, dominant = _two_mechanisms(rest_hh, rest_vv, rest, sign)
    surface = np.where(surface_rules, dominant, lesser)
    double = np.where(surface_rules, lesser, dominant)
    surface, double = (np.where(only_volume, 0.0, np.maximum(part, 0.0)) for part in (surface, double))
    return {
        "surface": surface + filler,
        "double_bounce": double + filler,
        "volume": np.maximum(span - surface - double, 0.0) + filler,
    }


def _two_mechanisms(hh: Array, vv: Array, cross: Complex, sign: Array) -> tuple[Array, Array]:
    """Return the powers of the mechanism whose ratio HH/VV is `sign` (lesser), and of the dominant one.

    With lesser strength f (HH = VV = f, HH VV* = sign f) and dominant strength g and ratio b:
    hh = f + g |b|^2, vv = f + g, cross = sign f + g b. Eliminating g and b leaves
    f = (hh vv - |cross|^2) / (hh + vv - 2 sign Re cross).
    """
    below = hh + vv - 2.0 * sign * cross.real
    lesser = (hh * vv - np.abs(cross) ** 2) / np.where(below > 0, below, 1.0)
    lesser = np.clip(lesser, 0.0, np.minimum(hh, vv))
    return 2.0 * lesser, hh + vv - 2.0 * lesser
