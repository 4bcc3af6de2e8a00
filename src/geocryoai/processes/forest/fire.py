"""Fire: when stands burn, which trees die, and how much of the organic layer goes.

Every stand burns with a yearly chance of 1 / return interval, on its own stream of random numbers, or in given years.
The severity of a fire is the share of the crowns that it scorches. It kills by scorch and thin bark and takes the moss
and up to nine tenths of the organic layer, less of it where it is wet.

References
----------
Ryan, K. C. and Reinhardt, E. D. (1988), Can. J. For. Res. 18, 1291-1297, doi:10.1139/x88-199 (mortality).
Kasischke, E. S. and Johnstone, J. F. (2005), Can. J. For. Res. 35, 2164-2177, doi:10.1139/x05-159 (organic layer).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from geocryoai.processes.checks import Array
from geocryoai.processes.forest.allometry import Number
from geocryoai.processes.forest.compilable import compilable
from geocryoai.processes.forest.random import streams, uniform_series


@compilable
def fire_death(diameter: Number, bark: Number, scorched: Number) -> Number:
    """Return the chance that a tree dies in a fire [1].

    Parameters
    ----------
    diameter : float or array
        At breast height [cm].
    bark : float or array
        Thickness of the bark per diameter [1].
    scorched : float or array
        Share of the crown scorched [1].
    """
    thickness = 1.0 - np.exp(-diameter * bark / 2.54)
    chance: Number = 1.0 / (1.0 + np.exp(-1.941 + 6.316 * thickness - 5.35 * scorched * scorched))
    return chance


@compilable
def organic_burnt(severity: Number, flooding: Number) -> Number:
    """Return the share of the organic layer that burns [1], from severity and last year's standing water [1]."""
    share: Number = 0.9 * severity * (1.0 - 0.5 * flooding)
    return share


def fire_severities(
    seed: int, stands: NDArray[np.int64], years: NDArray[np.int64], interval: float | None, given: dict[int, float]
) -> Array:
    """Return the severity of the fire in each year and stand, 0 where nothing burns.

    Parameters
    ----------
    seed : int
    stands : array, shape (stands,)
        Numbers of the stands.
    years : array, shape (years,)
        Calendar years.
    interval : float or None
        Mean years between fires [yr]; none by chance where None.
    given : dict of int to float
        Calendar year -> severity [1] of fires in all stands.

    Returns
    -------
    array, shape (years, stands)
        0 to 1; by chance between 0.3 and 1.
    """
    severity = np.zeros((years.size, stands.size))
    if interval is not None:
        draws = uniform_series(streams(seed, stands, purpose=1), 2 * years.size)
        burns = draws[0::2] < 1.0 / interval
        severity = np.where(burns, 0.3 + 0.7 * draws[1::2], 0.0)
    for year, value in given.items():
        severity[years == year] = value
    return severity
