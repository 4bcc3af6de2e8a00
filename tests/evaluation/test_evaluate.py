"""The whole evaluation: tables, passport, cache, errors."""

from __future__ import annotations

import json

import numpy as np
import polars as pl
import pytest

from geocryoai.core.errors import GeoCryoAIError, ModelError, ProtocolError, RunError
from geocryoai.evaluation.evaluate import evaluate
from geocryoai.evaluation.folds import make_split, split_hash
from geocryoai.evaluation.protocols.spatial_blocks import block_labels
from geocryoai.evaluation.store import fingerprint, fold_key

COLUMNS = "study,target,task,protocol,model,metric,value,low,high,unit,n,n_sites,n_blocks"
BLOCKS = {"name": "spatial_blocks", "size": 4.0, "folds": 3}


@pytest.fixture
def result(made):
    return evaluate(
        made.map(), BLOCKS, {"mean": {}, "linear": {}}, made.fit, study="unit", support="plot", replicates=200
    )


def test_scores_have_exactly_the_agreed_columns(result, tmp_path):
    result.write(tmp_path)
    assert (tmp_path / "scores.csv").read_text().splitlines()[0] == COLUMNS
    assert (tmp_path / "scores_by_season.csv").read_text().splitlines()[0] == COLUMNS + ",season"
    assert (tmp_path / "scores_by_site.csv").read_text().splitlines()[0] == COLUMNS + ",site"
    assert (tmp_path / "scores_by_lead.csv").read_text().splitlines()[0] == COLUMNS + ",lead"
    assert (tmp_path / "differences.csv").read_text().splitlines()[0] == COLUMNS.replace("model", "model,reference")
    assert pl.read_parquet(tmp_path / "predictions.parquet").equals(result.predictions)
    assert json.loads((tmp_path / "passport.json").read_text()) == result.passport
    assert not list(tmp_path.glob(".*"))


def test_scores_agree_with_the_predictions(result):
    part = result.predictions.filter(model="linear")
    error = (part["mean"] - part["observed"]).to_numpy()
    rmse = result.scores.filter(model="linear", metric="rmse").to_dicts()[0]
    assert rmse["value"] == pytest.approx(np.sqrt((error**2).mean()))
    assert rmse["low"] < rmse["value"] < rmse["high"]
    assert (rmse["unit"], rmse["n"], rmse["n_sites"]) == ("m", 180, 12)
    assert rmse["n_blocks"] == part["block"].n_unique() < 12
    bias = result.scores.filter(model="linear", metric="bias_site_equal")["value"].item()
    by_site = part.group_by("site").agg((pl.col("mean") - pl.col("observed")).mean().alias("bias"))
    assert bias == pytest.approx(by_site["bias"].mean())
    assert "bias_block_equal" in result.scores["metric"].to_list()
    assert result.scores.filter(metric="r2")["unit"].unique().to_list() == ["1"]


def test_every_row_is_predicted_once_by_every_model_and_by_strangers(made, result):
    samples = made.map()
    for _, part in result.predictions.group_by("model"):
        assert sorted(part["row"].to_list()) == list(range(len(samples)))
    one = result.predictions.filter(model="mean", fold="fold-0")
    others = ~np.isin(samples.site, one["site"].to_numpy().astype(str))
    assert one["mean"].to_numpy() == pytest.approx(samples.y[others].mean())
    assert one["source"].unique().to_list() == ["made.csv"]


def test_seasons_and_sites_have_their_own_tables(result):
    seasons = result.scores_by_season.filter(model="linear", metric="rmse")
    assert set(seasons["season"]) == {"DJF", "MAM", "JJA", "SON"}
    assert seasons["n"].sum() == 180
    sites = result.scores_by_site.filter(model="mean", metric="mae")
    assert sites["n"].to_list() == [15] * 12
    assert sites["low"].null_count() == 12
    assert result.scores_by_lead.is_empty()


def test_differences_are_paired(result):
    rmse = result.differences.filter(metric="rmse")
    one = rmse.filter(model="linear", reference="mean").to_dicts()[0]
    other = rmse.filter(model="mean", reference="linear").to_dicts()[0]
    assert one["value"] == pytest.approx(-other["value"])
    assert one["low"] == pytest.approx(-other["high"])
    scores = result.scores.filter(metric="rmse")
    values = dict(zip(scores["model"], scores["value"], strict=True))
    assert one["value"] == pytest.approx(values["linear"] - values["mean"])
    assert one["low"] < one["value"] < one["high"]


def test_passport(made, result):
    split = make_split(made.map(), "spatial_blocks", size=4.0, folds=3)
    passport = result.passport
    assert passport["split_hash"] == split_hash(split.folds, made.map())
    assert passport["block_size"] == "4 degree"
    assert (passport["task"], passport["support"], passport["unit"], passport["n"]) == ("map", "plot", "m", 180)
    assert passport["models"] == {"mean": {}, "linear": {}}
    assert passport["bootstrap"]["replicates"] == 200
    assert passport["split"]["rows_never_tested"] == 0


