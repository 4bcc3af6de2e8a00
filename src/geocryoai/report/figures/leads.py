"""How the error of a forecast grows with its lead."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from geocryoai.report.figures.style import LINES, VERMILION, Picture, canvas, picture
from geocryoai.report.words import axis_of, number, plain

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def leads_figure(
    target: str, label: str, speaker: str, free: pl.DataFrame, taught: pl.DataFrame, *, step: str
) -> Picture | None:
    """Return error and coverage by lead, free-running beside teacher-forced.

    Parameters
    ----------
    target, label, speaker : str
        Speaker is the model that is drawn with its interval.
    free, taught : polars.DataFrame
        Scores by lead of the free-running and the teacher-forced forecast.
    step : {"month", "year"}
    """
    if free.is_empty():
        return None
    with canvas(9.2, 3.3) as figure:
        left, right = figure.subplots(1, 2, width_ratios=(1.5, 1.0))
        for metric, ax in (("rmse", left), ("coverage90", right)):
            _panel(ax, metric, speaker, free, taught)
            ax.set_xlabel(f"lead [{step}s]")
        left.set_ylabel(axis_of(target, "RMSE of"))
        left.set_ylim(bottom=0)
        right.set_ylabel("inside the 90 % interval [1]")
        right.set_ylim(0, 1.02)
        right.axhline(0.9, color="#222222", linewidth=0.8)
        n = free.filter((pl.col("metric") == "rmse") & (pl.col("model") == speaker))["n"].to_list()
        left.set_title(f"{plain(label)}   n = {min(n)} to {max(n)} values per lead" if n else plain(label))
        handles, labels = left.get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=4)
        caption = (
            f"Forecast of {target} by lead. Full lines run free from the origin on; the dashed line is teacher-forced "
            f"(every earlier value is given, no forecast could have it) and stands here for comparison only. "
            f"{plain(speaker)} with its 90 % interval."
        )
        alt = f"Error of the forecast of {target} by lead. {_told(free, speaker)}"
        return picture(figure, f"leads_{target}_{label}", alt=alt, caption=caption)


def _panel(ax: Axes, metric: str, speaker: str, free: pl.DataFrame, taught: pl.DataFrame) -> None:
    scores = free.filter((pl.col("metric") == metric) & pl.col("value").is_not_null())
    others = [model for model in scores["model"].unique(maintain_order=True) if model != speaker]
    for i, model in enumerate(others if metric == "rmse" else []):
        part = scores.filter(pl.col("model") == model).sort("lead")
        ax.plot(part["lead"], part["value"], color=LINES[i % len(LINES)], linewidth=1.0, label=plain(model))
    own = scores.filter(pl.col("model") == speaker).sort("lead")
    known = own.filter(pl.col("low").is_not_null() & pl.col("high").is_not_null())
    ax.fill_between(known["lead"], known["low"], known["high"], color=VERMILION, alpha=0.18, linewidth=0)
    ax.plot(own["lead"], own["value"], "o-", color=VERMILION, linewidth=1.8, markersize=3, label=plain(speaker))
    forced = taught.filter((pl.col("metric") == metric) & (pl.col("model") == speaker)).sort("lead")
    if forced.height:
        name = f"{plain(speaker)}, teacher-forced"
        ax.plot(forced["lead"], forced["value"], "--", color=VERMILION, linewidth=1.2, label=name)


def _told(free: pl.DataFrame, speaker: str) -> str:
    own = free.filter((pl.col("metric") == "rmse") & (pl.col("model") == speaker)).sort("lead")
    if own.is_empty():
        return ""
    first, last = own.row(0, named=True), own.row(-1, named=True)
    ends = [f"{number(row['value'])} at lead {row['lead']}" for row in (first, last)]
    return f"{plain(speaker)}: {', '.join(ends)}."
