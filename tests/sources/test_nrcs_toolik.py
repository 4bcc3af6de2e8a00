"""NRCS Toolik: header lines, depths, heave, floor and shifted columns."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import polars as pl
import pytest

from geocryoai.core.errors import SourceError
from geocryoai.sources import READERS
from geocryoai.sources.base import SourceData

ROD = ["6", "160"]
PROBES = ["120mm", "90mm", "280mm.r1", "280mm.r2", "390mm", "680mm"]


def names() -> list[str]:
    found = ["site.ID", "year", "DOY", "n.avg", "temp.air.C", "temp.soil.120mm.campbell.C"]
    found += [f"temp.soil.{depth}mm.C" for depth in ROD]
    for probe in PROBES:
        depth, _, replicate = probe.partition(".")
        found += [f"temp.soil.{depth}.C" + (f".{replicate}" if replicate else ""), f"VWC.{probe}"]
    return found


def text(rows: list[list[object]]) -> str:
    header = names()
    units = ["deg C" if n.startswith("temp") else "wfv" if n.startswith("VWC") else "" for n in header]
    lines = [["what"] * len(header), ["depth"] * len(header), units, header, *rows]
    return "\ufeff" + "\n".join(",".join(map(str, line)) for line in lines) + "\n"


def row(year: int, day: int, *, probe: float = 1.0, water: float = 0.3) -> list[object]:
    return [301, year, day, 24, -5.0, 0.5, 3.0, 1.0, *([probe, water] * len(PROBES))]


ROWS = [row(2000, 200), row(2000, 201, probe=-13.92, water=0.0), row(2002, 200), row(2004, 60, water=4.4)]


def read(folder: Path, content: str, *, targets: bool = True) -> SourceData:
    path = folder / "nrcs.csv"
    path.write_text(content, encoding="utf-8")
    return READERS.get("nrcs_toolik").read(path, source="soil/nrcs.csv", options={}, targets=targets)


def test_depths_dates_and_heave(tmp_path: Path) -> None:
    data = read(tmp_path, text(ROWS))
    rod = data.observations.filter(pl.col("method") == "rod thermistor").sort("source_row", "depth")
    assert rod["depth"].to_list() == [0.006, 0.16] * 4
    assert rod["quality"].to_list() == ["measured"] * 4 + ["doubtful"] * 4
    assert data.records["time_start"].to_list()[0] == datetime(2000, 7, 18)
    assert data.records["time_start"].to_list()[3] == datetime(2004, 2, 29)
    campbell = data.observations.filter(pl.col("method") == "Campbell probe")
    assert campbell["quality"].unique().to_list() == ["measured"]


def test_floor_and_shifted_columns_are_logged(tmp_path: Path) -> None:
    data = read(tmp_path, text(ROWS))
    hydra = data.observations.filter(pl.col("method").str.starts_with("Hydra"))
    assert sorted(hydra.filter(pl.col("variable") == "tg")["source_row"].unique()) == [0, 2]
    assert sorted(hydra.filter(pl.col("variable") == "sm")["source_row"].unique()) == [0, 1, 2]
    reasons = data.exclusions.group_by("source_row", "variable", "reason").len().sort("source_row", "variable").rows()
    assert reasons == [
        (1, "tg", "at the floor of the probe, -13.92 degC", 6),
        (3, "sm", "columns of the probes are shifted", 6),
        (3, "tg", "columns of the probes are shifted", 6),
    ]


def test_records_do_not_depend_on_the_targets(tmp_path: Path) -> None:
    full, blind = read(tmp_path, text(ROWS)), read(tmp_path, text(ROWS), targets=False)
    emptied = [[cell if i < 5 else "" for i, cell in enumerate(line)] for line in ROWS]
    empty = read(tmp_path, text(emptied), targets=False)
    for other in (blind, empty):
        assert other.records.equals(full.records, null_equal=True)
        assert other.observations.is_empty()


def test_a_changed_unit_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"column 'temp.air.C'.*unit has changed.*'deg F'"):
        read(tmp_path, text(ROWS).replace("deg C", "deg F", 1))


def test_a_day_given_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"a day is given twice.*\[0, 4\]"):
        read(tmp_path, text([*ROWS, ROWS[0]]))


@pytest.mark.real
def test_real_file(real_data: Path) -> None:
    path = real_data / "in_situ/soil/nrcs_toolik_daily.csv.gz"
    data = READERS.get("nrcs_toolik").read(path, source="x", options={})
    assert data.records.height == 4854
    rod = data.observations.filter(pl.col("method") == "rod thermistor")
    assert rod["depth"].n_unique() == 10
    deep = rod.filter((pl.col("depth") == 0.978) & (pl.col("quality") == "measured"))
    assert deep["value"].max() < 0
    counts = dict(data.exclusions.group_by("reason").len().rows())
    assert counts["columns of the probes are shifted"] == 365 * 11
    assert counts["at the floor of the probe, -13.92 degC"] > 200
    assert data.observations.filter(pl.col("variable") == "sm")["value"].max() < 1


@pytest.mark.real
def test_the_rod_heaves_in_other_years(real_data: Path) -> None:
    """The nominal 16 cm sensor swings like the surface where it is doubtful, and not where it is measured."""
    data = READERS.get("nrcs_toolik").read(real_data / "in_situ/soil/nrcs_toolik_daily.csv.gz", source="x", options={})
    sensor = data.observations.filter((pl.col("method") == "rod thermistor") & (pl.col("depth") == 0.16))
    warmest = dict(sensor.group_by("quality").agg(pl.col("value").max()).rows())
    assert warmest["doubtful"] > 1.5 * warmest["measured"]
