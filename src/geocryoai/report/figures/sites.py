"""Where was measured: sites on the map, learnt from and left out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from geocryoai.report.coast import ATTRIBUTION, SOUTH
from geocryoai.report.figures.polar import View, draw_base, view_of_places
from geocryoai.report.figures.style import BLUE, VERMILION, Picture, panels, picture, whole
from geocryoai.report.words import count, enumerate_words, plain

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def places(records: pl.DataFrame) -> pl.DataFrame:
    """Return one row per site with a position and a measurement: mean position, values learnt and left out."""
    if records.is_empty():
        return pl.DataFrame(schema={"site": pl.String, "lon": pl.Float64, "lat": pl.Float64, "learnt": pl.Int64})
    measured = records.filter(pl.col("value").is_finite() & pl.col("lon").is_finite() & pl.col("lat").is_finite())
    turned = measured.with_columns(pl.col("lon").radians().sin().alias("_s"), pl.col("lon").radians().cos().alias("_c"))
    return turned.group_by("site", maintain_order=True).agg(
        pl.arctan2(pl.col("_s").mean(), pl.col("_c").mean()).degrees().alias("lon"),
        pl.col("lat").mean(),
        pl.col("learn").sum().cast(pl.Int64).alias("learnt"),
    )


def sites_figure(records: Mapping[str, pl.DataFrame], view: View | None) -> Picture | None:
    """Return the map of sites of every target; None where no target has a site with a position.

    Parameters
    ----------
    records : dict of str to polars.DataFrame
        Records of each target.
    view : View or None
        Of the study's domain; without one the map is chosen by the places.
    """
    found = {target: sites for target, table in records.items() if (sites := places(table)).height}
    northern = [sites.filter(pl.col("lat") > SOUTH + 1.0) for sites in found.values()]
    every = pl.concat(northern) if northern else pl.DataFrame({"lon": [], "lat": []})
    if view is None and every.is_empty():
        return None
    shown = view or view_of_places(every["lon"].to_numpy(), every["lat"].to_numpy())
    if not found:
        return None
    said = []
    shape = (shown.top - shown.bottom) / (shown.right - shown.left)
    with panels(len(found), columns=3, width=3.05, height=min(1.7, max(0.5, shape)) * 2.6 + 0.45) as axes:
        for ax, (target, sites) in zip(axes, found.items(), strict=True):
            draw_base(ax, shown)
            said.append(_panel(ax, shown, target, sites))
        handles, labels = axes[0].get_legend_handles_labels()
        whole(axes[0]).legend(handles, labels, loc="outside lower center", ncols=2)
        text = (
            f"Sites with measurements on {_name(shown)}. Filled: learnt from, area by number of values; open: measured "
            f"but left out. {' '.join(said)} {ATTRIBUTION}"
        )
        return picture(whole(axes[0]), "sites", alt=f"Map of the observing sites. {' '.join(said)}", caption=text)


def _panel(ax: Axes, view: View, target: str, sites: pl.DataFrame) -> str:
    inside = sites.filter(pl.Series(view.shows(sites["lon"].to_numpy(), sites["lat"].to_numpy())))
    for learnt, colour, label in ((False, VERMILION, "measured, left out"), (True, BLUE, "learnt from")):
        part = inside.filter((pl.col("learnt") > 0) == learnt)
        x, y = view.project(part["lon"].to_numpy(), part["lat"].to_numpy())
        if learnt:
            size = 10.0 + 2.2 * np.sqrt(part["learnt"].to_numpy())
            ax.scatter(x, y, s=size, color=colour, edgecolor="white", linewidth=0.4, alpha=0.85, zorder=5, label=label)
        else:
            ax.scatter(x, y, s=14, facecolor="none", edgecolor=colour, linewidth=0.9, zorder=4, label=label)
    learnt_sites = sites.filter(pl.col("learnt") > 0)
    values = int(learnt_sites["learnt"].sum())
    ax.set_title(f"{plain(target)}   n = {values:,} at {count(learnt_sites.height, 'site')}")
    beyond = sites.height - inside.height
    tail = f" ({count(beyond, 'site')} beyond the map)" if beyond else ""
    others = count(sites.height - learnt_sites.height, "site")
    return (
        f"{target}: {count(values, 'value')} of {count(learnt_sites.height, 'site')} learnt, {others} left out{tail}."
    )


def _name(view: View) -> str:
    if view.round:
        return "the polar stereographic projection (EPSG:3413)"
    if view.crs.startswith("+proj=stere"):
        return "a polar stereographic projection turned to the region"
    return f"the study's projection ({view.crs})" if len(view.crs) < 30 else "the study's projection"


def without_position(records: Mapping[str, pl.DataFrame]) -> str:
    """Return a sentence on targets of which no site has a position; nothing where all have some."""
    absent = [target for target, table in records.items() if not places(table).height]
    if not absent:
        return ""
    return f"No position is known for the measurements of {enumerate_words(absent)}: they cannot be shown on a map."
