"""A user's own tables through a whole run: joins by site, month, position; monthly, annual; without place or date."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from geocryoai.stages.apply import predict_records

Tree = dict[str, Any]
Finished = Callable[..., Path]

#: Of the tables that the fixture `data` makes.
SITES, YEARS = 12, 5


def test_joins_by_site_month_and_position_reach_every_record(finished: Finished, own_study: Tree, data: Path):
    run = finished(own_study)
    nee = pl.read_parquet(run / "harmonize" / "nee.parquet")
    features = json.loads((run / "harmonize" / "nee.json").read_text())["features"]
    assert set(features) == {"tas", "tas_lag1", "tas_mean2", "clay", "wetness"}
    for name in ("tas", "clay", "wetness"):
        assert np.isfinite(nee[name].to_numpy()).all(), name
    first = nee.filter((pl.col("time_start").dt.year() == 2010) & (pl.col("time_start").dt.month() == 1))
    assert np.isnan(first["tas_lag1"].to_numpy()).all()
    drivers = pl.read_csv(data / "drivers.csv").filter((pl.col("site") == "SITE 03") & (pl.col("year") == 2012))
    mine = nee.filter((pl.col("site") == "Site 03") & (pl.col("time_start").dt.year() == 2012))
    np.testing.assert_allclose(mine["tas"], drivers["t"])
    np.testing.assert_allclose(mine["tas_lag1"][1:], drivers["t"][:-1])
    alt = pl.read_parquet(run / "harmonize" / "alt.parquet")
    assert {"tdd", "fdd", "tas_year", "tas_summer", "clay"} <= set(alt.columns)
    assert np.isnan(alt.filter(pl.col("time_start").dt.year() == 2010)["tdd"].to_numpy()).all()
    assert np.isfinite(alt.filter(pl.col("time_start").dt.year() > 2010)["tdd"].to_numpy()).all()

    out = pl.read_parquet(run / "predict" / "predictions.parquet")
    assert out.filter(pl.col("variable") == "nee").height == SITES * YEARS * 12
    assert out.filter(pl.col("variable") == "alt").height == SITES * YEARS
    assert np.isfinite(out["mean"].to_numpy()).all()

    scores = pl.read_csv(run / "evaluate" / "scores.csv").filter(pl.col("metric") == "rmse")
    value = {(r["target"], r["protocol"], r["model"]): r["value"] for r in scores.iter_rows(named=True)}
    assert value["nee", "by_site", "ridge"] < 0.5 * value["nee", "by_site", "site_climatology"]
    assert ("nee", "later", "persistence") in value
    assert scores.filter(pl.col("protocol") == "by_site")["n_sites"].unique().to_list() == [SITES]


def test_the_copy_of_own_data_without_targets_gives_the_same(
    finished: Finished, own_study: Tree, data: Path, tmp_path: Path
):
    run = finished(own_study, until="train")
    for name, column in (("flux.csv", "nee"), ("thaw.csv", "alt")):
        emptied = pl.read_csv(data / name, infer_schema=False).with_columns(pl.lit(None, pl.String).alias(column))
        emptied.write_csv(data / name)
    own = pl.read_parquet(predict_records(run, data=None, out=tmp_path / "own.parquet", quiet=True))
    copy = pl.read_parquet(predict_records(run, data=data, out=tmp_path / "copy.parquet", quiet=True))
    assert copy.equals(own)


def test_records_without_place_and_date_are_learnt_judged_and_answered(finished: Finished, plain_study: Tree):
    run = finished(plain_study)
    out = pl.read_parquet(run / "predict" / "predictions.parquet")
    assert out.height == 200
    assert out["lon"].null_count() == out["time_start"].null_count() == 200
    assert np.isfinite(out.select("mean", "sd", "q05", "q95").to_numpy()).all()
    scores = pl.read_csv(run / "evaluate" / "scores.csv").filter(pl.col("metric") == "r2")
    ridge = scores.filter(pl.col("model") == "ridge")
    assert ridge["value"].item() > 0.9
    assert ridge["n_sites"].item() == SITES


def test_a_planted_copy_of_the_target_is_suspected(finished: Finished, plain_study: Tree, data: Path):
    tree = plain_study
    rows = pl.read_csv(data / "plain.csv")
    rows.with_columns((pl.col("gpp") * 2 + 1).alias("index")).write_csv(data / "plain.csv")
    tree["sources"]["plain"]["options"]["covariates"]["index"] = {"name": "index", "unit": "1"}
    run = finished(tree, until="evaluate")
    findings = json.loads((run / "evaluate" / "suspicion.json").read_text())
    (found,) = [f for f in findings if f["name"] == "target_in_features"]
    assert found["verdict"] == "fail"
    assert "index and the target of the same period" in found["sentence"]
    assert findings[0]["verdict"] == "fail"


def test_audits_of_cheap_learners_are_always_made(finished: Finished, plain_study: Tree):
    run = finished(plain_study, until="evaluate")
    findings = json.loads((run / "evaluate" / "suspicion.json").read_text())
    names = [f["name"] for f in findings]
    assert "leakage_audit_ridge" in names
    assert "shuffled_target_ridge" in names
    assert {f["verdict"] for f in findings if f["name"] == "leakage_audit_ridge"} == {"ok"}
    assert {(f["target"], f["protocol"], f["model"]) for f in findings} == {("gpp", "by_site", "ridge")}


def test_a_map_of_a_study_without_domain_says_why_not(
    finished: Finished, plain_study: Tree, command: Callable[..., tuple]
):
    run = finished(plain_study, until="train")
    code, _, error = command("predict", run, "--grid", "--month", "2010-07")
    assert code == 2
    assert "domain: missing, but predict.maps is on" in error


def test_a_name_in_other_case_or_with_blanks_is_the_same_site(finished: Finished, own_study: Tree, data: Path):
    drivers = pl.read_csv(data / "drivers.csv")
    drivers.with_columns(pl.format("  {} ", pl.col("site").str.to_lowercase()).alias("site")).write_csv(
        data / "drivers.csv"
    )
    run = finished(own_study, until="harmonize")
    assert np.isfinite(pl.read_parquet(run / "harmonize" / "nee.parquet")["tas"].to_numpy()).all()
