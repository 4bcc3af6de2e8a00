"""Thawing and freezing degree days from monthly mean air temperature.

The degree-day sum of a year is the time integral of the temperature above (thawing) or below (freezing) 0 degC. From
monthly means it is biased low in both sums, because days of thaw in a month that freezes on average (and the other
way round) are lost: a month at 0 degC whose daily means scatter with 5 degC loses 0.399 x 5 x 30 = 60 degC d. With
the standard deviation of daily means within the month the loss is restored, assuming the days are normally
distributed: E[max(T, 0)] = mu Phi(mu/s) + s phi(mu/s). The difference TDD - FDD is the same either way.

References
----------
Calov, R. and Greve, R. (2005), J. Glaciol. 51, 173-175, doi:10.3189/172756505781829601 (normal distribution form).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtr

from geocryoai.core.errors import ModelError
from geocryoai.processes.checks import Array, at_least, between, finite


def degree_days(
    tas_monthly: ArrayLike, days_in_month: ArrayLike, *, monthly_sd: ArrayLike = 0.0, axis: int = -1
) -> tuple[Array, Array]:
    """Sum thawing and freezing degree days along one axis of monthly means.

    Parameters
    ----------
    tas_monthly : array_like
        Monthly mean temperature [degC].
    days_in_month : array_like
        Length of each month [d]: one number, one value per month along `axis`, or the shape of `tas_monthly`.
    monthly_sd : array_like, default 0
        Standard deviation of daily means within the month [degC]: one number, one value per month, or full shape.
    axis : int, default -1
        Axis of the months, summed over.

    Returns
    -------
    tdd, fdd : array
        Thawing and freezing degree days [degC d], both >= 0.

    Examples
    --------
    >>> tdd, fdd = degree_days([-10.0, 12.0], [31, 30])
    >>> float(tdd), float(fdd)
    (360.0, 310.0)
    """
    tas = finite("tas_monthly [degC]", tas_monthly)
    if tas.ndim == 0:
        raise ModelError("there is no axis of months", where="tas_monthly [degC]", found="one number")
    tas = np.moveaxis(tas, axis, -1)
    days = _along_months("days_in_month [d]", between("days_in_month [d]", days_in_month, 28, 31), tas, axis)
    sd = _along_months("monthly_sd [degC]", at_least("monthly_sd [degC]", monthly_sd), tas, axis)
    above_zero = positive_part_mean(tas, sd)
    return (above_zero * days).sum(axis=-1), ((above_zero - tas) * days).sum(axis=-1)


def annual_degree_days(tas: ArrayLike, days: ArrayLike, *, monthly_sd: ArrayLike = 0.0) -> tuple[Array, Array]:
    """Return the thawing and freezing degree days of whole years.

    Parameters
    ----------
    tas : array_like, shape (..., 12)
        Monthly mean temperature [degC], January to December (or any twelve months in a row).
    days : array_like, shape (12,)
        Length of each month [d]; months of 28 to 31 days, the year of 360 to 366.
    monthly_sd : array_like, default 0
        Standard deviation of daily means within the month [degC]; see `degree_days`.

    Returns
    -------
    tdd, fdd : array, shape (...)
        Thawing and freezing degree days [degC d].
    """
    tas_array, lengths = np.asarray(tas, dtype=np.float64), np.asarray(days, dtype=np.float64)
    if tas_array.ndim == 0 or tas_array.shape[-1] != 12 or lengths.shape != (12,):
        raise ModelError(
            "a year has twelve months",
            where="tas [degC], days [d]",
            found=f"shapes {tas_array.shape} and {lengths.shape}",
            expected="(..., 12) and (12,)",
        )
    if not 360 <= lengths.sum() <= 366:
        raise ModelError("the months do not make a year", where="days [d]", found=f"{lengths.sum():g} d in all",
                         expected="360 to 366 d")  # fmt: skip
    return degree_days(tas_array, lengths, monthly_sd=monthly_sd)


def positive_part_mean(mean: ArrayLike, sd: ArrayLike) -> Array:
    """Return the mean of max(T, 0) where T is normal; with sd = 0 it is max(mean, 0).

    Parameters
    ----------
    mean, sd : array_like
        Mean and standard deviation [degC].

    Returns
    -------
    array
        Mean of the positive part [degC].
    """
    mu, s = np.broadcast_arrays(np.asarray(mean, dtype=np.float64), np.asarray(sd, dtype=np.float64))
    safe = np.where(s > 0, s, 1.0)
    z = np.clip(mu, -38.0 * safe, 38.0 * safe) / safe
    normal: Array = mu * ndtr(z) + safe * np.exp(-0.5 * np.square(z)) / np.sqrt(2 * np.pi)
    mean_above: Array = np.where(s > 0, np.maximum(normal, np.maximum(mu, 0.0)), np.maximum(mu, 0.0))
    return mean_above


def _along_months(name: str, values: Array, tas: Array, axis: int) -> Array:
    """Bring a scalar, a vector of months or a full array (months on `axis`) to broadcast with `tas`."""
    if values.ndim == tas.ndim and values.ndim > 1:
        values = np.moveaxis(values, axis, -1)
    if values.ndim == 0 or values.shape == tas.shape or values.shape == tas.shape[-1:]:
        return values
    raise ModelError(
        "the shapes do not fit together",
        where=name,
        found=f"{values.shape} beside {tas.shape} with the months last",
        expected="one number, one value per month, or the shape of tas_monthly",
    )
