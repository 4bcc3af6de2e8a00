"""``geocryoai retrieve indices`` and ``components``: layers of known scenes, saved loadings, bad input."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr

from geocryoai.core.errors import SourceError
from geocryoai.retrievals.spectroscopy.components import Components, load_components, save_components
from geocryoai.retrievals.spectroscopy.spectral_layers import band_weights, score_blocks, whole
from geocryoai.sources.envi import write_envi
from geocryoai.sources.spectroscopy import open_scene

Command = Callable[..., tuple[int, str, str]]

NAME = "ang20180814t224053_rfl_v2r2_img"
WAVELENGTH = np.arange(450.0, 1300.1, 10.0)
UTM = "UTM, 1, 1, 581226.0, 7616192.0, 4.0, 4.0, 4, North, WGS-84"
#: Two shapes of which all spectra are made, besides their mean.
SHAPES = np.stack([np.sin(WAVELENGTH / 150.0), np.cos(WAVELENGTH / 90.0)])
MEAN = 0.3 + 0.0001 * WAVELENGTH


def spectra(lines: int = 40, samples: int = 30, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    weights = rng.normal(size=(lines, samples, 2)) * [0.05, 0.01]
    return (MEAN + weights @ SHAPES).astype(np.float32)


def write_image(folder: Path, cube: np.ndarray, name: str = NAME, **more: Any) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    given = {"wavelength": WAVELENGTH, "fwhm": np.full(WAVELENGTH.size, 11.0), "ignore": -9999.0, "map_info": UTM}
    write_envi(folder / name, cube, **(given | more))
    return folder / name


@pytest.mark.physics
def test_indices_are_those_of_the_spectra(command: Command, tmp_path: Path):
    cube = np.full((12, 9, WAVELENGTH.size), 0.2, np.float32)
    at = {w: int(np.argmin(abs(WAVELENGTH - w))) for w in (860.0, 660.0, 1240.0)}
    cube[:, :, at[860.0]], cube[:, :, at[660.0]] = 0.45, 0.05
    cube[3, 4] = -9999.0
    image = write_image(tmp_path / "in", cube)
    code, out, error = command(
        "retrieve", "indices", image, "--out", tmp_path / "o", "--index", "ndvi", "--index", "ndwi"
    )
    assert (code, error) == (0, "")
    assert "ndvi median 0.8 " in out
    with xr.open_dataset(tmp_path / "o" / f"{NAME}_indices.nc", engine="h5netcdf") as found:
        assert found["ndvi"].dims == ("y", "x")
        assert "crs_wkt" in found["crs"].attrs
        assert np.isnan(found["ndvi"].values[3, 4])
        assert np.isfinite(found["ndvi"].values).sum() == 12 * 9 - 1
        np.testing.assert_allclose(found["ndvi"].values[0], 0.8, atol=1e-6)
        np.testing.assert_allclose(found["ndwi"].values[0], (0.45 - 0.2) / 0.65, atol=1e-6)
        np.testing.assert_allclose(found["x"].values[:2], [581228.0, 581232.0])
    summary = json.loads((tmp_path / "o" / f"{NAME}_indices.json").read_text())
    assert summary["layers"]["ndvi"]["missing_share"] == pytest.approx(1 / 108)
    assert summary["start"] == "2018-08-14T22:40:53+00:00"
    assert {Path(name).suffix for name in summary["files"]} >= {".nc", ".png"}
    rasterio = pytest.importorskip("rasterio")
    with rasterio.open(tmp_path / "o" / f"{NAME}_indices.tif") as file:
        assert file.crs.to_epsg() == 32604
        assert file.descriptions == ("ndvi", "ndwi")
        assert file.read(1)[0, 0] == pytest.approx(0.8)


@pytest.mark.parametrize(
    ("name", "scale", "more", "said"),
    [
        ("scene_img", 1.0, (), "indices need reflectance; found radiance"),
        (NAME, 10_000.0, (), "the values are no reflectance"),
        (NAME, 1.0, ("--index", "ndvii"), "unknown index 'ndvii'. Did you mean 'ndvi'?"),
        (NAME, 1.0, ("--index", "nbr"), "the scene has no band at 2200 nm"),
        (NAME, float("nan"), ("--index", "ndvi"), "every pixel is missing"),
    ],
)
def test_what_is_no_reflectance_is_refused(
    command: Command, tmp_path: Path, name: str, scale: float, more: tuple[str, ...], said: str
):
    image = write_image(tmp_path / "in", spectra() * np.float32(scale), name)
    code, _, error = command("retrieve", "indices", image, "--index", "ndvi", "--out", tmp_path / "o", *more)
    assert code == 2
    assert said in error
    assert not list((tmp_path / "o").iterdir())


def test_a_name_that_says_nothing_can_be_taken_as_reflectance(command: Command, tmp_path: Path):
    image = write_image(tmp_path / "in", spectra(), "scene_img", map_info=None)
    code, out, _ = command("retrieve", "indices", image, "--index", "ndvi", "--reflectance", "--out", tmp_path / "o")
    assert code == 0
    assert "no map: the product is in raw geometry" in out
    assert not (tmp_path / "o" / "scene_img_indices.tif").exists()
    with xr.open_dataset(tmp_path / "o" / "scene_img_indices.nc", engine="h5netcdf") as found:
        assert found["ndvi"].dims == ("line", "sample")


@pytest.mark.physics
def test_components_of_two_shapes_explain_all_and_serve_another_scene(command: Command, tmp_path: Path):
    first = spectra()
    first[0, 0] = -9999.0
    image = write_image(tmp_path / "in", first)
    code, out, error = command("retrieve", "components", image, "--count", 3, "--out", tmp_path / "o")
    assert (code, error) == (0, "")
    assert "explained variance" in out
    stem = tmp_path / "o" / f"{NAME}_components"
    summary = json.loads(stem.with_suffix(".json").read_text())
    assert sum(summary["explained"][:2]) == pytest.approx(1.0, abs=1e-6)
    assert summary["learnt_from_pixels"] == 40 * 30 - 1
    components = load_components(stem.with_suffix(".npz"))
    rebuilt = components.mean + np.einsum("cyx,cb->yxb", _scores(stem.with_suffix(".nc")), components.loadings)
    known = np.ones((40, 30), bool)
    known[0, 0] = False
    used = np.isin(WAVELENGTH, components.wavelength)
    np.testing.assert_allclose(rebuilt[known], first[known][:, used], atol=2e-6)

    other = write_image(tmp_path / "in", spectra(seed=1), NAME.replace("224053", "230000"))
    words = ("--loadings", stem.with_suffix(".npz"), "--out", tmp_path / "o")
    assert command("retrieve", "components", other, *words)[0] == 0
    again = tmp_path / "o" / f"{other.name}_components"
    assert not again.with_suffix(".npz").exists()
    expected = components.scores(spectra(seed=1)[:, :, used].astype(float))
    np.testing.assert_allclose(_scores(again.with_suffix(".nc")), np.moveaxis(expected, 2, 0), atol=1e-5)
    assert json.loads(again.with_suffix(".json").read_text())["loadings"]["name"] == stem.with_suffix(".npz").name


def _scores(path: Path) -> np.ndarray:
    with xr.open_dataset(path, engine="h5netcdf") as found:
        return np.stack([found[f"component_{number}"].values for number in (1, 2, 3)]).astype(float)


@pytest.mark.parametrize("order", [slice(None), slice(None, None, -1)])
def test_components_are_brought_to_other_bands(tmp_path: Path, order: slice):
    straight = Components(np.array([503.0, 700.0, 1001.0]), np.zeros(3), np.eye(3), np.ones(3) / 3, 9)
    wavelength = WAVELENGTH[order]
    cube = np.broadcast_to((0.001 * wavelength).astype(np.float32), (4, 3, wavelength.size)).copy()
    scene = open_scene(write_image(tmp_path, cube, wavelength=wavelength))
    values = whole(scene, score_blocks(scene, straight, memory_mb=0.01))
    for layer, expected in zip(values, (0.503, 0.7, 1.001), strict=True):
        np.testing.assert_allclose(layer, expected, rtol=1e-5)
    bands, weights = band_weights(scene, straight.wavelength)
    np.testing.assert_allclose(weights.sum(axis=0), 1.0)
    assert len(bands) == 5
    with pytest.raises(SourceError, match="no band at 1400 nm"):
        band_weights(scene, np.array([1400.0]))


def test_loadings_that_do_not_fit_are_refused(command: Command, tmp_path: Path):
    image = write_image(tmp_path / "in", spectra())
    radiance = Components(WAVELENGTH, MEAN, SHAPES, np.array([0.9, 0.1]), 9, "radiance")
    save_components(tmp_path / "radiance.npz", radiance)
    damaged = Components(WAVELENGTH[:-1], MEAN, SHAPES, np.array([0.9, 0.1]), 9)
    save_components(tmp_path / "damaged.npz", damaged)
    (tmp_path / "text.npz").write_text("no loadings")
    cases = {
        "radiance": "the components are of another quantity; found radiance; expected reflectance",
        "damaged": "the file of components is damaged",
        "text": "not a file of components",
        "none": "not a file of components",
    }
    for name, said in cases.items():
        words = ("--loadings", tmp_path / f"{name}.npz", "--out", tmp_path / "o")
        code, _, error = command("retrieve", "components", image, *words)
        assert code == 2, name
        assert said in error, name
    flat = write_image(tmp_path / "flat", np.full((40, 30, WAVELENGTH.size), 0.25, np.float32))
    code, _, error = command("retrieve", "components", flat, "--out", tmp_path / "o")
    assert code == 2
    assert "the spectra do not vary, so they have no components" in error


def test_a_folder_stands_for_its_reflectance_and_one_bad_file_for_itself(command: Command, tmp_path: Path):
    write_image(tmp_path / "in", spectra())
    write_image(tmp_path / "in", spectra(), NAME.replace("_rfl_", "_rdn_"))
    bad = write_image(tmp_path / "in", spectra(), NAME.replace("224053", "230000"))
    bad.write_bytes(b"")
    code, _, error = command("retrieve", "indices", tmp_path / "in", "--index", "ndvi", "--out", tmp_path / "o")
    assert code == 3
    assert "1 of 2 scenes could not be retrieved, the others were" in error
    assert f"1. {bad}.hdr: the binary is truncated; found 0 bytes" in error
    assert all(path.name.startswith(NAME) for path in (tmp_path / "o").iterdir())
