"""Active-layer thickness from seasonal subsidence (ReSALT).

Subsidence since the start of the thaw season follows d(t) = R t + E sqrt(A(t)), with A the accumulated degree days of
thaw and R a trend [m a-1]. Two dates give E; E sqrt(A_end) is the subsidence of the whole season, and the thickness is
the depth of thaw whose settlement it is (`thickness_of_settlement`).

With porosity that varies with depth this contradicts itself: thaw depth, not settlement, grows as sqrt(A).
`thickness_between_dates` solves that: it looks for the thickness Z for which the settlement between depths Z sqrt(A_1 /
A_end) and Z sqrt(A_2 / A_end) is the one measured.

Limits: the pores must be as saturated as stated, thaw must follow sqrt(A), nothing else may move the ground; where the
soil is drained the thickness comes out too small.

References
----------
Liu, L. et al. (2012), J. Geophys. Res. Earth Surf. 117, doi:10.1029/2011JF002041.
Schaefer, K. et al. (2015), Remote Sens. 7, 3735-3759, doi:10.3390/rs70403735.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike

from geocryoai.core.errors import ModelError
from geocryoai.retrievals.radar.checks import Array, in_range_or_missing
from geocryoai.retrievals.radar.soil_porosity import SoilPorosity

#: Deepest thickness looked for [m].
DEEPEST = 20.0

_STEPS = 60


def seasonal_subsidence(
    subsidence: ArrayLike, thaw_first: float, thaw_second: float, thaw_end: float, *, trend: ArrayLike = 0.0,
    years: float = 0.0,
) -> Array:  # fmt: skip
    """Return the subsidence of the whole thaw season [m] from that between two dates.

    Parameters
    ----------
    subsidence : array_like
        Between the dates, down positive [m]; NaN is missing.
    thaw_first, thaw_second, thaw_end : float
        Degree days of thaw [degC d] up to each date and to the end of the season.
    trend : array_like
        Subsidence per year that is not seasonal [m a-1].
    years : float
        Time between the dates [a].
    """
    first, second = _roots(thaw_first, thaw_second, thaw_end)
    return np.asarray((np.asarray(subsidence, np.float64) - np.asarray(trend) * years) / (second - first))


def fit_season(subsidence: Array, thaw: Array, years: Array, thaw_end: float) -> tuple[Array, Array]:
    """Return seasonal subsidence [m] and trend [m a-1] of several pairs by least squares.

    Parameters
    ----------
    subsidence : array, shape (pairs, ...)
        Down positive [m]; a pixel missing in one pair is missing in the result.
    thaw : array, shape (pairs, 2)
        Degree days of thaw up to the two dates of each pair, each in its own season [degC d].
    years : array, shape (pairs,)
        Time between the dates [a].
    thaw_end : float
        Degree days of thaw at the end of the season [degC d].

    Raises
    ------
    ModelError
        Fewer than two pairs, or pairs that do not tell season from trend.
    """
    roots = np.sqrt(np.asarray(thaw, np.float64) / thaw_end)
    design = np.stack([roots[:, 1] - roots[:, 0], np.asarray(years, np.float64)], axis=1)
    if len(design) < 2 or np.linalg.matrix_rank(design) < 2:
        raise ModelError(
            "the pairs do not tell season from trend", where="thaw, years", found=f"{len(design)} pairs",
            next_step="Add pairs of other dates, or use seasonal_subsidence without a trend.",
        )  # fmt: skip
    flat = np.reshape(subsidence, (len(design), -1))
    found = np.linalg.pinv(design) @ flat
    shape = np.shape(subsidence)[1:]
    return found[0].reshape(shape), found[1].reshape(shape)


def thickness_of_settlement(settlement: ArrayLike, soil: SoilPorosity | None = None) -> Array:
    """Return the depth of thaw [m] whose settlement is given [m].

    NaN where the settlement is missing or negative (heave), or more than that of 20 m of thaw.

    Examples
    --------
    >>> soil = SoilPorosity()
    >>> round(float(thickness_of_settlement(soil.settlement(0.45))), 6)
    0.45
    """
    ground = soil or SoilPorosity()
    return _solve(np.asarray(settlement, np.float64), ground.settlement, ground.settlement_rate)


def thickness_between_dates(
    subsidence: ArrayLike, thaw_first: float, thaw_second: float, thaw_end: float, soil: SoilPorosity | None = None
) -> Array:
    """Return the active-layer thickness [m] for which thaw depth grows as the root of degree days.

    Parameters
    ----------
    subsidence : array_like
        Between the dates, down positive [m]; NaN is missing.
    thaw_first, thaw_second, thaw_end : float
        Degree days of thaw [degC d] up to each date and to the end of the season.
    soil : SoilPorosity, optional

    Raises
    ------
    ModelError
        Dates out of order, or a soil in which settlement between the dates does not grow with the thickness.
    """
    ground = soil or SoilPorosity()
    first, second = _roots(thaw_first, thaw_second, thaw_end)

    def between(depth: Array) -> Array:
        return ground.settlement(second * depth) - ground.settlement(first * depth)

    def rate(depth: Array) -> Array:
        return second * ground.settlement_rate(second * depth) - first * ground.settlement_rate(first * depth)

    probe = np.linspace(0.0, DEEPEST, 4001)
    if (np.diff(between(probe)) <= 0).any():
        raise ModelError(
            "one settlement belongs to several thicknesses: porosity falls too fast with depth for these dates",
            where="soil", next_step="Take a first date nearer to the start of the season.",
        )  # fmt: skip
    return _solve(np.asarray(subsidence, np.float64), between, rate)


def thickness_sigma(
    thickness: ArrayLike, subsidence_sigma: ArrayLike, thaw_first: float, thaw_second: float, thaw_end: float,
    soil: SoilPorosity | None = None, *, water_sigma: float = 0.1,
) -> Array:  # fmt: skip
    """Return the standard deviation of the thickness [m], propagated to first order.

    Parameters
    ----------
    thickness : array_like
        From `thickness_between_dates` [m].
    subsidence_sigma : array_like
        Of the measured subsidence [m].
    thaw_first, thaw_second, thaw_end : float
        Degree days of thaw [degC d].
    soil : SoilPorosity, optional
    water_sigma : float
        Relative standard deviation of the water in the pores (porosity times saturation) [1].
    """
    ground = soil or SoilPorosity()
    first, second = _roots(thaw_first, thaw_second, thaw_end)
    z = in_range_or_missing("thickness [m]", thickness, 0.0, DEEPEST)
    slope = second * ground.settlement_rate(second * z) - first * ground.settlement_rate(first * z)
    settled = ground.settlement(second * z) - ground.settlement(first * z)
    return np.asarray(np.hypot(np.asarray(subsidence_sigma, np.float64), water_sigma * settled) / slope)


def thickness_draws(
    subsidence: ArrayLike, subsidence_sigma: ArrayLike, thaw_first: float, thaw_second: float, thaw_end: float,
    soil: SoilPorosity | None = None, *, draws: int = 200, seed: int = 0, organic_mass_sigma: float = 10.0,
    saturation_low: float = 0.8,
) -> Array:  # fmt: skip
    """Return Monte Carlo draws of the thickness [m], shape (draws, ...): noise, organic matter, saturation vary.

    Parameters
    ----------
    subsidence, subsidence_sigma : array_like
        Between the dates and its standard deviation, down positive [m].
    thaw_first, thaw_second, thaw_end : float
        Degree days of thaw [degC d].
    soil : SoilPorosity, optional
    draws, seed : int
    organic_mass_sigma : float
        Standard deviation of the organic matter [kg m-2]; draws below 0 are 0.
    saturation_low : float
        Saturation is drawn evenly between this and that of the soil.
    """
    ground, rng = soil or SoilPorosity(), np.random.default_rng(seed)
    middle, sigma = np.broadcast_arrays(np.asarray(subsidence, np.float64), np.asarray(subsidence_sigma, np.float64))
    found = np.empty((draws, *middle.shape))
    for number in range(draws):
        drawn = replace(
            ground,
            organic_mass=max(float(rng.normal(ground.organic_mass, organic_mass_sigma)), 0.0),
            saturation=float(rng.uniform(min(saturation_low, ground.saturation), ground.saturation)),
        )
        noisy = middle + sigma * rng.standard_normal(middle.shape)
        found[number] = thickness_between_dates(noisy, thaw_first, thaw_second, thaw_end, drawn)
    return found


def _roots(first: float, second: float, end: float) -> tuple[float, float]:
    if not (0 <= first < second <= end and np.isfinite(end)):
        raise ModelError(
            "the degree days of thaw are out of order", where="thaw_first, thaw_second, thaw_end [degC d]",
            found=f"{first:g}, {second:g}, {end:g}", expected="0 <= first < second <= end",
        )  # fmt: skip
    return float(np.sqrt(first / end)), float(np.sqrt(second / end))


def _solve(wanted: Array, of_depth: Callable[[Array], Array], rate: Callable[[Array], Array]) -> Array:
    """Return the depth at which a growing function takes each value: Newton's steps kept inside a shrinking bracket."""
    solvable = np.isfinite(wanted) & (wanted >= 0)
    target = np.where(solvable, wanted, 0.0)
    solvable &= target <= float(of_depth(np.array(DEEPEST)))
    target = np.where(solvable, target, 0.0)
    low, high = np.zeros_like(target), np.full_like(target, DEEPEST)
    depth = np.minimum(target / float(rate(np.array(DEEPEST))), 0.5 * DEEPEST)
    for _ in range(_STEPS):
        error = of_depth(depth) - target
        low, high = np.where(error <= 0, depth, low), np.where(error >= 0, depth, high)
        step = depth - error / rate(depth)
        new = np.where((step >= low) & (step <= high), step, 0.5 * (low + high))
        if np.abs(new - depth).max(initial=0.0) < 1e-12:
            break
        depth = new
    return np.where(solvable, depth, np.nan)
