"""``geocryoai retrieve interferogram``: two single-look images of known phase and coherence."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from geocryoai.retrievals.radar.noise import correlated_pair
from geocryoai.sources.uavsar.flight import Flight
from geocryoai.sources.uavsar.grids import RadarGrid
from geocryoai.sources.uavsar.writer import write_uavsar

Command = Callable[..., tuple[int, str, str]]

NAME = "toolik_18119_17069-008_17098-005_0085d_s01_L090HH_01"
GRID = RadarGrid("slc", 250, 120, (-100.0, 13450.0), (0.6, 1.66551366))
FLIGHT = Flight(68.65, -149.80, 180.0, 12_500.0, 730.0, True, 0.238403545)
PASSES = (np.datetime64("2017-06-17T20:00:00"), np.datetime64("2017-09-10T21:00:00"))
ROWS, COLUMNS = np.indices((250, 120))
PHASE = 4.0 * np.sin(ROWS / 60.0) + 0.02 * COLUMNS
LOOKS = ("--looks", 10, 4)


def pair(level: float = 0.8) -> tuple[np.ndarray, np.ndarray]:
    return correlated_pair(PHASE, np.full(PHASE.shape, level), 5)


def write_pair(folder: Path, first: np.ndarray, second: np.ndarray) -> Path:
    layers = {"T1.slc": first, "T2.slc": second}
    return write_uavsar(folder, NAME, layers, grids=[GRID], flight=FLIGHT, passes=PASSES)


def write_stack(folder: Path, day: str, image: np.ndarray, near: float = 13.4475459) -> Path:
    stem = f"wterre_34202_{day[:2]}028_017_{day}_L090VV_02_BU"
    folder.mkdir(exist_ok=True)
    image.astype("<c8").tofile(folder / f"{stem}_s1_1x1.slc")
    rows, columns = image.shape
    places = np.stack([np.full((25, 30), value) for value in (68.5, -149.5, 700.0)], axis=-1)
    places.astype("<f4").tofile(folder / "wterre_34202_02_BU_s1_4x10.llh")
    (folder / f"{stem}.ann").write_text(
        "Stack Name (&) = wterre_34202_02\n"
        f"slc_1_1x1 (&) = {stem}_s1_1x1.slc ; File Size {image.size * 8} bytes\n"
        "llh_1_4x10 (&) = wterre_34202_02_BU_s1_4x10.llh ; File Size 9000 bytes\n"
        f"slc_1_1x1 Rows = {rows}\nslc_1_1x1 Columns = {columns}\nllh_1_4x10 Rows = 25\nllh_1_4x10 Columns = 30\n"
        "4x10 SLC Range Pixel Spacing (m) = 6.66\n4x10 SLC Azimuth Pixel Spacing (m) = 6.0\n"
        "1x1 SLC Range Pixel Spacing (m) = 1.66551366\n1x1 SLC Azimuth Pixel Spacing (m) = 0.6\n"
        f"Image Starting Slant Range (km) = {near}\nSegment 1 Data Starting Azimuth (m) = -38152.2\n"
        f"Start Time of Acquisition (&) = {day[4:]}-Apr-20{day[:2]} 17:00:00 UTC\n"
        "Look Direction (&) = Left\nPeg Latitude (deg) = 68.65\nPeg Longitude (deg) = -149.8\nPeg Heading (deg) = 180\n"
        "Average GPS Altitude (m) = 12500\nAverage Terrain Height (m) = 730\nCenter Wavelength (cm) = 23.8403545\n"
    )
    return folder / f"{stem}.ann"


def opened(path: Path) -> xr.Dataset:
    with xr.open_dataset(path, engine="h5netcdf") as found:
        return found.load()


@pytest.mark.physics
@pytest.mark.parametrize("memory", [512, 1])
def test_phase_and_coherence_are_those_that_were_put_in(command: Command, tmp_path: Path, memory: int):
    image = write_pair(tmp_path, *pair())
    code, out, error = command("retrieve", "interferogram", image, "--out", tmp_path / "o", *LOOKS, "--memory", memory)
    assert (code, error) == (0, "")
    assert "coherence" in out
    assert "note: the phase is that of the first pass less that of the second" in out
    found = opened(tmp_path / "o" / f"{NAME}_interferogram.nc")
    assert found["interferogram_phase"].shape == (25, 30)
    truth = PHASE.reshape(25, 10, 30, 4).mean(axis=(1, 3))
    off = np.angle(np.exp(1j * (found["interferogram_phase"].values - truth)))
    assert abs(off.mean()) < 0.01
    assert off.std() == pytest.approx(np.sqrt((1 - 0.8**2) / (2 * 40 * 0.8**2)), rel=0.25)
    assert float(found["coherence"].mean()) == pytest.approx(0.8, abs=0.03)
    np.testing.assert_allclose(found["azimuth"][0], -100.0 + 0.6 * 4.5)
    np.testing.assert_allclose(found["slant_range"][0], 13450.0 + 1.66551366 * 1.5)
    summary = json.loads((tmp_path / "o" / f"{NAME}_interferogram.json").read_text())
    assert summary["options"]["days"] == pytest.approx(85.0417, abs=1e-3)
    assert summary["options"]["looks"] == [10, 4]
    assert {Path(name).suffix for name in summary["files"]} == {".nc", ".png"}


def test_the_phase_turns_with_the_order_of_the_passes(command: Command, tmp_path: Path):
    first, second = pair()
    there, back = tmp_path / "there", tmp_path / "back"
    for folder, images in ((there, (first, second)), (back, (second, first))):
        code, _, error = command("retrieve", "interferogram", write_pair(folder, *images), "--out", folder, *LOOKS)
        assert code == 0, error
    one, two = (opened(folder / f"{NAME}_interferogram.nc") for folder in (there, back))
    np.testing.assert_allclose(one["interferogram_phase"], -two["interferogram_phase"], atol=1e-5)
    np.testing.assert_allclose(one["coherence"], two["coherence"], atol=1e-6)


def test_two_products_of_a_stack_get_the_places_of_their_pixels(command: Command, tmp_path: Path):
    first, second = pair()
    files = write_stack(tmp_path / "in", "210407", first), write_stack(tmp_path / "in", "210419", second)
    code, _, error = command("retrieve", "interferogram", *files, "--out", tmp_path / "o", *LOOKS)
    assert (code, error) == (0, "")
    (path,) = (tmp_path / "o").glob("*_interferogram.nc")
    found = opened(path)
    assert found.attrs["days"] == pytest.approx(12.0)
    assert float(found["latitude"].mean()) == pytest.approx(68.5)
    assert found["coherence"].shape == found["longitude"].shape == (25, 30)


def test_missing_pixels_are_missing(command: Command, tmp_path: Path):
    first, second = pair()
    first[:100] = np.nan
    second[:, :40] = np.nan
    image = write_pair(tmp_path, first, second)
    words = ("--out", tmp_path / "o", *LOOKS, "--filter", 0.5, "--memory", 1)
    assert command("retrieve", "interferogram", image, *words)[0] == 0
    found = opened(tmp_path / "o" / f"{NAME}_interferogram.nc")
    for name in ("interferogram_phase", "coherence", "interferogram_amplitude"):
        assert np.isnan(found[name][:10]).all(), name
        assert np.isnan(found[name][:, :10]).all(), name
        assert np.isfinite(found[name][11:, 11:]).mean() > 0.9, name


@pytest.mark.physics
def test_the_phase_is_unwrapped(command: Command, tmp_path: Path):
    pytest.importorskip("snaphu")
    image = write_pair(tmp_path, *pair(0.95))
    assert command("retrieve", "interferogram", image, "--out", tmp_path / "o", *LOOKS, "--unwrap")[0] == 0
    found = opened(tmp_path / "o" / f"{NAME}_interferogram.nc")["unwrapped_phase"].values
    off = found - PHASE.reshape(25, 10, 30, 4).mean(axis=(1, 3))
    assert np.isfinite(off).mean() > 0.9
    assert np.nanmax(np.abs(off - np.nanmedian(off))) < 1.0


def test_what_cannot_be_an_interferogram(command: Command, tmp_path: Path):
    first, second = pair()
    one, two = write_stack(tmp_path / "in", "210407", first), write_stack(tmp_path / "in", "210419", second)
    shifted = write_stack(tmp_path / "shifted", "210419", second, near=13.5)
    whole = write_pair(tmp_path / "pair", first, second)
    noise = write_pair(tmp_path / "noise", first, correlated_pair(PHASE, np.zeros(PHASE.shape), 9)[1])
    empty = write_pair(tmp_path / "empty", np.full_like(first, np.nan), second)
    cases = [
        ((one,), "an interferogram takes two single-look images; found 1"),
        ((one, one), "both images are the same file"),
        ((one, shifted), "the two images are not on one grid"),
        ((one, two, whole), "an interferogram takes one pair or two products; found 3 files"),
        ((one, two, "--image", "2_1x1"), "the product has no image '2_1x1'"),
        ((whole, "--looks", 1, 1), "a coherence takes at least two looks"),
        ((whole, "--looks", 500, 2), "the block of looks is larger than the image"),
        ((whole, "--coherence", 2), "a number is out of range"),
        ((noise, "--coherence", 0.9), "every pixel is missing; found no pixel with a coherence of 0.9 or more"),
        ((empty,), "every pixel is missing"),
    ]
    for words, said in cases:
        code, _, error = command("retrieve", "interferogram", *words, *(() if "--looks" in words else LOOKS),
                                 "--out", tmp_path / "o")  # fmt: skip
        assert code == 2, words
        assert said in error, (words, error)
    assert not (tmp_path / "o").exists()
