"""Every in situ reader of text tables on made-up files, good and bad."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import pytest

from geocryoai.core.errors import SourceError
from geocryoai.sources import (
    READERS,
    _fluxnet,
    abcflux,
    bawld_ch4,
    calm_covariates,
    era5land_climatology,
    helbig_peatland,
    treat2018,
)
from geocryoai.sources._columns import Plan


def cells(plan: Plan, value: str) -> dict[str, str]:
    return {column.name: value for column in plan.values()}


PEATLAND = {
    "SITE_ID": "1", "LATITUDE": "52.7", "LONGITUDE": "-83.9", "YEAR": "2001", "MONTH": "2",
    **cells(helbig_peatland.COVARIATES | helbig_peatland.TARGETS, "2.8"),
}  # fmt: skip

#: One good row of each file.
ROWS = {
    "above_alt": {"site_name": "'B'", "year": "2017", "lat": "71.3", "lon": "-156.6", "alt_cm": "50", "n_pts": "25"},
    "calm_covariates": {
        "site": "U11 A", "year": "1999", "lat": "68.6", "lon": "-149.3",
        **cells(calm_covariates.COVARIATES | calm_covariates.TARGETS, "40"),
    },
    "era5land_climatology": {"lat": "68.6", "lon": "-149.3", **cells(era5land_climatology.COVARIATES, "1.5")},
    "fluxnet_ch4": {
        "site": "US-Uaf", "year": "2012", "month": "7", "lat": "64.9", "lon": "-147.9", "cls": "Bog",
        **cells(_fluxnet.DRIVERS | _fluxnet.TARGETS, "0.01"), "CH4_F": "0.02", "NBE_F": "0.02",
    },
    "bawld_ch4": {
        "SiteID": "Thompson", "Years": "1994-1995", "LatDec": "55.9", "LongDec": "-98.4", "Class": "Fen", "PfReg": "D",
        "Meth": "C", **dict.fromkeys(bawld_ch4.COVERS.values(), "P"),
        **cells(bawld_ch4.SITE | bawld_ch4.CELL | bawld_ch4.TARGETS, "5"),
    },
    "abcflux": {
        "site_group": "S001", "dup_key": "False",
        **cells(abcflux.COVARIATES, "1"), **cells(abcflux.TARGETS, "30.4375"),
        "LST_Day_1km_MOD11A2v006_LST_Day_sites_low_quality": "13657.5",
        "Barrow_CO2_conc_Barrow_CO2conc": "390",
        "Soil.temperature.level.1_era5_soilmoist_temp_snow": "273.15",
    },
    "helbig_peatland": PEATLAND,
    "treat2018": {
        "Site_Name": "Salmisuo", "Year": "1994-1995", "Permafrost": "FALSE", "Standardized_Ecosystem_Type": "Bog",
        "Latitude": "62.8", "Longitude": "30.9", "Method": "Chambers", "Annual_Flux_Type": "Measured",
        "Remove_QC": "FALSE", **dict.fromkeys(treat2018.COVERS.values(), "Dominant"),
        **cells(treat2018.COVARIATES | treat2018.TARGETS, "5"),
    },
}  # fmt: skip

UNITS = {"helbig_peatland": {name: helbig_peatland.UNITS.get(name, "-") for name in PEATLAND}}


def fake(name: str, folder: Path, change: Callable[[dict[str, str]], dict[str, str]] = dict) -> Path:
    row = change(ROWS[name])
    lines = [row] if name not in UNITS else [{key: UNITS[name].get(key, "-") for key in row}, row]
    text = "\n".join([",".join(row), *(",".join(line.values()) for line in lines)]) + "\n"
    path = folder / f"{name}.csv"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("name", ROWS)
def test_a_good_row_gives_one_record_and_its_measures(name: str, tmp_path: Path) -> None:
    data = READERS.get(name).read(fake(name, tmp_path), source="f.csv", options={})
    assert data.records.height == 1
    assert set(data.observations["variable"]) == set(data.info.measures)


@pytest.mark.parametrize("name", ROWS)
def test_absent_empty_truncated(name: str, tmp_path: Path) -> None:
    reader = READERS.get(name)
    with pytest.raises(SourceError, match=r"in/f\.csv: the file does not exist"):
        reader.read(tmp_path / "f.csv", source="in/f.csv", options={})
    path = fake(name, tmp_path)
    packed = tmp_path / "f.csv.gz"
    packed.write_bytes(gzip.compress(path.read_bytes())[:-9])
    with pytest.raises(SourceError, match=r"in/f\.csv\.gz: the gzip file is truncated"):
        reader.read(packed, source="in/f.csv.gz", options={})
    path.write_text("")
    with pytest.raises(SourceError, match=r"in/f\.csv: the file is empty"):
        reader.read(path, source="in/f.csv", options={})


@pytest.mark.parametrize("name", ROWS)
def test_every_column_is_needed_and_named_when_absent(name: str, tmp_path: Path) -> None:
    reader = READERS.get(name)
    unused = {"Meth", "Method", "NBE_F", "CH4_F", "n_pts", "Remove_QC", "Annual_Flux_Type"}
    for column in set(ROWS[name]) - unused:
        path = fake(name, tmp_path, lambda row, gone=column: {k if k != gone else f"{k}_": v for k, v in row.items()})
        with pytest.raises(SourceError) as caught:
            reader.read(path, source="f.csv", options={})
        assert f"f.csv: column '{column}' is absent" in str(caught.value)
        assert "Did you mean '" in str(caught.value)


@pytest.mark.parametrize("name", ROWS)
def test_a_word_where_a_number_belongs(name: str, tmp_path: Path) -> None:
    reader = READERS.get(name)
    column = next(iter(set(ROWS[name]) & {"alt_cm", "e5_maat", "CH4", "CH4Av", "NEE", "Annual_CH4_Flux_g_m2_y"}))
    path = fake(name, tmp_path, lambda row: {**row, column: "n.d."})
    with pytest.raises(SourceError, match=rf"f\.csv: column '{column}' should hold numbers; found 'n\.d\.'"):
        reader.read(path, source="f.csv", options={})


@pytest.mark.parametrize("name", sorted({*ROWS, "calm", "modis_8day", "fluxnet_ch4_raw"}))
def test_unknown_option(name: str, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="unknown option 'colour'"):
        READERS.get(name).read(tmp_path, source="f", options={"colour": 1})


@pytest.mark.parametrize("name", ["above_alt", "fluxnet_ch4", "helbig_peatland", "abcflux"])
def test_bytes_that_are_not_utf8(name: str, tmp_path: Path) -> None:
    path = fake(name, tmp_path)
    path.write_bytes(path.read_bytes() + b"\xff")
    with pytest.raises(SourceError, match=r"f\.csv: the file is not in the expected encoding; found byte 0xff"):
        READERS.get(name).read(path, source="f.csv", options={})


def test_the_row_of_units_is_checked(tmp_path: Path) -> None:
    path = fake("helbig_peatland", tmp_path)
    lines = path.read_text().splitlines()
    path.write_text("\n".join([lines[0], lines[2]]) + "\n")
    with pytest.raises(SourceError, match=r"column 'NEE': the row of units after the header.*expected 'g C m-2 mo-1'"):
        READERS.get("helbig_peatland").read(path, source="f.csv", options={})


def test_a_mean_of_no_probings_is_refused(tmp_path: Path) -> None:
    path = fake("above_alt", tmp_path, lambda row: {**row, "n_pts": "0"})
    with pytest.raises(SourceError, match="a mean of no probings; found data row 0"):
        READERS.get("above_alt").read(path, source="f.csv", options={})


def test_dup_key_must_be_true_or_false(tmp_path: Path) -> None:
    path = fake("abcflux", tmp_path, lambda row: {**row, "dup_key": "yes"})
    with pytest.raises(SourceError, match="column 'dup_key', data row 0: neither True nor False; found 'yes'"):
        READERS.get("abcflux").read(path, source="f.csv", options={})
