"""Observed against predicted, out of fold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from geocryoai.report.figures.style import BLUE, INK, Picture, panels, picture, whole
from geocryoai.report.words import axis_of, number, plain

if TYPE_CHECKING:
    import polars as pl
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

#: From this many points on, their density is shown.
DENSE = 700


def scatter_figure(target: str, parts: Mapping[str, tuple[str, pl.DataFrame]]) -> Picture | None:
    """Return observed against predicted values, one panel per test.

    Parameters
    ----------
    target : str
    parts : dict of str to (model, predictions)
        By title of the panel.
    """
    shown = {title: part for title, part in parts.items() if part[1].height}
    if not shown:
        return None
    said = []
    with panels(len(shown), columns=3, width=3.1 if len(shown) > 1 else 4.0, height=3.2) as axes:
        for ax, (title, (model, table)) in zip(axes, shown.items(), strict=True):
            said.append(_panel(ax, target, title, model, table["observed"].to_numpy(), table["mean"].to_numpy()))
        caption = (
            f"Observed against predicted {target}, out of fold: every point was predicted by a model that had not seen "
            "it. The line is 1:1; colour is the number of points where there are many."
        )
        alt = f"Observed against predicted {target}. {' '.join(said)}"
        return picture(whole(axes[0]), f"scatter_{target}", alt=alt, caption=caption)


def _panel(ax: Axes, target: str, title: str, model: str, observed: Floats, mean: Floats) -> str:
    both = np.concatenate([observed, mean])
    low, high = np.quantile(both, [0.002, 0.998]) if len(observed) >= DENSE else (both.min(), both.max())
    pad = 0.04 * ((high - low) or 1.0)
    low, high = low - pad, high + pad
    inside = (observed >= low) & (observed <= high) & (mean >= low) & (mean <= high)
    if len(observed) >= DENSE:
        hexes = ax.hexbin(
            observed[inside], mean[inside], gridsize=38, extent=(low, high, low, high), bins="log", cmap="viridis",
            mincnt=1, linewidths=0.1, zorder=2,
        )  # fmt: skip
        most = float(np.asarray(hexes.get_array()).max())
        ticks = [n for n in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000) if n <= most]
        bar = whole(ax).colorbar(hexes, ax=ax, shrink=0.75, pad=0.02, label="points", ticks=ticks, format="{x:.0f}")
        bar.minorticks_off()
    else:
        ax.scatter(observed, mean, s=11, color=BLUE, alpha=0.45, linewidth=0, zorder=2)
    ax.plot([low, high], [low, high], color=INK, linewidth=0.9, zorder=3)
    ax.set_xlim(low, high)
    ax.set_ylim(low, high)
    ax.set_aspect("equal")
    ax.set_xlabel(axis_of(target, "observed"))
    ax.set_ylabel(axis_of(target, "predicted"))
    error = mean - observed
    rmse, bias, spread = float(np.sqrt(np.mean(error**2))), float(error.mean()), float(observed.var())
    r2 = 1.0 - rmse**2 / spread if spread > 0 else float("nan")
    beyond = "" if inside.all() else f" ({int((~inside).sum())} beyond the axes)"
    scores = f"RMSE {number(rmse)}, bias {number(bias)}, R² {number(r2, 2)}"
    ax.set_title(f"{title}, {plain(model)}\nn = {len(observed):,}{beyond}\n{scores}", fontsize=7.5)
    return f"{title}: n = {len(observed)}, RMSE {number(rmse)}, R² {number(r2, 2)}."
