"""Degrade and recover: how much of what lies inside coarse cells each way of refining brings back.

Fields known at 1 km (the Toolik tile, where the data folder is) and at 12 km (the simulated Alaska) are averaged over
5 x 5 cells and refined again. The error counts inside the coarse cells only: the coarse mean itself is known.
Covariates are offered, not chosen by hand: relief, organic layer and wetland fraction (as mapped, not as they are) for
thaw and fluxes; none on the Toolik tile, whose four coarse cells cannot tell relief from position.

    python benchmarks/run.py scale

GEOCRYOAI_DATA names the data folder (default: ``../shared/data`` beside the checkout).
"""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr
from scipy.ndimage import zoom

from geocryoai.cube.scale import area_to_point, block_mean, pycnophylactic, spread
from geocryoai.sources import READERS
from geocryoai.twin.generate import generate
from geocryoai.twin.options import TwinOptions

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Case = tuple[Floats, Floats, NDArray[np.int64], str]

FACTOR = 5


def main() -> None:
    """Print a row per field and the ratio."""
    print(f"{'field':<22}{'nearest':>10}{'bilinear':>10}{'smooth':>10}{'kriged':>10}{'ours':>10}  covariates kept")
    ratios = []
    for where, cases in (("toolik", _toolik()), ("twin", _twin())):
        ratios += [_row(f"{where} {name}", *case) for name, case in cases.items()]
    print(f"largest relative misfit of the coarse means: {max(misfit for _, misfit in ratios):.1e}")
    started = time.perf_counter()
    big = np.random.default_rng(1).normal(size=(1, 400, 400)).cumsum(1).cumsum(2)
    area_to_point(big, FACTOR)
    rate = 400 * 400 * FACTOR**2 / (time.perf_counter() - started)
    print(f"refined {rate / 1e6:.1f} million fine cells a second in one layer of 400 x 400 coarse cells")
    print("against: bilinear interpolation, error inside the coarse cells, median over fields")
    print(f"scale ratio={statistics.median(ratio for ratio, _ in ratios):.2f}")


def _row(
    name: str, truth: Floats, covariates: Floats | None, groups: NDArray[np.int64], label: str
) -> tuple[float, float]:
    land = np.isfinite(truth[0]) & np.isfinite(covariates).all(0)
    truth = np.where(land, truth, np.nan)
    coarse = block_mean(truth, FACTOR)
    plain = area_to_point(coarse, FACTOR, groups=groups).mean
    refined = area_to_point(coarse, FACTOR, covariates, groups=groups, weights=land)
    ours = refined.mean
    filled = np.where(np.isfinite(coarse), coarse, np.nanmean(coarse, (1, 2), keepdims=True))
    line = np.stack([zoom(layer, FACTOR, order=1, mode="nearest", grid_mode=True) for layer in filled])
    smooth = pycnophylactic(coarse, FACTOR, most=5000)
    errors = [_within(truth, way) for way in (spread(coarse, FACTOR), line, smooth, plain, ours)]
    kept_of = int((refined.slopes != 0).any(0).sum())
    kept = block_mean(np.where(land, ours, np.nan), FACTOR)
    misfit = float(np.nanmax(np.abs(kept - coarse)) / np.nanmax(np.abs(coarse)))
    print(f"{name:<22}" + "".join(f"{error:10.4g}" for error in errors) + f"  {kept_of} of: {label}")
    return errors[1] / errors[4], misfit


def _within(truth: Floats, refined: Floats) -> float:
    error = np.where(np.isfinite(truth), refined - truth, np.nan)
    return float(np.sqrt(np.nanmean((error - spread(block_mean(error, FACTOR), FACTOR)) ** 2)))


def _toolik() -> dict[str, Case]:
    data = Path(os.environ.get("GEOCRYOAI_DATA", Path(__file__).parents[2] / "shared" / "data"))
    folder = data / "drivers" / "toolik_tile"
    if not folder.exists():
        print(f"(no Toolik tile at {folder})")
        return {}
    fields = READERS.get("toolik_tile").read(folder, source="tile", options={}).fields
    assert fields is not None
    none = np.zeros((0, fields.sizes["y"], fields.sizes["x"]))
    month = np.arange(fields.sizes["time"]) % 12
    names = ("tas", "pr", "vp", "rsds")
    return {name: (fields[name].values.astype(np.float64), none, month, "none") for name in names}


def _twin() -> dict[str, Case]:
    names = ("elevation", "organic_depth", "wetland_fraction")
    with tempfile.TemporaryDirectory() as folder:
        generate(Path(folder), TwinOptions())
        with xr.open_dataset(Path(folder) / "landscape.nc") as land:
            known = np.stack([_whole(land[name].values) for name in names])
        with xr.open_dataset(Path(folder) / "truth.nc") as truth:
            fields = {name: _whole(truth[name].values) for name in ("alt", "nee", "fch4")}
    cases: dict[str, Case] = {}
    for name, values in fields.items():
        months = np.arange(len(values) if name == "alt" else 60)
        group = np.zeros(len(months), np.int64) if name == "alt" else months % 12
        cases[name] = values[months], known, group, "elevation, organic, wetland"
    return cases


def _whole(values: Floats) -> Floats:
    rows, columns = (size - size % FACTOR for size in values.shape[-2:])
    return np.asarray(values[..., :rows, :columns], np.float64)


if __name__ == "__main__":
    main()
