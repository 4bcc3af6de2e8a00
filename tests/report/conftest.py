"""A small run folder, made up by code with the house's own writers."""

import json
from datetime import datetime

import numpy as np
import polars as pl
import pytest

from geocryoai.core.files import write_json
from geocryoai.core.grid import Grid
from geocryoai.core.observations import EXCLUSION_COLUMNS, schema
from geocryoai.core.study import study_from_dict
from geocryoai.evaluation import METRICS
from geocryoai.evaluation.score_tables import Subject, difference_table, score_table
from geocryoai.models.contract import QUANTILES, Prediction
from geocryoai.products.maps import map_dataset

GRID = Grid("EPSG:3338", left=-60_000.0, top=2_260_000.0, resolution=10_000.0, width=12, height=10)
ALT_ERRORS = {"ours": 0.2, "ridge": 0.1, "site_climatology": 0.4}
NEE_ERRORS = {"ridge": 0.3, "site_climatology": 0.2}
EVIL = "<script>alert('site')</script>"
SITES = [f"S{i:02d}" for i in range(8)] + [EVIL]


def small_study(**changes):
    return study_from_dict(
        {
            "name": "little",
            "title": "Little world & its <frost>",
            "description": "Made <b>up</b>.",
            "seed": 5,
            "period": {"start": 2000, "end": 2007},
            "domain": {"west": -156, "east": -152, "south": 69, "north": 70, "resolution": 10_000},
            "twin": {},
            "sources": {"probes": {"reader": "table", "path": "probes.csv"}},
            "targets": {
                "alt": {"records": ["probes"], "step": "year", "anchors": [{"process": "layered_stefan"}]},
                "nee": {"records": ["probes"]},
            },
            "learners": {
                "ours": {"model": "anchor_ridge", "options": {"note": "<i>"}},
                "ridge": {"model": "ridge"},
                "site_climatology": {"model": "site_climatology"},
            },
            "evaluate": {
                "protocols": {
                    "blocks": {"protocol": "spatial_blocks", "targets": ["alt"]},
                    "later": {"protocol": "rolling_origin", "task": "forecast", "targets": ["nee"]},
                }
            },
            "predict": {"learner": "ours", "maps": True},
            "report": {"limitations": ["Nothing <here> is real."], "sites_shown": 3},
            **changes,
        }
    )


