"""Matched filters against their definitions, and against gas that was put in."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from geocryoai.core.errors import ModelError, SourceError
from geocryoai.retrievals.spectroscopy import FilterOptions, filter_group, read_target
from geocryoai.retrievals.spectroscopy.covariance import SHARES, loo_shrinkage
from geocryoai.retrievals.spectroscopy.resample import to_bands
from geocryoai.retrievals.spectroscopy.scale import Curve


def textbook(x: np.ndarray, unit: np.ndarray, iterations: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The filters as their papers write them, covariance and inverse anew in each iteration [ppm m]."""
    albedo = x @ x.mean(0) / (x.mean(0) @ x.mean(0))
    alpha, target, classical = np.zeros(len(x)), x.mean(0) * unit, np.zeros(len(x))
    for turn in range(iterations + 1):
        clean = x - np.outer(albedo * alpha, target)
        mean = clean.mean(0)
        target = mean * unit
        weights = np.linalg.solve(np.cov(clean.T, bias=True), target)
        strength, answer = target @ weights, (x - mean) @ weights
        if turn == 0:
            classical = answer / strength
        penalty = 0.0 if turn == 0 else 1.0 / (albedo * (alpha + 1e-9))
        alpha = np.maximum(0.0, (answer - penalty) / (albedo * strength))
    return 1e5 * classical, 1e5 * answer / (albedo * strength), 1e5 * alpha


