"""Hourly records through a run: the error of each month weighs it, and a copy without values gives the same answers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from geocryoai.core.study import study_from_dict
from geocryoai.models.weights import row_weights
from geocryoai.stages.apply import predict_records
from geocryoai.stages.run import run_study
from geocryoai.stages.samples import load_samples
from geocryoai.stages.workspace import Workspace

SITES = 4


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Hourly fluxes of half a year that follow temperature; each third month is hardly measured at the first site."""
    lots, folder = np.random.default_rng(2), tmp_path / "data"
    folder.mkdir()
    hours = np.arange("2020-05-01T00", "2020-11-01T00", dtype="datetime64[h]")
    month, hour = hours.astype("datetime64[M]").astype(int) % 12, hours.astype(int) % 24
    tables = []
    for number in range(SITES):
        tas = 10 - 3 * np.abs(month - 6) + number + 4 * np.sin(2 * np.pi * (hour - 9) / 24)
        nee = -0.2 * tas + lots.normal(0, 1, len(hours))
        day = (hours.astype("datetime64[D]") - hours.astype("datetime64[M]")).astype(int)
        kept = (number > 0) | (month % 3 > 0) | (day < 7)
        values = [f"{v:.3f}" if keep else "" for v, keep in zip(nee, kept, strict=True)]
        tables.append(
            pl.DataFrame({"site": f"t{number}", "when": hours.astype(str), "tas": tas.round(2), "nee": values})
        )
    pl.concat(tables).with_columns(pl.col("when") + ":00").write_csv(folder / "flux.csv")
    return folder


def tree() -> dict[str, Any]:
    options = {
        "site": "site", "lon": -150.0, "lat": 68.0, "licence": "made for a test", "citation": "nobody",
        "time": {"column": "when", "interval": "hour", "utc_offset_hours": -9},
        "columns": {"nee": {"variable": "nee", "unit": "umol CO2 m-2 s-1", "positive": "up"}},
        "covariates": {"tas": {"name": "tas", "unit": "degC"}},
    }  # fmt: skip
    average = {"to": "month", "utc_offset_hours": -9}
    return {
        "name": "hourly",
        "period": {"start": "2020-05", "end": "2020-10"},
        "sources": {"flux": {"reader": "table", "path": "flux.csv", "options": options, "average": average}},
        "targets": {"nee": {"records": ["flux"]}},
        "learners": {"ridge": {"model": "ridge", "options": {"folds": 2}}},
        "predict": {"learner": "ridge"},
    }


def test_the_error_of_a_month_weighs_it_and_new_records_need_no_values(data: Path, tmp_path: Path):
    study = study_from_dict(tree())
    run = run_study(study, data=data, out=tmp_path / "run", until="train", quiet=True)
    samples = load_samples(Workspace(study, run, None), "nee", "map")
    assert len(samples) == SITES * 6
    assert set(samples.features) == {"tas"}
    assert np.isfinite(samples.sigma).all()
    gappy = (samples.site == "t0") & (samples.time.astype("datetime64[M]").astype(int) % 3 == 0)
    assert gappy.sum() == 2
    assert samples.sigma[gappy].min() > 1.5 * samples.sigma[~gappy].max()
    weights = row_weights(samples, 0.0)
    assert weights[gappy].max() < weights[~gappy].min()
    own = pl.read_parquet(predict_records(run, data=None, out=tmp_path / "own.parquet", quiet=True))
    rows = pl.read_csv(data / "flux.csv", infer_schema=False)
    rows.with_columns(pl.lit(None, pl.String).alias("nee")).write_csv(data / "flux.csv")
    copy = pl.read_parquet(predict_records(run, data=data, out=tmp_path / "copy.parquet", quiet=True))
    assert copy.equals(own)
    assert own.height == SITES * 6
