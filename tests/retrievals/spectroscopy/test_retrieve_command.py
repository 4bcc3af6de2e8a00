"""``geocryoai retrieve ch4``: what it writes, and what it says of bad files."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import xarray as xr


@pytest.fixture
def place(made_up: SimpleNamespace, tmp_path: Path) -> Path:
    """A folder with a target, and a scene with a plume."""
    made_up.write_target(tmp_path / "target.txt")
    made_up.write_line(tmp_path / "lines", made_up.flight_line(240, 40, peak=5000.0, noise=0.001))
    return tmp_path


def order(place: Path, *more: Any, files: str = "lines") -> tuple[Any, ...]:
    return ("retrieve", "ch4", place / files, "--target", place / "target.txt", "--out", place / "out", *more)


def test_one_scene_gives_maps_a_picture_and_a_summary(command, place: Path):
    code, out, error = command(*order(place, "--group", 2, "--wind", 4, "--wind-sigma", 1))
    assert code == 0, error
    stem = "ang20180814t224053_rdn_v2r2_img_ch4"
    summary = json.loads((place / "out" / f"{stem}.json").read_text())
    (plume,) = summary["plumes"]
    assert "not a flux" in summary["quantity"]
    assert plume["mass_rate"]["kg_per_h"] > 3 * plume["mass_rate"]["sigma_kg_per_h"] > 0
    assert 68.6 < plume["lat"] < 68.7
    assert -157.1 < plume["lon"] < -156.9
    assert "plume 1:" in out
    assert (place / "out" / f"{stem}.png").read_bytes()[:4] == b"\x89PNG"
    with xr.open_dataset(place / "out" / f"{stem}.nc") as dataset:
        enhancement = dataset["ch4_enhancement_linear"]
        assert enhancement.attrs["units"] == "ppm m"
        assert enhancement.attrs["grid_mapping"] == "crs"
        assert dataset["plume"].max() == 1
        x0, a, b = (float(value) for value in dataset["crs"].attrs["GeoTransform"].split()[:3])
        assert (x0, round(a, 3), round(b, 3)) == (581226.0, 3.464, 2.0)
        assert float(dataset["lat"][0, 0]) > float(dataset["lat"][100, 0])
        linear = enhancement.values
    rasterio = pytest.importorskip("rasterio")
    with rasterio.open(place / "out" / f"{stem}.tif") as file:
        assert file.crs.to_epsg() == 32604
        assert file.transform.b == pytest.approx(2.0, abs=1e-3)
        np.testing.assert_array_equal(file.read(2), linear)
        assert file.descriptions[0] == "ch4_enhancement"


def test_without_map_there_is_no_mass_unless_the_pixel_is_known(command, place: Path):
    for path in (place / "lines").glob("*glt*"):
        path.unlink()
    code, out, _ = command(*order(place))
    assert code == 0
    assert "note: no map and no --pixel: masses are not known" in out
    assert not list((place / "out").glob("*.tif"))
    code, out, _ = command(*order(place, "--pixel", 4))
    assert " kg" in out


def test_one_bad_file_does_not_stop_the_others(command, place: Path, made_up: SimpleNamespace):
    bad = made_up.write_line(place / "lines", made_up.flight_line(100, 5), "ang20180815t000000")
    bad.write_bytes(bad.read_bytes()[:-8])
    (place / "lines" / "broken.hdr").write_text("no header")
    code, out, error = command(*order(place, "--group", 2))
    assert code == 3
    assert "2 of 3 scenes could not be retrieved, the others were" in error
    assert "the binary is truncated" in error
    assert "failed: " in out
    written = {path.suffix for path in (place / "out").iterdir()}
    assert {".nc", ".png", ".json"} <= written
    assert all("t224053" in path.name for path in (place / "out").iterdir())


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (("--wind", "4"), "a wind and its uncertainty belong together"),
        (("--wind", "-4", "--wind-sigma", "1"), "--wind: the value must be positive and finite"),
        (("--group", "0"), "--group: the value must be positive and finite"),
        (("--sun-zenith", "95"), "the sun must be above the horizon"),
    ],
)
def test_options_that_cannot_be(more: tuple[str, ...], message: str, command, place: Path):
    code, _, error = command(*order(place, *more))
    assert code == 2
    assert message in error
    assert not (place / "out").exists()


def test_a_folder_without_images_and_two_of_one_name(command, place: Path):
    (place / "empty").mkdir()
    code, _, error = command(*order(place, files="empty"))
    assert code == 2
    assert "the folder has no radiance image" in error
    shutil.copytree(place / "lines", place / "copies")
    code, _, error = command(*order(place, place / "copies"))
    assert code == 2
    assert "two images have one name; found " in error
    assert str(place / "copies") in error
    assert not list((place / "out").glob("*"))


def test_a_scene_named_twice_is_retrieved_once(command, place: Path):
    (image,) = (place / "lines").glob("*img.hdr")
    (place / "link").symlink_to(place / "lines")
    code, out, error = command(*order(place, image.parent / image.name, place / "link" / image.name, "--group", 2))
    assert code == 0, error
    assert out.count(".json\n") == 1


def test_carbon_dioxide_is_sought_in_its_own_window(command, place: Path):
    code, _, error = command("retrieve", "co2", place / "lines", "--target", place / "target.txt", "--quiet")
    assert code == 2
    assert "the scene has no band in the window; found 450 to 2485 nm; expected 1965 to 2120 nm" in error
