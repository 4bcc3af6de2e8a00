"""Boreholes of the simulated world: daily, offset, gappy, and with the plateau of autumn."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl

from geocryoai.processes.column import plateau
from geocryoai.sources import READERS
from geocryoai.twin.probes import SENTINEL
from geocryoai.twin.study import SENSORS, study_sources


def table(folder: Path) -> pl.DataFrame:
    return pl.read_csv(folder / "boreholes.csv", try_parse_dates=True)


def test_temperatures_are_daily_with_gaps_and_lost_values(small_folder: Path) -> None:
    days = table(small_folder)
    assert days["site"].n_unique() == 12
    step = days.sort("site", "date").with_columns(gap=pl.col("date").diff().over("site").dt.total_days())["gap"]
    assert step.drop_nulls().min() == 1
    assert 0 < (step > 1).sum() < 0.02 * days.height
    assert step.max() <= 61 * 4
    lost = np.mean([(days[f"T_{depth}CM"] == SENTINEL).mean() for depth in SENSORS])
    assert 0.002 < lost < 0.3
    seen = days.filter(pl.col("T_5CM") != SENTINEL)["T_5CM"]
    assert -40 < seen.min() < 0 < seen.max() < 25


def test_the_reader_brings_depth_unit_and_site(small_folder: Path) -> None:
    section = study_sources()["boreholes"]
    data = READERS.get("table").read(
        small_folder / section["path"], source=section["path"], options=section["options"], targets=True
    )
    raw = table(small_folder)
    assert data.records.height == raw.height
    assert set(data.observations["variable"]) == {"tg"}
    assert sorted(set(data.observations["depth"])) == [0.05, 0.25, 0.5, 1.0]
    measured = sum((raw[f"T_{depth}CM"] != SENTINEL).sum() for depth in SENSORS)
    assert data.observations.height == measured
    assert data.observations["value"].is_between(-40, 25).all()


def test_offsets_and_freeze_up_of_the_truth_fit_the_readings(small_folder: Path) -> None:
    days, truth = table(small_folder), pl.read_csv(small_folder / "truth_boreholes.csv")
    assert truth.height == truth.select("site", "depth_cm", "year").unique().height
    offsets = truth.select("site", "depth_cm", "offset_degc").unique()
    assert offsets.height == 12 * len(SENSORS)
    assert 0.05 < offsets["offset_degc"].std() < 0.2
    early = []
    for site, year, start, end in (
        truth.filter(pl.col("depth_cm") == 25).select("site", "year", "curtain_start_day", "curtain_end_day").rows()
    ):
        if start is None or end is None or end - start < 10:
            continue
        window = days.filter(
            (pl.col("site") == site) & pl.col("date").is_between(pl.date(year, 7, 15), pl.date(year + 1, 2, 15))
        )
        t = window["T_25CM"].to_numpy()
        if len(t) < 216 or (t == SENTINEL).any():
            continue
        first, last = plateau(t, band=0.5)
        if last >= 0:
            begin = np.datetime64(f"{year}-01-01")
            days_in = [(np.datetime64(window["date"][i]) - begin).astype(int) for i in (first, last)]
            early.append((days_in[0] - start, end - days_in[1]))
    assert len(early) >= 5
    begins, ends = np.median(early, axis=0)
    assert -30 < begins < 5
    assert -5 < ends < 45


def test_boreholes_can_be_left_out() -> None:
    assert "boreholes" not in study_sources(boreholes=False)
