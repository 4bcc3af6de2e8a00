"""Area-to-point regression kriging: coarse means refined by covariates and by how residuals vary together.

coarse = trend of covariates + residual. The trend is linear, so it is the same relation at both scales; the residual is
kriged from blocks to points with a covariance fitted at block support. With one neighbourhood for all fine cells of a
coarse cell the kriged values average to the coarse residual exactly (Kyriakidis 2004, Geographical Analysis 36,
259-289); the covariates give what is inside a cell (Wang et al. 2015, Remote Sensing of Environment 160, 1-15).

The slopes are fitted to differences between neighbouring coarse cells, not to the values: over a large field a
covariate often goes with latitude or distance from the coast, and such a slope says nothing of what is inside a cell.
A covariate that does not lower the error of differences at places left out by more than its standard error over the
places gets the slope 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from geocryoai.core.errors import CubeError
from geocryoai.cube.scale.blocks import block_mean, cell_weights, check_factor, spread
from geocryoai.cube.scale.coherence import make_coherent
from geocryoai.cube.scale.variogram import Covariance, block_covariance, fit_covariance, point_block_covariance

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]
    Flags = NDArray[np.bool_]

#: Fewest coarse cells per covariate: with fewer, a covariate cannot be told from position.
CELLS_PER_SLOPE = 10

#: Parts into which places are cut when covariates are chosen.
_PLACES_LEFT_OUT = 10


@dataclass(frozen=True)
class AreaToPoint:
    """A refined field.

    Attributes
    ----------
    mean : array, shape (n, rows * factor, columns * factor)
        NaN where the coarse value is missing.
    sigma : array, same shape
        Kriging standard error of the residual [unit of the field]; the error of the slopes is not in it.
    slopes : array, shape (groups, covariates)
        Change of the field per unit of each covariate; 0 for one that does not help.
    covariance : Covariance
        Of residuals divided by their standard deviation at coarse support.
    """

    mean: Floats
    sigma: Floats
    slopes: Floats
    covariance: Covariance


def area_to_point(
    coarse: ArrayLike,
    factor: int,
    covariates: ArrayLike | None = None,
    *,
    groups: ArrayLike | None = None,
    weights: ArrayLike | None = None,
    radius: int = 2,
    non_negative: bool = False,
    slopes: ArrayLike | None = None,
    covariance: Covariance | None = None,
) -> AreaToPoint:
    """Refine coarse fields into cells `factor` times smaller; the mean of each coarse cell is kept.

    Parameters
    ----------
    coarse : array_like, shape (n, rows, columns)
        Layers, such as months [any unit]; NaN where missing.
    factor : int
        Fine cells along the side of a coarse one.
    covariates : array_like, shape (p, rows * factor, columns * factor), optional
        Known on the fine grid for all layers, such as elevation; NaN makes the fine cell missing.
    groups : array_like of int, shape (n,), optional
        Layers that share slopes, such as the calendar month; default: all. Every layer has a level of its own.
    weights : array_like, shape (rows * factor, columns * factor), optional
        Area or share of each fine cell that the coarse mean is taken over; default: equal.
    radius : int
        Neighbours used on each side [coarse cells].
    non_negative : bool
        Keep the fine values from 0 up.
    slopes : array_like, shape (p,) or (groups, p), optional
        Known changes per unit of each covariate, such as a lapse rate; default: fitted.
    covariance : Covariance, optional
        Of standardised residuals; default: fitted.

    Returns
    -------
    AreaToPoint

    Raises
    ------
    CubeError
        Shapes do not fit, or there are too few values for slopes or covariance.
    """
    target = _layers(coarse)
    shape = (target.shape[1] * factor, target.shape[2] * factor)
    check_factor(shape, factor)
    share = None if weights is None else cell_weights(weights, shape)
    known = _covariates(covariates, shape)
    member = _groups(groups, len(target))
    averages = block_mean(known, factor, share)
    change = _slopes(target, averages, member) if slopes is None else _given(slopes, known, member)
    inside = np.einsum("np,pij->nij", change[member], known - spread(averages, factor))
    unit, spreads = _standardised(target, averages, change[member])
    if covariance is None:
        covariance = _fitted(unit, spreads)
    smooth, error = _kriged(unit, factor, covariance, radius)
    level = target - unit * spreads
    mean = spread(level, factor) + smooth * spreads + inside
    mean = make_coherent(mean, target, factor, weights=share, non_negative=non_negative)
    return AreaToPoint(mean, np.where(np.isfinite(mean), error * spreads, np.nan), change, covariance)


def fit_area_to_point(
    coarse: ArrayLike,
    factor: int,
    covariates: ArrayLike | None = None,
    *,
    groups: ArrayLike | None = None,
    weights: ArrayLike | None = None,
    slopes: ArrayLike | None = None,
) -> tuple[NDArray[np.float64], Covariance]:
    """Return the slopes (groups, covariates) and the covariance that `area_to_point` would fit to all layers.

    With them a long series is refined a few layers at a time. Parameters and errors are those of `area_to_point`.
    """
    target = _layers(coarse)
    shape = (target.shape[1] * factor, target.shape[2] * factor)
    share = None if weights is None else cell_weights(weights, shape)
    known, member = _covariates(covariates, shape), _groups(groups, len(target))
    averages = block_mean(known, factor, share)
    change = _slopes(target, averages, member) if slopes is None else _given(slopes, known, member)
    return change, _fitted(*_standardised(target, averages, change[member]))


def _layers(coarse: ArrayLike) -> Floats:
    target = np.asarray(coarse, np.float64)
    if target.ndim != 3:
        raise CubeError("the coarse field has layers, rows and columns", where="coarse", found=f"shape {target.shape}")
    return target


def _standardised(target: Floats, averages: Floats, change: Floats) -> tuple[Floats, Floats]:
    """Return the residuals of the trend, of mean 0 and standard deviation 1 in each layer, and that deviation."""
    residual = target - np.einsum("np,pij->nij", change, averages)
    residual -= _layer_mean(residual)
    spreads = np.sqrt(_layer_mean(residual**2))
    unit = np.divide(residual, spreads, out=np.where(np.isfinite(residual), 0.0, np.nan), where=spreads > 0)
    return unit, spreads


def _fitted(unit: Floats, spreads: Floats) -> Covariance:
    return fit_covariance(unit) if np.any(spreads > 0) else Covariance(0.0, 1.0)


def _covariates(covariates: ArrayLike | None, shape: tuple[int, int]) -> Floats:
    if covariates is None:
        return np.zeros((0, *shape))
    known = np.asarray(covariates, np.float64)
    if known.ndim != 3 or known.shape[1:] != shape:
        raise CubeError("the covariates do not fit the fine cells", where="covariates", found=f"shape {known.shape}",
                        expected=f"(covariates, {shape[0]}, {shape[1]})")  # fmt: skip
    return known


def _groups(groups: ArrayLike | None, n: int) -> Ints:
    if groups is None:
        return np.zeros(n, np.int64)
    labels = np.asarray(groups)
    if labels.shape != (n,):
        raise CubeError("there is one group for each layer", where="groups", found=f"shape {labels.shape}",
                        expected=f"({n},)")  # fmt: skip
    return np.unique(labels, return_inverse=True)[1].ravel().astype(np.int64)


def _given(slopes: ArrayLike, covariates: Floats, member: Ints) -> Floats:
    shape = (int(member.max(initial=0)) + 1, len(covariates))
    values = np.asarray(slopes, np.float64)
    if values.shape not in (shape, shape[1:]) or not np.isfinite(values).all():
        raise CubeError("the slopes do not fit the covariates", where="slopes", found=f"shape {values.shape}",
                        expected=f"{shape[1:]} or {shape}, no gaps")  # fmt: skip
    return np.array(np.broadcast_to(values, shape))


def _slopes(target: Floats, covariates: Floats, member: Ints) -> Floats:
    """Return slopes (groups, covariates) of the covariates that predict held-out differences; 0 for the others."""
    count = len(covariates)
    slopes = np.zeros((int(member.max(initial=0)) + 1, count))
    if count == 0:
        return slopes
    steps = _differences(covariates)
    steps = np.where(np.isfinite(steps).all(0), steps, np.nan)
    cells = int((np.isfinite(target).any(0) & np.isfinite(covariates).all(0)).sum())
    if cells < CELLS_PER_SLOPE * count:
        raise CubeError(
            "there are too few coarse cells to tell the covariates from position", where="covariates",
            found=f"{cells} cells for {count} covariates", expected=f"{CELLS_PER_SLOPE} cells for each",
            next_step="Give known slopes, fewer covariates or a larger field.",
        )  # fmt: skip
    responses = [_differences(target[member == group]) for group in range(len(slopes))]
    chosen = _predictive(responses, steps)
    everywhere = np.ones(steps.shape[1], bool)
    for group, response in enumerate(responses):
        slopes[group, chosen] = _fit(response, steps[chosen], everywhere)
    return slopes


def _predictive(responses: list[Floats], steps: Floats) -> list[int]:
    """Return the covariates that clearly lower the error at places left out, the most helpful first."""
    place = np.arange(steps.shape[1]) * min(_PLACES_LEFT_OUT, steps.shape[1]) // steps.shape[1]
    chosen: list[int] = []
    left = list(range(len(steps)))
    best = _left_out_errors(responses, steps[[]], place)
    while left:
        errors = [_left_out_errors(responses, steps[[*chosen, one]], place) for one in left]
        number = int(np.argmin([part.sum() for part in errors]))
        gain = best - errors[number]
        if gain.mean() <= gain.std(ddof=1) / np.sqrt(len(gain)):
            break
        best = errors[number]
        chosen.append(left.pop(number))
    return chosen


def _left_out_errors(responses: list[Floats], steps: Floats, place: Ints) -> Floats:
    """Return the squared error of the differences of each part whose places were left out of the fit."""
    total = np.zeros(int(place[-1]) + 1)
    for response in responses:
        for number in range(len(total)):
            out = place == number
            missed = response[:, out] - _fit(response, steps, ~out) @ np.where(np.isfinite(steps), steps, 0.0)[:, out]
            total[number] += float(np.nansum(missed**2))
    return total


def _fit(response: Floats, steps: Floats, where: Flags) -> Floats:
    """Return least-squares slopes (covariates,) of differences (layers, pairs) at some of the pairs."""
    given = where & np.isfinite(steps).all(0)
    valid = np.isfinite(response) & given
    design = np.stack([np.broadcast_to(step, response.shape)[valid] for step in steps], axis=-1) if len(steps) else None
    if design is None or not valid.any():
        return np.zeros(len(steps))
    scale = np.sqrt((design**2).mean(0))
    scale[scale == 0] = 1.0
    return np.asarray(np.linalg.lstsq(design / scale, response[valid], rcond=1e-8)[0] / scale, np.float64)


def _differences(layers: Floats) -> Floats:
    """Return the differences down and to the right, shape (layers, pairs)."""
    down, right = np.diff(layers, axis=-2), np.diff(layers, axis=-1)
    return np.concatenate([part.reshape(len(layers), -1) for part in (down, right)], axis=1)


def _layer_mean(layers: Floats) -> Floats:
    valid = np.isfinite(layers)
    count = np.maximum(valid.sum((-2, -1), keepdims=True), 1)
    mean: Floats = np.where(valid, layers, 0.0).sum((-2, -1), keepdims=True) / count
    return mean


def _kriged(unit: Floats, factor: int, covariance: Covariance, radius: int) -> tuple[Floats, Floats]:
    """Return kriged residuals and standard errors on the fine grid; layers with the same gaps share their weights."""
    n, rows, columns = unit.shape
    fine = np.full((n, rows * factor, columns * factor), np.nan)
    error = np.full_like(fine, np.nan)
    known = np.isfinite(unit).reshape(n, -1)
    masks, which = np.unique(known, axis=0, return_inverse=True)
    for number, mask in enumerate(masks):
        layers = np.flatnonzero(which.ravel() == number)
        _krige_layers(unit, layers, mask.reshape(rows, columns), (factor, radius, covariance), fine, error)
    return fine, error


def _krige_layers(
    unit: Floats, layers: Ints, mask: Flags, how: tuple[int, int, Covariance], fine: Floats, error: Floats
) -> None:
    factor, radius, covariance = how
    side = 2 * radius + 1
    near = np.lib.stride_tricks.sliding_window_view(np.pad(mask, radius), (side, side)).reshape(*mask.shape, -1)
    row, column = np.nonzero(mask)
    patterns, which = np.unique(near[row, column], axis=0, return_inverse=True)
    padded = np.pad(np.where(mask, unit[layers], 0.0), ((0, 0), (radius, radius), (radius, radius)))
    around = np.lib.stride_tricks.sliding_window_view(padded, (side, side), axis=(1, 2))
    for number, pattern in enumerate(patterns):
        weight, deviation = _weights(pattern, factor, radius, covariance)
        cells = np.flatnonzero(which.ravel() == number)
        values = around[:, row[cells], column[cells]].reshape(len(layers), len(cells), -1)[..., pattern]
        down = row[cells, None] * factor + np.repeat(np.arange(factor), factor)
        right = column[cells, None] * factor + np.tile(np.arange(factor), factor)
        fine[layers[:, None, None], down, right] = values @ weight.T
        error[layers[:, None, None], down, right] = deviation


def _weights(pattern: Flags, factor: int, radius: int, covariance: Covariance) -> tuple[Floats, Floats]:
    """Return weights (factor^2, neighbours) and standard errors (factor^2,) of one arrangement of known neighbours."""
    steps = np.arange(-radius, radius + 1)
    centres = np.stack(np.meshgrid(steps, steps, indexing="ij"), -1).reshape(-1, 2)[pattern].astype(np.float64)
    offset = (np.arange(factor) + 0.5) / factor - 0.5
    points = np.stack(np.meshgrid(offset, offset, indexing="ij"), -1).reshape(-1, 2)
    count = len(centres)
    if covariance.sill <= 0:
        return (np.all(centres == 0, axis=1) * np.ones((len(points), 1))).astype(np.float64), np.zeros(len(points))
    along = max(factor, 2)
    apart = (centres[:, None] - centres[None]).reshape(-1, 2)
    system = np.ones((count + 1, count + 1))
    system[-1, -1] = 0.0
    system[:-1, :-1] = block_covariance(covariance, apart, along).reshape(count, count)
    right = np.ones((count + 1, len(points)))
    right[:-1] = point_block_covariance(covariance, points, centres, along).T
    solution = np.linalg.solve(system, right)
    variance = covariance.sill - (solution * right).sum(0)
    return np.asarray(solution[:-1].T, np.float64), np.asarray(np.sqrt(np.maximum(variance, 0.0)), np.float64)
