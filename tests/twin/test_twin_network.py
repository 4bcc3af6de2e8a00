"""Is the network as sparse, clustered, gappy and noisy as declared?"""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest

from geocryoai.core.units import convert
from geocryoai.twin.flights import flight_table
from geocryoai.twin.landscape import make_landscape
from geocryoai.twin.network import Places, Sites
from geocryoai.twin.options import TwinOptions
from geocryoai.twin.probes import PROBE, SENTINEL, probe_table
from geocryoai.twin.towers import chamber_table, tower_table
from geocryoai.twin.truth import Truth

WORLD = TwinOptions.model_validate({"resolution": 48_000.0, "width": 10, "height": 16})


def with_network(**changes: Any) -> TwinOptions:
    options = WORLD
    return options.model_copy(update={"network": options.network.model_copy(update=changes)})


def sites(options: TwinOptions, truth: Truth, kind: str, count: int) -> Sites:
    return Places(options, truth.landscape).sites(kind, kind[0].upper(), count)


def probes(options: TwinOptions, truth: Truth) -> tuple[pl.DataFrame, pl.DataFrame]:
    return probe_table(options, sites(options, truth, "probes", options.network.probe_sites), truth.ground.alt)


def towers(options: TwinOptions, truth: Truth) -> tuple[pl.DataFrame, pl.DataFrame]:
    return tower_table(options, sites(options, truth, "towers", options.network.towers), truth)


def test_sites_lie_on_land_in_the_cell_they_name(default_truth: Truth) -> None:
    options = WORLD
    places = Places(options, default_truth.landscape)
    found = places.sites("probes", "P", 300)
    assert len(found) == 300
    assert found.cell.min() >= 0
    np.testing.assert_array_equal(places.cell(found.lon, found.lat), found.cell)
    assert len(set(found.name)) == 300


def test_sites_are_clustered_and_leave_most_of_the_land_empty() -> None:
    options = TwinOptions()
    landscape = make_landscape(options)
    x, y = np.meshgrid(landscape.grid.x, landscape.grid.y)
    position = np.column_stack([landscape.flat(x), landscape.flat(y)])

    def neighbour_distance(found: Sites) -> float:
        at = position[found.cell]
        gap = np.hypot(*(at[:, None] - at[None]).transpose(2, 0, 1)) + 1e9 * np.eye(len(at))
        return float(np.median(gap.min(axis=1)))

    network = options.network.model_copy(update={"road_share": 0.0})
    default = Places(options, landscape).sites("probes", "P", 60)
    spread = Places(options.model_copy(update={"network": network}), landscape).sites("probes", "P", 60)
    assert 0.5 < default.clustered.mean() < 0.9
    assert not spread.clustered.any()
    assert neighbour_distance(default) < 0.7 * neighbour_distance(spread)
    assert len(set(default.cell)) < 0.03 * landscape.cells


def test_probing_is_sparse_and_has_gaps_of_years(default_truth: Truth) -> None:
    visits, _ = probes(WORLD, default_truth)
    per_site = visits.group_by("site").agg(pl.col("year").n_unique().alias("n"), pl.len().alias("rows"))
    assert per_site.height == 60
    assert (per_site["n"] == per_site["rows"]).all()
    assert 0.1 < visits.height / (60 * 33) < 0.6
    gaps = visits.group_by("site").agg((pl.col("year").max() - pl.col("year").min() + 1 - pl.len()).alias("gap"))
    assert (gaps["gap"] > 0).mean() > 0.6
    assert visits["date"].str.slice(5, 2).is_in(["07", "08", "09"]).all()


def test_probe_noise_is_the_declared_standard_error(default_truth: Truth) -> None:
    options = with_network(probe_sites=600)
    visits, truth = probes(options, default_truth)
    good = visits.filter((pl.col("alt_cm") != SENTINEL) & (pl.col("flag") == "end_of_season")).join(truth, on="site")
    year, cell = good["year"].to_numpy() - 1990, good["cell"].to_numpy()
    true = 100 * default_truth.ground.alt[year, cell] * good["factor"].to_numpy()
    scaled = (good["alt_cm"].to_numpy() - true) / good["se_cm"].to_numpy()
    assert abs(scaled.mean()) < 0.05
    assert abs(scaled.std() - 1) < 0.05
    expected = np.hypot(0.22 * true / np.sqrt(good["n_points"].to_numpy()), 0.5)
    np.testing.assert_allclose(good["se_cm"].to_numpy(), expected, atol=0.006)


def test_sites_scatter_around_their_cell_as_declared(default_truth: Truth) -> None:
    _, truth = probes(with_network(probe_sites=1500, site_spread=0.3), default_truth)
    assert abs(truth["factor"].mean() - 1) < 0.03
    assert abs(truth["factor"].log().std() - 0.3) < 0.02


def test_early_visits_are_flagged_and_shallow_and_lost_ones_hold_the_sentinel(default_truth: Truth) -> None:
    visits, truth = probes(with_network(probe_sites=600), default_truth)
    early = visits.filter((pl.col("flag") == "early") & (pl.col("alt_cm") != SENTINEL)).join(truth, on="site")
    true = 100 * default_truth.ground.alt[early["year"].to_numpy() - 1990, early["cell"].to_numpy()]
    ratio = early["alt_cm"].to_numpy() / (true * early["factor"].to_numpy())
    assert 0.75 < np.median(ratio) < 0.9
    assert early["date"].str.slice(5, 2).is_in(["07", "08"]).all()
    deep = visits.join(truth, on="site")
    depth = 100 * default_truth.ground.alt[deep["year"].to_numpy() - 1990, deep["cell"].to_numpy()]
    too_deep = ~(depth * deep["factor"].to_numpy() <= PROBE)
    lost = visits.filter(pl.col("alt_cm") == SENTINEL)
    assert (visits["alt_cm"].to_numpy()[too_deep] == SENTINEL).all()
    assert 0.01 < (lost.height - too_deep.sum()) / visits.height < 0.06
    assert (lost["n_points"] == 0).all()


