"""From files to the cube at three volumes, up to more than a billion values: time, memory, and distance from the disk.

An ingest-to-cube run over imaging-spectroscopy lines (ENVI, 425 bands), radar pairs (UAVSAR, five layers), a daily
model grid (NetCDF) and a table of field measurements (CSV), all simulated and all read as in a study.
Scenes are streamed into 1 km cells (mean, variance, count); grids are averaged to months; the cube is written to Zarr.
Each volume runs in a process of its own, so that its peak memory can be told.

The ratio is the throughput of the streaming parts over that of reading the same files from front to back, both after
the files were dropped from the page cache; 1 is the disk itself.

    python benchmarks/run.py alaska_scale            # volumes 2, 8 and 32 (2.5 billion values, 10 GB of disk)
    python benchmarks/alaska_scale.py measure 1 DIR  # one volume
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

#: How often the smallest volume is taken; up to 4 times by longer scenes, beyond that by more of them.
VOLUMES = (2, 8, 32)
LONGEST = 4

LINES, BANDS, SAMPLES = 250, 425, 512
ROWS, COLUMNS = 1650, 1650
DAYS, LATITUDES, LONGITUDES = 365, 81, 281
RECORDS, FIELDS = 100_000, 6

#: Values of the whole archive that the projection is for.
ARCHIVE = 15.7e9


def main() -> None:
    """Measure all volumes and print table, exponent and ratio."""
    widths = {
        "values": 14,
        "bytes": 10,
        "all": 9,
        "streaming": 11,
        "raw read": 10,
        "MB/s": 8,
        "raw MB/s": 10,
        "peak GiB": 10,
    }
    print("".join(f"{name:>{width}}" for name, width in widths.items()))
    found = []
    with tempfile.TemporaryDirectory(prefix="alaska_scale_") as folder:
        subprocess.run([sys.executable, __file__, "measure", "1", folder], check=True, capture_output=True)
        for volume in VOLUMES:
            done = subprocess.run(
                [sys.executable, __file__, "measure", str(volume), folder], check=True, capture_output=True, text=True
            )
            found.append(json.loads(done.stdout.splitlines()[-1]))
            print(_row(found[-1]))
    values, seconds = (np.array([run[name] for run in found]) for name in ("values", "seconds"))
    exponent = float(np.polyfit(np.log(values), np.log(seconds), 1)[0])
    print(f"cost grows as values to the power {exponent:.2f}")
    hours = ARCHIVE / values[-1] * seconds[-1] / 3600
    print(f"{ARCHIVE / 1e9:.1f} billion values at the pace of the largest volume: {hours:.2f} hours")
    print("against: reading the same files from front to back, largest volume")
    print(f"alaska_scale ratio={found[-1]['raw'] / found[-1]['streaming']:.2f}")


def _row(run: dict[str, float]) -> str:
    speeds = [run["streamed_bytes"] / 1e6 / run[name] for name in ("streaming", "raw")]
    text = f"{int(run['values']):>14,}{run['bytes'] / 1e9:>8.2f}GB{run['seconds']:>8.1f}s{run['streaming']:>10.1f}s"
    return f"{text}{run['raw']:>9.1f}s{speeds[0]:>8.0f}{speeds[1]:>10.0f}{run['peak'] / 2**30:>10.2f}"


def measure(volume: int, folder: Path) -> dict[str, float]:
    """Write what is missing of the files, read them raw, ingest them, and return what it took."""
    from geocryoai.core.calendar import month_axis
    from geocryoai.core.grid import Grid
    from geocryoai.cube.harmonise import write_fields
    from geocryoai.cube.store import verify_cube

    grid = Grid("EPSG:3338", -100_000.0, 2_300_000.0, 1000.0, 600, 500)
    scenes, longer = max(1, volume // LONGEST), min(volume, LONGEST)
    lines = [_write_line(folder, number, longer) for number in range(scenes)]
    pairs = [_write_pair(folder, number, longer) for number in range(scenes)]
    model = _write_model(folder, volume)
    table = _write_table(folder, volume)
    streamed = lines + [image for pair in pairs for image in sorted(folder.glob(f"{pair.stem}.*.grd"))]
    raw = _read_raw(streamed)
    _forget([*streamed, model, table])
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    started = time.perf_counter()
    layers = _stream(lines, pairs, grid)
    streaming = time.perf_counter() - started
    fields, rows = _read_model(model), _read_table(table)
    months = month_axis("2000-01", f"{1999 + volume}-12")
    cube = folder / f"cube{volume}.zarr"
    write_fields(cube, [layers, fields], grid, months, overwrite=True)
    seconds = time.perf_counter() - started
    verify_cube(cube)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    assert rows == RECORDS * volume
    pixels = volume * (LINES * BANDS * SAMPLES + 5 * ROWS * COLUMNS)
    values = pixels + volume * (DAYS * LATITUDES * LONGITUDES + RECORDS * FIELDS)
    return {
        "values": values, "bytes": sum(p.stat().st_size for p in [*streamed, model, table]), "seconds": seconds,
        "streaming": streaming, "raw": raw, "peak": float(max(peak, before)),
        "streamed_bytes": sum(p.stat().st_size for p in streamed),
    }  # fmt: skip


def _stream(lines: list[Path], pairs: list[Path], grid):
    """Return the scenes' means on the grid as fields."""
    import xarray as xr

    from geocryoai.core.projection import LONLAT
    from geocryoai.cube.scale import PixelCells, gather_scene
    from geocryoai.sources.envi import open_envi
    from geocryoai.sources.uavsar.scene import open_scene

    wanted = {"reflectance_660": 56, "reflectance_860": 96, "reflectance_1650": 254}
    maps = {name: np.full(grid.shape, np.nan, np.float32) for name in [*wanted, "unwrapped_phase", "coherence"]}
    for path in lines:
        raster = open_envi(path)
        view = raster.mapped().transpose(0, 2, 1)
        cells = PixelCells(raster.position.affine, raster.position.crs, SAMPLES, grid)
        touched, seen = gather_scene([view], cells, missing=-9999.0)
        for name, band in wanted.items():
            maps[name].ravel()[touched] = seen.mean[band]
    for path in pairs:
        scene = open_scene(path, "pair")
        files = scene.files["ground"]
        ground = scene.grids["ground"]
        (north, west), (down, right) = ground.first, ground.step
        affine = (right, 0.0, west - right / 2, 0.0, down, north - down / 2)
        cells = PixelCells(affine, LONLAT, ground.columns, grid)
        touched, seen = gather_scene([file.mapped().transpose(0, 2, 1) for file in files.values()], cells, missing=0.0)
        for number, name in enumerate(files):
            if name in maps:
                maps[name].ravel()[touched] = seen.mean[number]
    units = {"unwrapped_phase": "rad"}
    return xr.Dataset(
        {name: (("y", "x"), values, {"units": units.get(name, "1")}) for name, values in maps.items()},
        {"x": grid.x, "y": grid.y, "crs": grid.crs},
    )


