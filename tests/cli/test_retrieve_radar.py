"""``geocryoai retrieve displacement``, ``alt`` and ``polsar``: from files of the true format to products."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr

from geocryoai.retrievals.radar.displacement import phase_of_displacement
from geocryoai.retrievals.radar.geometry import incidence_on_ground
from geocryoai.retrievals.radar.interferogram import interferogram, multilook
from geocryoai.retrievals.radar.noise import correlated_pair
from geocryoai.retrievals.radar.soil_porosity import SoilPorosity
from geocryoai.sources import READERS
from geocryoai.sources.uavsar.flight import Flight
from geocryoai.sources.uavsar.grids import RadarGrid
from geocryoai.sources.uavsar.writer import write_uavsar

Command = Callable[..., tuple[int, str, str]]

L_BAND = 0.238403545
NAME = "toolik_18119_17069-008_17098-005_0085d_s01_L090HH_01"
QUAD = "toolik_18119_17069_008_170617_L090_CX_01"
GRID = RadarGrid("ground", 90, 70, (68.66, -149.62), (-0.00005556, 0.00016667))
FLIGHT = Flight(68.65, -149.80, 180.0, 12_500.0, 730.0, True, L_BAND)
PASSES = (np.datetime64("2017-06-17T20:00:00"), np.datetime64("2017-09-10T21:00:00"))
THAW = (90.0, 880.0, 900.0)
LAT, LON = (GRID.centres()[name] for name in ("lat", "lon"))
INCIDENCE = incidence_on_ground(LAT[:, None], LON, 730.0, peg=(68.65, -149.80, 180.0), altitude=12_500.0)


def settled() -> tuple[np.ndarray, np.ndarray]:
    """Return thickness, and the displacement between the passes; the first rows are bedrock that does not move."""
    rows, columns = np.indices((90, 70))
    alt = 0.45 + 0.15 * np.sin(rows / 20) * np.cos(columns / 25)
    soil, roots = SoilPorosity(), np.sqrt(np.array(THAW[:2]) / THAW[2])
    motion = -(soil.settlement(roots[1] * alt) - soil.settlement(roots[0] * alt))
    return np.where(rows < 8, 0.0, alt), np.where(rows < 8, 0.0, motion)


def write_pair(folder: Path, name: str = NAME, *, offset: float = 0.4, sign: str = "away", **more: Any) -> Path:
    motion = settled()[1]
    phase = phase_of_displacement(motion, INCIDENCE, L_BAND, phase_grows=sign) + offset  # type: ignore[arg-type]
    coherence = np.full(phase.shape, 0.9)
    coherence[60:70, 10:20] = 0.1
    layers = {"unw.grd": phase, "cor.grd": coherence} | more
    return write_uavsar(folder, name, layers, grids=[GRID], flight=FLIGHT, passes=PASSES)


REFERENCE = ("--reference", f"{LAT[3]:.6f}", f"{LON[35]:.6f}", "15")


def test_displacement_of_a_noise_free_pair(command: Command, tmp_path: Path) -> None:
    code, out, error = command("retrieve", "displacement", write_pair(tmp_path), "--out", tmp_path / "o", *REFERENCE)
    assert (code, error) == (0, "")
    assert "median" in out
    assert "grow where the ground moves away from the radar" in out
    with xr.open_dataset(tmp_path / "o" / f"{NAME}_displacement.nc", engine="h5netcdf") as found:
        truth = settled()[1]
        kept = np.isfinite(found["displacement"].values)
        assert not kept[60:70, 10:20].any()
        assert kept.sum() == 90 * 70 - 100
        assert np.abs(found["displacement"].values - truth)[kept].max() < 0.002
        np.testing.assert_allclose(found["incidence"].values[kept], INCIDENCE[kept], atol=1e-5)
        assert found["displacement"].attrs["units"] == "m"
        np.testing.assert_allclose(found["lat"], LAT)
        assert "crs_wkt" in found["crs"].attrs
    summary = json.loads((tmp_path / "o" / f"{NAME}_displacement.json").read_text())
    assert summary["pixels"] == 6300
    assert summary["missing_share"] == pytest.approx(100 / 6300)
    assert summary["options"]["phase_grows"] == "away"
    assert summary["p05"] < summary["median"] < summary["p95"] <= 0.001
    assert 0 < summary["median_sigma"] < 0.005
    assert (tmp_path / "o" / f"{NAME}_displacement.png").read_bytes()[:4] == b"\x89PNG"


def test_the_geotiff_lies_on_the_same_ground(command: Command, tmp_path: Path) -> None:
    rasterio = pytest.importorskip("rasterio")
    command("retrieve", "displacement", write_pair(tmp_path), "--out", tmp_path, "--quiet")
    with rasterio.open(tmp_path / f"{NAME}_displacement.tif") as file:
        assert file.crs.to_epsg() == 4326
        assert file.xy(0, 0) == pytest.approx((LON[0], LAT[0]))
        assert file.xy(89, 69) == pytest.approx((LON[-1], LAT[-1]))
        assert file.descriptions[0] == "displacement"
        assert np.isnan(file.read(1)[65, 15])


def test_the_sign_is_that_of_the_option(command: Command, tmp_path: Path) -> None:
    path = write_pair(tmp_path, sign="towards")
    for grows, sinks in (("towards", True), ("away", False)):
        command("retrieve", "displacement", path, "--out", tmp_path / grows, "--phase-grows", grows, *REFERENCE)
        summary = json.loads((tmp_path / grows / f"{NAME}_displacement.json").read_text())
        assert (summary["median"] < 0) is sinks


def test_a_noisy_pair_errs_within_its_sigma(command: Command, tmp_path: Path) -> None:
    truth = settled()[1]
    level = 0.75
    phase = phase_of_displacement(truth, INCIDENCE, L_BAND)
    fine = np.kron(phase, np.ones((6, 6)))
    wave = multilook(interferogram(*correlated_pair(fine, np.full(fine.shape, level), 1)), (6, 6))
    path = write_uavsar(tmp_path, NAME, {"unw.grd": np.angle(wave), "cor.grd": np.full(truth.shape, level)},
                        grids=[GRID], flight=FLIGHT, passes=PASSES)  # fmt: skip
    assert command("retrieve", "displacement", path, "--out", tmp_path, *REFERENCE)[0] == 0
    with xr.open_dataset(tmp_path / f"{NAME}_displacement.nc", engine="h5netcdf") as found:
        scaled = (found["displacement"].values - truth) / found["displacement_sigma"].values
    assert scaled.std() == pytest.approx(1.0, abs=0.1)
    assert (np.abs(scaled - scaled.mean()) < 1.645).mean() == pytest.approx(0.9, abs=0.03)


def test_an_interferogram_is_unwrapped(command: Command, tmp_path: Path) -> None:
    pytest.importorskip("snaphu")
    rows, columns = np.indices((90, 70))
    motion = -0.25 * np.exp(-((rows - 50) ** 2 + (columns - 35) ** 2) / 300)
    wave = np.exp(1j * phase_of_displacement(motion, INCIDENCE, L_BAND))
    path = write_uavsar(tmp_path, NAME, {"int.grd": wave, "cor.grd": np.full(motion.shape, 0.95)}, grids=[GRID],
                        flight=FLIGHT, passes=PASSES)  # fmt: skip
    code, out, _ = command("retrieve", "displacement", path, "--out", tmp_path, "--unwrap", *REFERENCE)
    assert code == 0
    assert "network" not in out
    with xr.open_dataset(tmp_path / f"{NAME}_displacement.nc", engine="h5netcdf") as found:
        error = found["displacement"].values - motion
    assert np.isfinite(error).mean() > 0.95
    assert np.nanmax(np.abs(error)) < 0.002


def test_thickness_from_displacement(command: Command, tmp_path: Path) -> None:
    command("retrieve", "displacement", write_pair(tmp_path), "--out", tmp_path, *REFERENCE)
    thaw = ("--thaw-first", THAW[0], "--thaw-second", THAW[1], "--thaw-end", THAW[2])
    code, out, error = command("retrieve", "alt", tmp_path, "--out", tmp_path, *thaw)
    assert (code, error) == (0, "")
    assert "drained soil comes out too thin" in out
    with xr.open_dataset(tmp_path / f"{NAME}_alt.nc", engine="h5netcdf") as found:
        truth, alt = settled()[0], found["alt"].values
        inside = np.isfinite(alt) & (truth > 0)
        assert np.abs(alt / np.where(truth > 0, truth, 1) - 1)[inside].max() < 0.01
        assert (found["alt_sigma"].values[inside] > 0).all()
    wrong = command("retrieve", "alt", tmp_path, "--out", tmp_path, *thaw[:2], "--thaw-second", 10, *thaw[4:])
    assert wrong[0] == 2
    assert "the degree days of thaw are out of order" in wrong[2]


def test_what_was_retrieved_can_be_used_in_a_study(command: Command, tmp_path: Path) -> None:
    command("retrieve", "displacement", write_pair(tmp_path), "--out", tmp_path, *REFERENCE)
    options = {"variables": {"displacement": {"variable": "displacement", "positive": "up"}}, "time": {"static": True}}
    path = tmp_path / f"{NAME}_displacement.nc"
    fields = READERS.get("grid").read(path, source=path.name, options=options).fields
    assert fields is not None
    assert float(fields["displacement"].min()) < -0.01


def test_polarimetry_of_a_product(command: Command, tmp_path: Path) -> None:
    one = np.ones((90, 70), np.float32)
    layers = {
        "HHHH.grd": one, "HVHV.grd": 0.0001 * one, "VVVV.grd": one, "HHHV.grd": 1e-9j * one, "HHVV.grd": (1 + 0j) * one,
        "HVVV.grd": 1e-9j * one,
    }  # fmt: skip
    path = write_uavsar(tmp_path, QUAD, layers, grids=[GRID], flight=FLIGHT, passes=PASSES[:1])
    code, _, error = command("retrieve", "polsar", path, "--out", tmp_path, "--filter", "none")
    assert (code, error) == (0, "")
    with xr.open_dataset(tmp_path / f"{QUAD}_polsar.nc", engine="h5netcdf") as found:
        assert float(found["alpha"].max()) < 1.0
        assert float(found["entropy"].max()) < 0.01
        assert float(found["surface"].min()) > 1.99
    (tmp_path / "toolik_18119_17069_008_170617_L090HVVV_CX_01.grd").unlink()
    code, _, error = command("retrieve", "polsar", path, "--out", tmp_path)
    assert code == 2
    assert "a polarimetric product is not complete; found no hvvv on the ground" in error


@pytest.mark.real
@pytest.mark.parametrize("kind", ["boxcar", "refined_lee"])
def test_polarimetry_of_the_real_sample(command: Command, real_data: Path, tmp_path: Path, kind: str) -> None:
    folder = real_data / "remote/uavsar/polsar_c3_sample"
    code, _, error = command("retrieve", "polsar", folder, "--out", tmp_path, "--filter", kind)
    assert (code, error) == (0, "")
    summary = json.loads((tmp_path / "polsar_c3_sample_polsar.json").read_text())
    assert summary["pixels"] == 201 * 101
    assert 0.2 < summary["median"] < 0.95


def test_strips_do_not_show(tmp_path: Path) -> None:
    from geocryoai.retrievals.radar.polarimetry.polarimetric_map import PolarimetryOptions, polarimetric_map
    from geocryoai.sources.polsar_c3 import PARTS, open_c3

    rng = np.random.default_rng(0)
    (tmp_path / "config.txt").write_text("Nrow\n40\n-\nNcol\n15\n")
    for part in PARTS:
        low = 1.0 if part in ("C11", "C22", "C33") else -0.3
        (tmp_path / f"{part}.bin").write_bytes(rng.uniform(low, low + 0.6, (40, 15)).astype("<f4").tobytes())
    for name in ("boxcar", "refined_lee"):
        whole, strips = (
            polarimetric_map(open_c3(tmp_path), PolarimetryOptions(name, 5, strip=rows)).load()  # type: ignore[arg-type]
            for rows in (64, 7)
        )
        xr.testing.assert_allclose(whole, strips)
        assert whole["entropy"].dims == ("row", "column")


def test_one_bad_scene_does_not_stop_the_others(command: Command, tmp_path: Path) -> None:
    good = write_pair(tmp_path)
    bad = write_pair(tmp_path, NAME.replace("toolik", "kuparu"))
    image = bad.with_name(f"{bad.stem}.unw.grd")
    image.write_bytes(image.read_bytes()[:-4])
    code, out, error = command("retrieve", "displacement", tmp_path, "--out", tmp_path / "o")
    assert code == 3
    assert "1 of 2 scenes could not be retrieved, the others were" in error
    assert f"{image.name}: the file is truncated" in error
    assert f"failed: {bad}" in out
    assert (tmp_path / "o" / f"{good.stem}_displacement.nc").exists()
    assert not list((tmp_path / "o").glob("*kuparu*"))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--coherence", "0.95"), r"every pixel is missing; found no pixel with a phase and a coherence of 0.95"),
        (("--reference", "60", "-149", "100"), "the reference area lies outside the scene"),
        (("--reference", "68.656400", "-149.617", "12"), "the reference area has no valid pixel"),
        (("--angle", "look_vector"), "the layer 'look_east' is not there"),
        (("--looks", "0"), "looks: a number is out of range"),
    ],
)
def test_bad_input_is_one_clear_message(
    command: Command, tmp_path: Path, arguments: tuple[str, ...], message: str
) -> None:
    code, _, error = command("retrieve", "displacement", write_pair(tmp_path), "--out", tmp_path / "o", *arguments)
    assert code == 2
    assert message in error
    assert not list((tmp_path / "o").glob("*")) if (tmp_path / "o").exists() else True


def test_a_ramp_is_taken_off_and_look_vectors_are_used(command: Command, tmp_path: Path) -> None:
    rows, columns = np.indices((90, 70))
    flat = 0.02 * rows - 0.03 * columns + 5.0
    theta = np.full((90, 70), 0.6)
    look = np.stack([np.sin(theta), 0 * theta, -np.cos(theta)], axis=-1)
    path = write_uavsar(tmp_path, NAME, {"unw.grd": flat, "cor.grd": np.full(flat.shape, 0.9), "lkv.grd": look},
                        grids=[GRID], flight=FLIGHT, passes=PASSES)  # fmt: skip
    assert command("retrieve", "displacement", path, "--out", tmp_path, "--remove-ramp")[0] == 0
    with xr.open_dataset(tmp_path / f"{NAME}_displacement.nc", engine="h5netcdf") as found:
        assert np.abs(found["displacement"].values).max() < 1e-5
        np.testing.assert_allclose(found["incidence"].values, 0.6, atol=1e-6)
        assert found.attrs["angle"] == "look_vector"


def test_a_folder_with_nothing(command: Command, tmp_path: Path) -> None:
    code, _, error = command("retrieve", "displacement", tmp_path)
    assert code == 2
    assert r"the folder has nothing to retrieve; expected *.ann" in error
