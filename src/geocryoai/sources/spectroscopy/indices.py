"""Spectral indices from reflectance at wavelengths, whatever the instrument."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.floating]


@dataclass(frozen=True)
class SpectralIndex:
    """An index.

    Attributes
    ----------
    long_name : str
    wavelengths : tuple of float
        Where reflectance is taken [nm], in the order of the arguments of `formula`.
    formula : callable
        Reflectances [1] -> index [1].
    reference : str
    """

    long_name: str
    wavelengths: tuple[float, ...]
    formula: Callable[..., Floats]
    reference: str


def _difference(first: Floats, second: Floats) -> Floats:
    return (first - second) / (first + second)


def _enhanced(nir: Floats, red: Floats, blue: Floats) -> Floats:
    return np.asarray(2.5 * (nir - red) / (nir + 6.0 * red - 7.5 * blue + 1.0))


#: Index by name.
INDICES: Mapping[str, SpectralIndex] = {
    "ndvi": SpectralIndex("normalised difference vegetation index", (860.0, 660.0), _difference,
                          "Tucker (1979), Remote Sens. Environ. 8, 127-150"),
    "evi": SpectralIndex("enhanced vegetation index", (860.0, 660.0, 470.0), _enhanced,
                         "Huete et al. (2002), Remote Sens. Environ. 83, 195-213"),
    "ndwi": SpectralIndex("normalised difference water index (leaf water)", (860.0, 1240.0), _difference,
                          "Gao (1996), Remote Sens. Environ. 58, 257-266"),
    "ndwi_open_water": SpectralIndex("normalised difference water index (open water)", (560.0, 860.0), _difference,
                                     "McFeeters (1996), Int. J. Remote Sens. 17, 1425-1432"),
    "ndii": SpectralIndex("normalised difference infrared index", (860.0, 1650.0), _difference,
                          "Hardisky et al. (1983), Photogramm. Eng. Remote Sens. 49, 77-83"),
    "ndsi": SpectralIndex("normalised difference snow index", (560.0, 1640.0), _difference,
                          "Hall et al. (1995), Remote Sens. Environ. 54, 127-140"),
    "nbr": SpectralIndex("normalised burn ratio", (860.0, 2200.0), _difference,
                         "Key and Benson (2006), USDA Forest Service RMRS-GTR-164"),
    "pri": SpectralIndex("photochemical reflectance index", (531.0, 570.0), _difference,
                         "Gamon et al. (1992), Remote Sens. Environ. 41, 35-44"),
}  # fmt: skip


def index_values(index: SpectralIndex, *reflectance: Floats) -> Floats:
    """Return an index; NaN where a reflectance is missing or not positive, or where the index leaves [-1, 1].

    Parameters
    ----------
    index : SpectralIndex
    *reflectance : array
        At `index.wavelengths`, in this order [1].
    """
    usable = np.logical_and.reduce([np.isfinite(r) & (r > 0) for r in reflectance])
    with np.errstate(divide="ignore", invalid="ignore"):
        values = index.formula(*reflectance)
        usable &= np.abs(values) <= 1.0
    return np.where(usable, values, np.nan)
