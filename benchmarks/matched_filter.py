"""Sparse matched filter against published implementations and plain numpy: same scene, same pixels, in one run.

The scene is semi-synthetic: real radiance spectra (of the shared data, where they are; else made-up ones) are mixed,
get detector gains and noise, methane is put in by its absorption, and all is written as a BIL image and read back.
Published implementations take part where they are installed: ``uv pip install --no-deps fastmag1c mag1c`` (mag1c also
needs spectral and scikit-image). `SIZE` in the environment scales the number of detector columns; the slow ones, by a
factor of three and more behind the fastest, take part up to 64 columns.

False alarms are counted twice: beside the plumes of that scene, and on separate blank lines, made the same way from
other random numbers and without any gas.
"""

from __future__ import annotations

import os
import tempfile
import time
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from geocryoai.retrievals.spectroscopy import (
    EnhancementOptions,
    FilterOptions,
    filter_group,
    retrieve_enhancement,
    retrieve_plumes,
)
from geocryoai.retrievals.spectroscopy.targets import GasTarget, read_target
from geocryoai.sources.envi import write_envi
from geocryoai.sources.spectroscopy import open_scene

LINES = 2000
COLUMNS = int(64 * float(os.environ.get("SIZE", "1")))
WORKERS = os.cpu_count() or 1
PUBLISHED_SHRINKAGE = 1e-4
BLANK_COLUMNS = min(COLUMNS, 16)
SLOW_COLUMNS = 64
DATA = Path(os.environ.get("GEOCRYOAI_DATA", "../shared/data")) / "remote" / "imaging_spectroscopy"

Filter = Callable[[np.ndarray, np.ndarray], np.ndarray]


def surfaces() -> tuple[np.ndarray, np.ndarray, np.ndarray, GasTarget, str]:
    """Return wavelengths, widths [nm], radiance of surfaces, the target, and what they are."""
    folder = DATA / "pasadena_ang20171108"
    if folder.is_dir():
        spectra = [np.loadtxt(path) for path in sorted(folder.glob("ang*rdn*.txt"))]
        width = 1e3 * np.loadtxt(folder / "20170320_ang20170228_wavelength_fit.txt")[:, 2]
        target = read_target(DATA / "mag1c_ch4_lut" / "ch4.hdr")
        return spectra[0][:, 0], width, np.array([s[:, 1] for s in spectra]), target, "10 real AVIRIS-NG spectra"
    wavelength = np.linspace(376.9, 2500.5, 425)
    x = (wavelength - 376.9) / 2123.6
    spectra = 10 * np.exp(-4 * x) * np.stack([0.1 + 0.3 * x, 0.4 - 0.2 * x, 0.2 + 0.15 * np.sin(9 * x), 0.3 + 0 * x])
    unit = -sum(d * np.exp(-0.5 * ((wavelength - c) / w) ** 2) for c, w, d in [(2300, 18, 1.1), (2371, 9, 1.7)])
    target = GasTarget(wavelength, None, np.asarray(unit), "made up")
    return wavelength, np.full(425, 5.6), spectra, target, "made-up spectra"


