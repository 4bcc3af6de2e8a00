"""Made-up flight lines: surfaces, detector gains, noise, and a plume of known mass, written in the true formats."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from geocryoai.retrievals.spectroscopy.emission import column_mass
from geocryoai.sources.envi import write_envi

#: The bands of a small instrument [nm]: a few for the masks, and the methane window.
WAVELENGTH = np.concatenate([[450.0, 560.0, 660.0, 860.0, 1240.0, 1650.0], np.arange(2125.0, 2486.0, 10.0)])
FWHM = np.full(WAVELENGTH.size, 11.0)
PIXEL = 4.0


def absorption(wavelength: np.ndarray) -> np.ndarray:
    """A made-up unit absorption with two systems of lines [(1e5 ppm m)-1]."""
    lines = [(2200.0, 12.0, 0.5), (2265.0, 14.0, 0.7), (2300.0, 18.0, 1.1), (2340.0, 12.0, 1.3), (2371.0, 9.0, 1.7)]
    return -sum(d * np.exp(-0.5 * ((wavelength - c) / w) ** 2) for c, w, d in lines)


def write_target(path: Path) -> Path:
    wavelength = np.arange(400.0, 2500.1, 5.0)
    rows = np.column_stack([np.arange(wavelength.size) + 1, wavelength, absorption(wavelength)])
    np.savetxt(path, rows, fmt=("%03d", "%.2f", "%.9f"))
    return path


@dataclass(frozen=True)
class Line:
    """A flight line in memory: radiance (lines, samples, bands), enhancement (lines, samples) [ppm m], mass [kg]."""

    radiance: np.ndarray
    enhancement: np.ndarray
    mass: float


def flight_line(lines: int = 240, samples: int = 60, *, peak: float = 0.0, noise: float = 0.004, seed: int = 0) -> Line:
    """Return a flight line; `peak` is the largest enhancement of its plume [ppm m]."""
    rng = np.random.default_rng(seed)
    sun = np.interp(WAVELENGTH, [450, 560, 860, 1240, 1650, 2200, 2500], [40.0, 34.0, 19.0, 9.0, 4.5, 1.6, 1.0])
    share = np.linspace(0.0, 1.0, WAVELENGTH.size)
    surfaces = np.stack([0.10 + 0.25 * share, 0.3 - 0.1 * share, 0.08 + 0.15 * np.sin(3 * share)]) * sun
    mixture = rng.dirichlet([0.7, 0.7, 0.7], (lines, samples))
    clean = (mixture @ surfaces) * rng.uniform(0.7, 1.3, (lines, samples, 1))
    gain = 1.0 + 0.02 * rng.standard_normal((1, samples, WAVELENGTH.size))
    y, x = np.indices((lines, samples))
    along = np.maximum(y - lines // 3, 0.0)
    width = 1.5 + 0.06 * along
    shape = np.exp(-0.5 * ((x - samples / 2) / width) ** 2) / width * (y >= lines // 3) * np.exp(-along / 40.0)
    enhancement = peak * shape / shape.max()
    seen = clean * gain * np.exp(absorption(WAVELENGTH) * enhancement[..., None] / 1e5)
    radiance = seen + noise * rng.standard_normal(seen.shape)
    mass = float(enhancement.sum()) * column_mass("ch4") * PIXEL**2
    return Line(radiance.astype(np.float32), enhancement, mass)


def write_line(folder: Path, line: Line, name: str = "ang20180814t224053", *, turned: float = 30.0) -> Path:
    """Write radiance in raw geometry and a look-up table of a turned map; return the image."""
    folder.mkdir(parents=True, exist_ok=True)
    image = folder / f"{name}_rdn_v2r2_img"
    write_envi(image, line.radiance, wavelength=WAVELENGTH, fwhm=FWHM, ignore=-9999.0)
    rows, columns = line.enhancement.shape
    row, column = np.indices((rows, columns)) + 1
    table = np.stack([column, row], axis=-1).astype(np.int32)
    write_envi(
        folder / f"{name}_rdn_v2r2_glt",
        table,
        interleave="bip",
        map_info=f"UTM, 1, 1, 581226.0, 7616192.0, {PIXEL}, {PIXEL}, 4, North, WGS-84, units=Meters, rotation={turned}",
    )
    return image


@pytest.fixture(scope="session")
def made_up() -> SimpleNamespace:
    """All that makes flight lines up."""
    return SimpleNamespace(
        wavelength=WAVELENGTH,
        fwhm=FWHM,
        pixel=PIXEL,
        absorption=absorption,
        write_target=write_target,
        flight_line=flight_line,
        write_line=write_line,
    )
