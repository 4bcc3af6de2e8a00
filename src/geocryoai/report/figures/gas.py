"""Quick look at a gas retrieval: the enhancement and the outlines of its plumes."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

import numpy as np

from geocryoai.report.figures.style import VERMILION, canvas

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Longest side of the picture [pixels of the map].
_LONGEST = 1500


def gas_figure(
    gas: str, name: str, sparse: NDArray[np.float32], sigma: NDArray[np.float32], plumes: NDArray[np.int32]
) -> bytes:
    """Return a PNG of an enhancement map with the outlines and labels of its plumes.

    Parameters
    ----------
    gas, name : str
        What was sought, and the scene.
    sparse, sigma : array, shape (rows, columns)
        [ppm m]
    plumes : array, shape (rows, columns)
        Labels, 0 for none.
    """
    step = max(1, -(-max(sparse.shape) // _LONGEST))
    shown, labels = sparse[::step, ::step], plumes[::step, ::step]
    known = np.isfinite(sigma)
    top = 10.0 * float(np.median(sigma[known])) if known.any() else 1.0
    rows, columns = shown.shape
    width = 6.0 if columns >= rows else max(3.5, 6.0 * columns / rows + 1.5)
    with canvas(width, min(9.0, max(3.0, (width - 1.5) * rows / columns))) as figure:
        axes = figure.add_subplot()
        axes.set_facecolor("#DDDDDD")
        drawn = axes.imshow(shown, vmin=0.0, vmax=top, cmap="inferno", interpolation="nearest")
        if labels.any():
            axes.contour(labels > 0, levels=[0.5], colors=[VERMILION], linewidths=0.8)
        for label in np.unique(labels[labels > 0])[:20]:
            row, column = np.nonzero(labels == label)
            axes.annotate(
                str(label), (column.max(), row.min()), (3, 3), textcoords="offset points", color="white", fontsize=8
            )
        figure.colorbar(drawn, ax=axes, label=f"{gas.upper()} enhancement [ppm m]", extend="max", shrink=0.8)
        axes.set_title(name)
        axes.grid(visible=False)
        axes.set_xlabel(f"column / {step}" if step > 1 else "column")
        axes.set_ylabel(f"row / {step}" if step > 1 else "row")
        stream = BytesIO()
        figure.savefig(stream, format="png", metadata={"Software": None})
    return stream.getvalue()
