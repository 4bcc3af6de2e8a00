"""A finished run applied to a copy of its inputs: target values are not looked at; maps on the grid."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from geocryoai.core.errors import GeoCryoAIError
from geocryoai.stages.apply import predict_map, predict_records

#: Columns of each file that hold measured values or go with them.
MEASURED = {
    "probe_sites.csv": ["alt_cm", "se_cm", "flag"],
    "towers.csv": ["NEE", "NEE_SE", "GPP", "GPP_SE", "RECO", "RECO_SE", "CO2_QC", "FCH4", "FCH4_SE", "FCH4_QC"],
    "chambers.csv": ["FCH4", "FCH4_SE"],
}


def rewrite(file: Path, change: Callable[[pl.DataFrame], pl.DataFrame]) -> None:
    change(pl.read_csv(file, infer_schema=False)).write_csv(file)


@pytest.fixture
def data(tiny_run: Path, tmp_path: Path) -> Path:
    """A copy of the run's inputs, free to be changed."""
    return Path(shutil.copytree(tiny_run / "ingest" / "twin", tmp_path / "data"))


@pytest.fixture
def full(tiny_run: Path) -> pl.DataFrame:
    return pl.read_parquet(tiny_run / "predict" / "predictions.parquet")


def applied(run: Path, data: Path, out: Path) -> pl.DataFrame:
    return pl.read_parquet(predict_records(run, data=data, out=out, quiet=True))


def same_bytes(one: pl.DataFrame, other: pl.DataFrame) -> bool:
    numbers = ("lon", "lat", "mean", "sd", "q05", "q95")
    return one.equals(other) and all(
        one[name].to_numpy().tobytes() == other[name].to_numpy().tobytes() for name in numbers
    )


def test_a_full_copy_and_the_run_itself_give_the_same(tiny_run: Path, data: Path, full: pl.DataFrame, tmp_path: Path):
    assert same_bytes(applied(tiny_run, data, tmp_path / "copy.parquet"), full)
    own = pl.read_parquet(predict_records(tiny_run, data=None, out=tmp_path / "own.parquet", quiet=True))
    assert same_bytes(own, full)


@pytest.mark.parametrize("content", ["", "not a number, nor a flag", "1e999"])
def test_target_values_do_not_matter(tiny_run: Path, data: Path, full: pl.DataFrame, tmp_path: Path, content: str):
    for name, columns in MEASURED.items():
        rewrite(data / name, lambda t, c=columns: t.with_columns(pl.lit(content).alias(name) for name in c))
    assert same_bytes(applied(tiny_run, data, tmp_path / "out.parquet"), full)


def test_a_copy_may_lack_the_target_columns_altogether(tiny_run: Path, data: Path, full: pl.DataFrame, tmp_path: Path):
    for name, columns in MEASURED.items():
        rewrite(data / name, lambda t, c=columns: t.drop(c))
    assert same_bytes(applied(tiny_run, data, tmp_path / "out.parquet"), full)


def test_rows_without_place_or_date_still_get_their_answer(
    tiny_run: Path, data: Path, full: pl.DataFrame, tmp_path: Path
):
    first = pl.int_range(pl.len()) < 5

    def blank(table: pl.DataFrame) -> pl.DataFrame:
        names = ["longitude", "latitude", "year", "month", "site"]
        return table.with_columns(pl.when(first).then(None).otherwise(pl.col(n)).alias(n) for n in names)

    rewrite(data / "towers.csv", blank)
    out = applied(tiny_run, data, tmp_path / "out.parquet")
    assert out.select("variable", "source", "source_row").equals(full.select("variable", "source", "source_row"))
    nowhere = out.filter((pl.col("source") == "towers.csv") & (pl.col("source_row") < 5))
    assert nowhere["lon"].null_count() == nowhere["time_start"].null_count() == nowhere.height == 10
    assert np.isfinite(out.select("mean", "sd", "q05", "q95").to_numpy()).all()
    rest = (pl.col("source") != "towers.csv") | (pl.col("source_row") >= 5)
    assert out.filter(rest).equals(full.filter(rest))


def test_other_sites_and_fewer_rows_work(tiny_run: Path, data: Path, full: pl.DataFrame, tmp_path: Path):
    def elsewhere(table: pl.DataFrame) -> pl.DataFrame:
        moved = (pl.col("latitude").cast(pl.Float64) + 0.4).cast(pl.String)
        return table.head(7).with_columns(moved.alias("latitude"), pl.format("new {}", "site").alias("site"))

    rewrite(data / "probe_sites.csv", elsewhere)
    out = applied(tiny_run, data, tmp_path / "out.parquet").filter(pl.col("variable") == "alt")
    assert out["source_row"].to_list() == list(range(7))
    assert out["site"].str.starts_with("new ").all()
    before = full.filter(pl.col("variable") == "alt").head(7)
    assert not np.array_equal(out["mean"].to_numpy(), before["mean"].to_numpy())
    np.testing.assert_allclose(out["lat"], before["lat"] + 0.4)


def test_a_missing_file_or_column_is_named(tiny_run: Path, data: Path, tmp_path: Path, command: Callable[..., tuple]):
    rewrite(data / "towers.csv", lambda t: t.rename({"footprint_wetland_fraction": "wetland"}))
    code, _, error = command("predict", tiny_run, "--data", data, "--out", tmp_path / "out.parquet", "--quiet")
    assert code == 2
    assert "towers.csv" in error
    assert "footprint_wetland_fraction" in error
    (data / "chambers.csv").unlink()
    code, _, error = command("predict", tiny_run, "--data", data, "--out", tmp_path / "out.parquet", "--quiet")
    assert code == 2
    assert "sources.chambers.path: no chambers.csv in the data folder" in error
    code, _, error = command("predict", tiny_run, "--data", tmp_path / "none", "--out", tmp_path / "out.parquet")
    assert code == 2
    assert "--data: no folder at" in error
    assert not (tmp_path / "out.parquet").exists()


