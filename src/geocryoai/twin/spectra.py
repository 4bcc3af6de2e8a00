"""Spectra of the twin's surfaces, sunlight, instrument and methane: smooth made-up curves of the right shape.

Not for any use beyond the twin: reflectance has the red edge and the water bands, sunlight falls off as above the
atmosphere (Thekaekara 1974), and methane has the outline of its bands near 2200 to 2400 nm with made-up lines.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from pathlib import Path

Floats = NDArray[np.float64]

#: Bands of AVIRIS-NG: centres and widths [nm].
WAVELENGTH: Floats = 376.86 + 5.0086 * np.arange(425, dtype=np.float64)
WIDTH: Floats = np.full(425, 5.57)

#: Surfaces in the order of `surfaces`.
SURFACES = ("shrub and tree", "wet moss and sedge", "dry tundra and soil", "water")

_SUN = (
    (377.0, 450.0, 560.0, 660.0, 860.0, 1000.0, 1240.0, 1650.0, 2000.0, 2200.0, 2500.0),
    (115.0, 201.0, 170.0, 155.0, 98.0, 74.0, 48.0, 22.3, 11.5, 7.9, 5.2),
)
#: Water in leaves and moss: centre, width [nm], depth.
_WATER = ((970.0, 30.0, 0.12), (1200.0, 45.0, 0.25), (1450.0, 60.0, 0.9), (1940.0, 70.0, 1.5), (2600.0, 250.0, 1.6))
#: Water vapour of the air.
_VAPOUR = ((940.0, 18.0, 0.6), (1130.0, 20.0, 0.8), (1385.0, 40.0, 5.0), (1880.0, 50.0, 6.0))
#: Methane: centre, width [nm], depth for each 1e5 ppm m.
_METHANE = (
    (2200.0, 10.0, 0.45), (2232.0, 6.0, 0.35), (2265.0, 12.0, 0.7), (2300.0, 14.0, 1.1), (2318.0, 5.0, 0.9),
    (2345.0, 10.0, 1.3), (2371.0, 7.0, 1.7), (2390.0, 6.0, 0.8), (2425.0, 12.0, 0.9),
)  # fmt: skip


def surfaces() -> Floats:
    """Return the reflectance of `SURFACES` at `WAVELENGTH`, shape (4, bands) [1]."""
    w = WAVELENGTH
    edge = 1.0 / (1.0 + np.exp(-(w - 715.0) / 12.0))
    green = 0.03 + 0.05 * np.exp(-0.5 * ((w - 555.0) / 35.0) ** 2)
    leaf = (green + 0.38 * edge) * np.exp(-_bands(_WATER, w))
    moss = (0.6 * green + 0.03 + 0.2 * edge) * np.exp(-2.2 * _bands(_WATER, w))
    dry = (0.06 + 0.28 * (1 - np.exp(-(w - 350.0) / 700.0))) * np.exp(-0.35 * _bands(_WATER, w))
    water = 0.002 + 0.05 * np.exp(-(w - 350.0) / 160.0)
    return np.stack([leaf, moss, dry, water])


def sunlight(sun_zenith: float) -> Floats:
    """Return the radiance of a white surface at `WAVELENGTH` [uW cm-2 nm-1 sr-1]."""
    above = np.interp(WAVELENGTH, *_SUN)
    return np.asarray(above * np.cos(np.radians(sun_zenith)) / np.pi * np.exp(-_bands(_VAPOUR, WAVELENGTH)))


def methane(wavelength: Floats) -> Floats:
    """Return the unit absorption of the twin's methane [(1e5 ppm m)-1], negative where it absorbs."""
    return -_bands(_METHANE, wavelength)


def write_methane_target(path: Path) -> None:
    """Write the unit absorption in the three columns of such files: index, wavelength [nm], absorption."""
    from geocryoai.core.files import write_text

    fine = np.arange(370.0, 2510.0, 1.0)
    lines = [f"{i:04d} {w:.2f} {a:.9f}" for i, (w, a) in enumerate(zip(fine, methane(fine), strict=True), 1)]
    head = "# Simulated by geocryoai: a made-up absorption, not that of methane; for the twin's scenes alone\n"
    write_text(path, head + "\n".join(lines) + "\n")


def _bands(table: tuple[tuple[float, float, float], ...], wavelength: Floats) -> Floats:
    return np.asarray(
        sum(depth * np.exp(-0.5 * ((wavelength - centre) / width) ** 2) for centre, width, depth in table)
    )
