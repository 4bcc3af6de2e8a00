"""Frozen or thawed ground from time series of backscatter or brightness temperature, and from thermal imagery.

A seasonal threshold: each pixel's value is placed between its own frozen and thawed reference, (x - frozen) / (thawed -
frozen); above the threshold it is thawed. The references are means over months that are surely frozen and surely
thawed. It works on backscatter [dB] and on the normalised polarisation ratio of brightness temperature, NPR = (Tv - Th)
/ (Tv + Th). What is seen is the top few centimetres and the plants, not the soil at depth.

References
----------
Kimball, J. S. et al. (2004), Satellite radar remote sensing of seasonal growing seasons for boreal and subalpine
evergreen forests, Remote Sens. Environ. 90.
Derksen, C. et al. (2017), Retrieving landscape freeze/thaw state from Soil Moisture Active Passive (SMAP) radar and
radiometer measurements, Remote Sens. Environ. 194.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geocryoai.core.errors import ModelError
from geocryoai.retrievals.radar.checks import Array, number_between, same_shape

Times = NDArray[np.datetime64]


def normalised_polarisation_ratio(vertical: ArrayLike, horizontal: ArrayLike) -> Array:
    """Return (Tv - Th) / (Tv + Th) of brightness temperatures [K], 1; NaN where either is missing or not positive."""
    v, h = np.asarray(vertical, np.float64), np.asarray(horizontal, np.float64)
    same_shape(vertical=v, horizontal=h)
    possible = (v > 0) & (h > 0)
    return np.where(possible, (v - h) / np.where(possible, v + h, 1.0), np.nan)


def seasonal_references(
    values: Array, times: Times, *, frozen: tuple[int, ...] = (1, 2), thawed: tuple[int, ...] = (7, 8)
) -> tuple[Array, Array]:
    """Return the means of each pixel over surely frozen and surely thawed months.

    Parameters
    ----------
    values : array, shape (times, ...)
        NaN where missing.
    times : array of datetime64, shape (times,)
    frozen, thawed : tuple of int
        Months (1 = January).

    Raises
    ------
    ModelError
        No time lies in one of the seasons.
    """
    months = np.asarray(times).astype("datetime64[M]").astype(int) % 12 + 1
    means = []
    for name, chosen in (("frozen", frozen), ("thawed", thawed)):
        inside = np.isin(months, chosen)
        if not inside.any():
            raise ModelError(f"no time lies in the {name} months", where="times", expected=f"months {chosen}")
        part = values[inside]
        count = np.isfinite(part).sum(axis=0)
        means.append(np.where(count > 0, np.nansum(part, axis=0) / np.maximum(count, 1), np.nan))
    return means[0], means[1]


def seasonal_threshold(
    values: Array, frozen: Array, thawed: Array, *, threshold: float = 0.5, least_contrast: float = 0.0
) -> Array:
    """Return 1 where thawed, 0 where frozen, NaN where not known.

    Parameters
    ----------
    values : array, shape (times, ...)
    frozen, thawed : array, shape (...)
        From `seasonal_references`.
    threshold : float
        Place between the references above which it is thawed [1].
    least_contrast : float
        Pixels whose references differ by less are not known, in the unit of the values.
    """
    number_between("threshold", threshold, 0.0, 1.0)
    contrast = thawed - frozen
    known = np.isfinite(contrast) & (np.abs(contrast) > least_contrast)
    place = (values - frozen) / np.where(known, contrast, np.nan)
    return np.where(np.isfinite(place), (place > threshold).astype(np.float64), np.nan)


def thermal_state(night_temperature: ArrayLike, snow_cover: ArrayLike, *, most_snow: float = 0.1) -> Array:
    """Return 1 where the ground is thawed at night, 0 where it is frozen, NaN where snow hides it or nothing is known.

    Parameters
    ----------
    night_temperature : array_like
        Land surface temperature at night [degC].
    snow_cover : array_like
        Fraction of snow cover [1]; where it is missing the state is not known.
    most_snow : float
        Most snow cover at which the temperature is still that of the ground [1].
    """
    temperature, snow = np.asarray(night_temperature, np.float64), np.asarray(snow_cover, np.float64)
    same_shape(night_temperature=temperature, snow_cover=snow)
    if np.isfinite(temperature).any() and np.nanmedian(temperature) > 150:
        raise ModelError("the temperatures are in kelvin", where="night_temperature", expected="degC")
    known = np.isfinite(temperature) & (snow <= most_snow)
    return np.where(known, (temperature > 0.0).astype(np.float64), np.nan)


def first_of_run(state: Array, times: Times, *, wanted: int, least: int = 3) -> NDArray[np.datetime64]:
    """Return for each pixel the first time from which `least` known states in a row are `wanted`; NaT where none.

    Parameters
    ----------
    state : array, shape (times, ...)
        0, 1 or NaN; a missing state neither ends nor lengthens a run.
    times : array of datetime64, shape (times,)
        In order.
    wanted : {0, 1}
    least : int
    """
    start = np.full(state.shape[1:], np.datetime64("NaT"), dtype="datetime64[us]")
    begun, length = start.copy(), np.zeros(state.shape[1:], int)
    for now, time in zip(state, np.asarray(times).astype("datetime64[us]"), strict=True):
        hit, miss = now == wanted, np.isfinite(now) & (now != wanted)
        begun = np.where(hit & (length == 0), time, begun)
        length = np.where(miss, 0, length + hit)
        start = np.where(np.isnat(start) & (length >= least), begun, start)
    return start
