"""Radar vegetation index and ratios of powers.

References
----------
Kim, Y. and van Zyl, J. J. (2009), A time-series approach to estimate soil moisture using polarimetric radar data, IEEE
Trans. Geosci. Remote Sens. 47, 2519-2527, doi:10.1109/TGRS.2009.2014944 (radar vegetation index).
"""

from __future__ import annotations

import numpy as np

from geocryoai.retrievals.radar.checks import Array, Complex
from geocryoai.retrievals.radar.polarimetry.covariance import powers


def polarimetric_indices(matrix: Complex) -> dict[str, Array]:
    """Return indices of C3, each NaN where its denominator is 0.

    Parameters
    ----------
    matrix : array of complex, shape (..., 3, 3)

    Returns
    -------
    dict of array
        ``radar_vegetation_index`` 8 HV / (HH + VV + 2 HV), 0 for bare smooth ground to 1 for random needles;
        ``cross_polarisation_ratio`` HV / HH; ``co_polarisation_ratio`` HH / VV; ``span`` HH + 2 HV + VV. Powers are
        linear, HV counted once.
    """
    hh, hv, vv = powers(matrix)
    span = hh + vv + 2.0 * hv
    return {
        "radar_vegetation_index": _ratio(8.0 * hv, span),
        "cross_polarisation_ratio": _ratio(hv, hh),
        "co_polarisation_ratio": _ratio(hh, vv),
        "span": np.asarray(span, np.float64),
    }


def _ratio(above: Array, below: Array) -> Array:
    return np.asarray(np.where(below > 0, above / np.where(below > 0, below, 1.0), np.nan), np.float64)
