"""Features derived from monthly drivers: same month, earlier months, running means, seasons of a thaw year.

Nothing here looks forward: a feature of month m uses months up to m, one of thaw year Y months up to September of Y.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from geocryoai.processes.degree_days import degree_days

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

#: A thaw year Y runs from October of Y-1 to September of Y; positions of its winter and summer months in it.
_WINTER = slice(0, 7)
_SUMMER = slice(7, 12)


def month_features(
    drivers: Mapping[str, Floats], series: Ints, step: Ints, *, lags: Sequence[int] = (), means: Sequence[int] = ()
) -> dict[str, Floats]:
    """Return features of monthly samples.

    Parameters
    ----------
    drivers : dict of str to array of float, shape (series, months)
        Monthly drivers, NaN where missing.
    series, step : array of int, shape (n,)
        Series and month of each sample; -1 where unknown.
    lags : sequence of int
        Months back: ``NAME_lag1`` is last month's value.
    means : sequence of int
        Lengths of running means that end with the sample's month: ``NAME_mean3``; missing where any month is.

    Returns
    -------
    dict of str to array of float, shape (n,)
    """
    features: dict[str, Floats] = {}
    for name, values in drivers.items():
        features[name] = _at(values, series, step)
        for lag in lags:
            features[f"{name}_lag{lag}"] = _at(values, series, np.where(step < 0, -1, step - lag))
        for length in means:
            parts = [_at(values, series, np.where(step < 0, -1, step - back)) for back in range(length)]
            features[f"{name}_mean{length}"] = np.mean(parts, axis=0)
    return features


def year_features(
    drivers: Mapping[str, Floats], months: NDArray[np.datetime64], series: Ints, year: Ints
) -> dict[str, Floats]:
    """Return features of annual samples: means of the thaw year, its winter and its summer, and degree days.

    Parameters
    ----------
    drivers : dict of str to array of float, shape (series, months)
    months : array of datetime64[M], shape (months,)
        Without gaps.
    series, year : array of int, shape (n,)
        Series (-1 unknown) and calendar year of the thaw season.

    Returns
    -------
    dict of str to array of float, shape (n,)
        ``NAME_year``, ``NAME_winter`` (October to April), ``NAME_summer`` (May to September); from `tas` also ``tdd``,
        ``fdd`` [degC d] and ``sqrt_tdd``.
    """
    october = (np.asarray(year, "int64") - 1970) * 12 - 3
    first = october - months[0].astype("datetime64[M]").astype("int64")
    inside = (series >= 0) & (first >= 0) & (first + 12 <= len(months))
    position = np.where(inside, first, 0)[:, None] + np.arange(12)
    features: dict[str, Floats] = {}
    for name, values in drivers.items():
        window = np.where(inside[:, None], values[np.where(inside, series, 0)[:, None], position], np.nan)
        features[f"{name}_year"] = window.mean(axis=1)
        features[f"{name}_winter"] = window[:, _WINTER].mean(axis=1)
        features[f"{name}_summer"] = window[:, _SUMMER].mean(axis=1)
        if name == "tas":
            features |= _degree_days(window, months, position)
    return features


def _degree_days(window: Floats, months: NDArray[np.datetime64], position: Ints) -> dict[str, Floats]:
    starts = months.astype("datetime64[M]")
    days = ((starts + 1).astype("datetime64[D]") - starts.astype("datetime64[D]")).astype(float)
    complete = np.isfinite(window).all(axis=1)
    tdd = np.full(len(window), np.nan)
    fdd = np.full(len(window), np.nan)
    if complete.any():
        tdd[complete], fdd[complete] = degree_days(window[complete], days[position[complete]])
    return {"tdd": tdd, "fdd": fdd, "sqrt_tdd": np.sqrt(tdd)}


def _at(values: Floats, series: Ints, step: Ints) -> Floats:
    known = (series >= 0) & (step >= 0) & (step < values.shape[1])
    out = np.full(len(series), np.nan)
    out[known] = values[series[known], step[known]]
    return out
