"""Pixels that a matched filter must not see: no data, saturation, dark surfaces, sun glint and cloud."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numba import njit

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geocryoai.sources.spectroscopy import Scene

    Floats = NDArray[np.floating]
    Flags = NDArray[np.uint8]

#: Meaning of each bit of the flags.
BITS = {"no_data": 1, "saturated": 2, "dark": 4, "glint": 8, "cloud": 16}

#: Solar irradiance above the atmosphere [uW cm-2 nm-1] by wavelength [nm], to a few percent: Thekaekara (1974), Appl.
#: Opt. 13, 518-522. Enough for thresholds, not for reflectance.
IRRADIANCE = {450.0: 201.0, 560.0: 170.0, 1650.0: 22.3, 2200.0: 7.9}


@dataclass(frozen=True)
class MaskOptions:
    """Thresholds; an apparent reflectance is ``pi L / (E0 cos(sun zenith))``.

    Attributes
    ----------
    sun_zenith : float
        [degree]
    saturation : float
        Radiance in the window from which a detector counts as saturated [uW cm-2 nm-1 sr-1].
    dark : float
        Least apparent reflectance at 2200 nm [1].
    glint : float
        Apparent reflectance at 2200 nm from which water shines [1]; water is brighter at 560 than at 1650 nm
        (normalised difference above 0.2), and at 560 nm less than 0.3.
    cloud_visible, cloud_infrared : float
        Apparent reflectance at 450 and at 1650 nm above which, together, a pixel is cloud [1]; snow is dark at 1650 nm.
    """

    sun_zenith: float = 50.0
    saturation: float = 6.0
    dark: float = 0.01
    glint: float = 0.03
    cloud_visible: float = 0.4
    cloud_infrared: float = 0.3


def mask_bands(scene: Scene) -> dict[float, int]:
    """Return wavelength -> band of the tests that the scene's bands allow."""
    found = {}
    for wavelength in IRRADIANCE:
        band = int(np.argmin(np.abs(scene.wavelength - wavelength)))
        if abs(scene.wavelength[band] - wavelength) <= max(10.0, scene.fwhm[band]):
            found[wavelength] = band
    return found


def flag_pixels(window: Floats, beside: dict[float, Floats], ignore: float, options: MaskOptions) -> Flags:
    """Return flags of pixels; 0 is clear.

    Parameters
    ----------
    window : array, shape (..., bands)
        Radiance in the window of the filter [uW cm-2 nm-1 sr-1].
    beside : dict of float to array, shape (...)
        Radiance at the wavelengths of `IRRADIANCE` that the scene has; a test without its bands is not made.
    ignore : float
        Value that stands for no data.
    options : MaskOptions
    """
    flags = np.zeros(window.shape[:-1], np.uint8)
    missing, peak = (
        found.reshape(flags.shape) for found in _scan(window.reshape(-1, window.shape[-1]), np.float32(ignore))
    )
    flags[missing] |= BITS["no_data"]
    flags[~missing & (peak >= options.saturation)] |= BITS["saturated"]
    with np.errstate(invalid="ignore"):
        scale = np.pi / np.cos(np.deg2rad(options.sun_zenith))
        seen = {w: scale * radiance / IRRADIANCE[w] for w, radiance in beside.items()}
        if 2200.0 in seen:
            flags[~missing & (seen[2200.0] < options.dark)] |= BITS["dark"]
        if {560.0, 1650.0, 2200.0} <= set(seen):
            green, infrared = seen[560.0], seen[1650.0]
            water = (green - infrared > 0.2 * (green + infrared)) & (green < 0.3)
            flags[~missing & water & (seen[2200.0] > options.glint)] |= BITS["glint"]
        if {450.0, 1650.0} <= set(seen):
            cloud = (seen[450.0] > options.cloud_visible) & (seen[1650.0] > options.cloud_infrared)
            flags[~missing & cloud] |= BITS["cloud"]
    return flags


@njit(nogil=True, cache=True)
def _scan(window, ignore):  # type: ignore[no-untyped-def]
    """Return which rows have a value that is not finite or that stands for no data, and the largest value of each."""
    missing, peak = np.zeros(window.shape[0], np.bool_), np.empty(window.shape[0], window.dtype)
    for i in range(window.shape[0]):
        row = window[i]
        nought, largest, known = 0.0 * row[0], row[0], True
        for j in range(row.size):
            nought += 0.0 * row[j]  # not a number as soon as one is not finite
            largest = max(largest, row[j])
            known &= row[j] != ignore
        missing[i] = not (known and nought == 0.0)
        peak[i] = largest
    return missing, peak


def flag_shares(flags: Flags) -> dict[str, float]:
    """Return the share of pixels with each flag [1]."""
    return {name: float(np.mean((flags & bit) != 0)) for name, bit in BITS.items()}
