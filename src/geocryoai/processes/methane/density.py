"""Methane emission as a reference flux that follows soil temperature."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from geocryoai.processes.checks import Array, above, at_least, between, common_shape, finite


def q10_factor(ts: ArrayLike, q10: ArrayLike, reference_temperature: ArrayLike) -> Array:
    """Return q10 ** ((ts - reference_temperature) / 10) [1], with both temperatures in [degC]."""
    t, base = finite("ts [degC]", ts), above("q10 [1]", q10)
    reference = finite("reference_temperature [degC]", reference_temperature)
    common_shape(ts=t, q10=base, reference_temperature=reference)
    return np.asarray(np.power(base, (t - reference) / 10.0))


def methane_q10(
    ts: ArrayLike,
    wetland_fraction: ArrayLike,
    thaw_or_liquid_fraction: ArrayLike,
    reference_flux: ArrayLike,
    q10: ArrayLike,
    reference_temperature: ArrayLike = 10.0,
) -> Array:
    """Return the methane flux of grid cells.

    Parameters
    ----------
    ts : array_like
        Soil temperature where methane is made [degC].
    wetland_fraction : array_like
        Wetland area fraction [1], 0 to 1.
    thaw_or_liquid_fraction : array_like
        Share of the soil water that is liquid [1], 0 to 1; emission goes on as long as it is above 0.
    reference_flux : array_like
        Flux per wetland area at `reference_temperature` and all water liquid [mg CH4 m-2 d-1], >= 0; the answer has
        the same unit.
    q10 : array_like
        Factor per 10 degC [1], > 0.
    reference_temperature : array_like, default 10
        [degC].

    Returns
    -------
    array
        Flux per area of the cell [mg CH4 m-2 d-1], positive upward (release). Shapes broadcast.

    Examples
    --------
    >>> round(float(methane_q10(0.0, 0.3, 1.0, 60.0, 2.0)), 6)
    9.0
    """
    factor = q10_factor(ts, q10, reference_temperature)
    wet = between("wetland_fraction [1]", wetland_fraction, 0, 1)
    liquid = between("thaw_or_liquid_fraction [1]", thaw_or_liquid_fraction, 0, 1)
    flux = at_least("reference_flux [mg CH4 m-2 d-1]", reference_flux)
    common_shape(ts=factor, wetland_fraction=wet, thaw_or_liquid_fraction=liquid, reference_flux=flux)
    return np.asarray(wet * liquid * flux * factor)