def test_cache_changes_nothing_and_spares_the_fits(made, tmp_path):
    samples, fits = made.map(), []

    def counted(name, part, options, seed):
        fits.append(name)
        return made.fit(name, part, options, seed)

    def run(cache, **options):
        return evaluate(samples, BLOCKS, {"mean": {}, "linear": {}}, counted, cache=cache, replicates=20, **options)

    plain = run(None)
    first = run(tmp_path)
    assert len(fits) == 12
    for file in sorted(tmp_path.glob("*.parquet"))[:2]:
        file.unlink()
    resumed = run(tmp_path)
    assert len(fits) == 14
    for name in ("predictions", "scores", "scores_by_site", "differences"):
        assert getattr(plain, name).equals(getattr(first, name))
        assert getattr(plain, name).equals(getattr(resumed, name))
    run(tmp_path, data_key="another cube")
    assert len(fits) == 20
    samples.features["warm"][0] += 1.0
    run(tmp_path, data_key="another cube")
    assert len(fits) == 26


def test_cache_key_tells_options_seed_and_rows_apart(made):
    samples = made.map()
    fold, other, *_ = make_split(samples, "leave_site_out", folds=3).folds
    data = fingerprint(samples)
    keys = {
        fold_key(data, fold, "ridge", {}, 0),
        fold_key(data, fold, "ridge", {"alpha": 1}, 0),
        fold_key(data, fold, "ridge", {}, 1),
        fold_key(data, other, "ridge", {}, 0),
        fold_key(data, fold, "trees", {}, 0),
        fold_key(fingerprint(made.replace(samples, statics=())), fold, "ridge", {}, 0),
        fold_key(fingerprint(samples, samples), fold, "ridge", {}, 0),
    }
    assert len(keys) == 7
    assert fingerprint(samples) == fingerprint(made.map())


def test_damaged_cache_file_is_named(made, tmp_path):
    options = {"cache": tmp_path, "replicates": 5}
    evaluate(made.map(), BLOCKS, {"mean": {}}, made.fit, **options)
    file = next(tmp_path.glob("*.parquet"))
    file.write_bytes(file.read_bytes()[:50])
    with pytest.raises(RunError, match=rf"{file.name}: a stored fold cannot be read. Delete the file"):
        evaluate(made.map(), BLOCKS, {"mean": {}}, made.fit, **options)


def test_failing_learner_names_fold_and_learner(made):
    with pytest.raises(ModelError, match=r"fold 'fold-0', learner 'failing': .* failed \(ValueError: singular\)"):
        evaluate(made.map(), BLOCKS, {"mean": {}, "failing": {}}, made.fit)


def test_map_task_with_history_is_refused(made):
    samples = made.replace(made.forecast(), task="map")
    with pytest.raises(ProtocolError, match="must not see the target's history; found lags 1, 12"):
        evaluate(samples, "leave_site_out", {"mean": {}}, made.fit)


def test_wrong_calls_say_what_is_wrong(made):
    samples = made.map()
    with pytest.raises(ProtocolError, match="no learner to evaluate"):
        evaluate(samples, BLOCKS, {}, made.fit)
    with pytest.raises(ProtocolError, match="the protocol has no name"):
        evaluate(samples, {"size": 1}, {"mean": {}}, made.fit)
    with pytest.raises(ProtocolError, match="future drivers and their name go together"):
        evaluate(samples, BLOCKS, {"mean": {}}, made.fit, drivers="ssp585")
    with pytest.raises(ProtocolError, match="made for other samples; found 180 rows; expected 90"):
        evaluate(made.map(sites=6), make_split(samples, "leave_site_out"), {"mean": {}}, made.fit)
    with pytest.raises(ProtocolError, match="own blocks need one label per row and a block_size"):
        evaluate(samples, BLOCKS, {"mean": {}}, made.fit, blocks=samples.site)
    with pytest.raises(GeoCryoAIError, match="Did you mean 'rmse'"):
        evaluate(samples, BLOCKS, {"mean": {}}, made.fit, metrics=["rmsee"])


def test_own_blocks_for_the_bootstrap(made):
    samples = made.map()
    blocks = block_labels(samples, size=10.0)
    result = evaluate(
        samples, "leave_site_out", {"mean": {}}, made.fit, blocks=blocks, block_size="10 degree", metrics=["rmse"]
    )
    assert result.passport["block_size"] == "10 degree"
    assert result.scores["n_blocks"].unique().to_list() == [len(np.unique(blocks))]


def test_unmeasured_rows_are_not_scored_and_counted(made):
    samples = made.map()
    y = samples.y.copy()
    y[:20] = np.nan
    result = evaluate(made.replace(samples, y=y), BLOCKS, {"mean": {}}, made.fit, metrics=["rmse"], replicates=5)
    assert result.passport["split"]["rows_without_target"] == 20
    assert result.predictions["row"].min() == 20


def test_progress_counts_folds(made):
    seen = []
    evaluate(
        made.map(), BLOCKS, {"mean": {}}, made.fit, replicates=5,
        progress=lambda done, total, what: seen.append((done, total, what)),
    )  # fmt: skip
    assert seen == [(0, 3, "mean, fold-0"), (1, 3, "mean, fold-1"), (2, 3, "mean, fold-2"), (3, 3, "done")]


def test_annual_values_and_undated_rows_have_no_season(made):
    samples = made.map(sites=4, per_site=6)
    years = (np.datetime64("2000", "Y") + np.tile(np.arange(6), 4)).astype("datetime64[D]")
    years[0] = np.datetime64("NaT")
    result = evaluate(
        made.replace(samples, time=years), "leave_site_out", {"mean": {}}, made.fit, metrics=["r2"], replicates=5
    )
    assert result.scores_by_season.is_empty()
    assert result.predictions["time"].null_count() == 1
    assert result.scores["n"].item() == 24
