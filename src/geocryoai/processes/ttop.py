"""Temperature at the top of permafrost (TTOP) from degree days.

The ground surface feels n_t TDD in summer and n_f FDD in winter. Frozen ground conducts better than thawed ground, so
winter cold gets in more easily than summer warmth: the mean at the base of the layer that freezes and thaws is colder
than at the surface (thermal offset). Where the result is above 0 degC there is no permafrost, and it is the
temperature below seasonal frost.

References
----------
Smith, M. W. and Riseborough, D. W. (1996), Permafr. Periglac. Process. 7, 301-309,
doi:10.1002/(SICI)1099-1530(199610)7:4<301::AID-PPP225>3.0.CO;2-R.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from geocryoai.processes.checks import Array, above, at_least, common_shape
from geocryoai.processes.constants import YEAR_DAYS


def ttop(
    tdd: ArrayLike,
    fdd: ArrayLike,
    n_thaw: ArrayLike,
    n_freeze: ArrayLike,
    conductivity_ratio: ArrayLike,
    period: float = YEAR_DAYS,
) -> Array:
    """Return the mean annual temperature at the top of permafrost (or below seasonal frost).

    Parameters
    ----------
    tdd, fdd : array_like
        Thawing and freezing degree days of air [degC d], both >= 0.
    n_thaw, n_freeze : array_like
        Ratio of surface to air degree days [1], >= 0.
    conductivity_ratio : array_like
        Thawed over frozen conductivity [1], > 0; below 1 in moist ground.
    period : float, default 365.25
        [d].

    Returns
    -------
    array
        Temperature [degC]; permafrost where < 0. Shapes broadcast.

    Examples
    --------
    >>> round(float(ttop(1000.0, 4000.0, 0.9, 0.5, 0.6)), 2)
    -4.0
    """
    warmth = at_least("tdd [degC d]", tdd) * at_least("n_thaw [1]", n_thaw)
    cold = at_least("fdd [degC d]", fdd) * at_least("n_freeze [1]", n_freeze)
    ratio = above("conductivity_ratio [1]", conductivity_ratio)
    common_shape(tdd=warmth, fdd=cold, conductivity_ratio=ratio)
    balance = ratio * warmth - cold
    return np.where(balance < 0, balance, balance / ratio) / above("period [d]", period)
