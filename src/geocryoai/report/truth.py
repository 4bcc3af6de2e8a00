"""Scores of predicted maps against the truth of a simulated world, on all cells."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


@dataclass(frozen=True)
class TruthScore:
    """One period of a predicted map against the truth.

    Attributes
    ----------
    index : int
        Which period of the map.
    predicted, truth : array of float, shape (y, x)
    n : int
        Cells with both.
    rmse, bias, r2 : float
    coverage90 : float
        Share of cells whose truth lies in the 90 % interval.
    """

    index: int
    predicted: Floats
    truth: Floats
    n: int
    rmse: float
    bias: float
    r2: float
    coverage90: float


def truth_scores(target: str, predicted: xr.Dataset, truth: xr.Dataset) -> list[TruthScore] | str:
    """Return the scores of every period that the truth holds, or why there are none.

    Parameters
    ----------
    target : str
    predicted : xarray.Dataset
        With `target` and its quantiles on time, y, x.
    truth : xarray.Dataset
        With `target` on ``year`` or ``time``, y, x.
    """
    if target not in truth:
        return f"the truth holds no {target}"
    real = truth[target]
    if real.attrs.get("units") != predicted[target].attrs.get("units"):
        return f"the truth is in {real.attrs.get('units')}, the map in {predicted[target].attrs.get('units')}"
    for axis in ("x", "y"):
        if not np.array_equal(real[axis].to_numpy(), predicted[axis].to_numpy()):
            return "map and truth are not on the same grid"
    when = "year" if "year" in real.dims else "time"
    moments = real[when].to_numpy().astype("datetime64[M]")
    scores = []
    for index, moment in enumerate(predicted["time"].to_numpy().astype("datetime64[M]")):
        found = np.flatnonzero(moments == moment)
        if len(found):
            layer = {name: predicted[name].to_numpy()[index].astype(float) for name in _names(target)}
            scores.append(_score(index, real.to_numpy()[found[0]].astype(float), *layer.values()))
    return [score for score in scores if score.n] or "the truth holds none of the predicted periods"


def _names(target: str) -> tuple[str, str, str]:
    return target, f"{target}_q05", f"{target}_q95"


def _score(index: int, truth: Floats, mean: Floats, low: Floats, high: Floats) -> TruthScore:
    both = np.isfinite(truth) & np.isfinite(mean)
    n = int(both.sum())
    if n == 0:
        return TruthScore(index, mean, truth, 0, *[float("nan")] * 4)
    error, real = (mean - truth)[both], truth[both]
    mse, spread = float(np.mean(error**2)), float(real.var())
    inside = (low[both] <= real) & (real <= high[both])
    return TruthScore(
        index, np.where(both, mean, np.nan), np.where(both, truth, np.nan), n, float(np.sqrt(mse)), float(error.mean()),
        1.0 - mse / spread if spread > 0 else float("nan"), float(inside.mean()),
    )  # fmt: skip