def made_up_predictions(step, modes, errors, *, seed=0):
    """Return out-of-fold predictions of models whose errors have the given size."""
    rng = np.random.default_rng(seed)
    months = 8 if step == "year" else 24
    time = [
        datetime(2000 + i, 1, 1) if step == "year" else datetime(2000 + i // 12, i % 12 + 1, 1) for i in range(months)
    ]
    season = None if step == "year" else ["DJF", "MAM", "JJA", "SON"]
    sites = np.repeat(np.arange(len(SITES)), months)
    when = np.tile(np.arange(months), len(SITES))
    observed = 0.6 + 0.05 * sites + 0.1 * np.sin(when)
    parts = []
    for model, size in errors.items():
        noise = rng.normal(size=len(sites))
        for mode in modes:
            mean = observed + size * (1.0 if mode != "one_step" else 0.7) * noise
            prediction = Prediction.normal(mean, np.full(len(mean), size))
            table = {
                "model": model,
                "mode": mode,
                "fold": "all",
                "row": np.arange(len(sites)),
                "source": "probes.csv",
                "source_row": np.arange(len(sites)),
                "site": [SITES[i] for i in sites],
                "block": sites,
                "lon": -156.0 + 0.4 * sites,
                "lat": 69.1 + 0.1 * sites,
                "time": [time[i].date() for i in when],
                "season": [None if season is None else season[time[i].month % 12 // 3] for i in when],
                "lead": [None if mode == "map" else int(i) % 12 + 1 for i in when],
                "observed": observed,
                "sigma": None,
                "mean": prediction.mean,
                "sd": prediction.sd,
            }
            table |= {f"q{round(100 * q):02d}": prediction.quantiles[:, i] for i, q in enumerate(QUANTILES)}
            parts.append(pl.DataFrame(table, schema_overrides={"lead": pl.Int64, "season": pl.String}))
    return pl.concat(parts)


def write_evaluation(root, cases):
    """Write score tables and predictions of (target, label, predictions)."""
    metrics = [METRICS.get(name) for name in METRICS.names()]
    tables = {}
    for target, label, predictions in cases:
        folder = root / "evaluate" / target / label
        folder.mkdir(parents=True)
        predictions.write_parquet(folder / "predictions.parquet")
        passport = {
            "block_size": "0.5 degree",
            "bootstrap": {"replicates": 100},
            "split_hash": "abc",
            "drivers": "measured",
        }
        write_json(folder / "passport.json", passport)
        task = "map" if predictions["mode"][0] == "map" else "forecast"
        subject = Subject("little", target, task, label, "m" if target == "alt" else "g C m-2 d-1", 100)
        made = {"scores": score_table(predictions, subject, metrics)}
        made |= {
            f"scores_by_{by}": score_table(predictions, subject, metrics, by=by) for by in ("season", "site", "lead")
        }
        made["differences"] = difference_table(predictions, subject, [METRICS.get("rmse"), METRICS.get("crps")])
        for name, table in made.items():
            tables.setdefault(name, []).append(table)
    for name, parts in tables.items():
        pl.concat(parts).write_csv(root / "evaluate" / f"{name}.csv")


def write_inputs(root, study, records):
    """Write the ingested source, and records of every target."""
    write_json(root / "run.json", {"geocryoai": "0.0.9", "seed": 5, "versions": {"numpy": "2.0"}})
    write_json(root / "stages" / "ingest.json", {"inputs": {"probes": "ff"}})
    folder = root / "ingest" / "probes"
    folder.mkdir(parents=True)
    info = {
        "name": "table", "title": "Probes", "kind": "observations", "licence": "CC0 <free>",
        "citation": "Nobody (2000)", "formats": ["csv"], "measures": ["alt"], "covariates": {}, "doi": "10.1/x",
        "url": "javascript:alert(1)", "quirks": [],
    }  # fmt: skip
    counts = {"records": 72, "observations": 70, "exclusions": 3, "fields": []}
    write_json(folder / "source.json", {"info": info, "path": "probes.csv", "notes": ["a note"], **counts})
    excluded = {"source": ["probes.csv"] * 3, "source_row": [1, 2, 3], "variable": ["alt"] * 3,
                "raw": ["-9999", "-9999", "7"], "reason": [*["stands for missing"] * 2, "impossible"]}  # fmt: skip
    pl.DataFrame(excluded, schema=schema(EXCLUSION_COLUMNS)).write_parquet(folder / "exclusions.parquet")
    (root / "harmonize").mkdir()
    for target in study.targets:
        records.write_parquet(root / "harmonize" / f"{target}.records.parquet")
        summary = {
            "features": ["tas", "clay"],
            "statics": ["clay"],
            "records": 72,
            "learnt": 64,
            "left_out": {"quality": 8},
        }
        write_json(root / "harmonize" / f"{target}.json", summary)


def made_up_records(*, placed=True, dated=True):
    """Return records of all sites, the last site left out."""
    count = 8 * len(SITES)
    number = np.repeat(np.arange(len(SITES)), 8)
    learn = number < len(SITES) - 1
    return pl.DataFrame(
        {
            "source": "probes.csv",
            "source_row": np.arange(count),
            "site": [SITES[i] for i in number],
            "lon": -156.0 + 0.4 * number if placed else np.full(count, np.nan),
            "lat": 69.1 + 0.1 * number if placed else np.full(count, np.nan),
            "time_start": [datetime(2000 + i % 8, 7, 1) if dated else None for i in range(count)],
            "value": 0.6 + 0.05 * number,
            "why_not": [None if ok else "quality" for ok in learn],
            "learn": learn,
        },
        schema_overrides={"time_start": pl.Datetime("us")},
    )


def write_maps(root, offset):
    """Write a predicted map of alt, and a truth that lies `offset` below it."""
    from geocryoai.cube.netcdf import write_netcdf
    from geocryoai.twin.files import Layer
    from geocryoai.twin.files import write_netcdf as write_truth

    real = np.linspace(0.3, 1.2, GRID.width * GRID.height).reshape(GRID.shape)
    prediction = Prediction.normal(real.ravel() + offset, np.full(real.size, 0.1))
    (root / "predict").mkdir()
    write_netcdf(
        map_dataset("alt", GRID, ["2006"], [prediction], [np.ones(GRID.shape, bool)]), root / "predict" / "alt.nc"
    )
    years = np.array(["2005", "2006", "2007"], dtype="datetime64[Y]")
    layers = {"alt": Layer(np.stack([real, real, real]), "m")}
    (root / "ingest" / "twin").mkdir(parents=True, exist_ok=True)
    write_truth(root / "ingest" / "twin" / "truth.nc", GRID, layers, title="truth", years=years)


def write_run(root, study=None):
    """Write a whole run folder, all stages but the report."""
    study = study or small_study()
    write_inputs(root, study, made_up_records())
    write_evaluation(
        root,
        [
            ("alt", "blocks", made_up_predictions("year", ["map"], ALT_ERRORS)),
            ("nee", "later", made_up_predictions("month", ["free_running", "one_step"], NEE_ERRORS)),
        ],
    )
    findings = [
        {"target": "alt", "protocol": "blocks", "model": "ours", "name": "scaled_unit", "verdict": "ok", "number": 0.5,
         "sentence": "All is plausible."},
        {"target": "alt", "protocol": "blocks", "model": "ours", "name": "site_id_only", "verdict": "warn",
         "number": 1.0, "sentence": "The name is enough."},
        {"target": "nee", "protocol": "later", "model": "ridge", "name": "lag1_copy", "verdict": "fail", "number": 0.0,
         "sentence": "A copy of <yesterday>."},
    ]  # fmt: skip
    (root / "evaluate" / "suspicion.json").write_text(json.dumps(findings))
    write_maps(root, 0.1)
    return study


@pytest.fixture(scope="session")
def small_run(tmp_path_factory):
    """Return a run folder, its study and its report."""
    from geocryoai.stages.report import report
    from geocryoai.stages.workspace import Workspace

    root = tmp_path_factory.mktemp("run")
    study = write_run(root)
    report(Workspace(study, root, None))
    return root, study, (root / "report" / "report.html").read_text(encoding="utf-8")
