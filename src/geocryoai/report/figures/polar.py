"""Maps on the polar projection, or on the study's own: view, coastline, graticule, scale."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.collections import LineCollection
from matplotlib.patches import Circle, PathPatch
from matplotlib.path import Path as Outline

from geocryoai.core.projection import LONLAT, transformer
from geocryoai.report.coast import POLAR, SOUTH, land_within

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]

LAND, SHORE, SEA, NET = "#ECE9E2", "#7A7A7A", "#F7FAFC", "#B9C2C9"

HALO = {"boxstyle": "round,pad=0.12", "facecolor": "white", "edgecolor": "none", "alpha": 0.7}

#: Places within this angle [degree] of their middle are shown on a map of their region.
REGION = 18.0

_STEPS = (0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 15.0, 20.0, 30.0, 45.0)


@dataclass(frozen=True)
class View:
    """What part of which projection is shown.

    Attributes
    ----------
    crs : str
    left, bottom, right, top : float
        Edges [m].
    round : bool
        Whether the map is a circle around the pole.
    """

    crs: str
    left: float
    bottom: float
    right: float
    top: float
    round: bool = False

    def project(self, lon: ArrayLike, lat: ArrayLike) -> tuple[Floats, Floats]:
        """Return positions on the map [m]."""
        x, y = transformer(LONLAT, self.crs).transform(np.asarray(lon, float), np.asarray(lat, float))
        return np.asarray(x), np.asarray(y)

    def shows(self, lon: ArrayLike, lat: ArrayLike) -> NDArray[np.bool_]:
        """Return which positions lie on the map."""
        x, y = self.project(lon, lat)
        if self.round:
            return np.hypot(x, y) <= self.right
        return (x >= self.left) & (x <= self.right) & (y >= self.bottom) & (y <= self.top)

    @cached_property
    def lattice(self) -> tuple[Floats, Floats, float]:
        """Return longitudes and latitudes all over the map, longitudes without a jump, and the middle longitude."""
        x, y = np.meshgrid(np.linspace(self.left, self.right, 41), np.linspace(self.bottom, self.top, 41))
        lon, lat = transformer(self.crs, LONLAT).transform(x, y)
        middle = float(lon[20, 20])
        return (lon - middle + 180.0) % 360.0 - 180.0 + middle, lat, middle


def view_of_box(crs: str, left: float, bottom: float, right: float, top: float, margin: float = 0.06) -> View:
    """Return the view of a rectangle of a projection, with a margin."""
    pad = margin * max(right - left, top - bottom)
    return View(crs, left - pad, bottom - pad, right + pad, top + pad)


def view_of_places(lon: Floats, lat: Floats) -> View:
    """Return the view that holds some places north of the coastline's southern edge.

    Places of one region are seen with their north up; places all around the pole in EPSG:3413.
    """
    vectors = np.column_stack(_unit(lon, lat))
    middle = vectors.mean(axis=0)
    length = float(np.linalg.norm(middle))
    reach = np.degrees(np.arccos(np.clip(vectors @ (middle / max(length, 1e-9)), -1, 1))).max()
    if reach > REGION:
        south = max(SOUTH + 1.0, float(lat.min()) - 3.0)
        radius = float(np.hypot(*transformer(LONLAT, POLAR).transform(-45.0, south)))
        return View(POLAR, -radius, -radius, radius, radius, round=True)
    centre = round(float(np.degrees(np.arctan2(middle[1], middle[0]))))
    crs = f"+proj=stere +lat_0=90 +lat_ts=70 +lon_0={centre} +datum=WGS84 +units=m"
    x, y = transformer(LONLAT, crs).transform(lon, lat)
    half = max(float(np.ptp(x)), float(np.ptp(y)), 50_000.0) / 2.0
    mx, my = (float(x.min()) + float(x.max())) / 2.0, (float(y.min()) + float(y.max())) / 2.0
    return view_of_box(crs, mx - half, my - half, mx + half, my + half, margin=0.12)


def draw_base(axes: Axes, view: View) -> None:
    """Draw sea, land, graticule and frame of a map; what is plotted later is cut to it."""
    axes.set_aspect("equal")
    axes.grid(visible=False)
    axes.set_facecolor(SEA if not view.round else "none")
    rim = Circle((0, 0), view.right, transform=axes.transData, facecolor=SEA, edgecolor="#666666", linewidth=0.8)
    if view.round:
        axes.add_patch(rim)
        axes.set_axis_off()
    outline = _land(view)
    land = PathPatch(outline, facecolor=LAND, edgecolor=SHORE, linewidth=0.5, zorder=1) if outline else None
    if land is not None:
        axes.add_patch(land)
    net = LineCollection(_net(view), colors=NET, linewidths=0.5, zorder=2.5)
    axes.add_collection(net, autolim=False)
    if view.round:
        for artist in (land, net):
            if artist is not None:
                artist.set_clip_path(rim)
        _label_round(axes, view)
        pad = 0.13 * view.right
        axes.set_xlim(view.left - pad, view.right + pad)
        axes.set_ylim(view.bottom - pad, view.top + pad)
        return
    axes.set_xlim(view.left, view.right)
    axes.set_ylim(view.bottom, view.top)
    for spine in axes.spines.values():
        spine.set_visible(True)
    _label_edges(axes, view)
    _scale_bar(axes, view)


def _unit(lon: Floats, lat: Floats) -> tuple[Floats, Floats, Floats]:
    east, north = np.radians(lon), np.radians(lat)
    return np.cos(north) * np.cos(east), np.cos(north) * np.sin(east), np.sin(north)


def _land(view: View) -> Outline | None:
    lon, lat, _ = view.lattice
    x, y = transformer(LONLAT, POLAR).transform(lon, lat)
    pad = 0.1 * max(np.ptp(x), np.ptp(y))
    rings = land_within(x.min() - pad, y.min() - pad, x.max() + pad, y.max() + pad)
    if view.crs != POLAR:
        rings = [np.column_stack(transformer(POLAR, view.crs).transform(r[:, 0], r[:, 1])) for r in rings]
    rings = [np.vstack([ring, ring[:1]]) for ring in rings if np.isfinite(ring).all()]
    return Outline.make_compound_path(*[Outline(ring, closed=True) for ring in rings]) if rings else None


def _steps(view: View) -> tuple[Floats, Floats]:
    """Return the meridians and parallels to draw [degree]."""
    lon, lat, _ = view.lattice
    if view.round:
        return np.arange(-180.0, 180.0, 30.0), np.arange(50.0, 90.0, 10.0)

    def nice(low: float, high: float, lines: float) -> Floats:
        step = next((s for s in _STEPS if (high - low) / s <= lines), _STEPS[-1])
        return np.arange(np.ceil(low / step) * step, high + 1e-9, step)

    return nice(float(lon.min()), float(lon.max()), 6), nice(float(lat.min()), min(float(lat.max()), 88.0), 5)


def _net(view: View) -> list[Floats]:
    lon, lat, _ = view.lattice
    meridians, parallels = _steps(view)
    around = np.linspace(-180, 180, 361) if view.round else np.linspace(lon.min() - 5, lon.max() + 5, 200)
    up = np.linspace(SOUTH, 89.0, 100) if view.round else np.linspace(lat.min() - 3, min(lat.max() + 3, 89.9), 200)
    lines = [np.column_stack(view.project(np.full(up.shape, m), up)) for m in meridians]
    return lines + [np.column_stack(view.project(around, np.full(around.shape, p))) for p in parallels]


def _degrees(value: float, positive: str, negative: str) -> str:
    rounded = round(value, 2)
    mark = "" if rounded in (0.0, 180.0, -180.0) else positive if rounded > 0 else negative
    return f"{abs(rounded):g}°{mark}"


def _label_edges(axes: Axes, view: View) -> None:
    """Name meridians where they cross the lower edge, parallels where they cross the left one."""
    lon, lat, middle = view.lattice
    meridians, parallels = _steps(view)
    at_x, at_y = [], []
    for m in meridians:
        x, y = view.project(np.full(400, m), np.linspace(lat.min() - 3, min(lat.max() + 3, 89.9), 400))
        at = _crossing(y, x, view.bottom)
        if at is not None and view.left <= at <= view.right:
            at_x.append((at, _degrees((m + 180.0) % 360.0 - 180.0, "E", "W")))
    for p in parallels:
        x, y = view.project(np.linspace(lon.min() - 5, middle, 400), np.full(400, p))
        at = _crossing(x, y, view.left)
        if at is not None and view.bottom <= at <= view.top:
            at_y.append((at, _degrees(p, "N", "S")))
    axes.set_xticks([at for at, _ in at_x], [name for _, name in at_x])
    axes.set_yticks([at for at, _ in at_y], [name for _, name in at_y])
    axes.tick_params(length=2.5, labelsize=7)


def _crossing(along: Floats, across: Floats, edge: float) -> float | None:
    """Return where a line crosses an edge."""
    side = np.flatnonzero(np.diff(np.sign(along - edge)) != 0)
    if len(side) == 0:
        return None
    i = int(side[0])
    share = (edge - along[i]) / (along[i + 1] - along[i])
    return float(across[i] + share * (across[i + 1] - across[i]))


def _label_round(axes: Axes, view: View) -> None:
    style: dict[str, Any] = {"fontsize": 6.5, "color": "#555555", "ha": "center", "va": "center"}
    meridians, parallels = _steps(view)
    for m in meridians:
        x, y = 1.085 * view.right * np.array([np.cos(np.radians(m - 45.0)), np.sin(np.radians(m - 45.0))])
        axes.text(float(x), float(y), _degrees(float(m), "E", "W"), **style)
    for p in parallels:
        x, y = view.project(-25.0, p)
        if np.hypot(x, y) < 0.97 * view.right:
            axes.text(float(x), float(y), _degrees(float(p), "N", "S"), zorder=3, bbox=HALO, **style)


def _scale_bar(axes: Axes, view: View) -> None:
    """Draw a bar of a round length at the lower right; true near the middle of the map."""
    lon, lat, _ = view.lattice
    one = np.array([lon[20, 20], lat[20, 20]])
    x, y = view.project(one[0], one[1] + 0.01)
    x0, y0 = view.project(*one)
    metres = float(np.hypot(x - x0, y - y0)) / (0.01 * 111_320.0)
    width = view.right - view.left
    options = [base * 10.0**power for power in range(2, 8) for base in (1, 2, 5)]
    length = max((o for o in options if o * metres <= 0.25 * width), default=options[0])
    right, bottom = view.right - 0.05 * width, view.bottom + 0.04 * (view.top - view.bottom)
    left = right - length * metres
    axes.plot([left, right], [bottom, bottom], color="#333333", linewidth=2.0, solid_capstyle="butt", zorder=7)
    text = f"{length / 1000:g} km" if length >= 1000 else f"{length:g} m"
    axes.text(
        (left + right) / 2, bottom + 0.015 * (view.top - view.bottom), text,
        ha="center", va="bottom", fontsize=7, bbox=HALO, zorder=7,
    )  # fmt: skip
