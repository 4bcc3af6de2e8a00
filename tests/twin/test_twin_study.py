"""The ordinary readers take in the twin's files, with the declarations that come with them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
import xarray as xr

from geocryoai.sources import READERS
from geocryoai.sources.base import SourceData
from geocryoai.twin.study import study_sources

pytestmark = pytest.mark.contract


def read(folder: Path, name: str, *, targets: bool = True) -> SourceData:
    section = study_sources()[name]
    reader = READERS.get(section["reader"])
    return reader.read(folder / section["path"], source=section["path"], options=section["options"], targets=targets)


@pytest.mark.parametrize("name", sorted(study_sources()))
def test_every_source_is_read(small_folder: Path, name: str) -> None:
    data = read(small_folder, name)
    assert data.info.licence.startswith("CC0")
    assert data.observations.height > 0 or data.fields is not None


def test_active_layer_comes_in_metres_with_early_visits_doubtful(small_folder: Path) -> None:
    raw = pl.read_csv(small_folder / "probe_sites.csv")
    data = read(small_folder, "probe_sites")
    table = data.observations.join(raw.with_row_index("source_row").cast({"source_row": pl.Int64}), on="source_row")
    np.testing.assert_allclose(table["value"], table["alt_cm"] / 100)
    np.testing.assert_allclose(table["sigma"], table["se_cm"] / 100)
    assert set(table.filter(pl.col("flag") == "early")["quality"]) == {"doubtful"}
    assert data.records.height == raw.height
    assert data.observations.height == raw.filter(pl.col("alt_cm") != -9999).height
    assert data.observations["value"].is_between(0.1, 2.0).all()


def test_tower_fluxes_come_in_house_units_and_close(small_folder: Path) -> None:
    data = read(small_folder, "towers")
    wide = data.observations.pivot("variable", index="source_row", values="value")
    assert {"nee", "gpp", "reco", "fch4"} <= set(wide.columns)
    gap = (wide["reco"] - wide["gpp"] - wide["nee"]).drop_nulls()
    assert gap.abs().max() < 5e-4
    assert wide["nee"].is_between(-6, 3).all(ignore_nulls=True)
    quality = dict(data.observations["quality"].value_counts().iter_rows())
    assert quality["measured"] > quality["filled"] > quality["doubtful"] > 0
    assert data.exclusions.height > 0
    july = data.observations.filter((pl.col("variable") == "nee") & (pl.col("time_start").dt.month() == 7))
    assert july["value"].mean() < 0


def test_records_are_the_same_when_targets_are_not_to_be_read(small_folder: Path) -> None:
    for name in ("probe_sites", "towers", "chambers", "flights", "boreholes"):
        with_targets, without = read(small_folder, name), read(small_folder, name, targets=False)
        assert without.observations.is_empty()
        assert without.records.equals(with_targets.records)


def test_fields_keep_unit_sign_and_place(small_folder: Path) -> None:
    fields = read(small_folder, "drivers").fields
    assert fields is not None
    with xr.open_dataset(small_folder / "drivers.nc", engine="h5netcdf") as raw:
        for name in ("tas", "pr", "snd", "ndvi"):
            np.testing.assert_allclose(fields[name].values, raw[name].values, rtol=1e-6)
    coarse = read(small_folder, "coarse_model").fields
    assert coarse is not None
    assert set(coarse.data_vars) >= {"nee_model", "fch4_model", "alt_model"}
    static = read(small_folder, "landscape").fields
    assert static is not None
    assert static["organic_depth"].dims == ("y", "x")
