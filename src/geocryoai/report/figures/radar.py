"""Quick look at a map from radar."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

import numpy as np

from geocryoai.report.figures.style import canvas

if TYPE_CHECKING:
    import xarray as xr

#: Variable -> colour map, and whether zero is its middle.
_LOOK = {"displacement": ("RdBu", True), "alt": ("viridis", False), "entropy": ("cividis", False),
         "interferogram_phase": ("twilight", True)}  # fmt: skip

#: Variable -> what its colour bar is called, where that is not its name.
_LABEL = {"displacement": "displacement, up positive", "alt": "active-layer thickness"}

#: Dimension -> what its axis is called; others are counted.
_AXIS = {"lat": "latitude [degree]", "lon": "longitude [degree]", "y": "y [m]", "x": "x [m]"}


def radar_figure(array: xr.DataArray, title: str) -> bytes:
    """Return a PNG of a map; colours span the middle 96 % of its values, missing pixels are grey.

    Parameters
    ----------
    array : xarray.DataArray
        Two-dimensional, with attribute ``units``.
    title : str
    """
    values = np.asarray(array.values, np.float64)
    known = values[np.isfinite(values)]
    low, high = np.quantile(known, [0.02, 0.98]) if known.size else (0.0, 1.0)
    colours, centred = _LOOK.get(str(array.name), ("viridis", False))
    if centred:
        high = np.pi if array.name == "interferogram_phase" else max(abs(low), abs(high), 1e-6)
        low = -high
    rows, columns = values.shape
    down, across = str(array.dims[0]), str(array.dims[1])
    placed = down in ("lat", "y") and down in array.coords
    extent = None
    if placed:
        extent = (float(array[across][0]), float(array[across][-1]), float(array[down][-1]), float(array[down][0]))
    geographic = placed and down == "lat"
    aspect = 1.0 / max(float(np.cos(np.radians(array[down].values.mean()))), 0.05) if geographic else 1.0
    height = 6.0 * rows / columns if not placed or extent is None else 6.0 * aspect * abs(
        (extent[3] - extent[2]) / ((extent[1] - extent[0]) or 1.0)
    )  # fmt: skip
    with canvas(7.0, float(np.clip(height + 0.8, 2.5, 9.0))) as figure:
        axes = figure.add_subplot()
        axes.set_facecolor("#BBBBBB")
        drawn = axes.imshow(values, vmin=low, vmax=max(high, low + 1e-9), cmap=colours, interpolation="nearest",
                            extent=extent, aspect=aspect)  # fmt: skip
        label = _LABEL.get(str(array.name), str(array.name).replace("_", " "))
        figure.colorbar(drawn, ax=axes, label=f"{label} [{array.attrs['units']}]", extend="both", shrink=0.8)
        axes.set_title(title)
        axes.grid(visible=False)
        axes.ticklabel_format(useOffset=False, style="plain")
        axes.locator_params(axis="x", nbins=5)
        axes.set_xlabel(_AXIS[across] if placed else "column")
        axes.set_ylabel(_AXIS[down] if placed else "row")
        stream = BytesIO()
        figure.savefig(stream, format="png", metadata={"Software": None})
    return stream.getvalue()
