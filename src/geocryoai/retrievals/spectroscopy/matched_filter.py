"""Matched filters for one group of pixels, such as a detector column.

Classical: ``a = (x - m) C^-1 t / (t C^-1 t)`` with the target ``t = m s``, mean radiance times unit absorption.
Sparse, corrected for albedo: Foote et al. (2020), doi:10.1109/TGRS.2020.2976888: the enhancement of a pixel counts in
proportion to its brightness, is not negative, and is penalised by weights that are the inverse of its last estimate;
mean, covariance and target are estimated anew without the gas found so far.

The covariance without the gas differs from the first one by two outer products, so that its inverse follows from the
first inverse by the Sherman-Morrison-Woodbury identity. A pixel without gas is penalised by 1e9 over its albedo and
stays without, as long as no answer of the filter can reach that, which is checked; so that each iteration costs one
sweep over the few pixels that still have gas.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numba import njit

from geocryoai.core.errors import ModelError
from geocryoai.retrievals.spectroscopy.covariance import inverse, loo_shrinkage
from geocryoai.retrievals.spectroscopy.scale import SCALE, Curve

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

#: Added to an enhancement before it becomes a weight [1e5 ppm m].
_LEAST = 1e-9

#: Iterations end when no enhancement changes by more than this [1e5 ppm m].
_TOLERANCE = 1e-7

#: Least brightness of a pixel over that of the mean; darker ones count as so bright.
_DARKEST = 1e-3

#: Fewer pixels than this for each band give no covariance.
_PIXELS_PER_BAND = 2


@dataclass(frozen=True)
class FilterOptions:
    """How a group is filtered.

    Attributes
    ----------
    iterations : int
        Most reweightings of the sparse filter.
    shrinkage : float or None
        Share of the diagonal in the covariance, 0 to 1; None chooses it by leave-one-out likelihood, which for many
        mixed surfaces keeps less and gives more false alarms than the default.
    """

    iterations: int = 30
    shrinkage: float | None = 1e-4


@dataclass(frozen=True)
class FilterResult:
    """Enhancements of a group of pixels [ppm m].

    Attributes
    ----------
    classical : array, shape (pixels,)
        Column-wise matched filter.
    linear : array, shape (pixels,)
        Corrected for albedo, with the background statistics that the sparse filter ends with: of either sign, to be
        summed.
    sparse : array, shape (pixels,)
        Reweighted and not negative: to be looked at, and to find plumes.
    sigma : array, shape (pixels,)
        Standard deviation of `linear` for a background pixel.
    shrinkage : float
        That was used.
    """

    classical: Floats
    linear: Floats
    sparse: Floats
    sigma: Floats
    shrinkage: float


def filter_group(
    radiance: NDArray[np.floating],
    unit: Floats,
    options: FilterOptions | None = None,
    *,
    curve: Curve | None = None,
    background: NDArray[np.bool_] | None = None,
) -> FilterResult:
    """Return the gas enhancement of pixels that share a detector.

    Parameters
    ----------
    radiance : array, shape (pixels, bands)
        Finite and positive on average; masked pixels left out.
    unit : array, shape (bands,)
        Unit absorption [(1e5 ppm m)-1], negative where the gas absorbs.
    options : FilterOptions, optional
    curve : Curve, optional
        With it, `linear` and `sigma` are corrected for absorption that does not grow in proportion.
    background : array of bool, shape (pixels,), optional
        Pixels that give mean and covariance (default: all), and over which the mean of `linear` is then zero.

    Raises
    ------
    ModelError
        Too few pixels, radiance that is not finite, or a covariance that cannot be inverted.
    """
    options = options or FilterOptions()
    chosen = np.ones(len(radiance), bool) if background is None else background
    pixels, bands = int(chosen.sum()), radiance.shape[1]
    if unit.shape != (bands,):
        raise ModelError("target and radiance differ in bands", found=unit.shape, expected=(bands,))
    if pixels < _PIXELS_PER_BAND * bands:
        raise ModelError(
            "too few pixels for the covariance of a group",
            found=pixels,
            expected=f"at least {_PIXELS_PER_BAND} x {bands} bands",
            next_step="Group several detector columns, or narrow the window.",
        )
    x, mean, albedo = _centre(radiance, chosen)
    if not np.isfinite(mean).all():
        raise ModelError("radiance is not finite", next_step="Mask such pixels first.")
    learnt = x if background is None else x[chosen]
    covariance = learnt.T @ learnt / pixels
    gamma = loo_shrinkage(learnt, covariance) if options.shrinkage is None else options.shrinkage
    classical, sparse, strength, weights, shift, mean = _iterate(
        learnt, mean, unit, inverse(covariance, gamma), albedo[chosen], 1.0 - gamma, options.iterations
    )
    if not strength > 0:
        raise ModelError("the target cannot be told from the background", found=f"t C^-1 t = {strength:g}")
    linear = (x @ weights + shift) / (albedo * strength)
    sigma = 1.0 / (albedo * np.sqrt(strength))
    if background is not None:
        linear -= linear[chosen].mean()  # dividing by the albedo leaves a small offset where brightness varies
        classical, sparse = _spread(classical, chosen), _spread(sparse, chosen)
    if curve is not None:
        linear, sigma = _unbent(linear, sigma, curve, weights * mean / strength, mean**2 / (mean @ mean))
    return FilterResult(SCALE * classical, SCALE * linear, SCALE * sparse, SCALE * sigma, float(gamma))


def _spread(values: Floats, chosen: NDArray[np.bool_]) -> Floats:
    out = np.full(chosen.size, np.nan)
    out[chosen] = values
    return out


def _unbent(linear: Floats, sigma: Floats, curve: Curve, gain: Floats, brightness: Floats) -> tuple[Floats, Floats]:
    """Return the enhancement whose absorption the filter answers with `linear` [1e5 ppm m], and its sigma.

    Absorption grows less than in proportion, which lowers the answer, and darkens the pixel, which raises it: `gain` is
    the filter's answer to a change of each band, `brightness` the part of each band in the albedo.
    """
    answer = (curve.transmission - 1.0) @ gain / (curve.transmission @ brightness)
    enhancement = curve.enhancement / SCALE
    rising = np.flatnonzero(np.diff(answer) <= 0)
    end = answer.size if rising.size == 0 else int(rising[0]) + 1
    if end < 2:
        raise ModelError("the filter does not answer to more gas with a larger value")
    answer, enhancement = answer[:end], enhancement[:end]
    slope = enhancement[1] / answer[1]
    last = (enhancement[-1] - enhancement[-2]) / (answer[-1] - answer[-2])
    bent = np.interp(linear, answer, enhancement)
    bent = np.where(linear < 0.0, linear * slope, bent)
    return np.where(linear > answer[-1], enhancement[-1] + (linear - answer[-1]) * last, bent), sigma * slope


@njit(nogil=True, cache=True, fastmath={"reassoc", "contract", "nsz", "arcp"})
def _centre(radiance, chosen):  # type: ignore[no-untyped-def]
    """Return the radiance without the mean of the chosen pixels, that mean, and the albedo of each pixel."""
    pixels, bands = radiance.shape
    mean = np.zeros(bands)
    for i in range(pixels):
        if chosen[i]:
            row = radiance[i]
            for j in range(bands):
                mean[j] += row[j]
    mean /= chosen.sum()
    squared = _dot(mean, mean)
    centred, albedo = np.empty((pixels, bands)), np.empty(pixels)
    for i in range(pixels):
        row, out = radiance[i], centred[i]
        bright = 0.0
        for j in range(bands):
            bright += row[j] * mean[j]
            out[j] = row[j] - mean[j]
        albedo[i] = max(bright / squared, _DARKEST)
    return centred, mean, albedo


@njit(nogil=True, cache=True, fastmath={"reassoc", "contract", "nsz", "arcp"})
def _iterate(x, mean, unit, inverted, albedo, keep, iterations):  # type: ignore[no-untyped-def]
    """Return classical and sparse result [1e5 ppm m], t C^-1 t, C^-1 t, the shift of the mean in it, and the mean.

    `x` has its mean taken off; `keep` is the share of the sample covariance in the one that was inverted.
    """
    pixels, bands = x.shape
    classical, sparse = np.empty(pixels), np.zeros(pixels)
    target_old, weights, clean = mean * unit, np.zeros(bands), mean.copy()
    moment = np.zeros(bands)  # mean over pixels of x times gas, which is albedo times enhancement
    gas_mean, gas_variance, strength, shift, length = 0.0, 0.0, 0.0, 0.0, 0.0
    with_gas, count = np.arange(pixels), pixels
    for turn in range(iterations + 1):
        clean = mean - gas_mean * target_old
        target = clean * unit
        weights = _solve(inverted, target, target_old, moment, gas_variance, keep)
        strength = _dot(target, weights)
        shift = gas_mean * _dot(target_old, weights)
        if turn == 1:
            length = _longest(x)
        if abs(shift) + length * np.sqrt(_dot(weights, weights)) >= 1.0 / (albedo.max() * _LEAST):
            with_gas, count = np.arange(pixels), pixels
        moment = np.zeros(bands)
        gas_sum, gas_squares, largest, kept = 0.0, 0.0, 0.0, 0
        for k in range(count):
            i = with_gas[k]
            row = x[i]
            answer = shift + _dot(row, weights)
            if turn == 0:
                classical[i] = answer / strength
            else:
                answer -= 1.0 / (albedo[i] * (sparse[i] + _LEAST))
            value = max(0.0, answer / (albedo[i] * strength))
            largest = max(largest, abs(value - sparse[i]))
            sparse[i] = value
            if value > 0.0:
                with_gas[kept] = i
                kept += 1
                gas = albedo[i] * value
                gas_sum += gas
                gas_squares += gas * gas
                for j in range(bands):
                    moment[j] += gas * row[j]
        count = kept
        if largest <= _TOLERANCE:
            break
        gas_mean = gas_sum / pixels
        gas_variance = gas_squares / pixels - gas_mean * gas_mean
        moment /= pixels
        target_old = target
    return classical, sparse, strength, weights, shift, clean


@njit(nogil=True, cache=True, fastmath={"reassoc", "contract", "nsz", "arcp"})
def _longest(x):  # type: ignore[no-untyped-def]
    """Return the length of the longest row."""
    longest = 0.0
    for i in range(x.shape[0]):
        longest = max(longest, _dot(x[i], x[i]))
    return np.sqrt(longest)


@njit(nogil=True, cache=True, fastmath={"reassoc", "contract", "nsz", "arcp"})
def _dot(a, b):  # type: ignore[no-untyped-def]
    total = 0.0
    for j in range(a.size):
        total += a[j] * b[j]
    return total


@njit(nogil=True, cache=True, fastmath={"reassoc", "contract", "nsz", "arcp"})
def _times(matrix, vector):  # type: ignore[no-untyped-def]
    out = np.zeros(vector.size)
    for i in range(vector.size):
        out[i] = _dot(matrix[i], vector)
    return out


@njit(nogil=True, cache=True)
def _solve(inverted, right, target, moment, variance, keep):  # type: ignore[no-untyped-def]
    """Return (C0 + U K U^T)^-1 right with U = [target, moment] and K = keep [[variance, -1], [-1, 0]]."""
    plain, by_target, by_moment = _times(inverted, right), _times(inverted, target), _times(inverted, moment)
    a = _dot(target, by_target)
    b = _dot(target, by_moment) - 1.0 / keep
    d = _dot(moment, by_moment) - variance / keep
    p, q = _dot(target, plain), _dot(moment, plain)
    determinant = a * d - b * b
    return plain - by_target * ((d * p - b * q) / determinant) - by_moment * ((a * q - b * p) / determinant)
