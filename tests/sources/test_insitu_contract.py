"""What holds for every in situ reader, on the real files."""

from __future__ import annotations

import csv
import gzip
import io
import shutil
from pathlib import Path

import polars as pl
import pytest

from geocryoai.core.observations import EXCLUSION_COLUMNS, OBSERVATION_COLUMNS, RECORD_COLUMNS, conform
from geocryoai.core.variables import variables
from geocryoai.sources import READERS
from geocryoai.sources.base import SourceData

FLUXES = [
    *("NBE", "CH4", "ET", "GPP_DT", "ER_DT", "GPP_NT", "ER_NT"),
    *("NBE_F", "CH4_F", "ET_F", "NBE_ANN", "CH4_ANN", "ET_ANN"),
]
TREAT = [
    *("Annual_Flux_Type", "CH4_mg_m2_d", "SD", "Annual_Flux_Multiplier", "Seasonal_CH4_g_m2", "SD_1", "Remove_QC"),
    *("Growing_Season_Length_days", "Non_Growing_Season_Flux_g_m2", "Annual_CH4_Flux_g_m2_y"),
]

#: Reader -> path, and the columns that are targets or measured together with them.
REAL = {
    "calm": ("in_situ/alt/CALM_Summary_table.xls", None),
    "calm_covariates": ("in_situ/alt/calm_covariates.csv", ["alt_cm", "y"]),
    "above_alt": ("in_situ/alt/above_site_years.csv", ["alt_cm", "n_pts"]),
    "era5land_climatology": ("in_situ/alt/era5land_climatology.csv", []),
    "fluxnet_ch4": ("in_situ/ch4/fluxnet_ch4_monthly_highlat.csv", FLUXES),
    "fluxnet_ch4_raw": ("in_situ/ch4/fluxnet_ch4_raw", FLUXES),
    "modis_8day": ("in_situ/ch4/modis_8day", []),
    "bawld_ch4": (
        "in_situ/ch4/bawld_ch4.csv",
        ["CH4Av", "CH4Md", "CH4Mx", "CH4An", "log.CH4", "CH4.Pos", "NEPPer", "ERPer", "GEPPer"],
    ),
    "abcflux": ("in_situ/co2/abcflux_v1_monthly.csv.gz", ["NEE", "GPP", "Reco", "closure_resid"]),
    "helbig_peatland": ("in_situ/co2/helbig_peatland/2022PeatlandNEE_Dataset.csv", ["NEE"]),
    "treat2018": ("in_situ/ch4/treat2018_annual_ch4.csv.gz", TREAT),
}

pytestmark = [pytest.mark.real, pytest.mark.contract]


@pytest.fixture(scope="module")
def full(real_data: Path) -> dict[str, SourceData]:
    return {name: READERS.get(name).read(real_data / path, source=path, options={}) for name, (path, _) in REAL.items()}


def blank_csv(origin: Path, copy: Path, columns: list[str]) -> None:
    raw = origin.read_bytes()
    text = (gzip.decompress(raw) if origin.suffix == ".gz" else raw).decode("latin-1")
    rows = list(csv.reader(io.StringIO(text)))
    empty = [index for index, name in enumerate(rows[0]) if name in columns]
    assert len(empty) == len(columns)
    for row in rows[1:]:
        for index in empty:
            row[index] = ""
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    data = out.getvalue().encode("latin-1")
    copy.parent.mkdir(parents=True, exist_ok=True)
    copy.write_bytes(gzip.compress(data) if origin.suffix == ".gz" else data)


@pytest.mark.parametrize("name", REAL)
def test_info_is_complete(name: str) -> None:
    info = READERS.get(name).info
    assert info.name == name
    assert info.licence
    assert info.citation
    assert info.formats
    assert info.quirks
    assert info.kind == ("observations" if info.measures and name != "calm_covariates" else "covariates")
    assert set(info.measures) <= set(variables())
    assert not set(info.measures) & set(info.covariates)
    for covariate, unit in info.covariates.items():
        if covariate in variables():
            assert unit == variables()[covariate].unit


@pytest.mark.parametrize("name", REAL)
def test_tables_conform(name: str, full: dict[str, SourceData]) -> None:
    data = full[name]
    assert conform(data.observations, OBSERVATION_COLUMNS, where=name).equals(data.observations)
    assert conform(data.exclusions, EXCLUSION_COLUMNS, where=name).equals(data.exclusions)
    assert data.records.columns[: len(RECORD_COLUMNS)] == list(RECORD_COLUMNS)
    assert set(data.records.columns[len(RECORD_COLUMNS) :]) == set(data.info.covariates)
    assert data.records.height > 0
    assert set(data.records.select(*data.info.covariates).dtypes) <= {pl.Float64()}


@pytest.mark.parametrize("name", REAL)
def test_observations_belong_to_records(name: str, full: dict[str, SourceData]) -> None:
    data = full[name]
    key = ["source", "source_row", "time_start"]
    lost = data.observations.join(data.records, on=key, how="anti", nulls_equal=True)
    assert lost.is_empty()
    assert set(data.observations["variable"]) == set(data.info.measures)


@pytest.mark.parametrize("name", REAL)
def test_values_are_possible(name: str, full: dict[str, SourceData]) -> None:
    data = full[name]
    for (variable,), table in data.observations.group_by("variable"):
        low, high = variables()[str(variable)].valid
        assert table["value"].is_between(low, high).all()
    for covariate in set(data.info.covariates) & set(variables()):
        low, high = variables()[covariate].valid
        assert data.records[covariate].drop_nulls().is_between(low, high).all()
    assert data.records["lon"].drop_nulls().is_between(-180, 180).all()
    assert (data.records["time_end"] > data.records["time_start"]).drop_nulls().all()


@pytest.mark.parametrize("name", [name for name, (_, columns) in REAL.items() if columns is not None])
def test_records_do_not_depend_on_targets(
    name: str, full: dict[str, SourceData], real_data: Path, tmp_path: Path
) -> None:
    path, columns = REAL[name]
    origin, copy = real_data / path, tmp_path / path
    if origin.is_dir():
        for file in origin.iterdir():
            blank_csv(file, copy / file.name, columns if file.name.endswith("_cbf_obs.csv") else [])
        for beside in ("fluxnet_ch4_monthly_highlat.csv", "fluxnet_ch4_sites.csv"):
            shutil.copy(origin.parent / beside, copy.parent / beside)
    else:
        blank_csv(origin, copy, columns)
    blank = READERS.get(name).read(copy, source=path, options={}, targets=False)
    assert blank.observations.is_empty()
    assert blank.records.equals(full[name].records, null_equal=True)
    asked = READERS.get(name).read(real_data / path, source=path, options={}, targets=False)
    assert asked.records.equals(full[name].records, null_equal=True)
    assert asked.observations.is_empty()


def test_filled_values_are_never_put_out_as_measured(real_data: Path, full: dict[str, SourceData]) -> None:
    path, _ = REAL["fluxnet_ch4"]
    more = READERS.get("fluxnet_ch4").read(real_data / path, source=path, options={"filled": True}).observations
    filled = more.filter(pl.col("method") == "gap-filled")
    assert filled.height > 50
    assert set(filled["quality"]) == {"filled"}
    assert more.height - filled.height == full["fluxnet_ch4"].observations.height
