"""Forecasts as they would be made: from an origin on, with nothing measured later."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import norm

from geocryoai.core.errors import ProtocolError
from geocryoai.core.variables import variable
from geocryoai.evaluation.periods import month_number, month_numbers, period_months
from geocryoai.models.contract import QUANTILES, Learner, Prediction

if TYPE_CHECKING:
    from geocryoai.cube.samples import Floats, Ints, Samples


def leads(samples: Samples, rows: Ints, origin: np.datetime64) -> Ints:
    """Return how many periods each row ends after the origin: 1 for the first month (or year) of a forecast."""
    return (month_numbers(samples.time[rows]) - month_number(origin)) // period_months(samples) + 1


def one_step(learner: Learner, samples: Samples, rows: Ints, future: Samples | None = None) -> Prediction:
    """Predict rows with the measured history of each: teacher-forced, every lag is one that was observed.

    Not a forecast beyond the first period: at lead 12 the value of lead 11 is given. To be shown beside
    `free_running` and labelled.
    """
    return learner.predict(with_future(samples, future).take(rows).without_target())


def free_running(
    learner: Learner, samples: Samples, rows: Ints, origin: np.datetime64, future: Samples | None = None
) -> Prediction:
    """Predict rows after the origin, each step fed with the learner's own earlier predictions.

    Parameters
    ----------
    learner : Learner
        Fitted on rows that ended before the origin.
    samples : Samples
        Forecast task; all rows, those without a measurement too, since the chain runs through them.
    rows : array of int
        Dated rows to return, none before the origin.
    origin : datetime64
        First day of the forecast; lags of periods before it are as observed, all later ones are predictions.
    future : Samples, optional
        The same rows with features, anchors and windows of a declared scenario or climatology, in the place of
        drivers measured after the origin.

    Returns
    -------
    Prediction
        In the order of `rows`; the spread grows with the lead as errors are passed on.

    Notes
    -----
    A lag whose row is not among the samples stays NaN. Where a site has several rows in one period, the chain
    carries their mean.

    The variance of a step is the learner's own plus, for each lag that is a prediction, the squared change of the
    mean when that lag moves by its standard deviation (linear propagation of errors, those of different lags taken
    as independent). Quantiles are widened about the mean by the same factor and kept in the target's valid range.
    """
    drivers = with_future(samples, future)
    month, first, period = month_numbers(samples.time), month_number(origin), period_months(samples)
    if np.isnat(samples.time[rows]).any() or (month[rows] < first).any():
        raise ProtocolError("a row to be forecast is undated or before the origin", where=f"origin {origin}")
    last = int(month[rows].max())
    _, site = np.unique(samples.site, return_inverse=True)
    own = np.full((2, int(site.max()) + 1, last - first + 1), np.nan)
    mean, sd = np.full(len(samples), np.nan), np.full(len(samples), np.nan)
    quantiles = np.full((len(samples), len(QUANTILES)), np.nan)
    needed = np.flatnonzero((month >= first) & (month <= last) & np.isin(site, site[rows]))
    for now in np.unique(month[needed]):
        step = needed[month[needed] == now]
        lags = {k: values[step] for k, values in samples.lags.items()}
        spread: dict[int, Floats] = {}
        for k in lags:
            if (offset := int(now) - k * period - first) >= 0:
                lags[k], spread[k] = own[:, site[step], offset]
        shown = replace(drivers.take(step), lags=lags).without_target()
        answer = _widened(learner.predict(shown), _passed_on(learner, shown, spread), samples.target)
        mean[step], sd[step], quantiles[step] = answer.mean, answer.sd, answer.quantiles
        count = np.bincount(site[step], minlength=own.shape[1])
        for part, values in zip(own, (answer.mean, answer.sd), strict=True):
            part[count > 0, now - first] = np.bincount(site[step], values)[np.flatnonzero(count)] / count[count > 0]
    return Prediction(mean=mean[rows], sd=sd[rows], quantiles=quantiles[rows])


def _passed_on(learner: Learner, shown: Samples, spread: Mapping[int, Floats]) -> Floats:
    """Return the variance that predicted lags of the given standard deviations bring into the mean."""
    variance = np.zeros(len(shown))
    for k, deviation in spread.items():
        up, down = (
            learner.predict(replace(shown, lags={**shown.lags, k: shown.lags[k] + sign * deviation})).mean
            for sign in (1.0, -1.0)
        )
        variance += ((up - down) / 2.0) ** 2
    return variance


def _widened(answer: Prediction, variance: Floats, target: str) -> Prediction:
    """Return a prediction with added variance, the shape of its distribution kept (normal where it had no width)."""
    sd = np.sqrt(answer.sd**2 + variance)
    width = np.where(answer.sd > 0, answer.sd, 1.0)[:, None]
    shape = np.where((answer.sd > 0)[:, None], (answer.quantiles - answer.mean[:, None]) / width, norm.ppf(QUANTILES))
    wide = np.clip(answer.mean[:, None] + shape * sd[:, None], *variable(target).valid)
    return Prediction(answer.mean, sd, np.where((variance > 0)[:, None], wide, answer.quantiles))


def with_future(samples: Samples, future: Samples | None) -> Samples:
    """Return samples with the drivers of `future`, as they are where it is None.

    Raises
    ------
    ProtocolError
        `future` is not of the same rows and names, or its windows are still the measured ones.
    """
    if future is None:
        return samples
    same_rows = len(future) == len(samples) and all(
        np.array_equal(getattr(future, name), getattr(samples, name)) for name in ("source", "source_row", "site")
    )
    same_rows = same_rows and np.array_equal(month_numbers(future.time), month_numbers(samples.time))
    if not same_rows or set(future.features) != set(samples.features) or set(future.anchors) != set(samples.anchors):
        raise ProtocolError(
            "declared future drivers are not of the same rows and names as the samples",
            where="future",
            next_step="Make them from the samples with dataclasses.replace(samples, features=..., anchors=...).",
        )
    if samples.windows is not None and future.windows is samples.windows:
        raise ProtocolError(
            "declared future drivers still hold the measured windows",
            where="future.windows",
            next_step="Give windows of the scenario, or evaluate a learner without windows.",
        )
    return replace(
        samples,
        features=future.features,
        anchors=future.anchors,
        windows=future.windows,
        window_index=future.window_index,
    )
