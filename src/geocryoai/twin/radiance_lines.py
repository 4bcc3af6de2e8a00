"""AVIRIS-NG lines of radiance over thermokarst lakes of the twin, with methane from the edge of some.

A plume is steady and Gaussian across the wind, Q / (u sqrt(2 pi) s) exp(-y^2 / 2 s^2) [kg m-2] at the distance y from
its axis, s growing with the way travelled. Rates are far above those of most lakes, so that single pixels show them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from geocryoai.retrievals.spectroscopy.emission import column_mass
from geocryoai.sources.envi import write_envi
from geocryoai.twin.airborne import SIMULATED, Flown, centre_of
from geocryoai.twin.fields import GaussianField, stream
from geocryoai.twin.reflectance_lines import line_map, mixture
from geocryoai.twin.spectra import WAVELENGTH, WIDTH, methane, sunlight, surfaces, write_methane_target

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from geocryoai.twin.network import Places
    from geocryoai.twin.options import TwinOptions
    from geocryoai.twin.truth import Truth

    Floats = NDArray[np.float64]

#: Lines, samples and pixel [m] of a scene.
_LINES, _SAMPLES, _PIXEL = 200, 48, 5.0
#: Emission rates [kg h-1], wind [m s-1] and how well it is known.
_RATES, _WINDS, WIND_SIGMA = (60.0, 180.0), (2.0, 4.0), 0.4
#: Half axes of a lake across and along the line [pixels], and its centre line.
_LAKE, _LAKE_LINE = (13.0, 26.0), 45
#: Noise: of reading [uW cm-2 nm-1 sr-1], of photons (variance for each unit of radiance), of detector gains [1].
_READ, _PHOTONS, _GAIN = 0.0012, 5e-6, 0.001
_SUN_ZENITH = 50.0


@dataclass(frozen=True)
class _Plume:
    rate: float
    wind: float
    column: Floats


def fly_radiance(out: Path, options: TwinOptions, truth: Truth, places: Places) -> Flown:
    """Write the lines, their look-up tables and the target below ``out`` and return the planted plumes."""
    flown = Flown([], [], [])
    if not options.airborne.radiance_lines:
        return flown
    rng = stream(options.seed, "airborne.radiance")
    folder = out / "radiance"
    folder.mkdir(parents=True, exist_ok=True)
    write_methane_target(out / "methane_target.txt")
    for number in range(options.airborne.radiance_lines):
        _line(folder, number, options, truth, places, rng, flown)
    return flown


def _line(
    folder: Path,
    number: int,
    options: TwinOptions,
    truth: Truth,
    places: Places,
    rng: np.random.Generator,
    flown: Flown,
) -> None:
    shape = (_LINES, _SAMPLES)
    year = int(rng.integers(max(options.first_year, options.last_year - 9), options.last_year + 1))
    name = f"ang{year}08{rng.integers(2, 28):02d}t{rng.integers(18, 23):02d}{number % 60:02d}30"
    info, lon, lat = line_map(truth.landscape.grid.crs, centre_of(places, number, rng), float(rng.integers(-60, 60)),
                              _PIXEL, shape)  # fmt: skip
    cell = places.cell(lon.ravel(), lat.ravel()).reshape(shape)
    shares = mixture(truth, np.maximum(cell, 0), rng)
    row, column = np.indices(shape, dtype=np.float64)
    lake = ((column - _SAMPLES / 2) / _LAKE[0]) ** 2 + ((row - _LAKE_LINE) / _LAKE[1]) ** 2 <= 1.0
    shares[lake] = np.array([0.0, 0.02, 0.0, 0.98])
    plume = _plume(number, rng, row, column)
    bright = np.exp(0.1 * GaussianField(shape, 4.0).draw(rng))[..., None]
    clean = (shares @ surfaces()) * bright * sunlight(_SUN_ZENITH)
    clean = clean * np.exp(methane(WAVELENGTH) * plume.column[..., None] / 1e5)
    clean = clean * (1.0 + _GAIN * rng.standard_normal((1, _SAMPLES, WAVELENGTH.size)))
    noisy = clean + np.sqrt(_READ**2 + _PHOTONS * clean) * rng.standard_normal(clean.shape)
    note = {"description": f"{{ {SIMULATED} }}"}
    write_envi(folder / f"{name}_rdn_v2r2_img", noisy.astype(np.float32), wavelength=WAVELENGTH, fwhm=WIDTH,
               ignore=-9999.0, entries=note)  # fmt: skip
    table = np.stack([column + 1, row + 1], axis=-1).astype(np.int32)
    write_envi(folder / f"{name}_rdn_v2r2_glt", table, interleave="bip", map_info=info, entries=note)
    known = max(0.5, plume.wind + WIND_SIGMA * rng.standard_normal())
    scene = f"{name}_rdn_v2r2_img"
    flown.scenes.append({"scene": scene, "wind": round(known, 2), "wind_sigma": WIND_SIGMA, "sun_zenith": _SUN_ZENITH})
    if plume.rate > 0:
        at = (_LAKE_LINE + int(_LAKE[1]), _SAMPLES // 2)
        mass = float(plume.column.sum()) * column_mass("ch4") * _PIXEL**2
        flown.plumes.append(
            {"scene": scene, "lon": float(lon[at]), "lat": float(lat[at]), "rate_kg_h": plume.rate, "mass_kg": mass,
             "wind": plume.wind}
        )  # fmt: skip


def _plume(number: int, rng: np.random.Generator, row: Floats, column: Floats) -> _Plume:
    """Return what comes out of the lake's lower edge and drifts along the line; nothing in each third one."""
    rate, wind, drift = rng.uniform(*_RATES), rng.uniform(*_WINDS), rng.uniform(-0.12, 0.12)
    if number % 3 == 2:
        return _Plume(0.0, wind, np.zeros(row.shape))
    along = (row - (_LAKE_LINE + _LAKE[1])) * _PIXEL
    aside = (column - _SAMPLES / 2) * _PIXEL - drift * along
    width = 8.0 + 0.08 * np.maximum(along, 0.0)
    mass = rate / 3600.0 / wind / (np.sqrt(2 * np.pi) * width) * np.exp(-0.5 * (aside / width) ** 2)
    return _Plume(rate, wind, np.where(along >= 0, mass / column_mass("ch4"), 0.0))
