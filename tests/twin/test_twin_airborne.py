"""Flights of the twin: true formats, the same bytes, cover that spectra follow, plumes of the stated rate."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from geocryoai.core.files import file_hash, list_files
from geocryoai.retrievals.spectroscopy.emission import column_mass
from geocryoai.sources.spectroscopy import open_scene
from geocryoai.sources.spectroscopy.indices import INDICES, index_values
from geocryoai.sources.uavsar import open_scene as open_radar
from geocryoai.twin.airborne import fly
from geocryoai.twin.network import Places
from geocryoai.twin.options import AirborneOptions, TwinOptions
from geocryoai.twin.radiance_lines import _plume
from geocryoai.twin.reflectance_lines import mixture
from geocryoai.twin.spectra import WAVELENGTH, surfaces
from geocryoai.twin.truth import Truth, make_truth

FLIGHTS = AirborneOptions(radar_pairs=2, radar_pixel=2000.0, reflectance_lines=1, radiance_lines=3)


@pytest.fixture(scope="module")
def options(tiny_options: TwinOptions) -> TwinOptions:
    return tiny_options.model_copy(update={"airborne": FLIGHTS})


@pytest.fixture(scope="module")
def truth(options: TwinOptions) -> Truth:
    return make_truth(options)


@pytest.fixture(scope="module")
def flown(options: TwinOptions, truth: Truth, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("flown")
    names = fly(folder, options, truth, Places(options, truth.landscape))
    assert sorted(names) == list_files(folder)
    return folder / "airborne"


def test_the_same_options_give_the_same_bytes(flown: Path, options: TwinOptions, truth: Truth, tmp_path: Path):
    fly(tmp_path, options, truth, Places(options, truth.landscape))
    assert file_hash(tmp_path / "airborne") == file_hash(flown)


def test_without_flights_nothing_is_written(tiny_options: TwinOptions, truth: Truth, tmp_path: Path):
    assert fly(tmp_path, tiny_options, truth, Places(tiny_options, truth.landscape)) == []
    assert not list(tmp_path.iterdir())


def test_spectra_have_the_bands_of_the_instrument_and_say_that_they_are_simulated(flown: Path):
    headers = [*sorted(flown.glob("re*/*_img.hdr")), *sorted(flown.glob("radiance/*_img.hdr"))]
    assert len(headers) == 4
    for header in headers:
        scene = open_scene(header)
        assert scene.wavelength.size == 425
        assert scene.map_position is not None
        assert scene.map_position.affine[1] != 0
        assert "Simulated" in header.read_text()
    assert {open_scene(header).quantity for header in headers} == {"reflectance", "radiance"}


def test_pairs_have_their_layers_and_say_that_they_are_simulated(flown: Path):
    for annotation in sorted(flown.glob("radar/*.ann")):
        assert "Simulated" in annotation.read_text()
        scene = open_radar(annotation)
        assert all(scene.has(name) for name in ("unwrapped_phase", "coherence", "amplitude_1", "elevation"))
        coherence = scene.layer("coherence").values
        assert 0.0 < np.nanmin(coherence) < np.nanmax(coherence) < 1.0


def test_truth_of_the_flights_stands_apart(flown: Path):
    layers = pl.read_csv(flown / "truth_airborne.csv")
    assert {"ndvi", "ndwi", "ndii"} <= set(layers["layer"])
    assert len(pl.read_csv(flown / "truth_plumes.csv")) == 2
    tables = [pl.read_csv(flown / name, comment_prefix="#") for name in ("radar_scenes.csv", "radiance_scenes.csv")]
    assert not {"alt", "rate_kg_h", "mass_kg"} & {column for table in tables for column in table.columns}


def test_water_indices_follow_the_wetland(truth: Truth):
    cells = np.repeat(np.arange(truth.landscape.cells), 50).reshape(-1, 50)
    seen = mixture(truth, cells, np.random.default_rng(0)) @ surfaces()
    bands = [int(np.argmin(np.abs(WAVELENGTH - w))) for w in INDICES["ndii"].wavelengths]
    wet = index_values(INDICES["ndii"], *(seen[..., band] for band in bands)).mean(axis=1)
    cover = truth.cover
    woody = cover.shrub_fraction + cover.tree_fraction
    design = np.column_stack([np.ones(len(wet)), cover.wetland_fraction, woody])
    slopes, *_ = np.linalg.lstsq(design, wet, rcond=None)
    assert slopes[1] > 0.05
    assert np.corrcoef(design @ slopes, wet)[0, 1] > 0.8


@pytest.mark.physics
def test_each_cross_section_of_a_plume_carries_its_rate():
    row, column = np.indices((200, 400), dtype=float)
    plume = _plume(0, np.random.default_rng(1), row, column + 24 - 200)
    across = plume.column.sum(axis=1) * 5.0 * column_mass("ch4") * plume.wind * 3600.0
    np.testing.assert_allclose(across[80:], plume.rate, rtol=1e-6)
    assert np.all(plume.column[:70] == 0)
    assert _plume(2, np.random.default_rng(1), row, column).rate == 0.0
