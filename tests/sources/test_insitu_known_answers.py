"""Units, signs, keys and dates of the in situ readers against values worked out by hand."""

from __future__ import annotations

import shutil
from datetime import datetime
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from geocryoai.core.errors import SourceError
from geocryoai.sources import READERS, above_alt
from geocryoai.sources.base import SourceData
from geocryoai.sources.modis_8day import temperature_unit

pytestmark = pytest.mark.real


def read(name: str, root: Path, path: str, **options: object) -> SourceData:
    return READERS.get(name).read(root / path, source=path, options=options)


def value(data: SourceData, variable: str, row: int) -> float:
    table = data.observations.filter((pl.col("variable") == variable) & (pl.col("source_row") == row))
    return float(table["value"][0])


ABCFLUX = "in_situ/co2/abcflux_v1_monthly.csv.gz"
TIDY = "in_situ/ch4/fluxnet_ch4_monthly_highlat.csv"
RAW = "in_situ/ch4/fluxnet_ch4_raw"
MODIS = "in_situ/ch4/modis_8day"


def test_abcflux_closes_after_the_sign_is_turned(real_data: Path) -> None:
    data = read("abcflux", real_data, ABCFLUX)
    wide = data.observations.pivot("variable", index="source_row", values="value").drop_nulls()
    error = (wide["reco"] - wide["gpp"] - wide["nee"]).abs()
    assert wide.height > 2500
    assert error.median() < 1e-8
    summer = data.records.select("source_row", "ts_era5").join(wide, on="source_row").filter(pl.col("ts_era5") > 10)
    assert summer["gpp"].median() > 1.0
    assert data.records["time_start"].null_count() == data.records.height == 3642
    assert data.records["site"].n_unique() == 125


def test_abcflux_rows_that_share_drivers(real_data: Path) -> None:
    dropped, kept = read("abcflux", real_data, ABCFLUX), read("abcflux", real_data, ABCFLUX, drop_shared_drivers=False)
    reason = pl.col("reason").str.contains("dup_key")
    assert dropped.exclusions.filter(reason).height == kept.observations.height - dropped.observations.height
    assert dropped.exclusions.filter(reason & (pl.col("variable") == "nee")).height == 539
    assert kept.records.equals(dropped.records)


def test_abcflux_drivers_are_physical(real_data: Path) -> None:
    records = read("abcflux", real_data, ABCFLUX).records
    assert np.corrcoef(*records.select("tas", "ts_era5").drop_nulls().to_numpy().T)[0, 1] > 0.8
    assert records["vpd"].max() == pytest.approx(1240.0)
    assert records["rsds"].max() == pytest.approx(292.9)


def test_helbig_month_is_divided_by_its_own_length(real_data: Path) -> None:
    data = read("helbig_peatland", real_data, "in_situ/co2/helbig_peatland")
    row = data.records.filter((pl.col("site") == "FI-KAA") & (pl.col("time_start") == datetime(2000, 12, 1)))
    assert row["time_end"][0] == datetime(2001, 1, 1)
    assert value(data, "nee", row["source_row"][0]) == pytest.approx(1.535101491 / 31)
    assert data.records.height == 2284


def test_fluxnet_carbon_becomes_methane(real_data: Path) -> None:
    data = read("fluxnet_ch4", real_data, TIDY)
    assert value(data, "fch4", 0) == pytest.approx(0.00551558456140573 * 16.043 / 12.011 * 1000)
    assert value(data, "nee", 0) == pytest.approx(-0.0329707425107408)
    partitioned = data.observations.filter(pl.col("variable") == "gpp")
    assert set(partitioned["method"]) == {"partitioned"}
    measured = data.observations.filter(pl.col("variable") == "nee")["source_row"]
    assert set(partitioned.filter(pl.col("quality") == "measured")["source_row"]) <= set(measured)


def test_raw_files_dated_agree_with_the_tidy_table(real_data: Path) -> None:
    raw, tidy = read("fluxnet_ch4_raw", real_data, RAW), read("fluxnet_ch4", real_data, TIDY)
    assert raw.records["time_start"].null_count() == 0
    both = tidy.observations.join(raw.observations, on=["site", "time_start", "variable", "method"], suffix="_raw")
    assert both.height == tidy.observations.height == raw.observations.height
    assert both["value"].to_numpy() == pytest.approx(both["value_raw"].to_numpy())


def test_a_raw_file_that_cannot_be_dated_keeps_its_records(real_data: Path, tmp_path: Path) -> None:
    shutil.copytree(real_data / RAW, tmp_path / "raw")
    data = READERS.get("fluxnet_ch4_raw").read(tmp_path / "raw", source="raw", options={})
    assert data.records["time_start"].null_count() == data.records.height == 3060
    assert len(data.notes) == 21
    given = {"first_flux_year": {"US-Uaf": 2011, "FI-Lom": 2004}}
    data = READERS.get("fluxnet_ch4_raw").read(tmp_path / "raw", source="raw", options=given)
    first = data.records.group_by("site").agg(pl.col("time_start").first()).drop_nulls()
    assert dict(first.rows()) == {"US-Uaf": datetime(2006, 1, 1), "FI-Lom": datetime(2001, 1, 1)}


