"""The look of all figures, and how they become bytes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Any

from matplotlib import style as mpl_style
from matplotlib.figure import Figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from geocryoai.report.roles import Role

DPI = 150

#: Pixels of a page that one inch of a figure takes.
PIXELS = 108

#: Colours that readers with any colour vision can tell apart (Okabe & Ito 2008), and their markers.
INK, BLUE, VERMILION, GREEN, SKY, YELLOW, PURPLE, GREY = (
    "#222222", "#0072B2", "#D55E00", "#009E73", "#56B4E9", "#E69F00", "#CC79A7", "#8A8A8A",
)  # fmt: skip
ROLE_COLOURS: Mapping[Role, str] = {"product": VERMILION, "learner": BLUE, "standard": GREEN, "baseline": GREY}
ROLE_MARKERS: Mapping[Role, str] = {"product": "D", "learner": "o", "standard": "s", "baseline": "^"}
LINES = (BLUE, GREEN, YELLOW, PURPLE, SKY, GREY, INK)

_RC: dict[str, Any] = {
    "font.family": "DejaVu Sans",
    "font.size": 8.5,
    "axes.titlesize": 9,
    "axes.titlelocation": "left",
    "axes.labelsize": 8.5,
    "axes.edgecolor": "#666666",
    "axes.linewidth": 0.7,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#E4E4E4",
    "grid.linewidth": 0.6,
    "xtick.labelsize": 8,
    "ytick.labelsize": 8,
    "xtick.color": "#444444",
    "ytick.color": "#444444",
    "legend.frameon": False,
    "legend.fontsize": 8,
    "text.parse_math": False,
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
}


@dataclass(frozen=True)
class Picture:
    """One figure of the report.

    Attributes
    ----------
    name : str
        Of its file, without ending.
    png : bytes
    width : int
        At which it is to be shown [px].
    alt : str
        What a reader who does not see it is told.
    caption : str
    """

    name: str
    png: bytes
    width: int
    alt: str
    caption: str


@contextmanager
def canvas(width: float, height: float) -> Iterator[Figure]:
    """Yield an empty figure of some size [inch], drawn in the house's style whatever the user's settings are."""
    with mpl_style.context(_RC, after_reset=True):
        yield Figure(figsize=(width, height), dpi=DPI, layout="constrained")


@contextmanager
def panels(number: int, *, columns: int, width: float, height: float, **options: Any) -> Iterator[list[Axes]]:
    """Yield the axes of a figure of some panels, row by row; the places left over stay empty.

    Parameters
    ----------
    number, columns : int
        Panels, and how many stand beside each other at most.
    width, height : float
        Of one panel [inch].
    """
    across = min(columns, number)
    down = -(-number // across)
    with canvas(width * across, height * down) as figure:
        grid = figure.subplots(down, across, squeeze=False, **options)
        for empty in grid.flat[number:]:
            empty.set_axis_off()
        yield list(grid.flat[:number])


def picture(figure: Figure, name: str, *, alt: str, caption: str) -> Picture:
    """Return a figure as PNG; to be called inside `canvas` or `panels`."""
    stream = BytesIO()
    figure.savefig(stream, format="png", dpi=DPI, metadata={"Software": None})
    return Picture(name, stream.getvalue(), round(PIXELS * figure.get_figwidth()), alt, caption)


def whole(axes: Axes) -> Figure:
    """Return the figure that axes stand in."""
    figure = axes.get_figure(root=True)
    assert figure is not None
    return figure


def say(axes: Axes, text: str) -> None:
    """Write a note into the upper left corner of axes."""
    box = {"boxstyle": "round,pad=0.3", "facecolor": "white", "edgecolor": "none", "alpha": 0.85}
    axes.text(0.03, 0.97, text, transform=axes.transAxes, va="top", ha="left", fontsize=7.5, bbox=box, zorder=9)
