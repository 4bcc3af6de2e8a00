"""`geocryoai simulate` with the process forest: heights and a station, the same bytes again, fire, trees, mistakes."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
import xarray as xr
import yaml
from rasterio.transform import from_origin

from geocryoai.core.projection import LONLAT, transformer
from geocryoai.core.study import study_from_dict
from geocryoai.cube.store import open_cube, verify_cube
from geocryoai.processes.forest import FAIRBANKS, mean_year_climate
from geocryoai.sources import READERS
from geocryoai.stages.simulate import simulate_cube
from geocryoai.stages.workspace import Workspace

Command = Callable[..., Any]
Tree = dict[str, Any]


def plain(**options: Any) -> Tree:
    """Return a study that is only a slope under a mean year."""
    chosen = {"replicates": 1, "spin_up_years": 60, "seed": 3, **options}
    return {
        "name": "slope", "period": {"start": 1990, "end": 2009},
        "domain": {"crs": "EPSG:3338", "resolution": 10, "left": 300_000, "top": 1_700_000, "width": 4, "height": 3},
        "simulate": {
            "forest": {"process": "forest", "drivers": {"slope": 20, "aspect": 180}, "options": chosen},
        },
    }  # fmt: skip


def hill(folder: Path) -> Tree:
    """Write heights and a station's climate; return a study of them."""
    height = 300.0 + 3.0 * np.arange(3)[:, None] + np.zeros((3, 4))
    profile = {"driver": "GTiff", "width": 4, "height": 3, "count": 1, "dtype": "float32", "crs": "EPSG:3338"}
    with rasterio.open(folder / "dem.tif", "w", transform=from_origin(300_000, 1_700_000, 10, 10), **profile) as raster:
        raster.write(height.astype("float32"), 1)
    climate = mean_year_climate(*FAIRBANKS, np.arange(1990, 2010), seed=8)
    with (folder / "station.csv").open("w", newline="") as stream:
        rows = csv.writer(stream)
        rows.writerow(["year", "month", "t", "p"])
        for year, tas, pr in zip(climate.years, climate.temperature, climate.precipitation, strict=True):
            rows.writerows([year, m + 1, tas[m], pr[m]] for m in range(12))
    tree = plain(tree_years=[1990, 2009])
    covariates = {"t": {"name": "tas", "unit": "degC"}, "p": {"name": "pr", "unit": "mm month-1"}}
    tree["sources"] = {
        "heights": {"reader": "grid", "path": "dem.tif", "options": {
            "variables": {"band_1": {"variable": "elevation", "unit": "m"}}, "time": {"static": True}}},
        "station": {"reader": "table", "path": "station.csv", "options": {
            "site_name": "station", "lon": -147.9, "lat": 65.2, "time": {"year": "year", "month": "month"},
            "covariates": covariates}},
    }  # fmt: skip
    tree["simulate"]["forest"]["drivers"] = {"elevation": "elevation", "tas": "station.tas", "pr": "station.pr"}
    return tree


def written(tree: Tree, folder: Path) -> Path:
    path = folder / "study.yml"
    path.write_text(yaml.safe_dump(tree), encoding="utf-8")
    return path


def test_heights_and_a_station_give_thaw_by_month_and_trees(command: Command, tmp_path: Path) -> None:
    study, out, trees = written(hill(tmp_path), tmp_path), tmp_path / "forest.nc", tmp_path / "trees.h5"
    said = command("simulate", study, "--out", out, "--trees", trees, "--quiet")
    assert said.code == 0, said.err
    assert "forest: ALT " in said.out
    assert "of the mass in 2009" in said.out
    assert f"written: {trees}" in said.out
    with xr.open_dataset(out, decode_coords="all", decode_timedelta=False) as forest:
        assert dict(forest.sizes) == {"year": 20, "time": 240, "y": 3, "x": 4, "bounds": 2}
        thaw = forest["simulated_thaw_depth"]
        assert thaw.dims == ("time", "y", "x")
        assert thaw.attrs["units"] == "m"
        assert (thaw[[0, 1, 11]] == 0).all()
        assert float(thaw[8].min()) > 0.3
        assert np.array_equal(thaw.values.reshape(20, 12, 3, 4).max(axis=1), forest["simulated_alt"].values)
        assert "crs_wkt" in forest["crs"].attrs
        parts = [forest[f"simulated_lai_{code}"] for code in ("picemari", "piceglau", "poputrem")]
        assert (sum(parts) <= forest["simulated_lai"] + 1e-5).all()
        fields = READERS.get("sibbork").read(trees, source="trees.h5", options={"crs": "EPSG:3338"}).fields
        assert fields is not None
        assert fields["biomass"].values[-1] == pytest.approx(forest["simulated_biomass"].values[-1], rel=1e-5)
        assert fields["x"].values.tolist() == forest["x"].values.tolist()
        spruce = fields["biomass_picemari"].values[0]
        assert spruce == pytest.approx(forest["simulated_biomass_picemari"].values[0], rel=1e-5, abs=1e-7)


