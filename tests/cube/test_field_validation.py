"""Fields against stations: scores against values worked out by hand, station means, cells, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import xarray as xr

from geocryoai.core.errors import CubeError
from geocryoai.core.grid import Grid
from geocryoai.core.observations import OBSERVATION_COLUMNS, conform
from geocryoai.core.projection import LONLAT, transformer
from geocryoai.core.study import RefineSection, ValidateSection
from geocryoai.cube.align import FieldAligner
from geocryoai.cube.field_scores import correlation, score_series
from geocryoai.cube.field_validation import PRODUCTS, validate_field
from geocryoai.cube.refine import FieldRefiner
from geocryoai.cube.station_series import station_series

#: A grid of 2 km, and coarse cells of 10 km upon it.
GRID = Grid("EPSG:3338", 0.0, 1_900_000.0, 2000.0, 60, 60)
COARSE = GRID.coarsen(5)
MONTHS = np.arange("2019-01", "2020-01", dtype="datetime64[M]")


@pytest.mark.physics
def test_scores_of_a_series_worked_out_by_hand() -> None:
    observed = np.array([0.2, 0.3, np.nan, 0.4, 0.5])
    biased, noisy = observed + 0.1, np.array([0.3, 0.2, 0.9, 0.5, 0.4])
    found = score_series(observed, {"biased": biased, "noisy": noisy, "flat": np.array([0.3, 0.3, 0.3, 0.3, 0.3])})
    assert found is not None
    assert {score.months for score in found.values()} == {4}
    b, n = found["biased"], found["noisy"]
    assert (b.rmse, b.bias, b.ubrmse, b.r) == pytest.approx((0.1, 0.1, 0.0, 1.0), abs=1e-12)
    assert (n.rmse, n.bias, n.ubrmse) == pytest.approx((0.1, 0.0, 0.1))
    assert n.r == pytest.approx(np.corrcoef(observed[[0, 1, 3, 4]], noisy[[0, 1, 3, 4]])[0, 1])
    assert np.isnan(found["flat"].r)
    assert found["flat"].observed == pytest.approx(0.35)
    for score in found.values():
        assert score.ubrmse**2 == pytest.approx(score.rmse**2 - score.bias**2, abs=1e-12)
    assert score_series(observed, {"none": np.full(5, np.nan)}) is None
    assert np.isnan(correlation(np.array([1.0, 2.0]), np.array([1.0, 2.0])))


def observed(rows: list[dict[str, Any]]) -> pl.DataFrame:
    table = pl.DataFrame([{"variable": "sm", "quality": "measured", "source": "s.csv", **row} for row in rows])
    times = [pl.col(name).str.to_datetime() for name in ("time_start", "time_end")]
    return conform(table.with_columns(times), OBSERVATION_COLUMNS, where="test")


def daily(site: str, month: str, days: int, value: float, **more: Any) -> list[dict[str, Any]]:
    start = np.datetime64(month, "M").astype("datetime64[D]") + np.arange(days)
    place = {"site": site, "lon": -153.0, "lat": 66.5, "depth": 0.05, "method": "probe"}
    return [
        {**place, "time_start": str(day), "time_end": str(day + 1), "value": value + 0.01 * (number % 2), **more}
        for number, day in enumerate(start)
    ]


@pytest.mark.physics
def test_station_months_need_most_of_their_days_and_the_depth_asked_for() -> None:
    rows = [
        *daily("a", "2019-06", 30, 0.3), *daily("a", "2019-06", 30, 0.5, method="other probe"),
        *daily("a", "2019-07", 20, 0.9), *daily("a", "2019-08", 31, 0.2, depth=0.4),
        *daily("a", "2019-09", 30, 0.8, quality="doubtful"), *daily("b", "2021-06", 30, 0.1),
    ]  # fmt: skip
    found = station_series(observed(rows), "sm", MONTHS, depth=(0.0, 0.1))
    assert found.site == ["a", "b"]
    assert found.values[0, 5] == pytest.approx(0.405)
    assert np.isfinite(found.values).sum() == 1
    every = station_series(observed(rows), "sm", MONTHS)
    assert np.flatnonzero(np.isfinite(every.values[0])).tolist() == [5, 7]


@pytest.mark.parametrize(
    ("rows", "variable", "depth", "said"),
    [
        (daily("a", "2019-06", 3, 0.3), "ts", None, "did not measure 'ts'"),
        (daily("a", "2019-06", 3, 0.3), "sm", (0.5, 1.0), "no sensor lies at the depth.*0.05"),
        (daily("a", "2019-06", 3, 0.3, lon=None), "sm", None, "no station has a name, a position and a date"),
        (
            [*daily("a", "2019-06", 3, 0.3), *daily("a", "2019-07", 3, 0.3, lat=67.0)],
            "sm",
            None,
            "a station stands at several places.*a",
        ),
    ],
)
def test_stations_that_cannot_be_used(rows: Any, variable: str, depth: Any, said: str) -> None:
    with pytest.raises(CubeError, match=f"(?s){said}"):
        station_series(observed(rows), variable, MONTHS, depth=depth)


class World:
    """A truth that goes with a covariate at 2 km, its means at 10 km, and stations that measure it exactly."""

    def __init__(self, folder: Path) -> None:
        rng = np.random.default_rng(3)
        self.wet = rng.random(GRID.shape)
        season = 0.25 + 0.1 * np.sin(np.arange(12) / 12 * 2 * np.pi)
        self.truth = season[:, None, None] + 0.2 * (self.wet - 0.5)
        coarse = self.truth.reshape(12, 12, 5, 12, 5).mean((2, 4))
        coords = {"time": MONTHS.astype("datetime64[ns]"), "y": COARSE.y, "x": COARSE.x, "crs": COARSE.crs}
        attributes = {"units": "1", "standard_name": "volume_fraction_of_condensed_water_in_soil"}
        fields = xr.Dataset({"wetness": (("time", "y", "x"), coarse, attributes)}, coords)
        self.aligner, self.attributes = FieldAligner(fields, "wetness", GRID, MONTHS), attributes
        section = RefineSection(covariates=("wet",), groups="all")
        self.path = folder / "refined.zarr"
        FieldRefiner(self.aligner, attributes, section, {"wet": self.wet}).write(self.path)

    def stations(self, bias: float = 0.0) -> pl.DataFrame:
        rows = []
        for number, (row, column) in enumerate([(7, 9), (22, 31), (40, 12), (51, 48)]):
            lon, lat = transformer(GRID.crs, LONLAT).transform(GRID.x[column], GRID.y[row])
            for month in range(12):
                start = MONTHS[month].astype("datetime64[D]")
                end = (MONTHS[month] + 1).astype("datetime64[D]")
                value = self.truth[month, row, column] + bias
                rows.append({"site": f"s{number}", "lon": lon, "lat": lat, "depth": 0.05, "method": "m",
                             "time_start": str(start), "time_end": str(end), "value": value})  # fmt: skip
        return observed(rows)


@pytest.mark.physics
def test_refinement_by_what_makes_the_pattern_finds_the_stations(tmp_path: Path) -> None:
    world = World(tmp_path)
    section = ValidateSection(source="net")
    rows, summary = validate_field(world.aligner, world.attributes, world.path, "smap", section, world.stations(0.02))
    assert [row["product"] for row in rows] == list(PRODUCTS) * 4
    assert {row["months"] for row in rows} == {12}
    assert (summary["variable"], summary["n"], summary["station_months"]) == ("sm", 4, 48)
    refined, coarse = summary["refined"], summary["coarse"]
    assert refined["bias"] == pytest.approx(-0.02, abs=2e-3)
    assert refined["rmse"] == pytest.approx(0.02, abs=3e-3)
    assert refined["r"] > 0.999
    assert refined["r_space"] > 0.99
    assert coarse["rmse"] > 2 * refined["rmse"]
    _, exact = validate_field(world.aligner, world.attributes, world.path, "smap", section, world.stations())
    assert exact["rmse_lower_than_bilinear"] == 4
    first = next(row for row in rows if row["product"] == "coarse")
    assert first["mean"] == pytest.approx(world.truth[:, 5:10, 5:10].mean(), abs=1e-6)


def test_only_the_months_asked_for_count(tmp_path: Path) -> None:
    world = World(tmp_path)
    section = ValidateSection(source="net", variable="sm", months=(6, 7))
    rows, _ = validate_field(world.aligner, world.attributes, world.path, "smap", section, world.stations())
    assert {row["months"] for row in rows} == {2}
    assert all(np.isnan(row["r"]) for row in rows)


def test_what_cannot_be_held_against_stations(tmp_path: Path) -> None:
    world = World(tmp_path)
    section = ValidateSection(source="net")
    with pytest.raises(CubeError, match=r"what the field is of is not known.*Name it"):
        validate_field(world.aligner, {"units": "1"}, world.path, "smap", section, world.stations())
    far = world.stations().with_columns(lat=pl.lit(10.0))
    with pytest.raises(CubeError, match="no station has a month in common with the field"):
        validate_field(world.aligner, world.attributes, world.path, "smap", section, far)
