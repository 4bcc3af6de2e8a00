"""Mistakes at ``geocryoai retrieve``: each is told before work begins, and leaves nothing behind."""

import re
from pathlib import Path

import numpy as np
import pytest

from geocryoai.core.errors import GeoCryoAIError, ModelError, SourceError
from geocryoai.core.files import require_folder
from geocryoai.retrievals.radar.displacement_map import DisplacementOptions
from geocryoai.retrievals.radar.polarimetry.speckle import boxcar
from geocryoai.retrievals.radar.soil_porosity import SoilPorosity
from geocryoai.retrievals.radar.thickness_map import ThicknessOptions
from geocryoai.retrievals.spectroscopy import read_target
from geocryoai.stages.retrieve_gas import GasRequest, _with_sigma


@pytest.mark.parametrize("option", ["wind", "wind_sigma", "false_alarms", "memory", "pixel"])
def test_an_option_that_is_not_finite_is_named(option: str, tmp_path: Path):
    given = {"wind": 4.0, "wind_sigma": 1.0, option: np.inf}
    with pytest.raises(GeoCryoAIError, match=f"--{option.replace('_', '-')}"):
        GasRequest("ch4", tmp_path, tmp_path, **given).check()


def test_a_law_of_the_wind_without_a_wind_is_refused(tmp_path: Path):
    with pytest.raises(GeoCryoAIError, match=r"--wind-law: a law of the wind needs a wind"):
        GasRequest("ch4", tmp_path, tmp_path, wind_law=(0.3, 0.6)).check()


@pytest.mark.parametrize("options", [{"least_coherence": 2.0}, {"least_coherence": np.nan}, {"horizontal": np.inf}])
def test_impossible_options_of_displacement_are_refused(options: dict[str, float]):
    with pytest.raises(ModelError, match="out of range"):
        DisplacementOptions(**options)


@pytest.mark.parametrize("sigma", [-1.0, np.nan, np.inf])
def test_an_impossible_uncertainty_of_water_is_refused(sigma: float):
    with pytest.raises(ModelError, match="water_sigma"):
        ThicknessOptions(90, 880, 900, water_sigma=sigma)


def test_endless_organic_matter_is_refused():
    with pytest.raises(ModelError, match="organic_mass = inf"):
        SoilPorosity(organic_mass=np.inf)


def test_a_window_beyond_all_sense_is_refused_rather_than_memory_exhausted():
    matrix = np.broadcast_to(np.eye(3, dtype=np.complex64), (4, 4, 3, 3))
    with pytest.raises(ModelError, match="from 3 to 99"):
        boxcar(matrix, 1001)


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path):
    (tmp_path / "file").write_text("kept")
    for place in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(GeoCryoAIError, match=r"--out: nothing can be written there; found .*file"):
            require_folder(place)
    assert (tmp_path / "file").read_text() == "kept"


def test_a_folder_that_can_be_written_to_is_left_empty(tmp_path: Path):
    require_folder(tmp_path / "mätzchen und mehr")
    assert not list((tmp_path / "mätzchen und mehr").iterdir())


def test_a_target_that_is_a_folder_or_empty_is_told(tmp_path: Path):
    with pytest.raises(SourceError, match="the target is a folder"):
        read_target(tmp_path)
    (tmp_path / "empty.txt").touch()
    with pytest.raises(SourceError, match=re.escape("the target file is empty")):
        read_target(tmp_path / "empty.txt")


@pytest.mark.parametrize(
    ("value", "sigma", "text"),
    [(706.84, 179.7, "710 +- 180"), (8.9396, 0.4139, "8.94 +- 0.41"), (0.00123, 0.00045, "0.00123 +- 0.00045")],
)
def test_numbers_are_shown_to_their_uncertainty(value: float, sigma: float, text: str):
    assert _with_sigma(value, sigma) == text
