"""Time series at sites: what was observed, what was predicted without it, and the 90 % band."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from geocryoai.report.figures.style import BLUE, INK, SKY, Picture, panels, picture, whole
from geocryoai.report.words import axis_of, count, number, plain, shorten

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes

#: Months between two values of one line from which on the line is broken, by step of the target.
_GAP = {"month": 1.5, "year": 18.0}


def sites_to_show(predictions: pl.DataFrame, most: int) -> list[str]:
    """Return the sites with the longest dated series, the one with the largest error first."""
    if predictions.is_empty():
        return []
    dated = predictions.filter(pl.col("time").is_not_null())
    by_site = dated.group_by("site", maintain_order=True).agg(
        pl.col("time").n_unique().alias("times"),
        ((pl.col("mean") - pl.col("observed")) ** 2).mean().sqrt().alias("rmse"),
    )
    longest = by_site.filter(pl.col("times") > 1).sort("times", "site", descending=[True, False]).head(most)
    return longest.sort("rmse", "site", descending=[True, False])["site"].to_list()


def series_figure(
    target: str, label: str, model: str, predictions: pl.DataFrame, *, step: str, most: int
) -> Picture | None:
    """Return time series at the sites with the longest record.

    Parameters
    ----------
    target, label, model : str
        Label is the name of the test.
    predictions : polars.DataFrame
        Of one model and mode.
    step : {"month", "year"}
    most : int
        Sites shown.
    """
    sites = sites_to_show(predictions, most)
    if not sites:
        return None
    with panels(len(sites), columns=2, width=4.9, height=1.7) as axes:
        for i, (ax, site) in enumerate(zip(axes, sites, strict=True)):
            part = predictions.filter((pl.col("site") == site) & pl.col("time").is_not_null())
            _panel(ax, site, part, step)
            if i % 2 == 0:
                ax.set_ylabel(axis_of(target), fontsize=7.5)
        whole(axes[0]).legend(handles=_legend(), loc="outside lower center", ncols=3)
        text = (
            f"{plain(label)}, {plain(model)}: observed {target} and its out-of-fold prediction with the 90 % band, at "
            f"the {count(len(sites), 'site')} with the longest record, the one with the largest error first. Each "
            "panel has its own axes; the line is broken where nothing was measured."
        )
        return picture(whole(axes[0]), f"series_{target}_{label}", caption=text,
                       alt=f"Time series of {target} at {', '.join(sites)}.")  # fmt: skip


def _legend() -> list[Artist]:
    return [
        Patch(facecolor=SKY, alpha=0.35, label="90 % band"),
        Line2D([], [], color=BLUE, linewidth=1.1, label="predicted, out of fold"),
        Line2D([], [], color=INK, linewidth=0, marker="o", markersize=2.8, label="observed"),
    ]


def _panel(ax: Axes, site: str, part: pl.DataFrame, step: str) -> None:
    error = float(np.sqrt(np.mean((part["mean"] - part["observed"]).to_numpy() ** 2)))
    for (_,), fold in part.sort("fold", "time").group_by("fold", maintain_order=True):
        line = fold.group_by("time", maintain_order=True).agg(pl.col("mean", "q05", "q95").mean()).sort("time")
        months = line["time"].to_numpy().astype("datetime64[M]")
        breaks = np.flatnonzero(np.diff(months).astype(int) > _GAP[step]) + 1
        for piece in np.split(np.arange(len(months)), breaks):
            time = line["time"].to_numpy()[piece]
            low, mean, high = (line[name].to_numpy()[piece] for name in ("q05", "mean", "q95"))
            if len(piece) == 1:
                ax.vlines(time, low, high, color=SKY, linewidth=2.5, alpha=0.45)
            else:
                ax.fill_between(time, low, high, color=SKY, alpha=0.35, linewidth=0)
            ax.plot(time, mean, color=BLUE, linewidth=1.1, marker="o" if len(piece) == 1 else None, markersize=2.5)
    seen = part.unique("row", maintain_order=True)
    ax.plot(seen["time"].to_numpy(), seen["observed"].to_numpy(), "o", color=INK, markersize=2.2)
    ticks = AutoDateLocator(minticks=3, maxticks=8)  # type: ignore[no-untyped-call]
    ax.xaxis.set_major_locator(ticks)
    ax.xaxis.set_major_formatter(ConciseDateFormatter(ticks, show_offset=False))  # type: ignore[no-untyped-call]
    ax.set_title(f"{shorten(site, 34)}   n = {seen.height}, RMSE {number(error)}", fontsize=8)
