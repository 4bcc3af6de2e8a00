"""Studies on a user's own tables: monthly and annual with joins, and one without place and date."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from geocryoai.core.study import study_from_dict
from geocryoai.stages.run import run_study

Tree = dict[str, Any]

#: Sites and years of the tables.
SITES = 12
YEARS = range(2010, 2015)
TERMS = {"licence": "made for a test", "citation": "nobody"}
LEARNERS = {
    "ridge": {"model": "ridge", "options": {"folds": 3}},
    "site_climatology": {"model": "site_climatology"},
    "nearest_site": {"model": "nearest_site", "tasks": ["map"]},
    "persistence": {"model": "persistence", "tasks": ["forecast"]},
}
BY_SITE = {"by_site": {"protocol": "leave_site_out", "options": {"folds": 3}}}
LATER = {
    "protocol": "rolling_origin",
    "task": "forecast",
    "options": {"first": "2014-01", "horizon_months": 12, "step_months": 12},
}


def write(folder: Path, name: str, rows: dict[str, Any]) -> None:
    pl.DataFrame(rows).write_csv(folder / name)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Fluxes by site and month, thaw by site and year, drivers by site and month, soil by site, wetness by position."""
    folder = tmp_path / "my data"
    folder.mkdir()
    lots = np.random.default_rng(5)
    sites = [f"Site {i:02d}" for i in range(SITES)]
    lon, lat = np.linspace(-164, -144, SITES), np.linspace(64, 70, SITES)
    clay, wet = lots.uniform(5, 40, SITES), lots.uniform(0, 1, SITES)
    s, y, m = (a.ravel() for a in np.meshgrid(np.arange(SITES), np.array(YEARS), np.arange(1, 13), indexing="ij"))
    tas = -10 + 22 * np.sin(2 * np.pi * (m - 4) / 12) - 0.8 * (lat[s] - 64) + lots.normal(0, 3, len(s))
    write(folder, "drivers.csv", {"site": [sites[i].upper() for i in s], "year": y, "month": m, "t": np.round(tas, 3)})
    write(folder, "soil.csv", {"site": sites, "clay": np.round(clay, 2)})
    write(folder, "wet.csv", {"lon": lon + 0.01, "lat": lat - 0.01, "wet": np.round(wet, 3)})
    nee = -0.1 * tas + 0.3 * wet[s] + lots.normal(0, 0.1, len(s))
    measured = lots.uniform(size=len(s)) < 0.4
    flux = {"site": [sites[i] for i in s], "lon": lon[s], "lat": lat[s], "year": y, "month": m}
    write(folder, "flux.csv", {**flux, "nee": [f"{v:.4f}" if ok else "" for v, ok in zip(nee, measured, strict=True)]})
    s, y = (a.ravel() for a in np.meshgrid(np.arange(SITES), np.array(YEARS), indexing="ij"))
    thaw = 55 - 3 * (lat[s] - 64) + 0.2 * clay[s] + lots.normal(0, 2, len(s))
    thaw_rows = {"site": [sites[i] for i in s], "lon": lon[s], "lat": lat[s], "year": y, "alt": np.round(thaw, 1)}
    write(folder, "thaw.csv", thaw_rows)
    plain = {"where": [f"p{i % SITES}" for i in range(200)], "ndvi": lots.uniform(0.1, 0.8, 200).round(3)}
    write(folder, "plain.csv", {**plain, "gpp": (plain["ndvi"] * 9 + lots.normal(0, 0.2, 200)).round(3)})
    return folder


def table(path: str, **options: Any) -> Tree:
    return {"reader": "table", "path": path, "options": {**TERMS, **options}}


@pytest.fixture
def own_study() -> Tree:
    """Fluxes and thaw of `data`, free to be changed."""
    monthly = {"year": "year", "month": "month"}
    place = {"lon": "lon", "lat": "lat", "site": "site"}
    nee = {"variable": "nee", "unit": "umol CO2 m-2 s-1", "positive": "up"}
    joins = [
        {"source": "drivers", "by": "site_month"},
        {"source": "soil", "by": "site"},
        {"source": "wet", "by": "position", "within_km": 5},
    ]
    return {
        "name": "own",
        "period": {"start": 2010, "end": 2014},
        "sources": {
            "flux": table("flux.csv", **place, time=monthly, columns={"nee": nee}),
            "thaw": table(
                "thaw.csv", **place, time={"year": "year"}, columns={"alt": {"variable": "alt", "unit": "cm"}}
            ),
            "drivers": table(
                "drivers.csv", site="site", time=monthly, covariates={"t": {"name": "tas", "unit": "degC"}}
            ),
            "soil": table("soil.csv", site="site", covariates={"clay": {"name": "clay", "unit": "%"}}),
            "wet": table("wet.csv", lon="lon", lat="lat", covariates={"wet": {"name": "wetness", "unit": "1"}}),
        },
        "targets": {
            "nee": {"records": ["flux"], "join": joins, "lags": [1], "means": [2]},
            "alt": {"records": ["thaw"], "step": "year", "join": joins, "anchors": [{"process": "stefan"}]},
        },
        "learners": copy.deepcopy(LEARNERS),
        "evaluate": {
            "replicates": 100,
            "protocols": copy.deepcopy({**BY_SITE, "later": {**LATER, "targets": ["nee"]}}),
        },
        "predict": {"learner": "ridge"},
    }


@pytest.fixture
def plain_study() -> Tree:
    """Productivity at places without position and rows without date, free to be changed."""
    gpp = {"variable": "gpp", "unit": "g C m-2 d-1", "positive": "down"}
    covariates = {"ndvi": {"name": "ndvi", "unit": "1"}}
    learners = {name: copy.deepcopy(LEARNERS[name]) for name in ("ridge", "site_climatology")}
    return {
        "name": "plain",
        "period": {"start": 2000, "end": 2020},
        "sources": {"plain": table("plain.csv", site="where", columns={"gpp": gpp}, covariates=covariates)},
        "targets": {"gpp": {"records": ["plain"]}},
        "learners": learners,
        "evaluate": {"replicates": 100, "protocols": copy.deepcopy(BY_SITE)},
        "predict": {"learner": "ridge"},
    }


@pytest.fixture
def finished(data: Path) -> Callable[..., Path]:
    """Run a study on `data` and return its folder."""

    def run(tree: Tree, until: str = "predict") -> Path:
        return run_study(study_from_dict(tree), data=data, out=data.parent / "run", until=until, quiet=True)

    return run