def test_towers_have_winter_gaps_and_filled_values(default_truth: Truth) -> None:
    months, _ = towers(with_network(towers=120), default_truth)
    cold = months["month"].is_in([10, 11, 12, 1, 2, 3, 4])
    measured = months["CO2_QC"].is_in(["0", "2"])
    assert abs((1 - measured.filter(cold).mean()) - 0.65) < 0.03
    assert abs((1 - measured.filter(~cold).mean()) - 0.10) < 0.03
    filled = months["CO2_QC"] == "1"
    assert abs(filled.sum() / (~measured).sum() - 0.4) < 0.04
    blank = months["CO2_QC"] == ""
    for column in ("NEE", "GPP", "RECO", "NEE_SE"):
        assert (months[column].filter(blank) == SENTINEL).all()
        assert (months[column].filter(~blank) > -50).all()


def test_tower_noise_is_the_declared_standard_error_and_carbon_closes(default_truth: Truth) -> None:
    months, truth = towers(with_network(towers=120), default_truth)
    good = months.filter(pl.col("CO2_QC").is_in(["0", "2"])).join(truth, on="site")
    index = 12 * (good["year"].to_numpy() - 1990) + good["month"].to_numpy() - 1
    cell = good["cell"].to_numpy()
    fluxes = default_truth.fluxes
    gpp = fluxes.gpp[index, cell] * good["gpp_factor"].to_numpy()
    reco = fluxes.reco[index, cell] * good["reco_factor"].to_numpy()
    unit = ("g C m-2 d-1", "umol CO2 m-2 s-1")
    for column, true in (("NEE", reco - gpp), ("RECO", reco), ("GPP", gpp)):
        scaled = (good[column].to_numpy() - convert(true, *unit)) / good[f"{column}_SE"].to_numpy()
        assert abs(scaled.mean()) < 0.05
        assert abs(scaled.std() - 1) < 0.05
    closure = good["RECO"] - good["GPP"] - good["NEE"]
    assert closure.abs().max() < 2e-4
    assert good.filter(pl.col("month") == 7)["NEE"].mean() < 0 < good.filter(pl.col("month") == 10)["NEE"].mean()


def test_tower_months_lie_in_the_observed_range(default_truth: Truth) -> None:
    months, _ = towers(with_network(towers=120), default_truth)
    nee = convert(months.filter(pl.col("CO2_QC") == "0")["NEE"].to_numpy(), "umol CO2 m-2 s-1", "g C m-2 d-1")
    assert -6 < nee.min() < nee.max() < 3
    fch4 = convert(months.filter(pl.col("FCH4_QC") == "0")["FCH4"].to_numpy(), "nmol CH4 m-2 s-1", "mg CH4 m-2 d-1")
    assert -5 < fch4.min() < fch4.max() < 150


def test_methane_is_that_of_a_footprint_wetter_than_its_cell(default_truth: Truth) -> None:
    months, truth = towers(with_network(towers=120), default_truth)
    wet = truth["wetland_fraction"].to_numpy() - default_truth.cover.wetland_fraction[truth["cell"].to_numpy()]
    assert 0.1 < wet.mean() < 0.2
    good = months.filter(pl.col("FCH4_QC").is_in(["0", "2"])).join(truth.select("site", "cell"), on="site")
    index = 12 * (good["year"].to_numpy() - 1990) + good["month"].to_numpy() - 1
    true = default_truth.fluxes.fch4_wetland[index, good["cell"].to_numpy()]
    true = convert(true * good["footprint_wetland_fraction"].to_numpy(), "mg CH4 m-2 d-1", "nmol CH4 m-2 s-1")
    scaled = (good["FCH4"].to_numpy() - true) / good["FCH4_SE"].to_numpy()
    assert abs(scaled.std() - 1) < 0.06
    without = months.group_by("site").agg((pl.col("FCH4") == SENTINEL).all().alias("none"))["none"].mean()
    assert 0.1 < without < 0.4


def test_chambers_measure_pure_wetland_in_a_few_summers(default_truth: Truth) -> None:
    options = WORLD
    table = chamber_table(options, sites(options, default_truth, "chambers", 30), default_truth)
    assert set(table["month"]) == {6, 7, 8, 9}
    assert (table["footprint_wetland_fraction"] == 1).all()
    assert table.group_by("site").agg(pl.col("year").n_unique())["year"].max() <= 3


def test_flights_see_summer_thaw_and_saturate(default_truth: Truth) -> None:
    table = flight_table(WORLD, Places(WORLD, default_truth.landscape), default_truth)
    assert table["line"].n_unique() <= 10
    assert table["date"].str.slice(5, 2).is_in(["06", "08"]).all()
    assert table["thaw_cm"].max() == 65.0
    assert (table.filter(pl.col("flag") == "saturated")["thaw_cm"] == 65.0).all()
    assert 0 < (table["flag"] == "saturated").mean() < 0.9
    assert table["wetness"].is_between(0, 1).all()


@pytest.mark.parametrize("change", [{"towers": 30}, {"winter_gap": 0.1}, {"chambers": 3}])
def test_another_network_leaves_the_probe_sites_as_they_are(default_truth: Truth, change: dict[str, Any]) -> None:
    assert probes(with_network(**change), default_truth)[0].equals(probes(WORLD, default_truth)[0])
