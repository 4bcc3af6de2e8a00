"""Daily and monthly means of half-hourly values with gaps, and their standard error.

Mean
----
The mean of a month is that of its mean diurnal course: each time of day counts alike, however often it was measured,
so that gaps at night do not shift it (mean diurnal variation, Falge et al. 2001). Times of day that were never measured
are interpolated between their neighbours, over three hours at most. A day's gaps are filled by the month's course,
moved to the level of the day. Both are weighted sums of what was measured, with weights w that add up to 1.

Error
-----
The value is diurnal course + deviation + random error, and the true mean is that of course and deviation over all N
times. So the error is the sum of (w - 1 / N) times the deviations, measured or not, and of w times the random errors.

- Random errors are independent, with the standard deviation that is given for each value, or as the scale with the flux
  says (Hollinger and Richardson 2005), or as the values show: what of their variance neighbours do not share, the
  autocovariance extrapolated to lag 0 (Lenschow et al. 2000). That their distribution is closer to Laplace's than to
  Gauss's does not matter for a mean of many.
- Deviations have the covariance V a_s a_t exp(-lag / T): V and T are fitted to the autocovariance of what was measured
  about the course (less what the subtraction of the course takes away), a is their spread by time of day. A period
  without gaps has no gap error.

Errors that all values share, such as those of calibration or of a filter for weak turbulence, are not in it.

References
----------
Falge, E. et al. (2001), Agricultural and Forest Meteorology 107, 43-69. Hollinger, D. Y. and Richardson, A. D. (2005),
Tree Physiology 25, 873-885. Lenschow, D. H., Wulfmeyer, V. and Senff, C. (2000), Journal of Atmospheric and Oceanic
Technology 17, 1330-1347.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from geocryoai.core.errors import CubeError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

#: Longest stretch of the day without any measurement over which the course is interpolated, and half the window in
#: which the spread by time of day is taken [h].
LONGEST_GAP, WINDOW = 3.0, 2.0

#: Times of decorrelation that are tried [d], and the longest lag that is looked at [d].
TIMES = np.geomspace(0.02, 10.0, 50)
LONGEST_LAG = 5.0

#: Fewest pairs of values for a lag to count, and fewest lags for a fit.
_PAIRS, _LAGS = 20, 6


@dataclass(frozen=True)
class PeriodMean:
    """Mean of a month or day with its errors; all NaN where there is none.

    Attributes
    ----------
    mean : float
    random, gap : float
        Standard errors from random errors of the values, and from what was not measured.
    share : float
        Share of the period that was measured [1].
    """

    mean: float
    random: float
    gap: float
    share: float

    @property
    def sigma(self) -> float:
        """Return the standard error."""
        return float(np.hypot(self.random, self.gap))


@dataclass(frozen=True)
class _Deviations:
    """Covariance of the deviations from the course: `variance` [unit squared], `time` [d], `spread` by time of day."""

    variance: float
    time: float
    spread: Floats
    noise: float


def month_mean(values: Floats, sigma: Floats) -> PeriodMean:
    """Return the mean over a month, or any other number of days.

    Parameters
    ----------
    values : array, shape (days, times of day)
        NaN where nothing was measured.
    sigma : array, same shape
        Standard deviation of the random error of each value; NaN where it is to be found from the values.

    Raises
    ------
    CubeError
        Shapes that differ, fewer than 2 times of day, or a negative standard deviation.
    """
    _check(values, sigma)
    weights = _course_weights(values)
    if weights is None:
        return _none(values)
    return _estimate(values, sigma, weights.mean(axis=0), np.ones(values.shape, bool), _deviations(values))


def day_means(values: Floats, sigma: Floats) -> list[PeriodMean]:
    """Return the mean of each day of a month; see `month_mean`."""
    _check(values, sigma)
    weights, fitted = _course_weights(values), _deviations(values)
    found = []
    for day in range(len(values)):
        seen = np.isfinite(values[day])
        if weights is None or not seen.any():
            found.append(_none(values[day : day + 1]))
            continue
        mine = weights.mean(axis=0) - weights[seen].mean(axis=0)
        mine[day, seen] += 1.0 / seen.sum()
        inside = np.zeros(values.shape, bool)
        inside[day] = True
        found.append(_estimate(values, sigma, mine, inside, fitted))
    return found


def _check(values: Floats, sigma: Floats) -> None:
    if values.ndim != 2 or values.shape != sigma.shape or values.shape[1] < 2:
        raise CubeError("values and standard deviations have days and times of day", where="values, sigma",
                        found=f"{values.shape}, {sigma.shape}", expected="one shape, 2 times or more")  # fmt: skip
    if (sigma < 0).any():
        raise CubeError("a standard deviation is negative", where="sigma", found=f"{np.nanmin(sigma):g}")


def _none(values: Floats) -> PeriodMean:
    return PeriodMean(np.nan, np.nan, np.nan, float(np.isfinite(values).mean()))


def _course_weights(values: Floats) -> Floats | None:
    """Return the weights of all values in the course, shape (times of day, days, times of day); None: no course."""
    count = np.isfinite(values).sum(axis=0)
    times = len(count)
    seen = np.flatnonzero(count)
    if len(seen) == 0 or np.diff(np.append(seen, seen[0] + times)).max() - 1 > LONGEST_GAP * times / 24.0:
        return None
    share = np.zeros((times, times))
    around = np.concatenate([seen - times, seen, seen + times])
    for time in range(times):
        after = int(np.searchsorted(around, time))
        if around[after] == time:
            share[time, time] = 1.0
            continue
        low, high = around[after - 1], around[after]
        share[time, low % times] += (high - time) / (high - low)
        share[time, high % times] += (time - low) / (high - low)
    return np.asarray(share[:, None, :] * (np.isfinite(values) / np.maximum(count, 1))[None])


def _estimate(
    values: Floats, sigma: Floats, weights: Floats, inside: NDArray[np.bool_], fitted: _Deviations | None
) -> PeriodMean:
    """Return the weighted mean of the values as the mean of the times that are `inside`."""
    present = np.isfinite(values)
    filled = np.where(present, values, 0.0)
    mean, share = float((weights * filled).sum()), float(present[inside].mean())
    if fitted is None:
        return PeriodMean(mean, np.nan, np.nan, share)
    spread = np.where(np.isfinite(sigma), sigma, fitted.noise * fitted.spread)
    random = float(np.sqrt((weights**2 * np.where(present, spread, 0.0) ** 2).sum()))
    apart = (weights - inside / inside.sum()) * fitted.spread
    lagged = _correlate(apart.ravel(), apart.ravel())
    decay = np.exp(-np.arange(len(lagged)) / (values.shape[1] * fitted.time))
    gap = fitted.variance * (lagged[0] + 2.0 * float((lagged[1:] * decay[1:]).sum()))
    return PeriodMean(mean, random, float(np.sqrt(max(gap, 0.0))) if np.abs(apart).max() > 1e-12 else 0.0, share)


def mean_course(values: Floats) -> Floats:
    """Return the mean of what was measured at each time of day; 0 where nothing was."""
    present = np.isfinite(values)
    return np.asarray(np.where(present, values, 0.0).sum(axis=0) / np.maximum(present.sum(axis=0), 1))


def _deviations(values: Floats) -> _Deviations | None:
    """Fit the covariance of the deviations from the course; None where there are too few values."""
    days, times = values.shape
    residual = values - mean_course(values)
    present = np.isfinite(residual)
    spread = _spread(residual)
    scaled = np.where(present, residual / spread, 0.0).ravel()
    longest = min(round(LONGEST_LAG * times), residual.size // 2)
    pairs = _correlate(present.ravel().astype(float), present.ravel().astype(float))[: longest + 1].round()
    covariance = _correlate(scaled, scaled)[: longest + 1] / np.maximum(pairs, 1.0)
    lag = np.arange(longest + 1)
    used = (pairs >= _PAIRS) & (lag > 0)
    if used.sum() < _LAGS:
        return None
    apart = np.abs(np.subtract.outer(np.arange(days), np.arange(days)))
    fits = []
    for time in TIMES:
        taken = float(np.exp(-apart / time).mean())
        shape = np.exp(-lag / (times * time)) - taken
        kept, seen = shape[used], covariance[used]
        variance = max(0.0, float((pairs[used] * kept * seen).sum() / (pairs[used] * kept**2).sum()))
        misfit = float((pairs[used] * (seen - variance * kept) ** 2).sum())
        noise = max(0.0, float(covariance[0]) - variance * (1.0 - taken)) * days / max(days - 1, 1)
        fits.append((misfit, variance, float(time), noise))
    _, variance, time, noise = min(fits)
    return _Deviations(variance, time, spread, float(np.sqrt(noise)))


def _spread(residual: Floats) -> Floats:
    """Return the root mean square by time of day within a window, over that of all; 1 where all are the same."""
    times = residual.shape[1]
    half = max(1, round(WINDOW * times / 24.0))
    count = np.isfinite(residual).sum(axis=0)
    square = np.nansum(residual**2, axis=0)
    index = (np.arange(times)[:, None] + np.arange(-half, half + 1)) % times
    local = square[index].sum(axis=1) / np.maximum(count[index].sum(axis=1), 1)
    overall = square.sum() / max(count.sum(), 1)
    if overall <= 0:
        return np.ones(times)
    known = count[index].sum(axis=1) > 0
    return np.asarray(np.sqrt(np.maximum(np.where(known, local / overall, 1.0), 0.01)))


def _correlate(one: Floats, other: Floats) -> Floats:
    """Return the sums of products at lags from 0 to the length less one."""
    size = 2 * len(one)
    product = np.fft.rfft(one, size) * np.conj(np.fft.rfft(other, size))
    return np.asarray(np.fft.irfft(product, size)[: len(one)])