def test_the_command_writes_the_file_and_says_so(
    tiny_run: Path, data: Path, full: pl.DataFrame, tmp_path: Path, command: Callable[..., tuple]
):
    out = tmp_path / "new folder" / "värden.parquet"
    code, said, error = command("predict", tiny_run, "--data", data, "--out", out, "--quiet")
    assert (code, error) == (0, "")
    assert said.strip() == f"written: {out}"
    assert pl.read_parquet(out).equals(full)


def test_maps_of_a_month_open_with_crs_and_units(tiny_run: Path, tmp_path: Path, command: Callable[..., tuple]):
    import xarray as xr
    from pyproj import CRS

    code, said, _ = command(
        "predict", tiny_run, "--grid", "--month", "2013-06", "--month", "2013-07", "--out", tmp_path / "m.nc"
    )
    assert code == 0
    files = [Path(line.removeprefix("written: ")) for line in said.splitlines()]
    assert sorted(file.name for file in files) == ["m_alt.nc", "m_fch4.nc", "m_nee.nc"]
    with xr.open_dataset(tmp_path / "m_nee.nc", decode_coords="all") as field:
        assert field.attrs["Conventions"].startswith("CF-")
        assert field["nee"].attrs["units"] == "g C m-2 d-1"
        assert CRS.from_wkt(field["crs"].attrs["crs_wkt"]) == CRS("EPSG:3338")
        assert [str(t)[:7] for t in field["time"].values] == ["2013-06", "2013-07"]
    with xr.open_dataset(tmp_path / "m_alt.nc") as field:
        assert [str(t)[:4] for t in field["time"].values] == ["2013"]


def test_the_map_of_the_run_is_made_again_to_the_byte(tiny_run: Path, tmp_path: Path):
    import xarray as xr

    predict_map(tiny_run, data=None, out=tmp_path / "again.nc", months=[], quiet=True)
    for target in ("alt", "nee", "fch4"):
        with (
            xr.open_dataset(tmp_path / f"again_{target}.nc") as new,
            xr.open_dataset(tiny_run / "predict" / f"{target}.nc") as old,
        ):
            assert new.identical(old)


@pytest.mark.parametrize(
    ("month", "message"),
    [
        ("2031-01", "outside the period 2012-01 to 2015-12"),
        ("2013-13", "not an ISO date"),
        ("July", "not an ISO date"),
        ("", "not an ISO date"),
    ],
)
def test_a_wrong_month_is_refused(
    tiny_run: Path, tmp_path: Path, command: Callable[..., tuple], month: str, message: str
):
    code, _, error = command("predict", tiny_run, "--grid", "--month", month, "--out", tmp_path / "m.nc")
    assert code == 2
    assert message in error
    assert not list(tmp_path.glob("*.nc"))


def test_months_and_data_that_cannot_be_meant_are_refused(tiny_run: Path, data: Path, command: Callable[..., tuple]):
    code, _, error = command("predict", tiny_run, "--month", "2013-07")
    assert (code, "months are for maps" in error) == (2, True)
    code, _, error = command("predict", tiny_run, "--grid", "--data", data)
    assert (code, "a map is made from the run's own fields" in error) == (2, True)


def test_a_folder_that_is_no_finished_run_is_refused(tiny_run: Path, tmp_path: Path, command: Callable[..., tuple]):
    code, _, error = command("predict", tmp_path)
    assert (code, "not a run folder" in error) == (2, True)
    half = Path(shutil.copytree(tiny_run, tmp_path / "half"))
    (half / "stages" / "train.json").unlink()
    code, _, error = command("predict", half)
    assert (code, "the run has not finished: train" in error) == (2, True)


def test_a_damaged_run_is_not_applied(tiny_run: Path, tmp_path: Path):
    copy = Path(shutil.copytree(tiny_run, tmp_path / "copy"))
    weights = next((copy / "train" / "nee").rglob("*.npz"))
    weights.write_bytes(weights.read_bytes()[:-10])
    with pytest.raises(GeoCryoAIError, match="an artefact is missing or was changed"):
        predict_records(copy, data=None, out=tmp_path / "out.parquet", quiet=True)


def test_a_study_whose_drivers_belong_to_sites_has_no_map(tiny_run: Path, tmp_path: Path):
    copy = Path(shutil.copytree(tiny_run, tmp_path / "copy"))
    study = (copy / "study.yml").read_text()
    changed = study.replace("  - source: cube\n      by: cell\n", "  - source: towers\n      by: site\n")
    if changed == study:
        changed = study.replace("source: cube\n      by: cell", "source: towers\n      by: site")
    assert changed != study
    (copy / "study.yml").write_text(changed)
    with pytest.raises(GeoCryoAIError, match="no map can be made"):
        predict_map(copy, data=None, out=tmp_path / "m.nc", months=[], quiet=True)


def test_nothing_is_left_in_the_run_by_applying_it(tiny_run: Path, data: Path, tmp_path: Path):
    before = json.loads((tiny_run / "stages" / "predict.json").read_text())
    log = (tiny_run / "log.jsonl").read_text()
    applied(tiny_run, data, tmp_path / "out.parquet")
    assert json.loads((tiny_run / "stages" / "predict.json").read_text()) == before
    assert (tiny_run / "log.jsonl").read_text() == log