def make_scene(
    image: Path, columns: int = COLUMNS, plumes: int = 3, seed: int = 0
) -> tuple[np.ndarray, GasTarget, str]:
    """Write the image; return the enhancement that was put in [ppm m] (lines, columns), the target and its origin."""
    wavelength, width, spectra, target, origin = surfaces()
    rng = np.random.default_rng(seed)
    inside = (wavelength > 2100) & (wavelength < 2490)
    curve = target.curve(wavelength[inside], width[inside])
    line, column = np.mgrid[:LINES, :columns]
    truth = np.zeros((LINES, columns))
    for _ in range(plumes):
        y, x = rng.integers(LINES // 4, LINES // 2), rng.integers(columns)
        along = np.maximum(line - y, 0)
        truth += 3000.0 * np.exp(-0.5 * ((column - x) / (2 + 0.05 * along)) ** 2 - along / 60.0) * (line >= y)
    truth[truth < 50] = 0.0
    radiance = np.empty((LINES, columns, wavelength.size), np.float32)
    gain = 1.0 + 0.005 * rng.standard_normal((columns, wavelength.size))
    noise = 0.0012 + 0.0004 * np.sqrt(np.maximum(spectra.mean(axis=0), 0.0))
    for c in range(columns):
        mixed = rng.dirichlet(np.full(len(spectra), 0.4), LINES) @ spectra * gain[c]
        through = np.stack([np.interp(truth[:, c], curve.enhancement, t) for t in curve.transmission.T], axis=1)
        mixed[:, inside] *= through
        radiance[:, c] = mixed + noise * rng.standard_normal(mixed.shape)
    write_envi(image, radiance, wavelength=wavelength, fwhm=width, ignore=-9999.0)
    return truth, target, origin


def by_column(one: Filter, workers: int) -> Filter:
    """Return a filter of all columns, each by itself, in threads."""

    def run(x: np.ndarray, unit: np.ndarray) -> np.ndarray:
        with threadpool_limits(1), ThreadPoolExecutor(workers) as pool:
            return np.stack(list(pool.map(lambda column: one(column, unit), x)))

    return run


def ours(x: np.ndarray, unit: np.ndarray) -> np.ndarray:
    """Return the sparse enhancement of this package."""
    return filter_group(x, unit).sparse


def ours_chosen(x: np.ndarray, unit: np.ndarray) -> np.ndarray:
    """Return the sparse enhancement of this package, shrinkage chosen by leave-one-out likelihood."""
    return filter_group(x, unit, FilterOptions(shrinkage=None)).sparse


def plain(x: np.ndarray, unit: np.ndarray) -> np.ndarray:
    """Return the same filter as its paper writes it, covariance and solution anew in each of 30 iterations."""
    x = x.astype(np.float64)
    mean = x.mean(0)
    albedo = x @ mean / (mean @ mean)
    alpha, target = np.zeros(len(x)), mean * unit
    for turn in range(31):
        clean = x - np.outer(albedo * alpha, target)
        mean = clean.mean(0)
        target, clean = mean * unit, clean - mean
        covariance = clean.T @ clean / len(x)
        covariance += PUBLISHED_SHRINKAGE * (np.diag(np.diag(covariance)) - covariance)
        weights = np.linalg.solve(covariance, target)
        penalty = 0.0 if turn == 0 else 1.0 / (albedo * (alpha + 1e-9))
        alpha = np.maximum(0.0, ((x - mean) @ weights - penalty) / (albedo * (target @ weights)))
    return 1e5 * alpha


def published() -> dict[str, Filter]:
    """Return the published implementations that are installed, in double.

    They get all columns and all cores at once, as they are meant to be used; the fastest also a column for each thread,
    with one thread of torch, as this package works.
    """
    found: dict[str, Filter] = {}
    try:
        import torch
        from fastmag1c import filters
    except ImportError:
        print("fastmag1c is not installed: no comparison with it")
    else:
        for name in ("fastmag1c", "mag1c") if COLUMNS <= SLOW_COLUMNS else ("fastmag1c",):
            function = getattr(filters, name)
            label = "fastmag1c" if name == "fastmag1c" else "mag1c (as in fastmag1c)"
            found[label] = lambda x, t, f=function: f(torch.from_numpy(x.astype(np.float64)), torch.from_numpy(t))[0][
                ..., 0
            ].numpy()
        found["fastmag1c, a column a thread"] = one_thread_each(filters.fastmag1c)
    if COLUMNS > SLOW_COLUMNS:
        print(f"both forms of mag1c are left out above {SLOW_COLUMNS} columns")
        return found
    try:
        import torch
        from mag1c.mag1c import acrwl1mf
    except ImportError as error:
        print(f"mag1c does not take part: {error}")
    else:
        found["mag1c 1.2"] = lambda x, t: np.concatenate(
            [
                acrwl1mf(
                    torch.from_numpy(column[None].astype(np.float64)), torch.from_numpy(t), 30, False, False, False,
                    1.0, PUBLISHED_SHRINKAGE, torch.ones((1, len(column)), dtype=torch.bool),
                )[0][..., 0].numpy()
                for column in x
            ]
        )  # fmt: skip
    return found


def one_thread_each(function: Callable[..., tuple]) -> Filter:
    """Return a filter of torch that works on single columns, in threads of their own."""
    import torch

    def one(column: np.ndarray, unit: np.ndarray) -> np.ndarray:
        x = torch.from_numpy(column[None].astype(np.float64))
        return function(x, torch.from_numpy(unit))[0][0, :, 0].numpy()

    def run(x: np.ndarray, unit: np.ndarray) -> np.ndarray:
        before = torch.get_num_threads()
        torch.set_num_threads(1)
        try:
            return by_column(one, WORKERS)(x, unit)
        finally:
            torch.set_num_threads(before)

    return run


def timed(run: Callable[[], np.ndarray], count: int) -> tuple[np.ndarray, float]:
    """Return a result and the shortest time of some runs [s]."""
    times = []
    for _ in range(count):
        begin = time.perf_counter()
        result = run()
        times.append(time.perf_counter() - begin)
    return result, min(times)


def matmul_limit() -> float:
    """Return the measured rate of products of matrices in double on all cores [GFLOP/s]."""
    a = np.random.default_rng(0).standard_normal((1500, 1500))
    return 2.0 * 1500**3 / timed(lambda: a @ a, 3)[1] / 1e9


def operations(pixels: int, bands: int, columns: int, with_gas: float, turns: int = 31) -> float:
    """Return the floating-point operations of this package's filter for some columns.

    One triangle of the covariance, its inverse, one product with all pixels before and after the iterations, and in
    each iteration three with the inverse and two with the share of pixels that still have gas.
    """
    sweeps = 4.0 * pixels * bands + turns * (4.0 * with_gas * pixels * bands + 6.0 * bands**2)
    return columns * (pixels * bands**2 + bands**3 + sweeps)


def false_alarms(result: np.ndarray, sigma: float) -> float:
    """Return the share of values above 3 sigma [%]."""
    return 100.0 * float(np.mean(result > 3.0 * sigma))


def median_sigma(x: np.ndarray, unit: np.ndarray) -> float:
    """Return the median noise of some columns [ppm m]."""
    return float(np.median(np.concatenate([filter_group(column, unit).sigma for column in x[:4]])))


def compare(x: np.ndarray, blank: np.ndarray, unit: np.ndarray, truth: np.ndarray) -> float:
    """Print times and errors of all filters on the same columns; return the ratio to the fastest published one."""
    filters: dict[str, tuple[Filter, int]] = {
        "geocryoai": (by_column(ours, WORKERS), 5),
        "geocryoai, shrinkage chosen": (by_column(ours_chosen, WORKERS), 3),
        "plain numpy": (by_column(plain, WORKERS), 1),
    }
    filters |= {name: (run, 1 if name == "mag1c 1.2" else 2) for name, run in published().items()}
    sigma, blank_sigma = median_sigma(x, unit), median_sigma(blank, unit)
    seconds: dict[str, float] = {}
    with_gas = 0.0
    print(f"{'':34s} {'s':>7s} {'Mpixel/s':>9s} {'RMSE plume':>11s} {'RMSE all':>9s}  false alarms above 3 sigma")
    print(f"{'':73s}  {'same lines':>10s} {'blank lines':>12s}")
    plume = truth > 0
    for name, (run, count) in filters.items():
        try:
            result, seconds[name] = timed(lambda run=run: run(x, unit), count)
            without = run(blank, unit)
        except Exception as error:
            print(f"{name:34s} failed: {error}")
            continue
        off = result - truth
        errors = [float(np.sqrt(np.mean(part**2))) for part in (off[plume], off)]
        false = false_alarms(result[~plume], sigma), false_alarms(without, blank_sigma)
        rate = truth.size / seconds[name] / 1e6
        with_gas = with_gas or float(np.mean(result > 0))
        print(f"{name:34s} {seconds[name]:7.3f} {rate:9.2f} {errors[0]:11.1f} {errors[1]:9.1f}  "
              f"{false[0]:8.4f} % {false[1]:10.4f} %")  # fmt: skip
    work = operations(x.shape[1], x.shape[2], x.shape[0], with_gas) / seconds["geocryoai"] / 1e9
    limit = matmul_limit()
    print(f"arithmetic ({100 * with_gas:.0f} % of the pixels keep gas), to a product of matrices in this run: "
          f"{work:.1f} of {limit:.0f} GFLOP/s ({100 * work / limit:.0f} %)")  # fmt: skip
    rivals = {name: value for name, value in seconds.items() if not name.startswith(("geocryoai", "plain"))}
    print(f"ratio to plain numpy in the same threads: {seconds['plain numpy'] / seconds['geocryoai']:.1f}")
    if not rivals:
        print("no published implementation is installed: the ratio below is to plain numpy")
        return seconds["plain numpy"] / seconds["geocryoai"]
    for name, value in rivals.items():
        print(f"ratio to {name}: {value / seconds['geocryoai']:.1f}")
    return min(rivals.values()) / seconds["geocryoai"]


def plumes_on(image: Path, target: GasTarget) -> int:
    """Return the number of plumes that this package finds in an image."""
    return len(retrieve_plumes(open_scene(image), target, EnhancementOptions(workers=WORKERS))[1].plumes)


def from_disk(image: Path, target: GasTarget) -> None:
    """Print the time of a scene from its file to its enhancement, and of reading the file alone."""
    size = image.stat().st_size / 1e9

    def read() -> np.ndarray:
        with image.open("rb") as stream:
            while stream.read(1 << 24):
                pass
        return np.zeros(0)

    reading = timed(read, 2)[1]
    options = EnhancementOptions(workers=WORKERS, memory_mb=256.0)
    scene = open_scene(image)
    filtering = timed(lambda: retrieve_enhancement(scene, target, options).sparse, 2)[1]
    print(f"{size:.2f} GB image: all steps {filtering:.2f} s ({size / filtering:.2f} GB/s), sequential read "
          f"{reading:.2f} s ({size / reading:.2f} GB/s, from the page cache where it fits)")  # fmt: skip


def main() -> None:
    """Run all parts."""
    warnings.filterwarnings("ignore")
    with tempfile.TemporaryDirectory() as folder:
        image = Path(folder) / "scene"
        truth, target, origin = make_scene(image)
        scene = open_scene(image)
        bands = scene.bands_within(2122.0, 2488.0)
        unit = target.at(scene.wavelength[bands], scene.fwhm[bands])
        x = scene.raster.columns(slice(None), bands)
        blank = Path(folder) / "blank"
        make_scene(blank, BLANK_COLUMNS, plumes=0, seed=1)
        print(f"{origin}; {LINES} lines x {COLUMNS} columns, {x.shape[2]} bands in the window, {WORKERS} cores")
        filter_group(x[0], unit)
        ratio = compare(x, open_scene(blank).raster.columns(slice(None), bands), unit, truth.T)
        print(f"plumes found by all steps of this package: {plumes_on(image, target)} in the scene with 3, "
              f"{plumes_on(blank, target)} on the blank lines ({LINES * BLANK_COLUMNS} pixels)")  # fmt: skip
        from_disk(image, target)
    print(f"matched_filter ratio={ratio:.2f} in speed (see above to what)")


if __name__ == "__main__":
    main()
