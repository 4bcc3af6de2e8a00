"""AVIRIS-NG lines of reflectance over the twin: mixtures of surfaces that follow its cover, with noise."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from geocryoai.core.projection import LONLAT, transformer
from geocryoai.sources.envi import write_envi
from geocryoai.sources.spectroscopy.indices import INDICES, index_values
from geocryoai.twin.airborne import SIMULATED, Flown, centre_of, truth_rows
from geocryoai.twin.fields import stream
from geocryoai.twin.spectra import WAVELENGTH, WIDTH, surfaces

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from geocryoai.twin.network import Places
    from geocryoai.twin.options import TwinOptions
    from geocryoai.twin.truth import Truth

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

#: Lines and samples of a scene.
_LINES, _SAMPLES = 60, 24
#: Spread of the shares of cover between the pixels of a cell, noise of reflectance [1].
_SPREAD, _NOISE = 0.08, 0.004
_LAYERS = ("ndvi", "ndwi", "ndii")


def fly_reflectance(folder: Path, options: TwinOptions, truth: Truth, places: Places) -> Flown:
    """Write the lines and return what indices should be found."""
    rng = stream(options.seed, "airborne.reflectance")
    flown = Flown([], [], [])
    grid, spectra = truth.landscape.grid, surfaces()
    for number in range(options.airborne.reflectance_lines):
        centre = centre_of(places, number, rng)
        year = int(rng.integers(max(options.first_year, options.last_year - 9), options.last_year + 1))
        name = f"ang{year}07{rng.integers(5, 28):02d}t{rng.integers(18, 23):02d}{number % 60:02d}00"
        info, lon, lat = line_map(grid.crs, centre, float(rng.integers(-60, 60)), options.airborne.reflectance_pixel,
                                  (_LINES, _SAMPLES))  # fmt: skip
        cell = places.cell(lon.ravel(), lat.ravel()).reshape(lon.shape)
        clean = mixture(truth, cell, rng) @ spectra
        noisy = np.maximum(clean + _NOISE * rng.standard_normal(clean.shape), 1e-4)
        noisy[cell < 0] = -9999.0
        folder.mkdir(parents=True, exist_ok=True)
        write_envi(
            folder / f"{name}_corr_v2r2_img", noisy.astype(np.float32), wavelength=WAVELENGTH, fwhm=WIDTH,
            ignore=-9999.0, map_info=info, entries={"description": f"{{ {SIMULATED} }}"},
        )  # fmt: skip
        for layer in _LAYERS:
            index = INDICES[layer]
            bands = [int(np.argmin(np.abs(WAVELENGTH - w))) for w in index.wavelengths]
            should = np.where(cell >= 0, index_values(index, *(clean[..., band] for band in bands)), np.nan)
            flown.layers.extend(truth_rows(f"{name}_corr_v2r2_img", layer, grid, lon, lat, should))
    return flown


def mixture(truth: Truth, cell: Ints, rng: np.random.Generator) -> Floats:
    """Return the shares of the surfaces in each pixel [1], shape (lines, samples, 4); they follow the cover."""
    cover = truth.cover
    woody = np.clip(cover.shrub_fraction + cover.tree_fraction, 0.0, 1.0)[cell]
    wet = 0.8 * cover.wetland_fraction[cell]
    water = 0.2 * cover.wetland_fraction[cell]
    dry = np.clip(1.0 - woody - wet - water, 0.05, 1.0)
    shares = np.stack([woody * (1 - water - 0.5 * wet), wet, dry, water], axis=-1)
    shares = np.clip(shares + _SPREAD * rng.standard_normal(shares.shape) * np.array([1, 1, 1, 0.3]), 0.01, None)
    return np.asarray(shares / shares.sum(axis=-1, keepdims=True))


def line_map(
    crs: str, centre: tuple[float, float], rotation: float, pixel: float, shape: tuple[int, int]
) -> tuple[str, Floats, Floats]:
    """Return the ``map info`` of a turned scene in UTM around a place of the CRS, and its longitudes and latitudes."""
    lon0, lat0 = (float(v) for v in transformer(crs, LONLAT).transform(*centre))
    zone = int((lon0 + 180.0) // 6.0) % 60 + 1
    utm = f"EPSG:{32600 + zone}"
    x0, y0 = (float(v) for v in transformer(LONLAT, utm).transform(lon0, lat0))
    cosine, sine = np.cos(np.radians(rotation)), np.sin(np.radians(rotation))
    a, b, d, e = pixel * cosine, pixel * sine, pixel * sine, -pixel * cosine
    left = x0 - a * shape[1] / 2 - b * shape[0] / 2
    top = y0 - d * shape[1] / 2 - e * shape[0] / 2
    row, column = np.indices(shape) + 0.5
    lon, lat = transformer(utm, LONLAT).transform(a * column + b * row + left, d * column + e * row + top)
    info = (
        f"UTM, 1, 1, {left:.3f}, {top:.3f}, {pixel:g}, {pixel:g}, {zone}, North, WGS-84, units=Meters, "
        f"rotation={rotation:g}"
    )
    return info, np.asarray(lon), np.asarray(lat)
