"""Plumes in a map of enhancement, with control over how many false ones a scene may give."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from geocryoai.core.errors import ModelError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.floating]
    Mask = NDArray[np.bool_]

#: Neighbours by side and by corner.
_NEIGHBOURS = np.ones((3, 3), bool)

#: Clusters of the blank side below which the tail is that of pure noise instead.
_ENOUGH = 20


@dataclass(frozen=True)
class PlumeOptions:
    """How plumes are told from noise.

    Attributes
    ----------
    level : float
        Smoothed signal-to-noise ratio above which pixels form a cluster.
    smoothing : float
        Standard deviation of the Gaussian that smooths the signal-to-noise ratio [pixels].
    false_alarms : float
        Expected number of false plumes in a scene.
    least_pixels : int
        Smallest cluster.
    grow : int
        Pixels by which a plume is widened, so that its mass is not cut at the threshold.
    """

    level: float = 2.5
    smoothing: float = 1.0
    false_alarms: float = 0.05
    least_pixels: int = 5
    grow: int = 3


@dataclass(frozen=True)
class Plume:
    """One plume.

    Attributes
    ----------
    label : int
        Of its pixels in `PlumeMap.labels`.
    score : float
        Sum of the smoothed signal-to-noise ratio above the level.
    expected_false : float
        Expected number of clusters of noise in the scene with such a score.
    pixels : int
    """

    label: int
    score: float
    expected_false: float
    pixels: int


@dataclass(frozen=True)
class PlumeMap:
    """Plumes of a scene.

    Attributes
    ----------
    labels : array of int32, shape (rows, columns)
        0 where there is none.
    plumes : tuple of Plume
        Strongest first.
    noise_factor : float
        Standard deviation of the background over the one that the filter states.
    threshold : float
        Least score of a plume.
    """

    labels: NDArray[np.int32]
    plumes: tuple[Plume, ...]
    noise_factor: float
    threshold: float


def find_plumes(linear: Floats, sigma: Floats, options: PlumeOptions | None = None) -> PlumeMap:
    """Return plumes: clusters of high signal-to-noise ratio that noise would hardly make.

    Gas makes enhancements positive only, noise makes them of either sign. Clusters of the map with its sign turned are
    therefore clusters of noise; the exponential tail of their scores gives the score that noise exceeds `false_alarms`
    times a scene. Structured surfaces that absorb like the gas are no noise of this kind and stay a source of false
    plumes.

    Parameters
    ----------
    linear : array, shape (rows, columns)
        Unbiased enhancement [ppm m]; NaN where there is none.
    sigma : array, shape (rows, columns)
        Its standard deviation [ppm m].
    options : PlumeOptions, optional

    Raises
    ------
    ModelError
        Shapes that differ, no pixel with data, or a standard deviation that is not positive.
    """
    options = options or PlumeOptions()
    fits = linear.shape == sigma.shape
    known = np.isfinite(linear) & np.isfinite(sigma) if fits else np.zeros(linear.shape, bool)
    if not known.any() or not (sigma[known] > 0).all():
        raise ModelError("enhancement and its standard deviation do not fit", found=(linear.shape, sigma.shape))
    ratio = np.where(known, linear / np.where(known, sigma, 1.0), 0.0)
    factor = _spread(ratio[known])
    smooth = _smooth(ratio, known, options.smoothing)
    smooth /= max(_spread(smooth[known]), 1e-12)
    smooth[~known] = 0.0
    labels, scores, sizes = _clusters(smooth, options)
    _, blank, _ = _clusters(-smooth, options)
    threshold, base, mean, count = _threshold(blank, options)
    order = np.argsort(scores)[::-1]
    kept = [i for i in order if scores[i] >= threshold]
    out = np.zeros(linear.shape, np.int32)
    cores = np.isin(labels, [i + 1 for i in kept])
    plumes = []
    for label, i in enumerate(kept, 1):
        core = labels == i + 1
        grown = ndimage.binary_dilation(core, _NEIGHBOURS, options.grow) if options.grow else core
        out[grown & known & (out == 0) & (core | ~cores)] = label
        expected = count * float(np.exp(-(scores[i] - base) / mean))
        plumes.append(Plume(label, float(scores[i]), expected, int(sizes[i])))
    return PlumeMap(out, tuple(plumes), factor, threshold)


def _smooth(ratio: Floats, known: Mask, width: float) -> NDArray[np.float64]:
    if width == 0:
        return ratio.astype(np.float64)
    weight = ndimage.gaussian_filter(known.astype(np.float64), width, mode="constant")
    total = ndimage.gaussian_filter(ratio.astype(np.float64), width, mode="constant")
    return np.where(known, total / np.maximum(weight, 1e-6), 0.0)


def _spread(values: Floats) -> float:
    """Return the standard deviation of the bulk: from the median of what lies below the median."""
    middle = float(np.median(values))
    return 1.4826 * float(np.median(middle - values[values <= middle]))


def _clusters(smooth: Floats, options: PlumeOptions) -> tuple[NDArray[np.int32], Floats, NDArray[np.int64]]:
    """Return labels, scores and sizes of clusters; those that are too small have score 0."""
    labels, count = ndimage.label(smooth > options.level, _NEIGHBOURS)
    if count == 0:
        return labels, np.zeros(0), np.zeros(0, np.int64)
    index = np.arange(1, count + 1)
    scores = np.asarray(ndimage.sum_labels(smooth - options.level, labels, index))
    sizes = np.bincount(labels.ravel(), minlength=count + 1)[1:]
    return labels, np.where(sizes >= options.least_pixels, scores, 0.0), sizes


def _threshold(blank: Floats, options: PlumeOptions) -> tuple[float, float, float, int]:
    """Return the least score, and base, mean and number of the exponential tail of clusters of noise."""
    noise = blank[blank > 0]
    if noise.size < _ENOUGH:
        base, mean, count = float(noise.max(initial=0.0)), options.level, max(1, noise.size)
    else:
        base = float(np.median(noise))
        tail = noise[noise > base] - base
        mean, count = max(float(tail.mean()), 1e-6), tail.size
    return base + mean * float(np.log(max(count / options.false_alarms, 1.0))), base, mean, count
