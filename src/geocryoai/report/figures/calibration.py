"""Whether intervals hold what they promise."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from geocryoai.evaluation.out_of_fold import QUANTILE_COLUMNS
from geocryoai.models.contract import QUANTILES
from geocryoai.report.figures.style import INK, LINES, ROLE_COLOURS, ROLE_MARKERS, Picture, canvas, picture
from geocryoai.report.words import percent, plain

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from geocryoai.report.roles import Role

#: Coverage of a 90 % interval that passes without a remark.
FAIR = (0.85, 0.95)


def reliability(table: pl.DataFrame) -> NDArray[np.float64]:
    """Return for each stated quantile the share of observations at or below it."""
    observed = table["observed"].to_numpy()
    return np.array([np.mean(observed <= table[name].to_numpy()) for name in QUANTILE_COLUMNS])


def calibration_figure(
    target: str,
    spoken: Mapping[str, tuple[str, pl.DataFrame]],
    scores: Mapping[str, pl.DataFrame],
    roles: Mapping[str, Role],
) -> Picture | None:
    """Return reliability of the quantiles, and coverage of the 90 % interval of every model.

    Parameters
    ----------
    target : str
    spoken : dict of str to (model, predictions)
        By title of the test.
    scores : dict of str to polars.DataFrame
        Scores of each test.
    roles : dict of str to str
    """
    shown = {title: part for title, part in spoken.items() if part[1].height}
    covered = {label: t for label, t in scores.items() if t.filter(pl.col("metric") == "coverage90").height}
    if not shown and not covered:
        return None
    models = max([t["model"].n_unique() for t in covered.values()], default=1)
    with canvas(9.2, max(3.6, 1.0 + 0.17 * models * max(1, len(covered)))) as figure:
        left, right = figure.subplots(1, 2, width_ratios=(1.0, 1.25))
        said = _reliability(left, shown)
        _coverage(right, covered, roles)
        caption = (
            f"Calibration of {target}. Left: share of observations below each stated quantile; on the diagonal the "
            "quantiles are right, in an S around it intervals are too narrow or too wide. Right: share of observations "
            "inside the 90 % interval with its block-bootstrap interval; the band is 85 to 95 %."
        )
        return picture(
            figure, f"calibration_{target}", alt=f"Calibration of {target}. {' '.join(said)}", caption=caption
        )


def _reliability(ax: Axes, shown: Mapping[str, tuple[str, pl.DataFrame]]) -> list[str]:
    ax.plot([0, 1], [0, 1], color=INK, linewidth=0.8)
    said = []
    for i, (title, (model, table)) in enumerate(shown.items()):
        share = reliability(table)
        name = f"{title}, {plain(model)} (n = {table.height:,})"
        ax.plot(QUANTILES, share, "o-", color=LINES[i % len(LINES)], markersize=4, linewidth=1.3, label=name)
        said.append(f"{title}: {percent(share[-1] - share[0])} lie between the 5 and the 95 % quantile.")
    ax.set_xlim(0, 1)
    ax.set_ylim(0, 1)
    ax.set_aspect("equal")
    ax.set_xlabel("stated quantile level [1]")
    ax.set_ylabel("observations at or below it [1]")
    if shown:
        ax.legend(loc="upper left", fontsize=7)
    return said


def _coverage(ax: Axes, covered: Mapping[str, pl.DataFrame], roles: Mapping[str, Role]) -> None:
    ax.axvspan(100 * FAIR[0], 100 * FAIR[1], color="#E8F2EC", zorder=0)
    ax.axvline(90, color=INK, linewidth=0.8)
    names, place = [], 0
    for label, table in covered.items():
        part = table.filter((pl.col("metric") == "coverage90") & pl.col("value").is_not_null())
        for model, value, low, high in part.select("model", "value", "low", "high").iter_rows():
            kind = roles[model]
            if low is not None and high is not None:
                ax.plot([100 * low, 100 * high], [place, place], color=ROLE_COLOURS[kind], linewidth=1.8, alpha=0.55)
            ax.plot([100 * value], [place], ROLE_MARKERS[kind], color=ROLE_COLOURS[kind], markersize=4.5)
            names.append(plain(model) if len(covered) == 1 else f"{plain(model)} · {plain(label)}")
            place += 1
    ax.set_yticks(np.arange(len(names)), names, fontsize=7)
    ax.set_ylim(place - 0.4, -0.6)
    ax.grid(visible=False, axis="y")
    ax.set_xlabel("observations inside the 90 % interval [%]")
