"""Studies and data that cannot work: every one ends in an error that says what, where and why."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from geocryoai.core.errors import GeoCryoAIError

Tree = dict[str, Any]
Finished = Callable[..., Path]
Change = Callable[[Tree], object]


def learnt_alone(tree: Tree, target: str) -> Tree:
    """Return the study with one target only, and tests of it alone."""
    tree["targets"] = {target: tree["targets"][target]}
    tree["evaluate"]["protocols"] = {"by_site": tree["evaluate"]["protocols"]["by_site"]}
    return tree


CHANGES: dict[str, tuple[Change, str]] = {
    "period without data": (
        lambda t: t.update(period={"start": 1980, "end": 1985}),
        r"targets.nee, records of flux: no record can be learnt from; found \d+ (nothing was|outside the)",
    ),
    "quality that is not there": (
        lambda t: t["targets"]["nee"].update(select={"quality": ["filled"]}),
        r"no record can be learnt from; found .*\d+ quality not selected",
    ),
    "range that nothing is in": (
        lambda t: t["targets"]["nee"].update(select={"minimum": 500}),
        r"no record can be learnt from; found .*\d+ outside the selected range",
    ),
    "records that measure something else": (
        lambda t: t["targets"]["nee"].update(records=["thaw"]),
        r"targets.nee, records of thaw: no record can be learnt from; found 60 nothing was measured",
    ),
    "covariates as records": (
        lambda t: t["targets"]["nee"].update(records=["soil"], join=[], lags=[], means=[]),
        r"targets.nee, records of soil: no record can be learnt from",
    ),
    "learner without an anchor": (
        lambda t: t["learners"].update(ridge={"model": "anchor_ridge"}),
        r"samples carry no process anchor.*Name a process for this target in the study",
    ),
    "anchor without its driver": (
        lambda t: t["targets"]["nee"].update(anchors=[{"process": "nee_light_use"}]),
        r"nee.*rsds",
    ),
    "column that no source has": (
        lambda t: t["targets"]["nee"]["join"][1].update(columns=["clai"]),
        r"soil: no covariate is called 'clai'. Did you mean 'clay'\?",
    ),
    "feature that does not exist": (
        lambda t: t["targets"]["nee"].update(features=["taz*"]),
        r"no feature matches 'taz\*'. Known: clay, tas, tas_lag1",
    ),
    "window channel that does not exist": (
        lambda t: t["targets"]["nee"].update(windows={"channels": ["taz"]}),
        r"no monthly driver is called 'taz'. Did you mean 'tas'\?",
    ),
    "windows without drivers": (
        lambda t: t["targets"]["nee"].update(windows={}, join=[], lags=[], means=[]),
        r"windows need monthly drivers, and no join brings any",
    ),
    "two joins of the same drivers": (
        lambda t: t["targets"]["nee"]["join"].append({"source": "drivers", "by": "site_month"}),
        r"two joins bring the same feature; found tas",
    ),
    "look into the future": (
        lambda t: t["targets"]["nee"].update(lags=[-1]),
        r"targets.nee.lags.0: must be greater than or equal to 1; found -1",
    ),
    "more folds than sites": (
        lambda t: t["evaluate"]["protocols"]["by_site"]["options"].update(folds=50),
        r"too few groups for that many folds; found 12 groups, 50 folds",
    ),
    "folds of no number": (
        lambda t: t["evaluate"]["protocols"]["by_site"]["options"].update(folds="five"),
        r"evaluate.protocols.by_site, nee: the folds cannot be made with these options .*folds='five'",
    ),
    "learner option of no number": (
        lambda t: t["learners"]["ridge"]["options"].update(folds="three"),
        r"ridge, target 'nee': the learner failed \(ValueError.*folds='three'",
    ),
    "numbers without end": (
        lambda t: t["learners"]["ridge"]["options"].update(weight_power=float("nan")),
        r"learners.ridge.options.weight_power: expected a finite number; found nan",
    ),
    "origin after the record": (
        lambda t: t["evaluate"]["protocols"]["later"]["options"].update(first="2090-01"),
        r"later|origin|fold",
    ),
    "unit of another dimension": (
        lambda t: t["sources"]["flux"]["options"]["columns"]["nee"].update(unit="m s-1"),
        r"flux.csv.*columns.nee",
    ),
    "sign not declared": (
        lambda t: t["sources"]["flux"]["options"]["columns"]["nee"].pop("positive"),
        r"flux.csv.*positive",
    ),
    "column that the file has not": (
        lambda t: t["sources"]["flux"]["options"].update(site="sight"),
        r"flux.csv.*'sight'.*[Dd]id you mean 'site'\?",
    ),
    "folder as a table": (lambda t: t["sources"]["soil"].update(path="."), r"soil|folder|\."),
}


@pytest.mark.parametrize("name", sorted(CHANGES))
def test_a_study_that_cannot_work_says_why(own_study: Tree, finished: Finished, name: str):
    change, message = CHANGES[name]
    change(own_study)
    with pytest.raises(GeoCryoAIError, match=f"(?s){message}") as error:
        finished(own_study)
    assert error.value.exit_code == 2


FILES: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "plain.csv"),
    "header only": (b"where,ndvi,gpp\n", "plain.csv.*no rows"),
    "binary": (bytes(range(256)) * 40, "plain.csv"),
    "web page": (b"<!DOCTYPE html><html><body>Please log in</body></html>\n", "plain.csv"),
    "utf-16": ("where,ndvi,gpp\na,0.5,3\n".encode("utf-16"), "plain.csv"),
    "ragged": (b"where,ndvi,gpp\na,0.5,3\nb,0.4\nc,0.4,2,9,9\n", "plain.csv"),
    "two columns of one name": (b"where,ndvi,ndvi,gpp\na,0.5,0.6,3\n", "plain.csv"),
    "words for numbers": (
        b"where,ndvi,gpp\n" + b"a,high,much\n" * 30,
        "plain.csv: column 'ndvi' should hold numbers; found 'high'",
    ),
    "one site": (b"where,ndvi,gpp\n" + b"".join(b"a,0.%d,%d\n" % (i, i) for i in range(1, 10)), "groups"),
}


@pytest.mark.parametrize("name", sorted(FILES))
def test_a_file_that_cannot_be_used_is_named(plain_study: Tree, finished: Finished, data: Path, name: str):
    content, message = FILES[name]
    (data / "plain.csv").write_bytes(content)
    with pytest.raises(GeoCryoAIError, match=f"(?s){message}"):
        finished(plain_study)


def test_a_constant_target_and_constant_drivers_are_learnt(plain_study: Tree, finished: Finished, data: Path):
    rows = pl.read_csv(data / "plain.csv").with_columns(pl.lit(3.0).alias("gpp"), pl.lit(0.5).alias("ndvi"))
    rows.write_csv(data / "plain.csv")
    out = pl.read_parquet(finished(plain_study) / "predict" / "predictions.parquet")
    np.testing.assert_allclose(out["mean"], 3.0)
    assert np.isfinite(out.select("sd", "q05", "q95").to_numpy()).all()


def test_two_places_of_one_name_are_one_site(own_study: Tree, finished: Finished, data: Path):
    rows = pl.read_csv(data / "thaw.csv")
    again = pl.col("site").replace("Site 11", "Site 00")
    rows.with_columns(again.alias("site")).write_csv(data / "thaw.csv")
    run = finished(learnt_alone(own_study, "alt"))
    table = pl.read_parquet(run / "evaluate" / "alt" / "by_site" / "predictions.parquet")
    folds = table.filter(pl.col("site") == "Site 00")["fold"].unique()
    assert len(folds) == 1
    assert pl.read_parquet(run / "predict" / "predictions.parquet").height == rows.height


def test_a_covariate_that_is_missing_everywhere_is_no_obstacle(own_study: Tree, finished: Finished, data: Path):
    wet = pl.read_csv(data / "wet.csv").with_columns(pl.lit(-40.0).alias("lat"))
    wet.write_csv(data / "wet.csv")
    run = finished(learnt_alone(own_study, "nee"))
    assert np.isnan(pl.read_parquet(run / "harmonize" / "nee.parquet")["wetness"].to_numpy()).all()
    assert np.isfinite(pl.read_parquet(run / "predict" / "predictions.parquet")["mean"].to_numpy()).all()


def test_data_that_nobody_may_write_are_read(plain_study: Tree, finished: Finished, data: Path):
    for path in (data / "plain.csv", data):
        path.chmod(path.stat().st_mode & ~0o222)
    before = (data / "plain.csv").stat().st_mtime_ns
    try:
        finished(plain_study, "train")
    finally:
        data.chmod(0o755)
    assert (data / "plain.csv").stat().st_mtime_ns == before
    assert sorted(path.name for path in data.iterdir()) == sorted(
        ["drivers.csv", "flux.csv", "plain.csv", "soil.csv", "thaw.csv", "wet.csv"]
    )


def test_a_forecast_by_a_protocol_without_origin_is_judged_one_step_ahead(own_study: Tree, finished: Finished):
    learnt_alone(own_study, "nee")
    own_study["evaluate"]["protocols"] = {"other_sites": {"protocol": "leave_site_out", "task": "forecast"}}
    run = finished(own_study, "evaluate")
    scores = pl.read_csv(run / "evaluate" / "scores.csv")
    assert set(scores["protocol"]) == {"other_sites_one_step"}
    assert set(scores["task"]) == {"forecast"}
