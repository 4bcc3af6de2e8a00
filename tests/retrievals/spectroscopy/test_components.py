"""Principal components, learnt in blocks, saved and read."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from geocryoai.core.errors import ModelError, SourceError
from geocryoai.retrievals.spectroscopy.components import (
    clear_bands,
    learn_components,
    load_components,
    save_components,
)
from geocryoai.sources.spectroscopy import open_scene


def test_components_learnt_in_blocks_are_those_of_all_pixels(made_up: SimpleNamespace, tmp_path: Path):
    line = made_up.flight_line(120, 20, noise=0.0005)
    line.radiance[5, 5] = -9999.0
    scene = open_scene(made_up.write_line(tmp_path, line))
    found = learn_components(scene, 3, memory_mb=0.3)
    pixels = line.radiance.reshape(-1, line.radiance.shape[-1]).astype(float)
    pixels = pixels[(pixels > -9000).all(axis=1)][:, clear_bands(made_up.wavelength)]
    assert found.pixels == len(pixels) == 120 * 20 - 1
    centred = pixels - pixels.mean(0)
    values, vectors = np.linalg.eigh(centred.T @ centred)
    np.testing.assert_allclose(found.explained, values[::-1][:3] / values.sum(), rtol=0.02)
    np.testing.assert_allclose(np.abs(found.loadings[0] @ vectors[:, -1]), 1.0, atol=1e-3)
    scores = found.scores(pixels)
    assert scores.shape == (len(pixels), 3)
    np.testing.assert_allclose(scores.var(axis=0) / centred.var(axis=0).sum(), found.explained, rtol=0.02)


def test_components_are_saved_without_pickle_and_read_back(made_up: SimpleNamespace, tmp_path: Path):
    scene = open_scene(made_up.write_line(tmp_path, made_up.flight_line(30, 10)))
    found = learn_components(scene, 2)
    save_components(tmp_path / "components.npz", found)
    again = load_components(tmp_path / "components.npz")
    np.testing.assert_array_equal(again.loadings, found.loadings)
    assert again.pixels == found.pixels
    np.savez(tmp_path / "evil.npz", wavelength=np.array([{}], dtype=object))
    with pytest.raises(SourceError, match="not a file of components"):
        load_components(tmp_path / "evil.npz")
    with pytest.raises(ModelError, match="spectra of other bands"):
        found.scores(np.ones((2, 3)))
    with pytest.raises(ModelError, match="does not fit the bands"):
        learn_components(scene, 400)


def test_bands_that_air_absorbs_are_left_out():
    wavelength = np.array([390.0, 450.0, 1380.0, 1900.0, 2300.0, 2490.0])
    assert clear_bands(wavelength).tolist() == [False, True, False, False, True, False]
