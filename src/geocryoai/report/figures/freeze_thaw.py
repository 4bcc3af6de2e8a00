"""Quick look at a freeze/thaw retrieval: how much is thawed, in time."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

from geocryoai.report.figures.style import BLUE, canvas

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def thawed_figure(times: NDArray[np.datetime64], thawed: NDArray[np.float64], title: str) -> bytes:
    """Return a PNG of the thawed share of the known pixels against time.

    Parameters
    ----------
    times : array, shape (times,)
    thawed : array, shape (times,)
        [1]; NaN where nothing is known.
    title : str
    """
    with canvas(7.0, 2.8) as figure:
        axes = figure.add_subplot()
        axes.plot(times.astype("datetime64[s]"), 100.0 * thawed, color=BLUE, linewidth=1.0, marker=".", markersize=3)
        axes.set_ylim(-3, 103)
        axes.set_ylabel("thawed [% of what is known]")
        axes.set_title(title)
        stream = BytesIO()
        figure.savefig(stream, format="png", metadata={"Software": None})
    return stream.getvalue()
