"""Litter and soil carbon in three pools that decay exponentially, and their steady states.

Within a step the multiplier and the litter are constant, and each pool is advanced by the exact solution of
dC/dt = I - k K C, so that steps of a day and of a month are both stable and no carbon is lost. Recalcitrant carbon
receives over a step what structural carbon passes on in that step.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from geocryoai.core.errors import ModelError
from geocryoai.processes.carbon.parameters import CarbonParameters
from geocryoai.processes.checks import Array, above, at_least


class CarbonPools(NamedTuple):
    """Carbon in litter and soil [g C m-2], each of shape (..., cells)."""

    metabolic: Array
    structural: Array
    recalcitrant: Array

    @property
    def total(self) -> Array:
        """Return all three together [g C m-2]."""
        return self.metabolic + self.structural + self.recalcitrant


def pool_step(
    pools: CarbonPools, litter: ArrayLike, multiplier: ArrayLike, days: float, params: CarbonParameters
) -> tuple[CarbonPools, Array]:
    """Advance the pools by one step.

    Parameters
    ----------
    pools : CarbonPools
        Carbon at the start [g C m-2].
    litter : array_like, shape (cells,)
        Litterfall [g C m-2 d-1], >= 0.
    multiplier : array_like, shape (cells,)
        Share of the optimal decay rate [1]; see `decomposition_multiplier`.
    days : float
        Length of the step [d].
    params : CarbonParameters

    Returns
    -------
    pools : CarbonPools
        Carbon at the end [g C m-2].
    rh : array, shape (cells,)
        Heterotrophic respiration, mean of the step [g C m-2 d-1].

    Notes
    -----
    Closed: end - start = (litter - rh) days to round-off. The arguments are taken as checked.
    """
    fall, k = np.asarray(litter, dtype=np.float64), np.asarray(multiplier, dtype=np.float64)
    fast, slow, old = _rates(params)
    fresh = params.metabolic_fraction
    metabolic, lost_metabolic = _decay(pools.metabolic, fresh * fall * days, fast * k * days)
    structural, lost_structural = _decay(pools.structural, (1.0 - fresh) * fall * days, slow * k * days)
    passed_on = params.structural_transfer * lost_structural
    recalcitrant, lost_recalcitrant = _decay(pools.recalcitrant, passed_on, old * k * days)
    respired = (lost_metabolic + (lost_structural - passed_on) + lost_recalcitrant) / days
    return CarbonPools(metabolic, structural, recalcitrant), respired


def steady_pools(litter: ArrayLike, multiplier: ArrayLike, params: CarbonParameters) -> CarbonPools:
    """Return the pools in balance with constant litter and a constant multiplier (Jones et al. 2017).

    Parameters
    ----------
    litter : array_like
        Litterfall [g C m-2 d-1].
    multiplier : array_like
        Annual mean share of the optimal decay rate [1], > 0.
    params : CarbonParameters

    Returns
    -------
    CarbonPools
        Carbon [g C m-2].
    """
    fall, k = at_least("litter [g C m-2 d-1]", litter), above("multiplier [1]", multiplier)
    fast, slow, old = _rates(params)
    metabolic = params.metabolic_fraction * fall / (fast * k)
    structural = (1.0 - params.metabolic_fraction) * fall / (slow * k)
    recalcitrant = params.structural_transfer * slow * structural / old
    return CarbonPools(np.asarray(metabolic), np.asarray(structural), np.asarray(recalcitrant))


def periodic_pools(litter: ArrayLike, multiplier: Array, days: Array, params: CarbonParameters) -> CarbonPools:
    """Return the pools at the start of a year that repeats itself for ever: the spin-up, in closed form.

    The year maps each pool linearly onto itself, C -> A C + B; the fixed point is B / (1 - A), where B is what the year
    leaves of an empty pool. The pools are solved in the order in which carbon passes through them.

    Parameters
    ----------
    litter : array_like, shape (cells,)
        Litterfall, the same all year [g C m-2 d-1].
    multiplier : array, shape (steps, cells)
        Share of the optimal decay rate in each step of the year [1].
    days : array, shape (steps,)
        Length of each step [d].
    params : CarbonParameters

    Returns
    -------
    CarbonPools
        Carbon [g C m-2], each of shape (cells,).

    Raises
    ------
    ModelError
        Somewhere nothing decays all year, so that no steady state exists.
    """
    exposure = np.tensordot(days, multiplier, axes=1)
    check_decay(exposure)
    start = CarbonPools(*(np.zeros_like(exposure) for _ in range(3)))
    rates = _rates(params)
    for i in range(3):
        end = start
        for k, step in zip(multiplier, days, strict=True):
            end, _ = pool_step(end, litter, k, float(step), params)
        start = start._replace(**{start._fields[i]: end[i] / -np.expm1(-rates[i] * exposure)})
    return start


def check_decay(exposure: Array) -> None:
    """Raise ModelError where the days of a year, weighted by the multiplier of decay, are nil; shape (cells,)."""
    if not (exposure > 0).all():
        place = tuple(int(i) for i in np.argwhere(~(exposure > 0))[0])
        raise ModelError(
            "nothing decays all year, so the soil carbon has no steady state",
            where="ts [degC], soil_moisture [1]",
            found=f"cell {place}",
            expected="some months above -46 degC with moist soil",
        )


def _rates(params: CarbonParameters) -> tuple[float | Array, float | Array, float | Array]:
    """Return the optimal decay rates of the three pools [d-1]."""
    fast = params.optimal_rate
    return fast, fast * params.structural_ratio, fast * params.recalcitrant_ratio


def _decay(carbon: Array, gain: Array | float, exponent: Array) -> tuple[Array, Array]:
    """Return what is left and what was lost of a pool that gains evenly and decays over a step."""
    lost_share = -np.expm1(-exponent)
    mean_share = np.where(exponent > 0, lost_share / np.where(exponent > 0, exponent, 1.0), 1.0)
    left = carbon * (1.0 - lost_share) + gain * mean_share
    return left, carbon + gain - left
