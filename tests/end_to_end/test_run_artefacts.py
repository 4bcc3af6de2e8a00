"""A whole run of a tiny twin: what it leaves is what the contracts say."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from geocryoai.core.files import file_hash, list_files
from geocryoai.core.run_folder import STAGES
from geocryoai.core.study import Study, load_study
from geocryoai.core.variables import variable
from geocryoai.products.records import PREDICTION_COLUMNS

pytestmark = pytest.mark.contract

SCORES = [
    "study",
    "target",
    "task",
    "protocol",
    "model",
    "metric",
    "value",
    "low",
    "high",
    "unit",
    "n",
    "n_sites",
    "n_blocks",
]


@pytest.fixture
def study(tiny_run: Path) -> Study:
    return load_study(tiny_run / "study.yml")


@pytest.fixture
def predictions(tiny_run: Path) -> pl.DataFrame:
    return pl.read_parquet(tiny_run / "predict" / "predictions.parquet")


def done(run: Path) -> list[str]:
    return [stage for stage in STAGES if (run / "stages" / f"{stage}.json").exists()]


def test_every_artefact_is_listed_with_its_hash_and_nothing_is_half_written(tiny_run: Path):
    assert done(tiny_run)[:6] == list(STAGES[:6])
    for stage in done(tiny_run):
        marker = json.loads((tiny_run / "stages" / f"{stage}.json").read_text())
        files = list_files(tiny_run / stage)
        assert files
        assert sorted(marker["artefacts"]) == files
        for name in files:
            assert marker["artefacts"][name] == file_hash(tiny_run / stage / name), name
    hidden = {path.name for path in tiny_run.rglob(".*")}
    assert hidden == {".lock", ".key"}


def test_the_study_in_the_folder_is_the_one_that_was_run(study: Study, tiny_run: Path):
    assert (study.name, study.seed, study.period.end) == ("tiny", 3, "2015-12")
    about = json.loads((tiny_run / "run.json").read_text())
    assert about["seed"] == 3
    assert {"numpy", "polars", "python", "scikit-learn"} <= set(about["versions"])
    assert len(about["code"]) == 64


def test_the_log_has_start_and_end_of_every_stage(tiny_run: Path):
    lines = [json.loads(line) for line in (tiny_run / "log.jsonl").read_text().splitlines()]
    for event in ("stage started", "stage complete"):
        assert [line["stage"] for line in lines if line["event"] == event] == done(tiny_run)
    assert all(line["seconds"] >= 0 for line in lines if line["event"] == "stage complete")


def test_scores_have_the_columns_of_the_contract(tiny_run: Path, study: Study):
    scores = pl.read_csv(tiny_run / "evaluate" / "scores.csv")
    assert scores.columns == SCORES
    assert set(scores["study"]) == {"tiny"}
    judged = set(scores.select("target", "task", "protocol").rows())
    assert {(target, "map", "blocks") for target in study.targets} <= judged
    assert ("nee", "forecast", "later") in judged
    for row in scores.iter_rows(named=True):
        if row["metric"] in ("rmse", "mae", "bias"):
            assert row["unit"] == variable(row["target"]).unit
        if row["low"] is not None and row["high"] is not None:
            assert row["low"] <= row["high"]
    measured = pl.read_parquet(tiny_run / "harmonize" / "alt.parquet")
    alt = scores.filter((pl.col("target") == "alt") & (pl.col("metric") == "rmse"))
    assert set(alt["n"]) == {int(measured["learn"].sum())}
    assert set(alt["model"]) == {"site_climatology", "ridge", "corrected"}


def test_every_learner_is_judged_on_the_same_rows(tiny_run: Path, study: Study):
    for target in study.targets:
        table = pl.read_parquet(tiny_run / "evaluate" / target / "blocks" / "predictions.parquet")
        rows = {model: sorted(part["row"].to_list()) for (model,), part in table.group_by("model")}
        assert len(rows) >= 2
        assert len({tuple(each) for each in rows.values()}) == 1


def test_passports_name_task_split_and_counts(tiny_run: Path):
    passport = json.loads((tiny_run / "evaluate" / "nee" / "later" / "passport.json").read_text())
    assert (passport["task"], passport["protocol"], passport["drivers"]) == ("forecast", "later", "climatology")
    assert passport["n"] > 0
    assert len(passport["split_hash"]) == 64


def test_every_record_has_an_answer_for_every_target(tiny_run: Path, study: Study, predictions: pl.DataFrame):
    assert tuple(predictions.columns) == PREDICTION_COLUMNS
    for target, section in study.targets.items():
        mine = predictions.filter(pl.col("variable") == target)
        wanted = [
            (study.sources[source].path, row)
            for source in section.records
            for row in pl.read_parquet(tiny_run / "ingest" / source / "records.parquet")["source_row"]
        ]
        assert mine.select("source", "source_row").rows() == wanted
        lines = [
            len((tiny_run / "ingest" / "twin" / study.sources[s].path).read_text().splitlines()) - 1
            for s in section.records
        ]
        assert mine.height == sum(lines)


def test_answers_are_finite_ordered_possible_and_in_canonical_units(study: Study, predictions: pl.DataFrame):
    numbers = predictions.select("mean", "sd", "q05", "q95").to_numpy()
    assert np.isfinite(numbers).all()
    assert (predictions["sd"] > 0).all()
    assert (predictions["q05"] < predictions["q95"]).all()
    for target in study.targets:
        about, mine = variable(target), predictions.filter(pl.col("variable") == target)
        assert set(mine["unit"]) == {about.unit}
        assert mine["mean"].is_between(*about.valid).all()
        assert mine["mean"].is_between(*about.plausible).mean() > 0.9


def test_no_target_is_a_feature(tiny_run: Path, study: Study):
    for target in study.targets:
        features = json.loads((tiny_run / "harmonize" / f"{target}.json").read_text())["features"]
        assert features
        assert not {"value", "sigma", "quality", "alt", "nee", "gpp", "reco", "fch4"} & set(features)


def test_records_left_out_are_counted_with_a_reason(tiny_run: Path, study: Study):
    for target in study.targets:
        summary = json.loads((tiny_run / "harmonize" / f"{target}.json").read_text())
        assert summary["learnt"] + sum(summary["left_out"].values()) == summary["records"]
    assert json.loads((tiny_run / "harmonize" / "nee.json").read_text())["left_out"]["quality"] > 0


def test_maps_are_cf_with_crs_units_and_bounds(tiny_run: Path, study: Study):
    import xarray as xr
    from pyproj import CRS

    for target, start in (("alt", "2014-01-01"), ("nee", "2014-07-01"), ("fch4", "2014-07-01")):
        with xr.open_dataset(tiny_run / "predict" / f"{target}.nc", decode_coords="all") as field:
            assert field[target].attrs["units"] == variable(target).unit
            assert CRS.from_wkt(field["crs"].attrs["crs_wkt"]) == CRS("EPSG:3338")
            assert field[target].dims == ("time", "y", "x")
            assert str(field["time"].values[0])[:10] == start
            assert "time_bnds" in field.variables
            assert int(np.isfinite(field[target].values).sum()) > 20
            low, high = field[f"{target}_q05"].values, field[f"{target}_q95"].values
            here = np.isfinite(low)
            assert (low[here] < high[here]).all()


def test_suspicion_is_written_and_finds_no_leak_in_an_honest_run(tiny_run: Path):
    findings = json.loads((tiny_run / "evaluate" / "suspicion.json").read_text())
    audits = [f for f in findings if f["name"].startswith("leakage_audit")]
    assert {f["name"] for f in audits} == {"leakage_audit_ridge", "leakage_audit_corrected"}
    assert {f["verdict"] for f in audits} == {"ok"}
    assert {f["verdict"] for f in findings if f["name"] == "target_in_features"} == {"ok"}
