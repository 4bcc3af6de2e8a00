"""Plumes, their mass and their emission, against plumes that were put in."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from geocryoai.core.errors import ModelError, SourceError
from geocryoai.retrievals.spectroscopy import (
    EnhancementOptions,
    cross_section_rate,
    find_plumes,
    integrated_mass,
    mass_rate,
    read_target,
    retrieve_enhancement,
)
from geocryoai.retrievals.spectroscopy.emission import Emission, Wind, column_mass
from geocryoai.retrievals.spectroscopy.ground import ground_of, square_ground
from geocryoai.retrievals.spectroscopy.masks import BITS, MaskOptions, flag_pixels
from geocryoai.retrievals.spectroscopy.retrieval import retrieve_plumes
from geocryoai.sources.envi import MapInfo, write_envi
from geocryoai.sources.spectroscopy import open_scene


@pytest.mark.physics
def test_a_uniform_plume_has_the_rate_that_was_put_in():
    rate, speed, side, width = 100.0, 5.0, 2.0, 12
    line = rate / 3600.0 / speed  # kg m-1
    enhancement = np.zeros((400, 40))
    enhancement[50:350, 14 : 14 + width] = line / (width * side) / column_mass("ch4")
    inside, sigma, ground = enhancement > 0, np.full(enhancement.shape, 1e-6), square_ground(side)
    wind = Wind(speed, 1.0)
    found = cross_section_rate(enhancement, sigma, inside, ground, wind)
    assert found.value == pytest.approx(rate, rel=0.01)
    assert found.unit == "kg h-1"
    assert found.sigma == pytest.approx(rate * np.hypot(0.2, 0.03), rel=0.02)
    mass = integrated_mass(enhancement, sigma, inside, ground)
    assert mass.value == pytest.approx(line * 300 * side)
    assert (mass.unit, mass.sigma) == ("kg", pytest.approx(0.03 * mass.value))


@pytest.mark.physics
def test_the_cross_section_does_not_depend_on_the_direction_of_the_map():
    row, column = np.indices((300, 300))
    for turned in (0.0, 25.0, 60.0):
        across = (column - 150) * np.cos(np.deg2rad(turned)) + (row - 150) * np.sin(np.deg2rad(turned))
        along = -(column - 150) * np.sin(np.deg2rad(turned)) + (row - 150) * np.cos(np.deg2rad(turned))
        enhancement = 500.0 * ((np.abs(across) < 7.5) & (np.abs(along) < 100))
        found = cross_section_rate(
            enhancement, np.ones((300, 300)), enhancement > 0, square_ground(3.0), Wind(4.0, 1.0)
        )
        expected = 4.0 * 3600.0 * 500.0 * column_mass("ch4") * 15.0 * 3.0
        assert found.value == pytest.approx(expected, rel=0.03)


@pytest.mark.physics
def test_mass_and_rate_have_the_dimensions_of_mass_and_rate():
    one, sigma, inside = np.ones((10, 10)), np.full((10, 10), 0.1), np.ones((10, 10), bool)
    mass = integrated_mass(one, sigma, inside, square_ground(1.0))
    assert mass.value == pytest.approx(100 * 1e-6 * 0.016043 * 101325 / (8.314462618 * 288.15))
    twice = integrated_mass(one, sigma, inside, square_ground(2.0))
    assert twice.value == pytest.approx(4 * mass.value)
    rate = mass_rate(mass, inside, square_ground(1.0), Wind(3.0, 0.0))
    assert rate.value == pytest.approx(3.0 * mass.value / 10.0 * 3600)
    assert mass_rate(mass, inside, square_ground(1.0), Wind(3.0, 0.0, 0.33, 0.45)).value == pytest.approx(
        rate.value * (0.33 * 3 + 0.45) / 3
    )
    assert column_mass("co2") / column_mass("ch4") == pytest.approx(44.009 / 16.043)
    assert column_mass(pressure=50_662.5) == pytest.approx(0.5 * column_mass())


def test_no_mass_without_pixels_gas_or_wind():
    empty = np.zeros((5, 5), bool)
    with pytest.raises(ModelError, match="the plume has no pixel with data"):
        integrated_mass(np.ones((5, 5)), np.ones((5, 5)), empty, square_ground(1.0))
    with pytest.raises(ModelError, match="too small for cross-sections"):
        cross_section_rate(np.ones((5, 5)), np.ones((5, 5)), empty, square_ground(1.0), Wind(1.0, 0.1))
    with pytest.raises(ModelError, match="molar mass is not known; found n2o"):
        column_mass("n2o")
    with pytest.raises(ModelError, match="a wind needs a positive speed"):
        mass_rate(Emission(1.0, 0.1, "kg", ""), ~empty, square_ground(1.0), Wind(0.0, 0.1))


@pytest.mark.physics
def test_pixels_of_a_rotated_and_of_a_geographic_map_have_their_area():
    turned = MapInfo((3.864, 3.479, 581226.67, 3.479, -3.864, 7916192.56), "EPSG:32604")
    assert ground_of(turned, (10, 10)).pixel_area == pytest.approx(3.864**2 + 3.479**2)
    degrees = MapInfo((0.001, 0.0, -150.0, 0.0, -0.001, 60.05), "EPSG:4326")
    expected = 111_412.0 * 0.001 * 111_320.0 * 0.001 * np.cos(np.deg2rad(60.0))
    assert ground_of(degrees, (100, 100)).pixel_area == pytest.approx(expected, rel=0.004)


@pytest.mark.physics
@pytest.mark.parametrize("seed", range(4))
def test_the_mass_of_a_planted_plume_is_within_its_stated_sigma(seed: int, made_up: SimpleNamespace, tmp_path: Path):
    line = made_up.flight_line(400, 60, peak=5000.0, noise=0.001, seed=seed)
    target = read_target(made_up.write_target(tmp_path / "target.txt"))
    scene = open_scene(made_up.write_line(tmp_path, line))
    found, plumes = retrieve_plumes(scene, target, EnhancementOptions(group=2))
    inside, ground = plumes.labels > 0, square_ground(made_up.pixel)
    mass = integrated_mass(
        found.linear, found.sigma, inside, ground, noise_factor=plumes.noise_factor, background=~inside
    )
    truth = float(line.enhancement[inside].sum()) * column_mass("ch4") * ground.pixel_area
    assert abs(mass.value - truth) < 2.0 * mass.sigma
    assert 0.8 * line.mass < truth < line.mass
    assert mass.sigma < 0.1 * mass.value


@pytest.mark.physics
def test_blank_scenes_give_as_few_plumes_as_was_asked_for():
    rng = np.random.default_rng(0)
    false = sum(len(find_plumes(rng.standard_normal((200, 200)), np.ones((200, 200))).plumes) for _ in range(60))
    assert false <= 8  # expected: 0.05 x 60 = 3


def test_a_plume_stands_out_also_where_the_noise_is_underestimated():
    rng = np.random.default_rng(1)
    noise = 3.0 * rng.standard_normal((200, 200))
    noise[90:110, 90:100] += 12.0
    noise[:20, :30] = np.nan
    found = find_plumes(noise, np.ones((200, 200)))
    assert found.noise_factor == pytest.approx(3.0, rel=0.05)
    assert len(found.plumes) == 1
    assert found.plumes[0].expected_false < 1e-6
    assert (found.labels[90:110, 90:100] == 1).mean() > 0.95
    assert not found.labels[:20, :30].any()
    with pytest.raises(ModelError, match="do not fit"):
        find_plumes(noise, np.ones((20, 20)))


def test_flags_say_why_a_pixel_is_left_out():
    window = np.full((5, 3), 0.5)
    window[0, 1], window[1, 2] = -9999.0, 7.0
    beside = {450.0: np.full(5, 6.0), 560.0: np.full(5, 5.0), 1650.0: np.full(5, 2.0), 2200.0: np.full(5, 0.5)}
    beside[2200.0][2] = 0.001
    beside[1650.0][3], beside[2200.0][3] = 0.3, 0.2
    beside[450.0][4], beside[1650.0][4] = 30.0, 3.0
    flags = flag_pixels(window, beside, -9999.0, MaskOptions())
    assert flags.tolist() == [BITS[name] for name in ("no_data", "saturated", "dark", "glint", "cloud")]
    assert flag_pixels(window[2:], {}, -9999.0, MaskOptions()).tolist() == [0, 0, 0]


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, -9999.0])
def test_one_value_that_is_none_makes_a_pixel_one_without_data(value: float):
    window = np.full((2, 3, 5), 1.0, np.float32)
    window[1, 2, 4] = value
    flags = flag_pixels(window, {}, -9999.0, MaskOptions())
    assert flags.tolist() == [[0, 0, 0], [0, 0, BITS["no_data"]]]


@pytest.fixture
def target(made_up: SimpleNamespace, tmp_path: Path):
    return read_target(made_up.write_target(tmp_path / "target.txt"))


@pytest.mark.parametrize("workers", [1, 3])
@pytest.mark.parametrize("memory", [0.2, 500.0])
def test_blocks_and_workers_do_not_change_the_result(
    workers: int, memory: float, target, made_up: SimpleNamespace, tmp_path: Path
):
    scene = open_scene(made_up.write_line(tmp_path, made_up.flight_line(200, 13, peak=4000.0)))
    plain = retrieve_enhancement(scene, target, EnhancementOptions(group=2, workers=1))
    other = retrieve_enhancement(scene, target, EnhancementOptions(group=2, workers=workers, memory_mb=memory))
    np.testing.assert_array_equal(plain.sparse, other.sparse)
    assert np.isfinite(other.linear).all()


def test_a_map_is_grouped_by_the_samples_of_its_table(target, made_up: SimpleNamespace, tmp_path: Path):
    line = made_up.flight_line(200, 12, peak=4000.0)
    raw = retrieve_enhancement(open_scene(made_up.write_line(tmp_path / "raw", line)), target)
    place = "UTM, 1, 1, 500000, 7600000, 4, 4, 6, North, WGS-84"
    image = tmp_path / "ang20180814t224053_rdn_v2r2_img"
    row, column = np.indices((200, 15))
    sample = (column - (row // 50)) + 1
    empty = (sample < 1) | (sample > 12)
    table = np.where(empty[..., None], 0, np.stack([sample, row + 1], -1)).astype(np.int32)
    on_map = line.radiance[row, np.clip(sample - 1, 0, 11)]
    on_map[empty] = -9999
    write_envi(image, on_map, wavelength=made_up.wavelength, fwhm=made_up.fwhm, map_info=place, ignore=-9999)
    write_envi(tmp_path / "ang20180814t224053_rdn_v2r2_glt", table, interleave="bip", map_info=place)
    found = retrieve_enhancement(open_scene(image), target, EnhancementOptions(memory_mb=0.1))
    np.testing.assert_allclose(found.linear[~empty], raw.linear[row[~empty], sample[~empty] - 1], rtol=1e-4, atol=0.1)
    assert (found.flags[empty] == BITS["no_data"]).all()
    (tmp_path / "ang20180814t224053_rdn_v2r2_glt.hdr").unlink()
    one = retrieve_enhancement(open_scene(image), target)
    assert "detector stripes remain" in " ".join(one.notes)


def test_scenes_that_give_nothing_say_why(target, made_up: SimpleNamespace, tmp_path: Path):
    line = made_up.flight_line(60, 5)
    with pytest.raises(SourceError, match=r"no group of detector columns has enough clear pixels; found group 0: too"):
        retrieve_enhancement(open_scene(made_up.write_line(tmp_path / "short", line)), target)
    line.radiance[:] = -9999.0
    with pytest.raises(SourceError, match="all pixels are without data"):
        retrieve_enhancement(open_scene(made_up.write_line(tmp_path / "blank", line)), target)
    image = tmp_path / "ang20180814t224053_rfl_v2r2_img"
    write_envi(image, line.radiance, wavelength=made_up.wavelength)
    with pytest.raises(SourceError, match="needs radiance; found reflectance"):
        retrieve_enhancement(open_scene(image), target)
    image = tmp_path / "visible"
    write_envi(image, line.radiance[:, :, :4], wavelength=made_up.wavelength[:4])
    with pytest.raises(SourceError, match=r"no band in the window; found 450 to 860 nm; expected 2122 to 2488 nm"):
        retrieve_enhancement(open_scene(image), target)
