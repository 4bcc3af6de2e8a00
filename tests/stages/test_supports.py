"""Supports in a run: features are averages over what a site sees, equal to today's where that is one cell."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import xarray as xr

from geocryoai.core.errors import CubeError, GeoCryoAIError, SourceError, StudyError
from geocryoai.core.projection import LONLAT, transformer
from geocryoai.core.study import study_from_dict
from geocryoai.stages.apply import predict_records
from geocryoai.stages.check import check_study
from geocryoai.stages.run import run_study

Tree = dict[str, Any]
Run = Callable[..., Path]

#: Cells of 100 m, 40 x 40, from (0, 1 900 000); towers in the middle of them, one at the edge.
SIZE, CELLS, LEFT, TOP = 100.0, 40, 0.0, 1_900_000.0
SITES = {
    "a": (2000.0, 1_898_000.0),
    "b": (1230.0, 1_897_330.0),
    "c": (2810.0, 1_898_870.0),
    "edge": (20.0, 1_898_000.0),
}
TERMS = {"licence": "made for a test", "citation": "nobody"}
MONTHS = np.arange("2019-01", "2020-01", dtype="datetime64[M]")


def fields() -> tuple[np.ndarray, np.ndarray]:
    """Temperature (12, 40, 40) and wetness (40, 40), which has a hole."""
    lots = np.random.default_rng(4)
    wet = lots.random((CELLS, CELLS)).astype(np.float32)
    wet[10, 10] = np.nan
    tas = (lots.normal(0, 3, (12, CELLS, CELLS)) + np.arange(12)[:, None, None]).astype(np.float32)
    return tas, wet


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir()
    x, y = LEFT + SIZE * (np.arange(CELLS) + 0.5), TOP - SIZE * (np.arange(CELLS) + 0.5)
    coords = {"y": ("y", y, {"units": "m"}), "x": ("x", x, {"units": "m"})}
    tas, wet = fields()
    time = {"time": MONTHS.astype("datetime64[ns]")}
    means = {"units": "degC", "cell_methods": "time: mean"}
    xr.Dataset({"tas": (("time", "y", "x"), tas, means)}, coords | time).to_netcdf(folder / "tas.nc", engine="h5netcdf")
    xr.Dataset({"wet": (("y", "x"), wet, {"units": "1"})}, coords).to_netcdf(folder / "wet.nc", engine="h5netcdf")
    rows = []
    for number, (site, (east, north)) in enumerate(SITES.items()):
        lon, lat = transformer("EPSG:3338", LONLAT).transform(east, north)
        rows += [{"site": site, "lon": lon, "lat": lat, "year": 2019, "month": m, "nee": 0.1 * m + number}
                 for m in range(1, 13)]  # fmt: skip
    pl.DataFrame(rows).write_csv(folder / "flux.csv")
    pl.DataFrame(rows).filter(pl.col("site") == "a").write_csv(folder / "chamber.csv")
    turbulence(folder / "turbulence.csv")
    return folder


def turbulence(path: Path, **changed: Any) -> None:
    """Write half hours of wind from the west at every tower."""
    hours = 40
    columns: Tree = {
        "site": [site for site in SITES for _ in range(hours)],
        "time": [f"2019-07-{1 + h // 20:02d}T{h % 20:02d}:30:00" for _ in SITES for h in range(hours)],
        "friction_velocity": 0.3, "wind_speed": 3.5, "wind_direction": [250.0 + h for _ in SITES for h in range(hours)],
        "sigma_v": 0.5, "boundary_layer_height": 900.0, "measurement_height": 3.2, "displacement_height": 0.2,
        "sensible_heat_flux": 60.0, "air_temperature": 10.0, "air_pressure": 95_000.0,
    }  # fmt: skip
    pl.DataFrame({k: v for k, v in (columns | changed).items() if v is not None}).write_csv(path)


def table(path: str) -> Tree:
    options = {"site": "site", "lon": "lon", "lat": "lat", "time": {"year": "year", "month": "month"}}
    nee = {"nee": {"variable": "nee", "unit": "umol CO2 m-2 s-1", "positive": "up"}}
    return {"reader": "table", "path": path, "options": {**options, "columns": nee, **TERMS}}


def grid(path: str, name: str, variable: Tree, **time: Any) -> Tree:
    return {
        "reader": "grid",
        "path": path,
        "options": {"crs": "EPSG:3338", "variables": {name: variable}, **time, **TERMS},
    }


@pytest.fixture
def tree() -> Tree:
    domain = {"crs": "EPSG:3338", "resolution": SIZE, "left": LEFT, "top": TOP, "width": CELLS, "height": CELLS}
    wet = {"name": "wetness", "unit": "1"}
    return {
        "name": "seen",
        "period": {"start": 2019, "end": 2019},
        "domain": domain,
        "sources": {
            "tas": grid("tas.nc", "tas", {"variable": "tas"}),
            "wet": grid("wet.nc", "wet", wet, time={"static": True}),
            "flux": table("flux.csv"),
            "chamber": table("chamber.csv"),
        },
        "targets": {"nee": {"records": ["flux", "chamber"], "join": [{"source": "cube", "by": "cell"}], "lags": [1]}},
        "learners": {"ridge": {"model": "ridge", "options": {"folds": 2}}},
        "predict": {"learner": "ridge"},
    }


@pytest.fixture
def run(data: Path, tmp_path: Path) -> Run:
    def made(tree: Tree, name: str = "run", until: str = "simulate") -> Path:
        return run_study(study_from_dict(tree), data=data, out=tmp_path / name, until=until, quiet=True)

    return made


SEEING = {
    "footprint": {"kind": "footprint", "meteorology": "turbulence.csv", "minimum": 0.5},
    "circle": {"kind": "footprint", "radius": 150.0},
    "probe_grid": {"kind": "probe_grid", "side": 250.0},
}


@pytest.mark.parametrize("support", [*SEEING.values(), "chamber"], ids=[*SEEING, "chamber"])
def test_in_a_cell_larger_than_the_support_every_byte_is_as_before(tree: Tree, run: Run, support: Any):
    tree["domain"] |= {"resolution": 5000.0, "left": -1000.0, "width": 2, "height": 2}
    plain = run(tree, "plain")
    tree["sources"]["flux"]["support"] = support
    seen = run(tree, "seen")
    assert (seen / "harmonize" / "supports.parquet").exists()
    for name in (
        "harmonize/nee.parquet",
        "harmonize/nee.records.parquet",
        "harmonize/nee.json",
        "simulate/nee.parquet",
    ):
        assert (seen / name).read_bytes() == (plain / name).read_bytes(), name


@pytest.mark.physics
def test_features_are_the_area_mean_of_a_probe_grid(tree: Tree, run: Run):
    tree["sources"]["flux"]["support"] = {"kind": "probe_grid", "side": 250.0, "sides": {"c": 100.0}, "minimum": 0.6}
    out = run(tree)
    tas, wet = (np.asarray(each, float) for each in fields())
    table = pl.read_parquet(out / "harmonize" / "nee.parquet").filter(pl.col("source") == "flux.csv")
    share = np.array([0.25, 1.0, 1.0, 0.25]) / 2.5
    square = np.outer(share, share)
    mine = table.filter(pl.col("site") == "a")
    assert mine["wetness"][0] == pytest.approx((square * wet[18:22, 18:22]).sum())
    np.testing.assert_allclose(mine["tas"], (square * tas[:, 18:22, 18:22]).sum((1, 2)), rtol=1e-6)
    np.testing.assert_allclose(mine["tas_lag1"][1:], mine["tas"][:-1])
    small = table.filter(pl.col("site") == "c")
    across, along = np.array([0.4, 0.6]), np.array([0.2, 0.8])
    assert small["wetness"][0] == pytest.approx(float(along @ wet[10:12, 27:29] @ across), rel=1e-6)
    places = pl.read_parquet(out / "harmonize" / "supports.parquet")
    edge = places.filter(pl.col("site") == "edge").row(0, named=True)
    assert edge["total"] == pytest.approx((125 + 20) / 250)
    summary = json.loads((out / "harmonize" / "nee.json").read_text())
    assert summary["left_out"]["support"] == 12
    assert table.filter(pl.col("site") == "edge")["tas"].is_nan().all()


def test_nothing_leaks_between_sites_or_sources(tree: Tree, run: Run, data: Path):
    plain = pl.read_parquet(run(tree, "plain") / "harmonize" / "nee.parquet")
    tree["sources"]["flux"]["support"] = {"kind": "probe_grid", "side": 250.0, "minimum": 0.5}
    seen = pl.read_parquet(run(tree, "seen") / "harmonize" / "nee.parquet")
    chamber = pl.col("source") == "chamber.csv"
    assert seen.filter(chamber).equals(plain.filter(chamber))
    assert (seen.filter(~chamber)["tas"] != plain.filter(~chamber)["tas"]).all()
    rows = pl.read_csv(data / "flux.csv").filter(pl.col("site") == "b")
    rows.write_csv(data / "flux.csv")
    alone = pl.read_parquet(run(tree, "alone") / "harmonize" / "nee.parquet")
    columns = ["tas", "tas_lag1", "wetness"]
    mine = (pl.col("site") == "b") & ~chamber
    assert alone.filter(mine).select(columns).equals(seen.filter(mine).select(columns))


@pytest.mark.physics
def test_a_footprint_looks_upwind_and_is_kept_in_the_run(tree: Tree, run: Run, data: Path):
    tree["sources"]["flux"]["support"] = SEEING["footprint"]
    out = run(tree, until="predict")
    places = pl.read_parquet(out / "harmonize" / "supports.parquet")
    assert places["half_hours"].to_list() == [40] * 4
    rows = {row["site"]: row for row in places.iter_rows(named=True)}
    assert rows["edge"]["total"] < 0.5 < 0.85 < rows["a"]["total"] <= 1.0
    cells, weights = np.array(rows["a"]["cells"]), np.array(rows["a"]["weights"])
    assert weights[cells % CELLS < 20].sum() > 0.999 * rows["a"]["total"]
    tas = fields()[0].astype(float).reshape(12, -1)
    mine = pl.read_parquet(out / "harmonize" / "nee.parquet").filter(pl.col("site") == "a")
    np.testing.assert_allclose(
        mine.filter(pl.col("source") == "flux.csv")["tas"], tas[:, cells] @ weights / weights.sum(), rtol=1e-6
    )
    own = predict_records(out, data=None, out=out.parent / "own.parquet", quiet=True)
    copy = predict_records(out, data=data, out=out.parent / "copy.parquet", quiet=True)
    assert pl.read_parquet(own).equals(pl.read_parquet(copy))


def test_towers_without_turbulence_take_the_declared_circle(tree: Tree, run: Run, data: Path):
    rows = pl.read_csv(data / "turbulence.csv")
    rows.filter(pl.col("site") != "b").with_columns(pl.col("site").str.to_uppercase()).write_csv(
        data / "turbulence.csv"
    )
    tree["sources"]["flux"]["support"] = {**SEEING["footprint"], "radius": 120.0}
    places = pl.read_parquet(run(tree) / "harmonize" / "supports.parquet")
    kinds = dict(zip(places["site"], places["support"], strict=True))
    assert kinds == {"a": "footprint", "b": "circle", "c": "footprint", "edge": "footprint"}
    assert places.filter(pl.col("site") == "b")["total"][0] == pytest.approx(1.0)
    tree["sources"]["flux"]["support"] = SEEING["footprint"]
    with pytest.raises(CubeError, match=r"meteorology, site b: the tower has no turbulence.*no row within the period"):
        run(tree, "refused")


@pytest.mark.parametrize(
    ("changed", "error", "text"),
    [
        ({"sigma_v": None}, SourceError, r"turbulence\.csv: column 'sigma_v' is absent"),
        ({"air_pressure": None}, SourceError, "'air_pressure' is absent; expected obukhov_length, or sensible"),
        (
            {"wind_direction": 400.0},
            SourceError,
            r"'wind_direction' holds an impossible value; found 400 in data row 0",
        ),
        ({"time": "3 July 2019"}, SourceError, "not in ISO form"),
        ({"time": "2011-07-01T00:30:00"}, CubeError, "no row lies within the period of the study; found 2011-07-01"),
        ({"friction_velocity": 0.01}, CubeError, "site a: the tower has no turbulence.*found no row that the model"),
    ],
)
def test_bad_tables_of_turbulence_are_refused(
    tree: Tree, run: Run, data: Path, changed: Tree, error: type[GeoCryoAIError], text: str
):
    turbulence(data / "turbulence.csv", **changed)
    tree["sources"]["flux"]["support"] = SEEING["footprint"]
    with pytest.raises(error, match=text):
        run(tree)


@pytest.mark.parametrize(
    ("support", "text"),
    [
        ("footprnt", "did you mean 'footprint'"),
        ("footprint", "needs meteorology .* or a radius"),
        ({"kind": "footprint", "radius": -100}, "radius: must be greater than 0; found -100"),
        ({"kind": "probe_grid", "side": 0}, "side: must be greater than 0"),
        ({"kind": "probe_grid", "sides": {"a": -1.0}}, "sides: expected lengths above 0"),
        ({"kind": "chamber", "side": 5.0}, "side: only for the support probe_grid, not for chamber"),
        ({"kind": "probe_grid", "minimum": 1.5}, "minimum: must be less than or equal to 1"),
        ({"kind": "footprint", "radius": 9, "reech": 5}, "unknown key 'reech'; did you mean 'reach'"),
    ],
)
def test_impossible_supports_are_refused(tree: Tree, support: Any, text: str):
    tree["sources"]["flux"]["support"] = support
    with pytest.raises(StudyError, match=text):
        study_from_dict(tree)


def test_supports_that_fit_nothing_are_refused_before_any_work(tree: Tree, data: Path, run: Run):
    tree["sources"]["flux"]["support"] = {**SEEING["footprint"], "meteorology": "other.csv"}
    with pytest.raises(StudyError, match=r"sources\.flux\.support\.meteorology: no file other\.csv"):
        check_study(study_from_dict(tree), data)
    tree["sources"]["flux"]["support"] = SEEING["probe_grid"]
    tree["sources"]["again"] = table("flux.csv")
    with pytest.raises(StudyError, match=r"flux\.csv is also read by 'flux', which has another support"):
        check_study(study_from_dict(tree), data)
    del tree["sources"]["again"]
    tree["targets"]["nee"]["join"] = []
    with pytest.raises(StudyError, match="nothing would be averaged"):
        check_study(study_from_dict(tree), data)
    del tree["domain"]
    with pytest.raises(StudyError, match=r"domain: missing, but sources\.flux\.support averages"):
        check_study(study_from_dict(tree), data)


def test_a_side_for_a_site_that_is_not_there_is_refused(tree: Tree, run: Run):
    tree["sources"]["flux"]["support"] = {"kind": "probe_grid", "sides": {"edg": 100.0}}
    with pytest.raises(CubeError, match=r"sides: no record is of this site; found 'edg'. Did you mean 'edge'"):
        run(tree)
