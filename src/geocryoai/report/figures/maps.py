"""Predicted maps, their intervals and, for a simulated world, the truth beside them."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from geocryoai.report.coast import ATTRIBUTION
from geocryoai.report.figures.polar import View, draw_base, view_of_box
from geocryoai.report.figures.style import INK, Picture, panels, picture, say, whole
from geocryoai.report.words import axis_of, long_name_of, number

if TYPE_CHECKING:
    import polars as pl
    import xarray as xr
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from geocryoai.report.truth import TruthScore

    Floats = NDArray[np.float64]

#: Periods shown at most, evenly spread over those predicted.
MOST = 3


@dataclass(frozen=True)
class Scale:
    """Colours of a map."""

    low: float
    high: float
    colours: str


def map_view(dataset: xr.Dataset) -> View:
    """Return the view of a predicted map, on its own projection."""
    left, right, bottom, top = _extent(dataset)
    return view_of_box(str(dataset["crs"].attrs["crs_wkt"]), left, bottom, right, top, margin=0.03)


def map_figure(target: str, dataset: xr.Dataset, sites: pl.DataFrame, step: str) -> Picture:
    """Return mean and width of the 90 % interval of the predicted maps.

    Parameters
    ----------
    target : str
    dataset : xarray.Dataset
        With `target`, ``target_q05`` and ``target_q95`` on time, y, x.
    sites : polars.DataFrame
        Of `places`; those learnt from are marked.
    step : {"month", "year"}
    """
    chosen = shown_periods(dataset)
    mean = dataset[target].to_numpy()[chosen]
    width = (dataset[f"{target}_q95"] - dataset[f"{target}_q05"]).to_numpy()[chosen]
    names = [period_name(dataset, i, step) for i in chosen]
    view = map_view(dataset)
    scales = (_scale(mean), _scale(width, "cividis"))
    labels = (axis_of(target, "mean of"), axis_of(target, "90 % interval width of"))
    with _map_panels(view, 2 * len(chosen), 2) as axes:
        for k, name in enumerate(names):
            for ax, values, scale, label in zip(axes[2 * k :], (mean[k], width[k]), scales, labels, strict=False):
                _draw(ax, view, dataset, values, scale, label)
                ax.set_title(f"{name}   n = {int(np.isfinite(values).sum()):,} cells")
            _mark_sites(axes[2 * k], view, sites)
        more = dataset.sizes["time"] - len(chosen)
        caption = (
            f"Predicted {target}: mean (left) and width of the 90 % interval (right). {target}: "
            f"{long_name_of(target)}. Small open circles are the sites learnt from. Cells without all needed "
            f"features stay empty. "
            f"{f'{more} further periods are in predict/{target}.nc. ' if more else ''}{ATTRIBUTION}"
        )
        said = "; ".join(f"{name}: {_range(part)}" for name, part in zip(names, mean, strict=True))
        return picture(whole(axes[0]), f"map_{target}", alt=f"Map of predicted {target}. {said}.", caption=caption)


def truth_figure(target: str, dataset: xr.Dataset, truth: Sequence[TruthScore], step: str) -> Picture:
    """Return prediction, truth and difference of a simulated world."""
    chosen = truth[:MOST]
    both = np.concatenate([np.concatenate([score.predicted.ravel(), score.truth.ravel()]) for score in chosen])
    shared = _scale(both)
    error = np.concatenate([(score.predicted - score.truth).ravel() for score in chosen])
    reach = float(np.nanquantile(np.abs(error), 0.98)) or 1.0
    scales = (shared, shared, Scale(-reach, reach, "PuOr_r"))
    parts = ("predicted", "true", "predicted minus true")
    view = map_view(dataset)
    with _map_panels(view, 3 * len(chosen), 3) as axes:
        for k, score in enumerate(chosen):
            values = (score.predicted, score.truth, score.predicted - score.truth)
            name = period_name(dataset, score.index, step)
            for ax, value, scale, part in zip(axes[3 * k :], values, scales, parts, strict=False):
                _draw(ax, view, dataset, value, scale, axis_of(target, part))
                ax.set_title(f"{part}, {name}")
            say(axes[3 * k + 2], f"RMSE {number(score.rmse)}\nbias {number(score.bias)}\nn = {score.n:,} cells")
        caption = (
            f"Predicted {target} beside the truth of the simulated world, and their difference, on all cells. The "
            f"truth served for scoring only: no stage before this one read it. {ATTRIBUTION}"
        )
        alt = f"Maps of predicted and true {target}; RMSE {number(chosen[0].rmse)} over {chosen[0].n} cells."
        return picture(whole(axes[0]), f"truth_{target}", alt=alt, caption=caption)


def shown_periods(dataset: xr.Dataset) -> list[int]:
    """Return which periods of a map are shown, evenly spread."""
    count = dataset.sizes["time"]
    return sorted(set(np.rint(np.linspace(0, count - 1, min(MOST, count))).astype(int).tolist()))


def period_name(dataset: xr.Dataset, index: int, step: str) -> str:
    """Return the month or year of a layer."""
    return str(dataset["time"].to_numpy()[index].astype(f"datetime64[{'Y' if step == 'year' else 'M'}]"))


def _map_panels(view: View, number_of: int, columns: int) -> AbstractContextManager[list[Axes]]:
    shape = (view.top - view.bottom) / (view.right - view.left)
    width = 4.3 if columns == 2 else 3.05
    return panels(number_of, columns=columns, width=width, height=min(1.7, max(0.5, shape)) * 0.6 * width + 0.45)


def _extent(dataset: xr.Dataset) -> tuple[float, float, float, float]:
    """Return left, right, bottom and top edge of a grid [m]."""
    edges = []
    for axis in ("x", "y"):
        centres = np.sort(dataset[axis].to_numpy().astype(float))
        half = float(np.median(np.diff(centres))) / 2.0 if len(centres) > 1 else 500.0
        edges += [float(centres[0]) - half, float(centres[-1]) + half]
    return edges[0], edges[1], edges[2], edges[3]


def _scale(values: Floats, colours: str = "viridis") -> Scale:
    finite = values[np.isfinite(values)]
    if not len(finite):
        return Scale(0.0, 1.0, colours)
    low, high = (float(q) for q in np.quantile(finite, [0.02, 0.98]))
    if low < -0.1 * abs(high) and high > 0.1 * abs(low):
        reach = max(-low, high)
        return Scale(-reach, reach, "RdBu_r")
    if high - low < 0.02 * abs(high):
        low, high = sorted((0.0, 2.0 * high)) if high else (-1.0, 1.0)
    return Scale(low, high, colours)


def _draw(ax: Axes, view: View, dataset: xr.Dataset, values: Floats, scale: Scale, label: str) -> None:
    draw_base(ax, view)
    left, right, bottom, top = _extent(dataset)
    x, y = dataset["x"].to_numpy(), dataset["y"].to_numpy()
    turned = values[:, ::-1] if len(x) > 1 and x[0] > x[-1] else values
    origin: Literal["upper", "lower"] = "upper" if len(y) > 1 and y[0] > y[-1] else "lower"
    shown = ax.imshow(
        np.ma.masked_invalid(turned), extent=(left, right, bottom, top), origin=origin, cmap=scale.colours,
        vmin=scale.low, vmax=scale.high, interpolation="nearest", zorder=2, aspect="equal",
    )  # fmt: skip
    ax.set_xlim(view.left, view.right)
    ax.set_ylim(view.bottom, view.top)
    whole(ax).colorbar(shown, ax=ax, extend="both", shrink=0.8, pad=0.02, label=label)


def _mark_sites(ax: Axes, view: View, sites: pl.DataFrame) -> None:
    if sites.is_empty():
        return
    learnt = sites.filter(sites["learnt"] > 0)
    lon, lat = learnt["lon"].to_numpy(), learnt["lat"].to_numpy()
    on = view.shows(lon, lat)
    x, y = view.project(lon[on], lat[on])
    ax.scatter(x, y, s=9, facecolor="none", edgecolor="white", linewidth=1.3, zorder=5)
    ax.scatter(x, y, s=9, facecolor="none", edgecolor=INK, linewidth=0.6, zorder=5)


def _range(values: Floats) -> str:
    finite = values[np.isfinite(values)]
    if not len(finite):
        return "no cell"
    mean, low, high = (number(float(value)) for value in (finite.mean(), finite.min(), finite.max()))
    return f"mean {mean}, from {low} to {high}"
