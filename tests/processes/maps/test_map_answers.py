"""What the processes on maps answer: the pure functions' own numbers, known directions, closed sums."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import xarray as xr

from geocryoai.processes.carbon import carbon_parameters, par_from_shortwave, simulate_carbon
from geocryoai.processes.column import Forcing, Options, column_grid, layered_soil, simulate_column, zero_curtain
from geocryoai.processes.degree_days import annual_degree_days
from geocryoai.processes.maps import simulate_carbon_map, simulate_ground_map, simulate_map, simulate_methane_map
from geocryoai.processes.maps.freeze_up import freeze_up_days
from geocryoai.processes.maps.ground_run import frost_depth, isotherm, thawed_to
from geocryoai.processes.maps.soils import SOILS
from geocryoai.processes.stefan import edaphic_stefan

DAYS = np.array([31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31.0])


@pytest.mark.physics
def test_moss_and_peat_keep_the_thaw_shallow(fields: xr.Dataset, ground: xr.Dataset):
    organic, alt = fields["organic_depth"].to_numpy().ravel(), ground["alt"].mean("year").to_numpy().ravel()
    known = np.isfinite(alt)
    assert np.corrcoef(organic[known], alt[known])[0, 1] < -0.8
    assert 0.2 < np.nanmin(alt) < np.nanmax(alt) < 1.2


@pytest.mark.physics
def test_snow_keeps_the_ground_warm(fields: xr.Dataset, quick: dict[str, Any]):
    row = fields.isel(y=[1])
    bare = simulate_ground_map(row.assign(snd=row["snd"] * 0.0 + xr.DataArray(0.0, attrs={"units": "m"})).assign(
        snd=lambda d: d["snd"].assign_attrs(units="m")), **quick)  # fmt: skip
    under = simulate_ground_map(row, **quick)
    assert ((under["magt"] - bare["magt"]) > 0.5).all()


@pytest.mark.physics
def test_the_ground_is_colder_at_depth_in_summer_and_the_thaw_lags(ground: xr.Dataset):
    warmest = ground["tg_25cm"].mean(("y", "x")).to_numpy()[:12].argmax()
    assert warmest in (6, 7, 8)
    share = ground["liquid_25cm"]
    assert 0.0 <= float(share.min()) < 0.2 < float(share.max()) <= 1.0


@pytest.mark.physics
def test_freeze_up_is_that_of_the_column():
    days = np.ones(3 * 365)
    t = np.arange(days.size)
    air = -6 + 15 * np.sin(2 * np.pi * (t - 110) / 365)[:, None] + np.linspace(-2, 2, 6)
    soil = layered_soil(column_grid(24, 0.03, 15.0, 0.3), [SOILS["silt"]], np.ones((1, 6)))
    result = simulate_column(
        Forcing(days, temperature=air, year=(2001 + t // 365).astype(np.int64)), soil, -5.0, Options(step=1.0)
    )
    expected = zero_curtain(result).duration
    share = result.profile("liquid_share")
    for year in range(2):
        window = slice(365 * year, 365 * (year + 2))
        found = freeze_up_days(share[window], days[window], 365)
        known = np.isfinite(expected[year])
        assert known.any()
        assert found[known] == pytest.approx(expected[year][known])
        never = share[365 * year : 365 * (year + 1)].max(axis=0) < 0.95
        assert never.any()
        assert (found[never] == 0.0).all()


def test_frost_reaches_the_crossing_and_the_bottom_where_all_is_frozen():
    grid = column_grid(2, 1.0, 2.0, 2.0)
    least = np.array([[0.90, 0.1, 1.0], [1.0, 0.2, 0.1]])
    assert frost_depth(least, grid) == pytest.approx([1.0, 2.0, 0.0])


@pytest.mark.physics
def test_thaw_ends_where_frozen_ground_begins_and_not_below_it():
    grid = column_grid(3, 1.0, 3.0, 3.0)
    most = np.array([[1.0, 1.0, 0.4], [0.5, 1.0, 0.1], [1.0, 1.0, 1.0]])
    assert thawed_to(most, grid) == pytest.approx([1.0, 3.0, 1.0 / 3.0])
    warmest = np.array([[2.0, 1.0, -1.0], [-2.0, 1.0, -1.0], [3.0, 1.0, 3.0]])
    assert isotherm(warmest, grid) == pytest.approx([1.0, 3.0, 0.0])


@pytest.mark.physics
def test_the_active_layer_is_that_of_the_column(fields: xr.Dataset, ground: xr.Dataset):
    deepest = ground["thaw_depth"].groupby("time.year").max()
    assert np.abs(ground["alt"] - deepest).max() < 0.03


@pytest.mark.physics
def test_over_a_talik_the_active_layer_is_the_winters_frost(fields: xr.Dataset, quick: dict[str, Any]):
    mild = fields.isel(y=[1]).assign(tas=(fields["tas"].isel(y=[1]) + 11.0).assign_attrs(units="degC"))
    answer = simulate_ground_map(mild, **quick)
    assert (answer["magt"] > 0).all()
    assert float(answer["thaw_depth"].max()) == pytest.approx(15.0)
    assert 0.1 < float(answer["alt"].min()) <= float(answer["alt"].max()) < 3.0


@pytest.mark.physics
def test_snow_follows_from_precipitation_where_no_depth_is_given(fields: xr.Dataset, quick: dict[str, Any]):
    wet = fields["tas"] * 0.0 + 0.8
    falling = fields.drop_vars("snd").assign(pr=wet.assign_attrs(units="mm d-1")).isel(y=[1])
    none = falling.assign(pr=(falling["pr"] * 0.0).assign_attrs(units="mm d-1"))
    warm, cold = (simulate_ground_map(f, **quick)["magt"] for f in (falling, none))
    assert ((warm - cold) > 0.5).all()


@pytest.mark.physics
def test_carbon_of_one_class_is_the_pure_function(fields: xr.Dataset):
    ts = (fields["tas"] * 0.5).assign_attrs(units="degC")
    answer = simulate_carbon_map(fields.assign(ts=ts), ground_class="SHR")
    cells = {name: fields[name].to_numpy().reshape(24, -1) for name in ("tas", "rsds", "ndvi")}
    from scipy.special import ndtr

    days = fields["time"].dt.days_in_month.to_numpy().astype(float)
    same = simulate_carbon(
        par=par_from_shortwave(cells["rsds"]), fpar=np.clip(1.164 * cells["ndvi"] - 0.143, 0, 1), tmin=cells["tas"],
        vpd=np.zeros_like(cells["tas"]), ts=ts.to_numpy().reshape(24, -1), soil_moisture=np.full((24, 76), 0.8),
        frozen=ndtr(-cells["tas"] / 4.0), days=days, params=carbon_parameters("SHR"),
    )  # fmt: skip
    assert answer["nee"].to_numpy().reshape(24, -1) == pytest.approx(same.nee, abs=1e-12)
    assert answer["labile"].to_numpy().reshape(24, -1) == pytest.approx(same.pools.metabolic, rel=1e-12)
    assert (answer["reco"] - answer["gpp"]).equals(answer["nee"])


@pytest.mark.physics
def test_a_mixed_cell_is_the_mean_of_its_classes(fields: xr.Dataset):
    def share(tree: float, shrub: float) -> xr.Dataset:
        drivers = {name: name for name in ("tas", "rsds", "ndvi", "snd")}
        return simulate_map("carbon", fields, drivers={**drivers, "tree_fraction": tree, "shrub_fraction": shrub})

    open_ground, trees, shrubs = share(0.0, 0.0), share(1.0, 0.0), share(0.0, 1.0)
    mixed = share(0.3, 0.5)
    for name in ("gpp", "reco", "labile"):
        expected = 0.2 * open_ground[name] + 0.3 * trees[name] + 0.5 * shrubs[name]
        assert np.allclose(mixed[name], expected, rtol=1e-12), name


@pytest.mark.physics
def test_methane_follows_the_wetland_share(fields: xr.Dataset, ground: xr.Dataset):
    carbon = simulate_carbon_map(fields)
    given = fields.assign(ts=ground["tg_25cm"], liquid_fraction=ground["liquid_25cm"], labile=carbon["labile"])
    wet = fields["wetland_fraction"].copy()
    wet[1, 1] = 0.0
    answer = simulate_methane_map(given.assign(wetland_fraction=wet))
    assert np.allclose(answer["fch4"], answer["fch4_wetland"] * wet, equal_nan=True)
    assert float(answer["fch4"][:, 1, 1].max()) == 0.0
    summer, winter = answer["fch4_wetland"][6:9].mean(), answer["fch4_wetland"][:3].mean()
    assert float(summer) > 3 * float(winter) > 0


@pytest.mark.physics
def test_closed_forms_are_the_pure_functions(fields: xr.Dataset):
    year = fields["tas"].to_numpy()[:12].transpose(1, 2, 0)
    tdd, _ = annual_degree_days(year, DAYS)
    alt = simulate_map("stefan", fields, drivers={"tas": "tas"}, edaphic=0.018)["alt"]
    assert alt[0].to_numpy() == pytest.approx(edaphic_stefan(tdd, 0.018), rel=1e-12)
    wave = simulate_map("kudryavtsev", fields, drivers={"tas": "tas", "snd": "snd"})
    assert (wave["top_temperature"] < 0).all()
    assert float(wave["alt"].min()) > 0.2
    top = simulate_map("ttop", fields, drivers={"tas": "tas", "snd": "snd"})["top_temperature"]
    assert np.abs(top - wave["top_temperature"]).max() < 4.0
