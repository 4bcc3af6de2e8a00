"""Scores of every model beside every baseline, as dots with their intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from geocryoai.report.figures.style import ROLE_COLOURS, ROLE_MARKERS, Picture, panels, picture, whole
from geocryoai.report.roles import ROLES
from geocryoai.report.words import axis_of, number, plain

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D

    from geocryoai.report.roles import Role


def skill_figure(target: str, tests: Mapping[str, pl.DataFrame], roles: Mapping[str, Role]) -> Picture | None:
    """Return the root mean squared error of all models under each test.

    Parameters
    ----------
    target : str
    tests : dict of str to polars.DataFrame
        Scores of each test, by its name.
    roles : dict of str to str
        Role of each model.
    """
    parts = {label: _rows(table) for label, table in tests.items()}
    parts = {label: table for label, table in parts.items() if table.height}
    if not parts:
        return None
    most = max(table.height for table in parts.values())
    with panels(len(parts), columns=2, width=4.6 if len(parts) > 1 else 6.2, height=1.1 + 0.24 * most) as axes:
        for ax, (label, table) in zip(axes, parts.items(), strict=True):
            _panel(ax, target, label, table, roles)
        used = {roles[model] for table in parts.values() for model in table["model"]}
        handles = [_handle(axes[0], role) for role in ROLES if role in used]
        whole(axes[0]).legend(handles=handles, loc="outside lower center", ncols=len(handles))
        best = [
            f"{label}: smallest error {plain(t['model'][0])} ({number(t['value'][0])})" for label, t in parts.items()
        ]
        caption = (
            f"Root mean squared error of {target} with 90 % block-bootstrap intervals, all models on the same rows and "
            "folds; smaller is better. Intervals of two models may overlap although one is always the better: the "
            "paired differences stand in the verdict."
        )
        return picture(
            whole(axes[0]), f"skill_{target}", alt=f"Errors of all models. {'; '.join(best)}.", caption=caption
        )


def _rows(table: pl.DataFrame) -> pl.DataFrame:
    return table.filter((pl.col("metric") == "rmse") & pl.col("value").is_not_null()).sort("value", maintain_order=True)


def _panel(ax: Axes, target: str, label: str, table: pl.DataFrame, roles: Mapping[str, Role]) -> None:
    models: Sequence[str] = table["model"].to_list()
    for place, (model, value, low, high) in enumerate(table.select("model", "value", "low", "high").iter_rows()):
        kind = roles[model]
        if low is not None and high is not None:
            ax.plot([low, high], [place, place], color=ROLE_COLOURS[kind], linewidth=2.0, alpha=0.55, zorder=2)
        ax.plot([value], [place], ROLE_MARKERS[kind], color=ROLE_COLOURS[kind], markersize=5.5, zorder=3)
    ax.set_yticks(np.arange(len(models)), [plain(model) for model in models])
    for tick, model in zip(ax.get_yticklabels(), models, strict=True):
        tick.set_fontweight("bold" if roles[model] == "product" else "normal")
    ax.set_ylim(len(models) - 0.4, -0.6)
    ax.set_xlim(left=0)
    ax.grid(visible=False, axis="y")
    ax.set_xlabel(axis_of(target, "RMSE of"))
    ax.set_title(f"{plain(label)}   n = {table['n'][0]:,}, {table['n_sites'][0]} sites, {table['n_blocks'][0]} blocks")


def _handle(ax: Axes, role: Role) -> Line2D:
    (line,) = ax.plot([], [], ROLE_MARKERS[role], color=ROLE_COLOURS[role], label=ROLES[role])
    return line