def _read_model(path: Path):
    from geocryoai.sources import READERS

    terms = {"title": "Simulated model", "licence": "made here", "citation": "none"}
    options = {"variables": {"tas": {"variable": "tas"}}, "time": {"interval": "day"}, **terms}
    return READERS.get("grid").read(path, source="model", options=options).fields


def _read_table(path: Path) -> int:
    from geocryoai.sources import READERS

    options = {
        "lon": "lon", "lat": "lat", "site": "site", "time": {"year": "year"}, "title": "Simulated probes",
        "licence": "made here", "citation": "none", "columns": {"alt": {"variable": "alt", "unit": "cm"}},
    }  # fmt: skip
    return int(READERS.get("table").read(path, source="probes", options=options).records.height)


def _write_line(folder: Path, number: int, longer: int) -> Path:
    from geocryoai.sources.envi.write import write_envi

    path = folder / f"ang2018080{longer}t{number:06d}_rfl_v1a1_img"
    if not path.exists():
        rng = np.random.default_rng(number)
        line = rng.random((1, SAMPLES, BANDS), np.float32)
        cube = np.broadcast_to(line, (longer * LINES, SAMPLES, BANDS)) * rng.random((longer * LINES, 1, 1), np.float32)
        info = f"UTM, 1, 1, {600000 + 1500 * number}, 7650000, 5.2, 5.2, 5, North, WGS-84, units=Meters, rotation=20"
        write_envi(path, cube, interleave="bil", wavelength=np.linspace(377, 2500, BANDS), fwhm=np.full(BANDS, 5.8),
                   ignore=-9999.0, map_info=info)  # fmt: skip
    return path