def test_a_tidy_table_of_other_drivers_is_not_believed(real_data: Path, tmp_path: Path) -> None:
    shutil.copytree(real_data / RAW, tmp_path / "raw")
    table = pl.read_csv(real_data / TIDY, infer_schema=False)
    shifted = table.with_columns(year=(pl.col("year").cast(pl.Int64) - 1).cast(pl.String))
    shifted.write_csv(tmp_path / "fluxnet_ch4_monthly_highlat.csv")
    data = READERS.get("fluxnet_ch4_raw").read(tmp_path / "raw", source="raw", options={})
    undated = [note for note in data.notes if "drivers differ" in note]
    assert data.observations["time_start"].null_count() < data.observations.height
    assert [note.split(" (")[0] for note in undated] == ["FI-Lom: drivers differ from the tidy table"]


def test_modis_unit_is_told_by_the_values(real_data: Path) -> None:
    data = read("modis_8day", real_data, MODIS)
    uaf = data.records.filter((pl.col("site") == "US-Uaf") & (pl.col("time_start").dt.month() == 1))
    assert -35 < uaf["lst"].mean() < -15
    assert "the same" in data.notes[0]
    assert data.records["lst_day"].null_count() == data.records.height
    assert "US-ICs" in set(data.records["site"])
    last = data.records.filter(pl.col("time_start") == datetime(2018, 12, 27))
    assert set(last["time_end"]) == {datetime(2019, 1, 1)}


def test_modis_day_and_night_that_differ_are_kept_apart(real_data: Path, tmp_path: Path) -> None:
    shutil.copytree(real_data / MODIS, tmp_path / "m")
    night = tmp_path / "m" / "MODIS_Night_LST_8day_QC.csv"
    night.chmod(0o644)
    table = pl.read_csv(night)
    values = pl.all().exclude("Date").cast(pl.Float64, strict=False)
    table.with_columns(values + 263.15).write_csv(night)
    data = READERS.get("modis_8day").read(tmp_path / "m", source="m", options={})
    both = data.records.drop_nulls(["lst_day", "lst_night"])
    assert (both["lst_day"] - both["lst_night"]).to_numpy() == pytest.approx(10.0)
    assert (both["lst_day"] - both["lst"]).to_numpy() == pytest.approx(5.0)


def test_modis_temperature_that_fits_no_unit() -> None:
    assert temperature_unit(pl.Series([260.0, 290.0]), "f") == "kelvin"
    with pytest.raises(SourceError, match="f: land surface temperature fits neither kelvin nor degC; found 13000 to"):
        temperature_unit(pl.Series([13000.0, 14500.0]), "f")


def test_above_error_model_matches_the_scatter_of_neighbours(real_data: Path) -> None:
    data = read("above_alt", real_data, "in_situ/alt/above_site_years.csv")
    table = data.observations.with_columns(n=pl.read_csv(real_data / "in_situ/alt/above_site_years.csv")["n_pts"])
    single = table.filter(pl.col("n") <= 3).with_columns(year=pl.col("time_start").dt.year())
    pairs = single.join(single, on="year", suffix="_b").filter(pl.col("source_row") < pl.col("source_row_b"))
    north = (pl.col("lat") - pl.col("lat_b")) * 111e3
    east = (pl.col("lon") - pl.col("lon_b")) * 111e3 * (pl.col("lat") * np.pi / 180).cos()
    close = pairs.filter((north**2 + east**2).sqrt() < 200)
    half = 0.5 * ((close["value"] - close["value_b"]) / (0.5 * (close["value"] + close["value_b"]))) ** 2
    assert float(half.mean() or 0) ** 0.5 == pytest.approx(above_alt.PROBING_CV, abs=0.02)
    many = table.filter(pl.col("n") > 10000)
    assert many["sigma"].to_numpy() == pytest.approx(above_alt.READING_ERROR, rel=0.05)


def test_era5_glaciers_and_noise(real_data: Path) -> None:
    data = read("era5land_climatology", real_data, "in_situ/alt/era5land_climatology.csv")
    assert data.records["swe"].min() == 0
    assert data.records["swe"].max() < 10
    assert data.exclusions["reason"].str.starts_with("glacier").sum() == 5
    assert data.records["time_start"].null_count() == data.records.height == 680


def test_treat_water_table_is_negative_below(real_data: Path) -> None:
    data = read("treat2018", real_data, "in_situ/ch4/treat2018_annual_ch4.csv.gz")
    assert data.records["wtd"][0] == pytest.approx(-0.17)
    assert set(data.observations["quality"]) == {"measured", "filled", "doubtful"}
    assert data.exclusions.filter(pl.col("raw") == "2066")["reason"].to_list() == ["no believable years of measurement"]


def test_bawld_keeps_signs_and_spans(real_data: Path) -> None:
    data = read("bawld_ch4", real_data, "in_situ/ch4/bawld_ch4.csv")
    assert data.observations.height == 417
    assert data.observations["value"].min() == -2.0
    assert (
        data.records.select("is_bog", "is_fen", "is_permafrost_bog", "is_tundra_wetland", "is_marsh")
        .sum_horizontal()
        .eq(1)
        .all()
    )
    long = data.records.filter((pl.col("time_end") - pl.col("time_start")).dt.total_days() > 3000)
    assert long.height > 0
