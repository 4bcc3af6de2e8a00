"""Carbon dioxide planted into mixtures of real spectra: ``geocryoai retrieve co2`` with a target given by the user.

The target is made here from the MODTRAN radiances of the methane look-up table without methane: beyond 1990 nm their
lines are those of the carbon dioxide of the standing air, which is taken as 400 ppm over 8 km, seen twice. That is
good enough to plant a gas and find it again with the same lines, not for work on real flight lines.
"""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import xarray as xr

from geocryoai.retrievals.spectroscopy.emission import column_mass
from geocryoai.retrievals.spectroscopy.resample import to_bands
from geocryoai.retrievals.spectroscopy.targets import read_target
from geocryoai.sources.envi import write_envi

pytestmark = [pytest.mark.real, pytest.mark.physics]

LINES, SAMPLES, PIXEL = 1500, 24, 4.0
STANDING = 400.0 * 8000.0 * 2.0  # [ppm m]
ENHANCEMENTS = np.linspace(0.0, 2e5, 21)  # [ppm m]


@pytest.fixture(scope="module")
def world(real_data: Path) -> SimpleNamespace:
    """Bands, radiance of surfaces, and the radiance that growing enhancements leave at the bands."""
    folder = real_data / "remote" / "imaging_spectroscopy"
    fit = 1e3 * np.loadtxt(folder / "pasadena_ang20171108" / "20170320_ang20170228_wavelength_fit.txt")
    spectra = [np.loadtxt(path) for path in sorted((folder / "pasadena_ang20171108").glob("ang*rdn*.txt"))]
    centre, width = spectra[0][:, 0], fit[:, 2]
    masks = [int(np.argmin(np.abs(centre - w))) for w in (450.0, 560.0, 1650.0, 2200.0)]
    bands = sorted({*masks, *np.flatnonzero((centre > 1960) & (centre < 2125))})
    table = read_target(folder / "mag1c_ch4_lut" / "ch4.hdr")
    near = (table.wavelength > 1930) & (table.wavelength < 2150)
    fine, still = table.wavelength[near], table.spectrum[0][near]
    brightest = np.maximum.accumulate(np.sort(still))[int(0.999 * still.size)]
    depth = np.where(fine > 1990, np.log(np.maximum(brightest / still, 1.0)), 0.0)
    left = still * np.exp(-np.multiply.outer(ENHANCEMENTS / STANDING, depth))
    inside = np.array([1960 < centre[b] < 2125 for b in bands])
    chosen = np.array(bands)[inside]
    seen = to_bands(fine, left, centre[chosen], width[chosen])
    return SimpleNamespace(
        wavelength=centre[bands], fwhm=width[bands], inside=inside, transmission=seen / seen[0],
        surfaces=np.array([s[bands, 1] for s in spectra]),
    )  # fmt: skip


def write_target(world: SimpleNamespace, path: Path) -> None:
    """Write the unit absorption at the instrument's bands: the slope of the logarithm of radiance."""
    unit = 1e5 * np.log(world.transmission[1]) / ENHANCEMENTS[1]
    np.savetxt(path, np.column_stack([world.wavelength[world.inside], unit]))


def write_scene(world: SimpleNamespace, folder: Path, peak: float, seed: int) -> np.ndarray:
    """Write a flight line with its look-up table; return the planted enhancement (lines, samples) [ppm m]."""
    rng = np.random.default_rng(seed)
    row, column = np.indices((LINES, SAMPLES))
    along = np.maximum(row - LINES // 3, 0)
    width = 2.0 + 0.05 * along
    planted = peak * (2.0 / width) * np.exp(-0.5 * ((column - SAMPLES / 2) / width) ** 2 - along / 60.0)
    planted *= row >= LINES // 3
    radiance = rng.dirichlet(np.full(len(world.surfaces), 0.4), (LINES, SAMPLES)) @ world.surfaces
    radiance *= 1.0 + 0.005 * rng.standard_normal((1, SAMPLES, world.wavelength.size))
    through = np.stack([np.interp(planted, ENHANCEMENTS, t) for t in world.transmission.T], axis=-1)
    radiance[..., world.inside] *= through
    radiance += (0.0003 + 0.0004 * np.sqrt(radiance)) * rng.standard_normal(radiance.shape)
    name = "ang20180814t224053_rdn_v2r2"
    write_envi(folder / f"{name}_img", radiance.astype(np.float32), wavelength=world.wavelength, fwhm=world.fwhm,
               ignore=-9999.0)  # fmt: skip
    table = np.stack([column + 1, row + 1], axis=-1).astype(np.int32)
    place = f"UTM, 1, 1, 581226.0, 7616192.0, {PIXEL}, {PIXEL}, 4, North, WGS-84, units=Meters, rotation=30"
    write_envi(folder / f"{name}_glt", table, interleave="bip", map_info=place)
    return planted


def retrieve(command, world: SimpleNamespace, place: Path, peak: float, seed: int):
    """Return what was planted, the summary and the maps of ``geocryoai retrieve co2``."""
    planted = write_scene(world, place / "lines", peak, seed)
    write_target(world, place / "co2.txt")
    code, _, error = command("retrieve", "co2", place / "lines", "--target", place / "co2.txt", "--out", place / "out",
                             "--group", 2, "--quiet")  # fmt: skip
    assert code == 0, error
    stem = place / "out" / "ang20180814t224053_rdn_v2r2_img_co2"
    with xr.open_dataset(f"{stem}.nc") as maps:
        return planted, json.loads(Path(f"{stem}.json").read_text()), maps.load()


@pytest.mark.parametrize("seed", [0, 1])
def test_mass_of_planted_carbon_dioxide_is_found_within_its_sigma(command, world, tmp_path: Path, seed: int):
    planted, summary, maps = retrieve(command, world, tmp_path, 150_000.0, seed)
    found = [(plume["mass_kg"], plume["mass_sigma_kg"]) for plume in summary["plumes"]]
    mass, sigma = sum(m for m, _ in found), float(np.hypot.reduce([s for _, s in found]))
    per_pixel = column_mass("co2") * PIXEL**2
    truth = float(planted[maps["plume"].values > 0].sum()) * per_pixel
    assert abs(mass - truth) < sigma
    assert sigma < 0.1 * truth
    assert truth > 0.5 * float(planted.sum()) * per_pixel


def test_a_blank_line_gives_no_plume(command, world, tmp_path: Path):
    _, summary, maps = retrieve(command, world, tmp_path, 0.0, 5)
    assert summary["plumes"] == []
    assert int(maps["plume"].max()) == 0