@pytest.fixture(scope="module")
def group(made_up: SimpleNamespace) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Pixels of one detector in the window, their enhancement [ppm m], and the unit absorption."""
    line = made_up.flight_line(900, 1, peak=3000.0, noise=0.001, seed=3)
    window = made_up.wavelength > 2120
    return line.radiance[:, 0, window], line.enhancement[:, 0], made_up.absorption(made_up.wavelength[window])


@pytest.mark.physics
def test_one_sweep_for_each_iteration_gives_what_the_definition_gives(group: tuple[np.ndarray, ...]):
    radiance, _, unit = group
    for iterations in (0, 1, 5, 30):
        found = filter_group(radiance, unit, FilterOptions(iterations, shrinkage=0.0))
        classical, linear, sparse = textbook(radiance.astype(float), unit, iterations)
        np.testing.assert_allclose(found.classical, classical, atol=1e-3)
        np.testing.assert_allclose(found.linear, linear, atol=1e-2)
        np.testing.assert_allclose(found.sparse, sparse, atol=1e-2)


@pytest.mark.physics
def test_pixels_without_gas_are_asked_again_where_an_answer_could_outweigh_their_penalty():
    rng = np.random.default_rng(0)
    mean, unit = rng.uniform(1.0, 2.0, 12), -rng.uniform(0.5, 1.5, 12)
    gas = np.where(np.arange(500) < 1, rng.uniform(0.0, 0.03, 500), 0.0)
    radiance = rng.uniform(0.8, 1.2, (500, 1)) * mean * (1.0 + np.outer(gas, unit))
    radiance += 1e-6 * rng.standard_normal(radiance.shape)
    found = filter_group(radiance, unit, FilterOptions(10, shrinkage=0.0))
    assert 1e10 / found.sigma.min() ** 2 * gas.max() > 1e9
    np.testing.assert_allclose(found.sparse, textbook(radiance, unit, 10)[2], atol=1e-2)


@pytest.mark.physics
def test_the_sparse_filter_is_nearer_to_the_truth_than_the_classical_one(group: tuple[np.ndarray, ...]):
    radiance, truth, unit = group
    found = filter_group(radiance, unit)
    error = {name: np.sqrt(np.mean((getattr(found, name) - truth) ** 2)) for name in ("classical", "sparse")}
    assert error["sparse"] < 0.8 * error["classical"]
    clear = truth < 1
    assert np.mean(found.sparse[clear] == 0) > 0.5
    assert found.sparse.min() == 0.0


@pytest.mark.physics
def test_the_stated_noise_is_the_noise(made_up: SimpleNamespace):
    line = made_up.flight_line(3000, 1, noise=0.002, seed=5)
    window = made_up.wavelength > 2120
    found = filter_group(line.radiance[:, 0, window], made_up.absorption(made_up.wavelength[window]))
    ratio = found.linear / found.sigma
    assert ratio.std() == pytest.approx(1.0, abs=0.2)  # mixed surfaces are not quite Gaussian
    assert abs(ratio.mean()) < 0.1
    quiet = made_up.flight_line(3000, 1, noise=0.001, seed=5)
    less = filter_group(quiet.radiance[:, 0, window], made_up.absorption(made_up.wavelength[window]))
    assert np.median(less.sigma) < 0.7 * np.median(found.sigma)


@pytest.mark.physics
def test_strong_absorption_is_straightened_with_the_background_given(made_up: SimpleNamespace):
    line = made_up.flight_line(2000, 1, noise=0.0003, seed=1)
    window = made_up.wavelength > 2120
    unit = made_up.absorption(made_up.wavelength[window])
    truth = np.zeros(2000)
    truth[:300] = np.linspace(1000.0, 12000.0, 300)
    radiance = line.radiance[:, 0, window] * np.exp(np.multiply.outer(truth / 1e5, unit))
    grid = np.linspace(0.0, 30000.0, 61)
    curve = Curve(grid, np.exp(np.multiply.outer(grid / 1e5, unit)))
    background = truth == 0
    found = filter_group(radiance, unit, curve=curve, background=background)
    assert found.linear[:300].mean() == pytest.approx(truth[:300].mean(), rel=0.02)
    assert abs(found.linear[background].mean()) < 1.0
    assert np.isnan(found.sparse[:300]).all()


def test_shrinkage_is_chosen_by_pixels_left_out():
    rng = np.random.default_rng(0)
    mixing = rng.normal(size=(40, 40))
    few, many = (rng.normal(size=(n, 40)) @ mixing for n in (90, 4000))
    assert loo_shrinkage(many, many.T @ many / 4000) < loo_shrinkage(few, few.T @ few / 90) <= SHARES[-1]


def test_what_cannot_be_filtered_is_said(group: tuple[np.ndarray, ...]):
    radiance, _, unit = group
    with pytest.raises(ModelError, match=r"too few pixels.*found 50; expected at least 2 x 37 bands"):
        filter_group(radiance[:50], unit)
    with pytest.raises(ModelError, match="differ in bands"):
        filter_group(radiance, unit[:-1])
    bad = radiance.copy()
    bad[7, 3] = np.nan
    with pytest.raises(ModelError, match="radiance is not finite"):
        filter_group(bad, unit)
    repeated = np.repeat(radiance[:, :1], unit.size, axis=1)
    with pytest.raises(ModelError, match="the covariance of a group has no inverse"):
        filter_group(repeated, unit, FilterOptions(shrinkage=0.0))
    with pytest.raises(ModelError, match="the shrinkage must be in"):
        filter_group(radiance, unit, FilterOptions(shrinkage=1.0))


@pytest.mark.physics
def test_a_gaussian_line_seen_through_a_gaussian_response_widens_in_quadrature():
    fine = np.arange(2200.0, 2400.0, 0.1)
    spectrum = np.exp(-0.5 * ((fine - 2300.0) / 3.0) ** 2)
    centre, width = np.arange(2250.0, 2350.0, 5.0), 6.0
    seen = to_bands(fine, spectrum, centre, np.full(centre.size, width * 2 * np.sqrt(2 * np.log(2))))
    both = np.hypot(3.0, width)
    np.testing.assert_allclose(seen, 3.0 / both * np.exp(-0.5 * ((centre - 2300.0) / both) ** 2), atol=1e-4)


def test_a_spectrum_that_an_instrument_has_seen_is_only_moved():
    wavelength = np.arange(2000.0, 2500.0, 5.0)
    np.testing.assert_allclose(to_bands(wavelength, wavelength, wavelength[3:9] + 0.4, np.full(6, 5.6)),
                               wavelength[3:9] + 0.4)  # fmt: skip
    assert np.isnan(to_bands(wavelength, wavelength, np.array([1990.0]), np.array([5.6]))).all()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a b c\n", "not a table of numbers"),
        ("1 2300 -1 5\n2 2301 -1 5\n", "not a unit-absorption file; found 4 columns"),
        ("1 2300 -1\n2 2299 -1\n", "not increasing nanometres"),
        ("1 2.300 -1\n2 2.301 -1\n", "not increasing nanometres"),
        ("1 2300 1\n2 2301 1\n", "not a unit absorption; found 1 to 1"),
    ],
)
def test_damaged_targets(text: str, message: str, tmp_path: Path):
    (tmp_path / "target.txt").write_text(text)
    with pytest.raises(SourceError, match=message):
        read_target(tmp_path / "target.txt")


def test_a_target_of_other_wavelengths_is_refused(made_up: SimpleNamespace, tmp_path: Path):
    target = read_target(made_up.write_target(tmp_path / "target.txt"))
    with pytest.raises(SourceError, match=r"does not cover all bands.*found 400 to 2500 nm"):
        target.at(np.array([2490.0, 2510.0]), np.array([6.0, 6.0]))
    with pytest.raises(SourceError, match="nothing absorbs in the window"):
        read_target(made_up.write_target(tmp_path / "t.txt")).at(np.array([500.0]), np.array([6.0])) * 0
    with pytest.raises(SourceError, match="the target file does not exist"):
        read_target(tmp_path / "absent.txt")


@pytest.mark.real
@pytest.mark.physics
def test_unit_absorption_and_look_up_table_tell_of_the_same_gas(real_data: Path):
    folder = real_data / "remote" / "imaging_spectroscopy"
    fit = np.loadtxt(folder / "pasadena_ang20171108" / "20170320_ang20170228_wavelength_fit.txt")
    inside = (fit[:, 1] > 2.122) & (fit[:, 1] < 2.488)
    centre, fwhm = 1e3 * fit[inside, 1], 1e3 * fit[inside, 2]
    unit = read_target(folder / "srcfinder_cmf" / "ang_ch4_unit_3col_425chan.txt")
    table = read_target(folder / "mag1c_ch4_lut" / "ch4.hdr")
    first, second = unit.at(centre, fwhm), table.at(centre, fwhm)
    assert np.corrcoef(first, second)[0, 1] > 0.95
    assert centre[np.argmin(first)] == pytest.approx(2369.8, abs=6)
    curve = table.curve(centre, fwhm)
    np.testing.assert_allclose(curve.transmission[0], 1.0)
    np.testing.assert_allclose(curve.transmission[-1], np.exp(0.16 * second), rtol=0.06)


@pytest.mark.real
@pytest.mark.physics
def test_gas_put_into_real_radiance_is_found_back(real_data: Path):
    folder = real_data / "remote" / "imaging_spectroscopy"
    spectra = [np.loadtxt(path) for path in sorted((folder / "pasadena_ang20171108").glob("ang*rdn*.txt"))]
    fit = np.loadtxt(folder / "pasadena_ang20171108" / "20170320_ang20170228_wavelength_fit.txt")
    inside = (fit[:, 1] > 2.122) & (fit[:, 1] < 2.488)
    target = read_target(folder / "mag1c_ch4_lut" / "ch4.hdr")
    centre, fwhm = 1e3 * fit[inside, 1], 1e3 * fit[inside, 2]
    curve = target.curve(centre, fwhm)
    rng = np.random.default_rng(0)
    surfaces = np.array([s[inside, 1] for s in spectra])
    clean = rng.dirichlet(np.ones(len(surfaces)), 3000) @ surfaces
    truth = np.where(np.arange(3000) < 100, 8000.0, 0.0)
    through = np.array([np.interp(truth, curve.enhancement, t) for t in curve.transmission.T]).T
    radiance = clean * through + 0.0005 * rng.standard_normal(clean.shape)
    found = filter_group(radiance, target.at(centre, fwhm), curve=curve, background=truth == 0)
    assert found.linear[:100].mean() == pytest.approx(8000.0, rel=0.05)