def _write_pair(folder: Path, number: int, longer: int) -> Path:
    from geocryoai.sources.uavsar.flight import Flight
    from geocryoai.sources.uavsar.grids import RadarGrid
    from geocryoai.sources.uavsar.writer import write_uavsar

    name = f"simula_0911{longer}_17066-{number:03d}_17100-{number:03d}_0094d_s01_L090HH_01"
    path = folder / f"{name}.ann"
    if not path.exists():
        rng = np.random.default_rng(number)
        image = rng.random((longer * ROWS, COLUMNS), np.float32) + np.float32(0.1)
        ground = RadarGrid("ground", longer * ROWS, COLUMNS, (69.0, -150.5 + 0.02 * number), (-0.00005556, 0.00011112))
        flight = Flight(69.0, -150.0, 90.0, 12500.0, 200.0, True, 0.238403545)
        layers = {f"{kind}.grd": image for kind in ("unw", "cor", "amp1", "amp2", "hgt")}
        write_uavsar(folder, name, layers, grids=[ground], flight=flight,
                     passes=[np.datetime64("2017-06-01"), np.datetime64("2017-09-03")])  # fmt: skip
    return path


def _write_model(folder: Path, volume: int) -> Path:
    import pandas as pd
    import xarray as xr

    path = folder / f"model{volume}.nc"
    if not path.exists():
        time_ = pd.date_range("2000-01-01", periods=DAYS * volume + volume, freq="D")
        time_ = time_[(time_.month != 2) | (time_.day != 29)][: DAYS * volume]
        rng = np.random.default_rng(volume)
        values = rng.normal(260, 10, (len(time_), LATITUDES, LONGITUDES)).astype(np.float32)
        coords = {
            "time": time_, "lat": ("lat", np.linspace(71, 67, LATITUDES), {"units": "degrees_north"}),
            "lon": ("lon", np.linspace(-160, -146, LONGITUDES), {"units": "degrees_east"}),
        }  # fmt: skip
        attributes = {"units": "K", "cell_methods": "time: mean"}
        data = xr.Dataset({"tas": (("time", "lat", "lon"), values, attributes)}, coords)
        data.to_netcdf(path, engine="h5netcdf", encoding={"tas": {"chunksizes": (30, LATITUDES, LONGITUDES)}})
    return path


def _write_table(folder: Path, volume: int) -> Path:
    import polars as pl

    path = folder / f"probes{volume}.csv"
    if not path.exists():
        rng, n = np.random.default_rng(volume), RECORDS * volume
        number = np.arange(n)
        pl.DataFrame({
            "site": [f"s{k}" for k in number // 10], "lon": (-150 + (number // 10) * 1e-5).round(5),
            "lat": (68 + (number // 10) * 1e-5).round(5), "year": 2000 + number % 10,
            "alt": rng.uniform(20, 90, n).round(1), "depth_sd": rng.uniform(1, 9, n).round(2),
        }).write_csv(path)  # fmt: skip
    return path


def _read_raw(paths: list[Path]) -> float:
    _forget(paths)
    buffer = bytearray(16 * 2**20)
    started = time.perf_counter()
    for path in paths:
        with path.open("rb", buffering=0) as file:
            while file.readinto(buffer):
                pass
    return time.perf_counter() - started


def _forget(paths: list[Path]) -> None:
    """Drop files from the page cache, so that they are read from the disk."""
    for path in paths:
        with path.open("rb") as file:
            os.fsync(file.fileno())
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


if __name__ == "__main__":
    if len(sys.argv) == 4 and sys.argv[1] == "measure":
        print(json.dumps(measure(int(sys.argv[2]), Path(sys.argv[3]))))
    else:
        main()