def test_the_same_seed_gives_the_same_forest_and_a_point_is_its_cell(command: Command, tmp_path: Path) -> None:
    study = written(plain(), tmp_path)
    for name, extra in (("a", []), ("b", []), ("c", ["--set", "simulate.forest.options.seed=4"])):
        assert command("simulate", study, *extra, "--out", tmp_path / f"{name}.nc", "--quiet").code == 0
    first, again, other = (xr.load_dataset(tmp_path / f"{n}.nc", decode_timedelta=False) for n in "abc")
    assert first.identical(again)
    assert not np.array_equal(first["simulated_biomass"], other["simulated_biomass"])
    lon, lat = transformer("EPSG:3338", LONLAT).transform(float(first["x"][2]), float(first["y"][1]))
    assert command("simulate", study, f"--at={lon:.6f},{lat:.6f}", "--out", tmp_path / "p.nc", "--quiet").code == 0
    point = xr.load_dataset(tmp_path / "p.nc", decode_timedelta=False)
    for name in ("simulated_biomass", "simulated_thaw_depth"):
        assert np.array_equal(point[name][:, 0, 0], first[name][:, 1, 2])


@pytest.mark.physics
def test_thaw_deepens_after_a_fire(command: Command, tmp_path: Path) -> None:
    alt = []
    for name, fires in (("kept", {}), ("burnt", {1995: 0.95})):
        study = written(plain(fire_years=fires, spin_up_years=150), tmp_path)
        assert command("simulate", study, "--out", tmp_path / f"{name}.nc", "--quiet").code == 0
        alt.append(xr.load_dataset(tmp_path / f"{name}.nc", decode_timedelta=False)["simulated_alt"].mean(["y", "x"]))
    kept, burnt = alt
    assert np.array_equal(kept[:5], burnt[:5])
    assert float(burnt[7:].mean()) > float(kept[7:].mean()) + 0.2


def test_the_stage_writes_the_forest_into_a_cube_once(tmp_path: Path) -> None:
    tree = plain()
    tree["simulate"]["forest"]["outputs"] = ["thaw_depth", "alt", "biomass", "lai_picemari", "organic_depth"]
    work = Workspace(study_from_dict(tree), tmp_path, None)
    work.folder("simulate").mkdir()
    simulate_cube(work)
    verify_cube(tmp_path / "simulate" / "cube.zarr")
    cube = open_cube(tmp_path / "simulate" / "cube.zarr")
    assert cube.sizes["time"] == 240
    assert float(cube["simulated_thaw_depth"][8].min()) > 0.0
    assert (cube["simulated_alt"][12] == cube["simulated_alt"][23]).all()
    stamp = (tmp_path / "simulate" / "cube.zarr" / "zarr.json").stat().st_mtime_ns
    simulate_cube(work)
    assert (tmp_path / "simulate" / "cube.zarr" / "zarr.json").stat().st_mtime_ns == stamp
    assert sorted(path.name for path in (tmp_path / "simulate").iterdir()) == ["cube.zarr"]


def change(where: str, **keys: Any) -> Callable[[Tree], None]:
    """Return what changes a section, named by its path, of a study."""

    def apply(tree: Tree) -> None:
        section = tree
        for part in where.split("."):
            section = section[part]
        section.update(keys)

    return apply


@pytest.mark.parametrize(
    ("alter", "said"),
    [
        (change("simulate.forest.options", textur="silt"), "unknown option 'textur'. Did you mean 'texture'"),
        (change("simulate.forest.options", fire_interval=0), "fire_interval [yr]"),
        (change("simulate.forest.options", tree_years=[1850]), "tree_years: a year is not in the climate; found 1850"),
        (change("simulate.forest.options", tree_years=[]), "simulate.forest.options.tree_years: missing"),
        (change("simulate.forest", drivers={"slop": 3}), "no driver 'slop'; did you mean 'slope'"),
        (change("simulate.forest", drivers={"slope": 3}), "process forest, drivers: the driver 'aspect' is missing"),
        (
            change("simulate.forest.drivers", tas="station.tass"),
            "sources.station, tass: the table has no column 'tass'. Did you mean 'tas'",
        ),
        (change("simulate.forest.drivers", tas="statio.tas"), "'statio.tas' is of no sound run before this one"),
        (change("period", end=2010), "no value in a month of the period; found 2010-01 (12 such months)"),
        (change("domain", resolution=20, width=2, height=2), "--trees needs cells that are plots, 10 m, not 20 m"),
    ],
)  # fmt: skip
def test_what_is_refused(command: Command, tmp_path: Path, alter: Callable[[Tree], None], said: str) -> None:
    tree = hill(tmp_path)
    alter(tree)
    out = tmp_path / "out"
    out.mkdir()
    answer = command("simulate", written(tree, tmp_path), "--out", out / "no.nc", "--trees", out / "no.h5", "--quiet")
    assert answer.code == 2
    assert said in answer.err
    assert not list(out.iterdir())


def test_a_study_that_is_only_simulated_cannot_be_run(command: Command, tmp_path: Path) -> None:
    answer = command("run", written(plain(), tmp_path), "--data", tmp_path, "--out", tmp_path / "run", "--quiet")
    assert answer.code == 2
    assert "targets: missing" in answer.err
    assert not (tmp_path / "run").exists()
